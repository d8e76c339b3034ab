"""The demo: the same each time, every state there, made once."""

from __future__ import annotations

import collections
import datetime as dt
import itertools
import json
import random
import re
from typing import TYPE_CHECKING

import pytest

from imi_central import catalogue
from imi_central.demo import cli, europe
from imi_central.demo.cases import PATHS, Plan, generate
from imi_central.demo.colleagues import Assigning, colleagues
from imi_central.demo.filling import Filler
from imi_central.demo.translating import ENGINE, Translating
from imi_central.errors import CommandError
from imi_central.settings import Settings
from imi_central.store import Store
from imi_core import answers as forms
from imi_core import seal, translating, visibility
from imi_core.authority import COUNTRIES
from imi_core.case import Case

if TYPE_CHECKING:
    from pathlib import Path

    from imi_core.procedure import Rules

NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)


def make(number: int, seed: int = 1) -> list[tuple[object, ...]]:
    return list(generate(europe.load(), catalogue.load(), Plan(number, NOW, cli.FOCUS, seed)))


def test_the_same_arguments_make_the_same_cases() -> None:
    assert make(60) == make(60)
    assert make(60) != make(60, seed=2)


def test_every_state_of_the_lifecycle_stands_in_the_demo() -> None:
    states = collections.Counter(case.state for case, _ in make(600))
    for rules in catalogue.load():
        assert set(rules.lifecycle.states) <= set(states)


def test_cases_are_sealed_ordered_and_numbered_as_they_were_sent() -> None:
    made = make(len(PATHS) * 4)
    for case, entries in made:
        assert seal.verify(entries) == case.head
        assert case.last_activity <= NOW
    activity = [case.last_activity for case, _ in made]
    assert activity == sorted(activity)
    for _, group in itertools.groupby(sorted(made, key=lambda one: one[0].reference), lambda one: one[0].reference[:5]):
        sent = [case.sent_at for case, _ in group]
        assert sent == sorted(sent)


def test_periods_end_after_they_begin_and_people_are_grown_up() -> None:
    requests = [case.request for case, _ in make(300)]
    periods = [(one["period_from"], one["period_to"]) for one in requests if {"period_from", "period_to"} <= set(one)]
    assert len(periods) > 20
    assert all(start < end for start, end in periods)
    assert max(one["birth_date"] for one in requests if "birth_date" in one) < "2000"


@pytest.mark.parametrize("rules", catalogue.load(), ids=lambda rules: rules.procedure.id)
def test_whatever_is_drawn_fits_the_form(rules: Rules) -> None:
    loaded = europe.load()
    asking, asked = (loaded.desks[rules.procedure.area][country][0][0].id for country in ("FR", "DE"))
    seats = [loaded.seat(desk, "officer", "name") for desk in (asking, asked)]
    bank = tuple(question.id for question in rules.procedure.questions)
    case = Case(id="c", procedure=rules.procedure.id, state="accepted", questions=bank)
    for seed in range(60):
        filler = Filler(loaded, random.Random(seed), *seats)
        for name, action in rules.lifecycle.actions.items():
            given = None if action.starts else case
            form = forms.form_for(rules, name, given)
            answers = filler.answers(rules, name, given, "de")
            assert forms.check(form, answers, "send", bank) == (), (name, seed)


def test_europe_has_every_country_and_the_demo_seats() -> None:
    loaded = europe.load()
    assert {authority.country for authority in loaded.authorities} == set(COUNTRIES)
    assert len(loaded.authorities) >= 600
    for _, _, desks in europe.DEMO_SEATS.values():
        assert set(desks) <= set(loaded.by_desk)


def test_every_demo_seat_has_colleagues_who_look_after_cases() -> None:
    loaded, officers = europe.load(), europe.officers()
    others = colleagues(loaded, officers)
    for officer in officers:
        for desk in officer.desks:
            assert len({each.name for each in (officer, *others) if desk in each.desks}) >= 3
    assigning = Assigning(loaded, officers, 1)
    cases = {case.id: case for case, _ in assigning.passing(make(200))}
    made = list(assigning.made())
    assert made == list(assigning.made())
    for desk, case_id, each in made:
        assert cases[case_id].closed_at is None
        assert desk in next(one for one in (*officers, *others) if one.id == each.officer).desks
    given = collections.Counter(each.officer for desk, _, each in made if desk == "fr-dreets-ara_pw")
    assert given["demo-lyon"] > 3
    assert len(given) > 2


def test_demo_desks_have_translations_that_say_what_the_original_says() -> None:
    loaded, officers, rules = europe.load(), europe.officers(), catalogue.load()
    made = Translating(loaded, officers, 1, NOW)
    plan = Plan(300, NOW, cli.FOCUS, 1)
    cases = {case.id: (case, entries) for case, entries in generate(loaded, rules, plan, made.told)}
    assert cases == {case.id: (case, entries) for case, entries in generate(loaded, rules, plan)}, (
        "nothing else changes"
    )
    found = list(made.made())
    assert len(found) > 30
    assert {each.engine for _, each in found} == {"", ENGINE}
    for desk, each in found:
        case, entries = cases[each.case_id]
        mine = next(one for one in rules if one.procedure.id == case.procedure)
        assert visibility.level(mine, case, loaded.seat(desk, "", "")) == "full"
        [entry] = [one for one in entries if one.id == each.entry_id]
        texts = {one.part: one for one in translating.free_texts(mine, case, entry)}
        assert each.source == translating.language(entry) != each.lang
        assert entry.at <= each.at <= NOW
        for part, text in each.texts.items():
            assert variant(loaded, each.source, texts[part].text) == variant(loaded, each.lang, text)
        personal = {one.part for one in texts.values() if one.personal}
        assert set(each.omitted) == (personal if each.engine else set())
    assert {each.lang for _, each in found} == {"fr", "de", "el"}


def variant(loaded: europe.Europe, language: str, text: str) -> tuple[str, str, int]:
    """Where a text stands in the demo's texts: its longest piece between two names is found there."""
    fitting = []
    for section, keys in loaded.texts[language].items():
        for key, variants in keys.items() if section != "professions" else ():
            for number, each in enumerate(variants):
                pieces = [piece.split(".")[0] for piece in re.split(r"\{\w+\}", each)]
                if all(piece in text for piece in pieces):
                    fitting.append((sum(map(len, pieces)), (section, key, number)))
    return max(fitting)[1]


def test_making_the_demo_twice_keeps_what_is_there(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "demo")
    assert "is made" in cli.make(settings, 40, 1, NOW)
    store = Store.open(settings.database_url)
    heads = store.heads()
    store.close()
    assert "already" in cli.make(settings, 40, 1, NOW)
    store = Store.open(settings.database_url)
    assert store.heads() == heads
    assert not store.verify()
    with store.view("demo-lyon") as view:
        heads = {case.id: case.translations for case in view.cases("fr-dreets-ara_pw", None, 100)}
        made = view.translations("fr-dreets-ara_pw", None, list(heads))
    assert made
    assert collections.Counter(each.case_id for each in made) == {id: count for id, count in heads.items() if count}
    store.close()
    assert json.loads((settings.data / "demo.json").read_text())["cases"] == 40


def test_a_demo_that_was_not_finished_is_not_served(tmp_path: Path) -> None:
    (tmp_path / "central.db").touch()
    with pytest.raises(CommandError, match="no finished demo"):
        cli.make(Settings(data=tmp_path), 40, 1, NOW)


def test_the_number_of_cases_is_bounded() -> None:
    with pytest.raises(CommandError, match="1 to 1000000"):
        cli.main(["--cases", "1000001"])
