"""Files leave the client only as the officer means it: saved beside, never over; opened by argument list; read."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import pytest

from imi_tui import process
from imi_tui.outside import copies, marks, opening, preview, saving
from imi_tui.outside.errors import NotHandedOut

PDF = b"%PDF-1.7 content"
NAMES = [
    "a;b.pdf",
    "`id`.pdf",
    "$(touch x).pdf",
    "new\nline.pdf",
    "-rf.pdf",
    "../../up.pdf",
    "a b.pdf",
    "\u202efdp.pdf",
]

RUNS = {
    "blocked by Outlook": """
        ade adp app appcontent-ms application appref-ms asp aspx asx bas bat bgi cab cer chm cmd cnt com cpl crt csh der
        diagcab exe fxp gadget grp hlp hpj hta htc img inf ins iso isp its jar jnlp js jse ksh lnk mad maf mag mam maq
        mar mas mat mau mav maw mcf mda mdb mde mdt mdw mdz msc msh msh1 msh1xml msh2 msh2xml mshxml msi msp mst msu ops
        osd pcd pif pl plg prf prg printerexport ps1 ps1xml ps2 ps2xml psc1 psc2 psd1 psdm1 pst py pyc pyo pyw pyz pyzw
        reg scf scr sct settingcontent-ms shb shs theme tmp udl url vb vbe vbp vbs vhd vhdx vsmacros vsw webpnp website
        wsb wsc wsf wsh xbap xll xnk
    """,
    "on Unix": "sh bash zsh fish csh tcsh ksh run bin out so desktop kdelnk service appimage deb rpm snap flatpakref",
    "on macOS": "app command dmg pkg scpt terminal workflow action webloc mobileconfig",
    "on telephones": "apk xpi ipa",
    "macros and queries": "docm dotm xlsm xltm xlsb xlam xla xlm xlt ppam pptm potm ppsm sldm iqy oqy rqy odc slk one",
    "pages": "htm html xhtml xht mht mhtml svg svgz swf",
    "others": "accdb rb php lua tcl ahk au3 psm1 appx msix msixbundle",
}
"""Outlook's list is Microsoft's ("Blocked attachments in Outlook"); files with a script inside are meant, too."""
PROGRAMS = (
    b"MZ\x90\x00",
    b"\x7fELF\x02",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"#!/bin/sh\n",
    b"L\x00\x00\x00\x01\x14\x02\x00",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
)
"""How programs of Windows, Unix and macOS begin, of Java, scripts, shortcuts, and documents that may have macros."""

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and links of POSIX")


class TestSaving:
    @posix
    def test_for_the_officer_alone(self, tmp_path: Path) -> None:
        path = saving.save(PDF, tmp_path, "a.pdf")
        assert (path, path.read_bytes(), path.stat().st_mode & 0o777) == (tmp_path / "a.pdf", PDF, 0o600)

    def test_never_over_another_file(self, tmp_path: Path) -> None:
        (tmp_path / "a.pdf").write_bytes(b"precious")
        assert saving.save(PDF, tmp_path, "a.pdf") == tmp_path / "a (2).pdf"
        assert saving.save(PDF, tmp_path, "a.pdf") == tmp_path / "a (3).pdf"
        assert (tmp_path / "a.pdf").read_bytes() == b"precious"

    @posix
    @pytest.mark.parametrize("target", ["precious", "missing"])
    def test_never_through_a_link(self, tmp_path: Path, target: str) -> None:
        (tmp_path / "precious").write_bytes(b"precious")
        (tmp_path / "a.pdf").symlink_to(tmp_path / target)
        assert saving.save(PDF, tmp_path, "a.pdf") == tmp_path / "a (2).pdf"
        assert (tmp_path / "precious").read_bytes() == b"precious"
        assert not (tmp_path / "missing").exists()

    @posix
    def test_not_even_when_the_link_appears_in_between(self, tmp_path: Path) -> None:
        """The race: somebody puts links where the file would go, all the time."""
        target, folder = tmp_path / "precious", tmp_path / "folder"
        target.write_bytes(b"precious")
        folder.mkdir()
        stop = threading.Event()

        def attack() -> None:
            while not stop.is_set():
                try:
                    (folder / "a.pdf").symlink_to(target)
                    (folder / "a.pdf").unlink()
                except FileExistsError:
                    (folder / "a.pdf").unlink(missing_ok=True)
                except FileNotFoundError:
                    pass

        thread = threading.Thread(target=attack)
        thread.start()
        try:
            for _ in range(300):
                saving.save(PDF, folder, "a.pdf").unlink(missing_ok=True)
        finally:
            stop.set()
            thread.join()
        assert target.read_bytes() == b"precious"

    @posix
    def test_the_folder_is_the_one_that_was_opened(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A folder that becomes a link to another one after it was looked at does not lead there."""
        chosen, other = tmp_path / "chosen", tmp_path / "other"
        chosen.mkdir()
        other.mkdir()
        real = saving.safe_name

        def swapped(name: str) -> str:
            chosen.rename(tmp_path / "moved")
            chosen.symlink_to(other)
            return real(name)

        monkeypatch.setattr(saving, "safe_name", swapped)
        saving.save(PDF, chosen, "a.pdf")
        assert list(other.iterdir()) == []
        assert (tmp_path / "moved" / "a.pdf").read_bytes() == PDF

    @pytest.mark.parametrize("name", NAMES)
    def test_in_the_chosen_folder_only(self, tmp_path: Path, name: str) -> None:
        folder = tmp_path / "a" / "b"
        folder.mkdir(parents=True)
        path = saving.save(PDF, folder, name)
        assert path.parent == folder
        assert [each for each in tmp_path.rglob("*") if each.is_file()] == [path]
        assert not set(path.name) & set(";`$\n")

    def test_what_cannot_be_written(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(NotHandedOut) as refused:
            saving.save(PDF, tmp_path / "none", "a.pdf")
        assert refused.value.code == "noFolder"
        monkeypatch.setattr(saving, "MANY", 2)
        saving.save(PDF, tmp_path, "a.pdf")
        with pytest.raises(NotHandedOut) as refused:
            saving.save(PDF, tmp_path, "a.pdf")
        assert refused.value.code == "nameTaken"

    def test_a_full_disk_leaves_nothing_behind(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(saving.os, "fsync", full)
        with pytest.raises(NotHandedOut) as refused:
            saving.save(PDF, tmp_path, "a.pdf")
        assert (refused.value.code, list(tmp_path.iterdir())) == ("diskFull", [])


@pytest.fixture
def opener(tmp_path: Path) -> Path:
    """A program that writes down how it was called."""
    path = tmp_path / "opener"
    path.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        f"json.dump([sys.argv[1:], dict(os.environ)], open({str(tmp_path / 'called')!r}, 'w'))\n"
    )
    path.chmod(0o700)
    return path


def called(tmp_path: Path) -> tuple[list[str], dict[str, str]]:
    import json
    import time

    for _ in range(500):
        try:
            arguments, environment = json.loads((tmp_path / "called").read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            time.sleep(0.02)
        else:
            return arguments, environment
    raise AssertionError("the program was not started")


@posix
class TestMarks:
    @pytest.mark.skipif(sys.platform != "linux", reason="extended attributes of Linux")
    def test_what_is_saved_or_opened_is_marked_as_foreign(self, tmp_path: Path, opener: Path) -> None:
        (tmp_path / "plain").write_bytes(b"")
        try:
            os.setxattr(tmp_path / "plain", "user.test", b"")
        except OSError:
            pytest.skip("this file system keeps no marks")
        saved = saving.save(PDF, tmp_path, "a.pdf")
        opened = opening.open_with(PDF, "a.pdf", tmp_path / "run", environment={"DISPLAY": ":0"}, program=str(opener))
        for path in (saved, opened):
            assert os.getxattr(path, "user.xdg.origin.url") == b"urn:imi:case", "neither case nor server"
            assert path.read_bytes() == PDF

    def test_other_systems_have_their_own(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        ran: list[list[str]] = []
        monkeypatch.setattr(marks.subprocess, "run", lambda argv, **more: ran.append([*argv, str(more["env"])]))
        path = tmp_path / "-a b;.pdf"
        with path.open("wb") as file:
            marks.mark(file.fileno(), path, "darwin")
            marks.mark(file.fileno(), path, "win32")
        [[program, write, name, value, where, environment]] = ran
        assert (program, write, name, environment) == ("/usr/bin/xattr", "-w", "com.apple.quarantine", "{}")
        assert value.startswith("0081;")
        assert where == str(path), "absolute: no name is taken for an option"
        assert "ZoneId=3" in Path(f"{path}:Zone.Identifier").read_text()

    def test_a_file_system_without_marks_still_gets_its_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refused(*_given: object) -> None:
            raise OSError(95, "not supported")

        monkeypatch.setattr(marks, "MARKERS", {sys.platform: refused})
        assert saving.save(PDF, tmp_path, "a.pdf").read_bytes() == PDF


class TestOpening:
    @pytest.mark.parametrize("name", NAMES)
    def test_one_argument_and_no_shell(self, tmp_path: Path, opener: Path, name: str) -> None:
        runtime = tmp_path / "run"
        path = opening.open_with(PDF, name, runtime, program=str(opener))
        arguments, _ = called(tmp_path)
        assert arguments == [str(path)]
        assert path.is_absolute()
        assert path.read_bytes() == PDF
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert path.parent.parent == copies.copies(runtime)

    def test_the_environment_has_no_hooks(self, tmp_path: Path, opener: Path) -> None:
        given = {"HOME": "/home/x", "DISPLAY": ":0", "BROWSER": "evil", "PAGER": "evil", "LESSOPEN": "|evil %s"}
        given |= {"LD_PRELOAD": "/tmp/evil.so", "PYTHONPATH": "/tmp", "PATH": "/tmp/evil", "IMI_TUI_TOKEN": "secret"}
        opening.open_with(PDF, "a.pdf", tmp_path / "run", environment=given, program=str(opener))
        _, environment = called(tmp_path)
        environment.pop("LC_CTYPE", None)
        assert environment == {"HOME": "/home/x", "DISPLAY": ":0", "PATH": opening.PLACES}

    @pytest.mark.parametrize(
        ("name", "data"),
        [
            ("a.sh", b"echo"),
            ("a.desktop", b"[Desktop Entry]"),
            ("a.lnk", b"L"),
            ("a.url", b"[InternetShortcut]"),
            ("a.hta", b"<html>"),
            ("a.html", b"<html>"),
            ("a.docm", b"PK\x03\x04"),
            ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
            ("a.pdf", b"#!/bin/sh"),
            ("a.pdf", b"MZ"),
            ("a.pdf.EXE", PDF),
            ("a.exe\u202e", PDF),
            ("a.exe ", PDF),
            ("plain", PDF),
        ],
    )
    def test_what_could_run_is_not_opened(self, tmp_path: Path, name: str, data: bytes) -> None:
        started: list[object] = []
        with pytest.raises(NotHandedOut) as refused:
            opening.open_with(data, name, tmp_path, program="/x", start=lambda *given: started.append(given))
        assert (refused.value.code, started, list(tmp_path.iterdir())) == ("fileBlocked", [], [])

    @pytest.mark.parametrize("kind", RUNS)
    def test_no_kind_of_file_that_runs_somewhere_is_opened(self, tmp_path: Path, kind: str) -> None:
        started: list[list[str]] = []
        for ending in RUNS[kind].split():
            for name in (f"a.{ending}", f"Diploma.pdf.{ending.upper()}"):
                with pytest.raises(NotHandedOut, match="fileBlocked"):
                    opening.open_with(PDF, name, tmp_path, program="/x", start=lambda given, _: started.append(given))
        assert (started, list(tmp_path.iterdir())) == ([], [])

    @pytest.mark.parametrize("head", PROGRAMS, ids=bytes.hex)
    def test_no_program_is_opened_under_the_name_of_a_document(self, tmp_path: Path, head: bytes) -> None:
        with pytest.raises(NotHandedOut, match="fileBlocked"):
            opening.open_with(head + bytes(600), "Diploma.pdf", tmp_path, program="/x", start=lambda *_: None)

    def test_what_officials_exchange_is_opened(self, tmp_path: Path) -> None:
        started: list[str] = []
        for name in (
            "a.pdf",
            "a.docx",
            "a.odt",
            "a.xlsx",
            "a.ods",
            "a.jpg",
            "a.PNG",
            "a.tif",
            "a.txt",
            "a.csv",
            "a.xml",
        ):
            opening.open_with(PDF, name, tmp_path, program="/x", start=lambda given, _: started.append(given[1]))
        assert len(started) == 11

    def test_without_a_screen_there_is_no_program(self, tmp_path: Path) -> None:
        with pytest.raises(NotHandedOut) as refused:
            opening.open_with(PDF, "a.pdf", tmp_path, environment={"PATH": "/bin"})
        assert (refused.value.code, list(tmp_path.iterdir())) == ("noProgram", [])
        with pytest.raises(NotHandedOut) as refused:
            opening.open_with(PDF, "a.pdf", tmp_path, program=str(tmp_path / "none"))
        assert refused.value.code == "noProgram"
        assert not copies.copies(tmp_path).exists(), "no copy without a program"

    def test_copies_go(self, tmp_path: Path, opener: Path) -> None:
        path = opening.open_with(PDF, "a.pdf", tmp_path / "run", program=str(opener))
        copies.forget_copies(tmp_path / "run")
        assert not path.exists()
        copies.forget_copies(tmp_path / "run")


def pdf(text: str, pages: int = 1) -> bytes:
    """A small PDF with a line of text on each page."""
    stream = zlib.compress(f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode("latin-1"))
    kids = " ".join(f"{10 + number} 0 R" for number in range(pages))
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode(),
        3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        4: b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(stream), stream),
    }
    page = b"<< /Type /Page /Parent 2 0 R /Resources << /Font << /F1 3 0 R >> >> /Contents 4 0 R >>"
    objects |= {10 + number: page for number in range(pages)}
    out, places = bytearray(b"%PDF-1.7\n"), {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n"
    for number, place in places.items():
        out += b"%d 1\n%010d 00000 n \n" % (number, place)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (10 + pages, start)
    return bytes(out)


class TestPreview:
    def test_text_is_cleaned(self) -> None:
        found = preview.preview("Grüße\r\n\x1b]52;c;evil\x07\u202etxt".encode())
        assert found.note == ""
        assert found.text.startswith("Grüße\n")
        assert "\x1b" not in found.text
        assert "\u202e" not in found.text

    def test_long_text_is_cut(self) -> None:
        found = preview.preview(b"line\n" * 100_000)
        assert found.note == "cut"
        assert len(found.text) <= preview.MAX_TEXT + 100

    def test_the_text_of_a_pdf(self) -> None:
        found = preview.preview(pdf("Diploma of general care"))
        assert (found.text.strip(), found.note) == ("Diploma of general care", "")

    def test_hostile_text_in_a_pdf(self) -> None:
        found = preview.preview(pdf("\\033[2J evil \\233 1m"))
        assert "evil" in found.text
        assert not any(char in found.text for char in "\x1b\x9b")

    def test_a_long_pdf_is_cut(self) -> None:
        found = preview.preview(pdf("page", 60))
        assert (found.note, found.text.count("page")) == ("cut", 50)

    def test_a_scan_has_no_text(self) -> None:
        assert preview.preview(pdf("")) == preview.Preview("", "noText")

    @pytest.mark.parametrize("data", [b"%PDF-1.7 nonsense", b"%PDF-", pdf("x")[:200]])
    def test_a_broken_pdf(self, data: bytes) -> None:
        assert preview.preview(data) == preview.Preview("", "notReadable")

    @pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", b"\x00\x01", b""])
    def test_other_kinds(self, data: bytes) -> None:
        assert preview.preview(data) == preview.Preview("", "noPreview")

    def test_one_that_never_ends(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def endless(command: list[str], **options: object) -> object:
            raise subprocess.TimeoutExpired(command, options["timeout"])  # type: ignore[arg-type]

        monkeypatch.setattr(preview.subprocess, "run", endless)
        assert preview.preview(PDF) == preview.Preview("", "notReadable")

    @posix
    @pytest.mark.parametrize(
        ("work", "ends"),
        [
            ("bytearray(1 << 30)", 1),
            ("open('written', 'wb', 0).write(b'x')", 1),
            ("p._restrict() or [None for _ in iter(int, 1)]", -24),
        ],
    )
    def test_the_process_can_do_little(self, tmp_path: Path, work: str, ends: int) -> None:
        """Memory and room on the disk are refused; computing without end is ended by the system."""
        code = f"import imi_tui.outside.pdf_text as p; p.CPU_SECONDS = 1; p._restrict(); {work}"
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, env=environment, check=False, timeout=60
        )
        assert done.returncode == ends, done.stderr[-300:]

    def test_a_bomb_in_a_pdf(self) -> None:
        bomb = zlib.compress(b"BT (x) Tj ET " * 60_000_000, 1)[:]
        stream = b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(bomb), bomb)
        small = pdf("x")
        at, end = small.index(b"4 0 obj\n") + 8, small.index(b"endstream") + 9
        assert preview.preview(small[:at] + stream + small[end:]).note in ("notReadable", "noText", "cut")


def test_a_new_file_is_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(OSError):
            saving.write_new(path, b"x" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not path.exists()
    saving.write_new(path, b"all of it")
    with pytest.raises(FileExistsError):
        saving.write_new(path, b"another")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"all of it", 0o600)


def test_processes_apart_get_what_windows_cannot_do_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYSTEMROOT", "C:\\Windows")
    monkeypatch.setenv("IMI_TUI_HOME", "secret")
    command, environment = process.apart("imi_tui.outside.pdf_text")
    assert command == [sys.executable, "-I", "-m", "imi_tui.outside.pdf_text"]
    assert environment == {"PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1", "SYSTEMROOT": "C:\\Windows"}
