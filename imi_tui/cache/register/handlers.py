"""Who at a desk looks after cases: the officers that the directory names. Loads nothing the first paint could miss."""

from __future__ import annotations

from imi_core import assigning
from imi_core.lean import TYPE_CHECKING, json
from imi_core.text import fold
from imi_tui.cache.model import Colleague

if TYPE_CHECKING:
    from typing import Any

    from imi_tui.cache.storage.db import Database


class Handlers:
    """The officers of this officer's desks. What is read is kept until the directory changes."""

    def __init__(self, cache: Database) -> None:
        self._cache = cache
        self._generation = -1
        self._roles: dict[tuple[str, str], tuple[str, ...]] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._everybody: dict[str, str] = {}

    def _notice(self) -> None:
        generation = self._cache.one("select value from meta where name = 'directory'")[0]
        if generation == self._generation:
            return
        self._roles, self._names, self._everybody = {}, {}, {}
        for (wire,) in self._cache.rows("select wire from officer"):
            officer = json.loads(wire)
            id, name = officer["id"], officer["name"]
            self._everybody[id] = name
            if not officer.get("active", True):
                continue
            for desk, roles in officer.get("desks", {}).items():
                self._roles[desk, id] = tuple(roles)
                if assigning.may_handle(roles):
                    self._names[desk, id] = name
        self._generation = generation

    def name(self, desk: str, id: str) -> str:
        """What the officer who looks after a case is called; "" for nobody and for who is no handler there now."""
        if not id:
            return ""
        self._notice()
        return self._names.get((desk, id), "")

    def called(self, id: str) -> str:
        """The name of an officer of one of these desks, "" where there is no such one."""
        self._notice()
        return self._everybody.get(id, "")

    def named(self, given: dict[str, Any]) -> dict[str, Any]:
        """An assignment with the names of whom it names: `name` and, of who said so, `other`; "" for who has left."""
        officer, by = str(given.get("officer", "")), str(given.get("by", ""))
        return given | {"name": self.called(officer), "other": self.called(by)}

    def names(self) -> dict[tuple[str, str], str]:
        """By desk and id, the names of all to whom cases can be given."""
        self._notice()
        return self._names

    def of(self, desk: str) -> list[Colleague]:
        """To whom cases of a desk can be given, this officer included, by name."""
        found = [Colleague(id, name) for (at, id), name in self.names().items() if at == desk]
        return sorted(found, key=lambda each: (fold(each.name), each.id))

    def roles(self, desk: str, id: str) -> tuple[str, ...] | None:
        """The roles of an active officer at a desk, None where there is no such one."""
        self._notice()
        return self._roles.get((desk, id))
