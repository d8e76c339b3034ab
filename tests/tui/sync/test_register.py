"""The register comes country by country, resumes where it was cut, and forgets what is no longer in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from imi_central.catalogue import load
from imi_central.store import Store as Central
from imi_core.authority import Authority, Desk, Officer
from imi_core.jmap import DIRECTORY
from imi_tui.cache.sync import Page
from imi_tui.sync import register
from imi_tui.sync.errors import Offline, OtherServer, ReplyTooLarge, ServerMistake, Unavailable
from tests.central.world import AUTHORITIES, LYON, ROSENHEIM, Clock, send
from tests.tui.sync.world import Client

Clients = Callable[[str], Client]


def held(client: Client) -> set[str]:
    """Ids of the authorities a client can find."""
    return {hit.id for hit in client.store.authorities("", limit=1000)}


def some(country: str, number: int) -> list[Authority]:
    return [
        Authority(
            id=f"{country.lower()}-{index:03}",
            formal_name=f"Office {index}",
            country=country,
            address=f"Street {index}",
            desks=(Desk(id=f"{country.lower()}-{index:03}_pw", area="pw"),),
        )
        for index in range(number)
    ]


def countries_asked(client: Client) -> list[str]:
    calls = [call for request in client.line.requests for call in request["methodCalls"]]
    return [call[1]["country"] for call in calls if call[0] == "Authority/index" and "country" in call[1]]


def test_everything_can_be_found_after_a_first_sync(client: Clients) -> None:
    lyon = client("lyon")
    lyon.sync()
    assert held(lyon) == {each.id for each in AUTHORITIES}
    assert lyon.store.register_share() == (3, 3)


@pytest.mark.parametrize("streams", [True, False])
def test_a_first_answer_that_is_too_large_leaves_no_directory_out(client: Clients, streams: bool) -> None:
    lyon = client("lyon")
    lyon.sync()
    lyon.store.sync.reset_account(DIRECTORY)
    assert lyon.store.procedures() == []
    lyon.line.streams, lyon.line.requests = streams, []
    large = [ReplyTooLarge("once")]
    call = lyon.line.call

    def once(request: dict[str, Any]) -> dict[str, Any]:
        response = call(request)
        if large:
            raise large.pop()
        return response

    lyon.line.call = once  # type: ignore[method-assign]
    lyon.sync()
    assert lyon.store.procedures() != []
    assert held(lyon) == {each.id for each in AUTHORITIES}
    followed = [
        each[1]["states"] for request in lyon.line.requests for each in request["methodCalls"] if each[2] == "s"
    ]
    assert all(DIRECTORY not in states for states in followed), "it is read country by country"


def test_an_index_is_cut_anywhere_and_goes_on(
    central: Central, client: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register, "PAGE", 2)
    central.put_authorities(some("IT", 9))
    lyon = client("lyon")
    rounds = 0
    while True:
        lyon.line.lose = lambda number: "reply" if number % 3 == 2 else ""
        lyon.restart()
        rounds += 1
        try:
            lyon.sync()
            break
        except Offline:
            before = lyon.store.register_share()
            assert rounds < 40
    assert rounds > 3
    assert before != (4, 4)
    assert held(lyon) == {each.id for each in (*AUTHORITIES, *some("IT", 9))}
    # No page came twice: the cut ones were asked for again, the others not.
    assert countries_asked(lyon).count("IT") <= 2 * 5


def test_a_record_that_a_busy_server_did_not_give_is_asked_for_again(client: Clients) -> None:
    lyon = client("lyon")
    lyon.sync()
    [hit, *_] = lyon.store.authorities("")
    lyon.store.want_authority(hit.id)

    def busy(response: dict[str, Any]) -> dict[str, Any]:
        for answer in response["methodResponses"]:
            if answer[0] == "Authority/get":
                answer[0], answer[1] = "error", {"type": "serverUnavailable"}
        return response

    lyon.line.change = busy
    with pytest.raises(Unavailable):
        lyon.sync()
    lyon.line.change = lambda response: response
    before = lyon.line.methods.count("Authority/get")
    lyon.sync()
    assert lyon.line.methods.count("Authority/get") == before + 1
    lyon.sync()
    assert lyon.line.methods.count("Authority/get") == before + 1, "and then no more"


def test_own_countries_and_those_of_partners_come_first(
    central: Central, client: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register, "AT_ONCE", 1)
    central.put_authorities([*some("AT", 1), *some("IT", 3)])
    send(central)
    lyon = client("lyon")
    lyon.sync()
    assert countries_asked(lyon) == ["FR", "DE", "AT", "PL", "IT"]


def test_small_countries_come_together_and_large_ones_do_not(
    central: Central, client: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register, "PAGE", 6)
    monkeypatch.setattr(register, "MAX_PER_ANSWER", 10)
    central.put_authorities([*some("AT", 1), *some("IT", 8), *some("ES", 7), *some("LT", 1)])
    lyon = client("lyon")
    lyon.sync()
    asked = [
        [(call[1]["country"], call[1]["after"]) for call in request["methodCalls"] if "country" in call[1]]
        for request in lyon.line.requests
        if request["methodCalls"][0][0] == "Authority/index" and "country" in request["methodCalls"][0][1]
    ]
    # France has 2, Germany 3, Poland 1; of Spain and Italy a page has 6.
    assert [[country for country, _ in each] for each in asked] == [
        ["FR", "AT", "LT", "PL", "DE"],
        ["ES"],
        ["ES"],
        ["IT"],
        ["IT"],
    ]
    assert lyon.store.register_share() == (7, 7)


def test_what_changes_while_the_index_comes_is_not_missed(
    central: Central, client: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register, "PAGE", 2)
    central.put_authorities(some("IT", 6))
    lyon = client("lyon")
    done: list[int] = []

    def change(response: dict[str, Any]) -> dict[str, Any]:
        reached = [args for name, args, _ in response["methodResponses"] if args.get("country") == "IT"]
        if reached and not done:
            done.append(1)
            central.put_authorities([Authority(id="it-", formal_name="First of all", country="IT")])
        return response

    lyon.line.change = change
    lyon.sync()
    lyon.sync()
    assert "it-" in held(lyon)


def test_a_record_is_brief_until_somebody_reads_it(central: Central, client: Clients) -> None:
    central.put_authorities(some("IT", 2))
    lyon = client("lyon")
    lyon.sync()
    assert lyon.store.authority_is_brief("it-000")
    assert "address" not in (lyon.store.authority("it-000") or {})
    assert lyon.store.want_authority("it-000")
    lyon.sync()
    assert (lyon.store.authority("it-000") or {})["address"] == "Street 0"
    assert not lyon.store.want_authority("it-000")
    # The other one was not fetched along, and nothing is asked for again.
    assert lyon.store.authority_is_brief("it-001")
    before = len(lyon.line.requests)
    lyon.sync()
    assert len(lyon.line.requests) == before + 1


def test_a_brief_authority_can_be_addressed(central: Central, client: Clients) -> None:
    lyon = client("lyon")
    lyon.sync()
    target = lyon.store.target(ROSENHEIM)
    assert target is not None
    assert (target.active, target.country, target.area) == (True, "DE", "pw")


def test_a_state_nobody_can_follow_reads_the_register_again(central: Central, client: Clients, clock: Clock) -> None:
    central.put_authorities(some("IT", 4))
    lyon = client("lyon")
    lyon.sync()
    lyon.store.want_authority("it-000")
    lyon.sync()
    stray = dict(lyon.store.authority("it-001") or {}, id="it-zzz")
    lyon.store.sync.register.put("IT", [stray], more=True)
    assert lyon.store.authority("it-zzz") is not None
    lyon.store.sync.apply(DIRECTORY, Page(new_state="999999.AAAAAAAAAAAAAAAA"))
    clock.at += dt.timedelta(days=1)
    report = lyon.sync()
    assert report.recovered == [DIRECTORY]
    assert held(lyon) == {each.id for each in (*AUTHORITIES, *some("IT", 4))}
    assert lyon.store.authority("it-zzz") is None
    # What was here in full stays so.
    assert not lyon.store.authority_is_brief("it-000")
    assert lyon.store.authority_is_brief("it-001")


def lies(change: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def told(response: dict[str, Any]) -> dict[str, Any]:
        for name, arguments, _ in response["methodResponses"]:
            if name == "Authority/index":
                change(arguments)
        return response

    return told


WRONG: dict[str, Callable[[dict[str, Any]], object]] = {
    "no countries": lambda told: told.pop("countries", None),
    "no state": lambda told: told.pop("state", None) if "countries" in told else None,
    "countries of another shape": lambda told: told.update(countries={"DE": "many"}) if "countries" in told else None,
    "another country": lambda told: told.update(country="XX") if "country" in told else None,
    "authorities of another country": lambda told: [each.update(country="XX") for each in told.get("list", ())],
    "no end": lambda told: told.update(hasMore=True, list=[]) if "country" in told else None,
    "no list": lambda told: told.pop("list", None),
    "an authority without a name": lambda told: [each.pop("formalName") for each in told.get("list", ())],
}


@pytest.mark.parametrize("name", WRONG)
def test_nonsense_is_refused_and_deletes_nothing(name: str, central: Central, client: Clients) -> None:
    lyon = client("lyon")
    lyon.sync()
    before = held(lyon)
    lyon.store.sync.apply(DIRECTORY, Page(new_state="999999.AAAAAAAAAAAAAAAA"))
    lyon.line.change = lies(WRONG[name])  # type: ignore[arg-type]
    with pytest.raises(ServerMistake):
        lyon.sync()
    assert held(lyon) == before
    lyon.line.change = lambda response: response
    lyon.restart()
    lyon.sync()
    assert held(lyon) == before


def test_another_language_brings_procedures_and_authorities_in_it_once(central: Central, client: Clients) -> None:
    central.put_procedures(load())
    lyon = client("lyon")
    lyon.sync()
    assert {code for rules in lyon.store.procedures() for code in rules.labels} == set()
    before = len(lyon.line.requests)
    lyon.restart(languages=("de", "en"))
    lyon.sync()
    assert all(set(rules.labels) == {"de"} for rules in lyon.store.procedures())
    asked = [call for request in lyon.line.requests[before:] for call in request["methodCalls"]]
    assert {call[1]["country"] for call in asked if "country" in call[1]} == {each.country for each in AUTHORITIES}
    assert all(call[1]["languages"] == ["de", "en"] for call in asked if "languages" in call[1])
    assert held(lyon) == {each.id for each in AUTHORITIES}
    before = len(lyon.line.requests)
    lyon.restart(languages=("de", "en"))
    lyon.sync()
    assert not [call for request in lyon.line.requests[before:] for call in request["methodCalls"] if "get" in call[0]]


def test_a_language_that_is_new_here_is_asked_for_before_anything_else(central: Central, client: Clients) -> None:
    central.put_procedures(load())
    lyon = client("lyon")
    lyon.sync()
    state, sessions, before = lyon.store.sync.state(DIRECTORY), lyon.line.sessions, len(lyon.line.requests)
    central.put_officer(Officer(id="other", name="Other", desks={LYON: ("handler",)}))
    lyon.restart(languages=("de", "en"))
    lyon.line.lose = lambda _: "request" if len(lyon.line.requests) > before else ""
    with pytest.raises(Offline):
        lyon.sync()
    [first] = lyon.line.requests[before:]
    assert [call[0] for call in first["methodCalls"]] == ["Procedure/get", "Authority/index"]
    assert lyon.line.sessions == sessions, "the session that is kept serves"
    assert {code for rules in lyon.store.procedures() for code in rules.labels} == {"de"}
    assert lyon.store.sync.state(DIRECTORY) == state
    lyon.line.lose = lambda _: ""
    lyon.sync()
    assert lyon.store.handlers.called("other") == "Other", "what changed meanwhile comes with the changes"


def test_texts_of_a_server_that_is_another_one_now_are_not_taken(central: Central, client: Clients) -> None:
    central.put_procedures(load())
    lyon = client("lyon")
    lyon.sync()
    lyon.restart(languages=("de", "en"))

    def other(session: dict[str, Any]) -> dict[str, Any]:
        session["capabilities"]["urn:imi:case"]["server"] = "another"
        return session

    lyon.line.change_session = other
    with pytest.raises(OtherServer):
        lyon.sync()
    assert {code for rules in lyon.store.procedures() for code in rules.labels} == set()


def test_texts_in_a_language_spoken_before_are_here_without_a_line(central: Central, client: Clients) -> None:
    central.put_procedures(load())
    lyon = client("lyon")
    lyon.restart(languages=("el", "en"))
    assert not lyon.store.lacks_labels("el"), "nothing was fetched at all"
    lyon.sync()
    assert not lyon.store.lacks_labels("el")
    assert lyon.store.lacks_labels("fi")
    greek = lyon.store.rules("pw.info").labels["el"]
    lyon.restart(languages=("fi", "en"))
    lyon.sync()
    labels = lyon.store.rules("pw.info").labels
    assert labels.keys() == {"el", "fi"}
    assert labels["el"] == greek
    assert not any(lyon.store.lacks_labels(language) for language in ("el", "fi", "en"))


def test_texts_of_procedures_in_another_language_come_beside_those_of_the_officer(
    central: Central, client: Clients
) -> None:
    central.put_procedures(load())
    lyon = client("lyon")
    lyon.sync()
    before = lyon.line.methods.count("Procedure/get")
    assert not lyon.store.want_labels("en"), "the definitions are English"
    assert lyon.store.want_labels("el")
    lyon.restart()
    lyon.sync()
    assert lyon.store.rules("pw.info").labels["el"]["pw.info.title"]
    assert not lyon.store.want_labels("el")
    lyon.sync()
    assert lyon.line.methods.count("Procedure/get") == before + 1, "and then no more"


def test_texts_that_a_busy_server_did_not_give_do_not_stand_before_everything_else(client: Clients) -> None:
    lyon = client("lyon")
    lyon.sync()
    assert lyon.store.want_labels("el")

    def busy(response: dict[str, Any]) -> dict[str, Any]:
        for answer in response["methodResponses"]:
            if answer[0] == "Procedure/get":
                answer[0], answer[1] = "error", {"type": "serverUnavailable"}
        return response

    lyon.line.change = busy
    with pytest.raises(Unavailable):
        lyon.sync()
    assert lyon.store.sync.register.wanted_labels() == ["el"], "asked for again"

    def nonsense(response: dict[str, Any]) -> dict[str, Any]:
        for answer in response["methodResponses"]:
            if answer[0] == "Procedure/get":
                answer[1]["list"] = [{"id": "pw.info"}]
        return response

    lyon.line.change = nonsense
    with pytest.raises(ServerMistake):
        lyon.sync()
    assert lyon.store.sync.register.wanted_labels() == []
