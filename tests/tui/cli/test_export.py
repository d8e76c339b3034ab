"""`imi-tui export` end to end: fetched from a real server, written, logged."""

from __future__ import annotations

import io
import json
import stat
from pathlib import Path

import pypdf

from imi_central.store import Store as Central
from imi_tui import commands
from imi_tui.cache.storage.lock import lock_profile
from imi_tui.cache.storage.vault import open_vault
from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from tests.central.world import accept, send
from tests.tui.cli.conftest import Run


def test_a_case_leaves_as_pdf_with_the_file_that_has_to_be_fetched(
    run: Run, central: Central, server: str, token: str, home: Path, tmp_path: Path
) -> None:
    case = send(central)
    accept(central, case.case_id)
    at = ("--server", server)
    run("sync", *at, token=token)
    [row] = run("list", "--view", "all", "--json").json["cases"]
    note = tmp_path / "note.txt"
    note.write_text("a certificate")
    sent = run("act", row["reference"], "message", "--text", "See it.", "--attach", str(note), *at, token=token)
    assert sent.out.startswith("sent "), sent.err
    run("sync", *at, token=token)
    out = tmp_path / "out"
    out.mkdir()
    bare = run("export", row["reference"], "--to", str(out), "--no-fetch", "--json", *at).json
    assert (bare["missingFiles"], bare["cases"]) == (1, 1)
    with lock_profile(Profile(home)):
        beside = run("export", row["reference"], "--to", str(out), "--in", "lt", *at, token=token)
    assert beside.code == 0, "it works beside the full screen, which alone fetches"
    assert "1 file of the case is not in it." in beside.err
    assert "already runs" in beside.err
    made = run("export", row["reference"], "--to", str(out), "--in", "fr", *at, token=token)
    assert made.code == 0, made.err
    path = Path(made.out.strip())
    assert path.parent == out
    assert path != Path(bare["path"]), "nothing is written over"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    reader = pypdf.PdfReader(io.BytesIO(path.read_bytes()))
    assert reader.attachments["1 note.txt"] == [b"a certificate"]
    assert reader.trailer["/Root"]["/Lang"] == "fr"
    log = run("export", "--log", "--json").json["exports"]
    assert [(each["state"], each["what"], each["files"]) for each in log] == [
        ("done", row["reference"], 1),
        ("done", row["reference"], 0),
        ("done", row["reference"], 0),
    ]
    assert str(path) in run("export", "--log").out
    data = run("export", row["id"], "--format", "json", "--to", str(out)).out.strip()
    assert json.loads(Path(data).read_text())["case"]["reference"] == row["reference"]


def test_an_own_view_leaves_under_its_name(
    run: Run, central: Central, server: str, token: str, home: Path, tmp_path: Path
) -> None:
    for company in ("Alpbau A", "Donau B"):
        send(central, subject=company, company=company)
    run("sync", "--server", server, token=token)
    profile = Profile(home)
    store = Store.open(profile, open_vault("file", profile, lambda _: "").key())
    store.saved.keep("Bau/../heute", "alpbau")
    store.close()
    made = run("export", "--view", "bau/../heute", "--format", "json", "--to", str(tmp_path))
    path = Path(made.out.strip())
    assert path.parent == tmp_path
    assert "heute" in path.name
    assert [case["subject"] for case in json.loads(path.read_text())["cases"]] == ["Alpbau A"]
    logged = run("export", "--log", "--json").json["exports"][0]
    assert logged["what"] == "Bau/../heute: alpbau"
    none = run("export", "--view", "bua", "--to", str(tmp_path))
    assert none.code == commands.NOT_FOUND
    assert "There is no view bua." in none.err


def test_lists_and_wrong_use(run: Run, central: Central, server: str, token: str, tmp_path: Path) -> None:
    assert "Nothing was exported" in run("export", "--log").err
    for subject in ("Alpbau A", "Alpbau B"):
        send(central, subject=subject)
    run("sync", "--server", server, token=token)
    to = ("--to", str(tmp_path))
    for format in ("csv", "xlsx", "json"):
        made = run("export", "--view", "all", "--format", format, *to)
        assert made.code == 0, made.err
        assert made.out.strip().endswith(f".{format}")
    found = run("export", "--search", "Alpbau", "--format", "json", *to)
    assert len(json.loads(Path(found.out.strip()).read_text())["cases"]) == 2
    ordered = run("export", "--search", "Alpbau", "--sort", "reference", "--format", "json", *to)
    cases = json.loads(Path(ordered.out.strip()).read_text())["cases"]
    assert [case["subject"] for case in cases] == ["Alpbau A", "Alpbau B"]
    few = run("export", "--search", "Alpbau", "--limit", "1", "--format", "json", *to)
    assert "1 of 1+ cases shown" in few.err
    assert run("export", "--view", "closed", *to).code == commands.NOT_FOUND
    assert run("export", "--view", "all", "--to", str(tmp_path / "none")).code == commands.LOCAL
    assert run("export", "PW-26-999999", *to).code == commands.NOT_FOUND
    wrong = (
        ("export",),
        ("export", "--view", "all"),
        ("export", "--view", "all", "--limit", "0", *to),
        ("export", "--view", "all", "--search", "x", *to),
        ("export", "--view", "all", "--format", "pdf", *to),
        ("export", "PW-26-999999", "--format", "csv", *to),
        ("export", "--view", "all", "--in", "xx", *to),
        # What is left of such a line would find other cases than were meant.
        ("export", "--search", "Alpbau due:soonish", *to),
        ("export", "--search", "land:DE Alpbau", *to),
        ("list", "--search", "Alpbau due:soonish"),
        ("list", "--search", "Alpbau country:"),
    )
    assert [run(*each).code for each in wrong] == [commands.USAGE] * len(wrong)
