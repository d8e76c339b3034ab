"""Checking answers against a form: what is needed to save a draft, what is needed to send."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from imi_core.authority import COUNTRIES
from imi_core.procedure import Field, Form, Option
from imi_core.text import MAX_INTEGER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imi_core.case import Answers, Case
    from imi_core.procedure import Rules

ProblemCode = Literal[
    "missing", "unknown", "both", "type", "option", "date", "number", "amount", "country", "length", "range", "question"
]

YES_NO = (Option(id="yes", label="Yes"), Option(id="no", label="No"), Option(id="cannot_say", label="Cannot say"))
REMARK, CANNOT = ".remark", ".cannot"
_SUFFIXES = (REMARK, CANNOT)
MAX_REMARK = 4000
"""Characters of a remark or of a reason for not answering."""
FIRST_YEAR, LAST_YEAR = 1800, 2199
"""Years a date may lie in; whatever is outside is a slip of the hand."""
MAX_UNKNOWN = 20
"""Unknown fields reported at most: a hostile entry is not answered with a longer list than it sent."""


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with one answer: the field's id, a code to translate by, and what is allowed."""

    field: str
    code: ProblemCode
    allowed: str = ""

    def __str__(self) -> str:
        return f"{self.field}: {self.code}" + (f" ({self.allowed})" if self.allowed else "")


def shown(field: Field, answers: Answers) -> bool:
    """Whether `field` is asked, as far as the field it depends on says; `shown_fields` looks at the whole form."""
    rule = field.show_if
    if rule is None:
        return True
    given = answers.get(rule.field)
    return any(item in rule.values for item in (given if isinstance(given, list) else [given]))


def shown_fields(form: Form, answers: Answers) -> tuple[Field, ...]:
    """The fields of `form` that are asked, in order: one that depends on a hidden field is hidden too."""
    hidden: set[str] = set()
    fields: list[Field] = []
    for field in form.fields:
        if shown(field, answers) and (field.show_if is None or field.show_if.field not in hidden):
            fields.append(field)
        else:
            hidden.add(field.id)
    return tuple(fields)


def is_empty(value: Any) -> bool:
    """Whether an answer counts as not given."""
    return value is None or value in ("", [], ()) or (isinstance(value, str) and not value.strip())


def kept(form: Form, answers: Answers) -> Answers:
    """What of `answers` goes into the case: those given to fields that are asked, with their remarks and reasons."""
    asked = {field.id for field in shown_fields(form, answers)}
    return {name: value for name, value in answers.items() if base_id(name) in asked and not is_empty(value)}


def merge(earlier: Answers, answers: Answers) -> Answers:
    """`earlier` answers with new ones over them; an answer takes the place of a reason for not answering it and the
    other way round."""
    out = {**earlier, **answers}
    for name, value in answers.items():
        base = base_id(name)
        other = base if name.endswith(CANNOT) else base + CANNOT
        if not name.endswith(REMARK) and not is_empty(value) and other not in answers:
            out.pop(other, None)
    return out


def both(form: Form, given: Answers, answers: Answers) -> tuple[Problem, ...]:
    """The fields that an entry answers and gives a reason for not answering: one takes the place of the other.

    `given` are the answers of the entry alone, `answers` with those before them: a case may hold both from the time
    when they were taken together.
    """
    return tuple(
        Problem(field.id, "both")
        for field in shown_fields(form, answers)
        if not is_empty(given.get(field.id)) and not is_empty(given.get(field.id + CANNOT))
    )


def base_id(name: str) -> str:
    """The field that a member of answers belongs to: its id without ``.remark`` or ``.cannot``."""
    return next((name.removesuffix(suffix) for suffix in _SUFFIXES if name.endswith(suffix)), name)


def check(
    form: Form, answers: Answers, purpose: Literal["save", "send"], questions: Iterable[str] = ()
) -> tuple[Problem, ...]:
    """Every problem of `answers` with `form`, in the form's order; empty when they may be saved or sent.

    `questions`: the ids a `questions` or `question` field may name. Answers to fields that the form does not have
    are problems; answers left over in hidden fields only have to be plain values of a sane size, see `kept`.
    """
    allowed = tuple(questions)
    asked = {field.id for field in shown_fields(form, answers)}
    problems: list[Problem] = []
    for field in form.fields:
        value = answers.get(field.id)
        if is_empty(value):
            needed = field.needed == "save" or (field.needed == "send" and purpose == "send")
            reason = answers.get(field.id + CANNOT) if field.remarks else None
            if field.id in asked and needed and is_empty(reason):
                problems.append(Problem(field.id, "missing"))
        elif problem := _check_value(field, value, allowed) if field.id in asked else _check_leftover(field, value):
            problems.append(problem)
    return (*problems, *_check_names(form, answers))


def reply_form(rules: Rules, questions: Iterable[str], complete: bool = True) -> Form:
    """The form of a reply: one field a question asked, with its follow-ups, in the procedure's order.

    Each question needs an answer or a reason in ``<id>.cannot`` when `complete`; every field takes remarks.
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
                remarks=True,
            )
        )
        fields.extend(msgspec.structs.replace(field, remarks=True) for field in question.follow_ups)
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


def _check_names(form: Form, answers: Answers) -> list[Problem]:
    """Members of `answers` that belong to no field, and remarks and reasons that are no short text."""
    fields = {field.id: field for field in form.fields}
    problems: list[Problem] = []
    unknown = 0
    for name, value in answers.items():
        base = base_id(name)
        if base not in fields or (base != name and not fields[base].remarks):
            unknown += 1
            if unknown <= MAX_UNKNOWN:
                problems.append(Problem(_short(name), "unknown", _short(", ".join(sorted(fields)))))
        elif base != name and not is_empty(value):
            if not isinstance(value, str):
                problems.append(Problem(name, "type", "text"))
            elif len(value) > MAX_REMARK:
                problems.append(Problem(name, "length", str(MAX_REMARK)))
    return problems


def _check_leftover(field: Field, value: Any) -> Problem | None:
    """An answer in a hidden field: it is not used, yet it is stored with its entry and so has to be harmless."""
    items = value if isinstance(value, list) else [value]
    plain = all(isinstance(item, str) or _is_number(item) for item in items)
    size = sum(len(item) for item in items if isinstance(item, str)) + len(items)
    return None if plain and size <= max(field.max_length, MAX_REMARK) else Problem(field.id, "type")


def _check_value(field: Field, value: Any, questions: tuple[str, ...]) -> Problem | None:
    match field.type:
        case "multi" | "questions":
            allowed = questions if field.type == "questions" else tuple(option.id for option in field.options)
            if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
                return Problem(field.id, "type", "a list of ids")
            if wrong := [item for item in value if item not in allowed]:
                return Problem(field.id, "option", f"{_short(wrong[0])!r} is not one of {', '.join(allowed)}")
            return Problem(field.id, "option", "each id once") if len(set(value)) != len(value) else None
        case "number" | "days":
            return _check_number(field, value)
    if not isinstance(value, str):
        return Problem(field.id, "type", "text")
    return _check_string(field, value, questions)


def _check_number(field: Field, value: Any) -> Problem | None:
    if not _is_number(value) or (field.type == "days" and value != int(value)):
        return Problem(field.id, "number", "a whole number" if field.type == "days" else "a number")
    low = field.minimum if field.minimum is not None else (1 if field.type == "days" else -MAX_INTEGER)
    high = field.maximum if field.maximum is not None else (365 if field.type == "days" else MAX_INTEGER)
    if not low <= value <= high:
        ends = ("" if end in (-MAX_INTEGER, MAX_INTEGER) else str(end) for end in (low, high))
        return Problem(field.id, "range", "..".join(ends))
    return None


def _is_number(value: Any) -> bool:
    """Whether `value` is a number that JSON can carry; true and false are none."""
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))


def _short(text: str) -> str:
    return text if len(text) <= 200 else text[:199] + "…"


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
            fits = re.fullmatch(r"[0-9]{1,12}(\.[0-9]{2})? [A-Z]{3}", value)
            return None if fits else Problem(field.id, "amount", "like 1250.00 EUR")
        case "date":
            return _check_date(field, value)
        case "text" if len(value.splitlines()) > 1:
            return Problem(field.id, "type", "one line")
    return Problem(field.id, "length", str(field.max_length)) if len(value) > field.max_length else None


def _check_date(field: Field, value: str) -> Problem | None:
    # `fromisoformat` reads weeks and dates without hyphens too, which nothing else here does.
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return Problem(field.id, "date", "like 2026-03-05")
    try:
        year = dt.date.fromisoformat(value).year
    except ValueError:
        return Problem(field.id, "date", "like 2026-03-05")
    fits = FIRST_YEAR <= year <= LAST_YEAR
    return None if fits else Problem(field.id, "range", f"{FIRST_YEAR}-01-01..{LAST_YEAR}-12-31")


__all__ = [
    "CANNOT",
    "REMARK",
    "YES_NO",
    "Problem",
    "answered",
    "base_id",
    "both",
    "check",
    "form_for",
    "is_empty",
    "kept",
    "merge",
    "question_ids",
    "reply_form",
    "shown",
    "shown_fields",
]
