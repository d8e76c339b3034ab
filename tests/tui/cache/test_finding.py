"""Search lines on a cache: every answer is what comparing each case by itself would give, in the order promised."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from pathlib import Path

import msgspec
import pytest

from imi_core.case import Case
from imi_core.procedure import Rules
from imi_tui.cache import opening
from imi_tui.cache.confirmed.page_writer import Page
from imi_tui.cache.content import deadline_words
from imi_tui.cache.content.vocabulary import text_of
from imi_tui.cache.model import VIEWS
from imi_tui.cache.search import finding, meanings, row_reader
from imi_tui.cache.store import Store
from imi_tui.cache.words import word_groups
from imi_tui.viewmodel import searching
from tests.effort import tries
from tests.tui.cache.comparing import AUTHORITIES, LABELS, NAMES, is_meant
from tests.tui.cache.world import DE, Clock, authority, case, case_id, entry, open_store, procedure, put, set_up
from tests.tui.undone import undone

NOW = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
TODAY = NOW.date()
STATES = ("awaiting_acceptance", "accepted", "replied", "closed", "clarification_requested")
SUBJECTS = ("Alpbau GmbH posting", "Posting of Alpbau", "Zoll control", "Führerschein Alpbau GmbH", "GmbH Alpbau")
LINES = (
    "alpbau",
    "gmbh alp",
    '"alpbau gmbh"',
    '"gmbh alp',
    '-"alpbau gmbh" alpbau',
    "-alpbau",
    "-zoll -gmbh",
    "country:FR",
    "country:AT,FR zoll",
    "-country:FR",
    "area:pw",
    "procedure:pw.urgent",
    "-procedure:pw.urgent alpbau",
    "state:accepted",
    "zoll state:a",
    "-state:closed",
    "-state:closed,accepted alpbau",
    "from:zoll",
    'from:"zoll fks"',
    "from:lyon -is:closed",
    "-from:zoll gmbh",
    "due:<5d",
    "due:overdue",
    "due:none",
    "-due:none alpbau",
    "due:2026-03 country:AT",
    "due:>1w gmbh",
    "activity:<2d",
    "activity:>3d alpbau",
    "activity:today",
    "is:todo",
    "is:todo country:FR",
    "is:open alpbau",
    "is:closed",
    "is:waiting,accept zoll",
    "is:unread",
    "-is:unread gmbh",
    "is:overdue",
    "is:soon alpbau",
    "is:queued",
    "is:queued alpbau",
    "is:files",
    "is:open due:<5d -country:AT",
    "is:sent",
    "tag:odd",
    "tag:odd alpbau",
    "-tag:odd state:accepted",
    'country:FR area:pw due:<9d state:accepted from:"Zoll" "Alpbau" -tag:odd',
    "alpbau g",
    "z",
    "pw-26-0000",
    "gmbh 0",
    "country:FR due:<9d",
    "country:FR,AT due:>1d",
    "procedure:pw.urgent due:2026",
    "procedure:pw.info due:2026-02-27..2026-04-02 -is:files",
    "state:accepted,awaiting_acceptance due:>2d -country:AT",
    "is:overdue country:FR",
    "is:soon procedure:pw.info activity:<5d",
    "country:AT due:>2w from:zoll",
    "country:FR due:none is:todo",
    "is:files alpbau",
    "is:files,unread gmbh",
    "is:accept country:AT",
    "is:answer,close procedure:pw.info",
    "is:queued country:FR due:>0d",
    "is:unread is:todo",
    "tag:odd country:FR due:<9d",
    "customs",
    "from:customs",
    "-from:customs gmbh",
    "custo zoll",
    "-customs alpbau",
    "labour inspectorate",
    "inspectorate of lab",
    "of labour",
    '"inspectorate of labour"',
    '"labour insp',
    '-"labour inspectorate" alpbau',
    'from:"office labour"',
    "from:office country:AT due:>0d",
    "from:zollamt",
    "oberzollamt",
    "arbeitsinsp is:todo",
    "inspektion",
    "τελωνειο",
    "rosenheim",
    "wels -state:closed",
    "from:wel",
    "landwirtschaft",
    "landw alpbau",
    "-landwirtschaft alpbau",
    "agriculture",
    "-agriculture is:todo",
    '"landwirtschaft und forsten"',
    '-"landwirtschaft und"',
    "landwirtschaft und",
    "baugewerbe due:<9d",
    "κατασκευ",
    "sonstiger gru",
    "is:queued customs",
    "customs landwirtschaft",
    "und",
    "cu",
    "athin",
    "amt",
    "from:amt customs",
    "tag:odd labour -baugewerbe",
    "-from:customs country:AT due:<9d",
    '-"labour inspectorate" country:FR due:<9d',
)


def filled(home: Path, rules: Rules, seed: int) -> Store:
    """Sixty cases of two procedures, some changed here since."""
    dice = random.Random(seed)
    store = set_up(open_store(home, now=Clock(NOW)), rules)
    urgent = msgspec.structs.replace(rules, procedure=msgspec.structs.replace(rules.procedure, id="pw.urgent"))
    languages = {"de": 1, "el": 2}
    labels: dict[str, dict[str, str]] = {}
    for (field, option), texts in LABELS.items():
        bases = ("request.form.refuse",) if field == "ground" else ("pw.info.field", "pw.urgent.field")
        for (language, at), base in itertools.product(languages.items(), bases):
            labels.setdefault(language, {})[f"{base}.{field}.option.{option}"] = texts[min(at, len(texts) - 1)]
    known = [procedure(msgspec.structs.replace(each, labels=labels)) for each in (rules, urgent)]
    authorities = [
        authority(f"{country}{NAMES.index(name)}", country=country, formalName=name, **more)
        for (country, name), more in AUTHORITIES.items()
    ]
    store.sync.apply("directory", Page("d2", procedures=known, authorities=authorities))
    for number in range(1, 61):
        found = made(dice, dice.choice((rules, urgent)), number)
        refused = entry(found, "refuse", answers={"ground": "other"}, text={"lang": "en", "text": "No other reason"})
        put(store, found, entries=[refused] * (number % 9 == 0))
    for row in store.window("to_accept", "due", limit=3):
        store.act(DE, row.id, "accept", answers={"agreed_days": 5})
    while store.sync.index_pending(50):
        pass
    store.finding.sets["tag"] = lambda values: odd(store) if values == ("odd",) else []
    return store


def made(dice: random.Random, rules: Rules, number: int) -> Case:
    found = case(
        rules,
        number,
        dice.choice(STATES),
        subject=dice.choice(SUBJECTS),
        due=dice.choice((None, *(TODAY + dt.timedelta(days) for days in (-9, -1, 0, 1, 5, 8, 20)))),
        last_activity=NOW - dt.timedelta(hours=dice.randrange(200)),
        files=dice.choice((0, 0, 2)),
        request=dice.choice(
            (
                {},
                {"sector": "agriculture"},
                {"sector": "construction"},
                {"justification": "Agriculture or construction"},
            )
        ),
    )
    country, name = dice.choice(("AT", "FR")), dice.choice(NAMES)
    parts = tuple(
        msgspec.structs.replace(part, authority=f"authority-{country}{NAMES.index(name)}", name=name, country=country)
        if part.role == "initiator"
        else part
        for part in found.parts
    )
    return msgspec.structs.replace(found, parts=parts)


def outdate(store: Store) -> None:
    """Take out of the index what changes most, as where new words are still to come."""
    for docid, n in store._cache.rows("select docid, n from document order by docid"):
        text = store._documents.stored_text(n)
        store._cache.run("insert into words(words, rowid, text) values('delete', ?, ?)", (docid, text))
        kept = [word for word in text.split() if not word.startswith(("§_d", "§_t", "§_f"))]
        store._cache.run("insert into words(rowid, text) values(?, ?)", (docid, " ".join(kept)))
    store._cache.run("insert into to_index values(1, 0)")


def odd(store: Store) -> list[int]:
    numbers: list[tuple[int]] = store._cache.rows("select n from listing where n % 2 = 1")
    return [n for (n,) in numbers]


@pytest.mark.parametrize("seed", range(tries(1, 3)))
def test_every_line_finds_what_comparing_each_case_would(
    home: Path, pw_info: Rules, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(home, pw_info, seed)
    monkeypatch.setattr(row_reader, "MORE", 6 * seed)
    # As where other sides are few among many: the index is asked for their names.
    monkeypatch.setattr(word_groups, "PLENTY", 2 * seed or word_groups.PLENTY)
    monkeypatch.setattr(word_groups, "MOST", seed)
    monkeypatch.setattr(meanings, "NEWEST", 0 if seed == 1 else meanings.NEWEST)
    if seed == 2:
        outdate(store)
    everything = store.window("all", "activity", limit=99)
    views: dict[str, set[str]] = {view: {row.id for row in store.window(view, "due", limit=99)} for view in VIEWS}
    some = 0
    for line in LINES:
        query = store.finding.read(line)
        assert not query.problems, line
        expected = [row for row in everything if is_meant(store, row, query, views)]
        found = store.hits(query, 99)
        if found.by == "due":
            expected.sort(key=lambda row: row.due)
            assert [row.due for row in found.rows] == [row.due for row in expected], line
        else:
            assert [row.activity for row in found.rows] == [row.activity for row in expected], line
        assert {row.id for row in found.rows} == {row.id for row in expected}, line
        assert found.whole
        for few in (1, 2, 3):
            assert store.hits(query, few).rows == found.rows[:few], (line, few)
        for view in (VIEWS[len(line) % len(VIEWS)], "all"):
            numbers = {row.n for row in expected if row.id in views[view]}
            assert set().union(*store.finding.numbers(query, view, 99)) == numbers, (line, view)
        some += bool(expected)
    assert some > len(LINES) * 2 / 3
    store.close()


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("φρομ:ζολλ", "from:zoll"),
        ('φρομ:"ζολλ φκσ"', 'from:"zoll fks"'),
        ("оидп:юдвв", "from:zoll"),
        ("-фром:золл", "-from:zoll"),
        ("alpbau таг:одд", "tag:odd"),
        ("ταγ:οδδ", "tag:odd"),
    ],
)
def test_words_behind_a_name_that_was_typed_unswitched_are_tried_as_typed_and_then_by_their_keys(
    home: Path, pw_info: Rules, line: str, meant: str
) -> None:
    store = filled(home, pw_info, 0)
    query, latin = store.finding.read(line), store.finding.read(f"alpbau {meant}" if "alpbau" in line else meant)
    assert [row.id for row in store.hits(query, 99).rows] == [row.id for row in store.hits(latin, 99).rows] != []
    assert [read for _typed, read in query.read] == [meant]
    assert meant in searching.left_out(query, True)
    store.close()


@pytest.mark.parametrize(
    "line", ["φρομ:δημοσια", "from:ζολλ", "φρομ:ξξξ", "zoll", "from:zoll", "tag:οδδ", "φρομ:zoll", "фром:"]
)
def test_words_that_say_something_as_they_are_typed_or_nothing_either_way_stay(
    home: Path, pw_info: Rules, line: str
) -> None:
    store = filled(home, pw_info, 0)
    query = store.finding.read(line)
    assert query.read == ()
    assert query.terms == store.finding.language().read(line).terms
    store.close()


def test_a_range_of_days_is_what_the_index_has_of_deadlines_in_it() -> None:
    dice = random.Random(1)
    days = [dt.date(2026, 1, 1) + dt.timedelta(dice.randrange(-400, 800)) for _ in range(60)]
    facets = {day: set(text_of(DE, {"due": day.isoformat()}, ()).split()) for day in days}
    longest = 0
    for first in (dt.date(2026, 1, 1), dt.date(2025, 12, 31), dt.date(2024, 2, 29), *days[:20]):
        for end in (dt.date(2027, 1, 1), dt.date(2026, 3, 1), first, *days[20:40]):
            asked = deadline_words.within(first, end)
            longest = max(longest, len(asked))
            assert {day for day in days if facets[day] & set(asked)} == {day for day in days if first <= day < end}
    assert longest < 90
    assert deadline_words.within(dt.date(9999, 12, 30), dt.date.max) == ["§_d99991230"]
    assert deadline_words.within(dt.date(2026, 1, 1), dt.date(2028, 2, 1)) == ["§_d2026", "§_d2027", "§_d202801"]


def test_a_value_that_is_not_here_finds_nothing(home: Path, pw_info: Rules) -> None:
    store = filled(home, pw_info, 1)
    for line in (
        "country:xx",
        "state:nonsense",
        "alpbau country:xx",
        "area:zz",
        "",
        "  ",
        '""',
        "-",
        "due:",
        "tag:even",
    ):
        assert store.search(line) == [], line
    assert store.search("-country:xx alpbau") == store.search("alpbau")


def test_nothing_typed_can_be_a_facet(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info, 1, "accepted", subject="§_saccepted _saccepted §_s"), case(pw_info, 2, "closed"))
    assert [row.id for row in store.search("§_saccepted")] == [case_id(1)]
    assert [row.id for row in store.search("state:accepted")] == [case_id(1)]
    put(store, case(pw_info, 3, "accepted"))
    assert [row.id for row in store.search("_saccepted")] == [case_id(1)]
    put(store, case(pw_info, 2, "closed", subject="§_saccepted"), case(pw_info, 3, "closed"))
    assert [row.id for row in store.search("state:accepted")] == [case_id(1)]


def test_a_state_that_changed_here_is_found_before_and_after_it_is_sent(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info, 1), case(pw_info, 2, "accepted"))
    store.act(DE, case_id(1), "accept", answers={"agreed_days": 5})
    assert {row.id for row in store.search("state:accepted alpbau")} == {case_id(1), case_id(2)}
    assert store.search("state:awaiting_acceptance alpbau") == []
    undone(store, store.outbox()[0].client_ref)
    assert [row.id for row in store.search("state:awaiting_acceptance alpbau")] == [case_id(1)]


def test_what_is_rarer_than_what_is_compared_says_so(
    store: Store, pw_info: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = [case(pw_info, n, due=TODAY, last_activity=NOW - dt.timedelta(hours=n)) for n in range(1, 11)]
    put(store, *newer, case(pw_info, 11, last_activity=NOW - dt.timedelta(days=9)))
    assert store.hits(store.finding.read("due:none alpbau"), 9)[1:3] == ("activity", True)
    monkeypatch.setattr(finding, "SCAN", 10)
    assert store.hits(store.finding.read("due:none alpbau"), 9)[:3] == ([], "activity", False)
    assert store.hits(store.finding.read("due:none"), 9)[:3] == ([], "activity", False)
    assert store.hits(store.finding.read("alpbau"), 9).whole


def test_a_phrase_is_looked_up_in_so_many_texts(store: Store, pw_info: Rules, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [case(pw_info, number, subject=f"gmbh {number} alpbau", request={}) for number in range(1, 8)]
    put(store, *cases)
    text = {"lang": "de", "text": "Die Alpbau-GmbH, so."}
    put(store, entries=[entry(cases[0], id="e", text=text)])
    while store.sync.index_pending(50):
        pass
    query = store.finding.read('"alpbau gmbh"')
    found = store.hits(query, 9)
    assert ([row.id for row in found.rows], found.whole) == ([case_id(1)], True)
    monkeypatch.setattr(finding, "PHRASES", 3)
    assert not store.hits(query, 9).whole
    assert store.hits(store.finding.read('"7 alpbau"'), 1).rows[0].id == case_id(7)


def test_the_best_come_first_when_asked(store: Store, pw_info: Rules) -> None:
    put(
        store,
        case(pw_info, 1, subject="quokka", last_activity=NOW - dt.timedelta(days=3)),
        case(pw_info, 2, subject="other", request={"EST-01": "quokka"}, last_activity=NOW),
        case(pw_info, 3, subject="none", request={}),
    )
    query = store.finding.read("quok")
    assert [row.id for row in store.hits(query, 9).rows] == [case_id(2), case_id(1)]
    assert [row.id for row in store.hits(query, 9, best=True).rows] == [case_id(1), case_id(2)]
    assert [row.id for row in store.hits(query, 1, best=True).rows] == [case_id(1)]


def test_on_a_slow_machine_fewer_hits_are_put_in_order_and_it_is_said(
    store: Store, pw_info: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, *(case(pw_info, n, subject=f"quokka{n}", last_activity=NOW + dt.timedelta(n)) for n in range(4)))
    put(store, case(pw_info, 8, subject="x", request={"EST-01": "quokka"}, last_activity=NOW + dt.timedelta(8)))
    put(store, case(pw_info, 9, subject="x", request={"EST-01": "quokka"}, last_activity=NOW + dt.timedelta(9)))
    monkeypatch.setattr(finding, "TELLING", 3)
    took = itertools.count()
    monkeypatch.setattr(finding.time, "thread_time", lambda: next(took) * 0.01)
    query = store.finding.read("quok")

    def found(limit: int) -> tuple[list[str], int]:
        hits = store.hits(query, limit, best=True)
        return [row.id for row in hits.rows], hits.ranked

    best = [case_id(n) for n in (3, 2, 1, 0, 9, 8)]
    assert found(9) == (best, 0), "a hit in two milliseconds: all of them"
    monkeypatch.setattr(finding.time, "thread_time", lambda: next(took) * 0.2)
    assert found(9) == (best, 0), "this was known only afterwards"
    few = [case_id(n) for n in (3, 9, 8, 2, 1, 0)]
    assert found(9) == (few, 3)
    assert found(2) == (few[:2], 3)
    assert "Only the newest 3 hits" in searching.left_out(query, True, 3)
    monkeypatch.setattr(finding.time, "thread_time", lambda: 0.0)
    for _again in range(5):
        found(9)
    assert found(9) == (best, 0), "and it is not for ever"


def test_an_index_without_facets_is_made_anew(home: Path, pw_info: Rules, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "FOLDING", "1/old")
    store = set_up(open_store(home), pw_info)
    put(store, case(pw_info, 1, "accepted"))
    store.close()
    monkeypatch.undo()
    again = open_store(home)
    assert again.search("alpbau state:accepted") == []
    while again.sync.index_pending(50):
        pass
    assert len(again.search("alpbau state:accepted")) == 1
    again.close()
