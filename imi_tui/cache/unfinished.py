"""A transaction in which very many rows move, and of which what is asked for first is written first.

Each of thousands of cases has its place in every order of the list, of which one is on the screen. The transaction
stays open behind the picture: the order of a group is written when it is first read, or bit by bit between keys.
Whoever wants to write something else into the file ends it first.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from imi_tui.cache.errors import CacheError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import ExitStack

    from imi_tui.cache.db import Database, Values

_PLACES = "view_row"
_SLOT = re.compile(r"\bslot = (\d+|\?)")


class Unfinished:
    """What a transaction of `cache` still has to write: the places in each slot (`order.slots`), in steps.

    `more` tells how many places between two keys a slot gets. `end` is called before it is committed; what that gives
    is called behind the commit. `failed` is called where it was rolled back instead.
    """

    def __init__(
        self,
        cache: Database,
        orders: dict[int, Iterator[None]],
        more: Callable[[int, bytes, bytes], int],
        transaction: ExitStack,
        end: Callable[[], Callable[[], None]],
        failed: Callable[[], None],
    ) -> None:
        self._cache = cache
        self._orders = orders
        self._begun: set[int] = set()
        self._more = more
        self._transaction = transaction
        self._end = end
        self._failed = failed
        cache.unfinished = self

    @property
    def over(self) -> bool:
        """Whether it was committed, or rolled back."""
        return self._cache.unfinished is not self

    def before(self, sql: str, values: Values) -> None:
        """Write the orders that this statement reads."""
        if _PLACES not in sql:
            return
        asked = {int(values[0] if slot == "?" else slot) for slot in _SLOT.findall(sql)}
        for slot in tuple(self._orders):
            # Where one cannot be written all are given up.
            if slot in self._orders and (not asked or slot in asked):
                self._write(slot)

    def more(self, slot: int, first: bytes, end: bytes) -> int | None:
        """How many more places from one key to another a slot will have; None where that has to be read."""
        if slot not in self._orders:
            return 0
        return self._more(slot, first, end) if slot not in self._begun else None

    def step(self) -> bool:
        """Write a part of the rest, in the end commit; whether anything is left to do."""
        if self._orders:
            self._write(next(iter(self._orders)), whole=False)
        elif not self.over:
            self._commit()
        return not self.over

    def finish(self) -> None:
        """Write the rest and commit. What was committed to the outbox counts, whatever becomes of this."""
        while self.step():
            pass

    def _write(self, slot: int, *, whole: bool = True) -> None:
        self._begun.add(slot)
        with self._or_nothing():
            for _part in self._orders[slot]:
                if not whole:
                    return
            del self._orders[slot]

    def _commit(self) -> None:
        with self._or_nothing():
            behind = self._end()
            self._cache.unfinished = None
            self._transaction.close()
            behind()

    @contextmanager
    def _or_nothing(self) -> Iterator[None]:
        try:
            yield
        except CacheError as error:
            self._give_up(error)
            self._failed()
        except BaseException as error:
            self._give_up(error)
            raise

    def _give_up(self, error: BaseException) -> None:
        self._cache.unfinished = None
        self._orders.clear()
        self._transaction.__exit__(type(error), error, error.__traceback__)
