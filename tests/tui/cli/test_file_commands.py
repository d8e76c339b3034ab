"""Files on the command line: attached, listed, fetched, saved, refused."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from imi_central.store import Store as Central
from imi_tui import commands
from tests.central.world import REQUEST, ROSENHEIM
from tests.tui.cli.conftest import Run

DATA = b"%PDF-1.7 " + bytes(range(256)) * 3000


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "Rechnung 7.pdf"
    path.write_bytes(DATA)
    return path


@pytest.fixture
def new(tmp_path: Path, server: str, token: str, run: Run) -> tuple[str, ...]:
    """The words of the command that starts a case."""
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps(REQUEST))
    run("sync", "--server", server, token=token)
    return ("new", "pw.info", "--to", ROSENHEIM, "--answers", str(answers), "--server", server)


def test_attached_listed_and_saved(
    run: Run, central: Central, server: str, token: str, new: tuple[str, ...], source: Path, tmp_path: Path
) -> None:
    made = run(*new, "--attach", str(source), "--json", token=token)
    assert json.loads(made.out)["state"] == "sent", made.err
    reference = json.loads(made.out)["reference"]
    [file] = json.loads(run("files", reference, "--json").out)["files"]
    digest = hashlib.sha256(DATA).hexdigest()
    assert (file["number"], file["name"], file["size"], file["sha256"]) == (1, "Rechnung 7.pdf", len(DATA), digest)
    assert (file["personal"], file["where"], file["problem"]) == (True, "server", "")
    line = run("files", reference)
    assert line.out.split()[:4] == ["1", "!", str(len(DATA)), "server"]
    folder = tmp_path / "folder"
    folder.mkdir()
    for chosen, name in (("1", "Rechnung 7.pdf"), ("Rechnung 7.pdf", "Rechnung 7 (2).pdf")):
        saved = run("save", reference, chosen, "--to", str(folder), "--server", server, token=token)
        assert (saved.code, saved.out.strip()) == (0, str(folder / name))
        assert (folder / name).read_bytes() == DATA
    assert "here" in run("files", reference).out
    shown = json.loads(run("save", reference, "1", "--to", str(folder), "--json").out)
    assert shown == {
        "path": str(folder / "Rechnung 7 (3).pdf"),
        "name": "Rechnung 7.pdf",
        "size": len(DATA),
        "sha256": digest,
    }


def test_not_sent_yet(run: Run, token: str, new: tuple[str, ...], source: Path, tmp_path: Path) -> None:
    made = json.loads(run(*new, "--attach", str(source), "--not-personal", "--no-sync", "--json", token=token).out)
    [file] = json.loads(run("files", made["caseId"], "--json").out)["files"]
    assert (file["where"], file["size"], file["personal"]) == ("waiting", len(DATA), False)
    saved = run("save", made["caseId"], "1", "--to", str(tmp_path))
    assert (saved.code, (tmp_path / "Rechnung 7 (2).pdf").read_bytes()) == (0, DATA)


def test_what_is_refused(run: Run, server: str, token: str, new: tuple[str, ...], source: Path, tmp_path: Path) -> None:
    assert run(*new, "--attach", str(tmp_path / "none"), token=token).code == commands.USAGE
    program = tmp_path / "a.pdf"
    program.write_bytes(b"\x7fELF")
    refused = run(*new, "--attach", str(source), "--attach", str(program), token=token)
    assert (refused.code, "Programs" in refused.err) == (commands.REFUSED, True)
    assert run("outbox").out == ""
    assert not list((tmp_path / "home" / "blobs").iterdir()), "nothing stays of an entry that was not queued"
    made = json.loads(run(*new, "--attach", str(source), "--json", token=token).out)
    assert run("save", made["reference"], "2", "--to", str(tmp_path)).code == commands.NOT_FOUND
    missing = run("save", made["reference"], "1", "--to", str(tmp_path / "none"), "--server", server, token=token)
    assert (missing.code, "no such folder" in missing.err) == (commands.LOCAL, True)
    closed = run("act", made["reference"], "withdraw", "--attach", str(source), token=token)
    assert (closed.code, "takes no files" in closed.err) == (commands.REFUSED, True)
