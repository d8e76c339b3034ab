"""Proofs: the list of cases, its views, search and marks, and moving in every list and page."""

from __future__ import annotations

from imi_tui.cache.model import VIEWS
from imi_tui.cache.store import Store
from imi_tui.names import country_name
from imi_tui.profile import Profile
from imi_tui.screens import routes
from imi_tui.widgets.document import Document
from imi_tui.widgets.line_list import LineList
from imi_tui.widgets.search_line import SearchLine
from tests.tui.actions.proofs import Desk, Steps, proves
from tests.tui.screens import filled


@proves("list.open")
async def open_(desk: Desk) -> Steps:
    """The case under the cursor."""
    await desk.press("down")
    row = desk.row
    yield "show", row.reference
    await desk.on("case")
    await desk.shows(row.reference)
    if not desk.commanded:
        assert desk.top.targets() == [(row.desk, row.id)], "another case opens than the one under the cursor"


@proves("list.search")
async def search(desk: Desk) -> Steps:
    """What is typed then is what is listed."""
    rows = desk.store.window("todo", "due", limit=9)
    other = rows[4]
    yield "list", "--search", other.reference
    await desk.paste(other.reference)
    await desk.shows(other.reference)
    assert rows[0].reference not in desk.seen(), "what does not fit is listed too"


@proves("list.mark")
async def mark(desk: Desk) -> Steps:
    """The case under the cursor."""
    await desk.press("down")
    row = desk.row
    yield ()
    assert desk.list.marked == {row.n}, "the case is not marked"


@proves("list.mark_range")
async def mark_range(desk: Desk) -> Steps:
    """From the case marked last."""
    rows = desk.store.window("todo", "due", limit=4)
    await desk.press("down", "space", "down")
    yield ()
    assert desk.list.marked == {row.n for row in rows[1:4]}, "other cases are marked than those from mark to cursor"


@proves("list.mark_all")
async def mark_all(desk: Desk) -> Steps:
    """Every case of the view."""
    yield ()
    assert len(desk.list.marked) == desk.store.counts()["todo"], "not every case is marked"


@proves("list.mark_matching")
async def mark_matching(desk: Desk) -> Steps:
    """What a search finds in the view."""
    row = desk.store.window("todo", "due", limit=3)[2]
    yield ()
    await desk.on("prompt")
    await desk.paste(row.reference)
    await desk.press("enter")
    assert desk.list.marked == {row.n}, "other cases are marked than the one that was searched for"


@proves("list.leave")
async def leave(desk: Desk) -> Steps:
    """Marks, then the search."""
    await desk.press("space")
    yield ()
    assert not desk.list.marked, "the marks are still there"


@proves("list.read")
async def read(desk: Desk) -> Steps:
    """The sign for news goes."""
    row = desk.row
    before = desk.store.marking.read([row.n])
    desk.store.marking.unread(before or [(row.n, True, 0)])
    await desk.calm()
    assert _unread(desk), "nothing is unread"
    yield "keep", row.reference, "--read"
    assert not _unread(desk), "it is still unread"


def _unread(desk: Desk) -> bool:
    return desk.store.window("todo", "due", limit=1)[0].unread


@proves("list.sort")
async def sort(desk: Desk) -> Steps:
    """By reference."""
    yield "list", "--sort", "reference"
    await desk.choose("reference")
    await desk.then("home")
    wanted = [row.reference for row in desk.store.window("todo", "reference", limit=6)]
    seen = desk.seen()
    places = [seen.find(reference) for reference in wanted]
    assert -1 not in places, "the first cases of that order are not listed"
    assert places == sorted(places), "the cases are in another order"


@proves(*(f"view.{number}" for number in range(1, 11)))
async def view(desk: Desk) -> Steps:
    """The view with that number."""
    assert desk.action is not None
    wanted = VIEWS[int(desk.action.id.partition(".")[2]) - 1]
    await desk.press("tab" if wanted == "todo" else "home")
    yield "list", "--view", wanted
    # A command knows no other day than today.
    store = Store.open(Profile(desk.home), filled.KEY) if desk.commanded else desk.store
    rows = store.window(wanted, "due", limit=3)
    if desk.commanded:
        store.close()
    await desk.shows(*(row.reference for row in rows))
    if not desk.commanded:
        assert desk.inbox.view == wanted, f"the view {desk.inbox.view!r} is shown"


@proves("view.next", "view.previous")
async def next_view(desk: Desk) -> Steps:
    """One on, or one back."""
    await desk.press("4")
    yield ()
    step = 1 if desk.action is not None and desk.action.id == "view.next" else -1
    assert desk.inbox.view == VIEWS[3 + step], f"the view {desk.inbox.view!r} is shown"


@proves("list.group")
async def group(desk: Desk) -> Steps:
    """By country."""
    assert desk.list.group is None
    yield ()
    await desk.choose("country")
    assert desk.list.group is not None, "the list has no groups"
    await desk.shows(country_name(desk.row.country, "en"))


@proves("group.fold", "group.fold_all")
async def fold(desk: Desk) -> Steps:
    """No case of the group, or of any, is to be seen."""
    await _grouped(desk)
    row, groups = desk.row, set(desk.list.groups)
    inside = {each.id for each in desk.store.window("todo", "due", limit=99) if each.country == row.country}
    await desk.shows(row.reference)
    yield ()
    folded = desk.inbox.hidden
    if desk.action is not None and desk.action.id == "group.fold_all":
        assert folded == groups, "not every group is folded"
    else:
        assert len(folded) == 1, f"{len(folded)} groups are folded"
        assert len(inside) < desk.store.counts()["todo"]
    assert row.reference not in desk.seen(), "the case is still to be seen"


@proves("group.next", "group.previous")
async def leap(desk: Desk) -> Steps:
    """To the first case of another group."""
    await _grouped(desk)
    first = desk.row.country
    await desk.press("ctrl+pagedown")
    second = desk.row.country
    assert second != first, "this is still the first group"
    yield ()
    if desk.action is not None and desk.action.id == "group.previous":
        assert desk.row.country == first, "it does not go back to the first group"
    else:
        assert desk.row.country not in (first, second), "it does not go to the third group"


async def _grouped(desk: Desk) -> None:
    await desk.press("t")
    await desk.choose("country")
    await desk.press("home")
    if desk.list.heading is not None:
        await desk.press("down")


@proves("view.keep")
async def keep(desk: Desk) -> Steps:
    """The search that is typed, under a name."""
    await desk.press("slash", *"pw")
    yield ()
    await desk.on("prompt")
    await desk.press(*"Wages", "enter")
    assert [(each.name, each.line) for each in desk.store.saved.all()] == [("Wages", "pw")], "the search is not kept"
    await desk.press("u")
    assert desk.store.saved.all() == [], "keeping it is not taken back"
    await desk.press("y")
    assert [each.name for each in desk.store.saved.all()] == ["Wages"], "it is not kept again"


@proves("view.rename")
async def rename(desk: Desk) -> Steps:
    """The own view that is shown."""
    await _own_view(desk)
    yield ()
    await desk.on("prompt")
    await desk.paste("Pay")
    await desk.press("enter")
    assert [each.name for each in desk.store.saved.all()] == ["Pay"], "the view has its old name"
    await desk.press("u")
    assert [each.name for each in desk.store.saved.all()] == ["Wages"], "the name is not taken back"
    assert "Wages" in desk.inbox.title_text()
    await desk.press("y")
    assert [each.name for each in desk.store.saved.all()] == ["Pay"], "it is not renamed again"


@proves("view.delete")
async def delete(desk: Desk) -> Steps:
    """The own view that is shown."""
    await _own_view(desk)
    yield ()
    assert desk.store.saved.all() == [], "the view is still there"


async def _own_view(desk: Desk) -> None:
    desk.store.saved.keep("Wages", "pw")
    await desk.calm()
    await desk.press("left")


@proves("search.complete", "search.complete_back")
async def complete(desk: Desk) -> Steps:
    """The first offer, or the last."""
    await desk.press("slash", *"ar")
    line = desk.top.query_one(SearchLine)
    offers = [offer.text for offer in line._offers.found]
    yield ()
    back = desk.action is not None and desk.action.id == "search.complete_back"
    assert line.value == offers[-1 if back else 0], f"the line is {line.value!r}"


LISTS = ("cases", "lines", "page")
"""The kinds of lists and pages that have the keys for moving."""


@proves("rows.up", "rows.down", "rows.page_up", "rows.page_down", "rows.first", "rows.last")
async def rows(desk: Desk) -> Steps:
    """The cursor, or what is to be seen of a page, goes that way."""
    assert desk.action is not None
    for kind in LISTS[1:]:
        # One key moves in all of them; the list of cases comes last, by whoever goes through this.
        await _to(desk, kind)
        before = place(desk)
        await desk.press(desk.way.key)
        moved(desk.action.id, before, place(desk), kind)
        await desk.press("escape")
    await desk.press("home", "pagedown", "pagedown", "pageup")
    before = place(desk)
    yield ()
    moved(desk.action.id, before, place(desk), "cases")


async def _to(desk: Desk, kind: str) -> None:
    if kind == "lines":
        await desk.open(routes.choose("Which?", [(str(number), str(number)) for number in range(60)], "30"))
    else:
        await desk.open(routes.read_lines("Lines", [str(number) for number in range(200)]))
        await desk.press("pagedown", "pagedown")


def place(desk: Desk) -> int:
    if desk.here == "inbox":
        return desk.list.index
    page = desk.top.query(Document)
    return page.first().scroll_offset.y if page else desk.top.query_one(LineList)._index


def moved(id: str, before: int, after: int, kind: str) -> None:
    forward = id in ("rows.down", "rows.page_down", "rows.last")
    assert (after > before) is forward, f"in {kind} it goes from {before} to {after}"
    assert after != before, f"in {kind} it does not move"
    step = abs(after - before)
    assert (step == 1) is (id in ("rows.up", "rows.down")), f"in {kind} it goes {step} rows"
