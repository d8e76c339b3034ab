"""What a procedure's texts read like in the officer's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_core.procedure import block_title
from imi_core.text import display

if TYPE_CHECKING:
    from imi_core.procedure import Question, Rules


class Labels:
    """Texts of a procedure in the first of `languages` that has them (ids: `imi_core.procedure.label_ids`)."""

    def __init__(self, rules: Rules, languages: tuple[str, ...]) -> None:
        self.rules, self.languages = rules, languages

    def text(self, id: str, english: str) -> str:
        """One label on one line."""
        return display(self.rules.label(id, english, self.languages))

    @property
    def title(self) -> str:
        """The procedure's title."""
        return self.text(f"{self.rules.procedure.id}.title", self.rules.procedure.title)

    @property
    def basis(self) -> str:
        """The act and articles the procedure rests on."""
        return self.text(f"{self.rules.procedure.id}.basis", self.rules.procedure.legal_basis)

    def action(self, id: str) -> str:
        """What an action is called."""
        return self.text(f"{self.rules.lifecycle.id}.action.{id}", self.rules.lifecycle.actions[id].label)

    def question(self, question: Question) -> str:
        """The text of a question."""
        return self.text(f"{self.rules.procedure.id}.question.{question.id}", question.text)

    def block(self, block: str) -> str:
        """The title of a block of questions."""
        return self.text(f"{self.rules.procedure.id}.block.{block}", block_title(block)) if block else ""

    def base(self, action_id: str, id: str) -> str:
        """The label id of a field in the form that `action_id` asks for."""
        rules, form = self.rules, self.rules.lifecycle.actions[action_id].form
        if form == "reply" and rules.procedure.question(id) is not None:
            return f"{rules.procedure.id}.question.{id}"
        if form in ("request", "reply"):
            return f"{rules.procedure.id}.field.{id}"
        return f"{rules.lifecycle.id}.form.{form}.{id}"
