"""The words a case is found by. Only what is searched is decoded of what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from imi_core.text import vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable


def text_of(case: dict[str, Any], entries: Iterable[dict[str, Any]]) -> str:
    """What a case is found by: every word once, folded, in any order: the index does not keep one."""
    found = _case_texts(
        case.get("reference"),
        case.get("subject"),
        case.get("request"),
        case.get("answers"),
        (part.get("name") for part in case.get("parts", ())),
    )
    for entry in entries:
        _entry_texts(
            found,
            (entry.get("text") or {}).get("text"),
            entry.get("answers"),
            entry.get("authorityName"),
            entry.get("officerName"),
            (attachment.get("name") for attachment in entry.get("attachments", ())),
        )
    return _indexed(found)


class _Named(msgspec.Struct, gc=False):
    # Of a part whose role these rules do not know nothing was checked.
    name: Any = ""


class _Said(msgspec.Struct, gc=False):
    text: str = ""


class _CaseTexts(msgspec.Struct, gc=False):
    """What of a stored case is searched; the rest is not even decoded."""

    reference: str = ""
    subject: str = ""
    request: Any = None
    answers: Any = None
    parts: tuple[_Named, ...] = ()


class _EntryTexts(msgspec.Struct, gc=False, rename="camel"):
    """What of a stored entry is searched."""

    text: _Said | None = None
    answers: Any = None
    authority_name: str = ""
    officer_name: str = ""
    attachments: tuple[_Named, ...] = ()


_NOTHING = _CaseTexts()
_decode_case = msgspec.json.Decoder(_CaseTexts).decode
_decode_entry = msgspec.json.Decoder(_EntryTexts).decode


def stored_text(head: bytes, content: bytes | None, entries: Iterable[bytes]) -> str:
    """`text_of` what is stored, all of which was checked before it went in."""
    one = _decode_case(head)
    more = _decode_case(content) if content is not None else _NOTHING
    found = _case_texts(one.reference, one.subject, more.request, more.answers, (part.name for part in one.parts))
    for wire in entries:
        entry = _decode_entry(wire)
        text = entry.text.text if entry.text is not None else ""
        names = (attachment.name for attachment in entry.attachments)
        _entry_texts(found, text, entry.answers, entry.authority_name, entry.officer_name, names)
    return _indexed(found)


def _case_texts(reference: Any, subject: Any, request: Any, answers: Any, names: Iterable[Any]) -> set[str]:
    found = {reference, subject}
    for value in (request, answers, *names):
        _collect(value, found)
    return found


def _entry_texts(found: set[Any], text: Any, answers: Any, authority: Any, officer: Any, names: Iterable[Any]) -> None:
    found.update((text, authority, officer))
    for value in (answers, *names):
        _collect(value, found)


def _collect(value: Any, found: set[Any]) -> None:
    if isinstance(value, str):
        found.add(value)
        return
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for item in value:
        if isinstance(item, str):
            found.add(item)
        elif item is not None:
            _collect(item, found)


def _indexed(found: set[Any]) -> str:
    return " ".join(vocabulary("\n".join(filter(None, found))))
