"""Translations, from one client to the other: asked for offline, written by a colleague, lost by the server, hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from imi_central.store import Service
from imi_central.store import Store as Central
from imi_core.case import Entry
from imi_core.languages import NAMES
from imi_tui.cache.model import CaseDetail, Wish
from imi_tui.cache.outbox.draft import own_translation
from imi_tui.sync.errors import Offline, ServerMistake
from tests.central.test_contract_translations import request, work
from tests.central.world import LYON, ROSENHEIM, act
from tests.tui.sync.test_restore import Server
from tests.tui.sync.world import Client
from tests.tui.undone import undone

Clients = Callable[[str], Client]


@pytest.fixture
def server(tmp_path: Path, template: Path) -> Iterator[Server]:
    made = Server(tmp_path, template.read_bytes())
    yield made
    made.close()


def detail(client: Client, sent: Entry, desk: str = ROSENHEIM) -> CaseDetail:
    found = client.store.case(desk, sent.case_id)
    assert found is not None
    return found


def look(client: Client, sent: Entry, desk: str = ROSENHEIM) -> list[dict[str, Any]]:
    """What a screen does that shows the case, and what it then has."""
    found = detail(client, sent, desk)
    client.store.translations.look(desk, sent.case_id, int(found.case.get("translations", 0)))
    client.sync()
    return list(detail(client, sent, desk).translations)


def ask(client: Client, sent: Entry) -> None:
    client.store.translations.ask([Wish(ROSENHEIM, sent.case_id, sent.id, "", "de")])


def spoilt(response: dict[str, Any], method: str, **members: object) -> dict[str, Any]:
    """The response with other members in the answers of this method."""
    for name, arguments, _call in response["methodResponses"]:
        if name == method:
            arguments.update(members)
    return response


def write(client: Client, sent: Entry, text: str = "Kontrolle.") -> None:
    of = (sent.id, "justification", "fr")
    client.store.queue(own_translation("d", (ROSENHEIM, sent.case_id), of, text, "de"))


def test_asked_for_offline_and_read_offline(central: Central, client: Clients) -> None:
    central.translations.service = Service("Test engine")
    sent = request(central)
    rosenheim = client("rosenheim")
    rosenheim.sync()
    assert rosenheim.store.translations.engine() == "Test engine"
    rosenheim.line.lose = lambda _: "request"
    ask(rosenheim, sent)
    with pytest.raises(Offline):
        rosenheim.sync()
    assert [wish.problem for wish in detail(rosenheim, sent).wishes] == [""]
    rosenheim.line.lose = lambda _: ""
    rosenheim.sync()
    assert detail(rosenheim, sent).wishes == ()
    assert [each["state"] for each in detail(rosenheim, sent).translations] == ["waiting"]
    work(central)
    rosenheim.sync()
    [made] = detail(rosenheim, sent).translations
    assert made["texts"]["justification"] == "[de] Inspection of a site in Lyon."
    before = len(rosenheim.line.requests)
    rosenheim.sync()
    calls = [call[0] for each in rosenheim.line.requests[before:] for call in each["methodCalls"]]
    assert "Translation/get" not in calls, "read once"


def test_a_lost_answer_asks_again_and_makes_one(central: Central, client: Clients) -> None:
    central.translations.service = Service("Test engine")
    sent = request(central)
    rosenheim = client("rosenheim")
    rosenheim.sync()
    ask(rosenheim, sent)
    rosenheim.line.lose = lambda number: "reply" if number > 1 else ""
    with pytest.raises(Offline):
        rosenheim.sync()
    rosenheim.line.lose = lambda _: ""
    rosenheim.sync()
    assert len(detail(rosenheim, sent).translations) == 1


def test_what_the_server_will_not_do_is_told(central: Central, client: Clients) -> None:
    sent = request(central)
    rosenheim = client("rosenheim")
    rosenheim.sync()
    assert rosenheim.store.translations.engine() == ""
    ask(rosenheim, sent)
    rosenheim.sync()
    assert [wish.problem for wish in detail(rosenheim, sent).wishes] == ["noService"]
    assert rosenheim.store.translations.unasked() == []
    # An answer that cannot be read is no answer, and no mistake of this program.
    rosenheim.line.change = lambda response: spoilt(response, "Translation/set", created=True, notCreated=[5])
    ask(rosenheim, sent)
    rosenheim.sync()
    assert [wish.problem for wish in detail(rosenheim, sent).wishes] == ["error"]
    rosenheim.line.change = lambda response: response
    # Asked for once more, when the server has one.
    central.translations.service = Service("Test engine")
    rosenheim.sync()
    assert rosenheim.store.translations.engine() == "Test engine", "known with the next synchronisation"
    ask(rosenheim, sent)
    rosenheim.sync()
    assert detail(rosenheim, sent).wishes == ()
    assert [each["state"] for each in detail(rosenheim, sent).translations] == ["waiting"]


def test_a_colleague_reads_what_one_of_the_desk_wrote(central: Central, client: Clients) -> None:
    sent = request(central)
    rosenheim, both, lyon = client("rosenheim"), client("both"), client("lyon")
    for each in (rosenheim, both, lyon):
        each.sync()
    write(rosenheim, sent)
    [queued] = detail(rosenheim, sent).translations
    assert (queued["texts"], queued["at"]) == ({"justification": "Kontrolle."}, "")
    assert not detail(rosenheim, sent).pending, "it is no entry of the case"
    rosenheim.sync()
    [made] = detail(rosenheim, sent).translations
    assert made["at"]
    assert rosenheim.store.outbox() == []
    both.sync()
    [found] = look(both, sent)
    assert (found["texts"], found["officerName"]) == ({"justification": "Kontrolle."}, "Rosenheim")
    lyon.sync()
    assert look(lyon, sent, LYON) == []


def test_ones_own_is_shown_once_at_every_moment_on_its_way(central: Central, client: Clients) -> None:
    sent = request(central)
    rosenheim = client("rosenheim")
    rosenheim.sync()
    write(rosenheim, sent)
    seen: list[list[bool]] = []
    # A screen reads whenever something changed, also while the server's is here and the queued one not yet settled.
    leave = rosenheim.store.subscribe(
        lambda _changed: seen.append([bool(each["at"]) for each in detail(rosenheim, sent).translations])
    )
    rosenheim.sync()
    leave()
    assert [each for each in seen if len(each) != 1] == []
    assert [False] in seen, "the queued one"
    assert seen[-1] == [True], "the server's"


def test_it_is_taken_back_as_long_as_it_was_not_sent(central: Central, client: Clients) -> None:
    sent = request(central)
    rosenheim = client("rosenheim")
    rosenheim.sync()
    write(rosenheim, sent)
    [item] = rosenheim.store.outbox()
    draft = undone(rosenheim.store, item.client_ref)
    assert (draft.answers, draft.lang, draft.target) == ({"justification": "Kontrolle."}, "de", sent.id)
    assert draft.written, "what was written stays among the drafts"
    assert detail(rosenheim, sent).translations == ()
    rosenheim.store.queue(draft)
    rosenheim.sync()
    assert len(detail(rosenheim, sent).translations) == 1


def test_a_refused_one_says_so_and_keeps_no_entry_back(central: Central, client: Clients) -> None:
    sent = request(central)
    rosenheim = client("rosenheim")
    rosenheim.sync()
    of = (sent.id, "company", "fr")
    rosenheim.store.queue(own_translation("d", (ROSENHEIM, sent.case_id), of, "Alpenbau", "de"))
    rosenheim.sync()
    rosenheim.store.act(ROSENHEIM, sent.case_id, "message", text="Guten Tag.", lang="de")
    rosenheim.sync()
    rosenheim.sync()
    assert [(item.state, item.action) for item in rosenheim.store.outbox()] == [("rejected", "@translate")]
    assert detail(rosenheim, sent).entries[-1]["text"]["text"] == "Guten Tag."
    assert detail(rosenheim, sent).refused == 1


def test_what_a_restored_server_lacks_is_offered_again(server: Server) -> None:
    sent = request(server.store)
    night = server.back_up()
    rosenheim = server.client("rosenheim")
    rosenheim.sync()
    write(rosenheim, sent)
    rosenheim.sync()
    server.restore(night)
    rosenheim.sync()
    rosenheim.sync()
    with server.store.view("both") as view:
        assert [each.texts for each in view.translations(ROSENHEIM, None, [sent.case_id])] == [
            {"justification": "Kontrolle."}
        ]


def test_a_case_that_is_given_away_takes_its_translations_along(central: Central, client: Clients) -> None:
    central.translations.service = Service("Test engine")
    sent = request(central)
    rosenheim = client("rosenheim")
    rosenheim.sync()
    ask(rosenheim, sent)
    write(rosenheim, sent)
    rosenheim.sync()
    work(central)
    rosenheim.sync()
    assert len(detail(rosenheim, sent).translations) == 2
    act(central, "rosenheim", ROSENHEIM, sent.case_id, "forward", target="de-zoll-muenchen_pw")
    rosenheim.sync()
    assert detail(rosenheim, sent).translations == ()
    assert rosenheim.store._cache.rows("select 1 from translation") == []


def test_answers_say_their_language_where_the_server_takes_it(central: Central, client: Clients) -> None:
    sent = request(central)
    rosenheim = client("rosenheim")
    rosenheim.sync()
    answers = {"EST-01": "yes", "EST-01.remark": "Nur hier."}
    item = rosenheim.store.act(ROSENHEIM, sent.case_id, "reply_partly", answers=answers, lang="de")
    assert item.payload["lang"] == "de"
    assert item.payload["lang"] in NAMES
    rosenheim.sync()
    rosenheim.sync()
    assert detail(rosenheim, sent).entries[-1]["lang"] == "de"
    session = rosenheim.store.sync.session()
    assert session is not None
    del session["capabilities"]["urn:imi:case"]["translation"]
    rosenheim.store.sync.set_session(session)
    answers = {"EST-01": "no"}
    item = rosenheim.store.act(ROSENHEIM, sent.case_id, "reply_partly", answers=answers, lang="de")
    assert "lang" not in item.payload, "an older server would refuse it"


def test_of_a_server_that_was_put_back_is_shown_what_it_has_though_it_may_be_as_many(server: Server) -> None:
    server.store.translations.service = Service("Test engine")
    sent = request(server.store)
    night = server.back_up()
    rosenheim, both = server.client("rosenheim"), server.client("both")
    rosenheim.sync()
    ask(rosenheim, sent)
    rosenheim.sync()
    assert len(look(rosenheim, sent)) == 1
    server.restore(night)
    both.sync()
    write(both, sent)
    both.sync()
    rosenheim.sync()
    assert [each["texts"] for each in detail(rosenheim, sent).translations] == [{"justification": "Kontrolle."}]
    server.restore(night)
    rosenheim.sync()
    assert detail(rosenheim, sent).translations == (), "until the colleague's machine offers it again"
    both.sync()
    rosenheim.sync()
    assert len(detail(rosenheim, sent).translations) == 1


def test_a_translation_that_cannot_be_used_costs_one_synchronisation_and_no_other_case(
    central: Central, client: Clients
) -> None:
    central.translations.service = Service("Test engine")
    bad, good = request(central), request(central)
    rosenheim = client("rosenheim")
    rosenheim.sync()
    for sent in (bad, good):
        ask(rosenheim, sent)
    rosenheim.sync()

    def spoil(response: dict[str, Any]) -> dict[str, Any]:
        for name, arguments, _call in response["methodResponses"]:
            for each in arguments["list"] if name == "Translation/get" else ():
                each["texts"] = 5 if each["caseId"] == bad.case_id else each["texts"]
        return response

    for _ in (bad, good):
        work(central)
    rosenheim.line.change = spoil
    failed = 0
    for _ in range(3):
        try:
            rosenheim.sync()
        except ServerMistake:
            failed += 1
    assert failed == 1, "it does not fail every synchronisation from now on"
    assert [each.get("state", "done") for each in detail(rosenheim, good).translations] == ["done"]
    # What was here of the other one stays, until the server says that there is something new.
    assert [each["state"] for each in detail(rosenheim, bad).translations] == ["waiting"]
    rosenheim.line.change = lambda response: response
    write(rosenheim, bad)
    for _ in range(2):
        rosenheim.sync()
    assert [each.get("state", "done") for each in detail(rosenheim, bad).translations] == ["done", "done"]
