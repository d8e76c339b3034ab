"""What the search line offers, what it says of terms without meaning, and in which order hits stand."""

from __future__ import annotations

import datetime as dt

import pytest
from rich.cells import cell_len

from imi_central import catalogue
from imi_tui import i18n
from imi_tui.cache.search.query import FLAGS, KEYS, Language
from imi_tui.viewmodel import searching
from imi_tui.viewmodel.searching import FLAG_MEANINGS, MEANINGS, Meanings, offer_line, offers

LANGUAGE = Language(
    {
        "country": ("at", "de", "dk"),
        "area": ("pq", "pw"),
        "procedure": ("pw.info", "pw.urgent"),
        "state": ("accepted", "awaiting_acceptance", "closed"),
        "handler": ("me", "none", "anna huber"),
    },
    dt.date(2026, 3, 10),
    ("tag", "note"),
)
RULES = catalogue.load()
TAGS = [("Paris", 3), ("later", 1), ("Äußerst", 1)]
"""The officer's own, the most used first."""


def offered(line: str, cursor: int | None = None, language: str = "en") -> list[str]:
    meanings = Meanings(RULES, (language, "en"), language)
    names = ["Zoll", "Zoll FKS"]
    at = len(line) if cursor is None else cursor
    found = offers(LANGUAGE, line, at, meanings.of, lambda begin: names, lambda: TAGS)
    return [line[: found.start] + offer.text + line[found.end :] for offer in found.found]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", [f"{key}:" for key in (*KEYS, "tag", "note")]),
        ("-", [f"-{key}:" for key in (*KEYS, "tag", "note")]),
        ("alp d", ["alp due:"]),
        ("alp ", []),
        ('"d', []),
        ("country:", ["country:AT", "country:DE", "country:DK"]),
        ("country:d", ["country:DE", "country:DK"]),
        ("country:AT,d", ["country:AT,DE", "country:AT,DK"]),
        ("country:german", ["country:DE"]),
        ("-state:cl", ["-state:closed"]),
        ("from:zo", ["from:Zoll", 'from:"Zoll FKS"']),
        ("due:<", ["due:<5d"]),
        ("activity:to", ["activity:today"]),
        ("xyz:", []),
        ("tag:", ["tag:Paris", "tag:later", "tag:Äußerst"]),
        ("tag:pa", ["tag:Paris"]),
        ("-tag:#L", ["-tag:later"]),
        ("tag:aus", ["tag:Äußerst"]),
        ("tag:paris,", ["tag:paris,later", "tag:paris,Äußerst"]),
    ],
)
def test_what_can_stand_next(line: str, expected: list[str]) -> None:
    assert offered(line) == expected


def test_the_term_at_the_cursor_is_completed_wherever_it_stands() -> None:
    assert offered("alpbau country:de is:open", 16) == ["alpbau country:DE is:open", "alpbau country:DK is:open"]


def test_every_value_says_what_it_means_in_the_officers_language() -> None:
    assert tuple(MEANINGS) == KEYS
    assert tuple(FLAG_MEANINGS) == FLAGS
    meanings = Meanings(RULES, ("en",), "de")
    i18n.install("en")
    assert meanings.of("country", "de") == "Deutschland"
    assert meanings.of("area", "pw") == "Posting of workers"
    assert meanings.of("state", "closed") == "Closed"
    assert meanings.of("procedure", "pw.urgent").startswith("Posting of workers")
    assert meanings.of("is", "unread") == "unread"


@pytest.mark.parametrize("width", [20, 40, 80, 200])
@pytest.mark.parametrize("at", [-1, 0, 2, 7])
def test_the_line_of_offers_fits_and_shows_the_chosen_one(width: int, at: int) -> None:
    found = offers(LANGUAGE, "", 0, Meanings(RULES, ("en",), "en").of, lambda begin: [], list).found
    pieces = offer_line(found, at, width)
    assert pieces
    assert sum(cell_len(text) for text, _ in pieces) <= width
    assert [now for _, now in pieces].count(True) == (at >= 0)
    if at >= 0:
        assert found[at].text in next(text for text, now in pieces if now)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("contry:DE", "contry: is no search term; its words are searched. F1 shows the terms. Do you mean country:?"),
        ("state:acepted", "There is nothing here for state:acepted. Do you mean state:accepted?"),
        ("due:soonish x", "due:soonish is no date; write 5d, <2w, 2026-12 or today."),
    ],
)
def test_a_term_without_meaning_is_named(line: str, text: str) -> None:
    assert searching.left_out(LANGUAGE.read(line), True) == text


def test_a_search_that_ended_early_says_so() -> None:
    assert searching.left_out(LANGUAGE.read("a"), True) == ""
    assert "Only the newest cases were compared" in searching.left_out(LANGUAGE.read("a"), False)


def test_the_help_names_every_term() -> None:
    page = " ".join(f"{block.text} {block.aside}" for block in searching.help_blocks())
    assert all(f"{key}:" in page for key in KEYS)
    assert all(f"is:{flag}" in page for flag in FLAGS)
    for example, _means in searching.EXAMPLES:
        known = LANGUAGE.read(f"{example} x")
        assert not known.problems, example
