"""Checking answers against a form: what is needed to save a draft, what is needed to send."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from imi_core.authority import COUNTRIES
from imi_core.procedure import Field, Form, Option

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imi_core.case import Answers, Case
    from imi_core.procedure import Rules

ProblemCode = Literal[
    "missing", "unknown", "type", "option", "date", "number", "amount", "country", "length", "range", "question"
]

YES_NO = (Option(id="yes", label="Yes"), Option(id="no", label="No"), Option(id="cannot_say", label="Cannot say"))
REMARK, CANNOT = ".remark", ".cannot"
_SUFFIXES = (REMARK, CANNOT)


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with one answer: the field's id, a code to translate by, and what is allowed."""

    field: str
    code: ProblemCode
    allowed: str = ""

    def __str__(self) -> str:
        return f"{self.field}: {self.code}" + (f" ({self.allowed})" if self.allowed else "")


def shown(field: Field, answers: Answers) -> bool:
    """Whether `field` is asked, given the answers so far."""
    rule = field.show_if
    if rule is None:
        return True
    given = answers.get(rule.field)
    return bool(set(given if isinstance(given, list) else [given]) & set(rule.values))


def is_empty(value: Any) -> bool:
    """Whether an answer counts as not given."""
    return value is None or value in ("", [], ()) or (isinstance(value, str) and not value.strip())


def check(
    form: Form, answers: Answers, purpose: Literal["save", "send"], questions: Iterable[str] = ()
) -> tuple[Problem, ...]:
    """Every problem of `answers` with `form`, in the form's order; empty when they may be saved or sent.

    `questions`: the ids a `questions` or `question` field may name. Answers to fields that the form does not have
    are problems; answers to hidden fields are not checked.
    """
    known = {field.id for field in form.fields}
    problems: list[Problem] = []
    for field in form.fields:
        value = answers.get(field.id)
        if not shown(field, answers):
            continue
        if is_empty(value):
            needed = field.needed == "save" or (field.needed == "send" and purpose == "send")
            if needed and is_empty(answers.get(field.id + CANNOT)):
                problems.append(Problem(field.id, "missing"))
        elif problem := _check_value(field, value, tuple(questions)):
            problems.append(problem)
    for name, value in answers.items():
        base = next((name.removesuffix(suffix) for suffix in _SUFFIXES if name.endswith(suffix)), name)
        if base not in known:
            problems.append(Problem(name, "unknown", ", ".join(sorted(known))))
        elif base != name and not (isinstance(value, str) and len(value) <= 4000):
            problems.append(Problem(name, "type", "text of at most 4000 characters"))
    return tuple(problems)


def reply_form(rules: Rules, questions: Iterable[str], complete: bool = True) -> Form:
    """The form of a reply: one field a question asked, with its follow-ups, in the procedure's order.

    Each question needs an answer or a reason in ``<id>.cannot`` when `complete`.
    """
    asked = set(questions)
    fields: list[Field] = []
    for question in rules.procedure.questions:
        if question.id not in asked:
            continue
        fields.append(
            Field(
                id=question.id,
                type=question.type,
                label=question.text,
                help=question.help,
                needed="send" if complete else "",
                personal=question.personal,
                options=YES_NO if question.type == "boolean" else question.options,
            )
        )
        fields.extend(question.follow_ups)
    return Form(fields=tuple(fields))


def answered(form: Form, answers: Answers) -> int:
    """How many fields of a reply form have an answer or a reason for not answering."""
    return sum(
        not is_empty(answers.get(field.id)) or not is_empty(answers.get(field.id + CANNOT)) for field in form.fields
    )


def form_for(rules: Rules, action_id: str, case: Case | None) -> Form:
    """The form that `action_id` asks for in `case` (None for an action that starts one)."""
    action = rules.lifecycle.actions[action_id]
    if action.form == "reply":
        return reply_form(rules, case.questions if case is not None else (), complete=action.complete)
    return rules.form(action.form) if action.form else Form()


def question_ids(rules: Rules, case: Case | None) -> tuple[str, ...]:
    """The ids a question field may name: those of the case, or the whole bank while there is none."""
    return case.questions if case is not None else tuple(question.id for question in rules.procedure.questions)


def _check_value(field: Field, value: Any, questions: tuple[str, ...]) -> Problem | None:
    match field.type:
        case "multi" | "questions":
            allowed = questions if field.type == "questions" else tuple(option.id for option in field.options)
            if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
                return Problem(field.id, "type", "a list of ids")
            if wrong := [item for item in value if item not in allowed]:
                return Problem(field.id, "option", f"{wrong[0]!r} is not one of {', '.join(allowed)}")
            return Problem(field.id, "option", "each id once") if len(set(value)) != len(value) else None
        case "number" | "days":
            return _check_number(field, value)
    if not isinstance(value, str):
        return Problem(field.id, "type", "text")
    return _check_string(field, value, questions)


def _check_number(field: Field, value: Any) -> Problem | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or (field.type == "days" and value != int(value)):
        return Problem(field.id, "number", "a whole number" if field.type == "days" else "a number")
    low = field.minimum if field.minimum is not None else (1 if field.type == "days" else None)
    high = field.maximum if field.maximum is not None else (365 if field.type == "days" else None)
    if (low is not None and value < low) or (high is not None and value > high):
        return Problem(field.id, "range", f"{'' if low is None else low}..{'' if high is None else high}")
    return None


def _check_string(field: Field, value: str, questions: tuple[str, ...]) -> Problem | None:
    match field.type:
        case "single" | "boolean":
            allowed = tuple(option.id for option in (field.options or YES_NO))
            return None if value in allowed else Problem(field.id, "option", ", ".join(allowed))
        case "question":
            return None if value in questions else Problem(field.id, "question", ", ".join(questions))
        case "country":
            return None if value in COUNTRIES else Problem(field.id, "country", " ".join(COUNTRIES))
        case "amount":
            fits = re.fullmatch(r"\d{1,12}(\.\d{2})? [A-Z]{3}", value)
            return None if fits else Problem(field.id, "amount", "like 1250.00 EUR")
        case "date":
            try:
                dt.date.fromisoformat(value)
            except ValueError:
                return Problem(field.id, "date", "like 2026-03-05")
            return None
    return Problem(field.id, "length", str(field.max_length)) if len(value) > field.max_length else None


__all__ = [
    "CANNOT",
    "REMARK",
    "YES_NO",
    "Problem",
    "answered",
    "check",
    "form_for",
    "is_empty",
    "question_ids",
    "reply_form",
    "shown",
]
