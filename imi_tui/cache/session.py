"""The session as the server last gave it: who the officer is and at which desks, with which roles."""

from __future__ import annotations

from imi_core.lean import TYPE_CHECKING, json
from imi_tui.cache.model import Seat

if TYPE_CHECKING:
    from typing import Any

    from imi_core import authority as core
    from imi_tui.cache.storage.db import Database

SERVER_TIME = "server time"
_CASE = "urn:imi:case"
_DIRECTORY = "directory"


class SessionTable:
    """The stored session resource."""

    def __init__(self, cache: Database) -> None:
        self._cache = cache

    def session(self) -> dict[str, Any] | None:
        """The session resource, None before the first one."""
        found = self._cache.one("select value from meta where name = 'session'")
        return json.loads(found[0]) if found is not None else None

    def officer(self) -> dict[str, Any]:
        """``id``, ``name`` and ``language`` of the officer; empty before the first session."""
        found = (self.session() or {}).get("officer")
        return found if isinstance(found, dict) else {}

    def officer_id(self) -> str:
        """The officer's id, empty before the first session."""
        return str(self.officer().get("id", ""))

    def knows_languages(self) -> bool:
        """Whether the server takes the language of an entry's answers, and translations."""
        capabilities = (self.session() or {}).get("capabilities") or {}
        return isinstance((capabilities.get(_CASE) or {}).get("translation"), dict)

    def server_time(self) -> str:
        """What the server's clock showed when a synchronisation last worked; empty before that."""
        found = self._cache.one("select value from meta where name = ?", (SERVER_TIME,))
        return str(found[0]) if found is not None else ""

    def seats(self) -> tuple[Seat, ...]:
        """The officer's desks, in the server's order."""
        return seats_of(self.session() or {})

    def core_seat(self, desk: str) -> core.Seat | None:
        """The officer at a desk as the rules know it; roles they do not know are left out."""
        from imi_core import authority as core

        session = self.session() or {}
        seat = next((seat for seat in seats_of(session) if seat.desk == desk), None)
        if seat is None:
            return None
        officer = session.get("officer") or {}
        return core.Seat(
            officer=str(officer.get("id", "")),
            officer_name=str(officer.get("name", "")),
            desk=desk,
            authority=seat.authority,
            authority_name=seat.authority_name,
            country=seat.country,
            area=seat.area,
            roles=frozenset(role for role in core.ROLES if role in seat.roles),
            coordinator=seat.coordinator,
        )


def file_limits(session: dict[str, Any] | None) -> tuple[int, int]:
    """Bytes of one file and of all files of a case: what the server takes, never more than the protocol's own."""
    from imi_core.case import MAX_CASE_FILES, MAX_FILE
    from imi_core.jmap import CORE

    given = (session or {}).get("capabilities") or {}

    def at_most(capability: str, name: str, most: int) -> int:
        value = (given.get(capability) or {}).get(name)
        return min(value, most) if isinstance(value, int) and value > 0 else most

    return at_most(CORE, "maxSizeUpload", MAX_FILE), at_most(_CASE, "maxSizeCaseFiles", MAX_CASE_FILES)


def seats_of(session: dict[str, Any]) -> tuple[Seat, ...]:
    """The seats a session resource names."""
    out: list[Seat] = []
    for desk, account in session.get("accounts", {}).items():
        given = account.get("accountCapabilities", {}).get(_CASE, {})
        if desk == _DIRECTORY or "area" not in given:
            continue
        out.append(
            Seat(
                desk=desk,
                authority=str(given.get("authority", "")),
                authority_name=str(account.get("name", "")),
                country=str(given.get("country", "")),
                area=str(given["area"]),
                roles=tuple(str(role) for role in given.get("roles", ())),
                coordinator=given.get("coordinator") is True,
            )
        )
    return tuple(out)
