"""The bank of questions of a procedure, grouped by block, to pick from with Space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text
from textual.binding import Binding
from textual.message import Message

from imi_tui.viewmodel.cells import wrap
from imi_tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from imi_core.procedure import Rules
    from imi_tui.labels import Labels


@dataclass(frozen=True, slots=True)
class QuestionLine:
    """A question, or (without an id) the title of a block."""

    id: str
    text: str
    help: str = ""
    personal: bool = False


def lines_of_bank(rules: Rules, labels: Labels) -> list[QuestionLine]:
    """The questions of a procedure in order, each block under its title."""
    out: list[QuestionLine] = []
    block = ""
    for question in rules.procedure.questions:
        if question.block != block:
            block = question.block
            if block:
                out.append(QuestionLine("", labels.block(block)))
        base = f"{rules.procedure.id}.question.{question.id}.help"
        help = labels.text(base, question.help) if question.help else ""
        out.append(QuestionLine(question.id, labels.question(question), help, question.personal))
    return out


class QuestionList(LineList[QuestionLine]):
    """Questions with check boxes. The screen keeps what is picked and sets `picked`."""

    BINDINGS = [Binding("space,enter", "pick", show=False)]

    @dataclass
    class Toggled(Message):
        """The officer picked a question, or no longer wants it."""

        list: QuestionList
        id: str

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.picked: frozenset[str] = frozenset()

    def key_of(self, item: QuestionLine) -> object:
        """Its id."""
        return item.id

    def is_item(self, item: QuestionLine) -> bool:
        """The cursor skips titles."""
        return bool(item.id)

    def lines_of(self, item: QuestionLine, width: int) -> list[Text]:
        """Title, or box and question, wrapped under itself; "!" marks questions about persons."""
        if not item.id:
            return [Text(""), *(Text(line) for line in wrap(item.text, width))]
        box = "[x] " if item.id in self.picked else "[ ] "
        text = f"{item.text} !" if item.personal else item.text
        out = [
            Text((box if number == 0 else "    ") + line, no_wrap=True)
            for number, line in enumerate(wrap(text, max(8, width - 4)))
        ]
        out += [Text("    " + line, style="dim") for line in (wrap(item.help, max(8, width - 4)) if item.help else ())]
        return out

    def action_pick(self) -> None:
        """Pick the question under the cursor, or take it back."""
        if (item := self.item) is not None:
            self.post_message(self.Toggled(self, item.id))

    def on_line_list_opened(self, event: LineList.Opened) -> None:
        """A click on the question under the cursor picks it."""
        event.stop()
        self.action_pick()

    def set_picked(self, picked: frozenset[str]) -> None:
        """Show these as picked."""
        if picked != self.picked:
            self.picked = picked
            self.redraw()
