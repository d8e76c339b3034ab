"""What works on the screen below now, on this keyboard: what one does most first, searched by typing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical

from imi_tui import actions as registry
from imi_tui.i18n import _
from imi_tui.screens.base import Dialogue, bindings
from imi_tui.viewmodel import palette
from imi_tui.viewmodel.blocks import Block
from imi_tui.widgets.document import Document
from imi_tui.widgets.entry import LineInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.app import ComposeResult
    from textual.widgets import Input

    from imi_tui.viewmodel.palette import Entry, Keyboard


def page(found: Sequence[Entry], keys: Keyboard, typed: str = "", *, marks: bool = False) -> list[Block]:
    """The help as blocks: what is used most, the rest by group, what is not possible now and why.

    With `typed`, only what that names, best first. `marks`: explain the marks of the list of cases.
    """
    if typed.strip():
        if hits := palette.search(found, typed, keys):
            return _told(hits)
        others = _told(palette.elsewhere(found, typed, keys))
        # Translators: a heading above actions that are not possible on this screen.
        return (
            [Block(_("On another screen"), "heading"), *others]
            if others
            else [Block(_("Nothing here has that name or key."))]
        )
    out: list[Block] = []
    most = palette.by_use(found)
    if most:
        out += [Block(_("Most used here"), "heading"), *_told(most)]
    for group, title in registry.GROUPS.items():
        out += _under(
            _(title), (each for each in found if each.action.group == group and each not in most and not each.why)
        )
    if marks:
        text = _("! due today or overdue, ~ queued on this machine, * unread, x refused, + marked")
        out += [Block(""), Block(_("Marks in the list"), "heading"), Block(text)]
    return out + _under(_("Not possible now"), (entry for entry in found if entry.why))


def _under(title: str, found: Iterable[Entry]) -> list[Block]:
    told = _told(found)
    return [Block(""), Block(title, "heading"), *told] if told else []


def _told(found: Iterable[Entry]) -> list[Block]:
    out = []
    for entry in found:
        name = entry.label if entry.label.endswith("…") else f"{entry.label}."
        text = " ".join(filter(None, (name, entry.why or entry.help)))
        out.append(Block(entry.keys or _("in the menu"), aside=text, aside_look="plain", field=True))
    return out


class HelpScreen(Dialogue[None]):
    """What works now, and how; typing searches, the arrows scroll."""

    SCOPE = "help"
    CSS_PATH = ["base.tcss", "help.tcss"]
    BINDINGS = bindings("help")
    AUTO_FOCUS = "LineInput"

    def __init__(
        self, found: Sequence[Entry], keys: Keyboard, *, marks: bool = False, first: Sequence[Block] = ()
    ) -> None:
        super().__init__()
        self._found, self._keys, self._marks, self._first = found, keys, marks, first

    def compose(self) -> ComposeResult:
        """Search line and page."""
        with Vertical(classes="dialogue"):
            field = LineInput(id="search")
            # Translators: the first line of the window; max-length:71.
            field.hint(_("What works here now. Type to search; arrows to scroll; Esc to leave"))
            yield field
            yield Document()

    def on_mount(self) -> None:
        """Write the page."""
        self._write("")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Only what was typed."""
        self._write(event.value)

    def action_move(self, step: int) -> None:
        """Scroll while the search line has the focus."""
        self.query_one(Document).action_move(step)

    def action_page(self, step: int) -> None:
        """Scroll by a page."""
        self.query_one(Document).action_page(step)

    def _write(self, typed: str) -> None:
        first = [] if typed.strip() else self._first
        self.query_one(Document).show([*first, *page(self._found, self._keys, typed, marks=self._marks)])
