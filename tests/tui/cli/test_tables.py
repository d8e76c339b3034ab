"""Tables of the plain commands: on a terminal a line stays one, elsewhere nothing of a text is lost."""

from __future__ import annotations

import sys

import pytest

from imi_tui.commands.tables import WIDEST, cells, table

LONG = "Détachement de travailleurs : Vendanges des Coteaux d’Ardèche SARL"


@pytest.mark.parametrize("terminal", [True, False])
def test_a_column_is_cut_only_where_somebody_looks(monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    first, second = table([("*", LONG, "Accepted"), ("", "short", "Closed")])
    assert (LONG in first) is not terminal
    assert cells(first.partition("Accepted")[0]) == cells(second.partition("Closed")[0]), "columns stay columns"
    assert cells(first) < 4 + WIDEST + 10 or not terminal


def test_what_never_ends_is_cut_everywhere() -> None:
    (line,) = table([("x" * 100_000, "end")])
    assert line.endswith("…  end")
    assert len(line) < 1_000
