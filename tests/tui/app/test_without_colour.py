"""No meaning by colour alone: what two states differ in is seen when all colour is taken away.

Each state is looked at in a theme with colours of its own, where a terminal's reversed letters are not used either, and
only letters and attributes (bold, italic, underlined, reversed) are compared, in the place where the state is shown.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual._compositor import Compositor
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static
from textual.widgets._toast import Toast

from imi_core.authority import Seat
from imi_tui.cache.model import Row
from imi_tui.cache.store import Store
from imi_tui.screens import routes
from imi_tui.screens.case import CaseScreen
from imi_tui.viewmodel import rows
from imi_tui.widgets.authority_list import AuthorityList
from imi_tui.widgets.case_list import CaseList
from imi_tui.widgets.choice import Choice
from imi_tui.widgets.choice_list import ChoiceList
from imi_tui.widgets.document import Document
from imi_tui.widgets.entry import LineInput
from imi_tui.widgets.file_list import FileList
from imi_tui.widgets.form_view import FieldRow
from imi_tui.widgets.line_list import LineList
from imi_tui.widgets.question_list import QuestionList
from imi_tui.widgets.status_line import StatusLine
from imi_tui.widgets.tabs import TabLine
from imi_tui.widgets.views_column import ViewsColumn
from tests.effort import tries
from tests.tui.actions.desk import unpainted
from tests.tui.app.more_scenes import desk
from tests.tui.pictures import scenes
from tests.tui.pictures.scenes import Desk
from tests.tui.screens import filled
from tests.tui.screens.conftest import anyio_backend, english, home, seat, store, template

__all__ = ["anyio_backend", "english", "home", "seat", "store", "template"]

pytestmark = pytest.mark.anyio

Cell = tuple[str, tuple[bool | None, ...]]
Cells = list[list[Cell]]
Pair = tuple[str, Cells, Cells]
"""What the two states are, and how each looks."""


def bare(strip: Strip) -> list[Cell]:
    """A line cell by cell: letter and attributes, no colour."""
    out: list[Cell] = []
    for segment in strip:
        style = segment.style
        look = (style.bold, style.italic, style.underline, style.reverse) if style is not None else (None,) * 4
        look = tuple(bool(each) for each in look)
        for letter in segment.text:
            out += [(letter, look)] * cell_len(letter)
    return out


def cells(here: Desk, where: Widget | Region) -> Cells:
    """What stands in the place of a widget."""
    region = where if isinstance(where, Region) else where.region
    lines = [bare(strip) for strip in here.app.screen._compositor.render_strips()]
    return [line[region.x : region.right] for line in lines[region.y : region.bottom]]


def line_of(here: Desk, text: str, where: Widget | Region) -> Cells:
    """The only line there with this text."""
    found = [line for line in cells(here, where) if text in "".join(letter for letter, _look in line)]
    assert len(found) == 1, f"{len(found)} lines have {text!r}"
    return found


def states_of_a_row(store: Store) -> dict[str, Row]:
    """A case in each state that a list tells."""
    case = store.window("all", "due", limit=1)[0]
    plain = case._replace(
        due=(filled.TODAY - dt.timedelta(days=3)).isoformat(),
        turn_mine=False,
        unread=False,
        rejected=0,
        pending=0,
        files=0,
        tags=(),
    )
    return {
        "read": plain,
        "unread": plain._replace(unread=True),
        "late": plain._replace(turn_mine=True),
        "refused": plain._replace(rejected=1),
        "queued": plain._replace(pending=1),
    }


async def rows_of_the_list(here: Desk) -> list[Pair]:
    """The marks of a row alone, whatever else it says; then what the officer wrote about it."""
    drawn = here.app.screen.query_one(CaseList)._lines
    states = states_of_a_row(here.store)
    seen = {
        (name, cursor, marked): [bare(drawn.line(row, cursor=cursor, marked=marked))[: rows.MARKS]]
        for name, row in states.items()
        for cursor in (False, True)
        for marked in (False, True)
    }
    keys = list(seen)
    out = [
        (f"{one} and {other} in the list", seen[one], seen[other])
        for number, one in enumerate(keys)
        for other in keys[number + 1 :]
    ]
    plain = states["read"]
    for name, row in (("tag", plain._replace(tags=("paris",))), ("note", plain._replace(noted=True))):
        pair = [[bare(drawn.line(each, cursor=False, marked=False))] for each in (plain, row)]
        out.append((f"a {name} of one's own", pair[0], pair[1]))
    return out


async def views(here: Desk) -> list[Pair]:
    """The view that is shown."""
    column = here.app.screen.query_one(ViewsColumn)
    before = line_of(here, "To answer", column)
    await here.press("3")
    return [("the view that is shown", before, line_of(here, "To answer", column))]


async def first_line(here: Desk) -> list[Pair]:
    """What asks for attention in it; the words are compared by how they look."""
    line = here.app.screen.query_one(StatusLine)
    [found] = cells(here, line)
    text = "".join(letter for letter, _look in found)
    at, calm = text.index("1 refused"), text.index("1 queued")
    look = [[("", each) for _letter, each in found[start : start + 8]] for start in (calm, at)]
    return [("what asks for attention", [look[0]], [look[1]])]


async def said(here: Desk) -> list[Pair]:
    """What is told for some seconds, and what went wrong; both say the same here."""
    looks = []
    for severity in ("information", "warning", "error"):
        here.app.clear_notifications()
        here.app.notify("The same words", severity=severity, markup=False)  # type: ignore[arg-type]
        while not (
            found := [each for each in here.app.screen.query(Toast) if each.region and each.has_class(f"-{severity}")]
        ):
            await here.calm()
        looks.append(line_of(here, "The same words", found[0]))
    return [("what is told and what went wrong", looks[0], each) for each in looks[1:]]


async def groups(here: Desk) -> list[Pair]:
    """A group that is folded."""
    await here.press("t", "down", "enter", "home")
    found = here.app.screen.query_one(CaseList)
    before = line_of(here, "overdue", found)
    await here.press("ctrl+t")
    after = line_of(here, "overdue", found)
    await here.press("down")
    away = line_of(here, "overdue", found)
    await here.press("ctrl+t", "t", "home", "enter")
    return [("a group that is folded", before, away), ("the cursor on its heading", away, after)]


async def tabs(here: Desk) -> list[Pair]:
    """The page of a case that is shown; what is late in it."""
    await scenes.case(here)
    line = here.app.screen.query_one(TabLine)
    before = cells(here, line)
    await here.press("2")
    after = cells(here, line)
    screen = here.app.screen
    assert isinstance(screen, CaseScreen)
    now = screen.query_one("#now", Static)
    late = cells(here, now)
    await here.home()
    await here.open(routes.case(here.seat.desk, scenes.with_files(here.seat).id))
    calm = cells(here, here.app.screen.query_one("#now", Static))
    # The sign alone: what is to do differs anyway.
    return [("the page that is shown", before, after), ("what is late", [late[0][:3]], [calm[0][:3]])]


async def files(here: Desk) -> list[Pair]:
    """A file that is here, and one with personal data that is not."""
    await scenes.case_files(here)
    found = here.app.screen.query_one(FileList)
    there, away = line_of(here, "on this machine", found), line_of(here, "on the server", found)
    first, other = line_of(here, "A1 certificate", found), line_of(here, "Lønsedler", found)
    await here.press("down")
    return [
        ("where a file is", [there[0][:20]], [away[0][:20]]),
        ("personal data", [end_of(there[0], 13)], [end_of(away[0], 13)]),
        ("the file under the cursor", [first[0][:2]], [other[0][:2]]),
        ("the cursor that went on", first, line_of(here, "A1 certificate", found)),
    ]


def end_of(line: list[Cell], count: int) -> list[Cell]:
    """The last letters."""
    length = len("".join(letter for letter, _look in line).rstrip())
    return line[length - count : length]


async def form(here: Desk) -> list[Pair]:
    """Fields of a form: personal, needed, at hand; a question that is picked."""
    await scenes.compose_form(here)
    fields = [row for row in here.app.screen.query(FieldRow) if row.display and row.region.height]
    row = next(row for row in fields if isinstance(row.control, Choice) and not row.control.many)
    out: list[Pair] = []
    before = cells(here, row)
    row.control.focus()
    await here.calm()
    out.append(("the field at hand, a choice", before, cells(here, row)))
    line = next(row for row in fields if isinstance(row.control, LineInput) and row.region.height)
    line.control.focus()
    await here.calm()
    before = cells(here, line)
    await here.press("tab")
    out.append(("the field at hand, a line", before, cells(here, line)))
    for row in here.app.screen.query(FieldRow):
        label = str(row.query_one(".label", Static).content)
        assert (row.view.personal, row.view.mark) == ("!" in label[-2:], label[-1:] if label[-1:] in "*+" else ""), (
            label
        )
    await here.press("f7")
    bank = here.app.screen.query_one(QuestionList)
    before = cells(here, bank)
    await here.press("space")
    # The box alone.
    boxes = [[line[:6] for line in each[1:3]] for each in (before, cells(here, bank))]
    return [*out, ("a question that is picked", boxes[0], boxes[1])]


async def problem(here: Desk) -> list[Pair]:
    """What is wrong with an answer: a sign and words, where nothing was."""
    await scenes.reply(here)
    row = next(iter(here.app.screen.query(FieldRow)))
    choice = row.query_one(Choice)
    before = cells(here, choice)
    await here.press("space")
    out = [("what is chosen", before, cells(here, choice))]
    await here.press("f8")
    wrong = [str(each.content) for each in here.app.screen.query(".problem").results(Static) if each.display]
    assert wrong
    assert all(text.startswith("^ ") for text in wrong)
    return out


async def lines(here: Desk) -> list[Pair]:
    """A line to write in: with what stands in it selected, and not."""
    await scenes.days(here)
    field = here.app.screen.query_one(LineInput)
    selected = cells(here, field)
    await here.press("end")
    return [("what the next key replaces", [selected[0][:2]], [cells(here, field)[0][:2]])]


async def lists(here: Desk) -> list[Pair]:
    """The entry under the cursor of a list, one refused, one that waits."""
    await scenes.outbox(here)
    found = here.app.screen.query_one(LineList)
    waits, refused = line_of(here, "PW-26-000046", found), line_of(here, "PW-26-000040", found)
    await here.press("down")
    return [
        ("refused and waiting", [waits[0][2:4]], [refused[0][2:4]]),
        ("the entry under the cursor", refused, line_of(here, "PW-26-000040", found)),
    ]


async def choices(here: Desk) -> list[Pair]:
    """The answer under the cursor, while it is there and while a line above has the focus."""
    await here.press("b")
    found = here.app.screen.query_one(ChoiceList)
    first = [cells(here, found)[0]]
    await here.press("down")
    out = [("the answer under the cursor", first, [cells(here, found)[0]])]
    await here.home()
    await scenes.menu(here)
    found = here.app.screen.query_one(ChoiceList)
    before = cells(here, found)
    await here.press("down")
    return [*out, ("the action under the cursor", before[1:3], cells(here, found)[1:3])]


async def authorities(here: Desk) -> list[Pair]:
    """An authority that is remembered, and what matched of its name."""
    await scenes.authorities(here)
    found = here.app.screen.query_one(AuthorityList)
    before = cells(here, found)
    assert {look[2] for line in before for _letter, look in line} == {True, False}, "what matched is underlined"
    first = found.item
    assert first is not None
    here.store.partners.remember(first.id)
    await here.home()
    await scenes.authorities(here)
    found = here.app.screen.query_one(AuthorityList)
    after = cells(here, found)
    here.store.partners.forget(first.id)
    return [("a remembered authority", before[:3], after[:3])]


async def pages(here: Desk) -> list[Pair]:
    """On a page: what others wrote, a heading, what is late."""
    await scenes.case_whole(here)
    page = here.app.screen.query_one(Document)
    looks = {name: page._style(name).without_color for name in ("plain", "heading", "quiet", "alarm")}  # type: ignore[arg-type]
    assert len({(each.bold, each.italic) for each in looks.values()}) == 3, "an alarm begins with a sign, too"
    foreign = [line for line in cells(here, page) if "│" in [letter for letter, _look in line]]
    assert foreign, "what others wrote stands behind a line"
    return []


STATES: tuple[Callable[[Desk], Awaitable[list[Pair]]], ...] = (
    rows_of_the_list,
    views,
    first_line,
    said,
    tabs,
    files,
    form,
    problem,
    lines,
    lists,
    choices,
    authorities,
    pages,
    groups,
)


@pytest.mark.parametrize("theme", tries(["dark"], ["dark", "none", "contrast-light"]))
async def test_states_differ_without_any_colour(
    store: Store, home: Path, seat: Seat, theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Compositor, "render_update", unpainted)
    same: list[str] = []
    async with desk(store, seat, home, theme=theme) as here:
        for state in STATES:
            await here.home()
            same += [f"{state.__name__}: {what}" for what, one, other in await state(here) if one == other]
    assert not same, "\n".join(same)
