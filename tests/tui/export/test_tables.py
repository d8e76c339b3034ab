"""Lists as CSV and XLSX: no cell is ever a formula, and every file says whose copy it is."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from imi_tui.cache.errors import DiskFull
from imi_tui.cache.personal.export_log import Exports
from imi_tui.cache.store import Store
from imi_tui.export import service, tables
from imi_tui.export.errors import NotExported
from imi_tui.export.mark import Mark
from tests.tui.screens import filled

MARK = Mark("Camille & Co", "DREETS", dt.datetime(2026, 3, 5, 14, 7, tzinfo=dt.UTC), "https://imi.example.eu")
EVIL = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\0=1+1",
    " =1+1",
    "\u00a0=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    '"=1+1',
    '=HYPERLINK("http://evil","x")',
    "\u202e=1+1",
    "x\r\n=1+1",
]
XML = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def computes(value: str) -> bool:
    """Whether a program that opens tables would compute this cell."""
    return value.lstrip(" \t\r\n\0\u00a0")[:1] in tuple("=+-@＝＋－＠") or value[:1] in tuple("\t\r\n\0")


@pytest.mark.parametrize("value", EVIL)
def test_no_cell_of_a_csv_is_a_formula(value: str) -> None:
    data = tables.as_csv(("Head", value), [(value, "b"), ("a", value)], MARK)
    text = data.decode("utf-8-sig")
    assert data.startswith(b"\xef\xbb\xbf"), "office programs read UTF-8 only so"
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert [len(row) for row in read] == [3, 3, 3]
    assert not [cell for row in read for cell in row if computes(cell)]
    assert len(text.split("\r\n")) == 4, "nothing in a cell begins a line"
    assert all(line.startswith('"') and line.endswith('"') for line in text.split("\r\n")[:-1])
    assert all("Exported by Camille & Co" in row[2] for row in read[1:])


def test_no_cell_of_a_workbook_is_anything_but_text() -> None:
    data = tables.as_xlsx(("Head", "=1"), [(value, "https://example.eu") for value in EVIL], MARK)
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        names = book.namelist()
        sheets = [ElementTree.fromstring(book.read(name)) for name in names if "/worksheets/sheet" in name]
        strings = ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
        footer = book.read("xl/worksheets/sheet1.xml").decode()
    assert not [name for name in names if "_rels/sheet" in name], "no link leads out"
    found = [cell for sheet in sheets for cell in sheet.iter(f"{XML}c")]
    assert len(found) == 2 * (len(EVIL) + 1) + 4
    assert {cell.get("t") for cell in found} == {"s"}
    assert not [one for sheet in sheets for one in sheet.iter(f"{XML}f")]
    texts = [each.text or "" for each in strings.iter(f"{XML}t")]
    assert not [text for text in texts if computes(text)]
    assert any("Exported by Camille & Co" in text for text in texts)
    assert "Camille &amp;&amp; Co" in footer, "a sign of the data is no command of the foot"


def test_harmless_cells_stay_as_they_are() -> None:
    for value in ("PW-26-000001", "a = b", "2026-03-05", "Größe", "'quoted'", ""):
        assert tables.inert(value) == value


def test_a_list_in_words(store: Store) -> None:
    rows = [row for page in service.view_rows(store, "all", "due", 70) for row in page]
    assert len(rows) == 70
    job = service.rows(store, rows, "csv", name="all", what="all", language="en", server="s")
    read = list(csv.DictReader(io.StringIO(job.make().decode("utf-8-sig"), newline="")))
    assert [row["Reference"] for row in read] == [row.reference for row in rows]
    assert {row["Procedure"] for row in read} <= {
        "Posting of workers: request for information",
        "Posting of workers: urgent report on irregularities",
    } | {row["Procedure"] for row in read if row["Procedure"].startswith("Posting")}
    assert {row["Your turn"] for row in read} == {"yes", "no"}
    assert job.name.startswith("all 20")


def test_pages_of_a_view_are_put_together(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [row.id for page in service.view_rows(store, "all", "due") for row in page]
    monkeypatch.setattr(service, "PAGE", 7)
    pages = list(service.view_rows(store, "all", "due"))
    assert [row.id for page in pages for row in page] == whole
    assert len(pages) > 10


class TestTheLog:
    def a_job(self, store: Store) -> service.Job:
        rows = store.window("all", "due", limit=3)
        return service.rows(store, rows, "json", name="all", what="all", language="en", server="s")

    def test_an_export_is_logged_with_who_when_what_and_where(self, store: Store, home: Path, tmp_path: Path) -> None:
        job = self.a_job(store)
        done = service.export(store, job, tmp_path)
        assert done.path.stat().st_mode & 0o777 == 0o600
        [entry] = store.exports.log()
        assert (entry.state, entry.path, entry.sha256) == ("done", str(done.path), done.sha256)
        assert (entry.officer_name, entry.kind, entry.what, entry.cases) == ("Camille Martin", "list", "all", 3)
        assert entry.at.startswith(filled.NOW.date().isoformat())
        assert [each.number for each in store.exports.of_case(*job.cases[0])] == [entry.number]
        assert store.exports.of_case(job.cases[0][0], "0" * 32) == []
        again = service.export(store, job, tmp_path)
        assert again.path != done.path, "nothing is written over"
        assert store.exports.log()[0].path == str(again.path)

    def test_what_could_not_be_written_is_logged_so(self, store: Store, tmp_path: Path) -> None:
        with pytest.raises(NotExported) as caught:
            service.export(store, self.a_job(store), tmp_path / "none")
        assert caught.value.code == "noFolder"
        assert [entry.state for entry in store.exports.log()] == ["failed"]

    def test_what_cannot_be_logged_does_not_leave(
        self, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: Any, **__: Any) -> int:
            raise DiskFull

        monkeypatch.setattr(Exports, "begin", full)
        with pytest.raises(DiskFull):
            service.export(store, self.a_job(store), tmp_path)
        assert [path for path in tmp_path.iterdir() if path.suffix == ".json"] == []

    def test_an_end_in_between_is_seen_in_the_log(self, store: Store, tmp_path: Path) -> None:
        service.note(store, self.a_job(store), tmp_path)
        assert [(entry.state, Path(entry.path).parent) for entry in store.exports.log()] == [("begun", tmp_path)]
