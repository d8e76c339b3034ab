"""Exporting by keyboard: a case, marked cases, a view; where the officer says, and noted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pypdf
import pytest

from imi_tui.cache.store import Store
from imi_tui.screens import routes
from imi_tui.screens.confirm import ChooseScreen
from imi_tui.screens.export import ExportCase, ExportList
from imi_tui.screens.reading import ReadingScreen
from imi_tui.viewmodel import exporting
from imi_tui.widgets.entry import LineInput
from tests.tui.screens.test_case_screen import a_case
from tests.tui.screens.test_files_tab import CONTENT, arrive, put_files, said
from tests.tui.screens.test_inbox_screen import running, settled, text_of

pytestmark = pytest.mark.anyio


async def written(pilot: Any, store: Store) -> str:
    """Until the export is noted as done; its path."""
    for _ in range(600):
        await pilot.pause(0.02)
        log = store.exports.log()
        if log and log[0].state != "begun":
            await settled(pilot)
            assert log[0].state == "done"
            return log[0].path
    raise AssertionError("nothing was written")


async def into(pilot: Any, folder: Path) -> None:
    """Choose the folder in the dialogue."""
    await pilot.press("up")
    while pilot.app.screen.query_one("ChoiceList").value != "folder":
        await pilot.press("up")
    await pilot.press("enter")
    await settled(pilot)
    pilot.app.screen.query_one(LineInput).set_text(str(folder))
    await pilot.press("enter")
    await settled(pilot)


async def test_a_case_goes_out_as_pdf_with_the_files_that_are_here(
    store: Store, home: Path, seat: Any, tmp_path: Path
) -> None:
    id, files = put_files(store, seat, True, False)
    store.files.want(seat.desk, id, files[1])
    arrive(store)
    woken: list[bool] = []
    async with running(store, home, size=(100, 30), sync_now=lambda: woken.append(True), server="https://a.eu") as (
        app,
        pilot,
    ):
        await app.push_screen(routes.case(seat.desk, id))
        await settled(pilot)
        await pilot.press("minus")
        await settled(pilot)
        assert isinstance(app.screen, ExportCase)
        shown = text_of(app)
        assert "Format: PDF/A with its files embedded" in shown
        assert "1 of 2 files are here; Enter fetches the rest" in shown
        assert "Personal data" in shown
        await into(pilot, tmp_path)
        await pilot.press("down", "enter")
        await settled(pilot)
        assert store.files.state(files[0]).where == "wanted"
        assert woken
        await pilot.press("f8")
        path = await written(pilot, store)
        assert f"Exported: {path}" in said(app)
        assert "1 file of the case is not in it" in said(app)
        assert not isinstance(app.screen, ExportCase)
    assert Path(path).parent == tmp_path
    assert pypdf.PdfReader(path).attachments["2 1.txt"] == [CONTENT]
    assert "https://a.eu" in pypdf.PdfReader(path).pages[0].extract_text()


async def test_the_last_choice_is_remembered_and_another_format_chosen(
    store: Store, home: Path, seat: Any, tmp_path: Path
) -> None:
    case = a_case(seat, "accepted")
    store.remember(exporting.MEMO, json.dumps({"folder": str(tmp_path), "case": "json"}))
    async with running(store, home, size=(100, 30)) as (app, pilot):
        await app.push_screen(routes.export_case(seat.desk, case.id))
        await settled(pilot)
        assert "Data (JSON)" in text_of(app)
        await pilot.press("up", "up", "enter")
        await settled(pilot)
        assert isinstance(app.screen, ChooseScreen)
        await pilot.press("home", "enter")
        await settled(pilot)
        assert "Language: български" in text_of(app)
        await pilot.press("end", "enter")
        path = await written(pilot, store)
        await app.screen.action_exports()  # type: ignore[attr-defined]
        await settled(pilot)
        await settled(pilot)
        assert isinstance(app.screen, ReadingScreen)
        assert path[:40] in text_of(app)
    assert json.loads(Path(path).read_text())["case"]["id"] == case.id


async def test_a_folder_that_is_gone_is_said_and_the_dialogue_stays(
    store: Store, home: Path, seat: Any, tmp_path: Path
) -> None:
    case = a_case(seat, "accepted")
    store.remember(exporting.MEMO, json.dumps({"folder": str(tmp_path / "gone"), "case": "json"}))
    async with running(store, home, size=(100, 30)) as (app, pilot):
        await app.push_screen(routes.export_case(seat.desk, case.id))
        await settled(pilot)
        await pilot.press("enter")
        for _ in range(300):
            await pilot.pause(0.01)
            if app._notifications:
                break
        await settled(pilot)
        assert said(app) == "There is no such folder."
        assert isinstance(app.screen, ExportCase)
    assert [entry.state for entry in store.exports.log()] == ["failed"]


async def test_a_list_is_what_is_marked_else_the_whole_view(store: Store, home: Path, tmp_path: Path) -> None:
    store.remember(exporting.MEMO, json.dumps({"folder": str(tmp_path), "list": "json"}))
    total = store.counts()["todo"]
    async with running(store, home, size=(100, 30)) as (app, pilot):
        await pilot.press("minus")
        await settled(pilot)
        assert isinstance(app.screen, ChooseScreen)
        await pilot.press("down", "enter")
        await settled(pilot)
        assert isinstance(app.screen, ExportList)
        await pilot.press("enter")
        whole = await written(pilot, store)
        await pilot.press("space", "down", "space", "minus")
        await settled(pilot)
        assert "Export a list of 2 cases" in text_of(app)
        await pilot.press("enter")
        for _ in range(600):
            await pilot.pause(0.01)
            if store.exports.log()[0].path != whole and store.exports.log()[0].state == "done":
                break
        marked = store.exports.log()[0].path
    assert len(json.loads(Path(whole).read_text())["cases"]) == total
    assert len(json.loads(Path(marked).read_text())["cases"]) == 2


def test_what_is_remembered_fits_or_is_left_out() -> None:
    formats = ("xlsx", "csv", "json")
    for kept in ("", "[]", "nonsense", '{"list": "pdf"}', '{"list": 3, "folder": ""}'):
        choice = exporting.Choice.remembered(kept, formats, "fr", "~/")  # type: ignore[arg-type]
        assert (choice.format, choice.language, choice.folder) == ("xlsx", "fr", "~/")
    choice.format, choice.folder = "csv", "/tmp"
    kept = choice.memo('{"case": "json"}')
    assert json.loads(kept) == {"case": "json", "list": "csv", "folder": "/tmp"}


def test_what_stays_english_is_said() -> None:
    assert exporting.labels_note(("fr",), "el")
    assert not exporting.labels_note(("el",), "el")
    assert not exporting.labels_note((), "en")
