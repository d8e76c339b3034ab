"""Settings: slips are named and left out; writing one value keeps the rest of the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from imi_tui import settings


def test_no_file_gives_the_defaults(tmp_path: Path) -> None:
    assert settings.read(tmp_path / "config.toml") == settings.Settings()


def test_good_values_survive_bad_ones(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        'server = "https://imi.example"\nlanguge = "fr"\nmouse = "no"\nvault = "cloud"\npoll_minutes = 0\n'
        '[keys]\n"go.outbox" = "f6"\n',
        encoding="utf-8",
    )
    found = settings.read(file)
    assert found.server == "https://imi.example"
    assert found.keys == {"go.outbox": "f6"}
    assert (found.mouse, found.vault, found.poll_minutes) == (True, "", 5)
    assert len(found.problems) == 4
    assert "language" in found.problems[0]


@pytest.mark.parametrize("content", [b"server = ", b"\xff\xfe", b"server = 'x'\nserver = 'y'\n"])
def test_an_unreadable_file_is_a_problem_and_not_a_failure(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(content)
    found = settings.read(file)
    assert found.server == ""
    assert len(found.problems) == 1


def test_writing_keeps_comments_and_tables(tmp_path: Path) -> None:
    file = tmp_path / "new" / "config.toml"
    settings.write(file, "server", "https://a.example")
    file.write_text("# mine\n" + file.read_text() + "[keys]\n# and this\n\"go.new\" = 'n'\n", encoding="utf-8")
    settings.write(file, "server", 'https://b.example/"\\\n')
    settings.write(file, "language", "mt")
    settings.write(file, "mouse", False)
    found = settings.read(file)
    assert found.problems == ()
    assert (found.server, found.language, found.mouse) == ('https://b.example/"\\\n', "mt", False)
    assert found.keys == {"go.new": "n"}
    assert "# mine" in file.read_text()
    assert "# and this" in file.read_text()


@pytest.mark.parametrize(("name", "value"), [("langage", "fr"), ("mouse", "yes"), ("keyboard", "dvorak")])
def test_nothing_wrong_is_written(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ValueError):
        settings.write(tmp_path / "config.toml", name, value)
    assert not (tmp_path / "config.toml").exists()
