"""Validates and parses responses: every shape is checked before anything reaches the cache."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from imi_core.case import ID, MARK
from imi_core.jmap import CASE, CORE, DIRECTORY, Limits
from imi_tui.cache.wire import id_of
from imi_tui.sync.errors import AccountGone, ReplyTooLarge, ServerMistake, SyncError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

TRANSIENT = frozenset({"rateLimit", "serverFail", "serverUnavailable", "serverPartialFail"})
"""Error types after which the same request may succeed later."""
KINDS = ("Case", "Entry", "Authority", "Procedure", "Officer")


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """What the engine reads of a session resource.

    `accounts` maps an account to (initial state, access state), `safe` a desk to what a verified backup of it contains.
    """

    server: str
    epoch: str
    officer: str
    state: str
    accounts: dict[str, tuple[str, str]]
    limits: Limits
    safe: dict[str, int] = field(default_factory=dict)

    @property
    def desks(self) -> list[str]:
        """The accounts that are desks."""
        return [account for account in self.accounts if account != DIRECTORY]


def session_info(session: Mapping[str, Any]) -> SessionInfo:
    """The engine's view of a session resource. Raises `ServerMistake`."""
    capabilities = _dict(session.get("capabilities"))
    ours = _dict(capabilities.get(CASE))
    server = ours.get("server")
    officer = _dict(session.get("officer")).get("id")
    if not isinstance(server, str) or not server or not isinstance(officer, str) or not officer:
        raise ServerMistake("a session without server or officer")
    accounts: dict[str, tuple[str, str]] = {}
    safe: dict[str, int] = {}
    if not isinstance(session.get("accounts"), dict):
        raise ServerMistake("a session without accounts")
    for account, value in _dict(session.get("accounts")).items():
        own = _dict(_dict(_dict(value).get("accountCapabilities")).get(CASE))
        initial, access = own.get("initialState"), own.get("accessState", "")
        if not isinstance(initial, str) or not isinstance(access, str):
            raise ServerMistake("a session with an account without initial state")
        accounts[account] = (initial, access)
        reached = own.get("safeSeq")
        if isinstance(reached, int) and not isinstance(reached, bool):
            safe[account] = reached
    return SessionInfo(
        server=server,
        epoch=str(ours.get("epoch", "")),
        officer=officer,
        state=str(session.get("state", "")),
        accounts=accounts,
        limits=_limits(_dict(capabilities.get(CORE))),
        safe=safe,
    )


def _limits(given: Mapping[str, Any]) -> Limits:
    """The server's limits where they make sense; never more than the protocol's own."""

    def at_most(name: str, most: int) -> int:
        value = given.get(name)
        return min(value, most) if isinstance(value, int) and value > 0 else most

    usual = Limits()
    return Limits(
        max_size_request=at_most("maxSizeRequest", usual.max_size_request),
        max_calls_in_request=max(8, at_most("maxCallsInRequest", usual.max_calls_in_request)),
        max_objects_in_get=at_most("maxObjectsInGet", usual.max_objects_in_get),
        max_objects_in_set=at_most("maxObjectsInSet", usual.max_objects_in_set),
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """One method response; `error` is the method error's type or ""."""

    name: str
    arguments: dict[str, Any]

    @property
    def error(self) -> str:
        """The type of a method error, "" for none."""
        return str(self.arguments.get("type", "serverFail")) if self.name == "error" else ""

    def failed(self) -> SyncError:
        """The exception for a method error."""
        if self.error in TRANSIENT:
            return Unavailable(self.error)
        if self.error == "accountNotFound":
            return AccountGone(f"method error {self.error}")
        if self.error == "requestTooLarge":
            return ReplyTooLarge(f"method error {self.error}")
        return ServerMistake(f"method error {self.error[:80]}")


class Answers(dict[str, Answer]):
    """Answers by call id. Looking up a missing one raises `ServerMistake`."""

    def __missing__(self, call_id: str) -> Answer:
        raise ServerMistake("a call without an answer")


def answers(response: Mapping[str, Any]) -> Answers:
    """The response's answers by call id (`Transport.call` has checked their shape).

    A method may answer with further responses of other names behind its own (RFC 8620, section 3.4); the first counts.
    """
    out = Answers()
    for name, arguments, call_id in response["methodResponses"]:
        out.setdefault(call_id, Answer(name, arguments))
    return out


@dataclass(frozen=True, slots=True)
class Changes:
    """One account's part of a ``Desk/sync`` answer. `later` are cases of which entries were left out."""

    old_state: str
    new_state: str
    has_more: bool
    access: str
    created: dict[str, list[Any]]
    updated: dict[str, list[dict[str, Any]]]
    destroyed: dict[str, list[str]]
    later: list[str]
    filling: float | None


def changes(value: Any) -> Changes:
    """One account's changes. Raises `ServerMistake`."""
    given = _dict(value)
    old, new, more = given.get("oldState"), given.get("newState"), given.get("hasMoreChanges")
    access = given.get("accessState", "")
    if not (isinstance(old, str) and isinstance(new, str) and new and isinstance(more, bool)):
        raise ServerMistake("changes without states")
    filling = given.get("filling")
    share = float(filling) if isinstance(filling, int | float) and not isinstance(filling, bool) else None
    return Changes(
        old_state=old,
        new_state=new,
        has_more=more,
        access=access if isinstance(access, str) else "",
        created={kind: _objects(_apart(_dict(given.get(kind, {})))) for kind in KINDS if kind in given},
        updated={kind: _objects(_dict(given.get(kind, {})).get("updated", [])) for kind in KINDS if kind in given},
        destroyed={kind: _ids(_dict(given.get(kind, {})).get("destroyed", [])) for kind in KINDS if kind in given},
        later=_ids(_dict(given.get("Entry", {})).get("cases", [])),
        filling=None if share is None else max(0.0, min(share, 1.0)),
    )


def objects(answer: Answer, account: str, asked: list[str] | None) -> list[Any]:
    """The objects of a ``/get`` answer: only requested ones, each once, and every other one listed as not found.

    Raises `SyncError`.
    """
    if answer.error:
        raise answer.failed()
    listed = answer.arguments.get("list")
    if answer.arguments.get("accountId") != account or not isinstance(listed, list):
        raise ServerMistake("a get without list, or of another account")
    wanted = None if asked is None else set(asked)
    found: dict[str, Any] = {}
    for item in listed:
        id = id_of(item)
        if not isinstance(id, str) or not id or (wanted is not None and id not in wanted):
            raise ServerMistake("an object that was not asked for")
        found[id] = item
    missing = answer.arguments.get("notFound") or []
    if wanted is not None and not (isinstance(missing, list) and wanted <= found.keys() | set(map(str, missing))):
        # The state goes on with this page: what it left out would never be asked for again.
        raise ServerMistake("a get that leaves out what was asked for")
    return list(found.values())


def member(answer: Answer, name: Literal["created", "notCreated"], creation: str) -> dict[str, Any] | None:
    """The member of a ``/set`` answer for one creation id; None if there is none of the right type."""
    members = answer.arguments.get(name)
    found = members.get(creation) if isinstance(members, dict) else None
    return found if isinstance(found, dict) else None


def has_none_of(answer: Answer, account: str, ids: list[str]) -> bool:
    """Whether a ``/get`` answer says of each of these that it is not there."""
    given, missing = answer.arguments, answer.arguments.get("notFound")
    if answer.error or given.get("accountId") != account or given.get("list") != [] or not isinstance(missing, list):
        return False
    return set(ids) <= {each for each in missing if isinstance(each, str)}


def _apart(members: dict[str, Any]) -> Any:
    """Created objects; ids and marks that came as joined strings are distributed to them."""
    rows, ids, marks = members.get("created", []), members.get("ids"), members.get("marks")
    if ids is None and marks is None:
        return rows
    if not (isinstance(rows, list) and isinstance(ids, str) and isinstance(marks, str)):
        raise ServerMistake("joined ids without rows or marks")
    if (len(ids), len(marks)) != (ID * len(rows), MARK * len(rows)) or not all(isinstance(row, dict) for row in rows):
        raise ServerMistake("more or fewer joined ids than rows")
    for number, row in enumerate(rows):
        row["id"] = ids[number * ID : (number + 1) * ID]
        row["head"] = marks[number * MARK : (number + 1) * MARK]
    return rows


def _objects(value: Any) -> list[Any]:
    ids = list(map(id_of, value)) if isinstance(value, list) else [None]
    if not isinstance(value, list) or not all(map(_is_id, ids)):
        raise ServerMistake("something else where a list of objects was expected")
    if len(set(ids)) != len(value):
        raise ServerMistake("an object that stands twice in one answer")
    return value


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _dict(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ServerMistake("something else where an object was expected")
    return value


def _ids(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ServerMistake("something else where a list of ids was expected")
    return value
