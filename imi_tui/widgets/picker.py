"""One of many: a list to choose from, narrowed by typing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.containers import Vertical
from textual.widgets import Static

from imi_core.text import fold, words
from imi_tui.i18n import _, ngettext
from imi_tui.matching import spans
from imi_tui.screens.narrowing import Narrowing
from imi_tui.viewmodel.cells import wrap
from imi_tui.widgets.entry import LineInput
from imi_tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from textual.app import ComposeResult

Option = tuple[str, str]
"""(id, label)"""


def matching(options: tuple[Option, ...], typed: str) -> list[Option]:
    """The options in which every word of `typed` occurs, those that begin with it first."""
    wanted = words(typed)
    if not wanted:
        return list(options)
    found = [option for option in options if all(word in fold(f"{option[0]} {option[1]}") for word in wanted)]
    return sorted(found, key=lambda option: not (fold(option[1]).startswith(wanted[0]) or fold(option[0]) == wanted[0]))


class OptionList(LineList[Option]):
    """The options with "x" at the one chosen so far."""

    DRIVEN = True

    def __init__(self, chosen: str) -> None:
        super().__init__(id="options")
        self.chosen, self.typed = chosen, ""

    def key_of(self, item: Option) -> object:
        """Its id."""
        return item[0]

    def lines_of(self, item: Option, width: int) -> list[Text]:
        """The label, wrapped."""
        out: list[Text] = []
        for number, line in enumerate(wrap(item[1], max(8, width - 4))):
            lead = ("(x) " if item[0] == self.chosen else "( ) ") if number == 0 else "    "
            text = Text(lead + line, no_wrap=True)
            for start, end in spans(line, self.typed):
                text.stylize("underline", start + 4, end + 4)
            out.append(text)
        return out


class Picker(Narrowing[str]):
    """Choose one of `options`; the result is its id, None when the officer left without choosing."""

    CSS_PATH = ["../screens/base.tcss"]
    DEFAULT_CSS = """
    Picker > .dialogue { height: 80%; max-height: 40; }
    Picker #title { text-style: bold; height: auto; max-height: 3; }
    Picker #typed { margin: 0 0 1 0; }
    Picker #count { height: 1; }
    """

    def __init__(self, title: str, options: tuple[Option, ...], chosen: str = "") -> None:
        super().__init__()
        self._title, self._options, self._chosen = title, options, chosen

    def compose(self) -> ComposeResult:
        """Title, what was typed, the options."""
        with Vertical(classes="dialogue"):
            yield Static(Text(self._title), id="title")
            yield LineInput(id="typed")
            yield OptionList(self._chosen)
            yield Static(id="count")

    def on_mount(self) -> None:
        """Begin at what is chosen."""
        self.narrow("", at=self._chosen)
        self.query_one("#typed").focus()

    def action_choose(self) -> None:
        """Choose the option under the cursor."""
        if (item := self.query_one(OptionList).item) is not None:
            self.dismiss(item[0])

    def narrow(self, typed: str, at: str = "") -> None:
        """List what fits."""
        options = self.query_one(OptionList)
        options.typed = typed
        found = matching(self._options, typed)
        first = found[0][0] if found and typed else None
        options.show(found, at=at or first)
        note = (
            ngettext("{count} to choose from", "{count} to choose from", len(found)).format(count=len(found))
            if found
            else _("Nothing fits. Delete a letter to see more.")
        )
        self.query_one("#count", Static).update(Text(note, style="dim"))
