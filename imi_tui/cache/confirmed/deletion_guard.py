"""The deletion guard: holds back mass removals until the server explains them or the officer allows them.

A server that suddenly has no cases may be the wrong one, an empty one or a broken one. Held removals never time out.
"""

from __future__ import annotations

from imi_core.lean import TYPE_CHECKING, json
from imi_tui.cache.model import Held

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from imi_tui.cache.storage.db import Database

_HELD, _ALLOWED, _GONE, _WITHDRAWN = "held", "removals allowed", "removed since", "seats withdrawn"


class DeletionGuard:
    """Held removals per desk. Stored in `cache.db`: if that file is lost, so is everything there was to protect."""

    def __init__(self, cache: Database) -> None:
        self._cache = cache

    def held(self) -> tuple[Held, ...]:
        """The held removals."""
        return tuple(Held(desk, count, total) for desk, (count, total) in self._read(_HELD).items())

    def hold(self, desk: str, count: int, total: int) -> None:
        """Hold the removal of `count` of `total` cases of a desk."""
        self._write(_HELD, {**self._read(_HELD), desk: [count, total]})

    def holds(self, desk: str) -> bool:
        """Whether removals of a desk are held. Until it was followed to its end, nothing is removed unasked."""
        return desk in self._read(_HELD)

    def removed_since(self, desk: str) -> int:
        """Cases removed since the desk was last followed to its end, in this run or earlier ones."""
        return sum(self._read(_GONE).get(desk, ()))

    def count_removed(self, desk: str, count: int) -> None:
        """Add to the number of removed cases."""
        found = self._read(_GONE)
        self._write(_GONE, {**found, desk: [sum(found.get(desk, ())) + count]})

    def release(self, but: Collection[str] = ()) -> None:
        """Every desk (`but` these) was followed to its end: clear held removals, counts and permissions."""
        for name in (_HELD, _ALLOWED, _GONE):
            found = self._read(name)
            if left := {desk: value for desk, value in found.items() if desk not in but}:
                self._write(name, {desk: value for desk, value in found.items() if desk not in left})

    def withdrawn(self, desks: Collection[str], at: float) -> float:
        """Note that a session of this time (s) lacks these desks. Returns the seconds since all of them are missing."""
        found = self._read(_WITHDRAWN)
        seen = {desk: found.get(desk, [at]) for desk in desks}
        if seen != found:
            self._write(_WITHDRAWN, seen)
        return min((abs(at - since) for (since,) in seen.values()), default=0.0)

    def allow(self) -> None:
        """Allow the removals that are held now, and no more than these."""
        self._write(_ALLOWED, self._read(_HELD))

    def allowed(self, desk: str, count: int) -> bool:
        """Whether this many removals of a desk are allowed."""
        found = self._read(_ALLOWED).get(desk)
        return found is not None and count <= found[0]

    def _read(self, name: str) -> dict[str, list[Any]]:
        row = self._cache.one("select value from meta where name = ?", (name,))
        found: dict[str, list[Any]] = json.loads(row[0]) if row is not None else {}
        return found

    def _write(self, name: str, value: dict[str, list[Any]]) -> None:
        self._cache.run("insert or replace into meta values(?, ?)", (name, json.dumps(value)))
