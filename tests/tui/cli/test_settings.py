"""Settings: slips are named and left out; writing one value keeps the rest of the file."""

from __future__ import annotations

import threading
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imi_tui.config import provenance, settings


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


@pytest.mark.parametrize(
    "content", [b"server = ", b"\xff\xfe", b'server = """\nnever ended', b"poll_minutes = " + b"1" * 5000]
)
def test_an_unreadable_file_is_a_problem_and_not_a_failure(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(content)
    found = settings.read(file)
    assert found.server == ""
    assert len(found.problems) == 1


def test_a_line_that_cannot_be_read_costs_nothing_but_itself(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('server = "https://a.example"\nmouse = no\nserver = "b"\nlanguage = "fr"\n[keys]\n"go.nw" = "x"\n')
    found = settings.read(file)
    assert (found.server, found.language, found.mouse) == ("https://a.example", "fr", True)
    assert [problem.partition(":")[0] for problem in found.problems] == ["config.toml, line 2", "config.toml, line 3"]


def test_the_line_of_a_setting_is_not_looked_for_within_a_text(tmp_path: Path) -> None:
    text = 'language = """\nserver = "no"\n"""\n"server" = "yes"\n[keys]\nserver = "x"\n'
    assert settings.line_of(text, "server") == 4
    assert settings.line_of(text, "server", "keys") == 6
    assert settings.line_of(text, "theme") == 0


@pytest.mark.parametrize("line", ['"list.mark" = "m"', 'list.mark = "m"', "[keys.list]\nmark = 'm'"])
def test_the_name_of_an_action_needs_no_quotes(tmp_path: Path, line: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"[keys]\n{line}\n")
    assert settings.read(file).keys == {"list.mark": "m"}
    file.write_text('[keys]\nlist.markk = "m"\n')
    _found, [slip] = provenance.keys(file), provenance.slips(file)[0]
    assert (slip.line, "list.mark?" in slip.text) == (2, True), "the nearest name, and where it stands"


def test_writing_keeps_comments_and_tables(tmp_path: Path) -> None:
    file = tmp_path / "new" / "config.toml"
    settings.write(file, "server", "https://a.example")
    file.write_text("# mine\n" + file.read_text() + "[keys]\n# and this\n\"go.new\" = 'n'\n", encoding="utf-8")
    settings.write(file, "server", 'https://b.example/"\\\n')
    settings.write(file, "language", "mt")
    settings.write(file, "writes", "de")
    settings.write(file, "vault", "file:/key")
    settings.write(file, "mouse", False)
    found = settings.read(file)
    assert found.problems == ()
    assert (found.server, found.language, found.mouse) == ('https://b.example/"\\\n', "mt", False)
    assert (found.writes, found.vault) == ("de", "file:/key")
    assert found.keys == {"go.new": "n"}
    assert "# mine" in file.read_text()
    assert "# and this" in file.read_text()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("langage", "fr"),
        ("mouse", "yes"),
        ("keyboard", "dvorak"),
        ("language", "xx"),
        ("writes", "fr,en"),
        ("writes", "fr:en"),
    ],
)
def test_nothing_wrong_is_written(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ValueError):
        settings.write(tmp_path / "config.toml", name, value)
    assert not (tmp_path / "config.toml").exists()


def test_a_file_that_cannot_be_written_is_named_and_as_it_was(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b'server = "\xff"')
    for path, why in ((other / "config.toml", "directory"), (other, "utf-8: invalid start byte")):
        with pytest.raises(settings.NotWritten) as refused:
            settings.write(path, "language", "fr")
        assert str(path) in refused.value.text
        assert why in refused.value.text
    assert other.read_bytes() == b'server = "\xff"'
    assert list(tmp_path.iterdir()) == [other]


def test_writing_leaves_no_trace_beside_the_file_and_follows_no_link(tmp_path: Path) -> None:
    path, other = tmp_path / "config.toml", tmp_path / "other"
    other.write_text("mine")
    (tmp_path / "config.part").symlink_to(other)
    settings.write(path, "language", "fr")
    assert other.read_text() == "mine"
    assert path.stat().st_mode & 0o077 == 0
    assert {each.name for each in tmp_path.iterdir()} == {"config.toml", "other", "config.part"}


def test_several_writers_leave_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"

    def write(number: int) -> None:
        for _ in range(30):
            settings.write(path, "server", "fr" * (1 + 2000 * number))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert settings.read(path).problems == ()


@pytest.mark.parametrize("before", ['"language" = "de"\n', "'language'='de'\n", '\ufefflanguage = "de"\r\n'])
def test_a_key_is_found_however_it_is_written(tmp_path: Path, before: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(before.encode() + 'server = "https://a.example/\u2028"\n'.encode())
    assert settings.read(path).language == "de"
    settings.write(path, "language", "fr")
    found = settings.read(path)
    assert (found.language, found.server, found.problems) == ("fr", "https://a.example/\u2028", ())


LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *(
                    "",
                    "# all",
                    'server = "https://imi.example"',
                    "mouse=false",
                    "poll_minutes = 5 ",
                    'theme = "dark" # x',
                ),
                *(
                    "[keys]",
                    'a."b" = 1',
                    "n = 007",
                    "n = 1_0",
                    'x = "a\\\\u0041"',
                    "x = 'y'",
                    'x = """y"""',
                    "\ttab = 1\t",
                ),
                *(
                    'x = "a"b"',
                    "x = 1.5",
                    "x = []",
                    "x =",
                    "= 1",
                    "é = 1",
                    "a b = 1",
                    'x = "\x01"',
                    "x = ٣",
                    'x = "\u00a0é"',
                ),
            ]
        ),
        st.text(st.sampled_from('ab_-=" \t#[]\\01é\r'), max_size=12),
    ),
    max_size=4,
)


@given(lines=LINES)
def test_what_is_read_without_the_parser_is_what_it_reads(lines: list[str]) -> None:
    text = "\n".join(lines)
    if (plain := settings._plain(text)) is not None:
        assert plain == tomllib.loads(text)


def test_a_usual_file_needs_no_parser() -> None:
    text = '# Mine\nserver = "https://imi.example"\n\nmouse = false\npoll_minutes = 5\n'
    assert settings._plain(text) == {"server": "https://imi.example", "mouse": False, "poll_minutes": 5}
