"""A new case without a screen: the model on a real cache."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from imi_core.errors import ActionRefused
from imi_tui.cache.outbox.draft import Draft
from imi_tui.cache.store import Store
from imi_tui.forms import beginning
from imi_tui.forms.compose import Composition
from imi_tui.forms.offers import Offer, offers
from imi_tui.viewmodel import writing
from tests.tui.screens import filled

LANGUAGES = ("en",)
ROOT = Path(__file__).parents[3]


def blank(store: Store, **members: Any) -> Composition:
    draft = Draft(id="draft-1", desk="", procedure="", action="", **members)
    return Composition(store, draft, languages=LANGUAGES, today=lambda: filled.TODAY)


def offer(store: Store, procedure: str = "pw.info") -> Offer:
    return next(found for found in offers(store, LANGUAGES) if found.procedure == procedure)


def german_desk(store: Store) -> str:
    return store.authorities("zoll", country="DE", area="pw", limit=1)[0].desk


def begun(store: Store) -> Composition:
    work = blank(store)
    work.choose_procedure(offer(store))
    return work


def complete(store: Store) -> Composition:
    work = begun(store)
    work.choose_target(german_desk(store))
    assert work.form is not None
    work.form.set_text("subject", "Establishment of Alpbau GmbH")
    work.form.set_text("company", "Alpbau GmbH")
    work.form.set_text("justification", "Site check of 2 March")
    work.toggle_question("POS-04")
    work.toggle_question("EST-01")
    return work


def test_only_procedures_of_the_officers_area_are_offered(store: Store) -> None:
    found = offers(store, LANGUAGES)
    assert {one.area for one in found} == {"pw"}
    assert "pw.info" in {one.procedure for one in found}


def test_an_empty_draft_is_not_saved(store: Store) -> None:
    assert not blank(store).save()
    assert store.drafts() == []


def test_gaps_lead_through_the_steps_in_order(store: Store) -> None:
    work = blank(store)
    assert [gap.step for gap in work.gaps()] == ["procedure"]
    assert work.first_open() == "procedure"
    work.choose_procedure(offer(store))
    assert work.steps() == ("procedure", "authority", "form", "questions", "review")
    assert work.first_open() == "authority"
    assert [gap.step for gap in work.gaps()] == ["authority", "form", "form", "form", "questions"]
    work.choose_target(german_desk(store))
    assert work.first_open() == "form"
    assert complete(store).first_open() == "review"


def test_a_complete_case_goes_into_the_outbox_and_its_draft_goes(store: Store) -> None:
    work = complete(store)
    work.save()
    assert [draft.id for draft in store.drafts()] == ["draft-1"]
    item = work.send()
    assert store.drafts() == []
    assert [one.client_ref for one in store.outbox()] == [item.client_ref]
    assert item.payload["answers"]["questions"] == ["EST-01", "POS-04"], "in the order of the bank"
    assert item.subject == "Establishment of Alpbau GmbH"


def test_a_draft_survives_the_program(store: Store) -> None:
    work = complete(store)
    assert work.form is not None
    work.form.set_text("period_from", "5.")
    assert work.save()
    assert not work.save(), "nothing changed since"
    kept = store.draft("draft-1")
    assert kept is not None
    again = Composition(store, kept, languages=LANGUAGES, today=lambda: filled.TODAY)
    assert again.form is not None
    assert again.form.text("period_from") == "5.", "half a date too"
    assert again.picked() == ("EST-01", "POS-04")
    assert again.first_open() == "form"
    assert again.target is not None


def test_an_addressee_the_rules_refuse_is_a_gap_before_sending(store: Store) -> None:
    work = complete(store)
    own = store.authorities("", country="FR", area="pw", limit=5)[-1].desk
    work.choose_target(own)
    assert [gap.step for gap in work.gaps()] == ["authority"]
    with pytest.raises(ActionRefused):
        work.send()
    assert work.draft.answers["company"] == "Alpbau GmbH"


def test_a_refusal_stands_beside_its_field(store: Store) -> None:
    work = complete(store)
    assert work.form is not None
    work.form.set_text("company", "")
    work.toggle_question("EST-01")
    work.toggle_question("POS-04")
    with pytest.raises(ActionRefused) as refused:
        work.send()
    assert [(gap.step, gap.field) for gap in work.refused(refused.value)] == [
        ("form", "company"),
        ("questions", "questions"),
    ]
    assert store.draft("draft-1") is not None


def test_the_time_limit_is_told_before_sending(store: Store) -> None:
    work = begun(store)
    assert work.time_limits() == [], "it depends on who is asked"
    work.choose_target(german_desk(store))
    # Good Friday and Easter Monday 2026 are 3 and 6 April.
    assert "Legal time limit: 25 working days, until 2026-04-13." in work.time_limits()
    assert any(line.startswith("Aim, not law: 7 calendar days") for line in work.time_limits())
    assert work.form is not None
    work.form.set_text("wished_days", "14")
    assert "You ask for an answer by 2026-03-19." in work.time_limits()


def test_another_procedure_keeps_what_both_ask(store: Store) -> None:
    work = complete(store)
    work.choose_procedure(offer(store, "pw.urgent"))
    assert work.form is not None
    assert work.form.text("company") == "Alpbau GmbH"
    assert work.draft.target
    work.choose_procedure(offer(store))
    assert work.picked() == ("EST-01", "POS-04")


def test_the_answers_of_an_earlier_case_are_reused_where_nothing_stands(store: Store) -> None:
    row = next(
        row for row in store.window("all", "activity", limit=100) if row.procedure == "pw.info" and row.level == "full"
    )
    earlier = store.case(row.desk, row.id)
    assert earlier is not None
    work = begun(store)
    assert work.form is not None
    work.form.set_text("subject", "Mine")
    assert beginning.begin(work, beginning.of_case(earlier), personal=True)
    assert work.form.text("subject") == "Mine"
    assert work.form.text("company") == earlier.case["request"]["company"]
    assert set(work.picked()) == set(earlier.case["questions"])
    assert not work.draft.target, "whom to ask is a new decision"


def test_personal_data_of_an_earlier_case_stay_there_unless_asked_for(store: Store) -> None:
    row = next(
        row for row in store.window("all", "activity", limit=100) if row.procedure == "pw.info" and row.level == "full"
    )
    earlier = store.case(row.desk, row.id)
    assert earlier is not None
    source = beginning.of_case(earlier)
    assert source.answers["workers"]
    assert "Workers" in beginning.personal_labels(store, source, LANGUAGES)
    work = blank(store)
    assert beginning.begin(work, source, personal=False)
    assert "workers" not in work.draft.answers
    assert work.draft.answers["company"]
    assert beginning.begin(work, source, personal=True)
    assert work.draft.answers["workers"] == source.answers["workers"]


def test_a_case_whose_procedure_one_may_not_start_gives_nothing(store: Store) -> None:
    row = store.window("all", "activity", limit=1)[0]
    detail = store.case(row.desk, row.id)
    assert detail is not None
    detail.case["procedure"] = "pq.info"
    assert not beginning.begin(blank(store), beginning.of_case(detail), personal=True)


def test_a_draft_of_a_procedure_that_is_gone_asks_for_one(store: Store) -> None:
    draft = Draft(id="d", desk="x", procedure="no.such", action="send", answers={"a": "b"})
    work = Composition(store, draft, languages=LANGUAGES, today=lambda: filled.TODAY)
    assert [gap.step for gap in work.gaps()] == ["procedure"]
    assert writing.review(work, store.authority)


def test_the_review_names_what_is_missing_and_what_is_sent(store: Store) -> None:
    work = complete(store)
    text = "\n".join(f"{block.text} {block.aside or ''}" for block in writing.review(work, store.authority))
    assert "Alpbau GmbH" in text
    assert "2 questions" in text
    assert "until 2026-04-13" in text
    assert "Nothing is missing." in text
    assert work.form is not None
    work.form.set_text("company", "")
    text = "\n".join(block.text for block in writing.review(work, store.authority))
    assert "- Undertaking: An answer is needed." in text
    assert writing.missing_line(work.gaps(), "form") == "Still missing: Undertaking"


def test_writing_loads_neither_calendars_nor_the_network_nor_textual(home: Path) -> None:
    """The calendars of public holidays are slow to load, and a case is opened far more often than it is sent."""
    code = f"""
import sys
from pathlib import Path
from imi_tui.forms import beginning
from imi_tui.cache.outbox.draft import Draft
from imi_tui.forms.compose import Composition
from imi_tui.forms.offers import offers
from tests.tui.screens import filled
import tests.tui.screens.filled
before = set(sys.modules)
store = filled.open_store(Path({str(home)!r}))
work = Composition(store, Draft("d", "", "", ""), languages=("en",), today=lambda: filled.TODAY)
work.choose_procedure(offers(store, ("en",))[0])
work.gaps()
work.save()
print(*sorted({{name.partition(".")[0] for name in sys.modules}} & {{"holidays", "httpx", "textual"}}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []
