"""The second layer against control characters, and crash reports without values."""

from __future__ import annotations

from pathlib import Path

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color

from imi_tui.process import report
from imi_tui.safety import ControlFilter, harmless

HOSTILE = "a\x1b]52;c;cHduZWQ=\x07b\x9b2Jc\u202egnp.exe\u2066\x00"


def test_no_control_character_passes_and_the_width_stays() -> None:
    clean = harmless(HOSTILE)
    assert not [char for char in clean if ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or char in "\u202e\u2066"]
    assert cell_len(clean) == cell_len(HOSTILE)


def test_the_filter_leaves_harmless_lines_alone() -> None:
    line = [Segment("Ελληνικά, žluťoučký, Ħal Għaxaq")]
    assert ControlFilter().apply(line, Color(0, 0, 0)) is line
    assert ControlFilter().apply([Segment("x\x1by")], Color(0, 0, 0))[0].text == harmless("x\x1by")


def test_a_report_says_where_but_holds_no_value(tmp_path: Path) -> None:
    def fails(secret: str) -> None:
        raise ValueError(f"cannot handle {secret}")

    try:
        fails("Anna Example, 1990-01-01")
    except ValueError as error:
        incident, path = report(error, tmp_path / "incidents", "Python")
    assert path is not None
    text = path.read_text()
    assert incident in text
    assert "builtins.ValueError" in text
    assert "fails" in text
    assert "Anna" not in text
    assert path.stat().st_mode & 0o077 == 0


def test_a_report_of_errors_that_name_each_other_ends(tmp_path: Path) -> None:
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    _, path = report(first, tmp_path, "versions")
    assert path is not None
    assert path.read_text().count("builtins.ValueError") == 1
