"""The deletion brake: removals that wait for a reason, and the officer's word that they may happen.

A server that suddenly has nothing any more may be the wrong one, an empty one or a broken one. What it would remove
stays until it explains itself or the officer lets it go; that does not time out.
"""

from __future__ import annotations

from imi_core.lean import TYPE_CHECKING, json
from imi_tui.cache.model import Held

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from imi_tui.cache.storage.db import Database

_HELD, _ALLOWED, _GONE, _WITHDRAWN = "held", "removals allowed", "removed since", "seats withdrawn"


class Brake:
    """What is on hold, desk by desk. Kept in `cache.db`: with that file all there was to protect is gone too."""

    def __init__(self, cache: Database) -> None:
        self._cache = cache

    def held(self) -> tuple[Held, ...]:
        """What is on hold."""
        return tuple(Held(desk, count, total) for desk, (count, total) in self._read(_HELD).items())

    def hold(self, desk: str, count: int, total: int) -> None:
        """`count` of `total` cases of a desk would go."""
        self._write(_HELD, {**self._read(_HELD), desk: [count, total]})

    def stands(self, desk: str) -> bool:
        """Whether something of a desk is on hold: until it was followed to its end nothing goes there unasked."""
        return desk in self._read(_HELD)

    def gone(self, desk: str) -> int:
        """How many cases went since the desk was last followed to its end, in this run or in others."""
        return sum(self._read(_GONE).get(desk, ()))

    def let_go(self, desk: str, count: int) -> None:
        """So many cases go now."""
        found = self._read(_GONE)
        self._write(_GONE, {**found, desk: [sum(found.get(desk, ())) + count]})

    def release(self, but: Collection[str] = ()) -> None:
        """Every desk (`but` these) was followed to its end: nothing is on hold there any more.

        A permission was for this once.
        """
        for name in (_HELD, _ALLOWED, _GONE):
            found = self._read(name)
            if left := {desk: value for desk, value in found.items() if desk not in but}:
                self._write(name, {desk: value for desk, value in found.items() if desk not in left})

    def withdrawn(self, desks: Collection[str], at: float) -> float:
        """The seats at these desks are missing in the session, at this time (s); for how long they all have been."""
        found = self._read(_WITHDRAWN)
        seen = {desk: found.get(desk, [at]) for desk in desks}
        if seen != found:
            self._write(_WITHDRAWN, seen)
        return min((abs(at - since) for (since,) in seen.values()), default=0.0)

    def allow(self) -> None:
        """The officer lets happen what is on hold now, and no more than that."""
        self._write(_ALLOWED, self._read(_HELD))

    def allowed(self, desk: str, count: int) -> bool:
        """Whether so many removals of a desk were let go."""
        found = self._read(_ALLOWED).get(desk)
        return found is not None and count <= found[0]

    def _read(self, name: str) -> dict[str, list[Any]]:
        row = self._cache.one("select value from meta where name = ?", (name,))
        found: dict[str, list[Any]] = json.loads(row[0]) if row is not None else {}
        return found

    def _write(self, name: str, value: dict[str, list[Any]]) -> None:
        self._cache.run("insert or replace into meta values(?, ?)", (name, json.dumps(value)))
