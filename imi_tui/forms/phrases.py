"""Phrases: texts an officer uses again, inserted by abbreviation or from a list. No Textual.

A phrase may hold placeholders such as ``{reference}``; they are filled from the case at hand when it is inserted. One
that cannot be filled stays as it is, to be seen, and is named.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from imi_core.answers import is_empty
from imi_core.text import display, fold, words
from imi_tui.cache.personal.snippets import Phrase
from imi_tui.i18n import N_, _
from imi_tui.i18n.dates import local_date, local_day
from imi_tui.i18n.languages import NAMES

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from imi_core.procedure import Rules

PLACEHOLDERS = {
    "reference": N_("reference of the case"),
    "subject": N_("subject of the case"),
    "due": N_("earliest date of the case"),
    "agreed": N_("agreed date"),
    "sent": N_("day on which the request was sent"),
    "today": N_("today"),
    "own": N_("own authority"),
    "other": N_("authority on the other side"),
    "officer": N_("your name"),
}
"""What can always stand in a phrase; besides these, the id of every field of the request that holds no personal data
(``{company}``, ``{period_from}``)."""
MAX_ABBREVIATION = 20
MAX_TEXT = 4000
MAX_PHRASES = 2000
MAX_FILE = 4_000_000
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]{0,40})\}")
_DATES = ("due", "agreed", "sent", "today")


class PhraseProblem(ValueError):
    """A phrase, or a file of phrases, cannot be used; `text` says why, in the officer's language."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def facts(
    rules: Rules | None,
    case: Mapping[str, Any],
    *,
    own: str,
    other: str,
    officer: str,
    today: dt.date,
) -> dict[str, str]:
    """What placeholders stand for: texts as they are, dates in ISO form. `case` is one on the wire, or like one."""
    out = {
        "reference": str(case.get("reference") or ""),
        "subject": str(case.get("subject") or ""),
        "due": str(case.get("due") or ""),
        "agreed": str(case.get("agreedOn") or ""),
        "sent": local_day(str(case.get("sentAt") or "")),
        "today": today.isoformat(),
        "own": own,
        "other": other,
        "officer": officer,
    }
    request = case.get("request", {})
    for field in rules.procedure.request.fields if rules is not None else ():
        value = request.get(field.id)
        if not field.personal and field.type in ("text", "multiline", "date", "number", "amount"):
            out.setdefault(field.id, "" if is_empty(value) else str(value))
    return {name: display(text, "multi") for name, text in out.items()}


def filled(phrase: Phrase, given: Mapping[str, str], rules: Rules | None = None) -> tuple[str, tuple[str, ...]]:
    """The text with its placeholders filled, dates in the form of its language; and the names that stayed."""
    left: list[str] = []
    kinds = {field.id: field.type for field in rules.procedure.request.fields} if rules is not None else {}

    def value(match: re.Match[str]) -> str:
        name = match[1]
        text = given.get(name, "")
        if not text:
            left.append(name)
            return match[0]
        return local_date(text, phrase.lang) if name in _DATES or kinds.get(name) == "date" else text

    return _PLACEHOLDER.sub(value, phrase.text), tuple(dict.fromkeys(left))


def unfilled(text: str, rules: Rules) -> tuple[str, ...]:
    """Names of placeholders that stand in a text which is about to be sent."""
    known = {*PLACEHOLDERS, *(field.id for field in rules.procedure.request.fields)}
    return tuple(dict.fromkeys(name for name in _PLACEHOLDER.findall(text) if name in known))


def abbreviation_before(text: str) -> str:
    """The word that ends at the cursor, given the text before it; "" after a space."""
    return re.search(r"\S*$", text)[0]  # type: ignore[index]


def by_abbreviation(phrases: Sequence[Phrase], typed: str, languages: Sequence[str]) -> Phrase | None:
    """The phrase with exactly this abbreviation, in the first of `languages` that has it."""
    same = [each for each in phrases if typed and fold(each.abbreviation) == fold(typed)]
    return next((each for lang in languages for each in same if each.lang == lang), next(iter(same), None))


def ranked(phrases: Sequence[Phrase], typed: str, languages: Sequence[str]) -> list[Phrase]:
    """Those in which every word of `typed` stands: languages in order, abbreviations that begin so first."""
    order = {lang: number for number, lang in enumerate(dict.fromkeys(languages))}

    def rank(each: Phrase) -> tuple[int, bool, str]:
        starts = fold(each.abbreviation).startswith(fold(typed.strip()))
        return order.get(each.lang, len(order)), not starts, fold(each.abbreviation)

    return sorted(holding(phrases, typed), key=rank)


def holding(phrases: Sequence[Phrase], typed: str) -> list[Phrase]:
    """Those in which every word of `typed` stands, in their order."""
    wanted = words(typed)
    return [each for each in phrases if all(word in fold(f"{each.abbreviation} {each.text}") for word in wanted)]


def checked(abbreviation: str, lang: str, text: str, id: str = "") -> Phrase:
    """A phrase from what somebody typed or a file says. Raises `PhraseProblem`."""
    short = display(abbreviation).strip()
    body = display(text, "multi").strip("\n")
    if not short or len(short) > MAX_ABBREVIATION or re.search(r"\s", short):
        raise PhraseProblem(
            _("An abbreviation is one word of at most {count} characters.").format(count=MAX_ABBREVIATION)
        )
    if lang not in NAMES:
        raise PhraseProblem(_("There is no language {code}.").format(code=display(lang)[:20]))
    if not body.strip() or len(body) > MAX_TEXT:
        raise PhraseProblem(_("A phrase has from 1 to {count} characters.").format(count=MAX_TEXT))
    return Phrase(id, short, lang, body)


def to_toml(phrases: Sequence[Phrase]) -> str:
    """The phrases as a TOML file; `from_toml` reads it back."""
    blocks = []
    for each in phrases:
        # A TOML string is escaped as JSON's are; what JSON leaves and TOML forbids is no text here.
        lines = [f"{name} = {json.dumps(getattr(each, name), ensure_ascii=False)}" for name in ("abbreviation", "lang")]
        blocks.append("\n".join(("[[phrase]]", *lines, f"text = {json.dumps(each.text, ensure_ascii=False)}")))
    return "\n\n".join(blocks) + "\n" if blocks else ""


def from_toml(text: str) -> list[Phrase]:
    """The phrases of a file. Raises `PhraseProblem` naming the first that cannot be used; then none is."""
    import tomllib

    if len(text) > MAX_FILE:
        raise PhraseProblem(_("The file is too large."))
    try:
        found = tomllib.loads(text).get("phrase", [])
    except (ValueError, RecursionError) as error:
        raise PhraseProblem(_("This is no TOML file: {why}").format(why=display(str(error))[:200])) from error
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found) or not found:
        raise PhraseProblem(_("There is no [[phrase]] in this file."))
    if len(found) > MAX_PHRASES:
        raise PhraseProblem(_("There are more than {count} phrases in this file.").format(count=MAX_PHRASES))
    out = []
    for number, each in enumerate(found, 1):
        try:
            out.append(checked(*(str(each.get(name, "")) for name in ("abbreviation", "lang", "text"))))
        except PhraseProblem as problem:
            raise PhraseProblem(_("Phrase {number}: {why}").format(number=number, why=problem.text)) from problem
    return out
