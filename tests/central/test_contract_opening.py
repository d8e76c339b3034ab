"""What a client needs that knows nothing yet, in one request: the session and the beginning of every desk."""

from __future__ import annotations

from imi_central.store import Store
from imi_core.authority import Officer
from tests.central.test_contract_stream import lines
from tests.central.world import LYON, ROSENHEIM, Caller, send


def test_a_first_stream_brings_the_session_the_first_pages_the_rest_and_then_the_further_pages(
    store: Store, caller: Caller
) -> None:
    officer = Officer(id="both", name="Both", language="de", desks={LYON: ("handler",), ROSENHEIM: ("handler",)})
    store.put_officer(officer)
    sent = {send(store, subject=f"Case {number}").case_id for number in range(60)}
    asked = ["Desk/sync", {"states": None, "maxChanges": 250, "fetch": "heads"}, "s"]
    index = ["Authority/index", {"accountId": "directory"}, "i"]
    found = lines(caller, "both", ["Session/get", {}, "n"], asked, index)
    names = [[call[0] for call in record["methodResponses"]] for record in found]
    assert names[:4] == [["Session/get"], ["Desk/sync"], ["Desk/sync"], ["Authority/index"]]
    assert set(map(tuple, names[4:])) == {("Desk/sync",)}
    plain = caller.http("both", "GET", "/jmap/session").json()
    assert found[0]["methodResponses"][0][1] == plain
    assert found[0]["sessionState"] == plain["state"]
    pages = [record["methodResponses"][0][1]["accounts"] for record in found if record["methodResponses"][0][2] == "s"]
    assert [list(page) for page in pages[:2]] == [[ROSENHEIM], [LYON]]
    firsts = zip(pages[:2], (ROSENHEIM, LYON), strict=True)
    assert [len(page[desk]["Case"]["created"]) for page, desk in firsts] == [25, 25]
    for desk in (LYON, ROSENHEIM):
        mine = [page[desk] for page in pages if desk in page]
        assert [each["oldState"] for each in mine] == ["0", *(each["newState"] for each in mine[:-1])]
        assert {case["id"] for each in mine for case in each["Case"]["created"]} == sent
        assert not mine[-1]["hasMoreChanges"]


def test_all_desks_from_their_beginning_are_asked_for_by_name_or_by_null(store: Store, caller: Caller) -> None:
    send(store)
    named = caller.call("lyon", "Desk/sync", states={LYON: "0"})
    assert caller.call("lyon", "Desk/sync", states=None) == named
    assert named["accounts"][LYON]["Case"]["created"]
    error = caller.post("lyon", ["Desk/sync", {}, "s"])["methodResponses"][0]
    assert (error[0], error[1]["type"]) == ("error", "invalidArguments")
    assert lines(caller, "lyon", ["Desk/sync", {}, "s"])[0]["methodResponses"][0][1]["type"] == "invalidArguments"
    error = caller.post("lyon", ["Session/get", {"ids": None}, "n"])["methodResponses"][0]
    assert (error[0], error[1]["type"]) == ("error", "invalidArguments")
