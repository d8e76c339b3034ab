"""Cases of the demo, made by the real rules: every one is a chain of entries that `imi_core.workflow` allowed.

Deterministic: the same Europe, rules, number, seed and moment give the same cases, each independent of the others.
"""

from __future__ import annotations

import datetime as dt
import random
import sys
from array import array
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from imi_central.demo.colleagues import DESK_OFFICERS, person
from imi_central.demo.filling import Filler
from imi_core import seal, workflow
from imi_core.case import Case, Entry, Text
from imi_core.languages import NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from imi_central.demo.europe import Europe
    from imi_core.authority import Seat
    from imi_core.procedure import Rules

    Told = Callable[[Rules, Filler, Case, list[Entry]], None]

Step = tuple[str, str]
"""(who: "i" or "r", action)"""

_ASK: tuple[Step, ...] = (("i", "send"),)
_ACCEPT: tuple[Step, ...] = (*_ASK, ("r", "accept"))
_REPLY: tuple[Step, ...] = (*_ACCEPT, ("r", "reply"))

PATHS: tuple[tuple[int, tuple[Step, ...]], ...] = (
    (12, _ASK),
    (2, (*_ASK, ("i", "message"))),
    (2, (*_ASK, ("r", "forward"))),
    (2, (*_ASK, ("i", "modify"))),
    (10, _ACCEPT),
    (3, (*_ACCEPT, ("i", "message"), ("r", "message"))),
    (2, (*_ACCEPT, ("r", "change_date"))),
    (3, (*_ACCEPT, ("r", "reply_partly"))),
    (8, _REPLY),
    (3, (*_REPLY, ("i", "ask_clarification"))),
    (2, (*_REPLY, ("i", "ask_clarification"), ("r", "answer_clarification"))),
    (2, (*_ASK, ("i", "withdraw"))),
    (1, (*_ASK, ("r", "refuse"))),
    (40, (*_REPLY, ("i", "close"))),
    (6, (*_REPLY, ("i", "ask_clarification"), ("r", "answer_clarification"), ("i", "close"))),
    (3, (*_ASK, ("r", "forward"), ("r", "accept"), ("r", "reply"), ("i", "close"))),
)
"""How a case goes, and how often out of the sum of the weights. The first cases walk through all of them once."""

_CLOSING = {"close", "withdraw", "refuse"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What to make. `focus` gives the share of the cases in which each desk takes part; the rest is drawn freely."""

    number: int
    now: dt.datetime
    focus: dict[str, float]
    seed: int = 20260101


def generate(
    europe: Europe, rules: Sequence[Rules], plan: Plan, told: Told | None = None
) -> Iterator[tuple[Case, list[Entry]]]:
    """The demo's cases with their sealed entries, by last activity, oldest first. References follow the sending.

    `told` hears of each, and of who filled it in.
    """
    by_area: dict[str, list[Rules]] = {}
    for one in rules:
        by_area.setdefault(one.procedure.area, []).append(one)
    last, numbers = _order(europe, by_area, plan)
    for index in sorted(range(plan.number), key=last.__getitem__):
        maker = _Maker(europe, by_area, plan, index)
        case, entries, fill = maker.make()
        if told is not None:
            told(maker.rules, fill, case, entries)
        yield msgspec.structs.replace(case, reference=f"{maker.series}-{numbers[index]:06}"), entries


def _order(europe: Europe, by_area: dict[str, list[Rules]], plan: Plan) -> tuple[array[int], array[int]]:
    """Of each case, the moment of its last activity and its number in its series, which follows the sending.

    All cases have to be known before the first is made; in arrays, a million of them do not fill the memory.
    """
    sent, last, numbers = array("q"), array("q"), array("q", bytes(8 * plan.number))
    series: list[str] = []
    for index in range(plan.number):
        maker = _Maker(europe, by_area, plan, index)
        sent.append(round(maker.times[0].timestamp() * 1_000_000))
        last.append(round(maker.times[-1].timestamp() * 1_000_000))
        series.append(sys.intern(maker.series))
    counted: Counter[str] = Counter()
    for index in sorted(range(plan.number), key=sent.__getitem__):
        counted[series[index]] += 1
        numbers[index] = counted[series[index]]
    return last, numbers


class _Maker:
    """One case."""

    def __init__(self, europe: Europe, by_area: dict[str, list[Rules]], plan: Plan, index: int) -> None:
        self.europe, self.plan, self.index = europe, plan, index
        self.rng = random.Random(plan.seed * 1_000_003 + index)
        self.focus = self._pick_focus()
        area = europe.by_desk[self.focus][0].area if self.focus else self.rng.choice(sorted(by_area))
        self.rules = self._pick_rules(by_area[area])
        self.path = PATHS[index][1] if index < len(PATHS) else self._weighted()
        self.area = area
        self.times = self._times()

    @property
    def series(self) -> str:
        """What its reference starts with, such as ``PW-26``."""
        return f"{self.rules.procedure.prefix}-{self.times[0].year % 100:02}"

    def make(self) -> tuple[Case, list[Entry], Filler]:
        """The case and its entries, without a reference, and who filled them in."""
        rng = self.rng
        initiator, responder = self._parties()
        if any(action == "refuse" for _, action in self.path):
            responder = self._coordinator(responder)
        fill = Filler(self.europe, rng, initiator, responder)
        case: Case | None = None
        entries: list[Entry] = []
        seats = {"i": initiator, "r": responder}
        case_id = f"{rng.getrandbits(128):032x}"
        for (who, action), at in zip(self.path, self.times, strict=True):
            seat = seats[who]
            target = self._target(action, seats)
            entry = self._entry(fill, case, case_id, seat, action, at, target)
            workflow.check(self.rules, case, entry, seat, target)
            part = case.part_of(seat.desk) if case is not None else None
            entry = msgspec.structs.replace(
                entry,
                id=f"{rng.getrandbits(128):032x}",
                salt=f"{rng.getrandbits(128):032x}",
                role=part.role if part is not None else "initiator",
                from_state=case.state if case is not None else "",
                to_state=self.rules.lifecycle.actions[action].to or (case.state if case is not None else ""),
                version=(case.version if case is not None else 0) + 1,
            )
            entry = seal.seal(entry, case.head if case is not None else "")
            case = workflow.apply(self.rules, case, entry, target=target, initiator=workflow.initiator_of(initiator))
            entries.append(entry)
            if action == "forward" and target is not None:
                seats["r"] = self._seat(target.desk)
        assert case is not None
        return case, entries, fill

    def _pick_focus(self) -> str:
        point = self.rng.random()
        for desk, share in self.plan.focus.items():
            if point < share:
                return desk
            point -= share
        return ""

    def _pick_rules(self, choices: list[Rules]) -> Rules:
        usual = [one for one in choices if not one.procedure.id.endswith(".urgent")]
        return (
            self.rng.choice(usual)
            if len(usual) == len(choices) or self.rng.random() < 0.85
            else self.rng.choice(choices)
        )

    def _weighted(self) -> tuple[Step, ...]:
        if self.plan.number > 20_000 and self.rng.random() < 0.9:
            return PATHS[13][1]
        return self.rng.choices([path for _, path in PATHS], [weight for weight, _ in PATHS])[0]

    def _parties(self) -> tuple[Seat, Seat]:
        rng, desks = self.rng, self.europe.desks[self.area]
        mine = self.focus or rng.choice(rng.choice(list(desks.values())))[0].id
        home = self.europe.by_desk[mine][1].country
        others = [desk for desk in self.plan.focus if self.europe.by_desk[desk][0].area == self.area and desk != mine]
        others = [desk for desk in others if self.europe.by_desk[desk][1].country != home]
        if others and rng.random() < 0.25:
            other = rng.choice(others)
        else:
            country = rng.choice([country for country in desks if country != home])
            other = rng.choice(desks[country])[0].id
        asked = rng.random() < 0.55
        first, second = (other, mine) if asked else (mine, other)
        return self._seat(first), self._seat(second)

    def _seat(self, desk: str) -> Seat:
        return self.europe.seat(desk, *person(self.europe, desk, self.rng.randrange(DESK_OFFICERS)))

    def _coordinator(self, seat: Seat) -> Seat:
        for desk, authority in self.europe.desks[self.area][seat.country]:
            if desk.coordinator and authority.country == seat.country:
                return self._seat(desk.id)
        return msgspec.structs.replace(seat, coordinator=True)

    def _target(self, action: str, seats: dict[str, Seat]) -> workflow.Target | None:
        role = self.rules.lifecycle.actions[action].target
        if role is None:
            return None
        desk = seats["r"].desk
        if action == "forward":
            country = seats["r"].country
            near = [one.id for one, _ in self.europe.desks[self.area][country] if one.id != desk]
            desk = self.rng.choice(near)
        found, authority = self.europe.by_desk[desk]
        return workflow.Target(
            desk=desk,
            authority=authority.id,
            name=authority.formal_name,
            country=authority.country,
            area=found.area,
        )

    def _entry(
        self,
        fill: Filler,
        case: Case | None,
        case_id: str,
        seat: Seat,
        action: str,
        at: dt.datetime,
        target: workflow.Target | None,
    ) -> Entry:
        language = self.europe.language(seat.desk)
        text = fill.text(self.rules, action, language)
        return Entry(
            case_id=case_id,
            client_ref=f"{self.rng.getrandbits(128):032x}",
            procedure=self.rules.procedure.id if case is None else "",
            action=action,
            based_on=case.version if case is not None else 0,
            target=target.desk if target is not None else "",
            answers=fill.answers(self.rules, action, case, language),
            lang=language if language in NAMES else "",
            text=Text(lang=language, text=text) if text else None,
            at=at,
            desk=seat.desk,
            authority=seat.authority,
            authority_name=seat.authority_name,
            officer=seat.officer,
            officer_name=seat.officer_name,
        )

    def _times(self) -> list[dt.datetime]:
        """Moments of the path's steps, all before now: closed cases lie further back than running ones."""
        rng, steps = self.rng, len(self.path)
        closed = self.path[-1][1] in _CLOSING
        # Urgent checks of registers are due in two working days: most are under way for hours, not weeks.
        pace = 0.15 if self.rules.procedure.id.endswith(".urgent") else 1.0
        gaps = [pace * rng.uniform(0.3, 8) if step else 0.0 for step in range(steps)]
        age = sum(gaps) + (rng.uniform(0.1, 170) if closed else pace * rng.triangular(0.01, 9, 0.5))
        start = self.plan.now - dt.timedelta(days=age)
        moments, at = [], start
        for gap in gaps:
            at += dt.timedelta(days=gap)
            moments.append(at.replace(microsecond=rng.randrange(1_000_000)))
        return moments
