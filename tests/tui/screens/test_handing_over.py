"""Related cases, what can be copied, and printing: on a real cache, with real programs."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest

from imi_core.case import Case, to_wire
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from imi_tui.export import printed
from imi_tui.outside import printing
from imi_tui.outside.errors import NotHandedOut
from imi_tui.screens.case import CaseScreen
from imi_tui.viewmodel.copying import MOST, cleaned, pieces
from imi_tui.viewmodel.related import related
from imi_tui.viewmodel.view import View
from imi_tui.widgets.choice_list import ChoiceList
from tests.tui.screens import filled
from tests.tui.screens.test_case_screen import a_case, opened
from tests.tui.screens.test_inbox_screen import running, settled, text_of

pytestmark = pytest.mark.anyio
ASKED = {
    "company": "Quirlwerk Montage GmbH",
    "company_vat": "XX777123777",
    "workers": "Zebulon Anderlecht, 1980-01-01, A1 1\nSolo, x",
}
OTHERS: dict[str, dict[str, Any]] = {
    "undertaking": {"company": "QUIRLWERK Montage, GmbH"},
    "number": {"company": "Something else", "company_vat": "xx777123777"},
    "person": {"company": "Something else", "representative": "Anderlecht Zebulon"},
    "named": {"justification": "As in PW-26-900000."},
    "names": {"company": "Nobody knows"},
    "": {"company": "Quirlwerk Handel GmbH", "justification": "Montage", "workers": "Solo"},
}
"""Requests of other cases by what they share with the first."""


def beside(store: Store, seat: Any, base: Case, text: str = "See also PW-26-900005.") -> str:
    """Put a case and its relatives into the cache; the id of the first."""
    wire = to_wire(base)
    first = {**wire, "id": "f" * 32, "reference": "PW-26-900000", "request": {**ASKED, "justification": text}}
    cases = [first]
    for number, request in enumerate(OTHERS.values(), 1):
        cases.append({**wire, "id": f"{number:032x}", "reference": f"PW-26-90000{number}", "request": request})
    store.sync.apply(seat.desk, Page("s2", cases=cases))
    while store.sync.index_pending(500):
        pass
    return "f" * 32


@pytest.fixture
def case(seat: Any) -> Case:
    return a_case(seat, "accepted")


def test_cases_of_the_same_company_person_number_or_reference_are_found_and_no_others(
    store: Store, seat: Any, case: Case
) -> None:
    detail = store.case(seat.desk, beside(store, seat, case))
    assert detail is not None
    found = related(store, detail)
    assert {near.reference: near.why for near in found} == {
        f"PW-26-90000{number}": why for number, why in enumerate(OTHERS, 1) if why
    }
    assert {near.why for near in found[:2]} == {"names", "named"}, "those that one of the two names come first"
    other = store.case(seat.desk, case.id)
    assert other is not None
    assert not {near.reference for near in related(store, other)} & {near.reference for near in found}


def test_one_question_to_the_index_finds_them(store: Store, seat: Any, case: Case) -> None:
    beside(store, seat, case)
    having = store.related.having
    found = having(seat.desk, ["montage quirlwerk", "zebulon"], 10)
    assert len(found) == 4
    assert found == having(seat.desk, ["QUIRLWERK Montage", "Zebulon"], 10)
    assert len(having(seat.desk, ["GmbH Montage", 'a" OR bbbb*', "() NOT"], 10)) == 3
    assert having(seat.desk, ["x y z", ""], 10) == [], "short words say nothing"
    theirs = {**to_wire(case), "id": "e" * 32, "reference": "PW-26-900099", "request": ASKED}
    store.sync.apply("fr-another_pw", Page("s1", cases=[theirs]))
    while store.sync.index_pending(500):
        pass
    assert having("fr-another_pw", ["Quirlwerk"], 10) == ["e" * 32]
    assert "e" * 32 not in having(seat.desk, ["Quirlwerk"], 20), "another desk's cases serve another purpose"
    assert having("unknown", ["Quirlwerk"], 10) == []


async def test_related_cases_open_on_top_and_have_no_neighbours(
    store: Store, home: Path, seat: Any, case: Case
) -> None:
    id = beside(store, seat, case)
    async with running(store, home, size=(120, 40)) as (app, pilot):
        await opened(app, pilot, msgspec.structs.replace(case, id=id), seat)
        await pilot.press("v")
        await settled(pilot)
        assert "same person" in text_of(app)
        await pilot.press("enter")
        await settled(pilot)
        screen = app.screen
        assert isinstance(screen, CaseScreen)
        assert "PW-26-900005" in text_of(app).splitlines()[0]
        assert not screen.situation().flags & {"next", "previous"}
        await pilot.press("escape", "6", "end")
        await settled(pilot)
        assert "Related cases" in text_of(app)


def a_view(store: Store, seat: Any, id: str) -> View:
    """The case as its screen shows it."""
    detail = store.case(seat.desk, id)
    assert detail is not None
    rules = store.rules(detail.case["procedure"])
    return View(detail, rules, ("en",), filled.TODAY, store.authority)


def test_pieces_say_what_may_be_personal_and_are_clean(store: Store, seat: Any, case: Case) -> None:
    id = beside(store, seat, case, text="Bad \x1b]52;c;AAAA\x07 \u202e text")
    found = {piece.name: piece for piece in pieces(a_view(store, seat, id))}
    assert found["Reference"] == ("Reference", "PW-26-900000", False)
    assert not found["Undertaking"].personal
    assert found["Workers (! personal)"].personal
    assert found["Reason for the request"].personal, "what is written freely may be about anybody"
    assert found["The whole case as text"].personal
    for piece in found.values():
        assert not set(piece.text) & {"\x1b", "\x07", "\u202e", "\u009d"}
    assert len(cleaned("x" * 10 * MOST)) == MOST


async def test_copying_is_chosen_asked_where_personal_and_noted(
    store: Store, home: Path, seat: Any, case: Case
) -> None:
    async with running(store, home) as (app, pilot):
        await opened(app, pilot, case, seat)
        await pilot.press("b", "enter")
        await settled(pilot)
        assert app.clipboard == case.reference
        await pilot.press("b", "end", "enter")
        await settled(pilot)
        assert "may hold personal data" in " ".join(text_of(app).split())
        await pilot.press("enter")
        await settled(pilot)
        assert app.clipboard == case.reference, "the first answer does nothing"
        await pilot.press("b", "end", "enter", "end", "enter")
        await settled(pilot)
        assert case.request["subject"] in app.clipboard
        noted = store.exports.of_case(seat.desk, case.id)
        assert [(each.kind, each.state, each.path) for each in noted] == [("copy", "done", "clipboard")] * 2
        assert not any(case.request["subject"] in each.what for each in noted), "that it was copied, not what"


async def test_an_office_can_switch_the_clipboard_off(store: Store, home: Path, seat: Any, case: Case) -> None:
    async with running(store, home, clipboard=False) as (app, pilot):
        await opened(app, pilot, case, seat)
        await pilot.press("b")
        await settled(pilot)
        assert isinstance(app.screen, CaseScreen)
        assert app.clipboard == ""


@pytest.fixture
def printer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A printing command that keeps what it was given."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "lp"
    lines = (
        "#!/bin/sh",
        "PATH=/usr/bin:/bin",
        f'echo "$@" > {tmp_path}/args',
        f"cat > {tmp_path}/paper.pdf",
        f"env > {tmp_path}/env",
    )
    program.write_text("\n".join(lines) + "\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(printing, "PLACES", str(folder))
    return tmp_path


def test_a_case_is_printed_whole_or_without_what_is_personal(
    store: Store, seat: Any, case: Case, printer: Path
) -> None:
    detail = store.case(seat.desk, case.id)
    assert detail is not None

    def made(*, personal: bool) -> str:
        job = printed.job(store, detail, personal=personal, language="en", server="", today=filled.TODAY)
        return str(job.document) + str(job.files)

    worker = str(case.request["workers"]).split(",")[0]
    assert worker in made(personal=True)
    assert worker not in made(personal=False)
    assert case.request["justification"] not in made(personal=False)
    said = [entry["text"]["text"] for entry in detail.entries if entry.get("text")]
    assert said
    assert all(each in made(personal=True) and each not in made(personal=False) for each in said)
    assert case.request["company"] in made(personal=False)
    job = printed.job(store, detail, personal=False, language="en", server="", today=filled.TODAY)
    command, _digest = printed.send(job)
    assert command.endswith("/lp")
    assert (printer / "paper.pdf").read_bytes().startswith(b"%PDF-")
    assert (printer / "args").read_text().split() == ["-t", case.reference]


def test_a_printer_that_refuses_or_is_missing_is_told(printer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotHandedOut) as refused:
        printing.print_document(b"x", "t", command="/bin/false")
    assert refused.value.code == "notPrinted"
    given = {"LESSOPEN": "| evil", "HOME": "/tmp"}
    printing.print_document(b"x", "-o raw; $(id)", environment=given)
    assert "LESSOPEN" not in (printer / "env").read_text()
    assert (printer / "args").read_text().startswith("-t o raw")
    monkeypatch.setattr(printing, "PLACES", str(printer))
    with pytest.raises(NotHandedOut) as missing:
        printing.print_document(b"x", "t")
    assert missing.value.code == "noPrinter"


async def test_printing_is_chosen_in_the_case_and_noted(
    store: Store, home: Path, seat: Any, case: Case, printer: Path
) -> None:
    async with running(store, home) as (app, pilot):
        await opened(app, pilot, case, seat)
        await pilot.press("p")
        await settled(pilot)
        assert app.screen.query_one(ChoiceList).size.height == 2
        assert "nothing that was written freely" in text_of(app), "what an answer leaves out is never cut"
        await pilot.resize_terminal(60, 24)
        await pilot.press("escape", "p")
        await settled(pilot)
        assert app.screen.query_one(ChoiceList).size.height == 4, "it has more lines where there is no room"
        await pilot.press("enter")
        await app.workers.wait_for_complete()
        await settled(pilot)
        [entry] = store.exports.of_case(seat.desk, case.id)
        assert (entry.kind, entry.state, entry.path.rpartition("/")[2]) == ("print", "done", "lp")


async def test_the_original_wording_shows_and_goes_by_a_key(store: Store, home: Path, seat: Any, case: Case) -> None:
    rules = next(each for each in filled.all_rules() if each.procedure.id == case.procedure)
    question = rules.procedure.question(case.questions[0])
    assert question is not None
    wire = filled.procedure_wire(rules)
    wire["labels"] = {"de": {f"{case.procedure}.question.{question.id}": "Auf Deutsch gefragt"}}
    store.sync.apply("directory", Page("d2", procedures=[wire]))
    async with running(store, home, size=(200, 40), language="de") as (app, pilot):
        await opened(app, pilot, case, seat)
        await pilot.press("2")
        await settled(pilot)
        assert "1 Auf Deutsch gefragt" in text_of(app)
        assert question.text not in text_of(app)
        await pilot.press("n")
        await settled(pilot)
        assert f"[English] {question.text}" in " ".join(text_of(app).split())
        await pilot.press("n")
        await settled(pilot)
        assert question.text not in text_of(app)
