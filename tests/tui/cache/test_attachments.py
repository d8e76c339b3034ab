"""Attached files in the cache: what may be attached, what stays, what makes room, what goes with its case."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from imi_core.procedure import Rules
from imi_tui.attachments import attach
from imi_tui.cache.errors import DamagedFile, DiskFull, FileRefused, FilesUnusable
from imi_tui.cache.files import local_files, sealed, transfers
from imi_tui.cache.files.local_files import FileState
from imi_tui.cache.outbox.draft import Draft
from imi_tui.cache.store import Store
from tests.tui.cache.world import DE, case, case_id, entry, open_store, put
from tests.tui.undone import undone

CONTENT = b"%PDF-1.7 secret of the file " * 5000


def attachment(number: int = 1, content: bytes = CONTENT) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    return {"blobId": f"{number:032x}", "name": f"{number}.pdf", "size": len(content), "sha256": digest}


def here(store: Store, number: int = 1, content: bytes = CONTENT, case: int = 1) -> dict[str, Any]:
    """A file of a case, downloaded."""
    given = attachment(number, content)
    store.files.want(DE, case_id(case), given)
    download = store.file_moves.wanted()
    assert download is not None
    writer = sealed.Writer(store.file_moves.part_of(download), download.key, download.size)
    writer.add(content)
    writer.finish()
    writer.close()
    assert store.file_moves.finish(download) == ""
    return given


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "Rechnung.pdf"
    path.write_bytes(CONTENT)
    return path


def message(store: Store, *attached: local_files.Attached) -> Draft:
    given = [{"blobId": f"ref:{each.id}", "name": each.name, "personal": each.personal} for each in attached]
    return Draft(
        id="d", desk=DE, procedure="", action="message", case_id=case_id(1), text="Hi", lang="en", attachments=given
    )


class TestAsking:
    def test_from_the_server_to_here(self, store: Store, pw_info: Rules) -> None:
        put(store, case(pw_info, state="accepted"))
        given = attachment()
        assert store.files.state(given) == FileState("server", 0, len(CONTENT))
        heard: list[Any] = []
        store.subscribe(heard.append)
        assert store.files.want(DE, case_id(1), given).where == "wanted"
        assert heard[-1].kinds == {"files"}
        download = store.file_moves.wanted()
        assert download is not None
        store.file_moves.received(download, 65536)
        assert store.files.state(given) == FileState("loading", 65536, len(CONTENT))
        here(store)
        assert store.files.state(given).where == "here"
        assert store.files.read(given) == CONTENT

    def test_nothing_lies_in_plain_text(self, store: Store, home: Path, pw_info: Rules, source: Path) -> None:
        put(store, case(pw_info, state="accepted"))
        here(store)
        store.files.attach(source)
        stored = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
        assert len(list((home / "blobs").iterdir())) == 2
        assert not any(b"secret of the file" in each for each in stored)

    @pytest.mark.parametrize("how", ["bytes", "gone"])
    def test_a_damaged_file_is_not_shown_and_can_be_asked_for_again(
        self, store: Store, home: Path, pw_info: Rules, how: str
    ) -> None:
        put(store, case(pw_info, state="accepted"))
        given = here(store)
        [path] = (home / "blobs").iterdir()
        path.write_bytes(b"x" * path.stat().st_size) if how == "bytes" else path.unlink()
        with pytest.raises(DamagedFile):
            store.files.read(given)
        assert store.files.state(given).where == "server"

    def test_other_bytes_than_the_entry_names_are_not_let_in(self, store: Store, pw_info: Rules) -> None:
        put(store, case(pw_info, state="accepted"))
        store.files.want(DE, case_id(1), attachment())
        download = store.file_moves.wanted()
        assert download is not None
        writer = sealed.Writer(store.file_moves.part_of(download), download.key, download.size)
        writer.add(CONTENT[::-1])
        writer.finish()
        writer.close()
        assert store.file_moves.finish(download) == "otherFile"
        assert store.files.state(attachment()).where != "here"

    def test_a_part_is_never_shown(self, store: Store, home: Path, pw_info: Rules) -> None:
        put(store, case(pw_info, state="accepted"))
        store.files.want(DE, case_id(1), attachment())
        download = store.file_moves.wanted()
        assert download is not None
        writer = sealed.Writer(store.file_moves.part_of(download), download.key, download.size)
        writer.add(CONTENT[:-1])
        writer.close()
        with pytest.raises(DamagedFile):
            store.files.read(attachment())
        [path] = (home / "blobs").iterdir()
        assert path.suffix == ".part"

    def test_a_file_that_cannot_be_given_its_name_is_told_so(self, store: Store, home: Path, pw_info: Rules) -> None:
        put(store, case(pw_info, state="accepted"))
        store.files.want(DE, case_id(1), attachment())
        download = store.file_moves.wanted()
        assert download is not None
        (home / "blobs" / download.file).mkdir(parents=True)
        with pytest.raises(FilesUnusable):
            here(store)
        assert store.files.state(attachment()).where == "wanted"


class TestGoing:
    @pytest.mark.parametrize("how", ["erased", "summary", "desk", "unasked"])
    def test_files_go_with_their_case(self, store: Store, home: Path, pw_info: Rules, how: str) -> None:
        put(store, case(pw_info, 1, "accepted"), case(pw_info, 2, "accepted"))
        given, other = here(store, 1, case=1), here(store, 2, case=2)
        match how:
            case "erased":
                put(store, destroyed={"Case": [case_id(1)]})
            case "summary":
                put(store, case(pw_info, 1, "accepted", level="summary"))
            case "desk":
                from tests.tui.cache.world import session

                store.sync.set_session(session("de2"))
            case "unasked":
                store.files.cancel(given)
        assert store.files.state(given).where == "server"
        assert store.files.state(other).where == ("server" if how == "desk" else "here")
        old = time.time() - transfers.SWEEP_SECONDS - 1
        for path in (home / "blobs").iterdir():
            os.utime(path, (old, old))
        store.file_moves.sweep()
        assert len(list((home / "blobs").iterdir())) == (0 if how == "desk" else 1)

    def test_the_ones_looked_at_longest_ago_make_room(self, store: Store, pw_info: Rules, source: Path) -> None:
        put(store, case(pw_info, state="accepted"))
        kept = [here(store, number) for number in range(1, 5)]
        mine = store.files.attach(source)
        store.files.read(kept[0])
        assert store.file_moves.trim(2 * len(CONTENT) + 5) == 2
        assert [store.files.state(each).where for each in kept] == ["here", "server", "server", "here"]
        assert store.file_moves.trim(0) == 2
        assert store.files.read({"blobId": f"ref:{mine.id}"}) == CONTENT, "what is not sent yet is never touched"

    def test_what_is_being_fetched_stays(self, store: Store, pw_info: Rules) -> None:
        put(store, case(pw_info, state="accepted"))
        store.files.want(DE, case_id(1), attachment())
        assert store.file_moves.trim(0) == 0
        assert store.file_moves.wanted() is not None

    def test_what_no_row_knows_is_swept_but_not_what_was_just_made(
        self, store: Store, home: Path, source: Path
    ) -> None:
        store.files.attach(source)
        for name in ("old", "young"):
            (home / "blobs" / name).write_bytes(b"x")
        os.utime(home / "blobs" / "old", (1, 1))
        assert store.file_moves.sweep() == 1
        assert (home / "blobs" / "young").exists()


class TestAttaching:
    def test_an_entry_is_frozen_with_a_copy(self, store: Store, pw_info: Rules, source: Path) -> None:
        put(store, case(pw_info, state="accepted"))
        made = store.files.attach(source, personal=False)
        assert (made.name, made.size, made.kind) == ("Rechnung.pdf", len(CONTENT), "application/pdf")
        item = store.queue(message(store, made))
        source.write_bytes(b"another")
        source.unlink()
        assert item.payload["attachments"] == [{"blobId": f"ref:{made.id}", "name": "Rechnung.pdf", "personal": False}]
        assert store.files.read(item.payload["attachments"][0]) == CONTENT
        detail = store.case(DE, case_id(1))
        assert detail is not None
        assert detail.entries[-1]["attachments"][0]["name"] == "Rechnung.pdf"
        assert detail.case["files"] == case(pw_info, state="accepted").files + 1, "the expected case counts it"

    def test_an_entry_waits_for_its_files_and_so_does_what_follows(
        self, store: Store, pw_info: Rules, source: Path
    ) -> None:
        put(store, case(pw_info, 1, "accepted"), case(pw_info, 2, "accepted"))
        made = store.files.attach(source)
        first = store.queue(message(store, made))
        store.act(DE, case_id(1), "message", text="behind", lang="en")
        other = store.act(DE, case_id(2), "message", text="another case", lang="en")
        assert [item.client_ref for item in store.sync.ready(9)] == [other.client_ref]
        upload = store.file_moves.unsent(store.sync.waiting_for_files(), "")
        assert upload is not None
        assert (upload.id, upload.desk, upload.client_ref) == (made.id, DE, first.client_ref)
        frozen = store.outbox()[0].payload
        store.file_moves.uploaded(upload, "b" * 32)
        assert len(store.sync.ready(9)) == 3
        assert store.outbox()[0].payload == frozen, "P1: the payload stays as it was frozen"

    def test_taking_back_and_putting_right_keep_the_file(self, store: Store, pw_info: Rules, source: Path) -> None:
        put(store, case(pw_info, state="accepted"))
        item = store.queue(message(store, store.files.attach(source)))
        draft = undone(store, item.client_ref)
        assert store.draft(draft.id) == draft
        assert store.files.read(draft.attachments[0]) == CONTENT
        again = store.queue(draft)
        store.sync.settle({}, {again.client_ref: {"type": "stale"}})
        revised = store.revise(again.client_ref)
        store.files.detach(revised.attachments[0]["blobId"])
        assert store.files.read(revised.attachments[0]) == CONTENT, "the refused entry still has it"

    def test_files_that_nothing_names_are_forgotten_after_a_day(
        self, store: Store, home: Path, pw_info: Rules, source: Path
    ) -> None:
        put(store, case(pw_info, state="accepted"))
        queued, loose = store.files.attach(source), source.with_name("b.pdf")
        loose.write_bytes(b"%PDF b")
        forgotten = store.files.attach(loose)
        store.queue(message(store, queued))
        store.file_moves.sweep()
        assert store.files.attached(forgotten.id) is not None, "a form may be open"
        store._work.run("update upload set added_at = '2026-01-01T00:00:00.000Z'")
        store.file_moves.sweep()
        assert store.files.attached(forgotten.id) is None
        assert store.files.attached(queued.id) is not None
        assert len(list((home / "blobs").iterdir())) == 1

    @pytest.mark.parametrize("found", [False, True], ids=["not noticed yet", "noticed"])
    def test_no_file_is_forgotten_while_an_entry_is_damaged(
        self, store: Store, pw_info: Rules, source: Path, found: bool
    ) -> None:
        put(store, case(pw_info, state="accepted"))
        made = store.files.attach(source)
        item = store.queue(message(store, made))
        with store._work.write():
            store._work.run("update outbox set payload = ?", ("{}" if found else '{"caseId": "00',))
        assert not found or store.sync.ready(9) == []
        store._work.run("update upload set added_at = '2026-01-01T00:00:00.000Z'")
        store.file_moves.sweep()
        assert store.files.attached(made.id) is not None
        assert found or store.sync.ready(9) == []
        store.discard(item.client_ref)
        store.file_moves.sweep()
        assert store.files.attached(made.id) is None

    def test_own_files_go_with_an_erased_case_but_not_before_the_server_has_them(
        self, store: Store, pw_info: Rules, source: Path
    ) -> None:
        put(store, found := case(pw_info, state="accepted"))
        made = store.files.attach(source)
        item = store.queue(message(store, made))
        store._work.run("update upload set added_at = '2026-01-01T00:00:00.000Z'")
        put(store, destroyed={"Case": [case_id(1)]})
        store.file_moves.sweep()
        assert store.files.attached(made.id) is not None, "it is not sent yet"
        store.sync.settle({item.client_ref: {"id": "e1", "caseId": case_id(1), "version": 9}}, {})
        store.file_moves.sweep()
        assert store.files.attached(made.id) is not None, "its entry has not come back yet"
        later = case(pw_info, state="accepted", version=found.version + 1)
        put(store, later, entries=[entry(later, desk=DE, clientRef=item.client_ref)])
        store.file_moves.sweep()
        assert store.files.attached(made.id) is not None, "a restored server may ask for it again"
        put(store, destroyed={"Case": [case_id(1)]})
        store.file_moves.sweep()
        assert store.files.attached(made.id) is None

    def test_a_file_lost_by_the_server_is_sent_again_but_not_for_ever(
        self, store: Store, pw_info: Rules, source: Path
    ) -> None:
        put(store, case(pw_info, state="accepted"))
        made = store.files.attach(source)
        item = store.queue(message(store, made))
        error = {"type": "blobNotFound", "notFound": [f"ref:{made.id}"]}
        for _ in range(transfers.LOST):
            upload = store.file_moves.unsent(store.sync.waiting_for_files(), "")
            assert upload is not None
            store.file_moves.uploaded(upload, "b" * 32)
            store.sync.begin([item.client_ref])
            store.sync.settle({}, {item.client_ref: error})
            assert store.outbox()[0].state == "queued"
        upload = store.file_moves.unsent(store.sync.waiting_for_files(), "")
        assert upload is not None
        store.file_moves.uploaded(upload, "b" * 32)
        store.sync.begin([item.client_ref])
        store.sync.settle({}, {item.client_ref: error})
        assert (store.outbox()[0].state, store.outbox()[0].error) == ("rejected", error)

    def test_a_part_counts_until_it_expires(self, store: Store, home: Path, pw_info: Rules, source: Path) -> None:
        put(store, case(pw_info, state="accepted"))
        store.queue(message(store, store.files.attach(source)))
        first = store.file_moves.unsent(store.sync.waiting_for_files(), "")
        assert first is not None
        store.file_moves.sent_part(first, 0, 1000, "p0")
        store.file_moves.sent_part(first, 1000, 500, "p1")
        store.close()
        again = open_store(home)
        known = again.file_moves.unsent(again.sync.waiting_for_files(), "")
        assert known is not None
        assert (known.parts, known.sent) == (((0, 1000, "p0"), (1000, 500, "p1")), 1500)
        assert known.gap() == (1500, len(CONTENT))
        assert again.files.state({"blobId": f"ref:{known.id}"}) == FileState("sending", 1500, len(CONTENT))
        expired = again.file_moves.unsent(again.sync.waiting_for_files(), "9999")
        assert expired is not None
        assert expired.parts == ()
        again.file_moves.lost_parts(known, ["p0"])
        left = again.file_moves.unsent(again.sync.waiting_for_files(), "")
        assert left is not None
        assert (left.parts, left.gap()) == (((1000, 500, "p1"),), (0, 1000)), "only what is missing is sent again"
        again.close()

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"MZ\x90\x00", "fileIsProgram"),
            (b"#!/bin/sh", "fileIsProgram"),
            (b"x" * 101, "fileTooLarge"),
            (CONTENT[:90], "fileTwice"),
            (b"y" * 61, "caseTooLarge"),
            (None, "fileUnreadable"),
            ("fifo", "fileUnreadable"),
            ("folder", "fileUnreadable"),
        ],
    )
    def test_what_is_not_attached(
        self, store: Store, tmp_path: Path, content: Any, code: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Refused before anything is copied or sent."""
        monkeypatch.setattr(local_files, "file_limits", lambda _: (100, 200))
        path = tmp_path / "first.pdf"
        path.write_bytes(CONTENT[:90])
        first = store.files.attach(path)
        other = tmp_path / "other"
        match content:
            case "fifo":
                os.mkfifo(other)
            case "folder":
                other.mkdir()
            case bytes():
                other.write_bytes(content)
        with pytest.raises(FileRefused) as refused:
            store.files.attach(other, beside=[{"blobId": f"ref:{first.id}"}], held=50)
        assert refused.value.code == code
        assert len(list(store.files.folder.iterdir())) == 1

    @pytest.mark.parametrize("full", [True, False])
    def test_where_one_cannot_be_attached_none_stays(
        self, store: Store, tmp_path: Path, source: Path, full: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A file that nobody can see attached any more is no copy to be left on the disk."""
        other = tmp_path / "other"
        if full:
            other.write_bytes(b"other")
            room = iter((True, False))

            def need_room(_folder: Path, _size: int) -> None:
                if not next(room):
                    raise DiskFull

            monkeypatch.setattr(local_files, "need_room", need_room)
        with pytest.raises(DiskFull if full else FileRefused):
            attach(store.files, [str(source), str(other)], personal=True, room_taken=0)
        assert list(store.files.folder.iterdir()) == []

    def test_no_more_than_the_rules_take(self, store: Store, source: Path) -> None:
        with pytest.raises(FileRefused) as refused:
            store.files.attach(source, beside=[{"blobId": "ref:x"}] * 50)
        assert refused.value.code == "filesTooMany"

    def test_the_name_is_safe(self, store: Store, tmp_path: Path) -> None:
        path = tmp_path / "-a\u202efdp.exe.pdf"
        path.write_bytes(CONTENT)
        made = store.files.attach(path)
        assert made.name == "afdp.exe.pdf"
        assert json.dumps(made.name)
