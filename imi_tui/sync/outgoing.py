"""Sending the outbox: which entries go into one request, and what the answers mean for them.

The order of entries within a case is kept. A refused entry holds back later entries of its case only.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from imi_tui.cache.ids import ASSIGN, BESIDE, LOCAL, TRANSLATE
from imi_tui.sync import reading, wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from imi_core.jmap import Limits
    from imi_tui.cache.model import OutboxItem
    from imi_tui.sync.reading import Answer

BATCH = 50
"""Entries in one request at most."""
_SET_BY_SERVER = frozenset({"id", "caseId", "reference", "at", "fromState", "toState", "seal"})
MAX_ID = 255
_REQUEST_ROOM = 32 * 1024
"""Bytes of a request kept for everything that is not an entry."""


_METHODS = {ASSIGN: "Assignment/set", TRANSLATE: "Translation/set"}


@dataclass
class Batch:
    """The entries of one request: the calls of its /set methods, and the entries by call id and creation id."""

    calls: list[list[Any]] = field(default_factory=list)
    items: dict[tuple[str, str], OutboxItem] = field(default_factory=dict)
    too_large: list[OutboxItem] = field(default_factory=list)

    @property
    def refs(self) -> list[str]:
        """Client refs of all its entries, in order."""
        return [item.client_ref for item in self.items.values()]

    @property
    def desks(self) -> set[str]:
        """The desks its entries act for."""
        return {item.desk for item in self.items.values()}


@dataclass
class Settlement:
    """What became of a batch."""

    acked: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    rejected: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    retry: list[str] = field(default_factory=list)


def batch(items: Iterable[OutboxItem], limits: Limits, most: int = BATCH) -> Batch:
    """The first entries that fit into one request, in order; a change of desk or method starts a new call.

    After an entry that is too large or has attachments, no other entry of its case is included.
    """
    out = Batch()
    held: set[tuple[str, str]] = set()
    room = limits.max_size_request - _REQUEST_ROOM
    desk, method, in_call = "", "", 0
    for item in items:
        case = item.desk, item.case_id
        if case in held:
            continue
        size = len(wire.encoded(item.payload)) + 64
        if size > limits.max_size_request - _REQUEST_ROOM:
            out.too_large.append(item)
            held.add(case)
            continue
        full = len(out.items) >= most or size > room
        wanted = _METHODS.get(item.action, "Entry/set")
        new_call = (item.desk, wanted) != (desk, method) or in_call >= limits.max_objects_in_set
        # Half of the calls stay for reading.
        if full or (new_call and len(out.calls) >= limits.max_calls_in_request // 2):
            break
        if new_call:
            out.calls.append([wanted, {"accountId": item.desk, "create": {}}, f"o{len(out.calls)}"])
            desk, method, in_call = item.desk, wanted, 0
        creation = f"k{len(out.items)}"
        out.calls[-1][1]["create"][creation] = item.payload
        out.items[out.calls[-1][2], creation] = item
        in_call += 1
        room -= size
        if item.payload.get("attachments"):
            # A restored server may lack the files: what follows in the case must not overtake this entry then.
            held.add(case)
    return out


def settle(sent: Batch, answers: Mapping[str, Answer]) -> Settlement:
    """Evaluate the answers for each entry of the batch, in order."""
    out = Settlement()
    failed: set[tuple[str, str, str]] = set()
    for (call_id, creation), item in sent.items.items():
        answer = answers[call_id]
        case = item.desk, item.case_id, item.action if item.action.startswith(BESIDE) else ""
        created = _taken(reading.member(answer, "created", creation))
        if created is not None:
            out.acked[item.client_ref] = created
            continue
        error = _refusal(answer, creation, beside=item.action.startswith(BESIDE))
        # What follows a failed entry of its case was judged without it: it waits and is judged again.
        if error is None or case in failed:
            out.retry.append(item.client_ref)
        else:
            out.rejected[item.client_ref] = error
        failed.add(case)
    return out


def _taken(created: dict[str, Any] | None) -> dict[str, Any] | None:
    """The server-set members of documented shape; None if the answer does not identify the created entry.

    They are stored with the outbox and applied at every start, so nothing else may get there.
    """
    if created is None:
        return None
    ids = [created.get("id"), created.get("caseId")]
    if not all(isinstance(id, str) and 0 < len(id) <= MAX_ID and not id.startswith(LOCAL) for id in ids):
        return None
    out: dict[str, Any] = {
        name: value
        for name, value in created.items()
        if name in _SET_BY_SERVER and isinstance(value, str) and len(value) <= MAX_ID
    }
    for name in ("version", "seq"):
        number = created.get(name)
        if isinstance(number, int) and not isinstance(number, bool) and number > 0:
            out[name] = number
    try:
        dt.datetime.fromisoformat(out.get("at", ""))
    except ValueError:
        out.pop("at", None)
    return out


def _refusal(answer: Answer, creation: str, *, beside: bool) -> Mapping[str, Any] | None:
    """The set error of one entry; None if it should be sent again. `beside`: the item is not an action of a case."""
    if answer.error:
        if answer.error == "unknownMethod" and beside:
            # A server of before: it would wait for ever. A server without entries is none of ours.
            return {"type": answer.error}
        # Rights to the desk are gone; anything else that stops a whole call is not the entry's fault.
        if answer.error == "accountNotFound":
            return {"type": "noSuchSeat"}
        if answer.error in ("accountReadOnly", "forbidden"):
            return {"type": "forbidden"}
        return None
    error = reading.member(answer, "notCreated", creation)
    if error is None or not isinstance(error.get("type"), str) or error["type"] in reading.TRANSIENT:
        return None
    return error
