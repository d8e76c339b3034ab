"""Files on the screen, by keyboard on a real cache: fetched, read, saved, opened, attached."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.widgets import Static

from imi_core.case import Attachment, to_wire
from imi_tui import problems
from imi_tui.app import ImiApp
from imi_tui.attachments import Listed
from imi_tui.cache.files import sealed
from imi_tui.cache.files.local_files import FileState
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from imi_tui.outside import opening
from imi_tui.outside import preview as previewing
from imi_tui.outside.errors import NotHandedOut
from imi_tui.screens import routes
from imi_tui.screens.act import ActScreen
from imi_tui.screens.case import CaseScreen
from imi_tui.screens.case_files import FilesTab
from imi_tui.screens.confirm import ChooseScreen
from imi_tui.screens.outbox import OutboxScreen
from imi_tui.screens.paths import PathPrompt, complete, in_a_line
from imi_tui.screens.reading import ReadingScreen
from imi_tui.viewmodel import files as words
from imi_tui.widgets.entry import LineInput
from imi_tui.widgets.file_list import FileList
from tests.tui.screens import filled
from tests.tui.screens.test_case_screen import a_case
from tests.tui.screens.test_inbox_screen import footer, running, settled, text_of

pytestmark = pytest.mark.anyio

CONTENT = b"Certificate of Anna [bold]Example\n\x1b]52;c;evil\x07"
HOSTILE = "[@click=quit]../-\u202ecertificate.txt"


def put_files(store: Store, seat: Any, *personal: bool) -> tuple[str, list[dict[str, Any]]]:
    """A case in which this desk has to answer, with a file for each of `personal`; (case id, attachments)."""
    case = a_case(seat, "accepted")
    files = tuple(
        Attachment(
            blob_id=f"{number:032x}",
            name=HOSTILE if number == 0 else f"{number}.txt",
            size=len(CONTENT),
            sha256=hashlib.sha256(CONTENT).hexdigest(),
            personal=mark,
        )
        for number, mark in enumerate(personal)
    )
    entries = next(found for other, found in filled.demo(seat, 120) if other.id == case.id)
    entry = msgspec.structs.replace(entries[-1], id="f" * 32, version=case.version + 1, attachments=files)
    case = msgspec.structs.replace(case, version=case.version + 1, files=len(files))
    state = store.sync.state(seat.desk)
    store.sync.apply(seat.desk, Page(state, cases=[to_wire(case)], entries=[to_wire(entry)]))
    return case.id, [to_wire(each) for each in files]


def arrive(store: Store) -> None:
    """What the sync thread does for the file asked for."""
    download = store.file_moves.wanted()
    assert download is not None
    writer = sealed.Writer(store.file_moves.part_of(download), download.key, download.size)
    writer.add(CONTENT)
    writer.finish()
    writer.close()
    assert store.file_moves.finish(download) == ""


async def on_files(app: ImiApp, pilot: Any, seat: Any, id: str) -> FilesTab:
    await app.push_screen(routes.case(seat.desk, id, "files"))
    await settled(pilot)
    assert isinstance(app.screen, CaseScreen)
    return app.screen


def said(app: ImiApp) -> str:
    """The sentence told last."""
    return str([*app._notifications][-1].message)


async def until(pilot: Any, kind: type) -> None:
    """Until a screen of this kind is there: a thread reads the file."""
    for _ in range(500):
        await pilot.pause(0.01)
        if isinstance(pilot.app.screen, kind):
            await settled(pilot)
            return
    raise AssertionError(f"no {kind.__name__}")


async def test_a_file_is_fetched_read_and_removed(
    store: Store, home: Path, seat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    id, [file] = put_files(store, seat, True)
    woken: list[bool] = []
    async with running(store, home, size=(120, 30), sync_now=lambda: woken.append(True)) as (app, pilot):
        await on_files(app, pilot, seat, id)
        assert isinstance(app.screen.focused, FileList)
        shown = text_of(app)
        assert "│ certificate.txt" in shown
        assert "\u202e" not in shown
        assert "on the server" in shown
        assert "personal data" in shown
        assert "Space Fetch" in footer(app)
        await pilot.press("enter")
        await settled(pilot)
        assert (store.files.state(file).where, len(woken)) == ("wanted", 1), "asked for, not fetched by the screen"
        assert "it comes with the next connection" in text_of(app)
        download = store.file_moves.wanted()
        assert download is not None
        store.file_moves.received(download, len(CONTENT) // 2)
        await settled(pilot)
        assert "on its way here: 50 %" in text_of(app)
        arrive(store)
        await settled(pilot)
        assert "on this machine" in text_of(app)
        # A long one, and the officer goes on meanwhile.
        gate, real = threading.Event(), previewing.preview
        monkeypatch.setattr(previewing, "preview", lambda data: (gate.wait(9), real(data))[1])
        await pilot.press("enter", "1", "4")
        gate.set()
        await app.workers.wait_for_complete()
        await settled(pilot)
        assert isinstance(app.screen, CaseScreen)
        await pilot.press("enter")
        await until(pilot, ReadingScreen)
        page = text_of(app)
        assert "│ Certificate of Anna [bold]Example" in page, "data is no markup"
        assert not set("\x1b\x07") & set(page)
        await pilot.press("escape", "delete")
        await settled(pilot)
        assert store.files.state(file).where == "server"


async def test_a_file_is_saved_where_the_officer_says(store: Store, home: Path, seat: Any, tmp_path: Path) -> None:
    id, [file] = put_files(store, seat, True)
    store.files.want(seat.desk, id, file)
    arrive(store)
    (tmp_path / "certificate.txt").write_bytes(b"precious")
    async with running(store, home, size=(120, 30)) as (app, pilot):
        await on_files(app, pilot, seat, id)
        await pilot.press("f8")
        await settled(pilot)
        assert isinstance(app.screen, PathPrompt)
        field = app.screen.query_one(LineInput)
        for none in (str(tmp_path / "none"), "~nobody-is-called-so/x"):
            app.screen.query_one("#problem", Static).update("")
            field.set_text(none)
            await pilot.press("enter")
            await settled(pilot)
            assert "There is no such folder." in text_of(app)
        field.set_text(str(tmp_path))
        await pilot.press("enter")
        await settled(pilot)
    assert (tmp_path / "certificate.txt").read_bytes() == b"precious"
    assert (tmp_path / "certificate (2).txt").read_bytes() == CONTENT


async def test_a_path_is_found_by_what_lies_there_and_what_was_wrong_is_forgotten(
    store: Store, home: Path, seat: Any, tmp_path: Path
) -> None:
    id, [file] = put_files(store, seat, True)
    store.files.want(seat.desk, id, file)
    arrive(store)
    for name in ("contracts", "payslips", "photos"):
        (tmp_path / name).mkdir()
    async with running(store, home, size=(120, 30)) as (app, pilot):
        await on_files(app, pilot, seat, id)
        await pilot.press("f8")
        await settled(pilot)
        field = app.screen.query_one(LineInput)
        field.set_text("~/none")
        await pilot.press("enter")
        await settled(pilot)
        assert "There is no such folder." in text_of(app)
        # Typed behind what stands there: a path from the root begins anew.
        await pilot.press("slash", "slash")
        await settled(pilot)
        assert field.value == "/"
        field.value = f"{tmp_path}/"
        field.cursor_position = len(field.value)
        await settled(pilot)
        shown = text_of(app)
        assert "There is no such folder." not in shown, "it was said of another path"
        assert "contracts/  payslips/  photos/" in shown, shown
        await pilot.press("p")
        await settled(pilot)
        assert "payslips/  photos/" in text_of(app)
        assert "contracts/" not in text_of(app)


def test_names_of_a_folder_stand_whole_in_a_line() -> None:
    found = ["alpha.pdf", "beta.pdf", "gamma.pdf"]
    assert in_a_line(found, 31) == "alpha.pdf  beta.pdf  gamma.pdf"
    assert in_a_line(found, 24) == "alpha.pdf  beta.pdf  …"
    assert in_a_line(found[:2], 19) == "alpha.pdf  beta.pdf"
    assert in_a_line(["a very long name.pdf"], 10) == "a very lo…"
    assert in_a_line([], 10) == ""


async def test_personal_files_go_to_no_program_unless_the_settings_say_so(
    store: Store, home: Path, seat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    id, files = put_files(store, seat, True, False)
    for file in files:
        store.files.want(seat.desk, id, file)
        arrive(store)
    given: list[tuple[bytes, str, Path]] = []
    monkeypatch.setattr(opening, "open_with", lambda *what: given.append(what))
    async with running(store, home, size=(120, 30)) as (app, pilot):
        await on_files(app, pilot, seat, id)
        await pilot.press("f3")
        await settled(pilot)
        assert (given, "personal data" in said(app)) == ([], True)
        await pilot.press("down", "f3")
        await settled(pilot)
        assert given == [(CONTENT, "1.txt", home / "run")]
    given.clear()
    async with running(store, home, size=(120, 30), open_personal=True) as (app, pilot):
        await on_files(app, pilot, seat, id)
        await pilot.press("f3")
        await settled(pilot)
        assert [name for _, name, _ in given] == ["certificate.txt"]


async def test_what_goes_wrong_is_said(store: Store, home: Path, seat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    id, [file] = put_files(store, seat, False)
    store.files.want(seat.desk, id, file)
    arrive(store)

    def blocked(*_: object) -> None:
        raise NotHandedOut("fileBlocked")

    monkeypatch.setattr(opening, "open_with", blocked)
    async with running(store, home, size=(120, 30)) as (app, pilot):
        await on_files(app, pilot, seat, id)
        await pilot.press("f3")
        await settled(pilot)
        assert "could do harm" in said(app)
        [path] = (home / "blobs").iterdir()
        path.write_bytes(b"x")
        await pilot.press("enter")
        await settled(pilot)
        assert "is damaged" in said(app)
        store.files.want(seat.desk, id, file)
        download = store.file_moves.wanted()
        assert download is not None
        store.file_moves.fail(download, "otherFile")
        await settled(pilot)
        assert "The server sent another file" in text_of(app)


async def test_a_file_is_attached_marked_taken_out_and_sent(
    store: Store, home: Path, seat: Any, tmp_path: Path
) -> None:
    case = a_case(seat, "accepted")
    for name, content in (("one.txt", b"one"), ("two.txt", b"two"), ("program.txt", b"MZ")):
        (tmp_path / name).write_bytes(content)

    async def attach(pilot: Any, name: str, *mark: str) -> None:
        field = pilot.app.screen.query_one(LineInput)
        field.set_text(str(tmp_path / name))
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press(*mark, "enter")
        await settled(pilot)

    async with running(store, home, size=(120, 30)) as (app, pilot):
        await app.push_screen(routes.act([(seat.desk, case.id)], "message"))
        await settled(pilot)
        await pilot.press("f4")
        await settled(pilot)
        await attach(pilot, "one.txt")
        assert "1 file: one.txt (3 bytes, personal data)" in text_of(app)
        [draft] = store.drafts()
        assert [each["name"] for each in draft.attachments] == ["one.txt"], "saved at once"
        await pilot.press("f4")
        await settled(pilot)
        assert isinstance(app.screen, ChooseScreen)
        await pilot.press("enter")
        await settled(pilot)
        await attach(pilot, "two.txt", "down")
        assert "2 files: one.txt (3 bytes, personal data); two.txt (3 bytes)" in text_of(app)
        await pilot.press("f4", "enter")
        await settled(pilot)
        await attach(pilot, "program.txt")
        assert said(app) == "Programs and scripts cannot be attached."
        await pilot.press("f4", "down", "enter")
        await settled(pilot)
        assert "1 file: two.txt (3 bytes)" in text_of(app)
        app.screen.query_one("FormView TextArea").focus()
        await pilot.press("H", "i", "f8")
        await settled(pilot)
        assert not isinstance(app.screen, ActScreen)
        assert len(list((home / "blobs").iterdir())) == 1, "what was taken out is gone"
        [item] = store.outbox()
        assert [(each["name"], each["personal"]) for each in item.payload["attachments"]] == [("two.txt", False)]
        assert store.drafts() == []
        await app.push_screen(routes.outbox())
        await settled(pilot)
        assert isinstance(app.screen, OutboxScreen)
        assert "1 file, 0 % sent" in text_of(app)


async def test_a_new_case_takes_files_along(store: Store, home: Path, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_bytes(b"one")
    async with running(store, home, size=(120, 40)) as (app, pilot):
        await app.push_screen(routes.compose())
        await settled(pilot)
        assert "F4" not in footer(app), "before a procedure is chosen there is nothing to attach to"
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("f8")
        await settled(pilot)
        assert "No file is attached." in text_of(app)
        await pilot.press("f4")
        await settled(pilot)
        app.screen.query_one(LineInput).set_text(str(tmp_path / "one.txt"))
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert "│ 1 file: one.txt (3 bytes, personal data)" in text_of(app)
        [draft] = store.drafts()
        assert [each["name"] for each in draft.attachments] == ["one.txt"]


def test_paths_are_completed(tmp_path: Path) -> None:
    (tmp_path / "alpha").mkdir()
    (tmp_path / "alpine.txt").write_bytes(b"")
    (tmp_path / ".hidden").write_bytes(b"")
    (tmp_path / "bad\x1bname").write_bytes(b"")
    assert complete(f"{tmp_path}/al", folders=False) == f"{tmp_path}/alpha/"
    assert complete(f"{tmp_path}/alpi", folders=False) == f"{tmp_path}/alpine.txt"
    assert complete(f"{tmp_path}/alpi", folders=True) is None
    assert complete(f"{tmp_path}/.h", folders=False) == f"{tmp_path}/.hidden"
    assert complete(f"{tmp_path}/bad", folders=False) is None, "what reads otherwise than it is cannot be chosen"
    assert complete(f"{tmp_path}/zz", folders=False) is None
    assert complete(f"{tmp_path}/none/x", folders=False) is None
    assert complete("relative", folders=False) is None
    assert complete("~nobody-is-called-so/x", folders=False) is None


async def test_the_keys_of_a_file_come_first_and_a_mishap_is_told_in_full(store: Store, home: Path, seat: Any) -> None:
    id, files = put_files(store, seat, True, False)
    store.files.want(seat.desk, id, files[1])
    download = store.file_moves.wanted()
    assert download is not None
    store.file_moves.received(download, len(CONTENT) // 2)
    async with running(store, home) as (app, pilot):
        await on_files(app, pilot, seat, id)
        assert footer(app).startswith(" Enter Read  Space Fetch  F8 Save  F3 Open with a program")
        assert "on its way here: 50 %" in text_of(app)
        store.sync.set_problem("offline")
        await settled(pilot)
        assert "50 % is here; the rest comes with the next connection" in text_of(app)
        store.file_moves.fail(download, "otherFile")
        await settled(pilot)
        shown = text_of(app)
        assert problems.sentence("otherFile") in shown
        assert "Accept" in shown.split(problems.sentence("otherFile"))[1].split("\n")[1], "not cut off behind it"


def test_a_long_name_shows_its_ending() -> None:
    state = FileState("here", 5, 5)
    listed = Listed(1, {"name": "x"}, {})
    name = words.Shown(listed, state, "a" * 100 + ".pdf.exe", "5 bytes", ()).title(40)
    assert name.endswith("aaaa.pdf.exe  5 bytes")
    assert len(name) == 40
    assert words.Shown(listed, state, "short.txt", "5 bytes", ()).title(40) == "short.txt  5 bytes"


@pytest.mark.parametrize("where", ["server", "wanted", "loading", "here", "waiting", "sending", "sent"])
def test_every_place_has_words(where: Any) -> None:
    texts = {words.where(FileState(each, 1, 2)) for each in ("server", "wanted", "loading", "here", "waiting", "sent")}
    assert len(texts) == 6
    assert words.where(FileState(where, 1, 2))
    assert "50 %" in words.where(FileState("sending", 1, 2))
    assert words.where(FileState("sending", 1, 2), stopped=True).startswith("50 % is sent; the rest goes with the next")
    assert words.where(FileState("loading", 1, 2), stopped=True).startswith("50 % is here; the rest comes with the")
    assert "0 %" in words.where(FileState("loading", 0, 0))
