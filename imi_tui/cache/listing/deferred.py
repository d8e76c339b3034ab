"""A deferred transaction that changes very many rows and writes them on demand.

Thousands of cases get new rows and new positions in every sort order, of which one is on screen. The transaction stays
open while the screen is painted: the order of a group is written when it is first read, a row when it is shown, the
rest step by step between keys. Any other write to the file completes it first.
"""

from __future__ import annotations

import functools
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from imi_tui.cache.errors import CacheError
from imi_tui.cache.listing.moves import CHANGED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import ExitStack

    from imi_tui.cache.listing.moves import RowMoves
    from imi_tui.cache.storage.db import Database, Values

_PLACES = "view_row"
_ROWS = "listing"
_SLOT = re.compile(r"\bslot = (\d+|\?)")
_CHANGED = re.compile(rf"\b(?:{'|'.join(CHANGED)})\b|\*")


class DeferredTransaction:
    """The open transaction of `cache` and what it still has to write of `moves`: rows, and positions per slot.

    `end` is called before the commit and returns a function to call after it; `failed` is called after a rollback.
    """

    def __init__(
        self,
        cache: Database,
        moves: RowMoves,
        transaction: ExitStack,
        end: Callable[[], Callable[[], None]],
        failed: Callable[[], None],
    ) -> None:
        self._cache = cache
        self._moves = moves
        self._rows: Iterator[None] | None = moves.rows(cache)
        """Writes the remaining rows step by step; None if none are left."""
        self._orders = moves.orders(cache)
        self._begun: set[int] = set()
        self._transaction = transaction
        self._end = end
        self._failed = failed
        cache.deferred = self

    @property
    def over(self) -> bool:
        """Whether it was committed or rolled back."""
        return self._cache.deferred is not self

    def before(self, sql: str, values: Values) -> None:
        """Write the rows or positions that this statement reads."""
        if self._rows is not None and _reads_what_changes(sql):
            self._write_rows()
        if _PLACES not in sql:
            return
        asked = {int(values[0] if slot == "?" else slot) for slot in _SLOT.findall(sql)}
        for slot in tuple(self._orders):
            # Where one cannot be written all are given up.
            if slot in self._orders and (not asked or slot in asked):
                self._write(slot)

    def show(self, numbers: Iterable[int]) -> None:
        """Write these rows only, because they are about to be read."""
        if self._rows is not None:
            with self._or_nothing():
                self._moves.rows_of(self._cache, numbers)

    def more(self, slot: int, first: bytes, end: bytes) -> int | None:
        """By how many positions between two keys a slot will grow; None if it has to be read instead."""
        if slot not in self._orders:
            return 0
        return self._moves.more(slot, first, end) if slot not in self._begun else None

    def step(self) -> bool:
        """Write a part of the rest and finally commit. Returns whether anything is left."""
        if self._rows is not None:
            self._write_rows(whole=False)
        elif self._orders:
            self._write(next(iter(self._orders)), whole=False)
        elif not self.over:
            self._commit()
        return not self.over

    def finish(self) -> None:
        """Write the rest and commit."""
        while self.step():
            pass

    def _write_rows(self, *, whole: bool = True) -> None:
        with self._or_nothing():
            for _part in self._rows or ():
                if not whole:
                    return
            self._rows = None

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
            self._cache.deferred = None
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
        self._cache.deferred = None
        self._rows = None
        self._orders.clear()
        self._transaction.__exit__(type(error), error, error.__traceback__)


@functools.lru_cache(1024)
def _reads_what_changes(sql: str) -> bool:
    """Whether a statement reads columns of the listing that may change."""
    return _ROWS in sql and _CHANGED.search(sql) is not None
