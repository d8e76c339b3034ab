"""The same kinds of work for ten cases with the plain commands alone, against the demo's real server, without a screen.

What is to be done is read from what the commands print: which cases there are, what an action asks for, which authority
to forward to. Checked like the triage: a client that has seen nothing of it fetches what the server holds.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.triage import TEXT, Europe, made

PLAN = {"accept": 3, "forward": 1, "reply": 3, "ask_clarification": 1, "close": 1}
"""Entries to make; one case more is put off and tagged."""
VIEW = {"accept": "to_accept", "forward": "to_accept", "reply": "to_answer", "ask_clarification": "to_close"}


class Desk:
    """Commands of one client, counted."""

    def __init__(self, europe: Europe, home: Path) -> None:
        self._europe, self._home = europe, home
        self.count = 0
        self.seconds = 0.0

    def run(self, *arguments: str) -> str:
        """One command; what it prints."""
        started = time.perf_counter()
        out = self._europe.run(self._home, *arguments)
        self.seconds += time.perf_counter() - started
        self.count += 1
        return out

    def json(self, *arguments: str) -> Any:
        """One command with ``--json``."""
        return json.loads(self.run(*arguments, "--json"))


def answers(desk: Desk, reference: str, action: str) -> list[str]:
    """Arguments that answer what the action asks for: the first choice, else a word, a day, a number."""
    out = []
    for field in desk.json("act", reference, action, "--form")["fields"]:
        if field["needed"] or action == "accept":
            first = next((option["value"] for option in field["options"]), "")
            value = first or {"date": "2026-12-01", "number": "14", "integer": "14", "days": "14"}.get(
                field["type"], TEXT
            )
            out += ["--answer", f"{field['id']}={value}"]
    return out


def work(desk: Desk) -> dict[str, list[str]]:
    """Ten cases; which got what."""
    desk.run("sync")
    done: dict[str, list[str]] = {}
    taken: set[str] = set()
    for action, count in PLAN.items():
        listed = desk.json("list", "--view", VIEW.get(action, "to_close"), "--limit", "20")["cases"]
        for reference in [case["reference"] for case in listed if case["reference"] not in taken][:count]:
            assert desk.run("show", reference)
            more = answers(desk, reference, action)
            if action == "forward":
                found = desk.json("authorities", "annecy", "--country", "FR", "--area", "pw")["authorities"]
                more += ["--to", found[0]["desk"]]
            if action == "ask_clarification":
                more += ["--text", TEXT]
            # Sent together at the end: an officer does not wait for the line after each.
            desk.run("act", reference, action, *more, "--no-sync")
            taken.add(reference)
            done.setdefault(action, []).append(reference)
    later = next(
        case["reference"]
        for case in desk.json("list", "--view", "to_answer", "--limit", "20")["cases"]
        if case["reference"] not in taken
    )
    desk.run("keep", later, "--until", "2027-01-08", "--tag", "visit", "--note", "ring first")
    done["keep"] = [later]
    desk.run("sync")
    assert not desk.json("outbox")["outbox"]
    return done


def report() -> list[str]:
    """Ten cases, how many commands, and that the server has them."""
    data = made()
    try:
        with tempfile.TemporaryDirectory(prefix="imi-morning-") as folder:
            copy = Path(folder) / "data"
            shutil.copytree(data, copy)
            with Europe(copy) as europe:
                desk = Desk(europe, Path(folder) / "home")
                done = work(desk)
                fresh = Path(folder) / "fresh"
                europe.run(fresh, "sync")
                for action, references in done.items():
                    for reference in references:
                        if action == "keep":
                            own = desk.json("show", reference)["own"]
                            assert own == {"tags": ["visit"], "note": "ring first", "until": "2027-01-08"}, own
                        else:
                            made_there = [entry["action"] for entry in europe.entries(fresh, reference)]
                            assert action in made_there, (reference, action, made_there)
    except subprocess.CalledProcessError as error:
        raise AssertionError(f"{error.cmd[1:4]}: {error.stderr}") from error
    finally:
        shutil.rmtree(data)
    cases = sum(map(len, done.values()))
    line = (
        f"morning by commands: {cases} cases, {desk.count} commands, {desk.seconds / desk.count * 1000:.0f} ms each "
        f"(two of them synchronise), {desk.seconds:.1f} s in all; all found at the server"
    )
    return [line]
