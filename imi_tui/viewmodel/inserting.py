"""What can be inserted where the officer is writing: values known from own cases, and phrases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imi_tui.forms import phrases as rules_of_phrases
from imi_tui.forms.standard_texts import is_standard
from imi_tui.i18n import _
from imi_tui.i18n.joining import several
from imi_tui.viewmodel.cells import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from imi_core.procedure import Rules
    from imi_tui.cache.personal.snippets import Phrase
    from imi_tui.forms.completion import Found
    from imi_tui.forms.form import FormModel

    Known = Callable[[str], Sequence[Found]]
    """Values that stood in the field before, for what is typed."""


@dataclass(frozen=True, slots=True)
class Insertion:
    """One thing to insert: how it reads in the list, what goes in, and what it answers in other fields.

    `whole`: it is the value of the field, not a part of its text; `line`: that of one line of it. `left` are
    placeholders that nothing fills. `standard`: it came with the program.
    """

    title: str
    note: str
    text: str
    beside: Mapping[str, Any]
    whole: bool = False
    line: bool = False
    left: tuple[str, ...] = ()
    standard: bool = False


@dataclass(frozen=True, slots=True)
class Insertions:
    """Everything that can be inserted into one field."""

    phrases: Sequence[Phrase]
    known: Known
    facts: Mapping[str, str]
    languages: tuple[str, ...]
    rules: Rules | None = None
    standard: Sequence[Phrase] = ()

    def offered(self, typed: str) -> list[Insertion]:
        """What fits to `typed`: known values first, as they belong to this very field."""
        found = [
            Insertion(one_line(each.value), _beside(each), each.value, each.beside, not each.line, each.line)
            for each in self.known(typed)
        ]
        found += [self._made(each) for each in rules_of_phrases.ranked(self.phrases, typed, self.languages)]
        found += [self._made(each) for each in rules_of_phrases.holding(self.standard, typed)]
        return found

    def by_abbreviation(self, before: str) -> Insertion | None:
        """The phrase whose abbreviation ends at the cursor, given the text before it."""
        typed = rules_of_phrases.abbreviation_before(before)
        found = rules_of_phrases.by_abbreviation(self.phrases, typed, self.languages)
        return self._made(found) if found is not None else None

    def _made(self, phrase: Phrase) -> Insertion:
        text, left = rules_of_phrases.filled(phrase, self.facts, self.rules)
        title = f"{phrase.abbreviation}  {phrase.lang}"
        return Insertion(title, one_line(text), text, {}, left=left, standard=is_standard(phrase))


def _beside(found: Found) -> str:
    return several(one_line(str(value)) for value in found.beside.values() if not isinstance(value, list))


def said(insertion: Insertion, filled: Sequence[str]) -> str:
    """What to tell after inserting: what else was filled in, and what could not be."""
    if insertion.left:
        names = ", ".join(f"{{{name}}}" for name in insertion.left)
        return _("Nothing here fills {names}; write it yourself.").format(names=names)
    return _("Also filled in: {fields}").format(fields=several(filled)) if filled else ""


def answer_beside(model: FormModel, beside: Mapping[str, Any]) -> list[str]:
    """Answer what is still empty with what stood beside a known value; the labels of what was filled in."""
    out = []
    for id, value in beside.items():
        view = model.view(id)
        if view is not None and model.put(id, value):
            out.append(view.label)
    return out
