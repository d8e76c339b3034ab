"""A transaction in which very many rows move, and of which what is asked for first is written first.

Each of thousands of cases has another row, and its place in every order of the list, of which one is on the screen. The
transaction stays open behind the picture: the order of a group is written when it is first read, a row when it is
shown, or bit by bit between keys. Whoever wants to write something else into the file ends it first.
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

    from imi_tui.cache.listing.moves import Moves
    from imi_tui.cache.storage.db import Database, Values

_PLACES = "view_row"
_ROWS = "listing"
_SLOT = re.compile(r"\bslot = (\d+|\?)")
_CHANGED = re.compile(rf"\b(?:{'|'.join(CHANGED)})\b|\*")


class Unfinished:
    """What a transaction of `cache` still has to write of `moves`: the rows, and the places in each slot, in steps.

    `end` is called before it is committed; what that gives is called behind the commit. `failed` is called where it was
    rolled back instead.
    """

    def __init__(
        self,
        cache: Database,
        moves: Moves,
        transaction: ExitStack,
        end: Callable[[], Callable[[], None]],
        failed: Callable[[], None],
    ) -> None:
        self._cache = cache
        self._moves = moves
        self._rows: Iterator[None] | None = moves.rows(cache)
        """What writes the rows that are left, None where none is."""
        self._orders = moves.orders(cache)
        self._begun: set[int] = set()
        self._transaction = transaction
        self._end = end
        self._failed = failed
        cache.unfinished = self

    @property
    def over(self) -> bool:
        """Whether it was committed, or rolled back."""
        return self._cache.unfinished is not self

    def before(self, sql: str, values: Values) -> None:
        """Write the rows or orders that this statement reads."""
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
        """Write these rows: whoever asks reads them as they are written then, and no others."""
        if self._rows is not None:
            with self._or_nothing():
                self._moves.rows_of(self._cache, numbers)

    def more(self, slot: int, first: bytes, end: bytes) -> int | None:
        """How many more places from one key to another a slot will have; None where that has to be read."""
        if slot not in self._orders:
            return 0
        return self._moves.more(slot, first, end) if slot not in self._begun else None

    def step(self) -> bool:
        """Write a part of the rest, in the end commit; whether anything is left to do."""
        if self._rows is not None:
            self._write_rows(whole=False)
        elif self._orders:
            self._write(next(iter(self._orders)), whole=False)
        elif not self.over:
            self._commit()
        return not self.over

    def finish(self) -> None:
        """Write the rest and commit. What was committed to the outbox counts, whatever becomes of this."""
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
        self._rows = None
        self._orders.clear()
        self._transaction.__exit__(type(error), error, error.__traceback__)


@functools.lru_cache(1024)
def _reads_what_changes(sql: str) -> bool:
    """Whether a statement reads, of the rows of the listing, something that is another for those that change."""
    return _ROWS in sql and _CHANGED.search(sql) is not None
