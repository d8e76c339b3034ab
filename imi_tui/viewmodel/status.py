"""The status line in words: what waits, when it last worked, why it does not move."""

from __future__ import annotations

import datetime as dt

from imi_core.lean import TYPE_CHECKING, NamedTuple
from imi_tui.i18n import N_, _, ngettext
from imi_tui.terminal.widths import cell_len
from imi_tui.viewmodel.cells import cut, one_line

if TYPE_CHECKING:
    from imi_tui.cache.model import SyncStatus


ESSENTIAL = 4
"""Up to this rank the title gives way to a piece: what waits, why it does not move, when it last worked."""
LEAST_TITLE = 12
"""Cells the title keeps beside essential pieces."""
MINOR = 6
"""From this rank on, a piece gives way to the note beside the title."""

VAULTS = {"file": N_("key in a file"), "memory": N_("nothing is kept")}
"""What is said of vaults that keep the key less well than a keyring or a passphrase."""


MANY = 10
"""From so many entries on, sending them shows how far it is."""
BAR = 10
"""Cells of the progress bar."""


PLAIN, BOLD, ALARM = "", "bold", "alarm"
"""Looks of `pieces`."""


class Part(NamedTuple):
    """One piece of the right end: `rank` 1 is the last to go when room is short; `alarm` asks for attention."""

    text: str
    rank: int
    alarm: bool = False


def parts(status: SyncStatus, language: str, today: dt.date, *, demo: bool, vault: str) -> list[Part]:
    """The pieces of the right end, in the order they stand."""
    out: list[Part] = []
    if vault in VAULTS:
        out.append(Part(_(VAULTS[vault]), 9))
    if status.rejected:
        text = ngettext("{count} refused", "{count} refused", status.rejected).format(count=status.rejected)
        out.append(Part(text, 1, alarm=True))
    going = sending(status) if status.now.doing == "syncing" else ""
    if going:
        out.append(Part(going, 2))
    elif status.queued:
        text = ngettext("{count} queued", "{count} queued", status.queued).format(count=status.queued)
        out.append(Part(text, 2))
    out += _progress(status)
    if status.problem:
        from imi_tui import problems

        out.append(Part(problems.short(status.problem), 3, alarm=True))
    if status.aside:
        count = len(status.aside)
        text = ngettext("{count} case unreadable", "{count} cases unreadable", count).format(count=count)
        out.append(Part(text, 3, alarm=True))
    out += _moving(status, today, shown=bool(going or first_sync(status)))
    if status.now.metered:
        out.append(Part(_("metered, {amount} today").format(amount=size_text(status.now.spent)), 5))
    if demo:
        out.append(Part(_("demo"), 3))
    out.append(Part(language, 8))
    return out


def calm(shown: SyncStatus, status: SyncStatus) -> SyncStatus:
    """`status` with what follows the synchronisation as it was `shown`: not worth a repaint of its own at once."""
    return status._replace(
        filling=shown.filling,
        wanted=shown.wanted,
        listed=shown.listed,
        register=shown.register,
        now=shown.now,
        first=shown.first,
    )


def sending(status: SyncStatus) -> str:
    """How many of many entries are sent; "" where they are few, or all through."""
    done, total = status.now.sending
    if total < MANY or not 0 < done < total:
        return ""
    return ngettext("{done} of {count} sent", "{done} of {count} sent", total).format(done=done, count=total)


def first_sync(status: SyncStatus) -> tuple[str, float, str] | None:
    """The step a first sync is at, the share of it that is done and what is left; None when it is through."""
    if status.filling is not None:
        return _("lists"), status.filling, _about_left(status.listed, status.filling)
    here, countries = status.register
    if status.first and status.wanted and status.listed and not status.now.metered:
        left = ngettext("{count} case left", "{count} cases left", status.wanted).format(count=status.wanted)
        return _("contents"), (status.listed - status.wanted) / status.listed, left
    if here < countries:
        left = _("{here} of {all} countries").format(here=here, all=countries)
        return _("authorities"), here / countries, left
    return None


def _about_left(listed: int, share: float) -> str:
    """About how many cases are not listed yet, as the share that is done brought so many; "" where unknown."""
    if not listed or not 0 < share < 1:
        return ""
    left = round(listed * (1 - share) / share)
    # No more than two digits of it mean anything.
    left = max(round(left, 2 - len(str(left))), 1)
    return ngettext("about {count} case left", "about {count} cases left", left).format(count=left)


def bar(share: float) -> str:
    """A progress bar of `BAR` cells; full only when nothing is left."""
    full = min(int(max(share, 0.0) * BAR), BAR if share >= 1 else BAR - 1)
    return "━" * full + "╌" * (BAR - full)


def _progress(status: SyncStatus) -> list[Part]:
    step = first_sync(status)
    if step is None:
        return []
    name, share, left = step
    text = f"{bar(share)} {name} {_('{percent} %').format(percent=int(share * 100))}"
    return [Part(text, 3), *([Part(left, 5)] if left else [])]


def _moving(status: SyncStatus, today: dt.date, *, shown: bool) -> list[Part]:
    """What it does, when it last worked and, where it failed, when it tries again. `shown`: how far it is shows."""
    now = status.now
    failed = bool(status.problem)
    out: list[Part] = []
    if (failed or not now.doing) and (status.last_ok or not shown):
        out.append(Part(last_sync(status.last_ok, today), 4 if failed else 5))
    if now.doing == "syncing" and not shown:
        # Where it shows how far it is, it need not say that it is at it.
        out.append(Part(_("synchronising"), 6 if failed else 5))
    elif now.doing == "indexing":
        out.append(Part(_("indexing"), 6 if failed else 5))
    elif failed and now.next_at and not now.doing:
        when = dt.datetime.fromisoformat(now.next_at).astimezone().strftime("%H:%M")
        out.append(Part(_("next try {when}").format(when=when), 6))
    return out


def size_text(count: int) -> str:
    """A number of bytes for people, in powers of 1,000 as lines are sold."""
    if count < 1000 * 1000:
        return _("{amount} kB").format(amount=-(-count // 1000))
    return _("{amount} MB").format(amount=f"{count / 1e6:.1f}")


def last_sync(iso: str, today: dt.date) -> str:
    """When it last worked: the time today, else the date."""
    if not iso:
        return _("never synchronised")
    moment = dt.datetime.fromisoformat(iso).astimezone()
    when = moment.strftime("%H:%M") if moment.date() == today else moment.date().isoformat()
    return _("sync {when}").format(when=when)


def arrange(left: str, note: str, right: list[Part], width: int) -> tuple[str, str, list[Part]]:
    """Title, note and the pieces of the right end that fit into `width` cells.

    The least important pieces go first, then the note, then the title is cut with "…"; essential pieces are the last
    to go.
    """
    kept = list(right)

    def taken() -> int:
        return sum(cell_len(part.text) + 2 for part in kept)

    while any(part.rank > ESSENTIAL for part in kept) and cell_len(left) + 4 + taken() > width:
        kept.remove(max(kept, key=lambda part: part.rank))
    while kept and min(cell_len(left), LEAST_TITLE) + 2 + taken() > width:
        kept.remove(max(kept, key=lambda part: part.rank))
    while any(part.rank >= MINOR for part in kept) and width - taken() - cell_len(left) - 4 < min(24, cell_len(note)):
        kept.remove(max(kept, key=lambda part: part.rank))
    room = width - taken() - cell_len(left) - 4
    shown_note = cut(note, room) if room >= min(8, cell_len(note)) else ""
    return cut(left, max(0, width - taken() - 2)), shown_note, kept


def pieces(title: str, note: str, right: list[Part], width: int) -> list[tuple[str, str]]:
    """The whole line in pieces of one look, `width` cells together where all fits."""
    # Names keep their line ends, behind which nothing would be seen here.
    title, note = one_line(title), one_line(note)
    left, shown, kept = arrange(f"IMI  {title}", note, right, width - 1)
    if left.endswith("…"):
        # Where we are says more than the program's name.
        left, shown, kept = arrange(title, note, right, width - 1)
    middle = f"  {shown}" if shown else ""
    used = 1 + cell_len(left) + cell_len(middle) + sum(cell_len(part.text) + 2 for part in kept)
    out = [(" ", PLAIN), (left, BOLD), (middle, PLAIN), (" " * max(0, width - used), PLAIN)]
    for part in kept:
        out += [(part.text, ALARM if part.alarm else PLAIN), ("  ", PLAIN)]
    return out
