"""The quick way for what arrives in pages ends in the same tables as the way for one case at a time."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from imi_core.case import Part, to_wire
from imi_core.errors import ImiError
from imi_tui.cache.listing import alphabet, batch
from imi_tui.cache.listing.projection import Projector
from imi_tui.cache.model import SORTS
from imi_tui.cache.order import name_key, places
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from tests.core import world
from tests.effort import tries
from tests.tui.cache.world import DE, FR, case, case_id, entry, open_store, set_up

RULES = world.load_rules("pw", "info")
STATES = ("awaiting_acceptance", "accepted", "replied", "closed", "clarification_requested")
TABLES = (
    "listing",
    "view_row",
    "group_count",
    "confirmed",
    "entry",
    "without_rules",
    "to_index",
    "document",
    "account",
)

NUMBERS = st.integers(1, 4)
CASES = st.fixed_dictionaries(
    {
        "number": NUMBERS,
        "state": st.sampled_from(STATES),
        "version": st.integers(1, 4),
        "name": st.sampled_from(("Łódź", "Aachen", "aachen", "Esbjerg")),
        "level": st.sampled_from(("full", "summary")),
        "strange": st.booleans(),
        "rules": st.booleans(),
    }
)
ENTRIES = st.fixed_dictionaries({"number": NUMBERS, "version": st.integers(1, 4), "mine": st.booleans()})
PAGES = st.fixed_dictionaries(
    {
        "cases": st.lists(CASES, max_size=5),
        "entries": st.lists(ENTRIES, max_size=4),
        "gone": st.lists(NUMBERS, max_size=2),
        "filling": st.sampled_from((None, 0.5)),
        "act": st.none() | NUMBERS,
        "index": st.booleans(),
        "language": st.sampled_from([None, None, "da", "hu"]),
    }
)


def one_by_one(projector: Projector, batch: Any, keys: Any, arrivals: Any) -> None:
    """`Projector._put_arrivals` in the plainest way."""
    for key in keys:
        if arrivals[key].case is not None:
            projector._put(batch, key, [], arrivals[key])


def place_by_place(stands: Any, at: tuple[int, ...]) -> list[tuple[bytes, int, int]]:
    """`order.spread` in the plainest way."""
    return [(key, n, slot) for keys, n, views in stands for slot, key in places(views, keys, at)]


@contextmanager
def plainly() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Projector, "_put_arrivals", one_by_one)
        patch.setattr(batch, "spread", place_by_place)
        yield


def made(given: dict[str, Any]) -> dict[str, Any]:
    found = case(RULES, given["number"], given["state"], version=given["version"], level=given["level"])
    parts = tuple(
        Part(role=part.role, desk=part.desk, authority=part.authority, country=part.country, name=given["name"])
        for part in found.parts
    )
    wire: dict[str, Any] = to_wire(found) | {"parts": to_wire(parts)}
    if given["strange"]:
        wire["parts"] = [*wire["parts"], {"role": "of_tomorrow", "desk": "x", "name": 7}]
        wire["member"] = "of tomorrow"
    if not given["rules"]:
        wire["procedureVersion"] = 99
    return wire


def page(given: dict[str, Any], number: int) -> Page:
    entries = [
        entry(
            case(RULES, one["number"], "accepted", version=one["version"]),
            desk=DE if one["mine"] else FR,
            clientRef=f"c{one['number']}-{one['version']}",
        )
        for one in given["entries"]
    ]
    cases = {wire["id"]: wire for wire in map(made, given["cases"])}
    gone = [case_id(one) for one in given["gone"] if case_id(one) not in cases]
    return Page(
        f"s{number}",
        cases=list(cases.values()),
        entries=list({one["id"]: one for one in entries}.values()),
        destroyed={"Case": gone} if gone else {},
        filling=given["filling"],
    )


def play(home: Path, pages: list[dict[str, Any]]) -> list[dict[str, list[Any]]]:
    """The tables after each page."""
    store = set_up(open_store(home), RULES)
    out = []
    try:
        for number, given in enumerate(pages):
            if given["language"] is not None:
                store.sync.alphabet.choose(given["language"])
            store.sync.alphabet.step()
            store.sync.apply(DE, page(given, number))
            out.append(tables(store))
            if given["act"] is not None and store.find(f"PW-26-{given['act']:06}"):
                with suppress(ImiError):
                    store.act(DE, case_id(given["act"]), "message", text="wort", lang="de")
            if given["index"]:
                while store.sync.index_pending(3):
                    pass
                store._cache.run("insert into words(words) values('integrity-check')")
            out.append(tables(store))
        while store.sync.alphabet.step():
            pass
        out.append(tables(store))
        spelling = alphabet.shown(store._cache).alphabet
        assert spelling == next((each["language"] for each in reversed(pages) if each["language"]), "")
        shown = [name_key(row.counterpart, spelling) for row in store.window("all", "authority", limit=99)]
        assert shown == sorted(shown)
        assert len(out[-1]["view_row"]) == len(SORTS) * len(out[-1]["listing"])
    finally:
        store.close()
    return out


def tables(store: Store) -> dict[str, list[Any]]:
    """All rows, once the counts are found to be those of the views."""
    for view, count in store.counts().items():
        assert count == len(store.window(view, "due", limit=99)), view
    return {name: sorted(store._cache.rows(f"select * from {name}"), key=repr) for name in TABLES}


PLAIN = {
    "number": 1,
    "state": "accepted",
    "version": 1,
    "name": "Aachen",
    "level": "full",
    "strange": False,
    "rules": True,
}
EMPTY = {"cases": [], "entries": [], "gone": [], "filling": None, "act": None, "index": False, "language": None}


@example(
    pages=[
        EMPTY | {"cases": [PLAIN | {"number": number, "name": name} for number, name in ((1, "Łódź"), (2, "aachen"))]},
        EMPTY | {"language": "da", "cases": [PLAIN | {"version": 2, "name": "Esbjerg"}, PLAIN | {"number": 3}]},
        EMPTY | {"language": "hu", "gone": [1], "cases": [PLAIN | {"number": 2, "version": 2, "state": "closed"}]},
    ]
)
@example(
    pages=[
        EMPTY | {"cases": [PLAIN | {"number": number, "name": name} for number, name in ((1, "Łódź"), (2, "aachen"))]},
        EMPTY | {"language": "da", "cases": [PLAIN | {"version": 2, "name": "Aachen"}]},
    ]
)
@example(pages=[EMPTY | {"cases": [PLAIN], "act": 1}, EMPTY | {"cases": [PLAIN | {"version": 2, "state": "closed"}]}])
@given(st.lists(PAGES, min_size=1, max_size=4))
@settings(max_examples=tries(15, 400), deadline=None)
def test_pages_make_the_same_tables_as_their_cases_one_by_one(pages: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        # A case at a time, so that much happens before another order of names is whole.
        patch.setattr(alphabet, "STEP", 1)
        patch.setattr(alphabet, "HOLD", 0)
        quick = play(Path(folder) / "quick", pages)
        with plainly():
            plain = play(Path(folder) / "plain", pages)
    assert quick == plain
