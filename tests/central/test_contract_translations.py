"""Translation/get and /set, and the language of an entry: free text for officers who do not read it."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
import sqlalchemy as sa

from imi_central.store import Asked, Service, Store, view
from imi_core.case import Entry
from tests.central.replica import Replica
from tests.central.world import LYON, REQUEST, ROSENHEIM, Caller, Clock, accept, act, ref, send

Given = dict[str, Any]
FIRST = "0193c000-0000-7000-8000-0000000000b1"
ENGINE = Service("Test engine")


def request(store: Store, lang: str = "fr") -> Entry:
    """A request in French that Rosenheim has accepted."""
    given = Entry(action="send", procedure="pw.info", target=ROSENHEIM, answers=REQUEST, lang=lang, client_ref=ref())
    sent = store.commit_entry("lyon", LYON, given).entry
    accept(store, sent.case_id)
    return sent


def translate(caller: Caller, officer: str, entry_id: str, desk: str = ROSENHEIM, **members: Any) -> Given:
    """One translation into German; what ``created`` or ``notCreated`` holds (then with a "type")."""
    payload = {"clientRef": ref(), "entryId": entry_id, "lang": "de", **members}
    answer = caller.call(officer, "Translation/set", accountId=desk, create={"k": payload})
    return dict((answer["created"] or answer["notCreated"])["k"]) if "error" not in answer else answer


def read(caller: Caller, officer: str, case_id: str, desk: str = ROSENHEIM) -> list[Given]:
    return list(caller.call(officer, "Translation/get", accountId=desk, caseIds=[case_id])["list"])


def work(store: Store, **texts: str) -> None:
    """What the worker does with the next job."""
    job = store.translations.next()
    assert job is not None
    store.translations.done(job.id, texts or {part: f"[{job.lang}] {text}" for part, text in job.texts.items()}, "fr")


class TestLanguage:
    def test_an_entry_says_the_language_of_its_answers_and_the_case_that_of_the_request(
        self, store: Store, caller: Caller
    ) -> None:
        sent = request(store)
        [case] = caller.call("rosenheim", "Case/get", accountId=ROSENHEIM, ids=[sent.case_id])["list"]
        [entry] = caller.call("rosenheim", "Entry/get", accountId=ROSENHEIM, ids=[sent.id])["list"]
        assert (case["lang"], entry["lang"]) == ("fr", "fr")
        assert store.broken() == [], "the seal holds it"

    def test_without_one_everything_is_as_it_was(self, store: Store, caller: Caller) -> None:
        sent = request(store, lang="")
        [entry] = caller.call("rosenheim", "Entry/get", accountId=ROSENHEIM, ids=[sent.id])["list"]
        assert "lang" not in entry
        assert store.broken() == []

    def test_it_is_one_of_the_twenty_four(self, caller: Caller) -> None:
        payload = {"clientRef": ref(), "action": "send", "procedure": "pw.info", "target": ROSENHEIM}
        payload |= {"answers": REQUEST, "lang": "no"}
        answer = caller.call("lyon", "Entry/set", accountId=LYON, create={"k": payload})
        assert answer["notCreated"]["k"]["type"] == "invalidAnswers"
        assert answer["notCreated"]["k"]["problems"][0][0] == "lang"

    def test_who_sees_the_summary_only_is_not_told(self, store: Store, caller: Caller) -> None:
        sent = send(store)
        given = Entry(
            action="send", procedure="pw.info", target=ROSENHEIM, answers=REQUEST, lang="fr", client_ref=ref()
        )
        sent = store.commit_entry("lyon", LYON, given).entry
        [entry] = caller.call("rosenheim", "Entry/get", accountId=ROSENHEIM, ids=[sent.id])["list"]
        assert "lang" not in entry


def test_translations_are_not_read_without_end(store: Store, caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever wrote very many would else fill the server's memory by asking for them."""
    sent = request(store)
    for lang in ("de", "sv", "fi"):
        translate(caller, "rosenheim", sent.id, lang=lang, texts={"subject": "x" * 1000})
    assert len(read(caller, "rosenheim", sent.case_id)) == 3
    monkeypatch.setattr(view, "MAX_READ", 2_500)
    asked = {"accountId": ROSENHEIM, "caseIds": [sent.case_id]}
    assert caller.call("rosenheim", "Translation/get", **asked)["error"]["type"] == "requestTooLarge"


class TestMachine:
    @pytest.fixture(autouse=True)
    def service(self, store: Store) -> None:
        store.translations.service = ENGINE

    def test_it_is_asked_and_its_answer_comes_with_the_next_synchronisation(self, store: Store, caller: Caller) -> None:
        sent = request(store)
        made = translate(caller, "rosenheim", sent.id)
        assert (made["state"], made["caseId"]) == ("waiting", sent.case_id)
        replica = Replica(caller, "both", ROSENHEIM).sync()
        assert replica.cases[sent.case_id]["translations"] == 1
        work(store)
        replica.sync()
        assert replica.last["Case"]["updated"] == [sent.case_id]
        assert replica.cases[sent.case_id]["translations"] == 2
        [found] = read(caller, "both", sent.case_id)
        assert "state" not in found, "done is the default"
        assert (found["source"], found["lang"], found["engine"]) == ("fr", "de", "Test engine")
        assert found["texts"] == {
            "subject": "[de] Establishment of Alpbau GmbH",
            "justification": "[de] Inspection of a site in Lyon.",
        }
        assert found["omitted"] == ["workers"], "what asks for personal data never leaves"
        with store.reading() as conn:
            row = conn.execute(sa.text("select officer, desk, object_id from audit where action = 'translate'")).one()
        assert tuple(row) == ("rosenheim", ROSENHEIM, made["id"])

    def test_the_original_stays_as_it_is_and_no_other_desk_hears_of_it(self, store: Store, caller: Caller) -> None:
        sent = request(store)
        sender = Replica(caller, "lyon", LYON).sync()
        state = sender.state
        translate(caller, "rosenheim", sent.id)
        work(store)
        assert sender.sync().state == state
        assert read(caller, "lyon", sent.case_id, LYON) == []
        assert "translations" not in sender.cases[sent.case_id]
        [entry] = caller.call("rosenheim", "Entry/get", accountId=ROSENHEIM, ids=[sent.id])["list"]
        assert entry["answers"] == REQUEST
        assert store.broken() == []

    def test_two_who_ask_get_the_same(self, store: Store, caller: Caller) -> None:
        sent = request(store)
        first = translate(caller, "rosenheim", sent.id)
        assert translate(caller, "both", sent.id)["id"] == first["id"]
        work(store)
        again = translate(caller, "both", sent.id)
        assert (again["id"], again["state"]) == (first["id"], "done")
        assert store.translations.next() is None

    def test_personal_data_goes_where_the_operator_says_so(self, store: Store, caller: Caller) -> None:
        sent = request(store)
        reply = act(store, "rosenheim", ROSENHEIM, sent.case_id, "reply_partly", answers={"POS-04": "Ja."}, lang="de")
        assert translate(caller, "lyon", reply.id, LYON, lang="fr")["type"] == "personalData"
        store.translations.service = Service("In house", personal=True)
        assert translate(caller, "lyon", reply.id, LYON, lang="fr")["state"] == "waiting"
        job = store.translations.next()
        assert job is not None
        assert (job.source, job.lang, job.texts) == ("de", "fr", {"POS-04": "Ja."})

    def test_what_cannot_be_had_is_said(self, store: Store, caller: Caller) -> None:
        sent = request(store)
        assert translate(caller, "rosenheim", sent.id, lang="fr")["type"] == "invalidProperties"
        assert translate(caller, "rosenheim", sent.id, lang="no")["type"] == "invalidProperties"
        store.translations.service = None
        assert translate(caller, "rosenheim", sent.id)["type"] == "noService"

    def test_no_more_in_an_hour_than_the_operator_allows(self, store: Store, caller: Caller, clock: Clock) -> None:
        store.translations.service = Service("Test engine", per_hour=2)
        sent = [request(store).id for _ in range(3)]
        found = [translate(caller, "rosenheim", each).get("type", "") for each in sent]
        assert found == ["", "", "rateLimit"]
        clock.at += dt.timedelta(hours=1)
        assert "type" not in translate(caller, "rosenheim", sent[2])

    def test_a_failure_is_told_and_it_may_be_asked_again(self, store: Store, caller: Caller) -> None:
        sent = request(store)
        first = translate(caller, "rosenheim", sent.id)
        job = store.translations.next()
        assert job is not None
        store.translations.failed(job.id, "refused", again=False)
        [found] = read(caller, "rosenheim", sent.case_id)
        assert (found["state"], found["reason"]) == ("failed", "refused")
        assert translate(caller, "rosenheim", sent.id)["id"] != first["id"]

    def test_a_machine_that_is_away_is_asked_again_and_given_up_in_the_end(
        self, store: Store, caller: Caller, clock: Clock
    ) -> None:
        sent = request(store)
        translate(caller, "rosenheim", sent.id)
        for _ in range(4):
            job = store.translations.next()
            assert job is not None
            assert store.translations.next() is None, "nobody else gets it meanwhile"
            store.translations.failed(job.id, "unreachable", again=True)
            clock.at += dt.timedelta(hours=2)
        assert store.translations.next() is None
        assert [each["state"] for each in read(caller, "rosenheim", sent.case_id)] == ["failed"]

    def test_what_a_killed_process_had_taken_is_taken_again(self, store: Store, caller: Caller, clock: Clock) -> None:
        sent = request(store)
        translate(caller, "rosenheim", sent.id)
        first = store.translations.next()
        clock.at += dt.timedelta(minutes=6)
        assert store.translations.next() == first is not None


class TestColleague:
    def test_it_is_for_the_desk_alone(self, store: Store, caller: Caller) -> None:
        sent = request(store)
        made = translate(caller, "rosenheim", sent.id, texts={"justification": "Kontrolle einer Baustelle in Lyon."})
        assert made["state"] == "done"
        [found] = read(caller, "both", sent.case_id)
        assert found["texts"] == {"justification": "Kontrolle einer Baustelle in Lyon."}
        assert (found["officer"], found["officerName"], found["source"]) == ("rosenheim", "Rosenheim", "fr")
        assert "engine" not in found
        assert read(caller, "lyon", sent.case_id, LYON) == []

    def test_a_text_that_is_none_of_the_entry_is_refused(self, store: Store, caller: Caller) -> None:
        sent = request(store)
        for texts in ({"company": "x"}, {"justification": " "}, {"justification": "x" * 50_001}, {"text": "x"}):
            assert translate(caller, "rosenheim", sent.id, texts=texts)["type"] == "invalidProperties"

    def test_a_repeat_gets_the_first_answer_and_other_content_is_refused(self, store: Store, caller: Caller) -> None:
        sent = request(store)
        same = {"clientRef": FIRST, "texts": {"justification": "Kontrolle."}}
        first = translate(caller, "rosenheim", sent.id, **same)
        again = translate(caller, "rosenheim", sent.id, **same)
        assert again.pop("seq") >= first.pop("seq") > 0
        assert again == first
        assert len(read(caller, "rosenheim", sent.case_id)) == 1
        other = translate(caller, "rosenheim", sent.id, **{**same, "texts": {"justification": "Prüfung."}})
        assert (other["type"], other["existingId"]) == ("alreadyExists", first["id"])

    def test_two_threads_with_the_same_ref_make_one(self, store: Store) -> None:
        sent = request(store)
        made: list[str] = []
        start = threading.Barrier(4)

        def go() -> None:
            start.wait()
            asked = Asked(FIRST, sent.id, "de", texts={"justification": "Kontrolle."})
            made.append(store.translate("rosenheim", ROSENHEIM, asked)[0].id)

        threads = [threading.Thread(target=go) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(made) == 4
        assert len(set(made)) == 1

    def test_an_entry_has_no_more_of_them_than_a_desk_reads(self, store: Store, caller: Caller) -> None:
        sent = request(store)
        found = [translate(caller, "rosenheim", sent.id, texts={"subject": f"{n}"}).get("type", "") for n in range(21)]
        assert found == [""] * 20 + ["overQuota"]


class TestWho:
    def test_who_does_not_read_the_text_neither_asks_nor_reads(self, store: Store, caller: Caller) -> None:
        store.translations.service = ENGINE
        sent = request(store)
        translate(caller, "rosenheim", sent.id, texts={"subject": "Niederlassung"})
        assert translate(caller, "lyon-basic", sent.id, LYON)["type"] == "notFound"
        assert translate(caller, "lyon-data", sent.id, LYON)["type"] == "notFound"
        assert translate(caller, "munich", sent.id, ROSENHEIM)["error"]["type"] == "accountNotFound"
        assert translate(caller, "munich", sent.id, "de-zoll-muenchen_pw")["type"] == "notFound"
        assert (
            caller.call("munich", "Translation/get", accountId="de-zoll-muenchen_pw", caseIds=[sent.case_id])["list"]
            == []
        )
        # Forwarded: the desk keeps the summary, and nothing of what was translated there.
        act(store, "rosenheim", ROSENHEIM, sent.case_id, "forward", target="de-zoll-muenchen_pw")
        assert read(caller, "rosenheim", sent.case_id) == []
        [case] = caller.call("rosenheim", "Case/get", accountId=ROSENHEIM, ids=[sent.case_id])["list"]
        assert (case["level"], case.get("translations")) == ("summary", None)

    def test_before_acceptance_there_is_nothing_to_translate(self, store: Store, caller: Caller) -> None:
        store.translations.service = ENGINE
        assert translate(caller, "rosenheim", send(store).id)["type"] == "notFound"

    def test_a_blocked_case_loses_its_translations(self, store: Store, caller: Caller) -> None:
        store.translations.service = ENGINE
        sent = request(store)
        translate(caller, "rosenheim", sent.id, texts={"subject": "Niederlassung"})
        translate(caller, "rosenheim", sent.id)
        job = store.translations.next()
        assert job is not None
        with store.writing() as conn:
            conn.execute(sa.text("update cases set block_on = '2026-01-01' where id = :id"), {"id": sent.case_id})
        store.age("block", sent.case_id)
        store.translations.done(job.id, {"subject": "zu spät"}, "fr")
        with store.reading() as conn:
            assert conn.scalar(sa.text("select count(*) from translation")) == 0
        assert translate(caller, "rosenheim", sent.id)["type"] == "blocked"


def test_a_digest_tells_a_translation_that_a_client_missed(store: Store, caller: Caller) -> None:
    sent = request(store)
    before = caller.call("rosenheim", "Case/digest", accountId=ROSENHEIM, items=True, depth=0)["buckets"]
    translate(caller, "rosenheim", sent.id, texts={"subject": "Niederlassung"})
    [bucket] = caller.call("rosenheim", "Case/digest", accountId=ROSENHEIM, items=True, depth=0)["buckets"].values()
    assert before[""]["hash"] != bucket["hash"]
    assert bucket["items"][0][3].endswith(".t1")


def test_ids_or_cases_have_to_be_named(store: Store, caller: Caller) -> None:
    made = translate(caller, "rosenheim", request(store).id, texts={"subject": "Niederlassung"})
    found = caller.call("rosenheim", "Translation/get", accountId=ROSENHEIM, ids=[made["id"], "none"])
    assert ([each["id"] for each in found["list"]], found["notFound"]) == ([made["id"]], ["none"])
    for wrong in ({}, {"ids": [], "caseIds": []}):
        answer = caller.call("rosenheim", "Translation/get", accountId=ROSENHEIM, **wrong)
        assert answer["error"]["type"] == "invalidArguments"


def test_the_session_names_the_engine(store: Store, caller: Caller) -> None:
    def told() -> tuple[str, str]:
        session = caller.http("lyon", "GET", "/jmap/session").json()
        return session["capabilities"]["urn:imi:case"]["translation"]["engine"], session["state"]

    none, before = told()
    store.translations.service = ENGINE
    engine, after = told()
    assert (none, engine) == ("", "Test engine")
    assert before != after
