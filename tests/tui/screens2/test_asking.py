"""Whom to ask, whom one knows, and what narrows the search: the real catalogue, the demo's register and cases."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from imi_core.authority import Seat
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from imi_tui.screens import routes
from imi_tui.screens.authorities import AuthoritiesScreen, partial_text
from imi_tui.screens.authority import AuthorityScreen
from imi_tui.viewmodel import asking
from imi_tui.viewmodel.asking import Asking, Found, narrowing
from imi_tui.viewmodel.authority_record import coordinators
from imi_tui.widgets.authority_list import AuthorityFinder
from tests.tui.screens import filled
from tests.tui.screens.test_inbox_screen import footer, running, settled, text_of


@pytest.fixture
def search(store: Store) -> Asking:
    made = Asking(store, "en", ("en",))
    made.read()
    return made


@pytest.mark.parametrize(
    ("typed", "words", "found"),
    [
        ("zoll", "zoll", {}),
        ("zoll country:de", "zoll", {"country": "de"}),
        ('area:pw town:"Bad Aibling" zoll', "zoll", {"area": "pw", "town": "Bad Aibling"}),
        ("COUNTRY:DE language:fr", "", {"country": "DE", "language": "fr"}),
        ("country: zoll", "zoll", {}),
        ("mycountry:de", "mycountry:de", {}),
    ],
)
def test_what_narrows_a_search_can_be_typed(typed: str, words: str, found: dict[str, str]) -> None:
    assert narrowing(typed) == (words, found)


def test_facets_count_what_was_found_each_as_if_it_were_not_chosen(search: Asking) -> None:
    found = search.find("labour", "", "", 1000)
    countries = Counter(hit.country for hit in found.hits)
    facets = search.facets()
    assert facets is not None
    assert dict(facets.country) == countries
    assert found.total == len(found.hits) == sum(countries.values())
    first = facets.country[0][0]
    search.narrow(f"country:{first}")
    narrowed = search.find("labour", "", "", 1000)
    assert {hit.country for hit in narrowed.hits} == {first}
    assert narrowed.total == countries[first]
    again = search.facets()
    assert again is not None
    assert again.country == facets.country, "the other countries can still be chosen"
    assert sum(count for _town, count in again.town) <= narrowed.total
    town = again.town[0][0]
    search.narrow(f"town:{town}")
    assert {hit.town for hit in search.find("labour", "", "", 1000).hits} == {town}
    assert search.line().endswith(town)
    assert search.widen()
    assert not search.widen()
    assert search.find("labour", "", "", 1000).total == found.total


def test_languages_narrow_too(search: Asking, store: Store) -> None:
    search.narrow("language:sv")
    hits = search.find("", "FI", "", 1000).hits
    assert hits
    for hit in hits:
        assert "sv" in (store.authority(hit.id) or {})["languages"]


def test_topics_are_what_procedures_and_the_register_say(search: Asking, store: Store) -> None:
    topics = {topic.key: topic for topic in search.topics()}
    assert topics["pq.nurse"].competences == {"nurses"}
    assert topics["pq.nurse"].label == "Professional qualifications: Nurse responsible for general care"
    assert topics["pw.working_conditions"].competences == {"working-conditions"}
    assert topics["pw.health_and_safety"].competences == {"health-safety"}
    label = "Posting of workers: Pay and collective agreements"
    assert topics["pw.pay"].label == label, "a field of work that no procedure names"
    assert "payslips" in topics["pw.working_conditions"].words
    assert topics["pw"].competences == frozenset()
    assert not any(topic.area == "gdpr" for topic in topics.values())
    named = store.competences()
    for topic in topics.values():
        assert topic.competences <= named[topic.area]


@pytest.mark.parametrize(("country", "key"), [("AT", "pq.nurse"), ("SE", "pq.doctor"), ("EL", "pw.working_conditions")])
def test_who_is_asked_about_a_topic_in_a_country(search: Asking, store: Store, country: str, key: str) -> None:
    search.topic = next(topic for topic in search.topics() if topic.key == key)
    hits = search.find("", country, "", 50).hits
    assert hits
    fits = [bool(hit.competent) for hit in hits]
    assert fits == sorted(fits, reverse=True), "who is competent comes before who passes on"
    for hit in hits:
        wire = store.authority(hit.id) or {}
        desk = next(desk for desk in wire["desks"] if desk["id"] == hit.desk)
        assert desk["area"] == search.topic.area == hit.area
        assert wire["country"] == country
        assert set(hit.competent) == search.topic.competences & set(wire["topics"])
        assert hit.competent or hit.coordinates
        assert asking.reason(hit, search.topic)
    assert any(hit.coordinates for hit in hits)


def test_a_country_in_the_words_and_a_word_of_a_procedure_lead_there(search: Asking) -> None:
    hits = search.find("doctors sweden", "", "", 5).hits
    assert hits
    assert {hit.country for hit in hits} == {"SE"}
    found = search.find("payslips germany", "", "", 50)
    assert found.hits
    assert {hit.country for hit in found.hits} == {"DE"}
    assert {hit.area for hit in search.find("payslips", "DE", "pw", 5).hits} == {"pw"}
    assert search.find("zoll germany qqqqq", "", "", 5).unknown == ("qqqqq",)


def test_partners_come_first_and_remembered_ones_before_them(search: Asking, store: Store, seat: Seat) -> None:
    met = Counter(
        part.authority
        for case, _ in filled.demo(seat, 120)
        for part in case.parts
        if part.role in ("initiator", "responder") and part.desk != seat.desk
    )
    past = store.partners.past()
    assert set(past) == {part for part in met if past.get(part)}
    assert sum(past.values()) == len(filled.demo(seat, 120))
    first = search.find("", "", "", 3).hits
    assert all(hit.cases for hit in first)
    other = next(hit.id for hit in search.find("", "MT", "", 50).hits if not hit.cases)
    store.partners.remember(other)
    search.read()
    top = search.find("", "", "", 1).hits[0]
    assert (top.id, top.remembered) == (other, True)
    store.partners.forget(other)
    search.read()
    assert search.find("", "", "", 1).hits[0].id != other


def test_partners_follow_cases_that_come_and_go(store: Store, seat: Seat) -> None:
    before = sum(store.partners.past().values())
    rows = store.window("all", "activity", limit=2)
    store.sync.apply(seat.desk, Page("gone", destroyed={"Case": [rows[0].id]}))
    assert sum(store.partners.past().values()) == before - 1
    detail = store.case(seat.desk, rows[1].id)
    assert detail is not None
    store.sync.apply(seat.desk, Page("again", cases=[detail.case]))
    assert sum(store.partners.past().values()) == before - 1, "the same case again is no other"
    store.sync.reset_account(seat.desk)
    assert store.partners.past() == {}


def test_how_soon_it_answers_is_computed_from_own_cases(store: Store, seat: Seat) -> None:
    while store.sync.index_pending(1000):
        pass
    took: dict[str, list[float]] = {}
    for case, entries in filled.demo(seat, 120):
        sent = next((each for each in entries if each.action == "send"), None)
        reply = next((each for each in entries if each.action == "reply"), None)
        if sent is not None and reply is not None and sent.at is not None and reply.at is not None:
            took.setdefault(reply.authority, []).append((reply.at - sent.at) / dt.timedelta(days=1))
        assert case.parts
    assert took
    for authority, days in took.items():
        wire = store.authority(authority) or {}
        answers = store.partners.answers(authority, wire["formalName"])
        assert sorted(answers.days) == pytest.approx(sorted(days)), authority
        assert answers.cases >= len(days)


def test_moments_that_are_written_in_other_ways_are_counted_all_the_same(store: Store, seat: Seat) -> None:
    while store.sync.index_pending(1000):
        pass
    reply = next(entry for _case, entries in filled.demo(seat, 120) for entry in entries if entry.action == "reply")
    name = (store.authority(reply.authority) or {})["formalName"]
    before = store.partners.answers(reply.authority, name)
    wire = store.entry(seat.desk, reply.id)
    assert wire is not None
    # Of a server that names no zone, or writes it small.
    for end in ("", "z"):
        other = {**wire, "at": wire["at"].removesuffix("Z") + end}
        store.sync.apply(seat.desk, Page(store.sync.state(seat.desk), entries=[other]))
        while store.sync.index_pending(1000):
            pass
        assert store.partners.answers(reply.authority, name) == before


def test_the_sentence_about_answers_says_what_it_rests_on() -> None:
    assert asking.answered((), 0) == "You have had no case with it on this machine."
    assert "3 cases" in asking.answered((), 3)
    text = asking.answered((2.0, 40.0, 0.2), 5)
    assert text == ("Answers after 14 days on average (less than 1 to 40), from 3 cases of yours on this machine.")


def test_the_count_says_how_much_of_it_is_shown() -> None:
    assert asking.shown_line(Found([], 1), 60) == "1 found"
    assert "4312" in asking.shown_line(Found([], 4312), 60)
    assert asking.shown_line(Found([], 2, ("qqq",)), 60).endswith("No authority on this machine has: qqq")
    assert partial_text((30, 30)) == ""
    assert partial_text((18, 30)) == "Only 18 of 30 countries are on this machine so far."


@pytest.mark.anyio
@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_whom_to_ask_by_keys_alone(store: Store, home: Path, size: tuple[int, int]) -> None:
    async with running(store, home, size=size) as (app, pilot):
        await app.push_screen(routes.authorities())
        await settled(pilot)
        await pilot.press("f6", *"nurse", "enter")
        await settled(pilot)
        await pilot.press(*"austria", "enter")
        await settled(pilot)
        shown = text_of(app)
        assert "Nurse responsible for general care, Austria AT" in shown
        assert "its field of work: Nurses" in shown
        hit = app.screen.query_one(AuthorityFinder).hit
        assert hit is not None
        assert hit.country == "AT"
        assert "nurses" in hit.competent
        await pilot.press("f3")
        await settled(pilot)
        assert "Only this machine knows." in text_of(app) or store.partners.remembered() == {hit.id}
        assert store.partners.remembered() == {hit.id}
        assert "(remembered; " in text_of(app)
        await pilot.press("f8")
        await settled(pilot)
        assert "Nurse responsible" not in text_of(app)
        assert "All again" not in footer(app)
        await pilot.press("f7", *"town: lisboa", "enter")
        await settled(pilot)
        assert {hit.town for hit in app.screen.query_one(AuthorityFinder).query_one("#hits").items} == {"Lisboa"}  # type: ignore[attr-defined]


def test_the_nearest_coordinators_are_named_and_the_others_counted(store: Store) -> None:
    wire = store.authority("de-fks-rosenheim") or {}
    found = {"pw": ["de-bva", "de-gzd-dvii", "x-far", "x-near"]}
    extra = {"x-near": {"id": "x-near", "formalName": "Near", "region": wire["region"]}, "x-far": None}

    def read(id: str) -> Mapping[str, Any] | None:
        return extra[id] if id in extra else store.authority(id)

    _gap, heading, line = coordinators(wire, found, read)
    assert heading.text == "Coordinators"
    assert line.text.startswith("- Posting of workers: Near; x-far; Generalzolldirektion")
    assert line.text.endswith("and 1 more")
    assert coordinators({**wire, "id": "de-bva"}, found, read) == [], "itself is not named"
    assert coordinators(wire, {}, read) == []


@pytest.mark.anyio
async def test_the_record_names_coordinators_and_how_soon_it_answers(store: Store, home: Path, seat: Seat) -> None:
    while store.sync.index_pending(1000):
        pass
    partner = max(store.partners.past().items(), key=lambda each: each[1])[0]
    async with running(store, home, (120, 60)) as (app, pilot):
        await app.push_screen(routes.authority(partner))
        await settled(pilot)
        assert isinstance(app.screen, AuthorityScreen)
        shown = text_of(app)
        assert "Works in: " in shown
        assert "Coordinators" in shown or "coordinator" in shown
        assert "of yours on this machine" in shown or "on this machine; in none" in shown
        await pilot.press("m")
        await settled(pilot)
        assert store.partners.remembered() == {partner}
        assert "Remembered: it comes first in searches on this machine." in text_of(app)
        await pilot.press("m")
        await settled(pilot)
        assert store.partners.remembered() == frozenset()
        await pilot.press("escape")
        assert not isinstance(app.screen, AuthoritiesScreen)
