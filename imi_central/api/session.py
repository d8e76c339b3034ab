"""The session resource (RFC 8620, section 2): who this is, which accounts there are, which limits hold."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from imi_central.store import INITIAL
from imi_core.case import MAX_CASE_FILES
from imi_core.jmap import CASE, CORE, DIRECTORY

if TYPE_CHECKING:
    from imi_central.store import Store, View
    from imi_core.jmap import Limits


def accounts(view: View) -> dict[str, Any]:
    """The accounts of the session: the directory and every desk the officer has a seat at."""
    out: dict[str, Any] = {
        DIRECTORY: _account("Directory", True, {"initialState": INITIAL, "accessState": view.access_state(DIRECTORY)})
    }
    safe = view.safe_seqs()
    for desk_id, place in view.places.items():
        seat = place.seat
        out[desk_id] = _account(
            seat.authority_name,
            False,
            {
                "authority": seat.authority,
                "country": seat.country,
                "area": seat.area,
                "roles": sorted(seat.roles),
                "coordinator": seat.coordinator,
                "defaultReplyDays": place.default_reply_days,
                "accessState": view.access_state(desk_id),
                "initialState": INITIAL,
                "safeSeq": safe.get(desk_id, 0),
            },
        )
    return out


def _account(name: str, read_only: bool, capability: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "isPersonal": False,
        "isReadOnly": read_only,
        "accountCapabilities": {CASE: capability},
    }


def state(view: View) -> str:
    """The session's state: changes whenever the client should fetch the session again."""
    engine = view.service.engine if view.service is not None else ""
    told = [view.person, accounts(view), view.identity, engine]
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:16]


def session(store: Store, officer_id: str, limits: Limits, base: str) -> dict[str, Any]:
    """The session object. `base` is the server's address without a slash at its end.

    Raises `UnknownOfficer` and `OfficerDisabled`. Blocks: call it in a worker thread.
    """
    with store.view(officer_id) as view:
        return seen(store, view, limits, base)


def seen(store: Store, view: View, limits: Limits, base: str) -> dict[str, Any]:
    """The same as of an officer's view."""
    server, epoch = store.identity()
    held, person, now = accounts(view), view.person, state(view)
    first = next((each for each in held if each != DIRECTORY), DIRECTORY)
    return {
        "capabilities": {
            CORE: {**msgspec.to_builtins(limits), "collationAlgorithms": []},
            CASE: {
                "server": server,
                "epoch": epoch,
                "maxSizeCaseFiles": MAX_CASE_FILES,
                "translation": {"engine": view.service.engine if view.service is not None else ""},
            },
        },
        "accounts": held,
        "primaryAccounts": {CORE: first, CASE: first},
        "username": person.username,
        "officer": {"id": person.id, "name": person.name, "language": person.language},
        "apiUrl": f"{base}/jmap/api",
        "uploadUrl": f"{base}/jmap/upload/{{accountId}}",
        "downloadUrl": f"{base}/jmap/download/{{accountId}}/{{blobId}}/{{name}}?type={{type}}",
        "eventSourceUrl": f"{base}/jmap/eventsource?types={{types}}&closeafter={{closeafter}}&ping={{ping}}",
        "state": now,
    }
