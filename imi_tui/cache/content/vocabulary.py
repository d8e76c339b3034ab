"""The words a case is found by. Only what is searched is decoded of what is stored."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from imi_core.text import fold, spaced, vocabulary, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imi_core.case import Entry
    from imi_tui.cache.content.contents import Content

MARK = "§_"
"""Begins every facet: no word of a text, and so nothing typed, has the sign in it."""
EVERY = f'"{MARK}" *'
"""A query that every document answers, from the index of beginnings."""


@functools.lru_cache(4096)
def facet(kind: str, value: str) -> str:
    """The token for a value of a kind in the index.

    Kinds are "c" country, "p" procedure, "s" state, "d" deadline (its day, month and year, see `deadline_words`),
    and without a value "t" (it is this desk's turn) and "f" (there are files).
    """
    return MARK + kind + re.sub(r"\W", "_", fold(value))


def phrase_in(said: Sequence[str], texts: Iterable[str], *, begins: bool = False) -> bool:
    """Whether these folded words stand side by side in one of `texts`; `begins`: the last one may go on."""
    phrase = " " + " ".join(said) + ("" if begins else " ")
    whole = set(said[:-1] if begins else said)
    # The words of a text as a set are told in a fraction of the time; few texts have all of them.
    return any(whole <= vocabulary(text) and phrase in f" {' '.join(words(text))} " for text in texts)


def text_of(desk: str, case: dict[str, Any], entries: Iterable[dict[str, Any]]) -> str:
    """What a case is found by at `desk`: every word, folded, in any order, and its facets."""
    found = _case_texts(
        case.get("reference"),
        case.get("subject"),
        case.get("request"),
        case.get("answers"),
        (part.get("name") for part in case.get("parts", ())),
    )
    _entries_texts(found, entries)
    parts = [_Part(**{name: part.get(name, "") for name in _PART}) for part in case.get("parts", ())]
    due, turn, files = case.get("due"), case.get("turn"), case.get("files")
    one = _CaseTexts(
        procedure=str(case.get("procedure")), state=str(case.get("state")), due=due, turn=turn, files=files
    )
    return _indexed(found, _facets(desk, one, parts))


class _Named(msgspec.Struct, gc=False):
    # Of a part whose role these rules do not know nothing was checked.
    name: Any = ""


class _Part(msgspec.Struct, gc=False):
    # Of a part whose role these rules do not know nothing was checked.
    role: Any = ""
    desk: Any = ""
    country: Any = ""
    name: Any = ""


_PART = ("role", "desk", "country", "name")


class _Said(msgspec.Struct, gc=False):
    text: str = ""


class _CaseTexts(msgspec.Struct, gc=False):
    """What of a stored case is searched; the rest is not even decoded."""

    reference: str = ""
    subject: str = ""
    procedure: str = ""
    state: str = ""
    due: Any = None
    turn: Any = None
    files: Any = 0
    request: Any = None
    answers: Any = None
    parts: tuple[_Part, ...] = ()


class _EntryTexts(msgspec.Struct, gc=False, rename="camel"):
    """What of a stored entry is searched."""

    text: _Said | None = None
    answers: Any = None
    authority_name: str = ""
    officer_name: str = ""
    attachments: tuple[_Named, ...] = ()


class _Translated(msgspec.Struct, gc=False):
    """What of a stored translation is searched."""

    texts: dict[str, str] = {}


class _Answers(msgspec.Struct, gc=False):
    """What of a stored content or entry was chosen or filled in."""

    request: Any = None
    answers: Any = None


_NOTHING = _CaseTexts()
_decode_case = msgspec.json.Decoder(_CaseTexts).decode
_decode_entry = msgspec.json.Decoder(_EntryTexts).decode
_decode_answers = msgspec.json.Decoder(_Answers).decode
_decode_translation = msgspec.json.Decoder(_Translated).decode


class Stored(NamedTuple):
    """A case as it is stored: its parts in the wire form, all of which were checked before they went in."""

    head: bytes
    content: bytes | None
    entries: Sequence[bytes] = ()
    translations: Sequence[bytes] = ()


def stored_text(desk: str, stored: Stored) -> str:
    """`text_of` what is stored, and what it says in other languages."""
    one = _decode_case(stored.head)
    return _indexed(_stored(one, stored), _facets(desk, one, one.parts))


def arriving_text(desk: str, head: bytes, content: Content, entries: Iterable[Entry]) -> str:
    """`stored_text` of a stored case, of content and entries as they come, all of which were checked."""
    one = _decode_case(head)
    found = _case_texts(one.reference, one.subject, content.request, content.answers, (part.name for part in one.parts))
    for entry in entries:
        found.update((entry.authority_name, entry.officer_name))
        if entry.text is not None:
            found.add(entry.text.text)
        if entry.answers:
            _collect(entry.answers, found)
        for attachment in entry.attachments:
            found.add(attachment.name)
    return _indexed(found, _facets(desk, one, one.parts))


def stored_strings(stored: Stored) -> set[Any]:
    """The texts that `stored_text` takes its words from."""
    return {text for text in _stored(_decode_case(stored.head), stored) if text}


def answers_in(wire: bytes) -> list[dict[str, Any]]:
    """What is answered in a stored content, in request and reply, or in a stored entry, by field."""
    found = _decode_answers(wire)
    return [each for each in (found.request, found.answers) if isinstance(each, dict)]


def _stored(one: _CaseTexts, stored: Stored) -> set[Any]:
    more = _decode_case(stored.content) if stored.content is not None else _NOTHING
    found = _case_texts(one.reference, one.subject, more.request, more.answers, (part.name for part in one.parts))
    for wire in stored.translations:
        found.update(_decode_translation(wire).texts.values())
    for wire in stored.entries:
        entry = _decode_entry(wire)
        text = entry.text.text if entry.text is not None else ""
        names = (attachment.name for attachment in entry.attachments)
        _entry_texts(found, text, entry.answers, entry.authority_name, entry.officer_name, names)
    return found


def _facets(desk: str, one: _CaseTexts, parts: Sequence[_Part]) -> list[str]:
    """The country of the other side, procedure, state, deadline, turn and files, as `fold.facts` has them."""
    own = [part.role for part in parts if part.desk == desk]
    acting = next((role for role in own if role != "observer"), own[0] if own else None)
    other = "responder" if acting == "initiator" else "initiator"
    country = next((part.country for part in parts if part.role == other), "")
    out = [facet("c", str(country)), facet("p", one.procedure), facet("s", one.state)]
    if one.due:
        year, month, day = str(one.due).split("-")
        out += [facet("d", year), facet("d", year + month), facet("d", year + month + day)]
    if acting is not None and one.turn == acting:
        out.append(facet("t", ""))
    if one.files:
        out.append(facet("f", ""))
    return out


def _case_texts(reference: Any, subject: Any, request: Any, answers: Any, names: Iterable[Any]) -> set[str]:
    found = {reference, subject}
    for value in (request, answers, *names):
        if value:
            _collect(value, found)
    return found


def _entries_texts(found: set[Any], entries: Iterable[dict[str, Any]]) -> None:
    for entry in entries:
        said = entry.get("text")
        attachments = entry.get("attachments") or ()
        names = (attachment.get("name") for attachment in attachments) if attachments else ()
        text = said.get("text") if said else None
        _entry_texts(found, text, entry.get("answers"), entry.get("authorityName"), entry.get("officerName"), names)


def _entry_texts(found: set[Any], text: Any, answers: Any, authority: Any, officer: Any, names: Iterable[Any]) -> None:
    found.update((text, authority, officer))
    if answers:
        _collect(answers, found)
    for value in names:
        _collect(value, found)


def _collect(value: Any, found: set[Any]) -> None:
    if isinstance(value, str):
        found.add(value)
        return
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, _LISTS):
        return
    for item in value:
        if isinstance(item, str):
            found.add(item)
        elif isinstance(item, _NESTED):
            _collect(item, found)


_LISTS = (list, tuple)
_NESTED = (dict, list, tuple)


def _indexed(found: set[Any], facets: list[str]) -> str:
    return " ".join((spaced("\n".join(filter(None, found))), *facets))
