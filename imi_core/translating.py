"""Free text in another language than its reader's: what of an entry is free text, and in which language it stands.

Rules of `docs/protocol.md`, "Translation", modelled on how officers work: each side writes its own language, the
predefined part is exact, and a translation of the free text is marked as such and binds nobody. The original is never
changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from imi_core import answers as forms

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from imi_core.case import Case, Entry, Translation
    from imi_core.procedure import Action, Field, Rules

TEXT = "text"
"""The part of an entry that is its free text; every other one is the id of an answer."""
MAX_TOGETHER = 60_000
"""Characters of all the texts of one entry that are translated at once."""


class FreeText(NamedTuple):
    """One free text of an entry. `personal`: the field asks for personal data."""

    part: str
    text: str
    personal: bool = False


def language(entry: Entry) -> str:
    """The language an entry is written in: that of its text, else the one named for its answers; "" unknown."""
    said = entry.text.lang if entry.text is not None else entry.lang
    return "" if said == "und" else said


def free_texts(rules: Rules, case: Case, entry: Entry) -> tuple[FreeText, ...]:
    """What of an entry somebody wrote in their own words, in the order of its form.

    Names, numbers and addresses of one line are none of it: they are the same in every language.
    """
    found: list[FreeText] = []
    action = rules.lifecycle.actions.get(entry.action)
    if action is not None and entry.answers:
        form = forms.form_for(rules, entry.action, case)
        found += _of_fields(form.fields, entry, short(rules, action))
    if entry.text is not None and entry.text.text.strip():
        found.append(FreeText(TEXT, entry.text.text))
    return tuple(found)


def short(rules: Rules, action: Action) -> str:
    """The field of one line that is free text in the form of an action, "*" for all of them."""
    return rules.procedure.subject if action.form == "request" else "*"


def is_words(field: Field, short: str) -> bool:
    """Whether what is filled in there is somebody's own words. `short`: see there."""
    return field.type == "multiline" or (field.type == "text" and short in ("*", field.id))


def _of_fields(fields: Iterable[Field], entry: Entry, short: str) -> list[FreeText]:
    out = []
    for field in fields:
        for part in (field.id if is_words(field, short) else "", field.id + forms.REMARK, field.id + forms.CANNOT):
            value = entry.answers.get(part)
            if isinstance(value, str) and value.strip():
                out.append(FreeText(part, value, field.personal))
    return out


def waiting(made: Translation, engine: str, omitted: tuple[str, ...]) -> Translation:
    """`made`, for which an engine is to be asked."""
    return replace(made, state="waiting", engine=engine, omitted=omitted)


def done(made: Translation, texts: Mapping[str, str], source: str, at: dt.datetime) -> Translation:
    """`made`, as the engine translated it."""
    return replace(made, state="done", texts=dict(texts), source=source, at=at)


def failed(made: Translation, reason: str, at: dt.datetime) -> Translation:
    """`made`, of which nothing comes."""
    return replace(made, state="failed", reason=reason, at=at)


def counted(case: Case, number: int) -> Case:
    """`case` as the officers of a desk see it: with the number of its translations there. Nothing else changes."""
    return replace(case, translations=number)
