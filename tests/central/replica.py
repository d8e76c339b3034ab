"""A client as simple as can be, an oracle that reads the tables by itself, and work to do at random."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import sqlalchemy as sa

from imi_central.store import Store
from imi_core import visibility, workflow
from imi_core.authority import Seat
from imi_core.case import Case, Entry, Text
from tests.central.world import DESKS, OFFICERS, REQUEST, Caller, ref, rules

Held = dict[str, Any]


class Replica:
    """What one officer's client holds of one desk; it asks only what the protocol offers."""

    def __init__(self, caller: Caller, officer: str, desk: str) -> None:
        self.caller, self.officer, self.desk = caller, officer, desk
        self.state = "0"
        self.cases: dict[str, Held] = {}
        self.entries: dict[str, Held] = {}
        self.last: dict[str, Any] = {}

    def page(self, size: int = 100) -> bool:
        """Apply one page in one request; whether more follows."""
        calls: list[list[Any]] = [["Desk/sync", {"states": {self.desk: self.state}, "maxChanges": size}, "s"]]
        for type_ in ("Case", "Entry"):
            ids = {"resultOf": "s", "name": "Desk/sync", "path": f"/accounts/{self.desk}/{type_}/changed"}
            calls.append([f"{type_}/get", {"accountId": self.desk, "#ids": ids}, type_])
        answers = self.caller.post(self.officer, *calls)["methodResponses"]
        self.last = found = answers[0][1]["accounts"][self.desk]
        assert found["oldState"] == self.state
        named = 0
        for (_, got, type_), held in zip(answers[1:], (self.cases, self.entries), strict=True):
            assert got["notFound"] == [], "a change named what cannot be fetched"
            changes = found.get(type_, {"changed": [], "destroyed": []})
            named += len(changes["changed"]) + len(changes["destroyed"])
            for id in changes["destroyed"]:
                held.pop(id, None)
            held |= {each["id"]: each for each in got["list"]}
        assert named <= size
        assert not (found["hasMoreChanges"] and found["newState"] == self.state), "a page without progress"
        self.state = found["newState"]
        return bool(found["hasMoreChanges"])

    def sync(self, size: int = 100) -> Replica:
        while self.page(size):
            pass
        return self

    def digest(self) -> set[tuple[str, int, str, str]]:
        """(id, version, level, mark) of every case held."""
        return {
            (id, each.get("version", 1), each.get("level", "full"), each["head"][:8]) for id, each in self.cases.items()
        }

    def shown(self) -> dict[str, bool]:
        """The entries held, and whether each is redacted."""
        return {id: each.get("redacted", False) for id, each in self.entries.items()}


def seat_of(officer: str, desk: str) -> Seat:
    """The seat as the small Europe defines it, not as the tables say."""
    return Seat(
        officer=officer,
        officer_name="",
        desk=desk,
        authority="",
        authority_name="",
        country=desk[:2].upper(),
        area=desk.rpartition("_")[2],
        roles=frozenset(OFFICERS[officer].get(desk, ())),  # type: ignore[arg-type]
    )


def oracle(store: Store, officer: str, desk: str) -> tuple[set[tuple[str, int, str, str]], dict[str, bool]]:
    """What the officer may see at the desk, from the tables alone: cases, and entries with whether redacted."""
    seat = seat_of(officer, desk)
    visible: dict[str, tuple[int, str, str]] = {}
    with store.reading() as conn:
        for (data,) in conn.execute(sa.text("select data from cases")):
            case = msgspec.json.decode(data, type=Case)
            level = visibility.level(rules(), case, seat)
            if level != "nothing":
                visible[case.id] = (case.version, level, case.head[:8])
        held = [msgspec.json.decode(data, type=Entry) for (data,) in conn.execute(sa.text("select data from entries"))]
    shown = {entry.id: visible[entry.case_id][1] != "full" for entry in held if entry.case_id in visible}
    return {(id, *seen) for id, seen in visible.items()}, shown


def assert_same(store: Store, replica: Replica) -> None:
    """The replica holds exactly what its officer may see."""
    cases, shown = oracle(store, replica.officer, replica.desk)
    assert replica.digest() == cases
    assert replica.shown() == shown


_CONTENT: dict[str, dict[str, Any]] = {
    "accept": {"answers": {"agreed_days": 10}},
    "reply": {"answers": {"EST-01": "yes", "POS-04": "Since May."}},
    "reply_partly": {"answers": {"EST-01": "no"}},
    "withdraw": {"text": "No longer needed."},
    "message": {"text": "Good day."},
    "modify": {"answers": REQUEST},
    "close": {},
    "forward": {},
}


def work(store: Store, draw: random.Random) -> None:
    """One entry at random that the rules allow; or a case is blocked."""
    with store.reading() as conn:
        found = conn.execute(sa.text("select data from cases order by id")).all()
    cases = [msgspec.json.decode(data, type=Case) for (data,) in found]
    if not cases or draw.random() < 0.25:
        officer, desk = draw.choice([("lyon", DESKS[0]), ("warsaw", DESKS[3])])
        given = Entry(action="send", procedure="pw.info", target=draw.choice(DESKS[1:3]), answers=REQUEST)
        store.commit_entry(officer, desk, msgspec.structs.replace(given, client_ref=ref()))
        return
    case = draw.choice(cases)
    if draw.random() < 0.05 and not case.blocked:
        force(store, case.id, "block")
        return
    moves = [
        (officer, desk, action)
        for officer, desks in OFFICERS.items()
        for desk in desks
        for action in workflow.available(rules(), case, seat_of(officer, desk))
        if action in _CONTENT
    ]
    if moves:
        officer, desk, action = draw.choice(moves)
        members = dict(_CONTENT[action])
        if action == "forward":
            members["target"] = next(each for each in DESKS[1:3] if each != desk)
        if "text" in members:
            members["text"] = Text(lang="en", text=members["text"])
        entry = Entry(case_id=case.id, action=action, based_on=case.version, client_ref=ref(), **members)
        store.commit_entry(officer, desk, entry)


def force(store: Store, case_id: str, job: str) -> None:
    """Make a retention job due for a case, and do it."""
    column, value = {
        "block": ("block_on", "2000-01-01"),
        "erase": ("erase_on", "2000-01-01"),
        "idle": ("idle_from", 0),
    }[job]
    with store.writing() as conn:
        conn.execute(sa.text(f"update cases set {column} = :value where id = :id"), {"value": value, "id": case_id})
    store.age(job, case_id)  # type: ignore[arg-type]
