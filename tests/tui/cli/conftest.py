"""A profile with a key file, the live server, and the command run in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from imi_central.store import Store as Central
from imi_central.store.identity import Sessions
from imi_tui import cli, i18n
from tests.central.conftest import template
from tests.system.conftest import made_demo
from tests.tui.live import live_server, opened

__all__ = ["made_demo", "template"]


@dataclass
class Ran:
    """What a command returned and wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "home"
    monkeypatch.setenv("IMI_TUI_HOME", str(path))
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG", "IMI_TUI_LANG", "IMI_TUI_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    yield path
    i18n.install("en")


@pytest.fixture
def run(home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs one command with the key in a file; `token` is given as scripts do."""

    def command(*arguments: str, token: str = "", vault: str = "file") -> Ran:
        if token:
            monkeypatch.setenv("IMI_TUI_TOKEN", token)
        capfd.readouterr()
        given = [*arguments, *(("--vault", vault) if vault else ())]
        try:
            code = cli.main(given)
        except SystemExit as end:
            code = int(end.code or 0)
        found = capfd.readouterr()
        return Ran(code, found.out, found.err)

    return command


@pytest.fixture
def central(template: Path, tmp_path: Path) -> Iterator[Central]:
    with opened(template, tmp_path) as store:
        yield store


@pytest.fixture
def server(central: Central, tmp_path: Path) -> Iterator[str]:
    with live_server(central, tmp_path) as url:
        yield url


@pytest.fixture
def token(central: Central, server: str) -> str:
    """A token of the officer lyon for scripts."""
    import datetime as dt

    value = "script-token-of-lyon"
    Sessions(central).script_token("lyon", value, dt.timedelta(hours=1))
    return value
