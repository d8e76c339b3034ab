"""Marking what matched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imi_tui.matching import around, spans


@pytest.mark.parametrize(
    ("text", "wanted", "marked"),
    [
        ("Österreichische Ärztekammer", "arzte", ["Ärzte"]),
        ("Urząd Miasta Łódź", "lodz", ["Łódź"]),
        ("Ιατρικός Σύλλογος Αθηνών", "συλλογοσ", ["Σύλλογος"]),
        ("Hauptzollamt Straße", "strasse zoll", ["zoll", "Straße"]),
        ("Zollzoll", "zoll", ["Zollzoll"]),
        ("Zoll", "", []),
        ("Zoll", "x", []),
    ],
)
def test_the_part_that_search_found_is_marked(text: str, wanted: str, marked: list[str]) -> None:
    assert [text[start:end] for start, end in spans(text, wanted)] == marked


@given(st.text(max_size=40), st.text(max_size=10))
def test_marks_lie_within_the_text_in_order(text: str, wanted: str) -> None:
    found = spans(text, wanted)
    flat = [place for span in found for place in span]
    assert flat == sorted(set(flat))
    assert not flat or (flat[0] >= 0 and flat[-1] <= len(text))


@given(st.text(min_size=1, max_size=200), st.text(max_size=5), st.integers(5, 60))
def test_an_excerpt_keeps_to_its_width(text: str, wanted: str, width: int) -> None:
    assert len(around(text, wanted, width)) <= width


def test_an_excerpt_cuts_no_word() -> None:
    text = "Collective agreements, posting of workers and undeclared work in the construction industry"
    assert around(text, "posting", 40) == "…agreements, posting of workers and…"
    assert around(text, "industry", 30) == "…in the construction industry"
    assert around(text, "collective", 20) == "Collective…"
    assert around("Donaudampfschifffahrtsgesellschaft in Wien", "schiff", 20).count("…") == 2, "a long one has to be"


def test_an_excerpt_shows_the_match() -> None:
    text = "Recognition of diplomas of nurses, midwives and physiotherapists in the region"
    assert "midwives" in around(text, "midwives", 30)
