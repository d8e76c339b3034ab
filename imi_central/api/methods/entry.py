"""Entry/get, /changes and /set. Creating an entry is how anybody acts; entries are never updated or destroyed."""

from __future__ import annotations

import re
from collections.abc import Iterator
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
from imi_central.store import Committed, EntryRefused, NoSeat
from imi_core import text
from imi_core.case import MAX_AFTER, Attachment, Entry, Text, to_wire
from imi_core.jmap import MethodError, SetError

_REF = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
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


def set_(context: Context, arguments: Arguments) -> Arguments:
    """Entry/set. Each entry is one transaction: what is accepted stays accepted whatever comes behind it."""
    reject_unknown(arguments, ("accountId", "ifInState", "create", "update", "destroy"))
    account_id = account(context, arguments, "Entry")
    create = _members(arguments, "create")
    update = _members(arguments, "update")
    destroy = strings(arguments, "destroy") or []
    limit = context.limits.max_objects_in_set
    if len(create) + len(update) + len(destroy) > limit:
        raise MethodError("requestTooLarge", f"at most {limit} objects in one set")
    old_state = context.view.state(account_id)
    if arguments.get("ifInState") not in (None, old_state):
        raise MethodError("stateMismatch")
    made, refused = _create(context, account_id, create)
    if made:
        context.view.refresh()
    never = to_wire(SetError(type="forbidden", description="entries are never changed"))
    return {
        "accountId": account_id,
        "oldState": old_state,
        "newState": context.view.state(account_id),
        "created": made or None,
        "notCreated": refused or None,
        "updated": None,
        "notUpdated": dict.fromkeys(update, never) or None,
        "destroyed": None,
        "notDestroyed": dict.fromkeys(destroy, never) or None,
    }


def _members(arguments: Arguments, name: str) -> dict[str, Any]:
    value = arguments.get(name)
    if value is not None and not isinstance(value, dict):
        raise MethodError("invalidArguments", f"{name} is an object or null", arguments=[name])
    return value or {}


def _create(
    context: Context, account_id: str, create: dict[str, Any]
) -> tuple[dict[str, Arguments], dict[str, Arguments]]:
    made: dict[str, Arguments] = {}
    refused: dict[str, Arguments] = {}
    started: dict[str, str] = {}
    for key in _in_order(create):
        try:
            committed = _one(context, account_id, create[key], started)
        except EntryRefused as error:
            refused[key] = to_wire(set_error(error))
        except NoSeat:
            # The seat was there when the request began.
            refused[key] = to_wire(SetError(type="forbidden", description="the seat at this desk was taken away"))
        else:
            entry = committed.entry
            started[key] = entry.case_id
            context.created[key] = entry.id
            made[key] = _created(committed)
    return made, refused


def _in_order(create: dict[str, Any]) -> Iterator[str]:
    """The creation ids, each behind the one its case refers to; order as given otherwise."""
    waiting = dict.fromkeys(create)
    while waiting:
        ready = [key for key in waiting if _needs(create[key]) not in waiting or _needs(create[key]) == key]
        # In a circle nothing is ready: every reference then fails as unresolved.
        for key in ready or list(waiting):
            del waiting[key]
            yield key


def _needs(payload: Any) -> str:
    case_id = payload.get("caseId") if isinstance(payload, dict) else None
    return case_id[1:] if isinstance(case_id, str) and case_id.startswith("#") else ""


def _one(context: Context, account_id: str, payload: Any, started: dict[str, str]) -> Committed:
    entry, after = _entry(payload)
    if entry.case_id.startswith("#"):
        entry = msgspec.structs.replace(entry, case_id=_resolved(context, account_id, entry.case_id[1:], started))
    return context.store.commit_entry(context.view.person.id, account_id, entry, after=after, received=payload)


def _resolved(context: Context, account_id: str, key: str, started: dict[str, str]) -> str:
    if key in started:
        return started[key]
    earlier = context.created.get(key)
    case_id = context.view.case_of(account_id, earlier) if earlier is not None else None
    if case_id is None:
        raise EntryRefused("unresolvedReference", f"nothing was created as {key!r}")
    return case_id


def _entry(payload: Any) -> tuple[Entry, tuple[str, ...]]:
    """The entry a payload describes, cleaned, and its `after`. Raises `EntryRefused` "invalidProperties"."""
    if not isinstance(payload, dict):
        raise EntryRefused("invalidProperties", "an entry is an object")
    if unknown := tuple(sorted(set(payload) - _MEMBERS)):
        raise EntryRefused("invalidProperties", "these are not for a client to set", properties=unknown)
    try:
        new = msgspec.convert(text.clean(payload), _New)
    except msgspec.ValidationError as error:
        # The path says where; a missing member of the entry itself has none.
        path = re.search(r"`\$\.(\w+)", str(error)) or re.search(r"field `(\w+)`", str(error))
        wrong = (path.group(1),) if path else ()
        raise EntryRefused("invalidProperties", str(error), properties=wrong) from error
    _check(new)
    entry = Entry(
        client_ref=new.client_ref,
        case_id=new.case_id,
        procedure=new.procedure,
        action=new.action,
        based_on=new.based_on,
        target=new.target,
        answers=new.answers,
        text=Text(lang=new.text.lang, text=new.text.text) if new.text is not None else None,
        attachments=tuple(
            Attachment(blob_id=each.blob_id, name=each.name, size=0, sha256="", personal=each.personal)
            for each in new.attachments
        ),
    )
    return entry, tuple(new.after)


def _check(new: _New) -> None:
    wrong = {
        "clientRef": not _REF.fullmatch(new.client_ref),
        "caseId": bool(new.case_id) == bool(new.procedure),
        "basedOn": not 0 <= new.based_on < 2**31,
        "after": len(new.after) > MAX_AFTER or not all(_REF.fullmatch(ref) for ref in new.after),
        "text": new.text is not None and (not _LANGUAGE.fullmatch(new.text.lang) or len(new.text.text) > text.MAX_VIEW),
        "attachments": len(new.attachments) > _MAX_FILES
        or any(not 0 < len(each.name) <= _MAX_NAME or "\n" in each.name for each in new.attachments),
    }
    if names := tuple(name for name, bad in wrong.items() if bad):
        raise EntryRefused("invalidProperties", "these values cannot be taken", properties=names)


def set_error(error: EntryRefused) -> SetError:
    """How a refusal is told."""
    return SetError(
        type=error.code,
        description=error.message,
        properties=error.properties,
        existing_id=error.existing_id,
        not_found=error.not_found,
        problems=error.problems,
        version=error.version,
    )


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


METHODS: dict[str, Method] = {"Entry/get": get, "Entry/changes": changes_of("Entry"), "Entry/set": set_}
