"""Names of the built-in views and sort orders, and what an empty view says."""

from __future__ import annotations

from imi_core.lean import TYPE_CHECKING, NamedTuple
from imi_tui.cache.model import MANY, VIEWS
from imi_tui.hints import hint
from imi_tui.i18n import N_, _, language, ngettext
from imi_tui.viewmodel.cells import fit, fit_end

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imi_tui.cache.model import Held, Row, Seat, SortId, SyncStatus, ViewId
    from imi_tui.cache.personal.saved_views import SavedView

NAMES: dict[ViewId, str] = {
    # Translators: the name of a view; max-length:18.
    "todo": N_("To do"),
    # Translators: the name of a view; max-length:18.
    "to_accept": N_("To accept"),
    # Translators: the name of a view; max-length:18.
    "to_answer": N_("To answer"),
    # Translators: the name of a view; max-length:18.
    "to_close": N_("To close"),
    # Translators: the name of a view; max-length:18.
    "waiting": N_("Waiting for others"),
    # Translators: the view of cases that are not closed; max-length:18.
    "open": N_("Still open"),
    # Translators: the view of closed cases; max-length:18.
    "closed": N_("Closed"),
    # Translators: the view of all cases; max-length:18.
    "all": N_("All"),
    # Translators: the name of a view; max-length:18.
    "due_soon": N_("Due soon"),
    # Translators: the name of a view; max-length:18.
    "overdue": N_("Overdue"),
    # Translators: the name of a view; max-length:18.
    "alerts": N_("Alerts"),
    # Translators: the view of cases this desk has sent; max-length:18.
    "sent": N_("Sent"),
    # Translators: the view of cases that were put off; max-length:18.
    "put_off": N_("Put-off cases"),
    # Translators: the view of open cases that the officer looks after; max-length:18.
    "mine": N_("Mine"),
}
SORT_NAMES: dict[SortId, str] = {
    "due": N_("by deadline"),
    "activity": N_("by latest activity"),
    "reference": N_("by reference"),
    "authority": N_("by authority"),
}
HIT_ORDERS: dict[str, str] = {
    "newest": N_("as found: the newest first, deadlines by date"),
    "best": N_("best first: what says it in reference, subject or name"),
    "due": SORT_NAMES["due"],
    "reference": SORT_NAMES["reference"],
    "authority": SORT_NAMES["authority"],
}
NUMBERED = 10
"""Views with a number key; the last one is 0."""


def title(view: ViewId, count: int, marked: int) -> str:
    """The left end of the status line in the inbox."""
    name = _("Inbox: {view} {count}").format(view=_(NAMES[view]), count=count)
    return f"{name}  +{marked}" if marked else name


class Beside(NamedTuple):
    """A line below the built-in views: its key, name, count in words and whether it is shown now."""

    key: str
    name: str
    number: str
    current: bool = False


def column(
    counts: dict[ViewId, int], current: ViewId | None, width: int, beside: Sequence[Beside] = ()
) -> list[tuple[str, bool]]:
    """The lines of the views column: text of exactly `width` cells, and whether it is the current view."""
    built_in = (
        Beside(
            str(number % 10) if number <= NUMBERED else " ", _(NAMES[view]), str(counts.get(view, 0)), view == current
        )
        for number, view in enumerate(VIEWS, 1)
    )
    lines = []
    for key, name, count, now in (*built_in, *beside):
        text = fit(name, width - len(count) - 5)
        lines.append((f"{'>' if now else ' '}{key} {text} {fit_end(count, len(count))} ", now))
    return lines


def beside(
    drafts: int, own: Sequence[SavedView], counts: Mapping[int, int], most: int, current: int | None
) -> list[Beside]:
    """Drafts, and own views with what was counted of them: up to `most`, and "…" while nobody has."""
    # Translators: a list of cases one has begun to write; max-length:18.
    lines = [Beside("d", _("Drafts"), str(drafts))]
    for view in own:
        count = counts.get(view.no)
        text = "…" if count is None else f"{most}+" if count > most else str(count)
        lines.append(Beside(" ", view.name, text, view.no == current))
    return lines


def own_title(name: str, count: int, more: bool, marked: int) -> str:
    """The left end of the status line where an own view is shown."""
    shown = f"{count}+" if more else str(count)
    text = _("Inbox: {view} {count}").format(view=name, count=shown)
    return f"{text}  +{marked}" if marked else text


def search_title(count: int, more: bool, marked: int) -> str:
    """The left end of the status line while somebody searches."""
    text = ngettext("Search: {count} hit", "Search: {count} hits", count).format(count=f"{count}+" if more else count)
    return f"{text}  +{marked}" if marked else text


def in_order(rows: Sequence[Row], order: str) -> Sequence[Row]:
    """Hits in an order of `HIT_ORDERS`; "newest" and "best" are those in which they were found."""
    if order == "due":
        return sorted(rows, key=lambda row: row.due or "9999")
    if order == "reference":
        return sorted(rows, key=lambda row: row.reference or "\uffff")
    if order == "authority":
        # Not at the top: the picture before the framework sorts nothing.
        from imi_core.collation import sort_key

        return sorted(rows, key=lambda row: sort_key(row.counterpart, language()))
    return rows


def empty(view: ViewId, status: SyncStatus, seats: int, *, given: bool = False) -> str:
    """What an empty list says: what it means, what to do next. `given`: it begins by itself, nobody has to sign in."""
    begins = given and not seats and not status.last_ok and not status.problem
    if begins or status.filling is not None or (status.now.doing == "syncing" and not status.last_ok):
        return _(
            "The first synchronisation is running. The newest cases come first; you can begin as soon as they show."
        )
    if not status.last_ok and status.problem:
        from imi_tui import problems

        return _("Nothing has been fetched yet. {reason}").format(reason=problems.sentence(status.problem))
    if not seats:
        return _("No desk is known on this machine yet. Sign in and synchronise: the first cases show within seconds.")
    if not status.last_ok:
        return _("Nothing has been fetched yet. Press {key} to synchronise.").format(key=hint("app.sync"))
    if view == "todo":
        text = _("Nothing to do. New cases show here after the next synchronisation; press {key} to start a request.")
        return text.format(key=hint("go.new"))
    text = _("There is no case in this view. Press {next} for the next view or {search} to search.")
    return text.format(next=hint("view.next"), search=hint("list.search"))


def partly_searched(count: int) -> str:
    """What a search leaves out, as so many cases are not here as a whole or not indexed; "" for none."""
    if not count:
        return ""
    return ngettext(
        "{count} case is not wholly on this machine or not searchable yet; what it says inside may not be found.",
        "{count} cases are not wholly on this machine or not searchable yet; what they say inside may not be found.",
        count,
    ).format(count=f"{count}+" if count >= MANY else count)


def on_hold(held: tuple[Held, ...], seats: tuple[Seat, ...]) -> str:
    """What the server would remove, and why it has not happened."""
    names = {seat.desk: seat.authority_name for seat in seats}
    lines = [
        ngettext(
            "{desk}: the server would take {count} of {total} cases away at once, without a reason.",
            "{desk}: the server would take {count} of {total} cases away at once, without a reason.",
            each.cases,
        ).format(desk=names.get(each.desk, each.desk), count=each.cases, total=each.total)
        for each in held
    ]
    lines.append(_("That may be a mistake of the server. They stay here until it explains itself or you let them go."))
    return "\n".join(lines)
