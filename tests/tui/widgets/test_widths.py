"""Widths without Rich are Rich's."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich import cells

from imi_tui.terminal.harmless import control, harmless
from imi_tui.terminal.widths import PLAIN, cell_len, set_cell_size

TEXTS = st.text(st.sampled_from("aÄ…ωЯ│ \u0301\u00ad\u200b漢👍한\x07"), max_size=12)


def test_plain_characters_take_one_cell_and_do_nothing() -> None:
    assert {character for character in PLAIN if cells.cell_len(character) != 1} == set()
    assert {character for character in PLAIN if control().search(character)} == set()
    assert set("ÄßÞŒőžΩήЖѝ’„“–…│─") <= PLAIN


@given(text=TEXTS, width=st.integers(0, 15))
def test_every_text_is_as_wide_as_rich_says(text: str, width: int) -> None:
    assert cell_len(text) == cells.cell_len(text)
    assert set_cell_size(text, width) == cells.set_cell_size(text, width)
    assert not control().search(harmless(text))
