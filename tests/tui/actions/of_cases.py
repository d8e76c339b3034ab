"""Proofs: what is done with a case, from the list and from the case itself."""

from __future__ import annotations

import datetime as dt
import shutil
import stat
from pathlib import Path

from imi_tui.cache.ids import ASSIGN, TRANSLATE
from imi_tui.cache.model import Row
from imi_tui.cache.sync import Page
from imi_tui.outside import opening, printing
from imi_tui.screens import routes
from imi_tui.screens.case import TABS
from imi_tui.viewmodel import exporting
from tests.tui.actions.desk import COLLEAGUE
from tests.tui.actions.proofs import Desk, Steps, proves
from tests.tui.actions.screens import there
from tests.tui.screens import filled
from tests.tui.screens.test_case_screen import a_case
from tests.tui.screens.test_files_tab import CONTENT, arrive, put_files
from tests.tui.screens.test_handing_over import beside
from tests.tui.screens.test_translating import foreign, given


async def at_hand(desk: Desk) -> Row:
    """The second case of the list, under the cursor or open."""
    if desk.scope == "case":
        await there(desk)
    elif desk.list.index != 1:
        await desk.press("home", "down")
    return desk.row


@proves("case.tag", keeps=True)
async def tag(desk: Desk) -> Steps:
    """Tags of that case."""
    row = await at_hand(desk)
    yield "keep", row.reference, "--tag", "paris"
    await desk.then(*"paris", "enter")
    assert desk.store.personal.with_tag("paris") == [(row.desk, row.id)], "the case does not have the tag"


@proves("case.note", keeps=True)
async def note(desk: Desk) -> Steps:
    """The note of that case."""
    row = await at_hand(desk)
    yield "keep", row.reference, "--note", "call"
    await desk.then(*"call", "enter")
    assert desk.store.personal.with_note() == [(row.desk, row.id)], "the case does not have the note"


@proves("case.put_off")
async def put_off(desk: Desk) -> Steps:
    """That case."""
    row = await at_hand(desk)
    until = (dt.date.today() + dt.timedelta(days=1)).isoformat()  # noqa: DTZ011
    yield "keep", row.reference, "--until", until
    if not desk.commanded:
        await desk.on("confirm")
    await desk.then("enter")
    await desk.until(lambda: desk.store.window("put_off", "due", limit=9), "nothing is put off", quick=True)
    assert [each.id for each in desk.store.window("put_off", "due", limit=9)] == [row.id], "another case is put off"


@proves("case.assign", "here.assign", keeps=True)
async def assign(desk: Desk) -> Steps:
    """To a colleague."""
    row = await at_hand(desk)
    yield "assign", row.reference, "--to", "Huber", "--no-sync"
    await desk.choose(COLLEAGUE)
    _assigned(desk, row, COLLEAGUE)


@proves("case.take", "here.take", keeps=True)
async def take(desk: Desk) -> Steps:
    """By the officer."""
    row = await at_hand(desk)
    yield "assign", row.reference, "--me", "--no-sync"
    _assigned(desk, row, filled.OFFICER["id"])


def _assigned(desk: Desk, row: Row, officer: str) -> None:
    found = [(item.case_id, item.action, item.payload.get("officer")) for item in desk.store.outbox()]
    assert found == [(row.id, ASSIGN, officer)], f"the outbox has {found}"


@proves("case.next", "case.previous")
async def neighbour(desk: Desk) -> Steps:
    """The case after it in the list, or the one before."""
    rows = desk.store.window("todo", "due", limit=3)
    await at_hand(desk)
    yield ()
    wanted = rows[2 if desk.action is not None and desk.action.id == "case.next" else 0]
    assert desk.top.targets() == [(wanted.desk, wanted.id)], "it is not the neighbour that is open"
    await desk.shows(wanted.reference)


@proves("case.original", keeps=True)
async def original(desk: Desk) -> Steps:
    """The question as it was written."""
    case = a_case(desk.seat, "accepted")
    rules = next(each for each in filled.all_rules() if each.procedure.id == case.procedure)
    question = rules.procedure.question(case.questions[0])
    assert question is not None
    wire = filled.procedure_wire(rules)
    wire["labels"] = {"de": {f"{case.procedure}.question.{question.id}": "Auf Deutsch gefragt"}}
    desk.store.sync.apply("directory", Page("d3", procedures=[wire]))
    desk.app.context.language = "de"
    desk.app.write_again()
    await desk.open(routes.case(desk.seat.desk, case.id, "questions"))
    await desk.shows("Auf Deutsch gefragt")
    before = desk.seen()
    yield ()
    desk.app.context.language = "en"
    assert question.text[:20] not in before, "the original is shown anyway"
    await desk.shows(question.text[:20])


@proves("case.translate", keeps=True)
async def translate(desk: Desk) -> Steps:
    """A request in another language, of which the server's service makes a translation."""
    given(desk.store, desk.seat)
    case, entry = foreign(desk.store, desk.seat)
    await desk.open(routes.case(desk.seat.desk, case.id))
    woken = desk.woken
    yield "translate", case.reference, "--no-sync"
    wishes = desk.store.translations.unasked()
    asked = {(each.case_id, each.entry, each.lang) for each in wishes}
    for wish in wishes:
        desk.store.translations.asked(wish)
    assert (case.id, entry["id"], "en") in asked, f"asked for is {asked}"
    assert desk.commanded or desk.woken > woken, "nobody goes to the server for it"


@proves("case.own_translation", keeps=True)
async def own_translation(desk: Desk) -> Steps:
    """The first text of that request, in the officer's words."""
    case, entry = foreign(desk.store, desk.seat)
    await desk.open(routes.case(desk.seat.desk, case.id))
    yield "translate", case.reference, "--own", "1", "By hand", "--no-sync"
    await desk.choose("0")
    await desk.on("phrase")
    await desk.then(*"By", "space", *"hand", "f8")
    found = [(item.case_id, item.action, item.payload) for item in desk.store.outbox()]
    assert [each[:2] for each in found] == [(case.id, TRANSLATE)], f"the outbox has {found}"
    assert (found[0][2]["entryId"], found[0][2]["lang"]) == (entry["id"], "en")
    assert list(found[0][2]["texts"].values()) == ["By hand"]


@proves("case.related", keeps=True)
async def related(desk: Desk) -> Steps:
    """Those that share something with it."""
    id = beside(desk.store, desk.seat, a_case(desk.seat, "accepted"))
    await desk.open(routes.case(desk.seat.desk, id))
    yield "show", "PW-26-900000"
    await desk.on("confirm")
    await desk.shows("PW-26-900005")
    await desk.then("enter")
    if not desk.commanded:
        assert desk.top.targets() != [(desk.seat.desk, id)], "no related case opens"


@proves("case.copy", keeps=True)
async def copy(desk: Desk) -> Steps:
    """The reference, which is first."""
    row = await at_hand(desk)
    yield ()
    await desk.choose("0")
    assert desk.app.clipboard == row.reference, f"the clipboard has {desk.app.clipboard!r}"
    desk.app.copy_to_clipboard("")


@proves("case.print", keeps=True)
async def print_(desk: Desk) -> Steps:
    """On the printer, which keeps what it is given."""
    row = await at_hand(desk)
    paper = desk.home / "paper.pdf"
    desk.patch.setattr(
        printing, "PLACES", str(a_program(desk.home, "lp", f"cat > {paper}.part\nmv {paper}.part {paper}"))
    )
    yield "print", row.reference, "--summary"
    await desk.choose("summary")
    await desk.until(paper.exists, "nothing is printed")
    await desk.until(lambda: desk.store.exports.log()[0].state == "done", "that it was printed is not noted")
    paper.unlink()


def a_program(home: Path, name: str, lines: str) -> Path:
    """The folder of a program of the machine that does `lines`."""
    folder = home / "bin"
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{lines}\n", "utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return folder


@proves(*(f"tab.{number}" for number in range(1, 7)), "tab.next", "tab.previous", keeps=True)
async def tab(desk: Desk) -> Steps:
    """The page of that tab."""
    assert desk.action is not None
    await at_hand(desk)
    name = desk.action.id.partition(".")[2]
    wanted = {"next": 3, "previous": 1}.get(name) or int(name)
    await desk.press("2" if wanted != 2 else "1")
    yield ()
    assert desk.top._tab == wanted - 1, f"the tab {TABS[desk.top._tab][0]!r} is shown"
    await desk.shows(f"[{TABS[wanted - 1][1]}")


@proves("case.like", keeps=True)
async def like(desk: Desk) -> Steps:
    """A new case with the answers of this one."""
    case = a_case(desk.seat, "accepted")
    await desk.open(routes.case(desk.seat.desk, case.id))
    yield ()
    await desk.calm()
    if desk.here == "confirm":
        await desk.choose("plain")
    await desk.on("compose")
    assert desk.top.work.draft.answers.get("company") == case.request["company"], "its answers are not there"


@proves("case.export", keeps=True)
async def export(desk: Desk) -> Steps:
    """That case, into a file."""
    row = await at_hand(desk)
    folder = desk.home / "out"
    folder.mkdir(exist_ok=True)
    yield "export", row.reference, "--to", str(folder), "--format", "json", "--no-fetch"
    if desk.scope == "inbox":
        await desk.choose("case")
    await desk.on("export", row.reference)
    await desk.shows(row.reference)


@proves("app.exports", keeps=True)
async def exports(desk: Desk) -> Steps:
    """What left this machine."""
    number = desk.store.exports.begin("case", "pdf", "PW-26-777777", (), "/tmp")
    desk.store.exports.failed(number)
    await at_hand(desk)
    yield "export", "--log"
    await desk.shows("PW-26-777777")
    await desk.on("help")


@proves("export.write", "export.change")
async def write(desk: Desk) -> Steps:
    """The file is there."""
    folder = desk.home / "written"
    folder.mkdir(exist_ok=True)
    desk.store.remember(exporting.MEMO, f'{{"folder": "{folder}", "case": "json"}}')
    await there(desk)
    yield "export", desk.row.reference, "--to", str(folder), "--format", "json", "--no-fetch"
    await desk.until(lambda: list(folder.glob("*.json")), "no file is written")
    await desk.until(lambda: desk.store.exports.log()[0].state == "done", "that it was written is not noted")
    for file in folder.iterdir():
        file.unlink()


@proves("file.read", "file.save", "file.open", "file.drop", "file.fetch", keeps=True)
async def file(desk: Desk) -> Steps:
    """A file that is here, or for `file.fetch` one that is not."""
    assert desk.action is not None
    name = desk.action.id.partition(".")[2]
    id, [wire] = put_files(desk.store, desk.seat, False)
    if name != "fetch":
        desk.store.files.want(desk.seat.desk, id, wire)
        arrive(desk.store)
    await desk.open(routes.case(desk.seat.desk, id, "files"))
    folder = desk.home / "saved"
    folder.mkdir(exist_ok=True)
    shown = desk.home / "shown"
    desk.patch.setattr(
        opening, "PLACES", str(a_program(desk.home, "xdg-open", f'cat "$1" > {shown}.part\nmv {shown}.part {shown}'))
    )
    desk.patch.setenv("DISPLAY", ":9")
    yield "save", desk.top.title_text(), "1", "--to", str(folder)
    match name:
        case "fetch":
            assert desk.store.files.state(wire).where == "wanted", "nobody asks for the file"
        case "read":
            await desk.until(lambda: desk.here != "case", "the text of the file does not open")
            await desk.shows("Certificate of Anna")
        case "save":
            await desk.paste(str(folder))
            await desk.then("enter")
            assert [each.read_bytes() for each in folder.iterdir()] == [CONTENT], "the file is not in the folder"
            shutil.rmtree(folder)
        case "open":
            await desk.until(shown.exists, "no program is given the file")
            assert shown.read_bytes() == CONTENT
            shown.unlink()
        case "drop":
            assert desk.store.files.state(wire).where == "server", "the copy is still here"
    if name != "drop":
        desk.store.files.cancel(wire)
