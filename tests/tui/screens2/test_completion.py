"""Completing fields from own cases, on a real cache."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from imi_core.authority import Seat
from imi_core.case import to_wire
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from imi_tui.forms import completion
from imi_tui.forms.form import FormModel
from imi_tui.viewmodel import inserting
from tests.tui.screens import filled

FORMS = {rules.procedure.id: rules.procedure.request for rules in filled.all_rules()}
PW = FORMS["pw.info"]


def put(store: Store, seat: Seat, number: int, request: dict[str, Any], level: str = "full", desk: str = "") -> None:
    """One more case, of this activity: a higher number is a later one."""
    case, _entries = next(pair for pair in filled.demo(seat, 120) if pair[0].level == "full")
    at = f"2027-01-01T00:{number:02}:00Z"
    changed = msgspec.structs.replace(case, id=f"{number:032x}", request=request, subject="x", level=level)
    wire = {**to_wire(changed), "lastActivity": at, "reference": f"PW-27-{number:06}"}
    store.sync.apply(desk or seat.desk, Page(f"more{number}", cases=[wire]))
    while store.sync.index_pending(500):
        pass


def values(store: Store, seat: Seat, typed: str, field: str = "company", procedure: str = "pw.info") -> list[str]:
    return [each.value for each in completion.known(store, seat.desk, FORMS[procedure], field, typed)]


def test_a_company_is_found_folded_latest_first_and_once(store: Store, seat: Seat) -> None:
    put(store, seat, 1, {"company": "Björk Bygg AB", "company_vat": "SE1"})
    put(store, seat, 2, {"company": "Bjorkhus OY"})
    put(store, seat, 3, {"company": "BJÖRK  BYGG ab", "company_vat": "SE2", "company_address": "Gata 1"})
    put(store, seat, 4, {"company": "Other", "representative": "Björk"})
    found = completion.known(store, seat.desk, PW, "company", "bjork")
    assert [each.value for each in found] == ["BJÖRK  BYGG ab", "Bjorkhus OY"]
    assert found[0].beside == {"company_address": "Gata 1", "company_vat": "SE2"}
    assert values(store, seat, "bygg BJÖ") == ["BJÖRK  BYGG ab"]
    assert values(store, seat, "")[:2] == ["Other", "BJÖRK  BYGG ab"]
    assert values(store, seat, "bjork", "representative") == ["Björk"]
    assert len(values(store, seat, "")) == completion.SHOWN


def test_what_only_a_label_says_takes_no_room(store: Store, seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, seat, 1, {"company": "Other Services Ltd"})
    put(store, seat, 2, {"company": "Ferme", "sector": "services"})
    assert [int(row.id, 16) for row in store.search("other servi", 1)] == [2], "by the label of its sector"
    monkeypatch.setattr(completion, "LOOKED_AT", 1)
    assert values(store, seat, "other servi") == ["Other Services Ltd"]


def test_a_summary_gives_nothing(store: Store, seat: Seat) -> None:
    put(store, seat, 1, {"company": "Geheimbau", "workers": "Anna"}, level="summary")
    assert store.search("geheimbau"), "the list finds it"
    assert values(store, seat, "geheimbau") == []


def test_another_desk_of_the_same_officer_gives_nothing(store: Store, seat: Seat) -> None:
    other = filled.a_desk("FR", "pq")
    store.sync.set_session(filled.session(seat, other))
    put(store, seat, 1, {"company": "Nachbarbau"}, desk=other.desk)
    assert store.search("nachbarbau")
    assert values(store, seat, "nachbarbau") == []
    assert [each.value for each in completion.known(store, other.desk, PW, "company", "nachbarbau")] == ["Nachbarbau"]


@pytest.mark.parametrize(
    ("procedure", "field", "beside"),
    [
        ("pw.info", "company", ("company_address", "company_register", "company_vat")),
        ("pw.info", "representative", ()),
        ("pw.info", "company_vat", ()),
        ("pr.info", "provider", ("provider_address",)),
        ("pr.info", "family_name", ("first_names", "birth_name", "birth_date", "register_number")),
    ],
)
def test_what_belongs_together_comes_together(procedure: str, field: str, beside: tuple[str, ...]) -> None:
    assert completion.companions(FORMS[procedure], field) == beside


def test_only_what_names_something_is_completed() -> None:
    assert completion.completed(PW, "company") == completion.completed(PW, "company_address") == "value"
    assert completion.completed(PW, "workers") == "line"
    for field in ("subject", "sector", "period_from", "justification", "questions", "no_such"):
        assert completion.completed(PW, field) == ""


def test_persons_of_several_lines_are_found_one_by_one_and_bring_nothing_along(store: Store, seat: Seat) -> None:
    put(store, seat, 1, {"workers": "Björn Ek, 1980\nAnna Nowak, A1 7\n"})
    put(store, seat, 2, {"workers": "BJÖRN EK, 1980\n\n  Bjorna Holm  ", "representative": "Karl"})
    found = completion.known(store, seat.desk, PW, "workers", "bjorn")
    assert found[:2] == [completion.Found("BJÖRN EK, 1980", {}, True), completion.Found("Bjorna Holm", {}, True)]
    there = completion.known(store, seat.desk, PW, "workers", "bjorn", "Anna\nBjörn Ek 1980")
    assert there[0].value == "Bjorna Holm"


def test_fields_that_are_filled_already_stay(store: Store) -> None:
    rules = next(rules for rules in filled.all_rules() if rules.procedure.id == "pw.info")
    model = FormModel(rules, "send", today=filled.TODAY)
    model.set_text("company_vat", "mine")
    labels = inserting.answer_beside(model, {"company_vat": "theirs", "company_address": "Gata 1", "gone": "x"})
    assert labels == ["Address of the undertaking"]
    assert model.text("company_vat") == "mine"
    assert model.text("company_address") == "Gata 1"
