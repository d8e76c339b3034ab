"""A case whose content cannot be used is put aside and named, and asked for again; everything else goes through."""

from __future__ import annotations

import copy
import datetime as dt
import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from imi_central.store import Store as Central
from imi_tui import problems
from imi_tui.sync.errors import ServerMistake
from imi_tui.sync.streaming import AGAIN
from imi_tui.viewmodel import case as pages
from imi_tui.viewmodel import status
from imi_tui.viewmodel.view import View
from tests.central.world import LYON, ROSENHEIM, accept, send
from tests.effort import tries
from tests.tui.sync.test_fuzz import NONSENSE
from tests.tui.sync.world import Client

Clients = Callable[[str], Client]
Spoil = Callable[[dict[str, Any], list[dict[str, Any]]], None]


def spoiling(victims: set[str], spoil: Spoil) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Changes contents of these cases, and their entries, wherever they come."""

    def change(response: dict[str, Any]) -> dict[str, Any]:
        out = copy.deepcopy(response)
        cases: list[dict[str, Any]] = []
        entries: list[dict[str, Any]] = []
        for name, arguments, _ in out["methodResponses"]:
            if name == "Case/get":
                cases += arguments.get("list", [])
            if name == "Entry/get":
                entries += arguments.get("list", [])
            if name == "Desk/sync":
                for account in arguments.get("accounts", {}).values():
                    for kind, into in (("Case", cases), ("Entry", entries)):
                        into += [
                            each for part in ("created", "updated") for each in account.get(kind, {}).get(part, [])
                        ]
        for case in cases:
            # Rows of a first list do not name themselves, and have nothing that is spoilt here.
            if case.get("id") in victims:
                spoil(case, [entry for entry in entries if entry.get("caseId") == case["id"]])
        return out

    return change


def content(case: dict[str, Any], _entries: list[dict[str, Any]]) -> None:
    if "request" in case:
        case["request"] = [1]


def entry(_case: dict[str, Any], entries: list[dict[str, Any]]) -> None:
    for each in entries:
        each["at"] = "yesterday"


def stray(_case: dict[str, Any], entries: list[dict[str, Any]]) -> None:
    for each in entries:
        each.pop("caseId")


def doubled(case: dict[str, Any], _entries: list[dict[str, Any]]) -> None:
    if "request" in case:
        case["id"] = "f" * 32


SPOILT: dict[str, Spoil] = {"content": content, "entry": entry, "entry of no case": stray, "another case": doubled}


def reference(client: Client, id: str) -> str:
    detail = client.store.case(LYON, id)
    assert detail is not None
    return str(detail.case["reference"])


def whole(client: Client, id: str) -> bool:
    detail = client.store.case(LYON, id)
    return detail is not None and bool(detail.case.get("request")) and bool(detail.entries) and not detail.fetching


@pytest.mark.has_cases(40, ROSENHEIM)
@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize("name", SPOILT)
def test_one_case_is_put_aside_and_the_others_come(client: Clients, cases: list[str], name: str, streams: bool) -> None:
    lyon = client("lyon")
    lyon.line.streams = streams
    lyon.line.change = spoiling({cases[7]}, SPOILT[name])
    lyon.sync()
    assert [id for id in cases if not whole(lyon, id)] == [cases[7]]
    found = lyon.store.status()
    named = reference(lyon, cases[7])
    assert (found.wanted, found.aside, found.problem) == (0, (named,), "")
    assert found.last_ok
    detail = lyon.store.case(LYON, cases[7])
    assert detail is not None
    assert (detail.aside, detail.fetching) == (True, False)


@pytest.mark.has_cases(12, ROSENHEIM)
@pytest.mark.parametrize("most", [0, 1])
@pytest.mark.parametrize("streams", [True, False])
def test_a_case_that_is_too_long_for_any_answer_holds_up_no_other(
    client: Clients, central: Central, cases: list[str], streams: bool, most: int
) -> None:
    """No answer with more than `most` of its entries ever comes: it is fetched one by one, or put aside."""
    accept(central, cases[7])
    lyon = client("lyon")
    lyon.line.streams = streams

    def too_long(response: dict[str, Any]) -> dict[str, Any]:
        for each in response["methodResponses"]:
            listed = [entry for entry in each[1].get("list", ()) if entry.get("caseId") == cases[7]]
            if each[0] == "Entry/get" and len(listed) > most:
                each[:2] = "error", {"type": "requestTooLarge"}
        return response

    lyon.line.change = too_long
    lyon.sync()
    left_out = [] if most else [cases[7]]
    assert [id for id in cases if not whole(lyon, id)] == left_out
    assert lyon.store.status().aside == tuple(reference(lyon, id) for id in left_out)
    assert lyon.store.status().problem == ""


def test_the_officer_reads_which_case_it_is_and_what_to_do(central: Central, client: Clients) -> None:
    cases = [send(central, subject=f"Case {number}").case_id for number in range(3)]
    lyon = client("lyon")
    lyon.line.change = spoiling(set(cases[:1]), content)
    lyon.sync()
    named = reference(lyon, cases[0])
    shown = status.parts(lyon.store.status(), "en", lyon.now.date(), demo=False, vault="")
    assert ("1 case unreadable", True) in [(part.text, part.alarm) for part in shown]
    told = problems.aside(lyon.store.status().aside)
    assert told.startswith(f"The server gave case {named} in a form that cannot be used")
    assert "tell whoever runs the server" in told
    detail = lyon.store.case(LYON, cases[0])
    assert detail is not None
    rules = lyon.store.rules(detail.case["procedure"])
    view = View(detail, rules, ("en",), lyon.now.date(), lyon.store.authority)
    assert told in [block.text for block in pages.overview(view)]


def test_it_is_asked_for_again_after_hours_and_no_sooner(central: Central, client: Clients) -> None:
    case = send(central).case_id
    lyon = client("lyon")
    lyon.line.change = spoiling({case}, content)
    lyon.sync()

    hurried: list[object] = []
    lyon.store.subscribe(lambda changed: hurried.append(changed) if "wanted" in changed.kinds else None)

    def asked() -> int:
        lyon.line.requests.clear()
        lyon.store.want(LYON, case)
        assert not hurried, "opening it would wake the synchronisation again and again"
        for _ in range(3):
            lyon.sync()
        return lyon.line.methods.count("Case/get")

    assert asked() == 0
    lyon.now += AGAIN - dt.timedelta(seconds=1)
    assert asked() == 0
    lyon.now += dt.timedelta(seconds=1)
    assert asked() == 1
    assert lyon.store.status().aside
    lyon.now += AGAIN
    lyon.line.change = lambda response: response
    lyon.sync()
    assert whole(lyon, case)
    assert lyon.store.status().aside == ()


def test_a_case_that_changes_is_asked_for_at_once(central: Central, client: Clients) -> None:
    case = send(central)
    lyon = client("lyon")
    lyon.line.change = spoiling({case.case_id}, content)
    lyon.sync()
    lyon.line.change = lambda response: response
    accept(central, case.case_id)
    lyon.sync()
    assert whole(lyon, case.case_id)
    assert lyon.store.status().aside == ()


@pytest.mark.parametrize("name", ["content", "entry"])
def test_a_page_with_such_a_case_is_kept_and_the_desk_goes_on(central: Central, client: Clients, name: str) -> None:
    send(central)
    lyon = client("lyon")
    lyon.sync()
    new = send(central, subject="New").case_id
    other = send(central, subject="Other").case_id
    before = lyon.store.sync.state(LYON)
    lyon.line.change = spoiling({new}, SPOILT[name])
    lyon.sync()
    assert lyon.store.sync.state(LYON) != before
    assert whole(lyon, other)
    assert lyon.store.status().aside == (reference(lyon, new),)
    lyon.line.change = lambda response: response
    lyon.now += AGAIN
    lyon.sync()
    assert whole(lyon, new)


def test_an_entry_that_comes_spoilt_to_a_known_case_is_fetched_later(central: Central, client: Clients) -> None:
    case = send(central).case_id
    lyon = client("lyon")
    lyon.sync()
    accept(central, case)
    lyon.line.change = spoiling({case}, entry)
    lyon.sync()
    assert lyon.store.status().aside == (reference(lyon, case),)
    lyon.line.change = lambda response: response
    lyon.now += AGAIN
    lyon.sync()
    detail = lyon.store.case(LYON, case)
    assert detail is not None
    assert [each["action"] for each in detail.entries] == ["send", "accept"]
    assert not detail.fetching


def test_a_comparison_goes_on_beside_such_a_case(central: Central, client: Clients) -> None:
    lyon = client("lyon")
    lyon.sync()
    cases = [send(central, subject=f"Case {number}").case_id for number in range(5)]
    spoil = spoiling({cases[2]}, content)
    forget = on_lyon_forgotten()
    lyon.line.change = lambda response: spoil(forget(response))
    report = lyon.sync()
    assert report.recovered == [LYON]
    assert lyon.ids() == set(cases)
    assert [id for id in cases if not whole(lyon, id)] == [cases[2]]
    assert lyon.store.status().aside == (reference(lyon, cases[2]),)


def on_lyon_forgotten() -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The first answer says that the state is not known any more."""
    told: list[bool] = []

    def change(response: dict[str, Any]) -> dict[str, Any]:
        out = copy.deepcopy(response)
        for name, arguments, _ in out["methodResponses"]:
            if name == "Desk/sync" and not told and LYON in arguments["accounts"]:
                del arguments["accounts"][LYON]
                arguments["notCalculated"][LYON] = {"type": "cannotCalculateChanges"}
                told.append(True)
        return out

    return change


@pytest.mark.has_cases(30, ROSENHEIM)
def test_a_server_whose_cases_are_all_wrong_is_called_mistaken(client: Clients, cases: list[str]) -> None:
    lyon = client("lyon")
    lyon.line.change = spoiling(set(cases), stray)
    with pytest.raises(ServerMistake):
        lyon.sync()
    assert lyon.store.status().aside == ()
    assert lyon.ids() == set(cases)
    asked = lyon.line.methods.count("Case/get")
    assert asked < len(cases), "all of them were asked for one by one"


MEMBERS = ("request", "questions", "answers", "contentVersion", "level")
ENTRY = (
    "id",
    "caseId",
    "at",
    "action",
    "answers",
    "text",
    "attachments",
    "version",
    "officer",
    "desk",
    "target",
    "role",
)


@pytest.mark.has_cases(30, ROSENHEIM)
@pytest.mark.parametrize("seed", range(tries(5, 12)))
def test_whatever_the_content_is_the_run_ends_well(
    central: Central, client: Clients, cases: list[str], seed: int
) -> None:
    """Members of contents and entries of some cases become nonsense: none of the others notices."""
    rng = random.Random(seed)
    for id in rng.sample(cases, 8):
        accept(central, id)
    victims = set(rng.sample(cases, rng.choice((1, 2, 5))))
    picked = {
        id: [(rng.random(), rng.choice(MEMBERS), rng.choice(ENTRY), rng.choice(NONSENSE)) for _ in (0, 1)]
        for id in victims
    }

    def nonsense(case: dict[str, Any], entries: list[dict[str, Any]]) -> None:
        for which, member, of_entry, value in picked[case["id"]]:
            if which < 0.5 and member in case and "request" in case:
                case[member] = copy.deepcopy(value)
            elif which >= 0.5 and entries:
                entries[0][of_entry] = copy.deepcopy(value)

    lyon = client("lyon")
    lyon.line.streams = bool(seed % 2)
    lyon.line.change = spoiling(victims, nonsense)
    lyon.sync()
    for id in cases:
        assert whole(lyon, id) or id in victims
    found = lyon.store.status()
    assert (found.wanted, found.problem) == (0, "")
    assert set(found.aside) <= {reference(lyon, id) for id in victims}
    lyon.line.change = lambda response: response
    lyon.now += AGAIN
    lyon.sync()
    assert lyon.store.status().aside == ()
    for id in cases:
        detail = lyon.store.case(LYON, id)
        assert detail is not None
        json.dumps(detail.case)
        assert whole(lyon, id) or id in victims
