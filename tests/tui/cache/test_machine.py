"""Random histories of an officer, a server and the others, against plain dicts: rows, counts, windows, search."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from imi_core import workflow
from imi_core.authority import Seat
from imi_core.case import Case, Text, to_wire
from imi_core.errors import ActionRefused, ImiError
from imi_tui.cache.model import SOON, SORTS, VIEWS
from imi_tui.cache.sync import Page
from tests.core import world
from tests.effort import tries
from tests.tui.cache.world import DE, NOW, Clock, case_id, open_store, set_up
from tests.tui.undone import undone

RULES = world.load_rules("pw", "info")
ME = world.seat(DE)
ACTIONS = ("accept", "reply", "reply_partly", "change_date", "message", "answer_clarification")
OTHERS = ("modify", "close", "ask_clarification", "withdraw", "message")
NUMBERS = st.integers(1, 3)
CHOICE = st.integers(0, 9)


@dataclass
class Mine:
    """An entry in the oracle's outbox."""

    ref: str
    id: str
    action: str
    payload: dict[str, Any]
    at: str
    state: str = "queued"
    attempts: int = 0
    version: int = 0


@dataclass
class Known:
    """A case as the client was last told: with the client refs of its entries and all words in it."""

    case: Case
    refs: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)


class History(RuleBasedStateMachine):
    """The server is the real rules; the oracle is dicts and lists."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp()) / "p"
        self.clock = Clock()
        self.store = set_up(open_store(self.home, now=self.clock), RULES)
        self.server: dict[str, Case] = {}
        self.entries: dict[str, list[dict[str, Any]]] = {}
        self.done: dict[str, dict[str, Any]] = {}
        self.known: dict[str, Known] = {}
        self.mine: list[Mine] = []
        self.put_off: dict[str, int] = {}
        self.word = 0

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.home.parent)

    # --- the server and the others --------------------------------------------------------------------------------

    def take(self, id: str, who: Seat, made: dict[str, Any]) -> dict[str, Any]:
        """The server takes an entry, or raises ActionRefused."""
        case = self.server.get(id)
        entry = msgspec.convert(made, world.Entry)
        target = world.target(entry.target) if entry.target else None
        own = [self.done[ref]["version"] for ref in made.get("after", ()) if ref in self.done]
        workflow.check(RULES, case, entry, who, target, own)
        version = case.version + 1 if case is not None else 1
        part = case.part_of(who.desk) if case is not None else workflow.initiator_of(who)
        assert part is not None
        entry = msgspec.structs.replace(
            entry,
            id=f"e{id[-3:]}-{version}",
            case_id=id,
            at=self.clock(),
            role=part.role,
            desk=who.desk,
            officer=who.officer,
            version=version,
        )
        self.server[id] = msgspec.structs.replace(
            workflow.apply(RULES, case, entry, target=target, initiator=workflow.initiator_of(who)),
            reference=f"PW-26-{int(id, 16):06}",
        )
        wire: dict[str, Any] = to_wire(entry)
        self.entries.setdefault(id, []).append(wire)
        return {"id": entry.id, "caseId": id, "version": version, "at": wire["at"]}

    @rule(number=NUMBERS)
    def somebody_sends(self, number: int) -> None:
        id = case_id(number)
        if id not in self.server:
            self.word += 1
            made = to_wire(world.entry("send", answers={**world.REQUEST, "subject": f"word{self.word}"}))
            self.entries[id] = []
            self.take(id, world.FR, made)

    @initialize()
    def begin(self) -> None:
        self.somebody_sends(1)
        self.somebody_sends(2)
        self.sync({1, 2})

    @rule(number=NUMBERS, which=CHOICE, colleague=st.booleans())
    def somebody_acts(self, number: int, which: int, colleague: bool) -> None:
        case = self.server.get(case_id(number))
        found = [name for name in OTHERS if case and name in workflow.available(RULES, case, world.FR)]
        if case is None or not found:
            return
        action = found[which % len(found)]
        self.word += 1
        text = None if action in world.TEXTLESS else Text(lang="fr", text=f"word{self.word}")
        who = ME if colleague and action == "message" else world.FR
        try:
            self.take(case.id, who, to_wire(world.entry(action, case, text=text)))
        except ActionRefused:
            self.word -= 1

    @rule(numbers=st.sampled_from(({1}, {1, 2}, {1, 2, 3})))
    def sync(self, numbers: set[int]) -> None:
        found = [self.server[case_id(number)] for number in numbers if case_id(number) in self.server]
        entries = [wire for case in found for wire in self.entries[case.id]]
        self.store.sync.apply(DE, Page("s", cases=[to_wire(case) for case in found], entries=entries))
        for case in found:
            wires = self.entries[case.id]
            words = {case.subject, *(wire["text"]["text"] for wire in wires if "text" in wire)}
            words |= {wire["answers"]["subject"] for wire in wires if "subject" in wire.get("answers", {})}
            refs = {wire["clientRef"] for wire in wires if wire.get("clientRef")}
            self.known[case.id] = Known(case, refs, words)

    @rule(number=NUMBERS, off=st.booleans())
    def put_off_or_not(self, number: int, off: bool) -> None:
        case = DE, case_id(number)
        waiting = self.store.marking.waiting([case])
        if off and case in waiting:
            version = waiting[case][1]
            self.store.personal.change([case], lambda _case, mine: mine._replace(until="2099-01-01", version=version))
            self.put_off[case[1]] = version
        elif not off:
            self.store.personal.change([case], lambda _case, mine: mine._replace(until="", version=0))
            self.put_off.pop(case[1], None)

    @rule(id=st.just(case_id(2)))
    def destroy(self, id: str) -> None:
        self.server.pop(id, None)
        self.store.sync.apply(DE, Page("s", destroyed={"Case": [id]}))
        self.known.pop(id, None)

    # --- the officer ----------------------------------------------------------------------------------------------

    @rule(number=NUMBERS, which=CHOICE)
    def act(self, number: int, which: int) -> None:
        id = case_id(number)
        expected = self.expected(id)
        found = [name for name in ACTIONS if expected and name in workflow.available(RULES, expected, ME)]
        if not found:
            return
        action = found[which % len(found)]
        answers = world.ANSWERS.get(action, {})
        text = "" if action in world.TEXTLESS else "wort"
        item = self.store.act(DE, id, action, answers=answers, text=text, lang="de")
        self.mine.append(Mine(item.client_ref, id, action, item.payload, item.queued_at))

    @precondition(lambda self: self.mine)
    @rule(which=CHOICE)
    def undo_or_discard(self, which: int) -> None:
        item = self.mine[which % len(self.mine)]
        if item.state == "queued" and not item.attempts:
            undone(self.store, item.ref)
        elif item.state == "rejected":
            self.store.discard(item.ref)
        else:
            return
        self.mine.remove(item)

    @rule(limit=st.integers(1, 3), lost=st.booleans())
    def deliver(self, limit: int, lost: bool) -> None:
        held: set[str] = set()
        ready: list[Mine] = []
        for item in self.mine:
            if item.state == "queued" and item.id not in held:
                ready.append(item)
            elif item.state != "acked":
                held.add(item.id)
        ready = ready[:limit]
        assert [item.client_ref for item in self.store.sync.ready(limit)] == [item.ref for item in ready]
        self.store.sync.begin([item.ref for item in ready])
        acked: dict[str, dict[str, Any]] = {}
        rejected: dict[str, dict[str, Any]] = {}
        for item in ready:
            item.attempts += 1
            try:
                if item.ref not in self.done:
                    if item.id not in self.server:
                        raise ActionRefused("notFound", "")
                    self.done[item.ref] = self.take(item.id, ME, item.payload)
                acked[item.ref] = self.done[item.ref]
            except ActionRefused as error:
                rejected[item.ref] = {"type": error.code}
        if lost:
            self.store.sync.settle({}, {}, [item.ref for item in ready])
            return
        self.store.sync.settle(acked, rejected)
        for item in ready:
            item.state = "acked" if item.ref in acked else "rejected"
            item.version = acked.get(item.ref, {}).get("version", 0)

    @rule(language=st.sampled_from(("da", "hu", "de")))
    def choose_a_language(self, language: str) -> None:
        self.store.sync.alphabet.choose(language)

    @rule(number=NUMBERS, crash=st.booleans())
    def reopen(self, number: int, crash: bool) -> None:
        self.store.mark_read(DE, case_id(number))
        if crash:
            self.store._cache.run("update meta set value = 0 where name = 'generation'")
        self.store.close()
        self.store = open_store(self.home, now=self.clock)
        self.store.sync.recover()

    # --- what must hold -------------------------------------------------------------------------------------------

    def fold(self, id: str) -> tuple[Case | None, int, int]:
        """(expected case, pending, rejected) in the plainest way."""
        known = self.known.get(id)
        if known is None:
            return None, 0, 0
        case, pending, rejected = known.case, 0, 0
        versions = {ref: self.done[ref]["version"] for ref in known.refs & set(self.done)}
        for item in self.mine:
            if item.id != id or item.ref in known.refs:
                continue
            if item.state == "rejected":
                rejected += 1
                continue
            if item.state == "acked" and item.version <= case.version:
                versions[item.ref] = item.version
                continue
            pending += item.state != "acked"
            entry = msgspec.convert(item.payload, world.Entry)
            at = self.done[item.ref]["at"] if item.state == "acked" else item.at
            try:
                if item.state != "acked":
                    own = [versions.get(ref, 0) for ref in item.payload.get("after", ())]
                    workflow.check(RULES, case, entry, ME, None, own)
                case = workflow.expected(RULES, case, entry, ME, dt.datetime.fromisoformat(at), None)
                versions[item.ref] = case.version
            except ImiError:
                continue
        return case, pending, rejected

    def expected(self, id: str) -> Case | None:
        return self.fold(id)[0]

    @invariant()
    def rows_are_true(self) -> None:
        rows = {row.id: row for row in self.store.window("all", "due", limit=99)}
        assert set(rows) == set(self.known)
        for id, row in rows.items():
            case, pending, rejected = self.fold(id)
            assert case is not None
            assert (row.state, row.subject, row.pending, row.rejected, row.due) == (
                case.state,
                case.subject,
                pending,
                rejected,
                case.due.isoformat() if case.due is not None else "",
            )
            assert row.turn_mine == (case.turn == "responder")
            detail = self.store.case(DE, id)
            assert detail is not None
            assert (detail.case["state"], len(detail.pending)) == (case.state, pending)

    @invariant()
    def views_are_true(self) -> None:
        cases = [case for case in map(self.expected, self.known) if case is not None]
        is_open = {case.id for case in cases if case.closed_at is None}
        mine = {case.id for case in cases if case.turn == "responder"} & is_open
        accept = {case.id for case in cases if case.state == "awaiting_acceptance"}
        put_off = {id for id in mine if self.put_off.get(id) == self.known[id].case.version}
        due = {case.id: case.due for case in cases if case.due is not None}
        today = self.store.today()
        soon = today + dt.timedelta(SOON)
        views = {
            "all": {case.id for case in cases},
            "open": is_open,
            "closed": {case.id for case in cases} - is_open,
            "todo": mine,
            "to_accept": accept,
            "to_answer": mine - accept,
            "to_close": set(),
            "waiting": is_open - mine,
            "put_off": put_off,
            "due_soon": {id for id in mine if id in due and today <= due[id] <= soon},
            "overdue": {id for id in mine if id in due and due[id] < today},
            "alerts": set(),
            "sent": set(),
            # Nobody gives cases to anybody here.
            "mine": set(),
        }
        for view in ("todo", "to_accept", "to_answer", "due_soon", "overdue"):
            views[view] -= put_off
        counts = self.store.counts()
        for view in VIEWS:
            assert counts[view] == len(views[view]), view
            for sort in SORTS:
                found = self.store.window(view, sort, limit=99)
                assert {row.id for row in found} == views[view], (view, sort)
                assert len(found) == counts[view]
                assert [row.key for row in found] == sorted(row.key for row in found)
                assert all(self.store.row(DE, row.id, view, sort) == row for row in found)
        in_order = self.store.window("all", "activity", limit=99)
        assert [row.activity for row in in_order] == sorted((row.activity for row in in_order), reverse=True)
        dues = [row.due or "9999" for row in self.store.window("all", "due", limit=99)]
        assert dues == sorted(dues)

    @invariant()
    def search_is_true(self) -> None:
        while self.store.sync.index_pending(50):
            pass
        for number in range(max(1, self.word - 3), self.word + 1):
            word = f"word{number}"
            exact = {row.id for row in self.store.search(f"{word} alpbau")}
            assert exact == {id for id, known in self.known.items() if word in known.words}, word
        assert {row.id for row in self.store.search("alpb")} == set(self.known)
        self.store._cache.run("insert into words(words) values('integrity-check')")

    @invariant()
    def outbox_is_true(self) -> None:
        shown = [(item.client_ref, item.state, item.attempts) for item in self.store.outbox()]
        assert shown == [(item.ref, item.state, item.attempts) for item in self.mine if item.state != "acked"]
        assert [item.payload for item in self.store.outbox()] == [
            item.payload for item in self.mine if item.state != "acked"
        ]


TestHistory = History.TestCase
TestHistory.settings = settings(max_examples=tries(6, 200), stateful_step_count=40, deadline=None)


def test_the_world_agrees_with_the_session() -> None:
    """The oracle's officer is the one the session names."""
    assert NOW.tzinfo is not None
    assert (ME.officer, ME.authority, ME.country) == ("officer-de1", "authority-de1", "DE")
