"""The outbox: entries on their way to the server, in `work.db`.

A payload is frozen when it is queued. Attempts are counted and committed before the first byte leaves. Nothing is
dropped by count or age: an entry leaves only by the officer's hand or, once acknowledged, when the server's backups
have it. Every change raises the generation, and `touched` says at which generation a case was last concerned, so
that the projection in the other file can be brought up to date after a crash between the two commits. Of very many
entries that come or go at once only the generation is kept: then everything that waits is looked at.
"""

from __future__ import annotations

from imi_core.lean import TYPE_CHECKING, json
from imi_tui.cache.errors import NoSuchItem, OutboxChanged
from imi_tui.cache.ids import ASSIGN, BESIDE, LOCAL, TRANSLATE
from imi_tui.cache.model import OutboxState, Untouched
from imi_tui.cache.outbox.drafts import Drafts
from imi_tui.cache.outbox.item import Item, digest_of, local_files, maker
from imi_tui.cache.outbox.writing_out import COME_AND_GO, STAYS, UNTOUCHED, WritingOut
from imi_tui.cache.personal.annotations import called

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence
    from typing import Any, Literal

    from imi_tui.cache.outbox.bulk_rows import Part
    from imi_tui.cache.storage.db import Database

    Note = Literal["server", "epoch", "officer", "restored"]
    """Where what is written here belongs: the id of the server, its epoch, the id of the officer; and whether
    somebody has still to be told that the server was restored."""

STATES: tuple[OutboxState, ...] = ("queued", "sending", "acked", "rejected")
_COLUMNS = (
    "pos, client_ref, officer, desk, case_id, procedure, action, payload, state, attempts, queued_at, reference,"
    " subject, error, created, server_at"
)
_COUNTS = "select state, count(*) from outbox where state <> 'acked' group by state"


class Outbox(WritingOut):
    """The outbox, with the `drafts` that become its entries. Methods marked "inside" want an open write transaction."""

    def __init__(self, work: Database, with_room: Callable[[Callable[[], bool]], bool]) -> None:
        super().__init__(work, with_room)
        self.drafts = Drafts(work)
        # With thousands of entries these take long, and screens ask several times between two changes.
        self._counted: tuple[tuple[int, int, int], tuple[int, int]] = ((-1, -1, 0), (0, 0))
        self._untouched: tuple[tuple[int, int, int], list[Untouched]] = ((-1, -1, 0), [])

    # --- reading -----------------------------------------------------------------------------------------------

    def generation(self) -> int:
        """How often the outbox changed."""
        found: int = self.work.one("select value from meta where name = 'generation'")[0]
        return found

    def noted(self, name: Note) -> str:
        """What was noted of where this belongs, or empty."""
        found = self.work.one("select value from meta where name = ?", (name,))
        return str(found[0]) if found is not None else ""

    def touched(self, since: int) -> list[tuple[str, str]]:
        """(desk, case) of everything concerned after generation `since`."""
        return self.work.rows("select desk, case_id from touched where generation > ?", (since,))

    def is_beyond_telling(self, since: int) -> bool:
        """Whether very many entries came or went at once after generation `since`: they are not among the `touched`."""
        found = self.work.one("select value from meta where name = 'many'")
        return found is not None and int(found[0]) > since

    def live(self) -> list[Item]:
        """Entries that are not in the confirmed tables yet, in order."""
        sql = f"select {_COLUMNS} from outbox where state <> 'acked' or confirmed = 0 order by pos"  # noqa: S608
        return [Item(*row) for row in self.entries.rows(sql)]

    def live_of(self, desk: str, case_id: str) -> list[Item]:
        """Of `live` those of one case, and those of cases that this machine began; nothing is written out for them."""
        # Read first: what is written out meanwhile is met twice, and not missed.
        coming = self.coming_of(desk, case_id)
        mine = f"case_id = ? or case_id between '{LOCAL}' and '{LOCAL}~'"
        sql = (
            f"select {_COLUMNS} from outbox where (state <> 'acked' or confirmed = 0) and desk = ? and ({mine})"  # noqa: S608
            f" and {STAYS}"
        )
        # Few, most often none: sorted here none of a long outbox is looked at for it.
        found = [Item(*row) for row in sorted(self.work.rows(sql, (desk, case_id)))]
        there = {item.client_ref for item in found}
        return [*found, *(item for item in coming if item.client_ref not in there)]

    def shown(self) -> list[Item]:
        """Entries that the server has not taken, in order."""
        return [item for item in self.live() if item.state != "acked"]

    def untouched(self) -> list[Untouched]:
        """Queued entries that were never tried, in order; their payloads are not even read."""
        moment = self.entries.moment()
        if self._untouched[0] != moment:
            sql = (
                "select client_ref, desk, case_id, reference, subject, queued_at from outbox"  # noqa: S608
                f" where {UNTOUCHED} order by pos"
            )
            self._untouched = moment, list(map(maker(Untouched), self.work.rows(sql)))
        return list(self._untouched[1])

    def is_untouched(self, refs: Sequence[str] | None = None) -> bool:
        """Whether any queued entry was never tried, or any of these."""
        if refs is None:
            return self.comes() or self.any_untouched()
        asked = "select 1 from json_each(?) j cross join outbox o on o.client_ref = j.value"
        sql = f"{asked} where {UNTOUCHED} and {STAYS} limit 1"
        # Most often it is the first one.
        parts = (refs[:1], refs[1:])
        return any(self.comes(part) or self.work.one(sql, (json.dumps(part),)) is not None for part in parts if part)

    def counts(self) -> tuple[int, int]:
        """(waiting or on their way, rejected)."""
        moment = self.work.moment()
        if self._counted[0] != moment:
            rows = dict(self.work.rows(f"{_COUNTS} union all {COME_AND_GO}"))
            waiting = rows.get("queued", 0) + rows.get("sending", 0) + rows["come"] - rows["go"]
            self._counted = moment, (waiting, rows.get("rejected", 0))
        return self._counted[1]

    def item(self, client_ref: str) -> Item:
        """One entry. Raises `NoSuchItem`."""
        sql = f"select {_COLUMNS} from outbox where client_ref = ?"  # noqa: S608
        found = self.entries.one(sql, (client_ref,))
        if found is None:
            raise NoSuchItem(client_ref)
        return Item(*found)

    def items(self, refs: Sequence[str]) -> list[Item]:
        """These entries, in this order. Raises `NoSuchItem` where one is not there."""
        sql = (
            f"select {_COLUMNS} from json_each(?) j cross join outbox o on o.client_ref = j.value"  # noqa: S608
            " order by j.key"
        )
        found = list(map(maker(Item), self.entries.rows(sql, (json.dumps(list(refs)),))))
        if len(found) < len(refs):
            here = {item.client_ref for item in found}
            raise NoSuchItem(next(ref for ref in refs if ref not in here))
        return found

    def live_cases(self, but: Sequence[int] = ()) -> list[tuple[str, str]]:
        """(desk, case) of what `live` brings, each once; without the entries at these positions."""
        sql = "select distinct desk, case_id from outbox where (state <> 'acked' or confirmed = 0) and pos not"
        if isinstance(but, range):
            # However many thousands they are, their ends say it.
            return self.entries.rows(f"{sql} between ? and ?", (but.start, but.stop - 1))
        return self.entries.rows(f"{sql} in (select value from json_each(?))", (json.dumps(but),))  # noqa: S608

    def assigned_at(self, client_ref: str) -> int:
        """The version of the assignment that the server made of this one; 0 where that is not known."""
        found = self.entries.one(
            "select json_extract(created, '$.version') from outbox where client_ref = ?", (client_ref,)
        )
        return int(found[0] or 0) if found is not None else 0

    def journal(self, desk: str) -> list[Item]:
        """Acknowledged entries of a desk that are still kept, in order."""
        sql = f"select {_COLUMNS} from outbox where desk = ? and state = 'acked' order by pos"  # noqa: S608
        return [Item(*row) for row in self.entries.rows(sql, (desk,))]

    def kept(self) -> list[Item]:
        """Acknowledged entries of all desks that are still kept, in order."""
        sql = f"select {_COLUMNS} from outbox where state = 'acked' order by pos"  # noqa: S608
        return [Item(*row) for row in self.entries.rows(sql)]

    def alias(self, desk: str, case_id: str) -> str:
        """What `case_id` is called now."""
        for _ in range(8):
            if not case_id.startswith(LOCAL):
                break
            found = self.work.one("select case_id from alias where desk = ? and ref = ?", (desk, case_id))
            if found is None:
                break
            case_id = found[0]
        return case_id

    def ready(self, officer: str, limit: int, but: Container[str] = ()) -> list[Item]:
        """Queued entries of this officer in order; what stands behind a rejected one of its case waits.

        `but`: client refs of entries that are not to be sent now; what stands behind one of them waits as well.
        Assignments and translations wait for nothing but their like and the start of their case, and nothing for them.
        """
        held: set[tuple[str, str, str]] = set()
        out: list[Item] = []
        for item in self.shown():
            beside = item.action if item.action.startswith(BESIDE) else ""
            case = item.desk, item.case_id, beside
            begins = bool(beside) and item.case_id.startswith(LOCAL) and (item.desk, item.case_id, "") in held
            if item.state != "queued" or item.officer != officer or item.client_ref in but or self._waits(item):
                held.add(case)
            elif case not in held and not begins and len(out) < limit:
                out.append(item)
        return out

    def held_back(self) -> list[Item]:
        """Entries that were taken once, are to be offered again, and cannot be behind a refused one of their case."""
        sql = (
            f"select {_COLUMNS} from outbox o where state = 'queued' and created is not null and exists ("  # noqa: S608
            "select 1 from outbox r where r.desk = o.desk and r.case_id = o.case_id and r.pos < o.pos"
            " and (r.action = ?1) = (o.action = ?1) and (r.action = ?2) = (o.action = ?2) and r.state = 'rejected')"
            " order by pos"
        )
        return [Item(*row) for row in self.entries.rows(sql, (ASSIGN, TRANSLATE))]

    def waiting_for_files(self, officer: str) -> list[Item]:
        """Queued entries of this officer whose files the server does not have yet, in order."""
        queued = [item for item in self.shown() if item.state == "queued" and item.officer == officer]
        return [item for item in queued if self._waits(item)]

    def _waits(self, item: Item) -> bool:
        if '"attachments"' not in item.payload:
            return False
        sql = "select 1 from upload where id = ? and blob_id = ''"
        return any(self.work.one(sql, (id,)) for id in local_files(item.content))

    def is_sound(self, item: Item) -> bool:
        """Whether its payload is what was frozen."""
        [kept] = self.entries.one("select digest from outbox where client_ref = ?", (item.client_ref,)) or ("",)
        content = item.content
        return content.get("clientRef") == item.client_ref and digest_of(content) == kept

    def followers(self, item: Item) -> bool:
        """Whether later entries belong to the case that `item` starts."""
        if not item.starts:
            return False
        sql = "select 1 from outbox where desk = ? and case_id = ? and pos > ? and state <> 'acked'"
        return self.entries.one(sql, (item.desk, item.case_id, item.pos)) is not None

    # --- writing, inside a transaction -------------------------------------------------------------------------

    def insert(self, item: Item) -> None:
        """Inside: a new entry, at the end or (`pos` not 0) in the place of one that was removed."""
        values = (item.pos or None, *item[1:8], digest_of(item.content), *item[8:])
        self.entries.run(
            "insert into outbox(pos, client_ref, officer, desk, case_id, procedure, action, payload, digest, state,"
            " attempts, queued_at, reference, subject, error, created, server_at)"
            " values(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            values,
        )
        self.touch([(item.desk, item.case_id)])

    def stand_for(self, parts: Iterable[Part]) -> int:
        """Inside: entries come, for as many cases that are there, or go; the generation that this raises."""
        self.put_parts(parts)
        return self._raised_by_many()

    def delete_all(self, items: Iterable[Item]) -> int:
        """Inside: the officer took these entries back; the generation that this raises.

        Raises `OutboxChanged` where one is not untouched any more: it may be on its way this moment.
        """
        asked = [item.pos for item in items]
        sql = f"delete from outbox where pos in (select value from json_each(?)) and {UNTOUCHED}"  # noqa: S608
        if self.entries.run(sql, (json.dumps(asked),)) < len(asked):
            raise OutboxChanged(())
        return self._raised_by_many()

    def remove(self, item: Item) -> None:
        """Inside: the officer took this entry back."""
        self.entries.run("delete from outbox where client_ref = ?", (item.client_ref,))
        self.touch([(item.desk, item.case_id)])

    def replace_start(self, old: Item, new_ref: str) -> None:
        """Inside: the case that `old` was to start is now to be started by `new_ref`; what follows goes along.

        The payload of a follower that was never attempted names the new one; any other stays as it was frozen.
        """
        local, other = LOCAL + old.client_ref, LOCAL + new_ref
        self.work.run("insert or replace into alias values(?, ?, ?)", (old.desk, local, other))
        called(self.work, old.desk, local, other)
        sql = f"select {_COLUMNS} from outbox where desk = ? and case_id = ?"  # noqa: S608
        for row in self.entries.rows(sql, (old.desk, local)):
            item = Item(*row)
            self.entries.run("update outbox set case_id = ? where client_ref = ?", (other, item.client_ref))
            # What is damaged must not become sound by a new digest.
            if item.attempts == 0 and self.is_sound(item):
                content = {**item.content, "caseId": other}
                values = json.dumps(content, ensure_ascii=False), digest_of(content), item.client_ref
                self.entries.run("update outbox set payload = ?, digest = ? where client_ref = ?", values)
        self.touch([(old.desk, local), (old.desk, other)])

    def begin(self, refs: Iterable[str]) -> None:
        """Inside: these are about to be sent. Raises `OutboxChanged` when one is not queued any more."""
        gone: list[str] = []
        for ref in refs:
            sql = (
                "update outbox set state = 'sending', attempts = attempts + 1 where client_ref = ? and state = 'queued'"
            )
            if not self.entries.run(sql, (ref,)):
                gone.append(ref)
        if gone:
            raise OutboxChanged(tuple(gone))

    def acknowledge(self, client_ref: str, created: Mapping[str, Any]) -> None:
        """Inside: the server took it. A local case is called by its id from now on."""
        item = self.item(client_ref)
        case_id = str(created.get("caseId") or item.case_id)
        self.entries.run(
            "update outbox set state = 'acked', error = null, created = ? where client_ref = ?",
            (json.dumps(dict(created), ensure_ascii=False), client_ref),
        )
        concerned = [(item.desk, item.case_id), (item.desk, case_id)]
        if item.starts and case_id != item.case_id:
            self.work.run("insert or replace into alias values(?, ?, ?)", (item.desk, item.case_id, case_id))
            called(self.work, item.desk, item.case_id, case_id)
            self.entries.run(
                "update outbox set case_id = ?, reference = case when reference = '' then ? else reference end"
                " where desk = ? and case_id = ?",
                (case_id, str(created.get("reference") or ""), item.desk, item.case_id),
            )
        self.touch(concerned)

    def reject(self, client_ref: str, error: Mapping[str, Any]) -> None:
        """Inside: the server refused it, for good."""
        item = self.item(client_ref)
        self.entries.run(
            "update outbox set state = 'rejected', error = ? where client_ref = ?",
            (json.dumps(dict(error), ensure_ascii=False), client_ref),
        )
        self.touch([(item.desk, item.case_id)])

    def wait(self, client_ref: str, error: Mapping[str, Any]) -> None:
        """Inside: to be sent again, for the reason that `error` tells."""
        self.requeue([client_ref])
        self.entries.run(
            "update outbox set error = ? where client_ref = ?",
            (json.dumps(dict(error), ensure_ascii=False), client_ref),
        )

    def requeue(self, refs: Iterable[str]) -> None:
        """Inside: to be sent again."""
        for ref in refs:
            item = self.item(ref)
            self.entries.run("update outbox set state = 'queued', confirmed = 0 where client_ref = ?", (ref,))
            self.touch([(item.desk, item.case_id)])

    def take_as_sent(self, items: Sequence[Item]) -> None:
        """Inside: the server has these. Since when is not known, so that no backup counts as reaching them."""
        self.entries.many(
            "update outbox set state = 'acked', confirmed = 1, created = json_remove(created, '$.seq')"
            " where client_ref = ?",
            [(item.client_ref,) for item in items],
        )
        self.touch([(item.desk, item.case_id) for item in items])

    def note(self, name: Note, value: str) -> None:
        """Inside: note where this belongs."""
        self.work.run("insert or replace into meta values(?, ?)", (name, value))

    def safe(self, desk: str, safe: int) -> list[str]:
        """What was acknowledged, came back, and is in a verified backup that reaches change `safe`."""
        sql = (
            "select client_ref from outbox where desk = ? and state = 'acked' and confirmed = 1"
            " and json_type(created, '$.seq') = 'integer' and json_extract(created, '$.seq') <= ?"
        )
        return [ref for (ref,) in self.entries.rows(sql, (desk, safe))]

    def doubt(self, refs: Iterable[str]) -> set[str]:
        """Inside: queue these once more, unless that was done before; which they are."""
        found = self.work.one("select value from meta where name = 'offered again'")
        before: set[str] = set(json.loads(found[0])) if found is not None else set()
        again = set(refs) - before
        if again:
            value = json.dumps(sorted(before | again))
            self.work.run("insert or replace into meta values('offered again', ?)", (value,))
            self.requeue(sorted(again))
        return again

    def forget(self, refs: Iterable[str]) -> None:
        """Inside: these are safe at the server."""
        gone = list(refs)
        self.entries.many("delete from outbox where client_ref = ? and state = 'acked'", [(ref,) for ref in gone])
        found = self.work.one("select value from meta where name = 'offered again'")
        left = set(json.loads(found[0])) - set(gone) if found is not None else set()
        if found is not None:
            self.work.run("insert or replace into meta values('offered again', ?)", (json.dumps(sorted(left)),))

    def _raised_by_many(self) -> int:
        # Whoever does this writes the rows, too: only after a crash in between it is asked which cases these are.
        generation = self._raised()
        self.work.run("insert or replace into meta values('many', ?)", (generation,))
        return generation

    def _raised(self) -> int:
        self.work.run("update meta set value = value + 1 where name = 'generation'")
        return self.generation()

    def touch(self, cases: Iterable[tuple[str, str]]) -> int:
        """Inside: raise the generation, which it is now, and note whom it concerns."""
        generation = self._raised()
        self.work.many(
            "insert or replace into touched values(?, ?, ?)", [(desk, case_id, generation) for desk, case_id in cases]
        )
        return generation
