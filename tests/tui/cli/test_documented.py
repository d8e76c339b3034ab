"""docs/commands.md says what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from imi_tui import commands
from imi_tui.config import themes

DOCS = Path(__file__).parents[3] / "docs"
TEXT = (DOCS / "commands.md").read_text(encoding="utf-8")
DESK = (DOCS / "desk.md").read_text(encoding="utf-8")


def test_every_command_is_documented() -> None:
    assert set(re.findall(r"^\| `imi-tui (\w+)", TEXT, re.MULTILINE)) == set(commands.COMMANDS)


def test_every_theme_is_documented() -> None:
    # In the guide each with what it looks like.
    for name in themes.NAMES:
        assert f"`{name}`" in TEXT
        assert re.search(rf"^\|(?: `[\w-]+`,)* `{name}`[, ]", DESK, re.MULTILINE), name


def test_every_exit_code_is_documented() -> None:
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE)}
    names = ("OK", "FAILED", "USAGE", "NOT_FOUND", "REFUSED", "NOT_SIGNED_IN", "OFFLINE", "SERVER", "LOCAL", "RUNNING")
    assert documented == {getattr(commands, name) for name in (*names, "INTERRUPTED")}


@pytest.mark.parametrize("command", commands.COMMANDS)
def test_every_option_is_documented(command: str) -> None:
    import argparse
    import importlib

    parser = argparse.ArgumentParser(add_help=False)
    importlib.import_module(f"imi_tui.commands.{commands.MODULES.get(command, command)}").arguments(parser)
    rows = [line for line in TEXT.splitlines() if line.startswith(f"| `imi-tui {command} ")]
    row = "\n".join(rows)
    assert rows
    options = {option for action in parser._actions for option in action.option_strings}
    assert {option for option in options if option not in row} == set()
