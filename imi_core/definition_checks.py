"""What makes a definition usable beyond its types; everything refused here would fail later, in front of an officer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imi_core.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imi_core.procedure import Action, Field, Form, Lifecycle, Procedure, TimeLimit

_NAME, _NAME_HINT = re.compile(r"[A-Za-z][A-Za-z0-9_-]*"), ("letters, digits, _ and -",)
_PROCEDURE, _PROCEDURE_HINT = re.compile(r"[a-z][a-z0-9_.]*"), ("small letters, digits, _ and .",)
_PREFIX, _PREFIX_HINT = re.compile(r"[A-Z][A-Z0-9]{0,7}"), ("one to eight capital letters and digits",)
_YES_NO = ("yes", "no", "cannot_say")

FACETS = ("request", "part", "answers", "date", "text")
"""What an action may read (`imi_core.procedure.Facet`)."""
MAX_PERIOD = 1000
"""Days or months of the longest time limit."""
MAX_DAYS = 3650
"""The largest number that a `days` field may allow."""
MAX_BLOCK_MONTHS, MAX_ERASE_MONTHS = 18, 36
"""Regulation (EU) No 1024/2012, Article 14(1) and (4)."""


def check_lifecycle(source: str, lifecycle: Lifecycle) -> None:
    """Raise `DefinitionError` unless every part of `lifecycle` fits the others."""
    _named(source, "id", lifecycle.id)
    _version(source, lifecycle.version)
    for table, names in (("states", lifecycle.states), ("actions", lifecycle.actions), ("forms", lifecycle.forms)):
        for name in names:
            _named(source, f"{table}.{name}", name)
    for name, form in lifecycle.forms.items():
        if name in ("request", "reply"):
            raise DefinitionError(source, f"forms.{name}", "the name is taken by the procedure's own form")
        check_fields(source, f"forms.{name}.fields", form.fields)
    for name, action in lifecycle.actions.items():
        _check_action(source, f"actions.{name}", lifecycle, action)
    if not any(action.starts for action in lifecycle.actions.values()):
        raise DefinitionError(source, "actions", "no action starts a case", ("starts = true in one of them",))


def check_procedure(source: str, procedure: Procedure, lifecycle: Lifecycle) -> None:
    """Raise `DefinitionError` unless `procedure` fits itself and its `lifecycle`."""
    if not _PROCEDURE.fullmatch(procedure.id):
        raise DefinitionError(source, "id", f"{procedure.id!r} is no procedure id", _PROCEDURE_HINT)
    if not _PREFIX.fullmatch(procedure.prefix):
        raise DefinitionError(source, "prefix", f"{procedure.prefix!r} cannot start a reference", _PREFIX_HINT)
    _version(source, procedure.version)
    check_fields(source, "request.fields", procedure.request.fields)
    _check_questions(source, procedure)
    _check_subject(source, procedure)
    for index, limit in enumerate(procedure.deadlines):
        _check_limit(source, f"deadlines[{index}]", lifecycle, limit)
    keep = procedure.retention
    if not 1 <= keep.block_months <= MAX_BLOCK_MONTHS:
        raise DefinitionError(
            source, "retention.block_months", f"{keep.block_months} months", (f"1 to {MAX_BLOCK_MONTHS}",)
        )
    if not keep.block_months <= keep.erase_months <= MAX_ERASE_MONTHS:
        raise DefinitionError(
            source,
            "retention.erase_months",
            f"{keep.erase_months} months",
            (f"{keep.block_months} to {MAX_ERASE_MONTHS}",),
        )


def check_fields(source: str, key: str, fields: tuple[Field, ...], outer: tuple[str, ...] = ()) -> None:
    """Raise `DefinitionError` unless the fields of a form fit together; `outer` ids stand before them."""
    _unique(source, key, (field.id for field in fields))
    before: dict[str, Field | None] = dict.fromkeys(outer)
    names = (*outer, *(field.id for field in fields))
    for index, field in enumerate(fields):
        at = f"{key}[{index}]"
        _named(source, f"{at}.id", field.id)
        _check_options(source, at, field)
        if field.personal and field.summary:
            raise DefinitionError(source, f"{at}.summary", "a personal field cannot be part of the summary", ("false",))
        _check_bounds(source, at, field)
        if (rule := field.show_if) is not None:
            if rule.field not in names:
                raise DefinitionError(source, f"{at}.show_if.field", f"there is no field {rule.field!r}", names)
            if rule.field not in before:
                raise DefinitionError(
                    source, f"{at}.show_if.field", f"{rule.field!r} has to stand before this field", tuple(before)
                )
            _check_values(source, f"{at}.show_if.values", rule.values, before[rule.field])
        before[field.id] = field


def _check_action(source: str, key: str, lifecycle: Lifecycle, action: Action) -> None:
    states = tuple(lifecycle.states)
    for member, named in (("from", action.from_), ("to", (action.to,) if action.to else ())):
        for state in named:
            if state not in states:
                raise DefinitionError(source, f"{key}.{member}", f"there is no state {state!r}", states)
    forms = ("request", "reply", *lifecycle.forms)
    if action.form and action.form not in forms:
        raise DefinitionError(source, f"{key}.form", f"there is no form {action.form!r}", forms)
    if action.starts and not action.to:
        raise DefinitionError(source, f"{key}.to", "an action that starts a case needs a state", states)
    if action.starts and action.from_:
        raise DefinitionError(source, f"{key}.from", "an action that starts a case comes from no state", ("[]",))
    if not action.starts and not action.from_:
        raise DefinitionError(source, f"{key}.from", "nobody can ever take this action", states)
    if action.starts and "initiator" not in action.by:
        raise DefinitionError(source, f"{key}.by", "who starts a case is its initiator", ("initiator",))
    if not action.by:
        raise DefinitionError(source, f"{key}.by", "nobody can ever take this action", ("one part or more",))
    if action.closes and (not action.to or lifecycle.states[action.to].open):
        closed = tuple(name for name, state in lifecycle.states.items() if not state.open)
        raise DefinitionError(source, f"{key}.to", "an action that closes a case leads to a state not open", closed)
    if action.within and action.target is None:
        raise DefinitionError(source, f"{key}.within", "this action has no target", ("",))
    for member, given in (("complete", action.complete), ("partial", action.partial)):
        if given and action.form != "reply":
            raise DefinitionError(source, f"{key}.{member}", "only a reply is complete or partial", ("false",))
    if action.sets and action.form != "request":
        form = lifecycle.forms.get(action.form)
        _needs_days(source, f"{key}.sets", action.form, form)
    if not isinstance(action.reads, bool) and (unread := sorted(action.overwrites - set(action.reads))):
        # Otherwise the second of two would silently take the place of what the first has written.
        raise DefinitionError(source, f"{key}.reads", f"the action overwrites {unread[0]!r} unread", (unread[0],))
    if action.reads is True:
        raise DefinitionError(source, f"{key}.reads", "names facets of the case", FACETS)


def _check_questions(source: str, procedure: Procedure) -> None:
    # A reply is one form, and its fields share label ids with the request's.
    follow_ups = [field.id for question in procedure.questions for field in question.follow_ups]
    _unique(source, "questions", [*(question.id for question in procedure.questions), *follow_ups])
    _unique(source, "questions.follow_ups", [*(field.id for field in procedure.request.fields), *follow_ups])
    for index, question in enumerate(procedure.questions):
        at = f"questions[{index}]"
        _named(source, f"{at}.id", question.id)
        check_fields(source, f"{at}.follow_ups", question.follow_ups, (question.id,))
        if question.type in ("single", "multi") and not question.options:
            raise DefinitionError(source, f"{at}.options", f"a {question.type} question needs options")
        _unique(source, f"{at}.options", (option.id for option in question.options))
        allowed = tuple(option.id for option in question.options) or (_YES_NO if question.type == "boolean" else ())
        for number, field in enumerate(question.follow_ups):
            if field.show_if is not None and field.show_if.field == question.id and allowed:
                _one_of(source, f"{at}.follow_ups[{number}].show_if.values", field.show_if.values, allowed)


def _check_subject(source: str, procedure: Procedure) -> None:
    """The subject stands in every list and summary."""
    names = tuple(field.id for field in procedure.request.fields)
    field = next((field for field in procedure.request.fields if field.id == procedure.subject), None)
    if field is None:
        raise DefinitionError(source, "subject", f"there is no request field {procedure.subject!r}", names)
    if field.type != "text" or field.personal or not field.summary:
        fit = tuple(f.id for f in procedure.request.fields if f.type == "text" and f.summary and not f.personal)
        raise DefinitionError(
            source, "subject", f"{field.id!r} is no text field with summary = true and personal = false", fit
        )


def _check_limit(source: str, key: str, lifecycle: Lifecycle, limit: TimeLimit) -> None:
    for member, actions in (("trigger", (limit.trigger,)), ("ends", limit.ends)):
        for action in actions:
            if action not in lifecycle.actions:
                raise DefinitionError(
                    source, f"{key}.{member}", f"there is no action {action!r}", tuple(lifecycle.actions)
                )
    if not 1 <= limit.amount <= MAX_PERIOD:
        raise DefinitionError(source, f"{key}.amount", f"{limit.amount} is no period", (f"1 to {MAX_PERIOD}",))


def _check_options(source: str, key: str, field: Field) -> None:
    if field.type in ("single", "multi") and not field.options:
        raise DefinitionError(source, f"{key}.options", f"a {field.type} field needs options")
    _unique(source, f"{key}.options", (option.id for option in field.options))


def _check_bounds(source: str, key: str, field: Field) -> None:
    if field.minimum is not None and field.maximum is not None and field.minimum > field.maximum:
        raise DefinitionError(
            source, f"{key}.maximum", "the maximum is below the minimum", (f"{field.minimum} or more",)
        )
    if field.type == "days" and not 1 <= (field.maximum or 1) <= MAX_DAYS:
        raise DefinitionError(source, f"{key}.maximum", f"{field.maximum} days", (f"1 to {MAX_DAYS}",))
    if field.type == "days" and field.minimum is not None and field.minimum < 1:
        raise DefinitionError(source, f"{key}.minimum", f"{field.minimum} days", ("1 or more",))
    if field.max_length < 1:
        raise DefinitionError(source, f"{key}.max_length", f"{field.max_length} characters", ("1 or more",))


def _check_values(source: str, key: str, values: tuple[str, ...], field: Field | None) -> None:
    if field is not None and (field.options or field.type == "boolean"):
        _one_of(source, key, values, tuple(option.id for option in field.options) or _YES_NO)


def _one_of(source: str, key: str, values: tuple[str, ...], allowed: tuple[str, ...]) -> None:
    for value in values:
        if value not in allowed:
            raise DefinitionError(source, key, f"{value!r} is no possible answer", allowed)


def _needs_days(source: str, key: str, of: str, form: Form | None) -> None:
    if form is None or not any(field.type == "days" and field.needed == "send" for field in form.fields):
        raise DefinitionError(
            source, key, f"{of!r} sets a date and has no field for it", ('type = "days", needed = "send"',)
        )


def _named(source: str, key: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise DefinitionError(source, key, f"{name!r} is no id", _NAME_HINT)


def _version(source: str, version: int) -> None:
    if version < 1:
        raise DefinitionError(source, "version", f"{version} is no version", ("1 or more",))


def _unique(source: str, key: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for id in ids:
        if id in seen:
            raise DefinitionError(source, key, f"{id!r} stands twice", ("each id once",))
        seen.add(id)
