"""What starting costs: which modules each command imports, told by a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from imi_tui import __version__
from imi_tui.commands import COMMANDS

ROOT = Path(__file__).parents[3]
HEAVY = ("textual", "rich", "httpx", "keyring", "babel", "holidays", "zstandard", "apsw", "msgspec", "platformdirs")
PROBE = """
import sys
from imi_tui.cli import main
try:
    code = main(sys.argv[1:])
except SystemExit as end:
    code = end.code or 0
sys.stdout.flush()
modules = sys.modules.keys() - {"imi_core", "imi_core.languages", "imi_core.lean", "imi_core.mo"}
print("IMPORTED", code, *sorted({name.split(".")[0] for name in modules}), file=sys.stderr)
"""


def imported(home: Path, *arguments: str) -> tuple[str, set[str], str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "IMI_"))}
    environ |= {"IMI_TUI_HOME": str(home), "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments], env=environ, capture_output=True, text=True, check=True, timeout=60
    )
    last = done.stderr.strip().splitlines()[-1].split()
    assert last[0] == "IMPORTED"
    return last[1], set(last[2:]), done.stdout


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_version_and_help_import_nothing_heavy(tmp_path: Path, argument: str) -> None:
    code, modules, out = imported(tmp_path, argument)
    assert code == "0"
    assert out
    assert modules & {*HEAVY, "imi_core", "ssl", "asyncio", "cryptography"} == set()
    if argument == "--version":
        assert "argparse" not in modules


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_imports_no_screen(tmp_path: Path, command: str) -> None:
    code, modules, out = imported(tmp_path, command, "--help")
    assert code == "0"
    assert out.startswith("usage: imi-tui " + command)
    assert modules & {"textual", "rich", "httpx", "keyring", "babel", "apsw", "zstandard"} == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "--vault", "file"),
        ("list", "--json", "--vault", "file"),
        ("show", "PW-26-000001", "--vault", "file"),
        ("authorities", "x", "--vault", "file"),
        ("outbox", "--vault", "file"),
        ("doctor", "--offline", "--vault", "file"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_reading_needs_neither_screen_nor_network(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    _code, modules, _out = imported(tmp_path, *arguments)
    assert modules & {"textual", "httpx", "keyring", "babel", "holidays", "zstandard"} == set()


def test_sync_needs_no_screen_and_no_keyring(tmp_path: Path) -> None:
    code, modules, _out = imported(tmp_path, "sync", "--vault", "file", "--server", "http://127.0.0.1:9")
    assert code == "5"
    assert modules & {"textual", "keyring", "babel"} == set()


def test_no_module_of_sync_and_signin_imports_the_screen(tmp_path: Path) -> None:
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for folder in ("sync", "signin", "commands", "i18n")
        for path in sorted((ROOT / "imi_tui" / folder).glob("*.py"))
    ]
    code = f"import importlib, sys\nfor name in {names!r}: importlib.import_module(name)\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert loaded & {"textual", "httpx", "keyring", "babel", "zstandard"} == set()


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert __version__ == project["version"]


def test_help_speaks_the_language_asked_for(tmp_path: Path) -> None:
    from catalogues import files

    files.compile_all()
    _code, _modules, out = imported(tmp_path, "--lang", "en-XA", "--help")
    assert "⟦" in out
    assert "usage:" not in out
