"""`imi-tui config`: where each setting comes from, what is wrong in the file, and a file to begin with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imi_tui import cli
from imi_tui.config import provenance, settings

FILE = """server = "https://imi.example"
languge = "fr"
keyboard = "bds"
mouse = perhaps
[keys]
"go.outbox" = "ф"
"go.nwe" = "x"
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings of a profile without data."""
    monkeypatch.setenv("IMI_TUI_HOME", str(tmp_path))
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG", "IMI_TUI_LANG", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "config.toml"


def _json(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_every_setting_says_where_it_comes_from(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(FILE)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("LANG", "sv_SE.UTF-8")
    assert cli.main(["config", "show", "--json", "--vault", "file"]) == 0
    found = _json(capsys)
    origins = {each["name"]: each for each in found["settings"]}  # type: ignore[attr-defined]
    assert set(origins) == set(settings.Settings._fields) - {"keys", "problems"}
    told = {name: (each["value"], each["source"], each["line"], each["variable"]) for name, each in origins.items()}
    assert told["server"] == ("https://imi.example", "file", 1, "")
    assert told["keyboard"] == ("bds", "file", 3, "")
    assert told["language"] == ("sv", "environment", 0, "LANG")
    assert told["theme"] == ("none", "environment", 0, "NO_COLOR")
    assert told["vault"] == ("file", "option", 0, "")
    assert told["mouse"] == (True, "default", 0, "")
    [key] = found["keys"]  # type: ignore[misc]
    assert key == {"action": "go.outbox", "label": "Utkorg", "keys": ["b"], "line": 6, "command": "outbox"}  # type: ignore[comparison-overlap]
    assert [each["line"] for each in found["problems"]] == [2, 4, 7]  # type: ignore[attr-defined]


def test_the_list_for_people_names_file_and_line(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(FILE)
    assert cli.main(["config", "show"]) == 0
    found = capsys.readouterr()
    assert "config.toml, line 3" in found.out
    assert "default" in found.out
    assert "did you mean language?" in found.err
    assert cli.main(["config", "show", "--keys"]) == 0
    shown = capsys.readouterr().out
    assert "keys.app.help" in shown
    assert "server" not in shown


def test_checking_fails_where_something_cannot_be_used(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["config", "check"]) == 0
    file.write_text(FILE)
    assert cli.main(["config", "check", "--json"]) == 1
    capsys.readouterr()
    file.write_text('mouse = true\nserver = "imi.example"\nlanguage = "xx"\n')
    assert cli.main(["config", "check", "--json"]) == 1
    wrong = _json(capsys)["problems"]
    assert [(each["name"], each["line"]) for each in wrong] == [("server", 2), ("language", 3)]  # type: ignore[attr-defined]
    file.write_text('[keys]\n"go.outbox" = "n"\n')
    assert cli.main(["config", "check", "--json"]) == 0
    # The key was that of an action in the list and of one in a case.
    assert [note["line"] for note in _json(capsys)["notes"]] == [2, 2]  # type: ignore[attr-defined,index]


def test_a_language_there_is_not_is_refused_wherever_it_is_asked_for(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["config", "path", "--lang", "xx"]) == 2
    assert capsys.readouterr().err.startswith("--lang has to be one of bg, cs,")
    monkeypatch.setenv("IMI_TUI_LANG", "nb_NO.UTF-8")
    assert cli.main(["config", "path"]) == 2
    assert capsys.readouterr().err.startswith("IMI_TUI_LANG has to be one of bg, cs,")
    assert cli.main(["config", "path", "--lang", "fr_BE"]) == 0
    file.write_text('language = "sv"\n')
    assert cli.main(["config", "path"]) == 0


def test_the_first_file_explains_every_setting_and_changes_none(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["config", "init"]) == 0
    assert capsys.readouterr().out == f"{file}\n"
    text = file.read_text()
    assert settings.read(file) == settings.Settings()
    assert all(f"# {name} = " in text for name in provenance.MEANINGS if name != "keys")
    active = [line.removeprefix("# ") for line in text.split("\n") if " = " in line or "[keys]" in line]
    file.write_text("\n".join(active))
    assert settings.read(file).problems == ()
    assert cli.main(["config", "init"]) == 4, "nothing is written over"


def test_one_setting_can_be_changed(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["config", "set", "keyboard", "phonetic"]) == 0
    assert cli.main(["config", "set", "poll_minutes", "9"]) == 0
    assert cli.main(["config", "set", "mouse", "false"]) == 0
    found = settings.read(file)
    assert (found.keyboard, found.poll_minutes, found.mouse) == ("phonetic", 9, False)
    for wrong in (["keybord", "bds"], ["mouse", "perhaps"], ["poll_minutes", "0"], ["keyboard"]):
        assert cli.main(["config", "set", *wrong]) == 2
    for address in ("imi.example", "http://imi.example", "https://", "ftp://imi.example", "https://[x"):
        assert cli.main(["config", "set", "server", address]) == 2
    assert cli.main(["config", "set", "language", "xx"]) == 2
    assert settings.read(file) == found
    for address in ("https://imi.example:8443", "http://127.0.0.1:8000", ""):
        assert cli.main(["config", "set", "server", address]) == 0
    assert cli.main(["config", "path", "extra"]) == 2
    assert "did you mean keyboard?" in capsys.readouterr().err
