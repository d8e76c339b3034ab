"""What one transaction writes into the projection: collected first, then written in the order of keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from imi_tui.cache.order import group_of, spread

if TYPE_CHECKING:
    from imi_tui.cache.content.documents import Documents
    from imi_tui.cache.listing.fold import Facts
    from imi_tui.cache.register.former_handlers import Histories, Stand
    from imi_tui.cache.storage.db import Database


@dataclass
class Batch:
    """Rows collected during one transaction of the cache.

    `new` and `listing`: rows that are new, and others. `stands`: (keys, n, views) of those that are new. `places`:
    where others come to stand (n) or stood (None). `counts`: rows more or fewer, by the views they are in.
    `partners`: by authority, cases with it more or fewer, and its latest activity.
    """

    new: list[tuple[Any, ...]] = field(default_factory=list)
    listing: list[tuple[Any, ...]] = field(default_factory=list)
    confirmed: list[tuple[Any, ...]] = field(default_factory=list)
    stands: list[tuple[tuple[bytes, ...], int, int]] = field(default_factory=list)
    places: dict[tuple[int, bytes], int | None] = field(default_factory=dict)
    removed: list[tuple[int]] = field(default_factory=list)
    unconfirmed: list[tuple[int]] = field(default_factory=list)
    counts: dict[int, int] = field(default_factory=dict)
    without_rules: list[tuple[Any, ...]] = field(default_factory=list)
    local: list[tuple[int, int, str]] = field(default_factory=list)
    partners: dict[str, tuple[int, int]] = field(default_factory=dict)
    assigned: list[Stand] = field(default_factory=list)

    def met(self, authority: str, activity: int, step: int) -> None:
        """A case with this authority came or went."""
        if authority:
            cases, last = self.partners.get(authority, (0, 0))
            self.partners[authority] = cases + step, max(last, activity)

    def count(self, views: int, step: int) -> None:
        """A row with these views came or went."""
        self.counts[views] = self.counts.get(views, 0) + step

    def group_counts(self) -> list[tuple[int, int]]:
        """By how much every group grew."""
        return [(group_of(views), step) for views, step in self.counts.items() if step]

    def write(self, cache: Database, documents: Documents, histories: Histories, at: tuple[int, ...]) -> None:
        """Write them; `at`: `order.positions` of the orders they stand in."""
        many = cache.many
        if self.removed:
            cache.run("update meta set value = max(value, ?) where name = 'rows'", max(self.removed))
        many("delete from listing where n = ?", self.removed)
        many("delete from confirmed where n = ?", self.removed + self.unconfirmed)
        columns = ",".join("?" * 21)
        many(f"insert or replace into listing values({columns})", self.listing)
        # Behind all others, which costs half as much as finding out what to replace.
        many(f"insert into listing values({columns})", self.new)
        many("insert or replace into confirmed values(?, ?, ?, ?)", self.confirmed)
        # In the order of the key, so that neighbouring rows are written together.
        gone = sorted(place for place, n in self.places.items() if n is None)
        many("delete from view_row where slot = ? and key = ?", gone)
        stays = sorted((*place, n) for place, n in self.places.items() if n is not None)
        many("insert or replace into view_row(key, n, slot) values(?, ?, ?)", spread(self.stands, at))
        many("insert or replace into view_row values(?, ?, ?)", stays)
        many(
            "insert into group_count values(?, ?) on conflict(no) do update set rows = rows + excluded.rows",
            self.group_counts(),
        )
        many(
            "insert into partner values(?1, max(?2, 0), ?3) on conflict do update"
            " set cases = max(cases + ?2, 0), last = max(last, ?3)",
            [(authority, cases, last) for authority, (cases, last) in self.partners.items()],
        )
        if self.assigned:
            histories.want(self.assigned)
        many("insert or ignore into without_rules values(?, ?, ?, ?)", self.without_rules)
        for n, activity, text in self.local:
            documents.add_local(n, activity, text)


def listing_row(
    n: int, number: int, id: str, row: Facts, unread: int, pending: int, rejected: int, seen: int, assigning: int
) -> tuple[Any, ...]:
    """A row of the table `listing`."""
    return (
        n,
        number,
        id,
        row.reference,
        row.procedure,
        row.state,
        row.subject,
        row.country,
        row.counterpart,
        row.due,
        row.activity,
        row.level,
        row.mine,
        unread,
        pending,
        rejected,
        row.files,
        row.views,
        seen,
        row.handler,
        assigning,
    )
