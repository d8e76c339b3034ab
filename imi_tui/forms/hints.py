"""What may be typed into a field, what was understood of it, and what is wrong with it. No Textual.

What can be read in two ways is shown back in words: "5/3/2026" as "Thursday, 5 March 2026". Babel is loaded by the
first such field, not by a form.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from imi_tui import typed_values
from imi_tui.i18n import _
from imi_tui.viewmodel.cells import cut, wrap

if TYPE_CHECKING:
    from imi_core.procedure import FieldType
    from imi_tui.forms.form import FormModel

_ISO = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LINES = 2
"""Lines below a form that say something of a field."""
_AMOUNT = re.compile(r"(\d+\.\d\d) ([A-Z]{3})", re.ASCII)


def hint(model: FormModel, id: str, *, keys: bool = True, width: int = 0) -> str:
    """One or two sentences on a field, "" where there is nothing to say.

    With a `width` they fill two lines at most: the languages, which also stand beside their field, go first.
    """
    from imi_tui.forms.form import LANG

    found = model.view(id)
    if found is None:
        return ""
    kind: FieldType | None = found.source.type if found.source.id == id else None
    parts = [found.help] if found.help else []
    value = model.answers.get(id)
    if kind is not None:
        parts += [understood(kind, value, model.today) or format_of(kind, model.language, model.today)]
    if found.kind == "one" and keys and id != LANG:
        parts.append(_("Left and Right choose, Delete takes the answer back."))
    elif found.kind == "many" and keys:
        parts.append(_("Space ticks or unticks."))
    if model.is_words(id):
        parts.append(languages(model))
    if found.personal:
        parts.append(_("Personal data: write only what the request needs."))
    told = " ".join(part for part in parts if part)
    if width <= 0 or len(wrap(told, width)) <= _LINES:
        return told
    spoken = languages(model)
    lines = wrap(" ".join(part for part in parts if part and part != spoken), width)
    return "\n".join([*lines[: _LINES - 1], cut(" ".join(lines[_LINES - 1 :]), width)])


def languages(model: FormModel) -> str:
    """In which language the officer writes, and which ones the other side reads."""
    from imi_tui.i18n.phrasing import own_names

    mine, theirs = own_names((model.lang,)), own_names(model.reader)
    if not theirs:
        return _("Written in: {language}").format(language=mine)
    text = _("Written in: {language}. The other side works in: {languages}.")
    return text.format(language=mine, languages=theirs)


def format_of(kind: FieldType, language: str, today: dt.date) -> str:
    """How a value of this kind is written; "" where any text will do."""
    match kind:
        case "date":
            iso = f"{today.year}-03-05"
            example = typed_values.local_date_example(language, dt.date(today.year, 3, 5))
            if example == iso:
                return _("Write a date as {iso}.").format(iso=iso)
            return _("Write a date as {iso} or {example}.").format(iso=iso, example=example)
        case "number":
            return _("Write a number as {example}.").format(example=_number("1250.5", language))
        case "amount":
            return _("Write an amount as {example}.").format(example=f"{_number('1250.00', language)} EUR")
    return ""


def understood(kind: FieldType, value: Any, today: dt.date) -> str:
    """What the value means, in words that have one reading; "" where there is none yet, or only one reading anyway."""
    from imi_tui.i18n.dates import ended, long_date, number

    if kind == "date" and isinstance(value, str) and _ISO.fullmatch(value):
        return ended(_("That is {meaning}.").format(meaning=long_date(value)))
    if kind == "days" and isinstance(value, int) and 0 < value < 10_000:
        return _("That is until {date}.").format(date=(today + dt.timedelta(days=value)).isoformat())
    if kind == "number" and isinstance(value, int | float) and (isinstance(value, float) or abs(value) >= 1000):
        return _("That is {meaning}.").format(meaning=number(value))
    if kind == "amount" and isinstance(value, str) and (found := _AMOUNT.fullmatch(value)):
        return _("That is {meaning}.").format(meaning=f"{number(float(found[1]))} {found[2]}")
    return ""


def problem(code: str, allowed: str, kind: FieldType | None, language: str, today: dt.date) -> str:
    """What is wrong with an answer; where its form is, with the form that is expected."""
    from imi_tui.problems import answer_problem

    text = answer_problem(code, allowed)
    if kind is None or code not in ("date", "number", "amount"):
        return text
    plain = {"date": _("This is no date."), "number": text, "amount": _("This is no amount of money.")}[code]
    return f"{plain} {format_of(kind, language, today)}".strip()


def _number(plain: str, language: str) -> str:
    return plain if language in typed_values.POINT_LANGUAGES else plain.replace(".", ",")
