"""Records of a stream read straight into the types of the rules, where they are written as they would be here.

Most of what a first synchronisation brings comes so, and reading it takes a third of the time it takes by way of plain
data. Whatever is not written anew byte for byte from what was read (members that are not known here, in another order
or twice) is not read so.
"""

from __future__ import annotations

from typing import Any

import msgspec

from imi_core.case import ID, MARK, Case, Entry
from imi_tui.cache.contents import Content


class _Wire(msgspec.Struct, omit_defaults=True, rename="camel", gc=False):
    pass


class _Row(Case, kw_only=True, frozen=True):
    id: str = ""


class _Rows(_Wire):
    ids: str = ""
    marks: str = ""
    created: list[_Row] = []


class _Account(_Wire, kw_only=True):
    old_state: str
    new_state: str
    has_more_changes: bool
    filling: float | None = None
    cases: _Rows | None = msgspec.field(default=None, name="Case")
    access_state: str


class _Sync(_Wire):
    accounts: dict[str, _Account]
    not_calculated: dict[str, Any]


class _Cases(_Wire):
    account_id: str
    state: str
    objects: list[Content] = msgspec.field(name="list")
    not_found: list[str]


class _Entries(_Wire):
    account_id: str
    state: str
    objects: list[Entry] = msgspec.field(name="list")
    not_found: list[str]


class _Lists(_Wire):
    method_responses: tuple[tuple[str, _Sync, str]]
    session_state: str


class _Contents(_Wire):
    method_responses: tuple[tuple[str, _Cases, str], tuple[str, _Entries, str]]
    session_state: str


_lists = msgspec.json.Decoder(_Lists).decode
_contents = msgspec.json.Decoder(_Contents).decode
_set = msgspec.structs.force_setattr
_SYNC, _GET = b'{"methodResponses":[["Desk/sync",', b'{"methodResponses":[["Case/get",'


def read(body: bytes) -> dict[str, Any] | None:
    """The response in a record (`Case`, `Content` and `Entry` where plain data has objects); None: not one of these.

    Of the caps on a reply only that no member stands twice is looked at here.
    """
    try:
        if body.startswith(_SYNC):
            return _read_lists(body)
        if body.startswith(_GET):
            return _read_contents(body)
    except (msgspec.DecodeError, RecursionError, OverflowError, ValueError):
        # What is wrong is said where it is read as plain data.
        pass
    return None


def _read_lists(body: bytes) -> dict[str, Any] | None:
    found = _lists(body)
    if msgspec.json.encode(found) != body:
        return None
    ((name, sync, call),) = found.method_responses
    accounts = {}
    for id, account in sync.accounts.items():
        accounts[id] = {
            "oldState": account.old_state,
            "newState": account.new_state,
            "hasMoreChanges": account.has_more_changes,
            "accessState": account.access_state,
        }
        if account.filling is not None:
            accounts[id]["filling"] = account.filling
        if account.cases is not None:
            rows = account.cases
            if not rows.created or not _join(rows):
                return None
            accounts[id]["Case"] = {"created": rows.created}
    arguments = {"accounts": accounts, "notCalculated": sync.not_calculated}
    return {"methodResponses": [[name, arguments, call]], "sessionState": found.session_state}


def _join(rows: _Rows) -> bool:
    """Give rows their ids and marks; whether each has got them, and is a head alone."""
    created, ids, marks = rows.created, rows.ids, rows.marks
    if (len(ids), len(marks)) != (ID * len(created), MARK * len(created)):
        return False
    for number, row in enumerate(created):
        if row.id or row.head or row.request or row.questions or row.answers or row.answered:
            return False
        _set(row, "id", ids[number * ID : (number + 1) * ID])
        _set(row, "head", marks[number * MARK : (number + 1) * MARK])
    return True


def _read_contents(body: bytes) -> dict[str, Any] | None:
    found = _contents(body)
    if msgspec.json.encode(found) != body:
        return None
    (name, cases, call), (other, entries, last) = found.method_responses
    responses = [[name, _get(cases), call], [other, _get(entries), last]]
    return {"methodResponses": responses, "sessionState": found.session_state}


def _get(found: _Cases | _Entries) -> dict[str, Any]:
    return {"accountId": found.account_id, "state": found.state, "list": found.objects, "notFound": found.not_found}
