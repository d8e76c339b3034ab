"""Real commands against the real server, killed at any moment (F2, F3, F4, F23)."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from imi_central.store import Store as Central
from imi_central.store.identity import Sessions
from tests.central.world import LYON, REQUEST, ROSENHEIM
from tests.effort import KILLS
from tests.sim.history import repeated_by
from tests.tui.live import live_server, opened

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")

TOKEN = "script-token-of-lyon"
SEED = int(os.environ.get("IMI_SIM_SEED") or "1")
AGAIN = f"IMI_SIM_KILLS={KILLS} IMI_SIM_SEED={SEED} .venv/bin/python -m pytest tests/sim/test_kill.py"
"""Draws the same delays again. How far a process comes within one is up to the machine."""


@pytest.fixture
def central(template: Path, tmp_path: Path) -> Iterator[Central]:
    with opened(template, tmp_path) as store:
        yield store


class Commands:
    """`imi-tui` as processes of their own, with the key in a file and the token of a script."""

    def __init__(self, home: Path, url: str) -> None:
        self.home, self.url = home, url
        self.environment = {**os.environ, "IMI_TUI_HOME": str(home), "IMI_TUI_TOKEN": TOKEN, "LC_ALL": "C.UTF-8"}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "imi_tui.cli", *arguments, "--vault", "file"]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment
        )

    def run(self, *arguments: str) -> str:
        process = self.start(*arguments)
        out, error = process.communicate(timeout=60)
        assert process.returncode == 0, out + error
        return out

    def killed(self, after: float, trace: list[str], *arguments: str) -> str:
        """What a command said that was killed after so many seconds, or ended before."""
        process = self.start(*arguments)
        try:
            process.wait(after)
            end = "ended"
        except subprocess.TimeoutExpired:
            process.kill()
            end = "killed"
        trace.append(f"{arguments[0]}: after {after:.3f} s {end}")
        return process.communicate()[0]


@pytest.fixture
def command(central: Central, tmp_path: Path) -> Iterator[Commands]:
    with live_server(central, tmp_path) as url:
        Sessions(central).script_token("lyon", TOKEN, dt.timedelta(hours=1))
        made = Commands(tmp_path / "home", url)
        made.run("sync", "--server", url)
        yield made


def test_commands_killed_at_any_moment(command: Commands, central: Central, tmp_path: Path) -> None:
    """What a command said is safe arrives once; what was killed before arrives once or not at all."""
    rng = random.Random(SEED)
    trace: list[str] = []
    with repeated_by(AGAIN, trace):
        said: set[str] = set()
        killed = 0
        for number in range(KILLS):
            file = tmp_path / f"request-{number}.json"
            file.write_text(json.dumps({**REQUEST, "subject": f"killed {number}"}), encoding="utf-8")
            answers = ("--answers", str(file), "--server", command.url)
            out = command.killed(rng.uniform(0.2, 1.6), trace, "new", "pw.info", "--to", ROSENHEIM, *answers)
            killed += trace[-1].endswith("killed")
            if out.startswith(("sent", "queued")):
                said.add(f"killed {number}")
        for _ in range(2):
            command.run("sync", "--server", command.url)
        with central.view("lyon") as view:
            arrived = Counter(case.subject for case in view.cases(LYON, None, 1000))
        assert killed or KILLS < 10
        assert set(arrived.values()) <= {1}
        assert said <= set(arrived)
        assert json.loads(command.run("outbox", "--json"))["outbox"] == []
        shown = json.loads(command.run("list", "--view", "all", "--json", "--limit", "1000"))["cases"]
        assert Counter(case["subject"] for case in shown) == arrived


def test_a_first_synchronisation_killed_again_and_again(command: Commands, central: Central, tmp_path: Path) -> None:
    from tests.central.world import send

    wanted = {send(central, subject=f"Case {number}").case_id for number in range(40)}
    rng = random.Random(SEED)
    trace: list[str] = []
    with repeated_by(AGAIN, trace):
        for _ in range(KILLS):
            command.killed(rng.uniform(0.1, 1.2), trace, "sync", "--server", command.url)
            shown = json.loads(command.run("list", "--view", "all", "--json", "--limit", "1000"))["cases"]
            assert {case["id"] for case in shown} <= wanted
        command.run("sync", "--server", command.url)
        shown = json.loads(command.run("list", "--view", "all", "--json", "--limit", "1000"))["cases"]
        assert {case["id"] for case in shown} == wanted
