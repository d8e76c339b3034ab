"""Procedures as data: lifecycles, forms and question banks. `imi_core.definitions` reads them from TOML.

A *lifecycle* (states and actions) is shared by many *procedures* (a module such as ``pw.info``: forms, questions,
deadlines, legal basis). Both are data; a new legal area is a new TOML file.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from imi_core.authority import Role, Wire
from imi_core.case import PartRole

FieldType = Literal[
    "text",
    "multiline",
    "boolean",
    "single",
    "multi",
    "date",
    "number",
    "amount",
    "country",
    "days",
    "questions",
    "question",
]
"""`questions` picks from the procedure's question bank, `question` points at one question of the case, `days` is a
number of calendar days, `amount` is written like "1250.00 EUR"."""

Facet = Literal["request", "part", "answers", "date", "text"]
"""What of a case an action can change and another one build on: the request, who has the part an entry addresses, the
answers, the agreed date, and what entries with `content` say in their text (a clarification and its answer)."""

Needed = Literal["", "save", "send"]
FormId = str
DeadlineUnit = Literal["calendar_days", "working_days", "months"]


class Option(Wire, kw_only=True, frozen=True):
    """One allowed value of a `single` or `multi` field."""

    id: str
    label: str


class ShowIf(Wire, kw_only=True, frozen=True):
    """The field is asked only when another field of the same form has one of these values."""

    field: str
    values: tuple[str, ...]


class Field(Wire, kw_only=True, frozen=True):
    """One input of a form.

    `needed = "save"`: a draft cannot be saved without it; `"send"`: it may be saved but not sent without it.
    `personal` fields are never part of a summary; `summary` fields are shown before acceptance. With `remarks`, an
    answer may carry free text in ``<id>.remark``, or ``<id>.cannot`` says why there is none: so in every reply.
    """

    id: str
    type: FieldType = "text"
    label: str
    help: str = ""
    needed: Needed = ""
    personal: bool = False
    summary: bool = False
    options: tuple[Option, ...] = ()
    show_if: ShowIf | None = None
    minimum: int | None = None
    maximum: int | None = None
    max_length: int = 4000
    remarks: bool = False


class Question(Wire, kw_only=True, frozen=True):
    """A predefined question. Its answer is a field with the question's id when a reply is written."""

    id: str
    block: str = ""
    text: str
    help: str = ""
    type: FieldType = "boolean"
    options: tuple[Option, ...] = ()
    personal: bool = False
    follow_ups: tuple[Field, ...] = ()


class TimeLimit(Wire, kw_only=True, frozen=True):
    """A deadline that starts when `trigger` is taken and ends when one of `ends` is.

    `unit` decides the arithmetic (Regulation 1182/71). `basis` names act and article, or says it is an indicator.
    """

    code: str
    trigger: str
    ends: tuple[str, ...]
    amount: int
    unit: DeadlineUnit
    role: PartRole = "responder"
    basis: str = ""


class State(Wire, kw_only=True, frozen=True):
    """A state of a lifecycle.

    `turn` is the part that has to act, `todo` the word for what it has to do; parts in `summary_for` see only the
    summary. `open` states accept messages and count as running.
    """

    label: str
    open: bool = True
    turn: PartRole | None = None
    todo: str = ""
    summary_for: tuple[PartRole, ...] = ()


class Action(Wire, kw_only=True, frozen=True):
    """What somebody may do, as data; `imi_core.workflow` gives the attributes their meaning.

    `starts`: creates the case. `from` and `to`: states (`to` empty: the state stays). `form`: ``request`` or
    ``reply`` of the procedure, or one of the lifecycle's `forms`. `target`: the part that the entry's target desk
    takes on, `within` where the target may be. `complete`: every question needs an answer; `partial`: at least one.
    `sets` names the deadline code a `days` answer sets, `clears` those it ends. `content`: changes what later
    entries build on; `reads`: refused as stale when one of these facets changed since the author looked. An action
    reads at least what it overwrites; of the `answers` a `partial` one reads those it gives. Definitions of before
    say `reads = true`: any content at all. `form_stays`: the answers are kept with the entry and not folded into the
    case.
    """

    label: str
    by: tuple[PartRole, ...]
    role: Role = "handler"
    coordinator: bool = False
    starts: bool = False
    from_: tuple[str, ...] = msgspec.field(default=(), name="from")
    to: str = ""
    form: FormId = ""
    target: PartRole | None = None
    within: Literal["", "same_country", "other_country"] = ""
    complete: bool = False
    partial: bool = False
    sets: str = ""
    clears: tuple[str, ...] = ()
    content: bool = False
    reads: tuple[Facet, ...] | bool = ()
    closes: bool = False
    text: Literal["", "optional", "required"] = ""
    attachments: bool = False
    key: str = ""

    @property
    def writes(self) -> frozenset[Facet]:
        """The facets that the action may change."""
        out: set[Facet] = set()
        if self.form == "request":
            out.add("request")
        elif self.sets:
            out.add("date")
        if self.form == "reply":
            out.add("answers")
        if self.target is not None:
            out.add("part")
            if self.clears:
                # Who is addressed anew is not bound by what the one before agreed to.
                out.add("date")
        if self.content and self.text:
            out.add("text")
        return frozenset(out)

    @property
    def overwrites(self) -> frozenset[Facet]:
        """The facets in which the action puts a new value in the place of one that was there."""
        return frozenset() if self.starts else self.writes - {"text"}


class Retention(Wire, kw_only=True, frozen=True):
    """When a closed case is blocked and erased (Regulation (EU) No 1024/2012, Article 14(1) and (4))."""

    block_months: int = 6
    erase_months: int = 36


class Form(Wire, kw_only=True, frozen=True):
    """A set of fields, in order."""

    fields: tuple[Field, ...] = ()


class Lifecycle(Wire, kw_only=True, frozen=True):
    """States, actions and the small forms actions ask for."""

    id: str
    version: int = 1
    states: dict[str, State]
    actions: dict[str, Action]
    forms: dict[str, Form] = {}


class Procedure(Wire, kw_only=True, frozen=True):
    """A module: one kind of exchange in one legal area.

    `prefix` starts its references (``PW-26-004512``). `labels` holds translations by language and label id, and is
    filled only on the wire; the English texts are part of the definition.
    """

    id: str
    version: int = 1
    area: str
    prefix: str
    title: str
    legal_basis: str
    lifecycle: str = "request"
    subject: str = "subject"
    request: Form = Form()
    questions: tuple[Question, ...] = ()
    deadlines: tuple[TimeLimit, ...] = ()
    retention: Retention = Retention()

    def question(self, id: str) -> Question | None:
        """The question with this id."""
        return next((question for question in self.questions if question.id == id), None)


class Rules(Wire, kw_only=True, frozen=True):
    """A procedure together with its lifecycle: all that `imi_core.workflow` needs. Also the wire form of a procedure.

    `labels` maps a language to texts by label id (see `label_ids`); the English of the definition is the fallback.
    """

    procedure: Procedure
    lifecycle: Lifecycle
    labels: dict[str, dict[str, str]] = {}

    @property
    def key(self) -> tuple[str, int]:
        """(procedure id, version): what a case refers to for life."""
        return self.procedure.id, self.procedure.version

    def form(self, form_id: FormId) -> Form:
        """The request form or one of the lifecycle's forms; ``reply`` depends on a case, see `answers.reply_form`."""
        if form_id == "request":
            return self.procedure.request
        return self.lifecycle.forms.get(form_id, Form())

    def label(self, label_id: str, english: str, languages: tuple[str, ...]) -> str:
        """The text of a label in the first language that has it; the English text when none does."""
        for language in languages:
            if found := self.labels.get(language, {}).get(label_id):
                return found
        return english


def block_title(block: str) -> str:
    """The English title of a block of questions, told from its id: "health_and_safety" is "Health and safety"."""
    return block.replace("_", " ").capitalize()


def label_ids(rules: Rules) -> dict[str, str]:
    """Every translatable text of a procedure: label id to English text, in order of appearance.

    Ids: ``<procedure>.title``, ``<procedure>.basis``, ``<procedure>.deadline.<code>`` (its basis),
    ``<procedure>.field.<id>[.help]``, ``<procedure>.question.<id>``, ``….option.<id>``, ``<procedure>.block.<id>``,
    ``<lifecycle>.state.<id>[.todo]``, ``<lifecycle>.action.<id>``, ``<lifecycle>.form.<form>.<id>``.
    """
    out: dict[str, str] = {}
    procedure, lifecycle = rules.procedure, rules.lifecycle
    out[f"{procedure.id}.title"] = procedure.title
    out[f"{procedure.id}.basis"] = procedure.legal_basis
    for limit in procedure.deadlines:
        if limit.basis:
            out[f"{procedure.id}.deadline.{limit.code}"] = limit.basis

    def add_field(base: str, field: Field) -> None:
        out[base] = field.label
        if field.help:
            out[f"{base}.help"] = field.help
        for option in field.options:
            out[f"{base}.option.{option.id}"] = option.label

    for field in procedure.request.fields:
        add_field(f"{procedure.id}.field.{field.id}", field)
    for question in procedure.questions:
        if question.block:
            out[f"{procedure.id}.block.{question.block}"] = block_title(question.block)
        base = f"{procedure.id}.question.{question.id}"
        out[base] = question.text
        if question.help:
            out[f"{base}.help"] = question.help
        for option in question.options:
            out[f"{base}.option.{option.id}"] = option.label
        for field in question.follow_ups:
            add_field(f"{procedure.id}.field.{field.id}", field)
    for name, state in lifecycle.states.items():
        out[f"{lifecycle.id}.state.{name}"] = state.label
        if state.todo:
            out[f"{lifecycle.id}.state.{name}.todo"] = state.todo
    for name, action in lifecycle.actions.items():
        out[f"{lifecycle.id}.action.{name}"] = action.label
    for form_id, form in lifecycle.forms.items():
        for field in form.fields:
            add_field(f"{lifecycle.id}.form.{form_id}.{field.id}", field)
    return out
