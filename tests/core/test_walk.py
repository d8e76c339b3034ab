"""A walk through random allowed actions: whatever officers do, the case stays one that IMI knows."""

from __future__ import annotations

import datetime as dt

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from imi_core import seal, visibility
from imi_core.authority import Seat
from imi_core.case import Case, Entry
from imi_core.workflow import apply, available, check, initiator_of
from tests.core.world import START, entry, load_rules, seat, target
from tests.effort import tries

RULES = load_rules("pw", "info")
SEATS = {
    "fr1": seat("fr1"),
    "de1": seat("de1"),
    "de2": seat("de2"),
    "de9": seat("de9", "handler", "viewer", coordinator=True),
    "fr8": seat("fr8", "viewer"),
}


class Walk(RuleBasedStateMachine):
    """One case; every step is checked and applied as the server would, sealed, and travels as JSON."""

    case: Case
    entries: list[Entry]
    now: dt.datetime
    sent_to: str

    @initialize(desk=st.sampled_from(["de1", "de2", "de9"]))
    def send(self, desk: str) -> None:
        self.now, self.entries = START, []
        self._take(None, SEATS["fr1"], "send", desk)

    @rule(data=st.data(), hours=st.integers(0, 2000))
    @precondition(lambda self: RULES.lifecycle.states[self.case.state].open)
    def somebody_acts(self, data: st.DataObject, hours: int) -> None:
        able = [(who, name) for who in SEATS.values() for name in available(RULES, self.case, who)]
        assert able, "an open case is never stuck"
        who, action = data.draw(st.sampled_from(able))
        holder = self.case.part("responder")
        assert holder is not None
        desks = [desk for desk in ("de1", "de2", "de9") if desk != holder.desk]
        self.now += dt.timedelta(hours=hours)
        self._take(self.case, who, action, data.draw(st.sampled_from(desks)))

    @rule()
    def somebody_may_not(self) -> None:
        for who in SEATS.values():
            names = available(RULES, self.case, who)
            assert "send" not in names
            if "handler" not in who.roles or self.case.part_of(who.desk) is None or self.case.closed_at:
                assert names == ()

    def _take(self, case: Case | None, who: Seat, action: str, desk: str) -> None:
        made = entry(action, case)
        if made.target:
            made = msgspec.structs.replace(made, target=desk)
        addressed = target(desk) if made.target else None
        check(RULES, case, made, who, addressed)
        part = case.part_of(who.desk) if case is not None else initiator_of(who)
        assert part is not None
        version = len(self.entries) + 1
        made = msgspec.structs.replace(
            made, case_id="c" * 32, at=self.now, role=part.role, desk=who.desk, version=version, salt=f"{version:032x}"
        )
        made = seal.seal(made, self.entries[-1].seal if self.entries else "")
        after = apply(RULES, case, made, target=addressed, initiator=initiator_of(who))
        if case is not None:
            assert after.version > case.version
            assert after.content_version >= case.content_version
        self.entries.append(msgspec.json.decode(msgspec.json.encode(made), type=Entry))
        self.case = msgspec.json.decode(msgspec.json.encode(after), type=Case)
        assert self.case == after

    @invariant()
    def the_case_is_one_imi_knows(self) -> None:
        case, state = self.case, RULES.lifecycle.states[self.case.state]
        assert case.version == case.entries == len(self.entries)
        assert 1 <= case.content_version <= case.version
        assert [part.desk for part in case.parts if part.role == "initiator"] == ["fr1"]
        assert len([part for part in case.parts if part.role == "responder"]) == 1
        assert len({part.desk for part in case.parts}) == len(case.parts)
        assert case.turn == state.turn
        assert (case.closed_at is not None) == (not state.open)
        if state.open:
            mine = [deadline.on for deadline in case.deadlines if deadline.role == case.turn]
            assert case.due == min(mine, default=None)
        else:
            assert case.deadlines == ()
            assert case.block_on is not None
            assert case.erase_on is not None
            assert case.block_on < case.erase_on
        assert len({deadline.code for deadline in case.deadlines}) == len(case.deadlines)
        assert set(case.questions) == {"EST-01", "POS-04", "WC-10"}

    @invariant()
    def the_chain_holds(self) -> None:
        assert seal.verify(self.entries) == self.case.head

    @invariant()
    def nobody_sees_too_much(self) -> None:
        for who in SEATS.values():
            part = self.case.part_of(who.desk)
            level = visibility.level(RULES, self.case, who)
            assert (level == "nothing") == (part is None)
            if part is not None and (part.role == "observer" or self.case.state == "awaiting_acceptance"):
                assert level == ("full" if part.role == "initiator" else "summary")
            if level == "summary":
                assert "workers" not in visibility.project(RULES, self.case, level).request


TestWalk = Walk.TestCase
TestWalk.settings = settings(max_examples=tries(20, 60), stateful_step_count=15)
