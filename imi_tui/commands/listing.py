"""``imi-tui list``: the cases of one view, one line each."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, NamedTuple

from imi_core.text import display
from imi_tui import commands, i18n
from imi_tui.cache.model import GROUPINGS, SORTS, VIEWS, Row
from imi_tui.cache.personal.saved_views import DRAFTS
from imi_tui.commands.common import CommandError, at_most, languages, opened, out, out_json, say, state_label
from imi_tui.commands.tables import table
from imi_tui.i18n import _
from imi_tui.viewmodel.suspects import named

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from imi_tui.cache.model import SortId
    from imi_tui.cache.personal.saved_views import SavedView
    from imi_tui.cache.store import Store
    from imi_tui.viewmodel.grouped import Grouped, Heading
    from imi_tui.viewmodel.rows import Words

MOST = 10_000


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    which = parser.add_mutually_exclusive_group()
    help = _("which cases (todo): {views}, or the name of a view of yours").format(views=", ".join(VIEWS))
    which.add_argument("--view", metavar="VIEW", default="todo", help=help)
    which.add_argument("--search", metavar="LINE", help=_("the cases that a search line finds (docs/desk.md)"))
    help = _("in which order (due; of a search: as found, the newest first)")
    parser.add_argument("--sort", choices=SORTS, help=help)
    parser.add_argument("--group", choices=GROUPINGS, help=_("in groups with headings"))
    parser.add_argument("--limit", type=commands.whole_number, default=50, metavar="N", help=_("how many at most (50)"))
    parser.add_argument("--json", action="store_true", help=_("print JSON"))


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    with opened(options) as client:
        store = client.store
        limit = at_most(options.limit, MOST)
        line = options.search
        if line is None and options.view == DRAFTS and store.saved.named(DRAFTS) is None:
            return _drafts(store, options)
        if line is None and options.view not in VIEWS:
            line = own_view(store, options.view).line
        if line is not None:
            return _found(store, line, limit, options)
        total = store.counts()[options.view]
        sort: SortId = options.sort or "due"
        lines: list[Row | Heading] = []
        if options.group:
            from imi_tui.viewmodel import grouped

            store.grouping.index.prepare(options.view, options.group, sort, wait=True)
            lines = _lines(grouped.of_view(store, _words(store), options.view, sort, options.group, ()), limit)
        else:
            lines += store.window(options.view, sort, limit=limit)
        _print(store, options, lines, total, str(total))
    return commands.OK


def _found(store: Store, line: str, limit: int, options: argparse.Namespace) -> int:
    """Print what a search line finds."""
    found = searched(store, line, limit, options.sort or "newest")
    rows = found.rows
    total = f"{limit}+" if found.more else str(len(rows))
    lines: list[Row | Heading] = [*rows]
    if options.group:
        from imi_tui.viewmodel import grouped

        lines = _lines(grouped.of_rows(store, _words(store), rows, options.group, store.today(), ()), limit)
    _print(store, options, lines, len(rows), total, more=found.more)
    for note in found.notes:
        say(note)
    return commands.OK


def _drafts(store: Store, options: argparse.Namespace) -> int:
    """Print what was begun and not sent, the latest first."""
    from imi_tui.viewmodel.outgoing import action_name, draft_title

    found = []
    for draft in store.drafts():
        row = store.row(draft.desk, draft.case_id, "all", "due") if draft.case_id else None
        if row is not None:
            title, what = row.subject, action_name(row.procedure, draft.action, store.rules, languages())
        else:
            title, what = draft_title(draft, store.rules, languages()), ""
        reference = row.reference if row is not None else ""
        found.append((draft, reference, what, title))
    if options.json:
        wire = [
            {
                "id": draft.id,
                "desk": draft.desk,
                "caseId": draft.case_id,
                "reference": reference,
                "action": draft.action,
                "title": title,
                "savedAt": draft.saved_at,
            }
            for draft, reference, _what, title in found
        ]
        out_json({"view": DRAFTS, "total": len(wire), "drafts": wire})
        return commands.OK
    lines = [(draft.saved_at[:16], reference or "-", what or "-", title) for draft, reference, what, title in found]
    for each in table(lines):
        out(each)
    if not lines:
        say(_("There are no drafts. What you write is saved here by itself until it is sent."))
    return commands.OK


class Searched(NamedTuple):
    """What a search line finds: so many rows at most, whether there are `more`, what was not looked at."""

    rows: Sequence[Row]
    more: bool
    notes: tuple[str, ...]


def searched(store: Store, line: str, limit: int, order: str) -> Searched:
    """At most `limit` cases by a search line, in an order of `HIT_ORDERS`.

    Raises `CommandError` for a line with a term that means nothing: what is left of it would find other cases.
    """
    from imi_tui.viewmodel import searching
    from imi_tui.viewmodel.views import in_order, partly_searched

    query = store.finding.read(line, whole=True)
    if query.problems:
        language = store.finding.language()
        meaning = searching.Meanings(store.procedures(), languages(), i18n.language()).of
        found = (searching.named(each, language, meaning) for each in query.problems)
        told = (searching.problem(each, command=True) for each in found)
        raise CommandError("\n".join(told), commands.USAGE)
    hits = store.hits(query, limit + 1, patient=True)
    notes = partly_searched(store.unsearched()), searching.left_out(query, hits.whole)
    return Searched(in_order(hits.rows[:limit], order), len(hits.rows) > limit, tuple(filter(None, notes)))


def _words(store: Store) -> Words:
    from imi_tui.viewmodel.rows import Words

    return Words(store.rules, languages())


def _lines(window: Grouped, limit: int) -> list[Row | Heading]:
    """The first so many cases, with the headings above them."""
    out: list[Row | Heading] = []
    for index in range(window.count):
        line = window.get(index)
        if isinstance(line, Row):
            limit -= 1
            if limit < 0:
                break
        if line is not None:
            out.append(line)
    return out if not out or isinstance(out[-1], Row) else out[:-1]


def own_view(store: Store, name: str) -> SavedView:
    """The officer's own view of this name. Raises `CommandError` where there is none, with the nearest view."""
    saved = store.saved.named(name)
    if saved is None:
        raise CommandError(_no_view(store, name), commands.NOT_FOUND)
    return saved


def _no_view(store: Store, name: str) -> str:
    """That there is no such view, and which is near."""
    import difflib

    text = _("There is no view {name}.").format(name=name)
    known = [*VIEWS, DRAFTS, *(view.name for view in store.saved.all())]
    near = difflib.get_close_matches(name, known, 1, 0.5)
    return _("{problem} Do you mean {near}?").format(problem=text, near=near[0]) if near else text


def _print(
    store: Store,
    options: argparse.Namespace,
    lines: Sequence[Row | Heading],
    total: int,
    shown: str,
    *,
    more: bool = False,
) -> None:
    """Print rows of so many as `shown` says, and the headings between them."""
    if options.json:
        out_json(_as_json(store, options, lines, total, more=more))
        return
    rows = [line for line in lines if isinstance(line, Row)]
    _table(store, lines, rows)
    if not store.seats():
        say(_("Nothing was synchronised yet; sign in with: imi-tui signin --server URL"))
    elif not rows:
        which = options.view if options.search is None else options.search
        say(_("There is nothing here for {term}").format(term=which) + ".")
    elif more or total > len(rows):
        say(_("{shown} of {total} cases shown; use --limit for more.").format(shown=len(rows), total=shown))


def _table(store: Store, found: Sequence[Row | Heading], rows: list[Row]) -> None:
    from imi_tui.viewmodel.rows import own

    labels: dict[tuple[str, str], str] = {}
    today = dt.datetime.now().astimezone().date().isoformat()
    lines = [
        (
            _marks(row, today),
            row.due or "-",
            row.reference or "-",
            row.country,
            named(row.counterpart),
            own(row) + row.subject,
            _state(store, row, labels),
        )
        for row in rows
    ]
    printed = iter(table(lines))
    for number, each in enumerate(found):
        if isinstance(each, Row):
            out(next(printed))
            continue
        from imi_tui.viewmodel import grouped

        if number:
            out("")
        out(display(grouped.plainly(each)))


def _marks(row: Row, today: str) -> str:
    """What is special, as in the full screen: ! to do and due or late, x refused, ~ waits to be sent, * unread."""
    late = row.due and row.turn_mine and row.due <= today
    marks = ("!" if late else "") + ("x" if row.rejected else "~" if row.pending else "")
    return (marks + ("*" if row.unread else "")) or " "


def _state(store: Store, row: Row, labels: dict[tuple[str, str], str]) -> str:
    from imi_core.errors import UnknownProcedure

    key = row.procedure, row.state
    if key not in labels:
        try:
            labels[key] = state_label(store.rules(row.procedure), row.state)
        except UnknownProcedure:
            labels[key] = display(row.state)
    return labels[key]


def _as_json(
    store: Store, options: argparse.Namespace, lines: Sequence[Row | Heading], total: int, *, more: bool
) -> dict[str, Any]:
    status = store.status()
    cases = []
    group: dict[str, Any] = {}
    for row in lines:
        if not isinstance(row, Row):
            group = {"group": row.label, "groupCases": row.cases}
            continue
        wire = row._asdict()
        for inner in ("key", "asleep", "n", "assigning"):
            wire.pop(inner)
        wire["turnMine"] = wire.pop("turn_mine")
        wire["handlerName"] = wire.pop("handler_name")
        cases.append(wire | group)
    which = {"view": options.view} if options.search is None else {"search": options.search}
    found = {"total": total, "more": more, "lastSync": status.last_ok, "problem": status.problem, "cases": cases}
    return {**which, **found}
