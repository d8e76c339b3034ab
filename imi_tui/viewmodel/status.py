"""The status line in words: what waits, when it last worked, why it does not move."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len

from imi_tui.i18n import N_, _, ngettext
from imi_tui.viewmodel.cells import cut

if TYPE_CHECKING:
    from imi_tui.cache.model import SyncStatus


MINOR = 5
"""From this rank on, a piece gives way to the note beside the title."""

VAULTS = {"file": N_("key in a file"), "memory": N_("nothing is kept")}
"""What is said of vaults that keep the key less well than a keyring or a passphrase."""


class Part(NamedTuple):
    """One piece of the right end: `rank` 1 is the last to go when room is short; `alarm` asks for attention."""

    text: str
    rank: int
    alarm: bool = False


def parts(status: SyncStatus, language: str, today: dt.date, *, demo: bool, vault_note: str) -> list[Part]:
    """The pieces of the right end, in the order they stand."""
    out: list[Part] = []
    if vault_note:
        out.append(Part(_(VAULTS[vault_note]) if vault_note in VAULTS else vault_note, 8))
    if status.rejected:
        text = ngettext("{count} refused", "{count} refused", status.rejected).format(count=status.rejected)
        out.append(Part(text, 1, alarm=True))
    if status.queued:
        text = ngettext("{count} queued", "{count} queued", status.queued).format(count=status.queued)
        out.append(Part(text, 3))
    if status.filling is not None:
        out.append(Part(_("first sync {percent} %").format(percent=int(status.filling * 100)), 3))
    if status.problem:
        from imi_tui import problems

        out.append(Part(problems.short(status.problem), 3, alarm=True))
    out.append(Part(last_sync(status.last_ok, today), 4))
    if demo:
        out.append(Part(_("demo"), 2))
    out.append(Part(language, 7))
    return out


def last_sync(iso: str, today: dt.date) -> str:
    """When it last worked: the time today, else the date."""
    if not iso:
        return _("never synchronised")
    moment = dt.datetime.fromisoformat(iso).astimezone()
    when = moment.strftime("%H:%M") if moment.date() == today else moment.date().isoformat()
    return _("sync {when}").format(when=when)


def arrange(left: str, note: str, right: list[Part], width: int) -> tuple[str, str, list[Part]]:
    """Title, note and the pieces of the right end that fit into `width` cells.

    The least important pieces go first, then the note, and only then is the title cut with "…".
    """
    kept = list(right)

    def taken() -> int:
        return sum(cell_len(part.text) + 2 for part in kept)

    while kept and cell_len(left) + 4 + taken() > width:
        kept.remove(max(kept, key=lambda part: part.rank))
    while any(part.rank >= MINOR for part in kept) and width - taken() - cell_len(left) - 4 < min(24, cell_len(note)):
        kept.remove(max(kept, key=lambda part: part.rank))
    room = width - taken() - cell_len(left) - 4
    shown_note = cut(note, room) if room >= min(8, cell_len(note)) else ""
    return cut(left, max(0, width - taken() - 2)), shown_note, kept
