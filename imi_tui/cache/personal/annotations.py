"""What an officer keeps about cases for themselves: tags, a note, "not before this day". It never leaves this machine.

It lies in `work.db`, as nobody else has it. A case that is put off is out of the views of what is to be done until its
day comes, or until something new happens in it.

It is about the people in the case as well: when the case is erased, or blocked in its time, it goes at once. A case
that goes for another reason may come back; what is kept about it waits for that, `WAIT` days.
"""

from __future__ import annotations

import datetime as dt

from imi_core.lean import TYPE_CHECKING, json, suppress
from imi_core.text import display, fold
from imi_tui.cache.errors import CacheBusy
from imi_tui.cache.model import Changed, Mine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from imi_tui.cache.model import Row
    from imi_tui.cache.outbox.outbox import Outbox
    from imi_tui.cache.storage.db import Database

CaseId = tuple[str, str]
"""(desk, case id)"""
TAG = 24
"""Characters of a tag at most."""
NOTE = 4000
"""Characters of a note at most."""
WAIT = 30
"""Days for which it is kept about a case that went without having been erased."""
NAMED = 500
"""More cases than this are not named one by one when a change is announced."""

_OF = (
    "select p.desk, p.case_id, p.tags, p.note, p.until, p.version from json_each(?1) j"
    " cross join personal p on p.desk = j.value ->> 0 and p.case_id = j.value ->> 1"
)
_PUT = "insert or replace into personal values(?, ?, ?, ?, ?, ?)"
_CALLED = (
    "insert or replace into personal select desk, ?3, tags, note, until, version from personal"
    " where desk = ?1 and case_id = ?2"
)


NOTHING = Mine()


def tag_name(typed: str) -> str:
    """A tag as it is kept: one word of letters, digits, "-" and "."; "" where nothing is left of what was typed."""
    word = "-".join(display(typed).strip().lstrip("#").split())
    return "".join(char for char in word if char.isalnum() or char in "-.")[:TAG].strip("-.")


def tagged(mine: Mine, tag: str) -> Mine:
    """With this tag; letters are compared folded, so that "Dringend" and "dringend" are one."""
    if any(fold(each) == fold(tag) for each in mine.tags):
        return mine
    return mine._replace(tags=tuple(sorted((*mine.tags, tag), key=fold)))


def untagged(mine: Mine, tag: str) -> Mine:
    """Without this tag."""
    return mine._replace(tags=tuple(each for each in mine.tags if fold(each) != fold(tag)))


def note_text(typed: str) -> str:
    """A note as it is kept."""
    return display(typed, "multi", NOTE).strip()


class Personal:
    """The table. Reading is cheap for the rows of a page; everything that writes is one transaction."""

    def __init__(
        self, work: Database, outbox: Outbox, publish: Callable[[Changed], None], reflect: Callable[[], None]
    ) -> None:
        self._work = work
        self._outbox = outbox
        self._publish = publish
        self._reflect = reflect

    # --- reading ------------------------------------------------------------------------------------------------

    def of(self, cases: Iterable[CaseId]) -> dict[CaseId, Mine]:
        """What is kept of these cases; those of which nothing is are left out."""
        asked = json.dumps(list(cases))
        return {(row[0], row[1]): _mine(*row[2:]) for row in self._work.rows(_OF, (asked,))}

    def one(self, desk: str, id: str) -> Mine:
        """What is kept of one case."""
        sql = "select tags, note, until, version from personal where desk = ? and case_id = ?"
        found = self._work.one(sql, (desk, id))
        return _mine(*found) if found is not None else NOTHING

    def shown(self, rows: list[Row]) -> list[Row]:
        """These rows of a list with what is kept of their cases."""
        found = self.of((row.desk, row.id) for row in rows)
        if not found:
            return rows
        return [
            row._replace(tags=mine.tags, noted=bool(mine.note), until=mine.until if row.asleep else "")
            if (mine := found.get((row.desk, row.id))) is not None
            else row
            for row in rows
        ]

    def tags(self) -> list[tuple[str, int]]:
        """Every tag in use and how many cases have it, the most used first."""
        counts: dict[str, int] = {}
        for (tags,) in self._work.rows("select tags from personal where tags <> ''"):
            for tag in tags.split():
                counts[tag] = counts.get(tag, 0) + 1
        return sorted(counts.items(), key=lambda each: (-each[1], fold(each[0])))

    def with_tag(self, tag: str) -> list[CaseId]:
        """Cases with this tag (however it is written), those with any tag for ""."""
        wanted = fold(tag)
        rows = self._work.rows("select desk, case_id, tags from personal where tags <> ''")
        return [(desk, id) for desk, id, tags in rows if not wanted or wanted in fold(tags).split()]

    def with_note(self, words: str = "") -> list[CaseId]:
        """Cases whose note has all these words as beginnings."""
        wanted = fold(words).split()
        rows = self._work.rows("select desk, case_id, note from personal where note <> ''")
        return [
            (desk, id)
            for desk, id, note in rows
            if all(any(word.startswith(each) for word in fold(note).split()) for each in wanted)
        ]

    # --- writing ------------------------------------------------------------------------------------------------

    def change(self, cases: Iterable[CaseId], edit: Callable[[CaseId, Mine], Mine]) -> dict[CaseId, Mine]:
        """Let `edit` make of what is kept of each case what shall be; what was kept of those it changed."""
        given = list(cases)
        with self._work.write():
            known = self.of(given)
            after = {case: edit(case, known.get(case, NOTHING)) for case in given}
            before = {case: known.get(case, NOTHING) for case in given}
            changed = {case: mine for case, mine in before.items() if mine != after[case]}
            moved = self._put({case: after[case] for case in changed}, changed)
        if moved:
            self._reflect()
        elif changed:
            self._publish(Changed(frozenset(("cases",)), frozenset(changed if len(changed) <= NAMED else ())))
        return changed

    def restore(self, kept: Mapping[CaseId, Mine]) -> dict[CaseId, Mine]:
        """Keep exactly this again; what was kept instead."""
        return self.change(kept, lambda case, _now: kept[case])

    def wake(self, today: str) -> int:
        """Let go of the days that have come; how many cases come back."""
        sql = "select desk, case_id from personal where until <> '' and until <= ?"
        if self._work.one(f"{sql} limit 1", (today,)) is None:
            return 0
        return len(self.change([(desk, id) for desk, id in self._work.rows(sql, (today,))], _awake))

    # --- cases that go ------------------------------------------------------------------------------------------

    def gone(self, cases: Mapping[CaseId, bool], today: dt.date) -> None:
        """These are no longer on this machine. Those whose time was over (True) take what is kept along."""
        known = self.of(cases)
        if not known:
            return
        until = (today + dt.timedelta(WAIT)).isoformat()
        with self._work.write():
            for case in known:
                how, day = ("replace", today.isoformat()) if cases[case] else ("ignore", until)
                self._work.run(f"insert or {how} into personal_gone values(?, ?, ?)", (*case, day))
        self.forget(today)

    def back(self, cases: Iterable[CaseId]) -> None:
        """These are here."""
        if self._work.one("select 1 from personal_gone limit 1") is not None:
            with self._work.write():
                self._work.many("delete from personal_gone where desk = ? and case_id = ?", cases)

    def all(self) -> list[CaseId]:
        """Every case of which something is kept, and that nobody has missed yet."""
        sql = (
            "select desk, case_id from personal p where not exists"
            " (select 1 from personal_gone g where g.desk = p.desk and g.case_id = p.case_id)"
        )
        return [(desk, id) for desk, id in self._work.rows(sql)]

    def forget(self, today: dt.date) -> int:
        """Erase what has waited long enough, from the file and its log; of how many cases."""
        found = self._work.rows("select desk, case_id from personal_gone where until <= ?", (today.isoformat(),))
        if found:
            with self._work.write():
                self._work.many("delete from personal where desk = ? and case_id = ?", found)
                self._work.many("delete from personal_gone where desk = ? and case_id = ?", found)
            # Who reads keeps the log as it is; it is emptied the next time.
            with suppress(CacheBusy):
                self._work.empty_log()
        return len(found)

    def _put(self, after: Mapping[CaseId, Mine], before: Mapping[CaseId, Mine]) -> bool:
        """Inside: keep this; whether the views follow."""
        gone = [case for case, mine in after.items() if mine == NOTHING]
        stay = [(*case, " ".join(mine.tags), *mine[1:]) for case, mine in after.items() if mine != NOTHING]
        self._work.many("delete from personal where desk = ? and case_id = ?", gone)
        self._work.many(_PUT, stay)
        # Only whether it is put off shows elsewhere than in the row itself.
        moved = [case for case, mine in after.items() if mine[2:] != before[case][2:]]
        if moved:
            self._outbox.touch(moved)
        return bool(moved)


def put_off(work: Database) -> dict[CaseId, int]:
    """The version that each case which is put off had when it was."""
    rows = work.rows("select desk, case_id, version from personal where until <> ''")
    return {(desk, id): version for desk, id, version in rows}


def called(work: Database, desk: str, before: str, now: str) -> None:
    """Inside: a case of this machine is called `now` from now on."""
    if before != now:
        work.run(_CALLED, (desk, before, now))
        work.run("delete from personal where desk = ? and case_id = ?", (desk, before))


def _mine(tags: str, note: str, until: str, version: int) -> Mine:
    return Mine(tuple(tags.split()), note, until, version)


def _awake(_case: CaseId, mine: Mine) -> Mine:
    return mine._replace(until="", version=0)
