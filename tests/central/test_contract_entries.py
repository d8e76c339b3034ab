"""Entry/set: repeats, references, conflicts, and what is refused with which set error."""

from __future__ import annotations

import threading
from typing import Any

import msgspec
import pytest

from imi_central.store import AlreadyExists, Store
from imi_core import seal
from imi_core.case import Entry
from tests.central.world import LYON, REQUEST, ROSENHEIM, Caller, accept, act, ref, send

Payload = dict[str, Any]


def new(**members: Any) -> Payload:
    given = {"procedure": "pw.info", "action": "send", "target": ROSENHEIM, "answers": REQUEST, "clientRef": ref()}
    return {**given, **members}


def entries_of(caller: Caller, officer: str = "lyon", desk: str = LYON) -> list[Payload]:
    return list(caller.call(officer, "Entry/get", accountId=desk, ids=None)["list"])


class TestRepeats:
    def test_a_repeat_gets_the_first_answer(self, caller: Caller) -> None:
        payload = new()
        first = caller.create("lyon", LYON, **payload)
        second = caller.create("lyon", LYON, **payload)
        assert first == second
        assert len(entries_of(caller)) == 1

    def test_a_repeat_after_others_acted_still_gets_the_first_answer(self, store: Store, caller: Caller) -> None:
        payload = new()
        first = caller.create("lyon", LYON, **payload)
        accept(store, first["caseId"])
        again = caller.create("lyon", LYON, **payload)
        assert again.pop("seq") >= first.pop("seq") > 0
        assert again == first

    def test_a_repeat_may_order_its_members_differently(self, caller: Caller) -> None:
        payload = new()
        first = caller.create("lyon", LYON, **payload)
        assert caller.create("lyon", LYON, **dict(reversed(payload.items()))) == first

    def test_other_content_under_the_same_ref_is_refused(self, caller: Caller) -> None:
        payload = new()
        first = caller.create("lyon", LYON, **payload)
        refused = caller.create("lyon", LYON, **{**payload, "answers": {**REQUEST, "company": "Other"}})
        assert refused["type"] == "alreadyExists"
        assert refused["existingId"] == first["id"]
        assert len(entries_of(caller)) == 1

    def test_the_content_as_received_counts_not_as_cleaned(self, caller: Caller) -> None:
        payload = new()
        caller.create("lyon", LYON, **{**payload, "answers": {**REQUEST, "company": "A\u202eB"}})
        refused = caller.create("lyon", LYON, **{**payload, "answers": {**REQUEST, "company": "A<U+202E>B"}})
        assert refused["type"] == "alreadyExists"

    def test_the_same_ref_at_another_desk_is_another_entry(self, store: Store, caller: Caller) -> None:
        payload = new()
        first = caller.create("lyon", LYON, **payload)
        other = caller.create("warsaw", "pl-pip-warszawa_pw", **payload)
        assert other["id"] != first["id"]

    def test_two_threads_with_the_same_ref_make_one_entry(self, store: Store, caller: Caller) -> None:
        given = Entry(action="send", procedure="pw.info", target=ROSENHEIM, answers=REQUEST, client_ref=ref())
        made: list[str] = []
        start = threading.Barrier(6)

        def go() -> None:
            start.wait()
            made.append(store.commit_entry("lyon", LYON, given).entry.id)

        threads = [threading.Thread(target=go) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(made) == 6
        assert len(set(made)) == 1
        assert len(entries_of(caller)) == 1

    def test_two_threads_with_other_content_leave_one_refused(self, store: Store, caller: Caller) -> None:
        given = [
            Entry(
                action="send",
                procedure="pw.info",
                target=ROSENHEIM,
                answers={**REQUEST, "company": name},
                client_ref="0193c000-0000-7000-8000-000000000000",
            )
            for name in ("one", "two")
        ]
        results: list[str] = []
        start = threading.Barrier(2)

        def go(entry: Entry) -> None:
            start.wait()
            try:
                store.commit_entry("lyon", LYON, entry)
                results.append("made")
            except AlreadyExists:
                results.append("refused")

        threads = [threading.Thread(target=go, args=(entry,)) for entry in given]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(results) == ["made", "refused"]


class TestReferences:
    def test_a_case_of_the_same_request_by_creation_id(self, caller: Caller) -> None:
        withdraw = {"clientRef": ref(), "action": "withdraw", "caseId": "#a", "basedOn": 1}
        withdraw["text"] = {"lang": "fr", "text": "Erreur."}
        # The one that refers stands first: order is worked out.
        answer = caller.call("lyon", "Entry/set", accountId=LYON, create={"b": withdraw, "a": new()})
        assert answer["notCreated"] is None
        assert answer["created"]["b"]["caseId"] == answer["created"]["a"]["caseId"]
        assert answer["created"]["b"]["toState"] == "withdrawn"

    def test_a_case_of_an_earlier_call_of_the_same_request(self, caller: Caller) -> None:
        message = {"clientRef": ref(), "action": "message", "caseId": "#a", "text": {"lang": "en", "text": "Hi"}}
        answers = caller.post(
            "lyon",
            ["Entry/set", {"accountId": LYON, "create": {"a": new()}}, "1"],
            ["Entry/set", {"accountId": LYON, "create": {"m": message}}, "2"],
            createdIds={},
        )
        made = answers["methodResponses"][1][1]["created"]["m"]
        assert set(answers["createdIds"]) == {"a", "m"}
        assert answers["createdIds"]["m"] == made["id"]

    def test_a_case_by_client_ref_in_any_later_request(self, caller: Caller) -> None:
        payload = new()
        first = caller.create("lyon", LYON, **payload)
        message = {"action": "message", "caseId": f"ref:{payload['clientRef']}", "text": {"lang": "en", "text": "Hi"}}
        assert caller.create("lyon", LYON, **message)["caseId"] == first["caseId"]

    @pytest.mark.parametrize("case_id", ["#nothing", "ref:00000000-0000-7000-8000-000000000000", "#k"])
    def test_what_refers_to_nothing_is_unresolved(self, caller: Caller, case_id: str) -> None:
        made = caller.create("lyon", LYON, action="message", caseId=case_id, text={"lang": "en", "text": "Hi"})
        assert made["type"] == "unresolvedReference"

    def test_what_refers_to_something_refused_is_unresolved(self, caller: Caller) -> None:
        message = {"clientRef": ref(), "action": "message", "caseId": "#a", "text": {"lang": "en", "text": "Hi"}}
        answer = caller.call(
            "lyon", "Entry/set", accountId=LYON, create={"b": message, "a": new(procedure="pw.nothing")}
        )
        assert answer["notCreated"]["a"]["type"] == "unknownProcedure"
        assert answer["notCreated"]["b"]["type"] == "unresolvedReference"

    def test_a_ref_of_another_desk_is_unresolved(self, caller: Caller) -> None:
        payload = new()
        caller.create("lyon", LYON, **payload)
        made = caller.create("rosenheim", ROSENHEIM, action="accept", caseId=f"ref:{payload['clientRef']}")
        assert made["type"] == "unresolvedReference"


class TestRefused:
    def test_one_refused_entry_does_not_hold_up_the_others(self, caller: Caller) -> None:
        answer = caller.call(
            "lyon", "Entry/set", accountId=LYON, create={"a": new(), "b": new(target="nowhere"), "c": new()}
        )
        assert set(answer["created"]) == {"a", "c"}
        assert answer["notCreated"]["b"]["type"] == "badTarget"

    def test_an_entry_based_on_an_older_request_is_stale(self, store: Store, caller: Caller) -> None:
        case_id = send(store).case_id
        act(store, "lyon", LYON, case_id, "modify", answers=REQUEST)
        members = {"caseId": case_id, "action": "accept", "answers": {"agreed_days": 5}}
        refused = caller.create("rosenheim", ROSENHEIM, **members, basedOn=1)
        assert (refused["type"], refused["version"]) == ("stale", 2)
        assert caller.create("rosenheim", ROSENHEIM, **members, basedOn=2)["toState"] == "accepted"

    def test_an_action_that_is_not_possible_names_the_present_version(self, store: Store, caller: Caller) -> None:
        case_id = send(store).case_id
        refused = caller.create("rosenheim", ROSENHEIM, caseId=case_id, action="reply", basedOn=1)
        assert (refused["type"], refused["version"]) == ("notAvailable", 1)

    def test_answers_that_do_not_fit_come_back_by_field(self, caller: Caller) -> None:
        answers = {**REQUEST, "company": "", "nonsense": "x"}
        refused = caller.create("lyon", LYON, **new(answers=answers))
        assert refused["type"] == "invalidAnswers"
        assert [each[:2] for each in refused["problems"]] == [["company", "missing"], ["nonsense", "unknown"]]

    def test_an_answer_and_a_reason_for_none_are_not_taken_together(self, store: Store, caller: Caller) -> None:
        case_id = send(store).case_id
        accept(store, case_id)
        reply: Payload = {"caseId": case_id, "action": "reply_partly", "clientRef": new()["clientRef"]}
        given = {"EST-01": "yes", "POS-04": "Since May.", "POS-04.cannot": "No register."}
        refused = caller.create("rosenheim", ROSENHEIM, **reply, answers=given, basedOn=2)
        assert (refused["type"], refused["problems"]) == ("invalidAnswers", [["POS-04", "both", ""]])
        # A blank one is none, and one takes the place of the other later.
        for answers in ({**given, "POS-04.cannot": " "}, {"POS-04.cannot": "No register."}, {"POS-04": "Since May."}):
            reply["clientRef"] = new()["clientRef"]
            [case] = caller.call("rosenheim", "Case/get", accountId=ROSENHEIM, ids=[case_id])["list"]
            made = caller.create("rosenheim", ROSENHEIM, **reply, answers=answers, basedOn=case["version"])
            assert "version" in made
        [case] = caller.call("rosenheim", "Case/get", accountId=ROSENHEIM, ids=[case_id])["list"]
        assert case["answers"] == {"EST-01": "yes", "POS-04": "Since May."}

    @pytest.mark.parametrize(
        ("members", "property"),
        [
            ({"id": "1"}, "id"),
            ({"officer": "warsaw"}, "officer"),
            ({"at": "2020-01-01T00:00:00Z"}, "at"),
            ({"version": 7}, "version"),
            ({"seal": "x"}, "seal"),
            ({"clientRef": "not-a-uuid"}, "clientRef"),
            ({"clientRef": 5}, "clientRef"),
            ({"caseId": "0" * 32}, "caseId"),
            ({"answers": {"subject": {"deep": 1}}}, "answers"),
            ({"answers": []}, "answers"),
            ({"basedOn": -1}, "basedOn"),
            ({"text": {"lang": "no language", "text": "x"}}, "text"),
            ({"text": {"lang": "en", "text": "x" * 70_000}}, "text"),
            ({"attachments": [{"blobId": "1", "name": "x", "size": 5}]}, "attachments"),
            ({"attachments": [{"blobId": "1", "name": ""}]}, "attachments"),
        ],
    )
    def test_what_a_client_may_not_set(self, caller: Caller, members: Payload, property: str) -> None:
        refused = caller.create("lyon", LYON, **new(**members))
        assert refused["type"] == "invalidProperties"
        assert refused["properties"] == [property]
        assert entries_of(caller) == []

    def test_entries_are_never_updated_or_destroyed(self, store: Store, caller: Caller) -> None:
        sent = send(store)
        answer = caller.call("lyon", "Entry/set", accountId=LYON, update={sent.id: {"text": None}}, destroy=[sent.id])
        assert answer["notUpdated"][sent.id]["type"] == answer["notDestroyed"][sent.id]["type"] == "forbidden"
        assert [each["id"] for each in entries_of(caller)] == [sent.id]

    def test_if_in_state_is_kept_to(self, store: Store, caller: Caller) -> None:
        state = caller.call("lyon", "Entry/get", accountId=LYON, ids=[])["state"]
        send(store)
        refused = caller.call("lyon", "Entry/set", accountId=LYON, ifInState=state, create={"k": new()})
        assert refused["error"]["type"] == "stateMismatch"
        state = caller.call("lyon", "Entry/get", accountId=LYON, ids=[])["state"]
        answer = caller.call("lyon", "Entry/set", accountId=LYON, ifInState=state, create={"k": new()})
        assert answer["oldState"] == state != answer["newState"]

    def test_the_directory_takes_no_entries(self, caller: Caller) -> None:
        answer = caller.call("lyon", "Entry/set", accountId="directory", create={"k": new()})
        assert answer["error"]["type"] == "accountNotSupportedByMethod"


def test_what_comes_from_outside_is_cleaned(caller: Caller) -> None:
    hostile = "Alpbau\x1b]52;c;ZXZpbA==\x07 \u202eHbmG"
    caller.create("lyon", LYON, **new(answers={**REQUEST, "company": hostile}))
    [entry] = entries_of(caller)
    assert "\x1b" not in entry["answers"]["company"]
    assert "\u202e" not in entry["answers"]["company"]
    assert "Alpbau" in entry["answers"]["company"]


def test_the_entries_of_a_case_verify_as_their_reader_gets_them(store: Store, caller: Caller) -> None:
    case_id = send(store).case_id
    accept(store, case_id)
    act(store, "rosenheim", ROSENHEIM, case_id, "reply", answers={"EST-01": "yes", "POS-04": "Since May."})
    act(store, "lyon", LYON, case_id, "close")
    for officer, desk in (("lyon", LYON), ("rosenheim", ROSENHEIM), ("lyon-basic", LYON)):
        held = [msgspec.convert(each, Entry) for each in entries_of(caller, officer, desk)]
        head = seal.verify(sorted(held, key=lambda entry: entry.version))
        [case] = caller.call(officer, "Case/get", accountId=desk, ids=[case_id])["list"]
        assert case["head"] == head


def test_references_count_up_by_prefix_and_year(store: Store, caller: Caller) -> None:
    first, second = caller.create("lyon", LYON, **new()), caller.create("lyon", LYON, **new())
    assert [first["reference"], second["reference"]] == ["PW-26-000001", "PW-26-000002"]
