"""A file, a language or all are checked by a command that says what to do; exceptions have reasons and are needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalogues import exceptions, files
from catalogues.__main__ import main
from catalogues.checking import check
from catalogues.domains import DOMAINS
from catalogues.exceptions import Exempt


def write(locales: Path, language: str, domain: str, *texts: tuple[str, str]) -> Path:
    path = files.path_of(language, domain, locales)
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue = files.empty(language, DOMAINS[domain])
    for id, text in texts:
        catalogue.add(id, text)
    path.write_text(files.as_text(catalogue), "utf-8")
    return path


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """A tree in which German has a fault in one of two files."""
    write(tmp_path, "de", "imi_tui", ("to {desk}", "an {stelle}"), ("Search", "Suche"))
    write(tmp_path, "de", "imi_central", ("Password", "Passwort"))
    return tmp_path


@pytest.mark.parametrize("part", ["", "de", "de/LC_MESSAGES", "de/LC_MESSAGES/imi_tui.po"])
def test_a_file_a_language_or_all_are_checked(faulty: Path, part: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(faulty / part)]) == 1
    said = capsys.readouterr().out.splitlines()
    where = "de/LC_MESSAGES/imi_tui.po: 'to {desk}' [placeholders]"
    assert said == [f"{where} has other placeholders: 'an {{stelle}}' -> use exactly: desk", "1 finding"]


def test_what_is_right_says_nothing(faulty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(faulty / "de/LC_MESSAGES/imi_central.po")]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["check", "nowhere"], "no catalogue there"), (["nonsense"], "usage"), (["update", "x"], "usage")],
)
def test_wrong_use_is_told(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    "content", [b'msgid "a"\nmsgstr "b\n', b'msgid "a"\nmsgstr "\xff"\n', b"nothing of a catalogue"]
)
def test_a_file_that_is_no_catalogue_is_one_finding(faulty: Path, content: bytes) -> None:
    path = faulty / "de" / "LC_MESSAGES" / "imi_central.po"
    path.write_bytes(content)
    assert [finding.rule for finding in check([path], ())] == ["file"]


def test_a_language_that_is_none_of_ours_is_a_finding(tmp_path: Path) -> None:
    write(tmp_path, "de", "imi_tui", ("Search", "Suche"))
    (tmp_path / "de").rename(tmp_path / "no")
    assert [finding.rule for finding in check([tmp_path], ())] == ["file"]


def test_texts_that_are_missing_or_gone_are_found_beside_the_template(tmp_path: Path) -> None:
    path = write(tmp_path, "de", "imi_tui", ("Search", "Suche"), ("Gone", "Fort"))
    template = files.empty("de")
    template.add("Search")
    template.add(("{n} case", "{n} cases"), context="list")
    (tmp_path / "imi_tui.pot").write_text(files.as_text(template), "utf-8")
    found = [(finding.rule, finding.entry, finding.says) for finding in check([path], ())]
    assert found == [
        ("carried", "[list] {n} case", "is missing"),
        ("carried", "Gone", "is no text of the program any more"),
    ]


def test_relatives_are_looked_at_when_one_language_is_checked(tmp_path: Path) -> None:
    long = "Tento text je v jiném jazyce a je dost dlouhý."
    write(tmp_path, "cs", "imi_tui", ("A long sentence.", long))
    write(tmp_path, "sk", "imi_tui", ("A long sentence.", long))
    assert [finding.rule for finding in check([tmp_path / "sk"], ())] == ["copies"]


def test_an_exception_takes_away_the_finding_it_names_and_no_other(faulty: Path) -> None:
    def left(rule: str, language: str, text: str) -> list[str]:
        return [finding.rule for finding in check([faulty], [Exempt(rule, language, text, "because")])]

    assert left("placeholders", "de", "to {desk}") == []
    assert left("placeholders", "de", "*") == []
    assert left("placeholders", "fr", "to {desk}") == ["placeholders"]
    assert left("ends", "de", "to {desk}") == ["placeholders"]
    assert left("placeholders", "de", "Search") == ["placeholders"]


def test_an_exception_that_nothing_needs_is_a_finding_when_all_is_checked(faulty: Path) -> None:
    write(faulty, "fr", "imi_tui", ("Search", "Recherche"))
    write(faulty, "da", "imi_tui", ("Search", "Søg"))
    needed = Exempt("placeholders", "de", "to {desk}", "because")
    idle = Exempt("ends", "fr", "Search", "once it was")
    assert [(each.rule, each.entry) for each in check([faulty], [needed, idle])] == [("exceptions", "Search")]
    assert list(check([faulty / "fr"], [needed, idle])) == []


@pytest.mark.parametrize(
    "table",
    [
        "rule\tlanguage\ttext\n",
        "rule\tlanguage\ttext\treason\nends\tde\tSearch\t\n",
        "rule\tlanguage\ttext\treason\nends\n",
    ],
)
def test_an_exception_without_a_reason_is_refused(tmp_path: Path, table: str) -> None:
    path = tmp_path / "exceptions.tsv"
    path.write_text(table, "utf-8")
    with pytest.raises(ValueError):
        exceptions.read(path)


def test_a_table_of_exceptions_is_read(tmp_path: Path) -> None:
    path = tmp_path / "exceptions.tsv"
    path.write_text('rule\tlanguage\ttext\treason\nends\tde\t"a"\\n\tquoted\n', "utf-8")
    assert exceptions.read(path) == (Exempt("ends", "de", '"a"\n', "quoted"),)
    assert exceptions.read(tmp_path / "none.tsv") == ()
