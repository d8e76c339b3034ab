"""Names in the order of the officer's alphabet: what is stored in that order is made anew when the alphabet is another.

An officer changes the language once in a life, and then a list of a million cases has to be sorted again. The order of
the alphabet before stays and is shown until the new one is whole; both follow what happens meanwhile. It is made a
moment at a time by the thread that writes, goes on after a restart, and gives way to whoever wants to write.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from imi_core.collation import alphabet_of
from imi_tui.cache.content.indexing import HOLD
from imi_tui.cache.listing.rows import SPELLING
from imi_tui.cache.model import Changed
from imi_tui.cache.order import GROUPS, NAMES, Spelling, keys, name_key, places, tail

if TYPE_CHECKING:
    from collections.abc import Callable

    from imi_tui.cache.register.lookup import RegisterIndex
    from imi_tui.cache.storage.db import Database

STEP = 500
"""Cases that are put into the new order without looking whether somebody waits."""
SPELLINGS = "select alphabet, position from spelling where role <> 'old' order by role desc"
"""The order that is shown, then the one that is being made."""
_CHOOSE = (
    "update spelling set alphabet = ? where role = 'shown' and (select count(*) from spelling) = 1"
    " and not exists (select 1 from listing)"
)
_CASES = "select n, desk, id, counterpart, activity, views from listing where n > ? order by n limit ?"


def shown(cache: Database) -> Spelling:
    """The order of names that lists are read in."""
    return Spelling(*cache.one(SPELLING))


class Alphabet:
    """Reached as `SyncStore.alphabet`; for the thread that writes."""

    def __init__(self, cache: Database, index: RegisterIndex, publish: Callable[[Changed], None]) -> None:
        self._cache, self._index, self._publish = cache, index, publish
        self._wanted: str | None = None

    def choose(self, language: str) -> None:
        """From now on names are to stand as `language` has them; `step` makes it so. At once where nothing is here."""
        self._wanted = wanted = alphabet_of(language)
        if shown(self._cache).alphabet != wanted:
            with self._cache.write():
                self._cache.run(_CHOOSE, (wanted,))
        self._index.choose(wanted)

    def step(self) -> bool:
        """Sort for a moment; whether there is more to do."""
        if self._wanted is None:
            return False
        roles = {role: (position, alphabet) for position, alphabet, role in self._roles()}
        if "old" in roles:
            self._clear(roles["old"][0])
        elif "made" in roles and roles["made"][1] != self._wanted:
            with self._cache.write():
                self._cache.run("update spelling set role = 'old' where role = 'made'")
        elif roles["shown"][1] != self._wanted:
            self._fill()
        elif self._index.outdated():
            self._index.make(1)
            self._publish(Changed(frozenset(("directory",))))
        else:
            return False
        return True

    def _roles(self) -> list[tuple[int, str, str]]:
        return self._cache.rows("select position, alphabet, role from spelling")

    def _fill(self) -> None:
        """Put cases into the new order for a moment; it is shown when all are."""
        here = shown(self._cache)
        other = NAMES[here.position == NAMES[0]]
        with self._cache.write():
            self._cache.run("insert or ignore into spelling values(?, ?, 'made', 0)", (other, self._wanted))
            alphabet, position, at = self._cache.one("select alphabet, position, at from spelling where role = 'made'")
            until = time.monotonic() + HOLD
            while rows := self._cache.rows(_CASES, (at, STEP)):
                at = rows[-1][0]
                made: list[tuple[int, bytes, int]] = []
                for n, desk, id, name, activity, views in rows:
                    in_order = keys("", activity, "", (name_key(name, alphabet),), tail(id, desk))[-1:]
                    made += [(*place, n) for place in places(views, in_order, (position,))]
                self._cache.many("insert or replace into view_row values(?, ?, ?)", sorted(made))
                if self._cache.write_queue.wanted or time.monotonic() > until:
                    break
            self._cache.run("update spelling set at = ? where role = 'made'", (at,))
            if not rows:
                self._cache.run("update spelling set role = 'old' where role = 'shown'")
                self._cache.run("update spelling set role = 'shown' where role = 'made'")
        if not rows:
            self._publish(Changed(frozenset(("cases",))))

    def _clear(self, position: int) -> None:
        """Remove cases from an order that nobody reads for a moment."""
        until = time.monotonic() + HOLD
        # A row value keeps SQLite from reading the whole order.
        sql = "delete from view_row where (slot, key) in (select slot, key from view_row where slot = ? limit ?)"
        with self._cache.write():
            for slot in range(position, len(GROUPS) * 8, 8):
                while self._cache.run(sql, (slot, STEP)):
                    if self._cache.write_queue.wanted or time.monotonic() > until:
                        return
            self._cache.run("delete from spelling where role = 'old'")
