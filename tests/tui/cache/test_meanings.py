"""What words of a search lead to besides themselves, whenever the register, labels and languages come or change."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from imi_core.procedure import Rules
from imi_tui.cache.confirmed.page_writer import Page
from imi_tui.cache.outbox.draft import Draft
from imi_tui.cache.search import meanings, query_expansion
from imi_tui.cache.store import Store
from imi_tui.cache.words import word_groups
from tests.core import world
from tests.tui.cache.world import DE, FR, NOW, authority, case, case_id, procedure, put


def test_the_register_and_labels_count_whenever_they_come(store: Store, pw_info: Rules) -> None:
    def found(*lines: str) -> list[list[int]]:
        return [[int(row.id, 16) for row in store.search(line)] for line in lines]

    def directory(state: str, rules: Rules = pw_info, gone: str = "", **members: Any) -> None:
        known = [authority("x", country="PL", **members)] if members else []
        known.append(authority("fr1", titles={"en": "Prefecture"}))
        destroyed = {"Authority": [gone]} if gone else {}
        page = Page(state, authorities=known, procedures=[procedure(rules), procedure(urgent)], destroyed=destroyed)
        store.sync.apply("directory", page)

    urgent = msgspec.structs.replace(pw_info, procedure=msgspec.structs.replace(pw_info.procedure, id="pw.urgent"))
    one = case(pw_info, 1, request={"sector": "transport"})
    initiator, *others = one.parts
    other = msgspec.structs.replace(
        initiator, desk="x", authority="authority-x", country="PL", name="Państwowa Inspekcja Pracy"
    )
    put(store, msgspec.structs.replace(one, parts=(other, *others)), case(urgent, 2, request={"sector": "transport"}))
    assert found("labour", "from:labour", "spekcja", "from:spekcja") == [[], [], [1], [1]], "known by its name alone"
    directory("a", formalName="Państwowa Inspekcja Pracy", titles={"en": "Labour inspectorate"})
    assert found("labour", "from:labour", "spekcja", '"labour insp', "pracy") == [[1]] * 5
    assert found("prefecture") == [[2]], "another authority with a case of the same moment"
    directory("b", formalName="Główny Inspektorat Pracy", titles={"en": "Work inspectorate"})
    assert found("labour", "inspectorate", "from:work", "from:spekcja", "from:glow") == [[], [1], [1], [1], [1]]
    # Cases that are begun under the new name are those of the same authority.
    third = case(pw_info, 3, last_activity=NOW)
    renamed = msgspec.structs.replace(other, name="Główny Inspektorat Pracy")
    put(store, msgspec.structs.replace(third, parts=(renamed, *third.parts[1:])))
    assert found("inspectorate", "główny") == [[3, 1], [3, 1]]
    directory("c", gone="authority-x")
    assert found("inspectorate", "glowny", "spekt") == [[], [3], [3]]
    assert found("Verkehr") == [[]]
    texts = {"pw.info.field.sector.option.transport": "Verkehr und Lagerei"}
    directory("d", msgspec.structs.replace(pw_info, labels={"de": texts}))
    assert found("Verkehr", "lagerei", "-verkehr", "μεταφορες") == [[1], [1], [3, 2], []]
    texts = {"pw.info.field.sector.option.transport": "Μεταφορές"}
    directory("e", msgspec.structs.replace(pw_info, labels={"el": texts}))
    assert found("Verkehr", "μεταφορες") == [[1], [1]], "labels in a language that was spoken before stay"


def test_while_very_many_other_sides_arrive_not_every_key_reads_them(
    store: Store, pw_info: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(meanings, "AT_ONCE", 0)
    monkeypatch.setattr(meanings, "monotonic", lambda: now)
    put(store, case(pw_info, 1))
    store.sync.apply("directory", Page("a", authorities=[authority("fr1", titles={"en": "Prefecture"})]))
    assert len(store.search("prefecture")) == 1
    store.sync.apply("directory", Page("b", authorities=[authority("fr1", titles={"en": "Inspectorate"})]))
    now = meanings.PAUSE - 0.1
    assert store.search("inspectorate") == []
    now = meanings.PAUSE
    assert len(store.search("inspectorate")) == 1


def test_a_word_in_many_labels_counts_with_another_one(
    store: Store, pw_info: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, case(pw_info, 1, request={"sector": "services"}), case(pw_info, 2, request={"sector": "industry"}))
    options = {"services": "Dienste aller Arten", "industry": "Werke aller Arten", "transport": "Fahrten aller Arten"}
    texts = {f"pw.info.field.sector.option.{id}": text for id, text in options.items()}
    page = Page("n", procedures=[procedure(msgspec.structs.replace(pw_info, labels={"de": texts}))])
    store.sync.apply("directory", page)
    assert {row.id for row in store.search("arten")} == {case_id(1), case_id(2)}
    monkeypatch.setattr(query_expansion, "OPTIONS", 2)
    assert [row.id for row in store.search("aller arten")] == []
    # Also where there are few other cases than those of the procedure, and what is not sent yet.
    monkeypatch.setattr(meanings, "NEWEST", 0)
    answers = {**world.REQUEST, "sector": "transport"}
    store.queue(Draft(id="d", desk=DE, procedure="pw.info", action="send", target=FR, answers=answers))
    store.sync.apply("directory", Page("o", procedures=page.procedures))
    assert [row.id[:4] for row in store.search("fahrten")] == ["ref:"]
    assert [row.id for row in store.search("werke aller arten")] == [case_id(2)]


def test_few_groups_of_words_stand_for_many_names() -> None:
    dice = random.Random(5)
    towns = [f"town{number}" for number in range(300)]
    kinds = ("inspektorat pracy", "inspektorat sanitarny", "urzad pracy")
    named = [frozenset(f"{kind} w {town}".split()) for kind in kinds for town in towns]
    names = names_of(named + [frozenset((f"office{number}",)) for number in range(3000)])
    assert word_groups.covering(names, range(300)) == [("inspektorat", "pracy")]
    assert word_groups.covering(names, range(300, 600)) == [("sanitarny",)]
    assert word_groups.covering(names, [7, 8]) != []
    assert word_groups.covering(names, []) == []
    assert word_groups.covering(names, range(200, 800)) is None, "most of them are compared as they come"
    for _ in range(200):
        few = [frozenset(dice.sample("abcdefg", dice.randrange(4))) for _ in range(dice.randrange(1, 12))]
        wanted = set(dice.sample(range(len(few)), dice.randrange(len(few) + 1)))
        groups = word_groups.groups(names_of(few), frozenset(wanted))
        assert all(any(few[each].issuperset(group) for group in groups) for each in wanted if few[each])
        assert all(any(few[each].issuperset(group) for each in wanted) for group in groups)
        tight = [
            group for group in groups if all(at in wanted or not name.issuperset(group) for at, name in enumerate(few))
        ]
        assert all(group in tight or any(set(group) == few[each] for each in wanted) for group in groups)


def names_of(named: list[frozenset[str]]) -> word_groups.Names:
    having: dict[str, list[int]] = {}
    for number, found in enumerate(named):
        for word in found:
            having.setdefault(word, []).append(number)
    return word_groups.Names(named, having, [1] * len(named))
