"""`imi-tui doctor`: what it sees of terminal, colours, keyboard, keyring, proxy and events, and what it says to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from imi_tui import i18n
from imi_tui.cache.storage import vault
from imi_tui.commands import common, doctor, machine
from imi_tui.config.settings import Settings
from imi_tui.profile import Profile
from imi_tui.sync.http import Http
from tests.sim.proxy import Weather, proxy_to
from tests.tui.cli.conftest import Run
from tests.tui.cli.terminal import read, started


@pytest.mark.parametrize(
    ("environ", "count"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, 1 << 24),
        ({"TERM": "xterm-256color"}, 256),
        ({"TERM": "linux"}, 8),
        ({"TERM": "vt100"}, 0),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, 0),
        ({"TERM": "nobody-knows-this"}, 8),
        ({}, 0),
    ],
)
def test_a_terminal_says_how_many_colours_it_has(environ: dict[str, str], count: int) -> None:
    # Terminfo is read once a process.
    code = f"from imi_tui.commands import machine; print(machine.count_of_colours({environ!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == count


@pytest.mark.parametrize(
    ("theme", "environ", "count", "todo"),
    [
        ("", {}, 8, ""),
        ("dark", {}, 8, "imi-tui config set theme terminal"),
        ("dark", {}, 256, ""),
        ("dark", {}, 0, "imi-tui config set theme none"),
        ("dark", {"NO_COLOR": "1"}, 256, "counts more than NO_COLOR"),
        ("", {"NO_COLOR": "1"}, 256, ""),
    ],
)
def test_a_theme_the_terminal_cannot_show_is_told(theme: str, environ: dict[str, str], count: int, todo: str) -> None:
    found = machine.colours(Settings(theme=theme), environ, count)
    assert todo in found.data()["todo"]
    assert (found.result == "ok") == (todo == "") == (found.advice() == "")


@pytest.mark.parametrize(
    ("settings", "language", "tells", "todo"),
    [
        (Settings(), "fr", None, ""),
        (Settings(), "bg", True, "config set keyboard bds"),
        (Settings(keyboard="phonetic"), "bg", True, ""),
        (Settings(keyboard="bds"), "el", True, "another language"),
        (Settings(keyboard="bds"), "en", True, ""),
        (Settings(keys={"go.outbox": "crtl+x"}), "en", True, "config check"),
        (Settings(keys={"go.outbox": "ctrl+shift+f6"}), "en", False, "may not send ctrl+shift+f6"),
        (Settings(keys={"go.outbox": "ctrl+shift+f6"}), "en", True, ""),
        (Settings(keys={"go.outbox": "ctrl+g"}), "en", False, ""),
    ],
)
def test_layout_and_own_keys_are_held_against_language_and_terminal(
    settings: Settings, language: str, tells: bool | None, todo: str
) -> None:
    i18n.install(language)
    try:
        found = machine.keys(settings, tells)
    finally:
        i18n.install("en")
    assert todo in found.data()["todo"]
    assert (found.result == "ok") == (todo == "")


@pytest.mark.parametrize(("answer", "told"), [(b"\x1b[?0u\x1b[?62c", "told apart"), (b"\x1b[?62c", "only plain keys")])
def test_the_terminal_is_asked_whether_it_tells_keys_apart(tmp_path: Path, answer: bytes, told: str) -> None:
    process, master = started(tmp_path, "doctor", "--offline")
    try:
        read(master, b"\x1b[?u\x1b[c")
        os.write(master, answer)
        assert told.encode() in read(master, b"cipher")
        read(master, b"nothing more comes")
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.wait()
        os.close(master)


def test_a_keyring_that_does_not_encrypt_is_none_and_one_that_is_not_needed_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keyring
    from keyring.backends.fail import Keyring

    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    try:
        found = machine.keyring(Profile(tmp_path), Settings(), "")
        assert (found.result, "passphrase" in found.data()["todo"]) == ("warning", True)
        wanted = machine.keyring(Profile(tmp_path), Settings(vault="keyring"), "")
        assert (wanted.result, "config set vault passphrase" in wanted.data()["todo"]) == ("problem", True)
    finally:
        keyring.set_keyring(before)
    monkeypatch.setattr(vault, "keyring_state", None)
    assert machine.keyring(Profile(tmp_path), Settings(), "file").result == "ok"
    (tmp_path / "vault.json").touch()
    assert machine.keyring(Profile(tmp_path), Settings(), "").data()["value"].endswith("passphrase")


@pytest.mark.parametrize(("state", "result"), [("locked", "warning"), ("unlocked", "ok"), ("unknown", "ok")])
def test_a_locked_keyring_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str, result: str
) -> None:
    monkeypatch.setattr(vault, "keyring_state", lambda: ("keyring.backends.SecretService", state))
    found = machine.keyring(Profile(tmp_path), Settings(), "")
    assert (found.result, "Unlock it" in found.data()["todo"]) == (result, state == "locked")


@pytest.mark.parametrize(
    ("environ", "server", "value"),
    [
        ({}, "https://imi.example", "none is set in the environment"),
        ({"https_proxy": "http://me:secret@gate:3128"}, "https://imi.example", "gate:3128, named by the environment"),
        ({"all_proxy": "http://gate:3128"}, "https://imi.example", "gate:3128, named by the environment"),
        (
            {"https_proxy": "http://gate:3128", "no_proxy": "example"},
            "https://imi.example",
            "gate:3128 is set, but not",
        ),
        ({"http_proxy": "http://gate:3128"}, "http://127.0.0.1:8000", "gate:3128 is set, but not"),
        ({"https_proxy": "http://gate:3128"}, "https://[", "none is set"),
    ],
)
def test_the_proxy_of_the_environment_is_named_without_its_password(
    environ: dict[str, str], server: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, address in environ.items():
        monkeypatch.setenv(name, address)
    found = machine.proxy(server).data()["value"]
    assert found.startswith(value)
    assert "secret" not in found


def _check(ran: Any, name: str) -> dict[str, str]:
    [found] = [each for each in ran.json["checks"] if each["name"] == name]
    return dict(found)


def test_events_that_come_through_and_events_that_are_kept_back(
    run: Run, server: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("sync", "--server", server, token=token)
    assert _check(run("doctor", "--server", server, "--json", token=token), "events")["value"] == "come through"
    nobody = _check(run("doctor", "--server", server, "--json"), "events")
    assert nobody["value"].startswith("not tried")
    off = Settings(events="off")
    monkeypatch.setattr(doctor, "HEARD", 0.4)
    monkeypatch.setattr(common, "given_token", token)
    with proxy_to(server) as proxy:
        proxy.weather = Weather(buffering=True)
        http = Http(proxy.url)
        kept = doctor._events(http, Settings(), None)
        assert doctor._events(http, off, None).result == "ok"
        http.close()
    found = kept.data()
    assert (found["result"], found["value"].startswith("kept back")) == ("warning", True)
    assert "text/event-stream" in found["todo"]


@pytest.mark.parametrize("at", ["a file", "a file/below", "closed", "closed/below"])
def test_a_folder_that_cannot_be_written_into_is_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    (tmp_path / "a file").touch()
    (tmp_path / "closed").mkdir()
    real = os.access
    # Whoever runs the tests may be allowed everything.
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "closed" and real(path, mode))
    monkeypatch.setenv("IMI_TUI_HOME", str(tmp_path / at))
    told = run("doctor", "--offline", "--json")
    assert told.code == 1
    found = next(each for each in told.json["checks"] if each["name"] == "files")
    assert found["result"] == "problem"
    assert "IMI_TUI_HOME" in found["todo"]


def test_whatever_is_wrong_says_what_to_do(run: Run) -> None:
    ill = run("doctor", "--server", "http://127.0.0.1:9", "--json")
    assert ill.code == 1
    wrong = [each for each in ill.json["checks"] if each["result"] != "ok"]
    assert {"server", "cache"} <= {each["name"] for each in wrong}
    assert all(each["todo"] for each in wrong)
    told = run("doctor", "--offline")
    assert "cache: Sign in and synchronise" in told.err
