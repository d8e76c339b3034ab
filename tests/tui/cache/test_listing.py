"""Windows, counts and rows: what screens read, and that nothing is scanned or sorted for it."""

from __future__ import annotations

import ast
import datetime as dt
import re
from pathlib import Path

import pytest

from imi_core.procedure import Rules
from imi_tui.cache import model
from imi_tui.cache.confirmed.page_writer import Page
from imi_tui.cache.model import DATED, SOON, SORTS, VIEWS, Row, SortId, ViewId
from imi_tui.cache.order import GROUPS, NAMES, groups, slots
from imi_tui.cache.store import Store
from tests.tui.cache.world import DE, Clock, case, case_id, open_store, procedure, put, set_up


def ids(rows: list[Row]) -> list[int]:
    return [int(row.id, 16) for row in rows]


def walk(store: Store, view: ViewId, sort: SortId, step: int) -> list[Row]:
    out: list[Row] = []
    after: bytes | None = None
    while page := store.window(view, sort, after=after, limit=step):
        out += page
        after = page[-1].key
    return out


@pytest.mark.parametrize(
    ("state", "views"),
    [
        ("awaiting_acceptance", {"todo", "to_accept", "open", "all"}),
        ("accepted", {"todo", "to_answer", "open", "all"}),
        ("clarification_requested", {"todo", "to_answer", "open", "all"}),
        ("replied", {"waiting", "open", "all"}),
        ("closed", {"closed", "all"}),
        ("withdrawn", {"closed", "all"}),
    ],
)
def test_views_follow_from_the_case(store: Store, pw_info: Rules, state: str, views: set[str]) -> None:
    put(store, case(pw_info, 1, state, due=None))
    assert {view for view, rows in store.counts().items() if rows} == views
    assert {view for view in VIEWS if store.window(view, "due", limit=5)} == views


def test_the_other_side_sees_it_the_other_way_round(store: Store, pw_info: Rules) -> None:
    from tests.tui.cache.world import session

    store.sync.set_session(session("fr1"))
    put(store, case(pw_info, 1, "awaiting_acceptance"), case(pw_info, 2, "replied"), desk="fr1")
    assert ids(store.window("waiting", "due", limit=5)) == [1]
    assert ids(store.window("to_close", "due", limit=5)) == [2]
    assert sorted(ids(store.window("sent", "due", limit=5))) == [1, 2]
    put(store, case(pw_info, 2, "closed"), case(pw_info, 3, "accepted"), desk=DE)
    assert store.counts()["sent"] == 2
    assert store.window("all", "due", limit=1)[0].counterpart == "Authority de1"


def test_sort_orders(store: Store, pw_info: Rules) -> None:
    at = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    put(
        store,
        case(pw_info, 1, due=dt.date(2026, 5, 1), last_activity=at + dt.timedelta(days=1), reference="PW-26-000009"),
        case(pw_info, 2, due=None, last_activity=at + dt.timedelta(days=3), reference="PW-26-000003"),
        case(pw_info, 3, due=dt.date(2026, 4, 1), last_activity=at + dt.timedelta(days=2), reference=""),
    )
    assert ids(store.window("all", "due", limit=9)) == [3, 1, 2]
    assert ids(store.window("all", "activity", limit=9)) == [2, 3, 1]
    assert ids(store.window("all", "reference", limit=9)) == [2, 1, 3]


def test_authorities_sort_by_folded_name(store: Store, pw_info: Rules) -> None:
    import msgspec

    made = []
    for number, name in enumerate(["Österreich", "Łódź", "oslo", "Zug", "Ärzte"], start=1):
        found = case(pw_info, number)
        parts = tuple(
            msgspec.structs.replace(part, name=name) if part.role == "initiator" else part for part in found.parts
        )
        made.append(msgspec.structs.replace(found, parts=parts))
    put(store, *made)
    names = [row.counterpart for row in store.window("all", "authority", limit=9)]
    assert names == ["Ärzte", "Łódź", "oslo", "Österreich", "Zug"]


def test_positions_are_found_whichever_group_is_the_largest(store: Store, pw_info: Rules) -> None:
    at = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    states = ("awaiting_acceptance", "accepted", "replied", "closed")
    number = 0
    for largest in states:
        for state in (*states, *(largest,) * 5):
            number += 1
            put(store, case(pw_info, number, state, last_activity=at + dt.timedelta(minutes=number * 7 % 40)))
        for view in VIEWS:
            for sort in SORTS:
                whole = walk(store, view, sort, 100)
                assert [row.key for row in whole] == sorted(row.key for row in whole)
                found = [store.window_at(view, sort, offset, 3) for offset in range(len(whole) + 1)]
                assert found == [whole[offset : offset + 3] for offset in range(len(whole) + 1)], (view, sort)
                assert [store.before(view, sort, row.key) for row in whole] == list(range(len(whole)))
        for done in range(number - 8, number + 1):
            put(store, case(pw_info, done, "closed"))


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("step", [1, 3, 100])
def test_windows_meet_without_gap_or_repetition(store: Store, pw_info: Rules, sort: SortId, step: int) -> None:
    put(store, *(case(pw_info, number, reference="PW-26-000001" if number % 2 else "") for number in range(1, 11)))
    whole = walk(store, "all", sort, step)
    assert sorted(ids(whole)) == list(range(1, 11))
    assert [row.key for row in whole] == sorted(row.key for row in whole)
    before = whole[6].key
    assert store.window_before("all", sort, before=before, limit=step) == whole[max(0, 6 - step) : 6]
    assert store.window_before("all", sort, limit=step) == whole[-step:]
    for offset in range(12):
        assert store.window_at("all", sort, offset, step) == whole[offset : offset + step]
    assert store.window_at("all", sort, -1, step) == []


def test_one_case_at_two_desks_is_two_rows(store: Store, pw_info: Rules) -> None:
    from tests.tui.cache.world import session

    store.sync.set_session(session("de1", "fr1"))
    put(store, case(pw_info, 1))
    put(store, case(pw_info, 1), desk="fr1")
    for sort in SORTS:
        assert {row.desk for row in walk(store, "all", sort, 1)} == {"de1", "fr1"}
    assert store.find(" pw-26-000001") == [("de1", case_id(1)), ("fr1", case_id(1))]


def test_a_row_says_what_the_list_shows(store: Store, pw_info: Rules) -> None:
    found = case(pw_info, 7, "accepted", files=2)
    put(store, found)
    row = store.row(DE, case_id(7), "todo", "due")
    assert row is not None
    assert row == store.window("todo", "due", limit=1)[0]
    assert (row.reference, row.state, row.subject, row.country) == (
        "PW-26-000007",
        "accepted",
        "Establishment of Alpbau GmbH",
        "FR",
    )
    assert found.due is not None
    assert found.last_activity is not None
    assert row.due == found.due.isoformat()
    assert row.activity == found.last_activity.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (row.turn_mine, row.files, row.pending, row.rejected) == (True, 2, 0, 0)
    assert store.row(DE, "nothing", "todo", "due") is None
    assert store.row("nowhere", case_id(7), "todo", "due") is None


def test_a_change_moves_the_row(store: Store, pw_info: Rules) -> None:
    put(store, case(pw_info, 1, "accepted"))
    put(store, case(pw_info, 1, "replied"))
    counts = store.counts()
    assert (counts["to_answer"], counts["todo"], counts["waiting"], counts["all"]) == (0, 0, 1, 1)
    assert ids(walk(store, "all", "due", 5)) == [1]
    assert store.window("to_answer", "due", limit=5) == []


# Tables with a handful of rows, whatever the number of cases (`v` is a window, `j` a list); the full-text index is
# read in its own order, and its vocabulary from a word on (513: `term >= ?`).
SMALL = (
    r"(v$|c$|j VIRTUAL|words VIRTUAL TABLE|temp.terms VIRTUAL TABLE INDEX 513"
    r"|group_count|account|desk|meta|procedure|officer|partner|unwritten"
    r"|listing USING (COVERING )?INDEX listing_(own|unread)|l USING INDEX listing_own"
    r"|outbox USING (COVERING )?INDEX outbox_live|CONSTANT ROW)"
)


def parameters(sql: str) -> int:
    """How many values a statement takes."""
    numbered = [int(number) for number in re.findall(r"\?(\d+)", sql)]
    return max(numbered) if numbered else sql.count("?")


def test_nothing_a_screen_reads_scans_or_sorts(store: Store, pw_info: Rules) -> None:
    put(store, *(case(pw_info, number) for number in range(1, 6)))
    store.act(DE, case_id(1), "accept", answers={"agreed_days": 5})
    ran: list[str] = []

    def trace(cursor: object, sql: str, bindings: object) -> bool:
        ran.append(sql)
        return True

    key = store.window("all", "due", limit=3)[1].key
    for database in (store._cache, store._work):
        database.connection.exec_trace = trace
    for view, sort in ((view, sort) for view in VIEWS for sort in SORTS):
        store.window(view, sort, limit=3)
        store.window(view, sort, after=key, limit=3)
        store.window_before(view, sort, limit=3)
        store.window_before(view, sort, before=key, limit=3)
        store.window_at(view, sort, 1, 3)
        store.window_at(view, sort, 4, 3)
        store.row(DE, case_id(2), view, sort)
    store.counts()
    store.search("alpbau", 5)
    for line in (
        "alp geh",
        "country:FR state:accepted",
        "is:unread",
        "is:queued",
        "due:<5d is:todo",
        "alp due:<5d",
        "is:todo -country:AT",
        "-alpbau",
        "activity:<2w",
        '"alpbau gmbh" activity:<2w',
    ):
        store.search(line, 5)
    store.case(DE, case_id(1))
    store.find("PW-26-000001")
    store.mark_read(DE, case_id(2))
    for database in (store._cache, store._work):
        database.connection.exec_trace = None
    selects = {sql for sql in ran if sql.startswith("select")}
    assert len(selects) > 10
    for sql in selects:
        database = store._work if re.search(r"(from|join) (outbox|alias|personal|unwritten)", sql) else store._cache
        plan = [row[3] for row in database.rows("explain query plan " + sql, ("",) * parameters(sql))]
        assert not [line for line in plan if "TEMP B-TREE" in line], sql
        assert not [line for line in plan if line.startswith("SCAN") and not re.match("SCAN " + SMALL, line)], sql


def test_a_view_is_the_groups_whose_cases_are_in_it() -> None:
    places = [place for at in (*range(len(SORTS)), NAMES[1]) for place in slots(groups("all"), at)]
    assert len(set(places)) == len(places) == len(GROUPS) * (len(SORTS) + 1)
    for view in VIEWS:
        kept = "todo" if view in DATED else view
        assert groups(view), view
        assert [GROUPS[index] for index in groups(view)] == [views for views in GROUPS if kept in views]


def test_what_is_due_follows_the_day(home: Path, pw_info: Rules) -> None:
    clock = Clock(dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC))
    store = set_up(open_store(home, now=clock), pw_info)
    days = {1: -40, 2: -1, 3: 0, 4: SOON, 5: SOON + 1}
    today = dt.date(2026, 3, 10)
    put(store, *(case(pw_info, n, "accepted", due=today + dt.timedelta(days)) for n, days in days.items()))
    # What others have to do, and what nobody has to, is not late here.
    put(store, case(pw_info, 6, "replied", due=today), case(pw_info, 7, "accepted", due=None))
    put(store, case(pw_info, 8, "closed", due=today))
    for sort in SORTS:
        assert ids(store.window("overdue", sort, limit=9)) == [1, 2]
        assert ids(store.window("due_soon", sort, limit=9)) == [3, 4]
        assert ids(store.window_at("due_soon", sort, 1, 9)) == [4]
        assert [store.before("due_soon", sort, row.key) for row in store.window("due_soon", sort, limit=9)] == [0, 1]
    assert store.window_at("due_soon", "due", 2, 9) == store.window_at("overdue", "due", -1, 9) == []
    assert (store.counts()["overdue"], store.counts()["due_soon"]) == (2, 2)
    clock.at += dt.timedelta(days=1)
    assert ids(walk(store, "overdue", "due", 1)) == [1, 2, 3]
    assert ids(walk(store, "due_soon", "due", 1)) == [4, 5]
    last = store.window("due_soon", "due", limit=9)[-1].key
    assert ids(store.window_before("due_soon", "due", before=last, limit=9)) == [4]
    assert ids(store.window_before("overdue", "due", limit=2)) == [2, 3]
    assert (store.counts()["overdue"], store.counts()["due_soon"]) == (3, 2)
    other = open_store(home, now=clock)
    put(other, case(pw_info, 9, "accepted", due=today))
    assert store.counts()["overdue"] == 4, "another connection wrote"
    other.close()
    clock.at = dt.datetime(9999, 12, 31, tzinfo=dt.UTC) - dt.timedelta(hours=20)
    assert store.counts()["overdue"] == 6


def test_alerts_are_the_open_cases_of_their_lifecycle(store: Store, pw_info: Rules) -> None:
    import msgspec

    lifecycle = msgspec.structs.replace(pw_info.lifecycle, id="alert")
    alert = msgspec.structs.replace(
        pw_info, lifecycle=lifecycle, procedure=msgspec.structs.replace(pw_info.procedure, id="pw.alert")
    )
    store.sync.apply("directory", Page("d2", procedures=[procedure(alert)]))
    put(store, *(case(alert, number, state) for number, state in enumerate(("accepted", "replied", "closed"), 1)))
    put(store, case(pw_info, 4, "accepted"))
    assert sorted(ids(store.window("alerts", "due", limit=9))) == [1, 2]
    assert (store.counts()["alerts"], store.counts()["todo"], store.counts()["all"]) == (2, 2, 4)
    store.act(DE, case_id(2), "message", text="seen", lang="en")
    assert store.counts()["alerts"] == 2


def test_a_case_is_found_by_its_whole_reference(pw_info: Rules, store: Store) -> None:
    long = "PW-26-" + "7" * 40
    put(store, case(pw_info, 1), case(pw_info, 2, reference=long + "1"), case(pw_info, 3, reference=long + "2"))
    put(store, case(pw_info, 4, state="closed", reference=long + "2"))
    assert [int(id, 16) for _, id in store.find(f" {long.lower()}2")] == [3, 4]
    assert store.find(long) == store.find("") == store.find("PW-26-00000") == []
    assert store.find("PW-26-000001") == [(DE, case_id(1))]


def test_the_types_of_lists_name_what_there_is() -> None:
    tree = ast.parse(Path(model.__file__).read_text("utf-8"))
    named = {
        node.targets[0].id: {each.value for each in ast.walk(node.value) if isinstance(each, ast.Constant)}
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Subscript)
    }
    assert named["ViewId"] == set(VIEWS)
    assert named["SortId"] == set(SORTS)
    assert named["GroupId"] == set(model.GROUPINGS)


def test_bytes_that_are_no_letters_find_nothing_and_stop_nothing(store: Store, pw_info: Rules) -> None:
    """As a command line may have them."""
    set_up(store, pw_info)
    put(store, case(pw_info, 1))
    assert store.find("PW-\udcff") == []
