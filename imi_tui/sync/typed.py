"""Decodes records of a stream directly into the types of the rules, if they are in canonical form.

Most of a first synchronisation is, and decoding takes a third of the time of the way through plain data. Records that
do not re-encode to the same bytes (unknown members, another order, duplicates) are rejected here.
"""

from __future__ import annotations

from typing import Any

import msgspec

from imi_core.case import ID, MARK, Case, Entry
from imi_tui.cache.content.contents import Content
from imi_tui.cache.wire import Sent, encode


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
_WRONG = (msgspec.DecodeError, RecursionError, OverflowError, ValueError)
"""Errors that reject a record here. What is wrong with it is found when it is decoded as plain data."""


def lists(body: bytes) -> dict[str, Any] | None:
    """The response in a record of rows for lists (`Sent` where plain data has objects); None where it is no such one.

    Nothing in it is nested deeper than rows are. Of the other caps on a reply only that no member stands twice is
    looked at.
    """
    if not body.startswith(_SYNC):
        return None
    try:
        found = _lists(body)
    except _WRONG:
        return None
    ((name, sync, call),) = found.method_responses
    holders: list[Any] = [account.cases for account in sync.accounts.values() if account.cases is not None]
    rows = [(each, each.created) for each in holders]
    written = [list(map(encode, created)) for _, created in rows]
    for (cases, _), each in zip(rows, written, strict=True):
        cases.created = _joined(each)
    if sync.not_calculated or encode(found) != body:
        return None
    for (cases, created), each in zip(rows, written, strict=True):
        sent = _with_ids(cases, created, each)
        if not sent:
            return None
        cases.created = sent
    arguments = {"accounts": {id: _account(account) for id, account in sync.accounts.items()}, "notCalculated": {}}
    return {"methodResponses": [[name, arguments, call]], "sessionState": found.session_state}


def _joined(written: list[bytes]) -> Any:
    """A list of what is written already."""
    return msgspec.Raw(b"[" + b",".join(written) + b"]")


def _with_ids(cases: _Rows, created: list[_Row], written: list[bytes]) -> list[Sent]:
    """Rows with their ids and marks; none where not each has got them, or one is more than a head."""
    ids, marks = cases.ids, cases.marks
    if (len(ids), len(marks)) != (ID * len(created), MARK * len(created)) or not _is_plain(ids + marks):
        return []
    out: list[Sent] = []
    for number, row in enumerate(created):
        if row.id or row.head or row.request or row.questions or row.answers or row.answered:
            return []
        id, mark = ids[number * ID : (number + 1) * ID], marks[number * MARK : (number + 1) * MARK]
        _set(row, "id", id)
        _set(row, "head", mark)
        out.append(Sent(row, f'{{"id":"{id}","head":"{mark}",'.encode() + written[number][1:]))
    return out


def _is_plain(text: str) -> bool:
    """Whether it is written as it is in JSON."""
    return text.isascii() and text.isalnum()


def _account(account: _Account) -> dict[str, Any]:
    out: dict[str, Any] = {
        "oldState": account.old_state,
        "newState": account.new_state,
        "hasMoreChanges": account.has_more_changes,
        "accessState": account.access_state,
    }
    if account.filling is not None:
        out["filling"] = account.filling
    if account.cases is not None:
        out["Case"] = {"created": account.cases.created}
    return out


def contents(body: bytes) -> dict[str, Any] | None:
    """The response in a record of contents (`Content`, and `Sent` entries); None where it is no such one.

    Of the caps on a reply only that no member stands twice is looked at.
    """
    if not body.startswith(_GET):
        return None
    try:
        found = _contents(body)
    except _WRONG:
        return None
    (name, cases, call), (other, entries, last) = found.method_responses
    listed = entries.objects
    written = list(map(encode, listed))
    entries.objects = _joined(written)
    if encode(found) != body:
        return None
    entries.objects = list(map(Sent, listed, written))  # type: ignore[arg-type]
    responses = [[name, _get(cases), call], [other, _get(entries), last]]
    return {"methodResponses": responses, "sessionState": found.session_state}


def _get(found: _Cases | _Entries) -> dict[str, Any]:
    return {"accountId": found.account_id, "state": found.state, "list": found.objects, "notFound": found.not_found}
