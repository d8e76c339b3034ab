"""What every page of a case is made from: the case as this officer has it, and the words of its procedure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imi_core.answers import YES_NO
from imi_tui.i18n import _

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from imi_core.procedure import Field, Option, Rules
    from imi_tui.cache.model import CaseDetail

Contact = dict[str, Any]
ORIGINAL = "en"
"""The language in which definitions are written."""


@dataclass(frozen=True, slots=True)
class View:
    """What the pages of one case are made from. `contact` gives an authority's wire object by id, or None.

    `original`: the procedure's own texts stand beside their translations, since a translation binds nobody.
    `shortened`: the officer left out what a summary does not hold. `reads`: languages the officer reads,
    best first; with none no translation is shown.
    """

    detail: CaseDetail
    rules: Rules
    languages: tuple[str, ...]
    today: dt.date
    contact: Callable[[str], Contact | None]
    original: bool = False
    shortened: bool = False
    reads: tuple[str, ...] = ()

    @property
    def case(self) -> dict[str, Any]:
        """The case on the wire."""
        return self.detail.case

    @property
    def hidden(self) -> bool:
        """Whether this officer sees the summary only."""
        return bool(self.case.get("level", "full") != "full")

    def label(self, label_id: str, english: str) -> str:
        """A text of the procedure in the officer's language."""
        return self.rules.label(label_id, english, self.languages)

    @property
    def basis(self) -> str:
        """The legal basis of the procedure."""
        return self.label(f"{self.rules.procedure.id}.basis", self.rules.procedure.legal_basis)

    def deadline_basis(self, deadline: Mapping[str, Any]) -> str:
        """What a deadline of the case rests on; "" where the rules name nothing."""
        told = str(deadline.get("basis", ""))
        return told and self.label(f"{self.rules.procedure.id}.deadline.{deadline.get('code')}", told)

    @property
    def translated(self) -> bool:
        """Whether the procedure's texts are shown in another language than they were written in."""
        mine = self.languages[0]
        return mine != ORIGINAL and bool(self.rules.labels.get(mine))

    def field(self, field: Field) -> str:
        """The label of a field of the request, or below a question, marked where personal data is asked for."""
        return personal(self.label(f"{self.rules.procedure.id}.field.{field.id}", field.label), field.personal)

    def question(self, id: str) -> str:
        """A question of the procedure, marked where personal data is asked for."""
        found = self.rules.procedure.question(id)
        if found is None:
            return id
        return personal(self.label(f"{self.rules.procedure.id}.question.{id}", found.text), found.personal)

    def state(self, state: str) -> str:
        """The name of a state."""
        found = self.rules.lifecycle.states.get(state)
        return self.label(f"{self.rules.lifecycle.id}.state.{state}", found.label) if found else state

    def action(self, name: str) -> str:
        """The name of an action."""
        found = self.rules.lifecycle.actions.get(name)
        return self.label(f"{self.rules.lifecycle.id}.action.{name}", found.label) if found else name

    def part(self, role: str) -> dict[str, Any] | None:
        """The first part with a role."""
        return next((part for part in self.case.get("parts", ()) if part.get("role") == role), None)

    @property
    def opening(self) -> bool:
        """Whether what this officer queued opens the rest of the case: the server gives it with its answer."""
        state = self.rules.lifecycle.states.get(self.case.get("state", ""))
        mine = next((part for part in self.case.get("parts", ()) if part.get("desk") == self.detail.desk), None)
        if not self.hidden or not self.detail.pending or state is None or mine is None:
            return False
        return mine.get("role") != "observer" and mine.get("role") not in state.summary_for

    @property
    def my_turn(self) -> bool:
        """Whether this desk has to act."""
        turn = self.case.get("turn")
        return any(p.get("desk") == self.detail.desk and p.get("role") == turn for p in self.case.get("parts", ()))


def personal(label: str, marked: bool) -> str:
    """`label`, with a sign and a word where it asks for personal data."""
    return _("{label} (! personal)").format(label=label) if marked else label


def answer_text(view: View, options: tuple[Option, ...], base: str, value: Any) -> str:
    """An answer in words: option ids become their labels, lists become lines."""
    if isinstance(value, list):
        return "\n".join(answer_text(view, options, base, each) for each in value)
    for option in options:
        if option.id == value:
            if options is YES_NO:
                return {"yes": _("Yes"), "no": _("No"), "cannot_say": _("Cannot say")}[option.id]
            return view.label(f"{base}.option.{option.id}", option.label)
    return str(value)


def one_line(text: str) -> str:
    """`text` without line ends."""
    return " ".join(str(text).split("\n"))
