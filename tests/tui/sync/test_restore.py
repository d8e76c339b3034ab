"""A server restored from last night's backup: nothing is lost and nothing is there twice (F10, F11, F12; P4)."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from imi_central.jobs import backup
from imi_central.store import Store as Central
from imi_core.authority import Officer
from imi_core.case import Text
from imi_tui.cache.outbox import reoffered
from imi_tui.cache.outbox.draft import Draft
from imi_tui.sync import digest
from imi_tui.sync.errors import Offline, OtherServer
from imi_tui.viewmodel import outgoing
from tests.central.world import AUTHORITIES, LYON, REQUEST, ROSENHEIM, Caller, Clock, act, fill, rules, send
from tests.tui.sync.world import Client, server_ids


class Server:
    """An installation whose database is a file that can be backed up and put back."""

    def __init__(self, folder: Path, content: bytes) -> None:
        self.folder, self.clock = folder, Clock()
        self.file = folder / "central.db"
        self.file.write_bytes(content)
        self.clients: list[Client] = []
        self.start()

    @property
    def url(self) -> str:
        return f"sqlite:///{self.file}"

    def start(self) -> None:
        self.store = Central.open(self.url, now=self.clock)
        for each in self.clients:
            each.line.caller = Caller(self.store)

    def client(self, officer: str) -> Client:
        self.clients.append(Client(self.folder / f"{officer}-{len(self.clients)}", Caller(self.store), officer))
        return self.clients[-1]

    def back_up(self, name: str = "night.db") -> Path:
        return backup.make(self.store, self.url, self.folder / name)

    def restore(self, file: Path, *, told: bool = True) -> None:
        """By the command, or (`told` false) by a file copied back without it."""
        self.store.close()
        if told:
            backup.restore(file, self.url, replace=True)
        else:
            self.file.write_bytes(file.read_bytes())
        # A restored server never writes the same history again.
        self.clock.at += dt.timedelta(days=1)
        self.start()

    def texts(self) -> list[str]:
        with self.store.view("lyon") as view:
            return sorted(entry.text.text for entry in view.entries(LYON, None, 1000) if entry.text is not None)

    def close(self) -> None:
        for each in self.clients:
            each.close()
        self.store.close()


@pytest.fixture
def server(tmp_path: Path, template: Path) -> Iterator[Server]:
    made = Server(tmp_path, template.read_bytes())
    yield made
    made.close()


def shown(client: Client) -> list[str]:
    """The texts of all entries in the client's cache."""
    found = []
    for case in client.ids():
        detail = client.store.case(LYON, case)
        assert detail is not None
        found += [entry["text"]["text"] for entry in detail.entries if entry.get("text")]
    return sorted(found)


def start(client: Client, subject: str) -> None:
    draft = Draft(
        id=subject,
        desk=LYON,
        procedure="pw.info",
        action="send",
        target=ROSENHEIM,
        answers={**REQUEST, "subject": subject},
    )
    client.store.queue(draft)


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("passed", [False, True], ids=["behind", "counter-passed"])
def test_what_the_backup_lacks_comes_back_once(server: Server, told: bool, passed: bool) -> None:
    kept = send(server.store, subject="Kept").case_id
    lyon = server.client("lyon")
    lyon.sync()
    lyon.store.act(LYON, kept, "message", text="Before the backup.", lang="en")
    lyon.sync()
    night = server.back_up()
    lyon.store.act(LYON, kept, "message", text="After the backup.", lang="en")
    start(lyon, "Started after the backup")
    lyon.sync()
    [new] = lyon.ids() - {kept}
    lyon.store.act(LYON, new, "message", text="In the new case.", lang="en")
    lyon.sync()
    assert lyon.store.outbox() == []
    before = lyon.ids()
    server.restore(night, told=told)
    if passed:
        for number in range(20):
            send(server.store, subject=f"After {number}")
        server.back_up("second.db")
    lyon.restart()
    report = lyon.sync()
    lyon.store.sync.restored_is_told()
    assert not lyon.sync().restored, "said once"
    assert report.restored is told
    assert lyon.store.outbox() == []
    assert server.texts() == ["After the backup.", "Before the backup.", "In the new case."]
    assert before <= lyon.ids() == server_ids(server.store, "lyon")
    assert shown(lyon) == server.texts()
    assert not lyon.store.sync.is_restored()


def test_that_the_server_was_restored_is_said_though_the_line_breaks_then(server: Server) -> None:
    lyon = server.client("lyon")
    send(server.store)
    lyon.sync()
    night = server.back_up()
    server.restore(night)
    lyon.restart()
    lyon.line.lose = lambda _: "reply" if lyon.line.sessions else ""
    lyon.line.sessions = 0
    with pytest.raises(Offline):
        lyon.sync()
    lyon.line.lose = lambda _: ""
    lyon.restart()
    assert lyon.sync().restored
    assert lyon.sync().restored, "until somebody has told it"
    lyon.store.sync.restored_is_told()
    assert not lyon.sync().restored, "said once"


def test_what_is_acknowledged_is_kept_until_a_backup_has_it(server: Server) -> None:
    kept = send(server.store).case_id
    lyon = server.client("lyon")
    lyon.sync()
    lyon.store.act(LYON, kept, "message", text="One.", lang="en")
    lyon.sync()
    lyon.sync()
    assert len(lyon.store.sync.journal(LYON)) == 1
    server.back_up()
    lyon.store.act(LYON, kept, "message", text="Two.", lang="en")
    lyon.sync()
    lyon.sync()
    [left] = lyon.store.sync.journal(LYON)
    assert left.payload["text"]["text"] == "Two."


def test_a_lost_cache_does_not_take_the_epoch_along(server: Server) -> None:
    kept = send(server.store).case_id
    lyon = server.client("lyon")
    lyon.sync()
    night = server.back_up()
    lyon.store.act(LYON, kept, "message", text="After the backup.", lang="en")
    lyon.sync()
    server.restore(night)
    lyon.store.close()
    for file in lyon.profile.home.rglob("cache.db*"):
        file.unlink()
    lyon._open()
    lyon.sync()
    lyon.sync()
    assert server.texts() == ["After the backup."]


def test_a_kill_between_session_and_offer_loses_nothing(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = send(server.store).case_id
    lyon = server.client("lyon")
    lyon.sync()
    night = server.back_up()
    lyon.store.act(LYON, kept, "message", text="After the backup.", lang="en")
    lyon.sync()
    server.restore(night)
    for step in ("set_session", "note_origin"):
        lyon.restart()

        def killed(*_: object) -> None:
            raise Offline("the process ends here")

        monkeypatch.setattr(lyon.store.sync, step, killed)
        with pytest.raises(Offline):
            lyon.sync()
    lyon.restart()
    lyon.sync()
    assert server.texts() == ["After the backup."]


@pytest.mark.parametrize("filled", [False, True], ids=["empty", "of-others"])
def test_another_database_in_its_place_changes_nothing(server: Server, template: Path, filled: bool) -> None:
    kept = {send(server.store, subject=f"Case {number}").case_id for number in range(3)}
    lyon = server.client("lyon")
    lyon.sync()
    lyon.store.act(LYON, min(kept), "message", text="Waits.", lang="en")
    other = server.folder / "other"
    other.mkdir()
    strange = Central.open(f"sqlite:///{other}/central.db")
    if filled:
        send(fill(strange))
    else:
        strange.put_procedures([rules()])
        strange.put_authorities(AUTHORITIES)
        strange.put_officer(Officer(id="lyon", name="Lyon", desks={LYON: ("handler",)}))
    lyon.line.caller = Caller(strange)
    lyon.restart()
    for _ in range(2):
        with pytest.raises(OtherServer):
            lyon.sync()
    assert lyon.ids() == kept
    assert [item.state for item in lyon.store.outbox()] == ["queued"]
    strange.close()
    lyon.line.caller = Caller(server.store)
    lyon.sync()
    assert server.texts() == ["Waits."]


def test_the_other_sides_answer_finds_the_case_again(server: Server) -> None:
    lyon, rosenheim = server.client("lyon"), server.client("rosenheim")
    lyon.sync()
    rosenheim.sync()
    night = server.back_up()
    start(lyon, "Started after the backup")
    lyon.sync()
    rosenheim.sync()
    [case] = rosenheim.ids()
    rosenheim.store.act(ROSENHEIM, case, "accept", answers={"agreed_days": 10})
    rosenheim.sync()
    server.restore(night)
    lyon.sync()
    rosenheim.sync()
    with server.store.view("lyon") as view:
        assert [(each.id, each.state) for each in view.cases(LYON, None, 10)] == [(case, "accepted")]
    assert rosenheim.store.outbox() == []


def responder_before_initiator(server: Server) -> tuple[Client, Client, str]:
    """The server lost a case; the clients of both sides know it, and the responder has an accept to offer again."""
    lyon, rosenheim = server.client("lyon"), server.client("rosenheim")
    lyon.sync()
    rosenheim.sync()
    night = server.back_up()
    start(lyon, "Started after the backup")
    lyon.sync()
    rosenheim.sync()
    [case] = rosenheim.ids()
    rosenheim.store.act(ROSENHEIM, case, "accept", answers={"agreed_days": 10})
    rosenheim.sync()
    server.restore(night)
    return lyon, rosenheim, case


def test_an_answer_waits_until_the_other_side_brings_the_case_back(server: Server) -> None:
    lyon, rosenheim, case = responder_before_initiator(server)
    for _ in range(3):
        report = rosenheim.sync()
        assert (report.rejected, report.waiting) == (0, 1)
    [item] = rosenheim.store.outbox()
    assert outgoing.state(item) == (
        "waiting: The server was restored from a backup and does not have this case yet; this is sent when the case"
        " is back."
    )
    lyon.sync()
    rosenheim.restart()
    assert rosenheim.sync().sent == 1
    with server.store.view("lyon") as view:
        assert [(each.id, each.state) for each in view.cases(LYON, None, 10)] == [(case, "accepted")]
    assert rosenheim.store.outbox() == []
    assert rosenheim.ids() == {case}


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("between", [0, 1, 2])
def test_another_entry_at_the_same_version_is_shown(server: Server, told: bool, between: int) -> None:
    """What was undone goes, also where the case is at the same version again by another entry, or not there yet."""
    case = send(server.store).case_id
    lyon = server.client("lyon")
    lyon.sync()
    night = server.back_up()

    def answer(text: str) -> None:
        act(server.store, "rosenheim", ROSENHEIM, case, "message", text=Text(lang="en", text=text))

    answer("Lost.")
    lyon.sync()
    assert shown(lyon) == ["Lost."]
    server.restore(night, told=told)
    for number in range(between):
        answer(f"Instead {number}.")
    lyon.restart()
    lyon.sync()
    assert shown(lyon) == server.texts() == [f"Instead {number}." for number in range(between)]
    assert lyon.store.search("lost", 9) == []
    lyon.restart()
    assert lyon.sync().recovered == []


def test_no_wait_for_a_case_is_for_ever(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reoffered, "TRIES", 3)
    _, rosenheim, case = responder_before_initiator(server)
    for _ in range(5):
        rosenheim.sync()
    assert [item.state for item in rosenheim.store.outbox()] == ["queued"], "many tries in a short time"
    rosenheim.now += dt.timedelta(days=15)
    assert rosenheim.sync().rejected == 1
    [item] = rosenheim.store.outbox()
    assert (item.state, item.case_id, item.payload["answers"]) == ("rejected", case, {"agreed_days": 10})
    assert "did not come back" in outgoing.state(item)


def test_what_was_never_taken_does_not_wait_for_a_case(server: Server) -> None:
    lyon = server.client("lyon")
    kept = send(server.store).case_id
    lyon.sync()
    night = server.back_up()
    gone = send(server.store, subject="After the backup").case_id
    lyon.sync()
    server.restore(night)
    lyon.store.act(LYON, gone, "message", text="Too late.", lang="en")
    assert lyon.sync().rejected == 1
    assert lyon.ids() == {kept}


@pytest.mark.parametrize("cut", range(1, 4))
def test_a_comparison_that_broke_off_is_made_again(server: Server, monkeypatch: pytest.MonkeyPatch, cut: int) -> None:
    """What it had fetched belongs to a history that ends: the one that comes back would not name these cases again."""
    monkeypatch.setattr(digest, "FETCH", 1)
    cases = [send(server.store, subject=f"Case {number}").case_id for number in range(3)]
    lyon = server.client("lyon")
    lyon.sync()
    night = server.back_up()
    for case in cases:
        act(server.store, "lyon", LYON, case, "message", text=Text(lang="en", text="Seen."))
    lyon.sync()
    evening = server.back_up("evening.db")
    server.restore(night, told=False)
    for case in cases:
        act(server.store, "lyon", LYON, case, "message", text=Text(lang="en", text="Of a history that ends."))
    asked = itertools.count()
    lyon.line.change = lambda response: broken(response, asked, "Entry/get", cut)
    with suppress(Offline):
        lyon.sync()
    assert shown(lyon) != server.texts(), "it was not cut"
    lyon.line.change = lambda response: response
    server.restore(evening, told=False)
    lyon.restart()
    lyon.sync()
    assert shown(lyon) == server.texts() == ["Seen."] * 3


def broken(response: dict[str, Any], asked: Iterator[int], method: str, cut: int) -> dict[str, Any]:
    """The answer, unless it is the one of this number that holds such a method."""
    if any(answer[0] == method for answer in response["methodResponses"]) and next(asked) == cut - 1:
        raise Offline("cut")
    return response
