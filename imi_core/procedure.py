"""Procedures as data: lifecycles, forms and question banks, and how they are read from TOML.

A *lifecycle* (states and actions) is shared by many *procedures* (a module such as ``pw.info``: forms, questions,
deadlines, legal basis). Both are data; a new legal area is a new TOML file.
"""

from __future__ import annotations

import re
import tomllib
import types
import typing
from typing import Any, Literal

import msgspec

from imi_core.authority import Role, Wire
from imi_core.case import PartRole
from imi_core.errors import DefinitionError

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
    entries build on; `reads`: refused when that content changed since `based_on`. `form_stays`: the answers are
    kept with the entry and not folded into the case.
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
    reads: bool = False
    closes: bool = False
    text: Literal["", "optional", "required"] = ""
    attachments: bool = False
    key: str = ""


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


def load_lifecycle(text: str, source: str) -> Lifecycle:
    """Read a lifecycle from TOML. Raises `DefinitionError` naming `source`, the key and what is allowed there."""
    lifecycle = _decode(text, source, Lifecycle)
    for name, action in lifecycle.actions.items():
        for key, states in (("from", action.from_), ("to", (action.to,) if action.to else ())):
            for state in states:
                if state not in lifecycle.states:
                    raise DefinitionError(
                        source, f"actions.{name}.{key}", f"there is no state {state!r}", tuple(lifecycle.states)
                    )
        forms = ("request", "reply", *lifecycle.forms)
        if action.form and action.form not in forms:
            raise DefinitionError(source, f"actions.{name}.form", f"there is no form {action.form!r}", forms)
        if action.starts and not action.to:
            raise DefinitionError(source, f"actions.{name}.to", "an action that starts a case needs a state", ())
    for name, form in lifecycle.forms.items():
        _check_fields(source, f"forms.{name}.fields", form.fields)
    return lifecycle


def load_procedure(text: str, source: str, lifecycles: dict[str, Lifecycle]) -> Rules:
    """Read a module from TOML and join it to its lifecycle. Raises `DefinitionError`."""
    procedure = _decode(text, source, Procedure)
    lifecycle = lifecycles.get(procedure.lifecycle)
    if lifecycle is None:
        raise DefinitionError(
            source, "lifecycle", f"there is no lifecycle {procedure.lifecycle!r}", tuple(sorted(lifecycles))
        )
    _check_fields(source, "request.fields", procedure.request.fields)
    # A reply is one form, and its fields share label ids with the request's.
    follow_ups = [field.id for question in procedure.questions for field in question.follow_ups]
    _unique(source, "questions", [*(question.id for question in procedure.questions), *follow_ups])
    _unique(source, "questions.follow_ups", [*(field.id for field in procedure.request.fields), *follow_ups])
    for index, question in enumerate(procedure.questions):
        _check_fields(source, f"questions[{index}].follow_ups", question.follow_ups, (question.id,))
        if question.type in ("single", "multi") and not question.options:
            raise DefinitionError(source, f"questions[{index}].options", f"a {question.type} question needs options")
        _unique(source, f"questions[{index}].options", [option.id for option in question.options])
    names = [field.id for field in procedure.request.fields]
    if procedure.subject not in names:
        raise DefinitionError(source, "subject", f"there is no request field {procedure.subject!r}", tuple(names))
    for index, limit in enumerate(procedure.deadlines):
        for key, actions in (("trigger", (limit.trigger,)), ("ends", limit.ends)):
            for action in actions:
                if action not in lifecycle.actions:
                    raise DefinitionError(
                        source,
                        f"deadlines[{index}].{key}",
                        f"there is no action {action!r}",
                        tuple(lifecycle.actions),
                    )
    return Rules(procedure=procedure, lifecycle=lifecycle)


def block_title(block: str) -> str:
    """The English title of a block of questions, told from its id: "health_and_safety" is "Health and safety"."""
    return block.replace("_", " ").capitalize()


def label_ids(rules: Rules) -> dict[str, str]:
    """Every translatable text of a procedure: label id to English text, in order of appearance.

    Ids: ``<procedure>.title``, ``<procedure>.field.<id>[.help]``, ``<procedure>.question.<id>``,
    ``….option.<id>``, ``<procedure>.block.<id>``,
    ``<lifecycle>.state.<id>[.todo]``, ``<lifecycle>.action.<id>``, ``<lifecycle>.form.<form>.<id>``.
    """
    out: dict[str, str] = {}
    procedure, lifecycle = rules.procedure, rules.lifecycle
    out[f"{procedure.id}.title"] = procedure.title

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


def _check_fields(source: str, key: str, fields: tuple[Field, ...], outer: tuple[str, ...] = ()) -> None:
    names = [field.id for field in fields]
    _unique(source, key, names)
    for index, field in enumerate(fields):
        at = f"{key}[{index}]"
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", field.id):
            raise DefinitionError(source, f"{at}.id", f"{field.id!r} is no field id", ("letters, digits, _ and -",))
        if field.type in ("single", "multi") and not field.options:
            raise DefinitionError(source, f"{at}.options", f"a {field.type} field needs options")
        _unique(source, f"{at}.options", [option.id for option in field.options])
        if field.personal and field.summary:
            raise DefinitionError(source, f"{at}.summary", "a personal field cannot be part of the summary", ("false",))
        if field.show_if is not None and field.show_if.field not in (*names, *outer):
            raise DefinitionError(
                source, f"{at}.show_if.field", f"there is no field {field.show_if.field!r}", (*names, *outer)
            )


def _unique(source: str, key: str, ids: list[str]) -> None:
    seen: set[str] = set()
    for id in ids:
        if id in seen:
            raise DefinitionError(source, key, f"{id!r} stands twice", ("each id once",))
        seen.add(id)


_T = typing.TypeVar("_T")


def _decode(text: str, source: str, kind: type[_T]) -> _T:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(source, "", f"is not valid TOML: {error}") from error
    _known_keys(source, "", data, kind)
    wire = _camel(data, kind)
    try:
        return msgspec.convert(wire, kind)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at `$")
        path = _name_members(wire, kind, path.rstrip("`"))
        key = _snake(path.lstrip("."))
        raise DefinitionError(source, key, problem, _allowed(kind, key)) from error


def _name_members(data: Any, kind: Any, path: str) -> str:
    """`path` with each ``[...]``, which msgspec writes for a dict's member, replaced by the name that fails."""
    out = ""
    for part in re.findall(r"\[\.\.\.\]|\[\d+\]|\.[^.\[]+", path):
        args = typing.get_args(kind)
        if part == "[...]":
            name = next((name for name, item in data.items() if not _fits(item, args[1])), "")
            out, data, kind = f"{out}.{name}", data[name], _plain(args[1])
        elif part.startswith("["):
            out, data, kind = out + part, data[int(part[1:-1])], _plain(args[0])
        else:
            out, data, kind = out + part, data.get(part[1:]), _children(kind, _snake(part[1:]))
    return out


def _fits(item: Any, kind: Any) -> bool:
    try:
        msgspec.convert(item, kind)
    except msgspec.ValidationError:
        return False
    return True


def _children(kind: Any, name: str) -> Any:
    """The type of member `name` of `kind`; Any where it cannot be told."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        for field in msgspec.structs.fields(kind):
            if _toml_name(field) == name:
                return _plain(field.type)
        return Any
    if typing.get_origin(kind) is dict:
        return _plain(typing.get_args(kind)[1])
    return Any


def _plain(kind: Any) -> Any:
    """`kind` without None."""
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return next(arg for arg in typing.get_args(kind) if arg is not type(None))
    return kind


def _toml_name(field: msgspec.structs.FieldInfo) -> str:
    return field.name.rstrip("_")


def _known_keys(source: str, key: str, data: Any, kind: Any) -> None:
    """Refuse a key that means nothing: in a definition it is a typing mistake, on the wire it would be news."""
    if isinstance(data, list):
        inner = _plain(typing.get_args(kind)[0]) if typing.get_args(kind) else Any
        for index, item in enumerate(data):
            _known_keys(source, f"{key}[{index}]", item, inner)
    elif isinstance(data, dict):
        is_struct = isinstance(kind, type) and issubclass(kind, msgspec.Struct)
        names = tuple(_toml_name(field) for field in msgspec.structs.fields(kind)) if is_struct else ()
        for name, item in data.items():
            at = f"{key}.{name}" if key else name
            if is_struct and name not in names:
                raise DefinitionError(source, at, "unknown key", names)
            _known_keys(source, at, item, _children(kind, name))


def _camel(data: Any, kind: Any) -> Any:
    if isinstance(data, list):
        inner = _plain(typing.get_args(kind)[0]) if typing.get_args(kind) else Any
        return [_camel(item, inner) for item in data]
    if not isinstance(data, dict):
        return data
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        wire = {_toml_name(field): field.encode_name for field in msgspec.structs.fields(kind)}
        return {wire[name]: _camel(item, _children(kind, name)) for name, item in data.items()}
    return {name: _camel(item, _children(kind, name)) for name, item in data.items()}


def _snake(path: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", lambda match: "_" + match.group(1).lower(), path)


def _allowed(kind: Any, path: str) -> tuple[str, ...]:
    for part in re.findall(r"\[[^\]]*\]|[^.\[\]]+", path):
        if part.startswith("["):
            args = typing.get_args(kind)
            kind = _plain(args[-1] if typing.get_origin(kind) is dict else args[0]) if args else Any
        else:
            kind = _children(kind, part)
    if typing.get_origin(kind) is Literal:
        return tuple(repr(value) for value in typing.get_args(kind))
    if kind is bool:
        return ("true", "false")
    names = {int: "a whole number", str: "text"}
    return (names[kind],) if kind in names else ()
