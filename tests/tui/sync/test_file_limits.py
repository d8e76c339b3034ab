"""What a case may hold of files: counted with what still waits here, and as little as the server says."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imi_central.store import Store as Central
from imi_tui import attachments
from imi_tui.cache.errors import DiskFull, FileRefused
from imi_tui.cache.files import local_files
from tests.central.world import LYON, send
from tests.tui.disks import disk_of
from tests.tui.sync.world import Client

Clients = Callable[[str], Client]


def limited(upload: int, case_files: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def change(session: dict[str, Any]) -> dict[str, Any]:
        session["capabilities"]["urn:ietf:params:jmap:core"]["maxSizeUpload"] = upload
        session["capabilities"]["urn:imi:case"]["maxSizeCaseFiles"] = case_files
        return session

    return change


def file_of(folder: Path, name: str, size: int) -> str:
    path = folder / name
    path.write_bytes(os.urandom(size))
    return str(path)


def test_the_servers_limits_count_and_so_do_files_that_wait(central: Central, client: Clients, tmp_path: Path) -> None:
    case = send(central).case_id
    lyon = client("lyon")
    lyon.line.change_session = limited(10_000, 15_000)
    lyon.sync()

    def attach(name: str, size: int) -> list[dict[str, Any]]:
        taken = attachments.held(lyon.store.files, lyon.store.case(LYON, case))
        path = file_of(tmp_path, name, size)
        return attachments.attach(lyon.store.files, [path], personal=False, room_taken=taken)

    with pytest.raises(FileRefused) as refused:
        attach("large.txt", 10_001)
    assert refused.value.code == "fileTooLarge"
    lyon.store.act(LYON, case, "message", text="One.", lang="en", attachments=attach("one.txt", 8_000))
    assert attachments.held(lyon.store.files, lyon.store.case(LYON, case)) == 8_000
    with pytest.raises(FileRefused) as refused:
        attach("two.txt", 8_000)
    assert refused.value.code == "caseTooLarge"
    attach("three.txt", 7_000)


def test_a_case_of_which_only_the_list_is_here_says_how_much_it_holds(
    central: Central, client: Clients, tmp_path: Path
) -> None:
    case = send(central).case_id
    lyon, other = client("lyon"), client("lyon")
    lyon.sync()
    sent = attachments.attach(lyon.store.files, [file_of(tmp_path, "one.txt", 8_000)], personal=False, room_taken=0)
    lyon.store.act(LYON, case, "message", text="One.", lang="en", attachments=sent)
    lyon.sync_all()
    other.line.change_session = limited(10_000, 15_000)

    other.engine.metered = True
    other.sync()
    detail = other.store.case(LYON, case)
    assert detail is not None
    assert (detail.entries, detail.case["files"]) == ((), 1)
    assert attachments.held(other.store.files, detail) == 8_000
    second = attachments.attach(
        other.store.files, [file_of(tmp_path, "two.txt", 5_000)], personal=False, room_taken=8_000
    )
    other.store.act(LYON, case, "message", text="Two.", lang="en", attachments=second)
    assert attachments.held(other.store.files, other.store.case(LYON, case)) == 13_000
    assert attachments.held(lyon.store.files, lyon.store.case(LYON, case)) == 8_000


def test_a_copy_for_which_there_is_no_room_is_not_begun(central: Central, client: Clients, tmp_path: Path) -> None:
    lyon = client("lyon")
    lyon.sync()
    folder = lyon.store.files.folder
    with disk_of(folder, "200k"):
        before = folder.stat().st_mtime_ns
        with pytest.raises(DiskFull):
            lyon.store.files.attach(Path(file_of(tmp_path, "one.txt", 300_000)))
        assert folder.stat().st_mtime_ns == before, "nothing was ever in it"
        lyon.store.files.attach(Path(file_of(tmp_path, "two.txt", 100_000)))


def test_a_copy_that_found_no_room_leaves_nothing(
    central: Central, client: Clients, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lyon = client("lyon")
    lyon.sync()
    # Somebody else takes the room between the question and the copy.
    monkeypatch.setattr(local_files, "need_room", lambda folder, size: None)
    with disk_of(lyon.store.files.folder, "200k") as folder:
        with pytest.raises(DiskFull):
            lyon.store.files.attach(Path(file_of(tmp_path, "one.txt", 300_000)))
        assert list(folder.iterdir()) == []
