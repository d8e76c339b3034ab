"""Which language the program starts in, and how texts and dates read in it."""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catalogues import files
from imi_tui import i18n
from imi_tui.export import mark
from imi_tui.i18n import dates

TODAY = dt.date(2026, 3, 5)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    yield
    i18n.install("en")


@pytest.mark.parametrize(
    ("chosen", "configured", "environ", "expected"),
    [
        ("fr", "de", {"LANG": "el_GR.UTF-8"}, "fr"),
        ("", "de", {"LANG": "el_GR.UTF-8"}, "de"),
        ("", "", {"IMI_TUI_LANG": "mt", "LANGUAGE": "pl"}, "mt"),
        ("", "", {"LANGUAGE": "tlh:pl:de", "LANG": "el_GR.UTF-8"}, "pl"),
        ("", "", {"LC_ALL": "pt_PT.UTF-8@euro", "LANG": "el_GR"}, "pt"),
        ("", "", {"LC_ALL": "", "LC_MESSAGES": "sl_SI", "LANG": "el_GR"}, "sl"),
        ("", "", {"LC_ALL": "C", "LANG": "el_GR"}, "en"),
        ("", "", {"LANGUAGE": "ga", "LANG": "C"}, "ga"),
        ("", "", {"LANG": "ja_JP.UTF-8"}, "en"),
        ("xx", "", {"LANG": "nl_BE.UTF-8"}, "nl"),
        ("EN_xa", "", {}, "en-XA"),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="other systems know a language of their own")
def test_detection_order(chosen: str, configured: str, environ: dict[str, str], expected: str) -> None:
    assert i18n.detect(chosen, configured, environ) == expected


def test_switching_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "sl" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalogue = files.empty("sl")
    catalogue.add(("{n} case", "{n} cases"), ("{n} zadeva", "{n} zadevi", "{n} zadeve", "{n} zadev"))
    (folder / "imi_tui.po").write_text(files.as_text(catalogue), encoding="utf-8")
    files.compile_all(tmp_path)
    monkeypatch.setenv("IMI_TUI_LOCALEDIR", str(tmp_path))
    assert i18n.ngettext("{n} case", "{n} cases", 3) == "{n} cases"
    i18n.install("sl")
    assert [i18n.ngettext("{n} case", "{n} cases", n).format(n=n) for n in (1, 2, 3, 5, 101)] == [
        "1 zadeva",
        "2 zadevi",
        "3 zadeve",
        "5 zadev",
        "101 zadeva",
    ]
    i18n.install("klingon")
    assert i18n.language() == "en"


def test_a_broken_catalogue_shows_english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "imi_tui.mo").write_bytes(b"not a catalogue")
    monkeypatch.setenv("IMI_TUI_LOCALEDIR", str(tmp_path))
    i18n.install("de")
    assert i18n._("There is no such text.") == "There is no such text."


@pytest.mark.parametrize("language", i18n.languages())
def test_dates_in_every_language(language: str) -> None:
    i18n.install(language)
    for text in (
        dates.local_date("2026-03-15"),
        dates.when("2026-03-01T14:07:00Z", dt.datetime(2026, 3, 5, tzinfo=dt.UTC)),
        dates.relative("2026-03-15", TODAY),
        dates.relative("2026-03-02", TODAY),
        dates.number(1234567.5),
    ):
        assert text
        assert "\u202f" not in text
    assert "2026" in dates.local_date("2026-03-15")


def test_dates_in_english() -> None:
    now = dt.datetime(2026, 3, 5, 16, 0, tzinfo=dt.UTC)
    assert dates.local_date("2026-03-15") == "15 Mar 2026"
    assert dates.when("2026-03-05T14:07:00Z", now) == "14:07"
    assert dates.when("2026-03-04T14:07:00Z", now) == "4 Mar 2026 14:07"
    assert dates.when("2026-03-04T23:30:00Z", now.astimezone(dt.timezone(dt.timedelta(hours=2)))) == "01:30"
    assert dates.relative("2026-03-08", TODAY) == "in 3 days"
    assert dates.relative("2026-03-02", TODAY) == "3 days ago"
    assert dates.relative("2026-07-05", TODAY) == "in 122 days"
    i18n.install("pt")
    assert dates.local_date("2026-03-15") == "15/03/2026"


@pytest.mark.parametrize("written", [dates.moment, dates.local_date, dates.local_day, mark.moment])
def test_a_moment_reads_alike_however_a_server_writes_it(
    written: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """RFC 3339 allows small letters; without a zone it is one of UTC."""
    request.addfinalizer(time.tzset)
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Athens")
        time.tzset()
        _reads_alike(written)


def _reads_alike(written: Callable[[str], str]) -> None:
    usual = written("2026-03-04T23:30:00Z")
    assert "T23" not in usual
    assert {written("2026-03-04t23:30:00z"), written("2026-03-04T23:30:00")} == {usual}
    assert written("soon") == "soon"


def test_what_is_no_date_stays() -> None:
    assert [dates.local_date(text) for text in ("", "soon", "2026-13-45")] == ["", "soon", "2026-13-45"]
