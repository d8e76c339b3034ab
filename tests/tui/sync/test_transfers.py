"""Files on a bad line: every byte arrives once, whatever is cut, killed, expired or not what it should be (F8, F9)."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imi_central.store import Store as Central
from imi_central.store import files as central_files
from imi_tui import problems
from imi_tui.cache.files import transfers
from imi_tui.cache.files.local_files import FileState
from imi_tui.cache.files.sealed import SEGMENT
from imi_tui.cache.outbox.draft import Draft
from imi_tui.sync.errors import Offline, OverQuota, ProxyProblem, ServerMistake, Unavailable
from imi_tui.sync.http import Part
from imi_tui.sync.transfers import RESTARTS, SMALLEST
from tests.central.world import LYON, REQUEST, ROSENHEIM, Caller, Clock, accept
from tests.effort import tries
from tests.tui.disks import disk_of
from tests.tui.sync.world import Client

Clients = Callable[[str], Client]
DATA = b"%PDF-1.7 " + random.Random(1).randbytes(5 * SMALLEST + 12_345)
DIGEST = hashlib.sha256(DATA).hexdigest()


def send_file(client: Client, tmp_path: Path, data: bytes = DATA, subject: str = "With a file") -> str:
    """Queue a new case with a file; the entry's clientRef."""
    path = tmp_path / f"{len(data)}-{subject}.pdf"
    path.write_bytes(data)
    made = client.store.files.attach(path)
    given = [{"blobId": f"ref:{made.id}", "name": made.name, "personal": True}]
    draft = Draft(
        id=made.id,
        desk=LYON,
        procedure="pw.info",
        action="send",
        target=ROSENHEIM,
        answers={**REQUEST, "subject": subject},
        attachments=given,
    )
    return client.store.queue(draft).client_ref


def carried(central: Central, officer: str = "lyon", desk: str = LYON) -> list[bytes]:
    """The files of all entries, as the server has them."""
    out = []
    with central.view(officer) as view:
        for entry in view.entries(desk, None, 1000):
            for each in entry.attachments:
                found = view.file(desk, each.blob_id, central.now())
                assert found is not None
                out.append(view.read_file(found, 0, found.size))
    return out


def attachment(client: Client, desk: str) -> tuple[str, dict[str, Any]]:
    """(case id, attachment) of the only file."""
    [id] = client.ids()
    detail = client.store.case(desk, id)
    assert detail is not None
    [found] = [each for entry in detail.entries for each in entry.get("attachments", ())]
    return id, found


@pytest.fixture
def reader(central: Central, client: Clients, tmp_path: Path) -> Client:
    """Rosenheim, which accepted a case with a file and has not asked for the file yet."""
    lyon, rosenheim = client("lyon"), client("rosenheim")
    lyon.sync()
    send_file(lyon, tmp_path)
    lyon.sync_all()
    [id] = lyon.ids()
    accept(central, id)
    rosenheim.sync()
    return rosenheim


def want(client: Client, desk: str = ROSENHEIM) -> dict[str, Any]:
    id, found = attachment(client, desk)
    client.store.files.want(desk, id, found)
    return found


class TestSending:
    def test_in_parts_and_then_the_entry(self, central: Central, client: Clients, tmp_path: Path) -> None:
        lyon = client("lyon")
        lyon.sync()
        send_file(lyon, tmp_path)
        frozen = lyon.store.outbox()[0].payload
        report = lyon.sync_all()
        assert (report.sent, report.rejected, lyon.store.outbox()) == (1, 0, [])
        assert carried(central) == [DATA]
        assert b"".join(lyon.line.uploads) == DATA
        assert len(lyon.line.uploads) > 1
        assert all(SMALLEST <= len(part) <= 4 * SMALLEST for part in lyon.line.uploads[:-1])
        [sent] = [
            call[1]["create"]["k0"]
            for each in lyon.line.requests
            for call in each["methodCalls"]
            if call[0] == "Entry/set"
        ]
        assert sent == frozen

    @pytest.mark.parametrize("seed", range(tries(2, 6)))
    def test_torn_anywhere_and_killed(self, central: Central, client: Clients, tmp_path: Path, seed: int) -> None:
        """F9: only what was lost on the line is sent again, and one entry with the right bytes comes out."""
        draw, lyon = random.Random(seed), client("lyon")
        lyon.sync()
        send_file(lyon, tmp_path)
        unheard: list[int] = []

        def lose_part(size: int) -> str:
            lost = draw.choice(("", "", "request", "reply"))
            if lost == "reply":
                unheard.append(size)
            return lost

        lyon.line.lose_part = lose_part
        lyon.line.lose = lambda _: draw.choice(("", "", "request", "reply"))
        lost = 0
        for _ in range(60):
            before = len(lyon.line.uploads)
            try:
                lyon.sync_all()
                if not lyon.store.outbox():
                    break
            except Offline:
                lost += len(lyon.line.uploads) - before > 0
            if draw.random() < 0.5:
                lyon.restart()
        assert lyon.store.outbox() == []
        assert carried(central) == [DATA]
        with central.view("lyon") as view:
            assert len(view.entries(LYON, None, 100)) == 1
        assert lost > 1, "the line was never cut"
        sent = sum(map(len, lyon.line.uploads))
        assert sent == len(DATA) + sum(unheard), "parts that the server has said it has were sent again"

    def test_parts_that_expired_are_sent_again_and_no_others(
        self, central: Central, clock: Clock, client: Clients, tmp_path: Path
    ) -> None:
        lyon = client("lyon")
        lyon.sync()
        send_file(lyon, tmp_path)
        sent: list[int] = []
        lyon.line.lose_part = lambda size: "request" if len(sent) == 2 else sent.append(size) or ""
        with pytest.raises(Offline):
            lyon.sync_all()
        clock.at += dt.timedelta(hours=25)
        assert central.expire_blobs() == 2
        lyon.line.lose_part = lambda _: ""
        lyon.restart()
        lyon.sync_all()
        assert carried(central) == [DATA]
        assert sum(map(len, lyon.line.uploads)) == len(DATA) + sum(sent)

    def test_old_parts_are_not_counted_on(self, client: Clients, tmp_path: Path) -> None:
        lyon = client("lyon")
        lyon.sync()
        send_file(lyon, tmp_path)
        sent: list[int] = []
        lyon.line.lose_part = lambda size: "request" if len(sent) == 2 else sent.append(size) or ""
        with pytest.raises(Offline):
            lyon.sync_all()
        lyon.now += dt.timedelta(hours=24)
        lyon.line.lose_part = lambda _: ""
        lyon.sync_all()
        assert sum(map(len, lyon.line.uploads)) == len(DATA) + sum(sent), "they were sent again and not tried in vain"
        assert lyon.line.methods.count("Blob/upload") == 1

    def test_a_file_that_expired_before_its_entry_went_is_sent_again(
        self, central: Central, clock: Clock, client: Clients, tmp_path: Path
    ) -> None:
        lyon = client("lyon")
        lyon.sync()
        send_file(lyon, tmp_path)
        assert lyon.transfers.run().ready
        clock.at += dt.timedelta(hours=25)
        central.expire_blobs()
        lyon.restart()
        report = lyon.sync_all()
        assert (report.sent, lyon.store.outbox()) == (1, [])
        assert carried(central) == [DATA]

    def test_entries_of_other_cases_do_not_wait_for_a_file(self, client: Clients, tmp_path: Path) -> None:
        lyon = client("lyon")
        lyon.sync()
        send_file(lyon, tmp_path)
        draft = Draft("d2", LYON, "pw.info", "send", target=ROSENHEIM, answers={**REQUEST, "subject": "Without"})
        lyon.store.queue(draft)
        report = lyon.sync()
        assert (report.sent, lyon.line.uploads) == (1, [])

    def test_a_round_ends_when_its_time_is_over(self, client: Clients, tmp_path: Path) -> None:
        lyon = client("lyon")
        lyon.sync()
        send_file(lyon, tmp_path)
        moved = lyon.transfers.run(seconds=0.003)
        assert (moved.more, moved.ready) == (True, False)
        assert len(lyon.line.uploads) == 1

    def test_without_room_on_the_server_files_are_still_fetched(
        self, reader: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = want(reader)
        path = tmp_path / "answer.pdf"
        path.write_bytes(DATA[::-1])
        made = reader.store.files.attach(path)
        given = [{"blobId": f"ref:{made.id}", "name": made.name}]
        reader.store.act(
            ROSENHEIM, attachment(reader, ROSENHEIM)[0], "message", text="Hi", lang="en", attachments=given
        )
        monkeypatch.setattr(central_files, "QUOTA", 1000)
        with pytest.raises(OverQuota):
            reader.transfers.run()
        assert reader.store.files.read(found) == DATA
        assert reader.store.outbox()[0].state == "queued", "it waits; nothing is wrong with it"

    def test_a_proxy_that_takes_small_bodies_only_gets_small_parts(self, client: Clients, tmp_path: Path) -> None:
        lyon = client("lyon")
        lyon.sync()
        send_file(lyon, tmp_path)
        honest, refused = lyon.line.upload, []

        def narrow(desk: str, data: bytes) -> dict[str, Any]:
            if len(data) > SMALLEST:
                refused.append(len(data))
                raise ProxyProblem("status 413")
            return honest(desk, data)

        lyon.line.upload = narrow  # type: ignore[method-assign]
        assert lyon.sync_all().sent == 1
        assert len(refused) == 1, "it is not asked again and again for more than it takes"

    def test_a_proxy_that_takes_no_file_is_told(self, client: Clients, tmp_path: Path) -> None:
        lyon = client("lyon")
        lyon.sync()
        send_file(lyon, tmp_path)

        def closed(desk: str, data: bytes) -> dict[str, Any]:
            raise ProxyProblem("status 413")

        lyon.line.upload = closed  # type: ignore[method-assign]
        with pytest.raises(ProxyProblem):
            lyon.sync_all()
        assert lyon.store.outbox()[0].state == "queued"

    def test_a_server_that_names_parts_nobody_sent_is_asked_a_few_times_only(
        self, client: Clients, tmp_path: Path
    ) -> None:
        lyon = client("lyon")
        lyon.sync()
        send_file(lyon, tmp_path, DATA[: SMALLEST + 5])

        def stubborn(response: dict[str, Any]) -> dict[str, Any]:
            for name, arguments, _ in response["methodResponses"]:
                if name == "Blob/upload":
                    refused = {"type": "blobNotFound", "notFound": ["f" * 32]}
                    arguments.update(created=None, notCreated={"b": refused})
            return response

        lyon.line.change = stubborn
        lyon.sync_all()
        [item] = lyon.store.outbox()
        assert (item.state, item.error and item.error["type"]) == ("rejected", "blobNotFound")
        assert sum(map(len, lyon.line.uploads)) <= (transfers.LOST + 1) * (SMALLEST + 5)
        lyon.line.change = lambda response: response
        assert lyon.store.revise(item.client_ref).attachments == item.payload["attachments"]

    @pytest.mark.parametrize("called", [True, False], ids=["the call", "the file"])
    def test_a_server_that_is_busy_is_asked_again(
        self, central: Central, client: Clients, tmp_path: Path, called: bool
    ) -> None:
        """What only time mends refuses no entry."""
        lyon = client("lyon")
        lyon.sync()
        send_file(lyon, tmp_path, DATA[:1000])

        def busy(response: dict[str, Any]) -> dict[str, Any]:
            for each in response["methodResponses"]:
                if each[0] == "Blob/upload" and called:
                    each[:2] = "error", {"type": "serverUnavailable"}
                elif each[0] == "Blob/upload":
                    each[1].update(created=None, notCreated={"b": {"type": "rateLimit"}})
            return response

        lyon.line.change = busy
        with pytest.raises(Unavailable):
            lyon.sync_all()
        assert [item.state for item in lyon.store.outbox()] == ["queued"]
        lyon.line.change = lambda response: response
        assert lyon.sync_all().sent == 1
        assert carried(central) == [DATA[:1000]]

    def test_the_desk_was_taken_away(self, client: Clients, tmp_path: Path) -> None:
        lyon = client("lyon")
        lyon.sync()
        send_file(lyon, tmp_path)
        lyon.line.upload = lambda _desk, _data: {}  # type: ignore[method-assign]
        assert lyon.sync_all().rejected == 1, "who reads the report is told"
        [item] = lyon.store.outbox()
        assert (item.state, item.error) == ("rejected", {"type": "forbidden"})

    def test_a_server_that_keeps_other_bytes(self, client: Clients, tmp_path: Path) -> None:
        """It gets them a few times more; then the officer is told, and what was written stays."""
        lyon = client("lyon")
        lyon.sync()
        send_file(lyon, tmp_path, DATA[: SMALLEST + 5])
        honest = lyon.line.upload
        lyon.line.upload = lambda desk, data: honest(desk, data[::-1])  # type: ignore[method-assign]
        lyon.sync_all()
        [item] = lyon.store.outbox()
        assert item.state == "rejected"
        assert item.error is not None
        assert item.error["type"] == "invalidProperties"
        assert lyon.store.revise(item.client_ref).attachments == item.payload["attachments"]

    def test_a_damaged_copy_is_not_sent(self, client: Clients, tmp_path: Path) -> None:
        lyon = client("lyon")
        lyon.sync()
        send_file(lyon, tmp_path)
        [path] = lyon.profile.blobs.iterdir()
        path.write_bytes(b"x" * path.stat().st_size)
        lyon.sync_all()
        [item] = lyon.store.outbox()
        assert (item.state, item.error, lyon.line.uploads) == ("rejected", {"type": "damagedFile"}, [])


class TestFetching:
    @pytest.mark.parametrize("seed", range(tries(2, 6)))
    def test_torn_anywhere_and_killed(self, reader: Client, seed: int) -> None:
        """F8: the same bytes, no part shown as a file, nothing fetched twice but what a cut lost."""
        draw, found = random.Random(seed), want(reader)
        reader.line.cut = lambda size: draw.randrange(size) if draw.random() < 0.7 else size
        cuts = 0
        for _ in range(60):
            try:
                reader.sync_all()
                break
            except Offline:
                cuts += 1
            assert reader.store.files.state(found).where in ("wanted", "loading")
            assert all(path.suffix == ".part" for path in reader.profile.blobs.iterdir())
            if draw.random() < 0.5:
                reader.restart()
        assert cuts
        assert reader.store.files.state(found) == FileState("here", len(DATA), len(DATA))
        assert reader.store.files.read(found) == DATA
        assert hashlib.sha256(reader.store.files.read(found)).hexdigest() == DIGEST
        starts = [start for start, _ in reader.line.downloads]
        assert starts == sorted(starts), "it went on from where it was"

    def test_progress_is_told(self, reader: Client) -> None:
        found, seen = want(reader), []
        reader.store.subscribe(lambda _: seen.append(reader.store.files.state(found)))
        reader.sync_all()
        loading = [state.have for state in seen if state.where == "loading"]
        assert len(set(loading)) > 1
        assert loading == sorted(loading)

    def test_nobody_asked_nothing_comes(self, reader: Client) -> None:
        reader.sync_all()
        assert reader.line.downloads == []

    @pytest.mark.parametrize("how", ["etag", "whole", "range", "longer", "bytes"])
    def test_another_file_under_the_same_id_restarts(self, reader: Client, how: str) -> None:
        found, wrong = want(reader), [0]

        def other(part: Part) -> Part:
            if len(reader.line.downloads) < 2:
                return part
            wrong[0] += 1
            if wrong[0] > 1:
                return part
            match how:
                case "etag":
                    return Part(206, '"other"', part.content_range, part.chunks)
                case "whole":
                    return Part(200, part.etag, "", iter([DATA]))
                case "range":
                    return Part(206, part.etag, "bytes 0-9/10", part.chunks)
                case "longer":
                    return Part(206, part.etag, part.content_range, iter([DATA, DATA]))
            return Part(206, part.etag, part.content_range, iter([bytes(len(b"".join(part.chunks)))]))

        reader.line.change_part = other
        keys = reader.store._cache.rows("select key, file from file")
        reader.sync_all()
        assert reader.store.files.read(found) == DATA
        assert reader.store._cache.rows("select key, file from file") != keys, "no key serves two contents"
        assert [start for start, _ in reader.line.downloads].count(0) == 2
        assert len(list(reader.profile.blobs.iterdir())) == 1

    def test_not_for_ever(self, reader: Client) -> None:
        found = want(reader)
        reader.line.change_part = lambda part: Part(206, '"other"', part.content_range, part.chunks)
        reader.sync_all()
        assert reader.store.files.state(found) == FileState("failed", 0, len(DATA), "otherFile")
        assert len(reader.line.downloads) == RESTARTS + 1
        assert list(reader.profile.blobs.iterdir()) == []
        keys = reader.store._cache.rows("select key, file from file")
        reader.line.change_part = lambda part: part
        want(reader)
        reader.sync_all()
        assert reader.store.files.read(found) == DATA
        assert reader.store._cache.rows("select key, file from file") != keys, "no key serves two contents"

    def test_parts_that_end_before_they_began_are_an_end_of_the_line(self, reader: Client) -> None:
        """Behind a proxy that ends a body by closing, a cut looks like the end: a try each, and not without pause."""
        found = want(reader)
        reader.line.change_part = lambda part: Part(part.status, part.etag, part.content_range, iter(()))
        with pytest.raises(Offline):
            reader.sync_all()
        assert len(reader.line.downloads) == 1
        assert reader.store.files.state(found).where in ("wanted", "loading")
        reader.line.change_part = lambda part: part
        reader.sync_all()
        assert reader.store.files.read(found) == DATA

    def test_what_the_disk_lost_again_and_again_is_not_called_another_file(self, reader: Client) -> None:
        """Each time the power takes the file's beginning while its end comes."""
        found = want(reader)

        def lose(part: Part) -> Part:
            for path in reader.profile.blobs.iterdir():
                if path.stat().st_size > SEGMENT:
                    with path.open("r+b") as file:
                        file.write(bytes(4096))
            return part

        reader.line.change_part = lose
        reader.sync_all()
        state = reader.store.files.state(found)
        assert state == FileState("failed", 0, len(DATA), "damagedFile")
        assert "on this machine is damaged; it has to be fetched" in problems.sentence(state.problem)
        assert [start for start, _ in reader.line.downloads].count(0) == RESTARTS + 1
        reader.line.change_part = lambda part: part
        want(reader)
        reader.sync_all()
        assert reader.store.files.read(found) == DATA

    def test_a_file_that_would_fill_the_disk_is_not_begun(self, reader: Client) -> None:
        found = want(reader)
        asked = len(reader.line.downloads)
        with disk_of(reader.store.files.folder, "3m"):
            reader.transfers.run()
            assert reader.store.files.state(found) == FileState("failed", 0, len(DATA), "diskFull")
            assert len(reader.line.downloads) == asked
        want(reader)
        reader.transfers.run()
        assert reader.store.files.read(found) == DATA

    def test_where_others_fill_the_disk_meanwhile_the_begun_file_goes_and_says_why(
        self, reader: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(transfers, "SPARE", -len(DATA))
        found = want(reader)
        with disk_of(reader.store.files.folder, "1m") as folder:
            reader.transfers.run()
            assert reader.store.files.state(found) == FileState("failed", 0, len(DATA), "diskFull")
            assert list(folder.iterdir()) == []
        want(reader)
        reader.transfers.run()
        assert reader.store.files.read(found) == DATA

    def test_gone_from_the_server(self, reader: Client) -> None:
        found = want(reader)
        reader.line.change_part = lambda part: Part(404, "", "", iter(()))
        reader.sync_all()
        assert reader.store.files.state(found).problem == "fileGone"

    def test_a_case_whose_file_is_gone_is_fetched_again(self, reader: Client) -> None:
        """A server that was put back may have it under another id, which only the entry tells (F10)."""
        [case] = reader.ids()
        want(reader)
        reader.line.change_part = lambda part: Part(404, "", "", iter(()))
        reader.sync_all()
        assert [(each.desk, each.id) for each in reader.store.sync.wanted(9, opened=True)] == [(ROSENHEIM, case)]
        asked = len(reader.line.requests)
        reader.sync()
        assert any(case in str(each) for each in reader.line.requests[asked:])
        assert reader.store.sync.wanted(9) == []

    def test_killed_between_the_name_and_the_note(self, reader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        found = want(reader)
        real = reader.store._cache.run

        def killed(sql: str, values: tuple[Any, ...] = ()) -> int:
            if "state = 'here'" in sql:
                raise Offline("killed here")
            return real(sql, values)

        monkeypatch.setattr(reader.store._cache, "run", killed)
        with contextlib.suppress(Offline):
            reader.sync_all()
        assert [path.suffix for path in reader.profile.blobs.iterdir()] == [""]
        monkeypatch.undo()
        reader.restart()
        before = len(reader.line.downloads)
        reader.sync_all()
        assert reader.store.files.read(found) == DATA
        assert len(reader.line.downloads) == before

    def test_an_empty_file(self, central: Central, client: Clients, tmp_path: Path) -> None:
        lyon = client("lyon")
        lyon.sync()
        send_file(lyon, tmp_path, b"")
        lyon.sync_all()
        found = want(lyon, LYON)
        lyon.sync_all()
        assert lyon.store.files.read(found) == b""
        assert carried(central) == [b""]


def test_who_may_read_decides_the_server(reader: Client, caller: Caller, clock: Clock) -> None:
    """S3: a colleague with a summary asks for the id in vain."""
    _, found = attachment(reader, ROSENHEIM)
    path = f"/jmap/download/{{}}/{found['blobId']}/a"
    assert caller.http("lyon-basic", "GET", path.format(LYON)).status_code == 404
    assert caller.http("munich", "GET", path.format("de-zoll-muenchen_pw")).status_code == 404
    assert caller.http("rosenheim", "GET", path.format(LYON)).status_code == 404


def test_a_file_the_server_gives_no_name_is_a_mistake(client: Clients, tmp_path: Path) -> None:
    lyon = client("lyon")
    lyon.sync()
    ref = send_file(lyon, tmp_path)

    def nameless(response: dict[str, Any]) -> dict[str, Any]:
        for name, arguments, _ in response["methodResponses"]:
            if name == "Blob/upload":
                for made in (arguments.get("created") or {}).values():
                    made["id"] = ""
        return response

    lyon.line.change = nameless
    with pytest.raises(ServerMistake):
        lyon.sync_all()
    lyon.line.change = lambda response: response
    lyon.sync_all()
    assert lyon.store.outbox_table.item(ref).state == "acked"


def test_an_entry_that_is_taken_back_while_its_file_leaves_is_no_failure(
    central: Central, client: Clients, tmp_path: Path
) -> None:
    lyon = client("lyon")
    lyon.sync()
    ref = send_file(lyon, tmp_path)
    plain = lyon.line.upload

    def upload(desk: str, data: bytes) -> dict[str, Any]:
        # The officer takes the entry back and the file out of its draft.
        lyon.store.take_back([ref], lambda _draft: False)
        [(file,)] = lyon.store._work.rows("select file from upload")
        (lyon.store.files.folder / file).unlink()
        lyon.line.upload = plain  # type: ignore[method-assign]
        return plain(desk, data)

    lyon.line.upload = upload  # type: ignore[method-assign]
    upload_once = lyon.store.file_moves.unsent(lyon.store.sync.waiting_for_files(), "")
    assert upload_once is not None
    lyon.transfers._send(upload_once)
    assert lyon.transfers._send(upload_once) is False, "the rest cannot be read any more"
    assert lyon.store.outbox() == []
    assert carried(central) == []
