"""`imi-tui print` with a printing command of the test's own, and without one."""

from __future__ import annotations

import io
import stat
from pathlib import Path

import pypdf
import pytest

from imi_central.store import Store as Central
from imi_tui import commands
from imi_tui.outside import printing
from tests.central.world import accept, send
from tests.tui.cli.conftest import Run


def test_a_case_goes_to_the_printer_with_or_without_what_is_personal(
    run: Run, central: Central, server: str, token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = send(central)
    accept(central, case.case_id)
    run("sync", "--server", server, token=token)
    [row] = run("list", "--view", "all", "--json").json["cases"]
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setattr(printing, "PLACES", str(folder))
    none = run("print", row["reference"])
    assert (none.code, none.out) == (commands.LOCAL, "")
    assert "no printing command" in none.err

    program, paper = folder / "lpr", tmp_path / "paper.pdf"
    program.write_text(f"#!/bin/sh\n/bin/cat > {paper}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    whole = run("print", row["reference"])
    assert whole.code == 0, whole.err
    assert row["reference"] in whole.err
    personal = "Secret Person"
    assert personal in text_of(paper)
    assert run("print", row["reference"], "--summary").code == 0
    assert personal not in text_of(paper)
    assert row["reference"] in text_of(paper)
    short = " ".join(text_of(paper).split())
    assert "This is a summary" in short
    assert "not shown to this desk" not in short
    assert "The authority sees the summary of this case only" not in short, "it sees all of it"

    program.write_text("#!/bin/sh\nexit 1\n")
    refused = run("print", row["reference"])
    assert refused.code == commands.LOCAL
    assert "did not take" in refused.err
    log = run("export", "--log", "--json").json["exports"]
    assert [(each["kind"], each["state"]) for each in log] == [
        ("print", "failed"),
        ("print", "done"),
        ("print", "done"),
    ]


def text_of(path: Path) -> str:
    """The words on the paper."""
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(path.read_bytes())).pages)
