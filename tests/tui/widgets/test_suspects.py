"""A name that mixes alphabets says so in words wherever it stands, and so does an address in a text (T6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from imi_core.procedure import Rules
from imi_core.text import mixed_scripts
from imi_tui.cache.files.local_files import FileState
from imi_tui.cache.model import AuthorityHit, CaseDetail
from imi_tui.viewmodel import authority_record, case, conflict, files, rows, similar, suspects
from imi_tui.viewmodel.blocks import Block, lines
from imi_tui.viewmodel.view import View
from imi_tui.widgets.authority_list import AuthorityList
from tests.tui.widgets.test_view_models import ROW, TODAY

FAKE = "Hаuptzollamt Rosenheim"
"""With a Cyrillic а."""
TRUE = ("Hauptzollamt München", "Ιατρικός Σύλλογος Αθηνών", "Комисия за защита", "Łódź", "DG GROW ΕΛΛΑΔΑ")
MARK = "(mixed letters)"
NOW = dt.datetime(2026, 3, 5, 12, 0, tzinfo=dt.UTC)


def view(name: str, rules: Rules, text: str = "") -> View:
    file = {"blobId": "b", "name": f"{name}.pdf", "size": 5, "sha256": "", "personal": False}
    entry = {"action": "send", "at": NOW.isoformat(), "desk": "d", "officerName": name, "authorityName": name}
    entry |= {"id": "e", "text": {"text": text, "lang": "en"}, "attachments": [file]}
    part = {"role": "initiator", "desk": "d", "authority": "a", "country": "DE", "name": name}
    wire = {"id": "1", "state": "accepted", "parts": [part], "reference": "PW-26-000001", "subject": "S", "files": 1}
    detail = CaseDetail("d", "1", wire, (entry,), (), ())
    return View(detail, rules, ("en",), TODAY, lambda _: {"website": f"https://{name.split()[0]}.example"})


def text_of(blocks: list[Block]) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines(blocks, 100))


def row(name: str, rules: Rules) -> str:
    words = rows.Words(lambda _procedure: rules, ("en",))
    return rows.texts(ROW._replace(counterpart=name), rows.columns(80), words, TODAY)[1]


def hit(name: str, _rules: Rules) -> str:
    found = AuthorityHit("a", "d", "DE", name, "", "Rosenheim", "pw", "name", name)
    return "\n".join(line.plain for line in AuthorityList().lines_of(found, 80))


def asked(name: str, _rules: Rules) -> str:
    return similar.question({"officerName": name, "at": NOW.isoformat()}, "Message", NOW)


def both(name: str, rules: Rules) -> tuple[View, dict[str, Any]]:
    found = view(name, rules)
    return found, found.detail.entries[0]


PLACES: dict[str, Callable[[str, Rules], str]] = {
    "a row of the inbox": row,
    "the head of a case": lambda name, rules: case.way(view(name, rules)),
    "the timeline": lambda name, rules: text_of(case.timeline(view(name, rules))),
    "the files": lambda name, rules: text_of(case.files(view(name, rules))),
    "the list of files": lambda name, rules: files.shown(view(name, rules), lambda _: FileState("server", 0, 5))[
        0
    ].title(70),
    "the people": lambda name, rules: text_of(case.people(view(name, rules))),
    "a result of the search": hit,
    "the record of an authority": lambda name, _: text_of(authority_record.record({"formalName": name}, ("en",))),
    "the question before a second one": asked,
    "what others did meanwhile": lambda name, rules: conflict._told(*both(name, rules)),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_name_that_mixes_alphabets_is_marked_in_words(place: str, pw_info: Rules) -> None:
    shown = PLACES[place](FAKE, pw_info)
    assert f"{MARK} {FAKE[:5]}" in shown or f"mixed! {FAKE[:5]}" in shown
    for name in TRUE:
        assert "mixed" not in PLACES[place](name, pw_info), name


def test_a_web_site_is_marked(pw_info: Rules) -> None:
    wire: dict[str, Any] = {"formalName": "Zoll", "website": "https://zоll.example"}
    assert f"{MARK} https://" in text_of(authority_record.record(wire, ("en",)))
    assert f"{MARK} https://" in text_of(case.people(view(FAKE, pw_info)))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("See https://zоll.de/form, and answer.", "https://zоll.de/form"),
        ("Write to info@pоlice.example.", "info@pоlice.example"),
        ("At zоll.de or (www.ραypal.com)", "zоll.de, www.ραypal.com"),
    ],
)
def test_an_address_in_a_text_is_warned_of(pw_info: Rules, text: str, named: str) -> None:
    shown = text_of(case.timeline(view("Zoll", pw_info, text)))
    assert f"Careful: this address mixes letters of several alphabets: {named}" in " ".join(shown.split())


@pytest.mark.parametrize(
    "text",
    ["https://zoll.de, info@police.example", "Στην Αθήνα: www.example.gr", "10 kΩ of resistance", "e.g. Комисия"],
)
def test_ordinary_texts_are_not(text: str) -> None:
    assert suspects.links(text) == ""


def test_no_mixed_name_is_taken_for_one_of_a_single_alphabet() -> None:
    for alphabet in suspects._ALONE:
        letters = "".join(sorted(filter(str.isalpha, alphabet)))
        assert len(letters) > 60
        assert not mixed_scripts(letters)
        assert not suspects.is_mixed(letters)
        assert suspects.is_mixed(f"{letters[:3]}a")
