"""Entry/get, /changes and /set. Creating an entry is how anybody acts; entries are never updated or destroyed."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from imi_central.api.context import (
    Arguments,
    Context,
    Method,
    account,
    changes_of,
    get_result,
    id_list,
    reject_unknown,
    strings,
)
from imi_central.api.methods.setting import REF, invalid, resolved, set_of
from imi_central.store import Committed, EntryRefused
from imi_core import text
from imi_core.case import MAX_AFTER, Attachment, Entry, Text, to_wire
from imi_core.jmap import MethodError

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")
_MAX_FILES = 50
_MAX_NAME = 255


class _Given(msgspec.Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    pass


class _File(_Given):
    blob_id: str
    name: str
    personal: bool = True


class _Text(_Given):
    lang: str
    text: str


class _New(_Given):
    """What a client may set. Answers are flat: nothing in them needs depth."""

    client_ref: str
    action: str
    case_id: str = ""
    procedure: str = ""
    based_on: int = 0
    after: list[str] = []
    target: str = ""
    answers: dict[str, str | int | float | bool | list[str] | None] = {}
    lang: str = ""
    text: _Text | None = None
    attachments: list[_File] = []


_MEMBERS = frozenset(field.encode_name for field in msgspec.structs.fields(_New))


def get(context: Context, arguments: Arguments) -> Arguments:
    """Entry/get: content only where this officer sees the case in full. ``caseIds``: all entries of these cases."""
    reject_unknown(arguments, ("accountId", "ids", "caseIds", "properties"))
    account_id = account(context, arguments, "Entry")
    ids = id_list(context, arguments)
    of_cases = id_list(context, arguments, "caseIds")
    if of_cases is None:
        found = context.view.entries(account_id, ids, context.limits.max_objects_in_get)
    elif ids is None:
        found = context.view.entries_of(account_id, of_cases)
    else:
        raise MethodError("invalidArguments", "either ids or caseIds", arguments=["ids", "caseIds"])
    objects = {each.id: to_wire(each) for each in found}
    return get_result(account_id, context.view.state(account_id), ids, objects, strings(arguments, "properties"))


def _set_one(context: Context, account_id: str, key: str, payload: Any, started: dict[str, str]) -> Arguments:
    committed = _one(context, account_id, payload, started)
    started[key] = committed.entry.case_id
    return _created(committed)


def _one(context: Context, account_id: str, payload: Any, started: dict[str, str]) -> Committed:
    entry, after = _entry(payload)
    if entry.case_id.startswith("#"):
        entry = msgspec.structs.replace(entry, case_id=resolved(context, account_id, entry.case_id[1:], started))
    return context.store.commit_entry(context.view.person.id, account_id, entry, after=after, received=payload)


def _entry(payload: Any) -> tuple[Entry, tuple[str, ...]]:
    """The entry a payload describes, cleaned, and its `after`. Raises `EntryRefused` "invalidProperties"."""
    if not isinstance(payload, dict):
        raise EntryRefused("invalidProperties", "an entry is an object")
    if unknown := tuple(sorted(set(payload) - _MEMBERS)):
        raise EntryRefused("invalidProperties", "these are not for a client to set", properties=unknown)
    try:
        new = msgspec.convert(text.clean(payload), _New)
    except msgspec.ValidationError as error:
        raise invalid(error) from error
    _check(new)
    entry = Entry(
        client_ref=new.client_ref,
        case_id=new.case_id,
        procedure=new.procedure,
        action=new.action,
        based_on=new.based_on,
        target=new.target,
        answers=new.answers,
        lang=new.lang,
        text=Text(lang=new.text.lang, text=new.text.text) if new.text is not None else None,
        attachments=tuple(
            Attachment(blob_id=each.blob_id, name=each.name, size=0, sha256="", personal=each.personal)
            for each in new.attachments
        ),
    )
    return entry, tuple(new.after)


def _check(new: _New) -> None:
    wrong = {
        "clientRef": not REF.fullmatch(new.client_ref),
        "caseId": bool(new.case_id) == bool(new.procedure),
        "basedOn": not 0 <= new.based_on < 2**31,
        "after": len(new.after) > MAX_AFTER or not all(REF.fullmatch(ref) for ref in new.after),
        "text": new.text is not None and (not _LANGUAGE.fullmatch(new.text.lang) or len(new.text.text) > text.MAX_VIEW),
        "attachments": len(new.attachments) > _MAX_FILES
        or any(not 0 < len(each.name) <= _MAX_NAME or "\n" in each.name for each in new.attachments),
    }
    if names := tuple(name for name, bad in wrong.items() if bad):
        raise EntryRefused("invalidProperties", "these values cannot be taken", properties=names)


def _created(committed: Committed) -> Arguments:
    entry = committed.entry
    return {
        "id": entry.id,
        "caseId": entry.case_id,
        "reference": committed.reference,
        "version": entry.version,
        "at": to_wire(entry.at),
        "fromState": entry.from_state,
        "toState": entry.to_state,
        "seq": committed.seq,
        "seal": entry.seal,
    }


METHODS: dict[str, Method] = {
    "Entry/get": get,
    "Entry/changes": changes_of("Entry"),
    "Entry/set": set_of("entries are never changed", _set_one),
}
