"""The view model of a form: which fields are asked now, how they read, what is still wrong. No Textual.

A `FormModel` holds the answers of one entry while it is being written. Every edit goes through `set_text`, `choose`
or `toggle`; `answers` is then ready for a draft, `to_send` for the outbox. What an officer sees beside the form's
own fields: a remark and a reason for not answering beside each question (`<id>.remark`, `<id>.cannot`), and the free
text of the entry with its language (`TEXT`, `LANG`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from imi_core import answers as rules_of_answers
from imi_core import translating
from imi_core.answers import CANNOT, REMARK, YES_NO, Problem, base_id, is_empty
from imi_core.procedure import Field
from imi_core.text import display
from imi_tui import names, typed_values
from imi_tui.i18n import N_, _
from imi_tui.i18n.joining import several
from imi_tui.i18n.languages import NAMES
from imi_tui.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from imi_core.case import Answers, Case
    from imi_core.procedure import Rules

TEXT, LANG = ":text", ":lang"
"""Pseudo-fields for the entry's free text and its language; no field of a form can be called so."""
MORE = ":more"
"""Suffix of the pseudo-field that opens remark and reason beside a question."""

Purpose = Literal["save", "send"]
Kind = Literal["line", "lines", "one", "many"]
"""What the officer operates: one line, several lines, one choice, several choices."""
_KINDS: dict[str, Kind] = {
    "multiline": "lines",
    "boolean": "one",
    "single": "one",
    "country": "one",
    "question": "one",
    "multi": "many",
    "questions": "many",
}
_ANSWERS = {"yes": N_("Yes"), "no": N_("No"), "cannot_say": N_("Cannot say")}


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field as an officer sees it. `mark` is "*" (needed to save), "+" (needed to send) or "".

    `heading` stands above the field where a new block of questions begins; `beside` is the id of the question that a
    remark, a reason or the line that opens them belongs to.
    """

    id: str
    kind: Kind
    label: str
    help: str = ""
    mark: str = ""
    personal: bool = False
    options: tuple[tuple[str, str], ...] = ()
    heading: str = ""
    beside: str = ""
    source: Field = field(default_factory=lambda: Field(id="", label=""))


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that keeps the entry from being saved or sent: where it is, and a whole sentence."""

    field: str
    label: str
    code: str
    text: str


class FormModel:
    """The form of one action and the answers given so far.

    `case` is None for an action that starts one. Without `answers` the form begins with what the case already holds
    (the request to modify, the answers of a partial reply). `skip` leaves out fields that are asked elsewhere.
    `today` serves dates typed without a year and the day on which a number of days ends. `lang` is the language of what
    is written, `reader` are those the other side works in, as far as they are known.
    """

    def __init__(
        self,
        rules: Rules,
        action_id: str,
        *,
        case: Case | None = None,
        answers: Answers | None = None,
        text: str = "",
        lang: str = "",
        languages: tuple[str, ...] = ("en",),
        today: dt.date,
        skip: Collection[str] = (),
        reader: Sequence[str] = (),
    ) -> None:
        self.rules, self.action_id, self.case, self.today = rules, action_id, case, today
        self.action = rules.lifecycle.actions[action_id]
        self.languages, self.language = languages, languages[0]
        self.labels = Labels(rules, languages)
        self.skip = frozenset(skip)
        self.form = rules_of_answers.form_for(rules, action_id, case)
        starting = self.action.form == "request"
        self.question_ids = rules_of_answers.question_ids(rules, None if starting else case)
        self.answers: Answers = dict(answers) if answers is not None else self._prefilled()
        self.entry_text = text
        self.lang = lang or (self.language if self.language in NAMES else "en")
        self.reader = tuple(reader)
        self._short = translating.short(rules, self.action)
        self.opened = {id for id in self.answers if id.endswith((REMARK, CANNOT)) and self.answers[id]}
        self._touched: set[str] = set()
        self.strict = False
        self._views = self._build()

    # -- reading ----------------------------------------------------------------------------------------------------

    def visible(self) -> tuple[FieldView, ...]:
        """The fields asked now, in order."""
        out: list[FieldView] = []
        heading = ""
        asked = {source.id for source in rules_of_answers.shown_fields(self.form, self.answers)}
        for view in self._views:
            if view.heading and view.heading != heading:
                heading = view.heading
            elif view.heading:
                view = replace(view, heading="")
            closed = view.id.endswith((REMARK, CANNOT)) and view.id not in self.opened
            if not closed and (view.id in (TEXT, LANG) or (view.beside or view.id) in asked):
                out.append(view)
        return tuple(out)

    def view(self, id: str) -> FieldView | None:
        """The field with this id, asked now or not."""
        return next((view for view in self._views if view.id == id), None)

    def text(self, id: str) -> str:
        """What stands in the field, as text to edit."""
        if id == TEXT:
            return self.entry_text
        found = self.view(id)
        kind = found.source.type if found is not None and found.source.id == id else "text"
        return typed_values.written(kind, self.answers.get(id), self.language)

    def chosen(self, id: str) -> tuple[str, ...]:
        """The ids chosen in a `one` or `many` field."""
        if id == LANG:
            return (self.lang,)
        if id.endswith(MORE):
            base = id.removesuffix(MORE)
            return tuple(suffix for suffix in (REMARK, CANNOT) if base + suffix in self.opened)
        value = self.answers.get(id)
        if isinstance(value, list):
            return tuple(str(item) for item in value)
        return (str(value),) if not is_empty(value) else ()

    def shown_value(self, id: str) -> str:
        """The answer in words, for a review: labels of what was chosen, text as it is, "" where nothing was given."""
        found = self.view(id)
        if found is not None and found.kind in ("one", "many"):
            named = dict(found.options)
            return several(named.get(item, item) for item in self.chosen(id))
        return self.text(id)

    def hint(self, id: str, *, keys: bool = True, width: int = 0) -> str:
        """What may be typed, and what it would mean; one or two sentences, "" where there is nothing to say.

        `keys`: with those of the screen that choose. `width`: as much as fits into two lines.
        """
        from imi_tui.forms.hints import hint

        return hint(self, id, keys=keys, width=width)

    def is_words(self, id: str) -> bool:
        """Whether what is written into a field is in the officer's own words, and so in some language."""
        if id in (TEXT, LANG) or id.endswith((REMARK, CANNOT)):
            return True
        found = self.view(id)
        return found is not None and found.source.id == id and translating.is_words(found.source, self._short)

    def legend(self) -> str:
        """What the marks before the labels mean, only those in use."""
        marks = {view.mark for view in self.visible()}
        parts = []
        if "*" in marks:
            parts.append(_("* needed to save"))
        if "+" in marks:
            parts.append(_("+ needed to send"))
        if any(view.personal for view in self.visible()):
            parts.append(_("! personal data"))
        return "   ".join(parts)

    # -- writing ----------------------------------------------------------------------------------------------------

    def set_text(self, id: str, typed: str) -> None:
        """Take what was typed into a field. Text is cleaned; what cannot be read stays as it is and is a problem."""
        self._touched.add(id)
        if id == TEXT:
            self.entry_text = display(typed, "multi")
            return
        found = self.view(id)
        if found is None:
            return
        kind = found.source.type if found.source.id == id else "text"
        value = typed_values.parse(kind, typed, self.language, self.today)
        if is_empty(value):
            self.answers.pop(id, None)
        else:
            self.answers[id] = value

    def put(self, id: str, value: Any) -> bool:
        """Answer a field that is still empty with a value from elsewhere; whether it was."""
        if self.view(id) is None or not is_empty(self.answers.get(id)):
            return False
        self.answers[id] = value
        return True

    def choose(self, id: str, option: str) -> None:
        """Choose one option of a `one` field; "" takes the answer back."""
        self._touched.add(id)
        if id == LANG:
            self.lang = option or self.lang
        elif option:
            self.answers[id] = option
        else:
            self.answers.pop(id, None)

    def toggle(self, id: str, option: str) -> None:
        """Choose or take back one option of a `many` field. A remark with text in it does not close."""
        self._touched.add(id)
        if id.endswith(MORE):
            name = id.removesuffix(MORE) + option
            if name not in self.opened:
                self.opened.add(name)
            elif is_empty(self.answers.get(name)):
                self.opened.discard(name)
            return
        found = self.view(id)
        order = [key for key, _label in found.options] if found is not None else []
        chosen = set(self.chosen(id)) ^ {option}
        self.answers[id] = [key for key in order if key in chosen]
        if not self.answers[id]:
            del self.answers[id]

    def demand(self) -> None:
        """From now on show everything that is missing, not only in fields that were touched."""
        self.strict = True

    # -- judging ----------------------------------------------------------------------------------------------------

    def problems(self, purpose: Purpose = "send") -> tuple[Missing, ...]:
        """All that keeps the entry from being saved or sent, in the form's order, in the officer's language."""
        # Hidden and skipped fields are none of this form's business, and unknown ones only of the server's.
        answers = {id: value for id, value in self.answers.items() if self._mine(id)}
        found = [
            problem
            for problem in rules_of_answers.check(self.form, answers, purpose, self.question_ids)
            if self._mine(problem.field)
        ]
        if purpose == "send":
            if self.action.text == "required" and not self.entry_text.strip():
                found.append(Problem(TEXT, "missing"))
            if not found and self.action.partial and not rules_of_answers.answered(self.form, answers):
                found.append(Problem(self.form.fields[0].id if self.form.fields else TEXT, "missing"))
        out = tuple(self.missing(problem) for problem in found)
        return (*out, *self._both(), *self._placeholders(answers)) if purpose == "send" else out

    def _both(self) -> list[Missing]:
        """Questions with an answer and a reason for not answering: one stands in the place of the other (`merge`)."""
        sent = self.to_send()
        if not any(id.endswith(CANNOT) for id in sent):
            return []
        return [self.missing(problem) for problem in rules_of_answers.both(self.form, sent, self.answers)]

    def _placeholders(self, answers: Answers) -> list[Missing]:
        """Texts in which a placeholder of a phrase still stands: nobody means to send that."""
        texts = {**{id: value for id, value in answers.items() if isinstance(value, str)}, TEXT: self.entry_text}
        if not any("{" in text for text in texts.values()):
            return []
        from imi_tui.forms.phrases import unfilled
        from imi_tui.problems import answer_problem

        out = []
        for id, text in texts.items():
            if names := unfilled(text, self.rules):
                view = self.view(id)
                told = answer_problem("placeholder", ", ".join(f"{{{name}}}" for name in names))
                out.append(Missing(id, view.label if view is not None else id, "placeholder", told))
        return out

    def missing(self, problem: Problem) -> Missing:
        """One problem of the rules in the officer's words."""
        from imi_tui.forms import hints

        id = TEXT if problem.field == "text" and self.view("text") is None else problem.field
        found = self.view(id)
        label = found.label if found is not None else id
        kind = found.source.type if found is not None and found.source.id == id else None
        text = hints.problem(problem.code, problem.allowed, kind, self.language, self.today)
        return Missing(id, label, problem.code, text)

    def shown_problems(self) -> dict[str, str]:
        """Sentences to show under fields now: what is wrong where the officer has been, everything after `demand`."""
        out: dict[str, str] = {}
        for item in self.problems("send"):
            if self.strict or (item.field in self._touched and item.code != "missing"):
                out.setdefault(item.field, item.text)
        return out

    def to_send(self) -> Answers:
        """The answers to queue: those to fields that are asked.

        A partial reply carries only what differs from the answers the case already has.
        """
        out = rules_of_answers.kept(self.form, self.answers)
        if self.action.partial and self.case is not None:
            before = self.case.answers
            out = {id: value for id, value in out.items() if before.get(id) != value}
        return out

    # -- building ---------------------------------------------------------------------------------------------------

    def _mine(self, id: str) -> bool:
        base = base_id(id)
        return base not in self.skip and self.view(base) is not None

    def _prefilled(self) -> Answers:
        if self.case is None:
            return {}
        if self.action.form == "request":
            return {**self.case.request, "questions": list(self.case.questions)}
        return dict(self.case.answers) if self.action.form == "reply" else {}

    def _build(self) -> tuple[FieldView, ...]:
        out: list[FieldView] = []
        for source in self.form.fields:
            if source.id in self.skip:
                continue
            question = self.rules.procedure.question(source.id) if self.action.form == "reply" else None
            out.append(self._field(source, self.labels.block(question.block) if question is not None else ""))
            # Follow-ups take remarks too, but one place to write a remark is enough for a question.
            if question is not None and source.remarks:
                out.extend(self._beside(source))
        if self.action.text:
            required = self.action.text == "required"
            out.append(FieldView(TEXT, "lines", self._text_label(), mark="+" if required else ""))
        words = (each.remarks or translating.is_words(each, self._short) for each in self.form.fields)
        if self.action.text or any(words):
            out.append(FieldView(LANG, "one", _("Language of the text"), options=tuple(NAMES.items())))
        return tuple(out)

    def _text_label(self) -> str:
        if self.form.fields or self.action.target:
            return _("Message")
        # Translators: over the text of somebody who ends a case, say why it is withdrawn.
        return _("Reason") if self.action.closes else _("Text")

    def _field(self, source: Field, heading: str) -> FieldView:
        base = self.labels.base(self.action_id, source.id)
        return FieldView(
            id=source.id,
            kind=_KINDS.get(source.type, "line"),
            label=self.labels.text(base, source.label),
            help=self.labels.text(f"{base}.help", source.help) if source.help else "",
            mark={"save": "*", "send": "+", "": ""}[source.needed],
            personal=source.personal,
            options=self._options(source, base),
            heading=heading,
            source=source,
        )

    def _options(self, source: Field, base: str) -> tuple[tuple[str, str], ...]:
        match source.type:
            case "boolean":
                return tuple((option.id, _(_ANSWERS[option.id])) for option in YES_NO)
            case "country":
                return names.countries(self.language)
            case "question" | "questions":
                bank = self.rules.procedure.questions
                return tuple((item.id, self.labels.question(item)) for item in bank if item.id in self.question_ids)
        return tuple(
            (option.id, self.labels.text(f"{base}.option.{option.id}", option.label)) for option in source.options
        )

    def _beside(self, source: Field) -> tuple[FieldView, ...]:
        options = ((REMARK, _("Remark")), (CANNOT, _("Cannot answer because")))
        return (
            FieldView(source.id + MORE, "many", _("Add"), options=options, beside=source.id),
            *(FieldView(source.id + suffix, "line", label, beside=source.id) for suffix, label in options),
        )
