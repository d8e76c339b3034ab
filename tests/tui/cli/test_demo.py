"""The demo's client half against the real server program: found again, survived, ended."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from imi_tui import cli, commands, i18n
from imi_tui.commands import demo, tui
from tests.tui.cli.conftest import Run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> Iterator[Path]:
    path = tmp_path / "demo"
    monkeypatch.setenv("IMI_TUI_DEMO", str(path))
    yield path
    run("demo", "--stop", vault="")


def server(folder: Path) -> tuple[int, str]:
    found = json.loads((folder / "server.json").read_text())
    return found["pid"], found["url"]


def end(pid: int) -> None:
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        try:
            if os.waitpid(pid, os.WNOHANG)[0]:
                return
        except ChildProcessError:
            return
        time.sleep(0.02)
    raise AssertionError("the demo's server does not end")


def test_the_demo_starts_is_found_again_and_survives(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run("demo", "--no-screen", "--cases", "40", vault="")
    assert first.code == 0, first.err
    assert stat.S_IMODE((folder / "server.json").stat().st_mode) == 0o600
    pid, url = server(folder)
    lyon = run("list", "--view", "all", "--json").json["total"]
    assert lyon > 0
    second = run("demo", "--as", "rosenheim", "--no-screen", vault="")
    assert second.code == 0, second.err
    assert server(folder) == (pid, url)
    assert os.environ["IMI_TUI_HOME"] == str(folder / "home-rosenheim")
    end(pid)
    third = run("demo", "--no-screen", vault="")
    assert third.code == 0, third.err
    assert server(folder)[0] != pid
    assert run("list", "--view", "all", "--json").json["total"] == lyon
    wrong = run("demo", "--as", "atlantis", "--no-screen", vault="")
    assert wrong.code == commands.USAGE
    assert "rosenheim" in wrong.err


def test_a_demo_of_another_build_is_begun_anew(run: Run, folder: Path, made_demo: Path) -> None:
    shutil.copytree(made_demo, folder / "server")
    marker = folder / "server" / "demo.json"
    made = json.loads(marker.read_text()) | {"now": "2026-01-01T00:00:00+00:00"}
    marker.write_text(json.dumps({**made, "tables": "other"}))
    (folder / "server" / "mine.txt").write_text("not the demo's")
    (folder / "home-lyon").mkdir()
    (folder / "home-lyon" / "left").touch()
    again = run("demo", "--no-screen", "--cases", "40", vault="")
    assert again.code == 0, again.err
    assert again.err.count("is begun anew") == 1
    assert json.loads(marker.read_text())["now"] > made["now"]
    assert json.loads(marker.read_text())["tables"] == made["tables"]
    assert (folder / "server" / "mine.txt").exists()
    assert not (folder / "home-lyon" / "left").exists()
    assert run("list", "--view", "all", "--json").json["total"] > 0
    end(server(folder)[0])
    third = run("demo", "--no-screen", vault="")
    assert third.code == 0
    assert "anew" not in third.err


def test_a_server_that_does_not_start_is_told(run: Run, folder: Path) -> None:
    (folder / "server").mkdir(parents=True)
    (folder / "server" / "central.db").write_bytes(b"something else")
    failed = run("demo", "--no-screen", vault="")
    assert failed.code == commands.LOCAL
    assert "server.log" in failed.err


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"pid": "x"}', '{"pid": 999999999, "url": "http://127.0.0.1:9", "tokens": {}}']
)
def test_a_state_file_of_any_content_is_survived(run: Run, folder: Path, content: str) -> None:
    folder.mkdir()
    (folder / "server.json").write_text(content)
    assert "No demo" in run("demo", "--stop", vault="").err
    assert not (folder / "server.json").exists()


def test_the_tour_goes_on_as_the_demo_in_a_program_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[list[str]] = []

    def instead(_path: str, command: list[str]) -> None:
        begun.append(command)
        raise SystemExit

    monkeypatch.setattr(os, "execv", instead)
    i18n.install("fi")
    try:
        with pytest.raises(SystemExit):
            tui._demo_with_tour()
    finally:
        i18n.install("en")
    [command] = begun
    options, name = cli._parsed(command[command.index("imi_tui.cli") + 1 :])
    assert (command[0], name, options.tour, options.lang) == (sys.executable, "demo", True, "fi")


def test_whoever_leaves_the_demo_does_not_wait_for_its_server_and_the_next_one_does(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, made_demo: Path
) -> None:
    shutil.copytree(made_demo, folder / "server")
    seen: list[int] = []
    waited: list[float] = []

    def screen(options: object, **_more: object) -> int:
        seen.append(server(folder)[0])
        os.kill(seen[0], signal.SIGSTOP)
        return 0

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        os.kill(seen[0], signal.SIGCONT)
        threading.Event().wait(seconds)

    monkeypatch.setattr(tui, "show", screen)
    monkeypatch.setattr(demo, "time", SimpleNamespace(sleep=sleep, monotonic=time.monotonic))
    assert run("demo", "--cases", "40", vault="").code == 0
    assert not (folder / "server.json").exists()
    assert not waited, "it is still at it"
    assert run("demo", "--no-screen", vault="").code == 0
    assert waited, "the one before had the data"
    with pytest.raises(ProcessLookupError):
        os.kill(seen[0], 0)
    assert server(folder)[0] != seen[0]


def test_the_server_ends_with_the_last_screen_unless_it_is_to_stay(
    run: Run, monkeypatch: pytest.MonkeyPatch, made_demo: Path
) -> None:
    monkeypatch.delenv("IMI_TUI_DEMO", raising=False)
    home = Path(os.environ["IMI_TUI_HOME"])
    shutil.copytree(made_demo, home / "demo" / "server")
    state = home / "demo" / "server.json"
    seen: list[int] = []

    def screen(options: object, **_more: object) -> int:
        seen.append(server(home / "demo")[0])
        os.kill(seen[-1], 0)
        if len(seen) == 1:
            # In another terminal, meanwhile; its end is not that of the server.
            assert run("demo", "--as", "rosenheim", vault="").code == 0
            os.kill(seen[0], 0)
        return 0

    monkeypatch.setattr(tui, "show", screen)
    assert run("demo", "--cases", "40", vault="").code == 0
    assert seen[0] == seen[1]
    assert not state.exists()
    end(seen[0])
    assert run("demo", "--no-screen", vault="").code == 0
    assert run("demo", vault="").code == 0
    assert state.exists(), "it was asked to stay"
    assert "has ended" in run("demo", "--stop", vault="").err
    with pytest.raises(ProcessLookupError):
        os.kill(seen[-1], 0)
