"""Fetches contents of cases by priority, as a stream where possible, else page by page.

Each record is one transaction, so that a broken line or a kill loses only the record in transit. Records that arrive
faster than they can be written share a transaction.
"""

from __future__ import annotations

import datetime as dt
import itertools
import logging
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from imi_core.case import CONTENT, Entry
from imi_tui.cache.errors import BadObject
from imi_tui.cache.wire import case_of, id_of
from imi_tui.sync import reading
from imi_tui.sync.errors import AccountGone, ReplyTooLarge, ServerMistake, StreamRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imi_tui.cache.content.contents import Wanted
    from imi_tui.cache.sync import SyncStore
    from imi_tui.sync.ports import Clock
    from imi_tui.sync.reading import Answer
    from imi_tui.sync.run import Requests

log = logging.getLogger("imi_tui.sync")

AT_ONCE = 32
"""Records per request; between requests the outbox and the lists are served."""
CHUNK = 25
"""Cases per record at first: about 12 kB on the line."""
LEAST, MOST = 5, 150
"""Cases per record on the slowest and on the fastest line."""
MAX_CASES = 600
"""Cases per transaction when records arrive faster than they can be written."""
MAX_WAIT = 0.2
"""If the next record took longer (in seconds), collected records are written at once."""
MEASURED = 4
"""Records of a request needed to measure the line."""
RECORD_SECONDS = 1.0
"""Target duration of a record: a broken line loses one, and a case that is opened waits for one."""
AGAIN = dt.timedelta(hours=6)
"""Delay before a case whose content was invalid is requested again."""
ALL_WRONG = 8
"""Consecutive invalid cases that mean that the server is at fault and not the cases."""
PART = 10
"""Entries per answer for a case that is too large for one answer; then one by one."""
_CONTENT = ["id", "version", "contentVersion", "level", *CONTENT]
_UNUSED = ("salt", "digest", "prev", "seal")
_ENTRY = [each.encode_name for each in msgspec.structs.fields(Entry) if each.encode_name not in _UNUSED]


class Record(NamedTuple):
    """The requested cases of a record, with the contents (or whole cases) and entries received."""

    group: list[Wanted]
    cases: list[Any]
    entries: list[Any]


class Contents:
    """Fetches wanted contents. `streams`: whether the line is known to carry streams, or not known not to."""

    def __init__(self, store: SyncStore, requests: Requests, clock: Clock) -> None:
        self._store = store
        self._requests = requests
        self._clock = clock
        self.streams = True
        self._chunk = CHUNK
        self._most = MOST

    def step(self, *, opened: bool, urgent: Callable[[], bool]) -> int:
        """Fetch the most urgent contents (only `opened` ones if set) until `urgent` returns true.

        Returns the number of cases settled; 0 if nothing is wanted. Raises `SyncError`.
        """
        wanted = self._store.wanted(AT_ONCE * self._chunk, opened=opened)
        groups = self._groups(wanted)
        asked = {(each.desk, each.id) for each in wanted}
        done, begun, records = 0, self._clock(), 0
        spoilt: list[tuple[list[Wanted], ServerMistake]] = []
        held: list[Record] = []
        waiting = begun
        try:
            for number, answers in self._answers(groups):
                try:
                    held.append(_record(groups[number], answers[f"c{number}"], answers[f"e{number}"]))
                except (ReplyTooLarge, AccountGone):
                    raise
                except ServerMistake as mistake:
                    spoilt.append((groups[number], mistake))
                records = number + 1
                waited = (self._clock() - waiting).total_seconds()
                opened_now = [(each.desk, each.id) for each in self._store.wanted(1, opened=True)]
                if waited > MAX_WAIT or sum(len(each.group) for each in held) >= MAX_CASES or _brings(held, opened_now):
                    done += self._keep(held)
                if urgent() or any(each not in asked for each in opened_now):
                    break
                waiting = self._clock()
        except ReplyTooLarge:
            done += self._keep(held)
            if self._chunk == 1 and records < len(groups):
                return max(done, self._in_parts(groups[records][0]))
            self._chunk = max(1, self._chunk // 4)
            self._most = self._chunk
            return max(done, 1)
        finally:
            # Also what came before the line broke.
            done += self._keep(held)
        self._measure(records, done, (self._clock() - begun).total_seconds())
        # Behind the stream, for a line carries one answer at a time.
        return done + sum(self._alone(*each) for each in spoilt)

    def _alone(self, group: list[Wanted], mistake: ServerMistake) -> int:
        """Request each case of an invalid record on its own, and put aside those that are still invalid.

        If all are, the server is at fault: raises `mistake`, and puts nothing aside.
        """
        wrong: list[Wanted] = []
        for number, each in enumerate(group):
            try:
                answers = self._requests.ask(_calls(0, [each]))
                self._keep([_record([each], answers["c0"], answers["e0"])])
            except ReplyTooLarge:
                self._in_parts(each)
            except AccountGone:
                raise
            except ServerMistake:
                wrong.append(each)
            if len(wrong) == number + 1 >= min(len(group), ALL_WRONG) and len(group) > 1:
                raise mistake
        self._put_aside(wrong)
        return len(group)

    def _put_aside(self, wrong: list[Wanted]) -> None:
        for each in wrong:
            log.warning("sync: the content of a case cannot be used and is put aside")
            self._store.put_aside(each.desk, [each.id], self._clock() + AGAIN)

    def _measure(self, records: int, cases: int, seconds: float) -> None:
        """Adapt the size of records to the line, unless there were too few records to measure it."""
        if records < MEASURED or cases < records:
            return
        fits = RECORD_SECONDS * cases / max(seconds, 0.001)
        # By half or double at most: one stall or one burst is not the line.
        bounded = min(max(fits, self._chunk / 2), self._chunk * 2.0)
        self._chunk = int(min(max(bounded, LEAST), MOST, self._most))

    def _in_parts(self, wanted: Wanted) -> int:
        """Fetch a case that is too large for one answer in parts; put it aside if that fails as well."""
        try:
            self._entries_and_content(wanted)
        except AccountGone:
            raise
        except (ServerMistake, BadObject):
            self._put_aside([wanted])
        return 1

    def _entries_and_content(self, wanted: Wanted) -> None:
        """Fetch the entries of a case in small parts, then its content."""
        call = ["Entry/get", {"accountId": wanted.desk, "caseIds": [wanted.id], "properties": ["id"]}, "e"]
        ids = [each["id"] for each in reading.objects(self._requests.ask([call])["e"], wanted.desk, None)]
        most = PART
        while ids:
            part = ids[:most]
            call = ["Entry/get", {"accountId": wanted.desk, "ids": part, "properties": _ENTRY}, "e"]
            try:
                found = reading.objects(self._requests.ask([call])["e"], wanted.desk, part)
            except ReplyTooLarge:
                if most == 1:
                    raise
                most = 1
                continue
            self._store.put_contents(wanted.desk, [], found, whole=False)
            del ids[:most]
        call = ["Case/get", {"accountId": wanted.desk, "ids": [wanted.id]}, "c"]
        cases = reading.objects(self._requests.ask([call])["c"], wanted.desk, [wanted.id])
        self._store.put_contents(wanted.desk, cases, [], whole=True)
        if not cases:
            self._store.give_up(wanted.desk, [wanted.id])

    def _groups(self, wanted: list[Wanted]) -> list[list[Wanted]]:
        """Groups of cases for one record each, by priority, desk and kind of request."""
        out: list[list[Wanted]] = []
        for each in wanted:
            last = out[-1] if out else []
            if last and len(last) < self._chunk and (last[0].desk, last[0].whole) == (each.desk, each.whole):
                last.append(each)
            else:
                out.append([each])
        # Two calls for each group, and the server's limit of calls; the next request takes the rest.
        return out[:AT_ONCE]

    def _answers(self, groups: list[list[Wanted]]) -> Iterator[tuple[int, dict[str, Answer]]]:
        calls = [_calls(number, group) for number, group in enumerate(groups)]
        if self.streams and len(calls) > 1:
            number = -1
            try:
                for number, answers in enumerate(self._requests.records([call for pair in calls for call in pair])):
                    if number >= len(calls):
                        raise ServerMistake("a stream with more records than were asked for")
                    yield number, answers
            except StreamRefused:
                self.streams = False
            if self.streams:
                return
            calls = calls[number + 1 :]
        for number, pair in enumerate(calls):
            yield number, self._requests.ask(pair)

    def _keep(self, records: list[Record]) -> int:
        """Write the records, one transaction per desk and kind, and empty the list. Returns the number of cases."""
        found = [list(each) for _, each in itertools.groupby(records, _kind)]
        # Whatever happens now, they are not kept a second time.
        records.clear()
        for together in found:
            self._keep_together(together)
        return sum(len(each.group) for together in found for each in together)

    def _keep_together(self, records: list[Record]) -> None:
        """Write records of one desk and kind; invalid ones do not affect the others."""
        desk, whole = _kind(records[0])
        cases = [case for each in records for case in each.cases]
        entries = [entry for each in records for entry in each.entries]
        try:
            self._store.put_contents(desk, cases, entries, whole=whole)
        except BadObject:
            if len(records) > 1:
                for each in records:
                    self._keep_together([each])
                return
            self._each(records[0].group, cases, entries)
        came = set(map(id_of, cases))
        self._store.give_up(desk, [each.id for record in records for each in record.group if each.id not in came])

    def _each(self, group: list[Wanted], cases: list[Any], entries: list[Any]) -> None:
        """Write a record case by case; put invalid cases aside."""
        for each in group:
            case = [found for found in cases if id_of(found) == each.id]
            listed = [entry for entry in entries if case_of(entry) == each.id]
            try:
                self._store.put_contents(each.desk, case, listed, whole=each.whole)
            except BadObject:
                self._put_aside([each])


def _kind(record: Record) -> tuple[str, bool]:
    """What records that are kept together have in common: the desk, and whether cases come whole."""
    return record.group[0].desk, record.group[0].whole


def _brings(records: list[Record], opened: list[tuple[str, str]]) -> bool:
    """Whether these records bring what somebody looks at just now."""
    return bool(opened) and any((each.desk, each.id) in opened for record in records for each in record.group)


def _record(group: list[Wanted], cases: Answer, entries: Answer) -> Record:
    """What a record brings, checked against what was asked for. Raises `SyncError`."""
    if "requestTooLarge" in (cases.error, entries.error):
        raise ReplyTooLarge("contents")
    desk, ids = group[0].desk, [each.id for each in group]
    found = reading.objects(cases, desk, ids)
    of_cases = set(map(id_of, found))
    listed = reading.objects(entries, desk, None)
    if not all(isinstance(case, str) and case in of_cases for case in map(case_of, listed)):
        # Left out in silence, it would never be asked for again.
        raise ServerMistake("an entry of a case that was not asked for")
    return Record(group, found, listed)


def _calls(number: int, group: list[Wanted]) -> list[list[Any]]:
    desk = group[0].desk
    cases: dict[str, Any] = {"accountId": desk, "ids": [each.id for each in group]}
    if not group[0].whole:
        cases["properties"] = _CONTENT
    of_cases = {"resultOf": f"c{number}", "name": "Case/get", "path": "/list/*/id"}
    return [
        ["Case/get", cases, f"c{number}"],
        ["Entry/get", {"accountId": desk, "#caseIds": of_cases, "properties": _ENTRY}, f"e{number}"],
    ]
