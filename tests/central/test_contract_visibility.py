"""Need to know: every method and every file, for everybody who may see nothing, the summary or all of a case."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imi_central.store import Store
from imi_central.store import store as module
from imi_core.authority import Officer
from imi_core.case import Attachment, Entry
from tests.central.replica import force, oracle, work
from tests.central.world import (
    BERLIN,
    LYON,
    MUNICH,
    OFFICERS,
    REQUEST,
    ROSENHEIM,
    WARSAW,
    Caller,
    Clock,
    accept,
    act,
    ref,
    send,
)
from tests.effort import tries

SECRETS = ("Secret Person", "Inspection of a site", "hidden.pdf", "answer for the file")
UNKNOWN = "0" * 32


class World:
    """A case with a file, sent from Lyon to Rosenheim, and what each account may be asked about it."""

    def __init__(self, store: Store) -> None:
        self.store, self.caller = store, Caller(store)
        self.blob = store.put_blob("lyon", LYON, "application/pdf", b"%PDF secret bytes").id
        file = Attachment(blob_id=self.blob, name="hidden.pdf", size=0, sha256="")
        given = Entry(
            action="send",
            procedure="pw.info",
            target=ROSENHEIM,
            answers=REQUEST,
            attachments=(file,),
            client_ref=ref(),
        )
        self.sent = store.commit_entry("lyon", LYON, given).entry
        self.case_id = self.sent.case_id

    def forward(self) -> None:
        act(self.store, "rosenheim", ROSENHEIM, self.case_id, "forward", target=MUNICH)

    def download(self, officer: str, desk: str, blob: str = "") -> int:
        return self.caller.http(officer, "GET", f"/jmap/download/{desk}/{blob or self.blob}/a.pdf").status_code

    def everything(self, officer: str, desk: str, case_id: str = "", entry_id: str = "") -> dict[str, Any]:
        """The answer of every reading method about the case."""
        case_id, entry_id = case_id or self.case_id, entry_id or self.sent.id
        call, desk_account = self.caller.call, {"accountId": desk}
        return {
            "Case/get": call(officer, "Case/get", **desk_account, ids=[case_id]),
            "Case/get all": call(officer, "Case/get", **desk_account, ids=None),
            "Case/changes": call(officer, "Case/changes", **desk_account, sinceState="0"),
            "Case/query": call(officer, "Case/query", **desk_account, filter={"text": "alpbau"}),
            "Case/query reference": call(officer, "Case/query", **desk_account, filter={"reference": "PW-26-000001"}),
            "Case/digest": call(officer, "Case/digest", **desk_account, items=True),
            "Entry/get": call(officer, "Entry/get", **desk_account, ids=[entry_id]),
            "Entry/get all": call(officer, "Entry/get", **desk_account, ids=None),
            "Entry/changes": call(officer, "Entry/changes", **desk_account, sinceState="0"),
            "Desk/sync": self.caller.sync(officer, {desk: "0"}),
        }


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


def assert_nothing(world: World, officer: str, desk: str) -> None:
    """No method says more about the case than about one that never was."""
    for name, answer in world.everything(officer, desk).items():
        text = (
            str(answer).replace(f"'notFound': ['{world.case_id}']", "").replace(f"'notFound': ['{world.sent.id}']", "")
        )
        assert world.case_id not in text, name
        assert world.sent.id not in text, name
        assert not any(secret in text for secret in SECRETS), name
    assert world.download(officer, desk) == world.download(officer, desk, UNKNOWN) == 404
    made = world.caller.create(officer, desk, caseId=world.case_id, action="message", text={"lang": "en", "text": "Hi"})
    none = world.caller.create(officer, desk, caseId=UNKNOWN, action="message", text={"lang": "en", "text": "Hi"})
    assert made == none


def assert_summary(world: World, officer: str, desk: str) -> None:
    """The case is there, its content nowhere."""
    answers = world.everything(officer, desk)
    for name, answer in answers.items():
        assert not any(secret in str(answer) for secret in SECRETS), name
    [case] = answers["Case/get"]["list"]
    assert case["level"] == "summary"
    assert set(case["request"]) == {"subject", "company"}
    assert "answers" not in case
    [entry] = answers["Entry/get"]["list"]
    assert entry["redacted"] is True
    assert not {"answers", "text", "attachments", "salt"} & set(entry)
    [bucket] = answers["Case/digest"]["buckets"].values()
    assert bucket["items"][0][2] == "summary"
    assert world.download(officer, desk) == 404


def assert_full(world: World, officer: str, desk: str) -> None:
    answers = world.everything(officer, desk)
    [case] = answers["Case/get"]["list"]
    assert "level" not in case, "full is the default and left out"
    assert case["request"]["workers"] == "Secret Person, 1980-01-01"
    [entry] = answers["Entry/get"]["list"]
    assert entry["attachments"][0]["name"] == "hidden.pdf"
    assert world.download(officer, desk) == 200


def test_the_initiator_sees_all(world: World) -> None:
    assert_full(world, "lyon", LYON)


def test_the_responder_sees_the_summary_until_it_accepts(world: World) -> None:
    assert_summary(world, "rosenheim", ROSENHEIM)
    accept(world.store, world.case_id)
    assert_full(world, "rosenheim", ROSENHEIM)


def test_after_forwarding_the_forwarder_is_an_observer(world: World) -> None:
    accept(world.store, world.case_id)
    world.forward()
    assert_summary(world, "rosenheim", ROSENHEIM)
    assert_summary(world, "munich", MUNICH)
    accept(world.store, world.case_id, "munich", MUNICH)
    assert_full(world, "munich", MUNICH)
    assert_summary(world, "rosenheim", ROSENHEIM)


def test_a_basic_role_sees_the_summary(world: World) -> None:
    assert_summary(world, "lyon-basic", LYON)


@pytest.mark.parametrize(
    ("officer", "desk"), [("munich", MUNICH), ("berlin", BERLIN), ("warsaw", WARSAW), ("lyon-data", LYON)]
)
def test_who_has_no_part_or_no_role_sees_nothing(world: World, officer: str, desk: str) -> None:
    assert_nothing(world, officer, desk)


def test_a_desk_without_a_seat_does_not_exist(world: World) -> None:
    for name, answer in world.everything("munich", ROSENHEIM).items():
        if name == "Desk/sync":
            assert answer == {"accounts": {}, "notCalculated": {ROSENHEIM: {"type": "accountNotFound"}}}
        else:
            assert answer == {"error": {"type": "accountNotFound"}}, name
    nowhere = world.caller.call("munich", "Case/get", accountId="xx-no-such_pw", ids=[])
    assert nowhere == {"error": {"type": "accountNotFound"}}
    made = world.caller.create("munich", ROSENHEIM, caseId=world.case_id, action="accept")
    assert made == {"error": {"type": "accountNotFound"}}
    assert world.download("munich", ROSENHEIM) == 404
    upload = world.caller.http("munich", "POST", f"/jmap/upload/{ROSENHEIM}", content=b"x")
    assert upload.status_code == 404


def test_a_blocked_case_is_gone_for_everybody(world: World) -> None:
    accept(world.store, world.case_id)
    force(world.store, world.case_id, "block")
    for officer, desk in (("lyon", LYON), ("rosenheim", ROSENHEIM)):
        for name, answer in world.everything(officer, desk).items():
            found = answer.get("list", []), answer.get("created", []), answer.get("ids", []), answer.get("buckets", {})
            assert not any(found), name
        refused = world.caller.create(officer, desk, caseId=world.case_id, action="message")
        assert refused["type"] == "blocked", "who saw the case before may know why"
    world.download("lyon", LYON)
    assert world.caller.create("munich", MUNICH, caseId=world.case_id, action="message")["type"] == "notFound"


def test_rights_taken_away_count_from_the_next_request(world: World, clock: Clock) -> None:
    store = world.store
    # From then on the file is not readable as its uploader's own any more.
    clock.at += dt.timedelta(hours=25)
    assert_full(world, "lyon", LYON)
    store.put_officer(Officer(id="lyon", name="Lyon", desks={LYON: ("basic",)}))
    assert_summary(world, "lyon", LYON)
    refused = world.caller.create("lyon", LYON, procedure="pw.info", action="send", target=ROSENHEIM, answers=REQUEST)
    assert refused["type"] == "forbidden"
    store.put_officer(Officer(id="lyon", name="Lyon", desks={}))
    assert world.caller.call("lyon", "Case/get", accountId=LYON, ids=None) == {"error": {"type": "accountNotFound"}}
    store.put_officer(Officer(id="lyon", name="Lyon", desks={LYON: ("handler",)}), active=False)
    assert world.caller.http("lyon", "GET", "/jmap/session").status_code == 403
    assert world.caller.http("lyon", "POST", "/jmap/api", json={}).status_code in (400, 403)


def test_the_access_state_tells_of_changed_rights(world: World) -> None:
    def states(officer: str) -> dict[str, str]:
        session = world.caller.http(officer, "GET", "/jmap/session").json()
        held = {key: each["accountCapabilities"]["urn:imi:case"] for key, each in session["accounts"].items()}
        return {"session": session["state"]} | {key: each["accessState"] for key, each in held.items()}

    before, others = states("lyon"), states("rosenheim")
    world.store.put_officer(Officer(id="lyon", name="Lyon", desks={LYON: ("basic",)}))
    after = states("lyon")
    assert after[LYON] != before[LYON]
    assert after["session"] != before["session"]
    assert after["directory"] == before["directory"], "the desks are the same"
    assert states("rosenheim") == others
    synced = world.caller.sync("lyon", {LYON: "0"})["accounts"][LYON]
    assert synced["accessState"] == after[LYON]


def test_a_seat_lost_in_the_middle_of_a_request_takes_no_entry(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The view of a request is one snapshot; what is written is decided on the rights of that moment."""
    store, taken = world.store, []
    real = module.commit.commit_entry

    def take_the_seat(*args: Any) -> Any:
        if not taken:
            taken.append(True)
            args[0].execute(sa.text("delete from seat where officer = 'lyon'"))
        return real(*args)

    monkeypatch.setattr(module.commit, "commit_entry", take_the_seat)
    message = {"caseId": world.case_id, "action": "message", "text": {"lang": "en", "text": "Hi"}}
    made = world.caller.create("lyon", LYON, **message)
    assert made["type"] == "forbidden"
    assert store.heads()[LYON] == 2, "nothing was logged"


class TestFiles:
    def test_an_upload_is_its_uploaders_for_a_day(self, store: Store, clock: Clock) -> None:
        caller = Caller(store)
        made = caller.http("lyon", "POST", f"/jmap/upload/{LYON}", content=b"abc").json()
        path = f"/jmap/download/{LYON}/{made['blobId']}/a"
        assert caller.http("lyon", "GET", path).content == b"abc"
        assert caller.http("lyon-basic", "GET", path).status_code == 404, "not even a colleague's"
        clock.at += dt.timedelta(hours=24, seconds=1)
        assert caller.http("lyon", "GET", path).status_code == 404
        assert store.expire_blobs() == 1

    @pytest.mark.parametrize(("officer", "desk"), [("rosenheim", ROSENHEIM), ("munich", MUNICH), ("lyon-data", LYON)])
    def test_somebody_elses_file_cannot_be_attached(self, world: World, officer: str, desk: str) -> None:
        """The confused deputy: attaching a file one may not read would make it readable."""
        to = WARSAW if desk != LYON else ROSENHEIM
        new = {"procedure": "pw.info", "action": "send", "target": to, "answers": REQUEST}
        files = [{"blobId": world.blob, "name": "mine.pdf"}]
        refused = world.caller.create(officer, desk, **new, attachments=files)
        unknown = world.caller.create(officer, desk, **new, attachments=[{"blobId": UNKNOWN, "name": "mine.pdf"}])
        assert refused["type"] == unknown["type"] == "blobNotFound"

    def test_a_file_that_is_read_in_full_can_be_passed_on(self, world: World) -> None:
        accept(world.store, world.case_id)
        message = {"caseId": world.case_id, "action": "message", "text": {"lang": "en", "text": "See file."}}
        files = [{"blobId": world.blob, "name": "again.pdf"}]
        assert "seal" in world.caller.create("rosenheim", ROSENHEIM, **message, attachments=files)


@settings(max_examples=tries(2, 40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**16))
def test_every_method_returns_a_subset_of_the_oracle(fresh: Callable[[Clock], Store], seed: int) -> None:
    store, draw = fresh(Clock()), random.Random(seed)
    caller = Caller(store)
    for _ in range(20):
        work(store, draw)
    with store.reading() as conn:
        every_case = list(conn.scalars(sa.text("select id from cases")))
        every_entry = list(conn.scalars(sa.text("select id from entries")))
    for officer, desks in OFFICERS.items():
        for desk in desks:
            cases, shown = oracle(store, officer, desk)
            ids = {each[0] for each in cases}
            account = {"accountId": desk}
            got = caller.call(officer, "Case/get", **account, ids=every_case)["list"]
            seen = {(each["id"], each.get("version", 1), each.get("level", "full")) for each in got}
            assert seen == {each[:3] for each in cases}
            got = caller.call(officer, "Entry/get", **account, ids=every_entry)["list"]
            assert {each["id"]: each.get("redacted", False) for each in got} == shown
            assert set(caller.call(officer, "Case/query", **account, limit=500)["ids"]) == ids
            assert set(caller.call(officer, "Case/changes", **account, sinceState="0")["created"]) == ids
            assert set(caller.call(officer, "Entry/changes", **account, sinceState="0")["created"]) == set(shown)
            buckets = caller.call(officer, "Case/digest", **account, items=True)["buckets"]
            assert {tuple(item) for each in buckets.values() for item in each["items"]} == cases
    store.close()


def test_officers_see_only_colleagues_and_only_shared_desks(store: Store, caller: Caller) -> None:
    found = caller.call("rosenheim", "Officer/get", accountId="directory", ids=None)["list"]
    assert {each["id"]: set(each["desks"]) for each in found} == {"both": {ROSENHEIM}, "rosenheim": {ROSENHEIM}}
    hidden = caller.call("rosenheim", "Officer/get", accountId="directory", ids=["lyon", "nobody"])
    assert hidden["notFound"] == ["lyon", "nobody"]
    assert send(store).officer_name == "Lyon"
