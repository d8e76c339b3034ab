"""Entries that come or go by the thousand are committed with a row for each thousand, and written out behind that.

Writing each takes longer than the picture should wait, and the rows that stand for them are as safe. Whoever reads or
changes entries asks for `entries`, which first writes out what is left; behind the picture that is done part by part.
"""

from __future__ import annotations

from imi_core.lean import TYPE_CHECKING, contextmanager, json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from imi_tui.cache.outbox.bulk_rows import Part
    from imi_tui.cache.outbox.item import Item
    from imi_tui.cache.storage.db import Database

INSERT = (
    "insert into outbox(client_ref, officer, desk, case_id, procedure, action, payload, digest, state, attempts,"
    " queued_at, reference, subject, server_at)"
)
STAYS = "not exists (select 1 from unwritten where pos between first_pos and last_pos)"
"""Said of an entry: it is not one of those that are about to go."""
UNTOUCHED = "state = 'queued' and attempts = 0"
# Told by an index alone: the entries themselves fill thousands of pages.
_THERE = "select count(*) from outbox where client_ref between ? and ?"
_TRIED = (
    "select 1 from outbox indexed by outbox_tried where pos between ? and ?"
    " and (state <> 'queued' or attempts > 0) limit 1"
)
_GO = "select first_pos, last_pos from unwritten where come = 0 order by first_pos"
_UNTOUCHED_AT = f"select 1 from outbox where pos between ? and ? and {UNTOUCHED} limit 1"  # noqa: S608
_END = 1 << 62
_ANY = "select 1 from unwritten limit 1"
_FIRST = "select no, wire, first_pos, last_pos from unwritten order by no limit 1"
COME_AND_GO = (
    "select 'come', coalesce(sum(come), 0) from unwritten union all"
    " select 'go', coalesce(sum(last_pos - first_pos + 1), 0) from unwritten where come = 0"
)
"""How many entries come, and how many go, that are not written out."""
_COMING_OF = "select wire from unwritten where come > 0 and instr(wire, cast(? as blob)) order by no"
_COMES = "select 1 from json_each(?) j cross join unwritten u where j.value between u.first_ref and u.last_ref limit 1"


class WritingOut:
    """The file of the outbox. Methods marked "inside" want an open write transaction."""

    def __init__(self, work: Database, with_room: Callable[[Callable[[], bool]], bool]) -> None:
        self.work = work
        self._with_room = with_room
        """Does something, on a full disk once more with the room that is kept for that."""

    @property
    def entries(self) -> Database:
        """The file with every entry written out: the one to ask for entries, and to change them in."""
        if self.work.one(_ANY) is not None:
            self.write_out_all()
        return self.work

    def write_out_all(self) -> None:
        """Write out everything that is left. Raises `CacheError`; then what was not is as safe as before."""
        while self.write_out():
            pass

    def write_out(self) -> bool:
        """Write out what one row stands for, in a transaction if none is open; whether more is left."""
        return self._part() if self.work.connection.in_transaction else self._with_room(self._alone)

    def _alone(self) -> bool:
        # The log is copied once, behind the last one.
        with self.work.write(shorten=False):
            self.work.grow_page_cache()
            left = self._part()
        if not left:
            self.work.reset_page_cache()
            self.work.shorten_log()
        return left

    def _part(self) -> bool:
        found = self.work.one(_FIRST)
        if found is None:
            return False
        no, wire, first, last = found
        if wire:
            from imi_tui.cache.outbox.bulk_rows import read

            self.work.many_rows(INSERT, list(read(wire).entries()))
        else:
            self.work.run("delete from outbox where pos between ? and ?", (first, last))
        self.work.run("delete from unwritten where no = ?", (no,))
        return self.work.one(_ANY) is not None

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """A read transaction in which every entry is written out."""
        while True:
            self.write_out_all()
            with self.work.snapshot():
                if self.work.one(_ANY) is None:
                    yield
                    return

    def put_parts(self, parts: Iterable[Part]) -> None:
        """Inside: let these rows stand for entries that come or go."""
        sql = "insert into unwritten(come, first_ref, last_ref, first_pos, last_pos, wire) values(?, ?, ?, ?, ?, ?)"
        self.work.many(sql, parts)

    def span(self, first: str, last: str) -> tuple[int, int] | None:
        """At which positions the entries with these references stand; None where one of them is gone."""
        found = [self.entries.one("select pos from outbox where client_ref = ?", (ref,)) for ref in (first, last)]
        return (found[0][0], found[1][0]) if all(found) else None

    def are_untouched(self, first: str, last: str, count: int) -> bool:
        """Whether so many entries, with all references from one to another, stand in a row and were never tried."""
        span, entries = self.span(first, last), self.entries
        return (
            span is not None
            and span[1] - span[0] + 1 == count == entries.one(_THERE, (first, last))[0]
            and entries.one(_TRIED, span) is None
        )

    def any_untouched(self) -> bool:
        """Whether an entry that was never tried stays; none is written out for it."""
        begin = -1
        for first, last in [*self.work.rows(_GO), (_END, _END)]:
            if self.work.one(_UNTOUCHED_AT, (begin, first - 1)) is not None:
                return True
            begin = last + 1
        return False

    def coming_of(self, desk: str, case_id: str) -> list[Item]:
        """The entries for a case that come and are not written out, in order; they have no position yet."""
        rows = self.work.rows(_COMING_OF, (json.dumps(case_id),))
        if not rows:
            return []
        from imi_tui.cache.outbox.bulk_rows import read

        return [
            entry.item()
            for (wire,) in rows
            for entry in read(wire).entries()
            if (entry.desk, entry.case_id) == (desk, case_id)
        ]

    def comes(self, refs: Sequence[str] | None = None) -> bool:
        """Whether any entry comes that is not written out, or any of these."""
        if refs is None:
            return self.work.one("select 1 from unwritten where come > 0 limit 1") is not None
        return self.work.one(_COMES, (json.dumps(refs),)) is not None
