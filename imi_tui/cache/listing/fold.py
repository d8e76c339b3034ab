"""What a case will most likely be once the server has taken what waits in the outbox, and the row that shows it.

Never raises for an entry that no longer fits: the case may have moved on since it was written. Such an entry stays
in the outbox, is counted as pending and changes nothing in the picture; the server will say why it refuses it.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from imi_core import assigning, workflow
from imi_core.case import Assignment, Case
from imi_core.errors import ActionRefused, ImiError
from imi_tui.cache.errors import BadObject
from imi_tui.cache.ids import ASSIGN, TRANSLATE
from imi_tui.cache.order import VIEW_BIT
from imi_tui.cache.wire import microseconds, own_entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from imi_core.authority import Seat
    from imi_core.case import Entry, Part, PartRole
    from imi_core.procedure import Rules
    from imi_tui.cache.outbox.item import Item
    from imi_tui.cache.register.directory import Directory

# What the rules raise for a case or answers that an older or newer version of a definition does not expect.
_DOES_NOT_FIT = (ImiError, BadObject, LookupError, ValueError, TypeError, AssertionError, ArithmeticError)


@dataclass
class Folded:
    """A case with what waits for it. `entries` are the wire objects of entries not confirmed yet.

    `versions`: the version of the case that each entry which is applied here is expected to make, by client ref;
    `assigned`: the same of assignments and their version. Of these, `assigning` wait.
    """

    case: Case | None
    entries: list[dict[str, Any]] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    rejected: int = 0
    versions: dict[str, int] = field(default_factory=dict)
    assigned: dict[str, int] = field(default_factory=dict)
    assigning: int = 0

    @property
    def waiting(self) -> int:
        """Entries and assignments that the server has not taken."""
        return len(self.pending) + self.assigning


class Folder:
    """Applies entries of the outbox to confirmed cases."""

    def __init__(
        self,
        directory: Directory,
        seat: Callable[[str], Seat | None],
        confirmed_at: Callable[[str, str], int],
        assigned_at: Callable[[str], int],
    ) -> None:
        self._directory = directory
        self._seat = seat
        self._confirmed_at = confirmed_at
        self._assigned_at = assigned_at

    def fold(self, desk: str, id: str, case: Case | None, items: list[Item]) -> Folded:
        """`case` with `items` applied; `id` is what the case is called now."""
        out = Folded(case)
        for item in items:
            if item.action == ASSIGN:
                self._assign(desk, out, item)
                continue
            if item.action == TRANSLATE:
                # It changes nothing of the case.
                out.rejected += item.state == "rejected"
                continue
            if self._confirmed_at(desk, item.client_ref):
                continue
            if item.state == "rejected":
                out.rejected += 1
                continue
            created = json.loads(item.created) if item.created else {}
            if item.state == "acked" and out.case is not None and created.get("version", 0) <= out.case.version:
                out.versions[item.client_ref] = created.get("version", 0)
                continue
            if item.state != "acked":
                out.pending.append(item.client_ref)
            out.entries.append(self._take(desk, id, out, item, created))
        return out

    def _assign(self, desk: str, out: Folded, item: Item) -> None:
        """Show who is to look after the case."""
        if item.state == "rejected":
            out.rejected += 1
            return
        out.assigning += item.state != "acked"
        if out.case is None:
            return
        now, content = out.case.assignment, item.content
        version, officer = now.version if now is not None else 0, str(content.get("officer", ""))
        created = json.loads(item.created) if item.created else {}
        if item.state == "acked":
            made = int(created.get("version", 0))
        else:
            seat = self._seat(desk)
            based_on, after = int(content.get("basedOn", 0)), content.get("after", ())
            try:
                if seat is not None:
                    colleague = self._directory.handlers.roles(desk, officer)
                    assigning.check(seat, officer, colleague, now, based_on, self.own_assigned(out, after))
            except ActionRefused:
                return
            same = officer == (now.officer if now is not None else "")
            made = version if same else max(version, based_on) + 1
        out.assigned[item.client_ref] = made
        if made > version:
            at = dt.datetime.fromisoformat(str(created.get("at") or item.queued_at))
            shown = Assignment(officer=officer, version=made, at=at, by=item.officer)
            out.case = assigning.assigned(out.case, shown)

    def own_assigned(self, folded: Folded, refs: Iterable[str]) -> frozenset[int]:
        """The versions that these assignments made or are expected to make."""
        return frozenset(folded.assigned.get(ref) or self._assigned_at(ref) for ref in refs)

    def own(self, desk: str, folded: Folded, refs: Iterable[str]) -> frozenset[int]:
        """The versions of the case that these entries made or are expected to make."""
        return frozenset(folded.versions.get(ref) or self._confirmed_at(desk, ref) for ref in refs)

    def _take(self, desk: str, id: str, out: Folded, item: Item, created: dict[str, Any]) -> dict[str, Any]:
        wire = {**item.content, "caseId": id, "at": item.queued_at, **created}
        before = out.case.state if out.case is not None else ""
        try:
            seat = self._seat(desk)
            if seat is None:
                return wire
            entry = own_entry(wire)
            rules = self.rules_for(out.case, entry)
            target = self._directory.target(entry.target) if entry.target else None
            if item.state != "acked":
                workflow.check(rules, out.case, entry, seat, target, self.own(desk, out, wire.get("after", ())))
            at = entry.at or dt.datetime.fromisoformat(item.queued_at)
            case = workflow.expected(rules, out.case, entry, seat, at, target)
        except _DOES_NOT_FIT:
            return wire
        out.versions[item.client_ref] = case.version
        reference = str(created.get("reference") or case.reference)
        out.case = msgspec.structs.replace(case, id=id, reference=reference)
        part = case.part_of(desk)
        return {
            "role": part.role if part is not None else "initiator",
            "desk": desk,
            "authority": seat.authority,
            "authorityName": seat.authority_name,
            "officer": seat.officer,
            "officerName": seat.officer_name,
            "fromState": before,
            "toState": case.state,
            "version": case.version,
            **wire,
        }

    def rules_for(self, case: Case | None, entry: Entry) -> Rules:
        """The rules of a case, or of the procedure that an entry starts. Raises `UnknownProcedure`."""
        if case is None:
            return self._directory.rules(entry.procedure)
        return self._directory.rules(case.procedure, case.procedure_version)


class Facts(msgspec.Struct, gc=False):
    """The columns of a case's row that follow from the case. `views` are bits of `order.VIEW_BIT`.

    `partner`: the authority on the other side, "" where there is none yet; no column.
    """

    reference: str
    procedure: str
    state: str
    subject: str
    country: str
    counterpart: str
    due: str
    activity: int
    level: str
    mine: int
    files: int
    views: int
    partner: str
    handler: str


_ALL, _OPEN, _CLOSED = VIEW_BIT["all"], VIEW_BIT["all"] | VIEW_BIT["open"], VIEW_BIT["all"] | VIEW_BIT["closed"]
_TODO, _WAITING = VIEW_BIT["todo"], VIEW_BIT["waiting"]
_ALERTS, _SENT, _PUT_OFF, _MINE = (VIEW_BIT[view] for view in ("alerts", "sent", "put_off", "mine"))
_ACCEPT, _ANSWER, _CLOSE = VIEW_BIT["to_accept"], VIEW_BIT["to_answer"], VIEW_BIT["to_close"]


def facts(
    desk: str,
    case: Case,
    state: tuple[bool, tuple[str, ...], bool] | None,
    *,
    asleep: bool = False,
    officer: str = "",
) -> Facts:
    """The row of a case at `desk`. `state` says of its state what the rules know (None: no rules here).

    `asleep`: the officer, whose id is `officer`, put the case off, and nothing happened in it since.
    """
    role, other = _sides(desk, case.parts)
    mine = role is not None and case.turn == role
    running = case.closed_at is None and not case.blocked and (state is None or state[0])
    hides = role in state[1] if state is not None else case.level == "summary"
    if not running:
        views = _CLOSED
    elif mine:
        views = _OPEN | _TODO | (_ACCEPT if hides else _CLOSE if role == "initiator" else _ANSWER)
    elif role is not None and role != "observer":
        views = _OPEN | _WAITING
    else:
        views = _OPEN
    if asleep and views & _TODO:
        views = _OPEN | _PUT_OFF
    if role == "initiator":
        views |= _SENT
    if running and state is not None and state[2]:
        views |= _ALERTS
    handler = case.assignment.officer if case.assignment is not None else ""
    if running and handler and handler == officer:
        views |= _MINE
    return Facts(
        case.reference,
        case.procedure,
        case.state,
        case.subject,
        other.country if other is not None else "",
        other.name if other is not None else "",
        case.due.isoformat() if case.due is not None else "",
        microseconds(case.last_activity),
        case.level,
        int(mine),
        case.files,
        views,
        _authority(desk, other),
        handler,
    )


def _sides(desk: str, parts: tuple[Part, ...]) -> tuple[PartRole | None, Part | None]:
    """The role a desk acts in, and the part on the other side: `Case.part_of` and `Case.counterpart` in one go."""
    initiator = responder = None
    role: PartRole | None = None
    for part in parts:
        found = part.role
        if found == "initiator":
            initiator = initiator or part
        elif found == "responder":
            responder = responder or part
        if part.desk == desk and (role is None or role == "observer"):
            role = found
    return role, responder if role == "initiator" else initiator


def partner_of(desk: str, case: Case) -> str:
    """The authority on the other side of a case; "" where there is none yet."""
    return _authority(desk, case.counterpart(desk))


def _authority(desk: str, other: Part | None) -> str:
    return other.authority if other is not None and other.desk != desk else ""
