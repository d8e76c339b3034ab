"""The deletion brake: removals that wait for a reason, and the officer's word that they may happen.

A server that suddenly has nothing any more may be the wrong one, an empty one or a broken one. What it would remove
stays until it explains itself or the officer lets it go; that does not time out.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from imi_tui.cache.model import Held

if TYPE_CHECKING:
    from imi_tui.cache.db import Database

_HELD, _ALLOWED = "held", "removals allowed"


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

    def release(self, desk: str) -> None:
        """The desk was followed: nothing of it is on hold any more, and a permission was for this once."""
        for name in (_HELD, _ALLOWED):
            found = self._read(name)
            if found.pop(desk, None) is not None:
                self._write(name, found)

    def allow(self) -> None:
        """The officer lets happen what is on hold now, and no more than that."""
        self._write(_ALLOWED, self._read(_HELD))

    def allowed(self, desk: str, count: int) -> bool:
        """Whether so many removals of a desk were let go."""
        found = self._read(_ALLOWED).get(desk)
        return found is not None and count <= found[0]

    def _read(self, name: str) -> dict[str, list[int]]:
        row = self._cache.one("select value from meta where name = ?", (name,))
        found: dict[str, list[int]] = json.loads(row[0]) if row is not None else {}
        return found

    def _write(self, name: str, value: dict[str, list[int]]) -> None:
        self._cache.run("insert or replace into meta values(?, ?)", (name, json.dumps(value)))
