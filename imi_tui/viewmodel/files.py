"""Files in words: where each is, how far, what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from imi_tui import problems
from imi_tui.attachments import Listed, listed
from imi_tui.i18n import _, ngettext
from imi_tui.i18n.dates import moment
from imi_tui.i18n.joining import several
from imi_tui.terminal.widths import cell_len
from imi_tui.viewmodel.cells import cut
from imi_tui.viewmodel.suspects import named
from imi_tui.viewmodel.timeline import size_text
from imi_tui.viewmodel.view import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imi_tui.cache.files.local_files import FileState
    from imi_tui.viewmodel.view import View

ENDING = 12
"""Characters at the end of a long file name that always show."""


class Shown(NamedTuple):
    """One file of the files tab: what it is, and `notes` on where it is and where it comes from, line by line."""

    listed: Listed
    state: FileState
    name: str
    size: str
    notes: tuple[str, ...]

    def title(self, width: int) -> str:
        """Name and size in `width` cells; a long name is cut in its middle, for its ending says what it is."""
        name, room = self.name, width - cell_len(self.size) - 2
        if cell_len(name) > room:
            end = name[-ENDING:]
            name = cut(name[:-ENDING], max(1, room - cell_len(end))) + end
        return f"{name}  {self.size}"


def shown(view: View, state: Callable[[dict[str, Any]], FileState], problem: str = "") -> list[Shown]:
    """The files of a case with where each is now. `problem`: why nothing moves, an error code or ""."""
    out = []
    for each in listed(view.detail):
        found = state(each.file)
        size = int(each.file.get("size", 0) or 0) or found.size
        origin = _("{date}, {action}").format(
            date=moment(str(each.entry.get("at", ""))), action=view.action(str(each.entry.get("action", "")))
        )
        if each.personal:
            origin = several((origin, _("personal data")))
        told = where(found, stopped=bool(problem))
        notes = (told, origin) if found.where == "failed" else (f"{told}; {origin}",)
        out.append(Shown(each, found, named(one_line(each.name)), size_text(size), notes))
    return out


def where(state: FileState, *, stopped: bool = False) -> str:
    """Where a file is, in plain words, or in a sentence what went wrong with it. `stopped`: nothing moves now."""
    share = f"{100 * state.have // state.size if state.size else 0} %"
    match state.where:
        case "server":
            return _("on the server")
        case "wanted":
            return _("asked for; it comes with the next connection")
        case "loading" if stopped:
            return _("{share} is here; the rest comes with the next connection").format(share=share)
        case "loading":
            return _("on its way here: {share}").format(share=share)
        case "here":
            return _("on this machine")
        case "failed":
            return problems.sentence(state.problem)
        case "waiting":
            return _("waiting to be sent")
        case "sending" if stopped:
            return _("{share} is sent; the rest goes with the next connection").format(share=share)
        case "sending":
            return _("being sent: {share}").format(share=share)
    return _("sent")


def attached_line(files: Sequence[dict[str, Any]], state: Callable[[dict[str, Any]], FileState]) -> str:
    """The files of something being written, in one line; "" where there are none."""
    if not files:
        return ""
    names = []
    for file in files:
        facts = [size_text(state(file).size), *([_("personal data")] if file.get("personal", True) else [])]
        names.append(f"{named(one_line(str(file['name'])))} ({', '.join(facts)})")
    count = ngettext("{count} file: {names}", "{count} files: {names}", len(names))
    return count.format(count=len(names), names=several(names))


def waiting_line(files: Sequence[dict[str, Any]], state: Callable[[dict[str, Any]], FileState]) -> str:
    """How far the files of an entry in the outbox are; "" where it has none."""
    states = [state(file) for file in files]
    if not states:
        return ""
    size, have = (
        sum(each.size for each in states),
        sum(each.size if each.where == "sent" else each.have for each in states),
    )
    text = ngettext("{count} file, {share} sent", "{count} files, {share} sent", len(states))
    return text.format(count=len(states), share=f"{100 * have // size if size else 100} %")
