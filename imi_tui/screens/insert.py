"""Choosing what to insert: values known from own cases, phrases. Typing narrows it down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.containers import Vertical
from textual.widgets import Static

from imi_tui.i18n import _
from imi_tui.screens.narrowing import Narrowing
from imi_tui.viewmodel.cells import cut
from imi_tui.viewmodel.inserting import Insertion
from imi_tui.widgets.entry import LineInput
from imi_tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from imi_tui.viewmodel.inserting import Insertions

    Line = Insertion | str
    """An insertion, or a heading."""


class InsertionList(LineList["Line"]):
    """What it is, and below what goes in."""

    DRIVEN = True

    def key_of(self, item: Line) -> object:
        """The words themselves."""
        return item if isinstance(item, str) else (item.title, item.text)

    def is_item(self, item: Line) -> bool:
        """The cursor skips headings."""
        return not isinstance(item, str)

    def lines_of(self, item: Line, width: int) -> list[Text]:
        """One or two lines."""
        if isinstance(item, str):
            return [Text(cut(item, width), no_wrap=True)]
        out = [Text(cut(item.title, width), no_wrap=True)]
        if item.note:
            out.append(Text(cut(f"  {item.note}", width), "dim", no_wrap=True))
        return out


class InsertScreen(Narrowing[Insertion]):
    """The result is what to insert, None after Escape. `typed` is what to look for first."""

    CSS_PATH = ["base.tcss", "insert.tcss"]

    def __init__(self, insertions: Insertions, typed: str) -> None:
        super().__init__()
        self._insertions, self._typed = insertions, typed

    def compose(self) -> ComposeResult:
        """Words above, the list below."""
        with Vertical(classes="dialogue"):
            yield LineInput(self._typed, id="words")
            yield InsertionList()
            yield Static(id="note", markup=False)

    def on_mount(self) -> None:
        """What fits to what stands in the field already."""
        self.narrow(self._typed)
        words = self.query_one("#words", LineInput)
        words.hint(_("Type to search; arrows and Enter to choose; Esc to leave"))
        words.focus()
        words.select_all()

    def action_choose(self) -> None:
        """Close with what is under the cursor."""
        if isinstance(item := self.query_one(InsertionList).item, Insertion):
            self.dismiss(item)

    def narrow(self, typed: str) -> None:
        """List what fits."""
        found = self._insertions.offered(typed)
        lines: list[Line] = []
        known = [each for each in found if each.whole or each.line]
        own = [each for each in found if each not in known and not each.standard]
        for some, title in (
            (known, _("In your cases")),
            (own, _("Phrases")),
            ([each for each in found if each.standard], _("Standard texts")),
        ):
            lines += [title, *some] if some else []
        found_list = self.query_one(InsertionList)
        found_list.show(lines)
        if typed.strip():
            # The best match is the first, whatever was under the cursor before.
            found_list.action_first()
        note = "" if found else _("Nothing to insert contains these words. Phrases are kept in the menu (F9), Phrases.")
        self.query_one("#note", Static).update(note)
