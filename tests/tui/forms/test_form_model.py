"""The view model of forms."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from imi_core import workflow
from imi_core.case import Case, Entry
from imi_core.errors import AnswersRefused
from imi_core.procedure import Rules, label_ids
from imi_tui.forms.form import LANG, MORE, TEXT, FormModel
from tests.core import world

TODAY = dt.date(2026, 11, 24)


def model(rules: Rules, action: str, case: Case | None = None, **more: object) -> FormModel:
    given = {"today": TODAY, "languages": ("en",), "case": case}
    return FormModel(rules, action, **{**given, **more})  # type: ignore[arg-type]


def accepted(rules: Rules) -> Case:
    return world.case_in(rules, "accepted")


def ids(form: FormModel) -> list[str]:
    return [view.id for view in form.visible()]


def test_what_is_said_of_a_field_fits_two_lines_and_never_loses_the_warning(pw_info: Rules) -> None:
    form = model(pw_info, "send", reader=("de", "en"))
    whole = form.hint("workers")
    assert "Written in:" in whole
    assert whole.endswith("Personal data: write only what the request needs.")
    lines = form.hint("workers", width=78).split("\n")
    assert len(lines) == 2
    assert " ".join(lines).endswith("Personal data: write only what the request needs.")
    assert "Written in:" in form.hint("company_address", width=78), "where there is room it stays"
    short = form.hint("workers", width=40).split("\n")
    assert [len(line) <= 40 for line in short] == [True, True]
    assert short[1].endswith("…"), "what is cut shows that it is"


def test_marks_tell_save_from_send_and_personal_apart(pw_info: Rules) -> None:
    form = model(pw_info, "send")
    marks = {view.id: (view.mark, view.personal) for view in form.visible()}
    assert marks["subject"] == ("*", False)
    assert marks["company"] == ("+", False)
    assert marks["workers"] == ("", True)
    assert form.legend() == "* needed to save   + needed to send   ! personal data"
    assert "*" not in model(pw_info, "accept", world.case_in(pw_info, "awaiting_acceptance")).legend()


def test_follow_ups_come_and_go_with_the_answer_and_are_not_sent_when_gone(pw_info: Rules) -> None:
    form = model(pw_info, "reply", accepted(pw_info))
    assert "EST-01-since" not in ids(form)
    form.choose("EST-01", "yes")
    assert "EST-01-since" in ids(form)
    form.set_text("EST-01-since", "4.5.2001")
    assert form.to_send()["EST-01-since"] == "2001-05-04"
    form.choose("EST-01", "no")
    assert "EST-01-since" not in ids(form)
    assert "EST-01-since" not in form.to_send()
    form.choose("EST-01", "yes")
    assert form.text("EST-01-since") == "2001-05-04", "what was typed comes back"


def test_the_text_is_called_by_what_it_is(pw_info: Rules) -> None:
    case = accepted(pw_info)
    labels = {action: model(pw_info, action, case).visible()[0].label for action in ("withdraw", "message")}
    assert labels == {"withdraw": "Reason", "message": "Text"}


def test_a_reply_takes_a_reason_in_the_place_of_an_answer(pw_info: Rules) -> None:
    case = accepted(pw_info)
    form = model(pw_info, "reply", case)
    assert {item.field for item in form.problems()} == set(case.questions)
    form.choose("EST-01", "no")
    form.set_text("POS-04", "All of them.")
    assert "WC-10.cannot" not in ids(form)
    form.toggle("WC-10" + MORE, ".cannot")
    assert "WC-10.cannot" in ids(form)
    form.set_text("WC-10.cannot", "No files.")
    assert form.problems() == ()
    form.set_text("POS-04.cannot", "No files.")
    assert [(item.field, item.code) for item in form.problems()] == [("POS-04", "both")]
    assert form.shown_problems()["POS-04"].endswith("but not both.")
    form.set_text("POS-04.cannot", "")
    assert form.problems() == ()
    entry = Entry(case_id=case.id, action="reply", based_on=case.version, answers=form.to_send())
    workflow.check(pw_info, case, entry, world.DE)


def test_a_remark_with_text_does_not_close(pw_info: Rules) -> None:
    form = model(pw_info, "reply", accepted(pw_info))
    form.toggle("EST-01" + MORE, ".remark")
    form.set_text("EST-01.remark", "See the register.")
    form.toggle("EST-01" + MORE, ".remark")
    assert form.answers["EST-01.remark"] == "See the register."
    assert "EST-01.remark" in ids(form)


def test_a_partial_reply_sends_only_what_is_new_and_at_least_something(pw_info: Rules) -> None:
    case = msgspec.structs.replace(accepted(pw_info), state="partly_answered", answers={"EST-01": "no"})
    form = model(pw_info, "reply_partly", case)
    assert form.chosen("EST-01") == ("no",), "begins with what was answered before"
    form.set_text("POS-04", "All.")
    assert form.to_send() == {"POS-04": "All."}
    empty = model(pw_info, "reply_partly", accepted(pw_info))
    assert [item.code for item in empty.problems()] == ["missing"]


def test_modify_begins_with_the_request_and_its_questions(pw_info: Rules) -> None:
    case = world.case_in(pw_info, "awaiting_acceptance")
    form = model(pw_info, "modify", case)
    assert form.text("subject") == case.subject
    assert form.chosen("questions") == case.questions
    form.toggle("questions", "HS-11")
    form.toggle("questions", "EST-01")
    assert form.answers["questions"] == ["POS-04", "WC-10", "HS-11"], "in the order of the bank"
    entry = Entry(case_id=case.id, action="modify", based_on=case.version, answers=form.to_send())
    workflow.check(pw_info, case, entry, world.FR)


def test_the_free_text_is_asked_where_the_action_wants_one(pw_info: Rules) -> None:
    form = model(pw_info, "withdraw", world.case_in(pw_info, "awaiting_acceptance"), languages=("fi", "en"))
    assert ids(form) == [TEXT, LANG]
    assert [item.field for item in form.problems()] == [TEXT]
    form.set_text(TEXT, "Ei enää tarpeen.\x1b[2J")
    assert form.entry_text == "Ei enää tarpeen.␛[2J"
    assert form.problems() == ()
    assert form.lang == "fi"
    form.choose(LANG, "")
    assert form.lang == "fi", "a text always has a language"
    assert model(pw_info, "withdraw", accepted(pw_info), languages=("en-XA", "en")).lang == "en"


def test_what_is_written_freely_says_its_language_and_what_the_other_side_reads(pw_info: Rules) -> None:
    reply = model(pw_info, "reply", accepted(pw_info), lang="sv", reader=("de", "nb", "x?"))
    assert ids(reply)[-1] == LANG, "answers are written, too"
    assert reply.chosen(LANG) == ("sv",)
    told = "Written in: svenska. The other side works in: Deutsch, norsk bokmål, x?."
    reply.toggle("EST-01" + MORE, ".remark")
    for id in (LANG, "EST-01.remark", "POS-04"):
        assert told in reply.hint(id), id
    assert "Written in" not in reply.hint("EST-01"), "chosen, not written"
    reply.choose(LANG, "en")
    reply.reader = ()
    assert "Written in: English" in reply.hint("POS-04")
    begun = model(pw_info, "send", answers={})
    words = {view.id for view in begun.visible() if begun.is_words(view.id)}
    assert words >= {"subject", "justification", TEXT, LANG}
    assert not words & {"company", "period_from", "questions"}
    accept = model(pw_info, "accept", world.case_in(pw_info, "awaiting_acceptance"))
    assert LANG not in ids(accept), "a number of days is in no language"


def test_half_a_date_is_kept_and_named_with_its_label(pw_info: Rules) -> None:
    form = model(pw_info, "send", answers={})
    form.set_text("period_from", "5.")
    assert form.answers["period_from"] == "5."
    problem = next(item for item in form.problems() if item.field == "period_from")
    assert (problem.label, problem.code) == ("Posting from", "date")
    form.set_text("period_from", "5.3.")
    assert form.text("period_from") == "2026-03-05"
    form.set_text("period_from", " ")
    assert "period_from" not in form.answers


def test_missing_answers_are_shown_only_once_demanded(pw_info: Rules) -> None:
    form = model(pw_info, "send", answers={})
    form.set_text("subject", "x")
    form.set_text("subject", "")
    assert form.shown_problems() == {}
    form.set_text("period_to", "soon")
    assert set(form.shown_problems()) == {"period_to"}
    form.demand()
    assert {"subject", "company", "justification", "questions", "period_to"} == set(form.shown_problems())


def test_fields_asked_elsewhere_are_neither_shown_nor_judged(pw_info: Rules) -> None:
    form = model(pw_info, "send", answers={}, skip=("questions",))
    assert "questions" not in ids(form)
    assert "questions" not in {item.field for item in form.problems()}


def test_labels_options_and_blocks_are_in_the_officers_language(pw_info: Rules) -> None:
    labels = {id: f"EL {text}\n\x1b[2J" for id, text in label_ids(pw_info).items()}
    rules = msgspec.structs.replace(pw_info, labels={"el": labels})
    form = model(rules, "reply", accepted(rules), languages=("el", "en"))
    first = form.visible()[0]
    assert first.label.startswith("EL Is the undertaking")
    assert "\x1b" not in first.label
    assert "\n" not in first.label
    assert first.heading.startswith("EL Establishment")
    pay = form.view("WC-10")
    assert pay is not None
    assert [text.startswith("EL ") for _id, text in pay.options] == [True] * 3
    request = model(rules, "send", answers={}, languages=("el", "en"))
    help = request.view("subject")
    assert help is not None
    assert help.help.startswith("EL One line")
    accept = model(rules, "accept", world.case_in(rules, "awaiting_acceptance"), languages=("el", "en"))
    assert accept.visible()[0].label.startswith("EL Calendar days")


def test_days_say_until_when(pw_info: Rules) -> None:
    form = model(pw_info, "accept", world.case_in(pw_info, "awaiting_acceptance"))
    form.set_text("agreed_days", "14")
    assert form.answers["agreed_days"] == 14
    assert "2026-12-08" in form.hint("agreed_days")
    form.set_text("agreed_days", "400")
    assert [item.code for item in form.problems()] == ["range"]
    form.set_text("agreed_days", "two")
    assert [item.code for item in form.problems()] == ["number"]


def test_problems_of_the_rules_and_of_the_form_are_the_same(pw_info: Rules) -> None:
    case = accepted(pw_info)
    form = model(pw_info, "reply", case)
    with pytest.raises(AnswersRefused) as refused:
        workflow.check(pw_info, case, Entry(case_id=case.id, action="reply", based_on=case.version), world.DE)
    assert [form.missing(problem) for problem in refused.value.problems] == list(form.problems())


def test_a_block_has_one_heading(pw_info: Rules) -> None:
    asked = tuple(question.id for question in pw_info.procedure.questions)
    form = model(pw_info, "reply", msgspec.structs.replace(accepted(pw_info), questions=asked))
    headings = [view.heading for view in form.visible() if view.heading]
    assert headings == ["Establishment", "Posting", "Working conditions", "Health and safety", "Enforcement"]


def test_the_review_shows_labels_not_ids(pw_info: Rules) -> None:
    form = model(pw_info, "send", answers={"sector": "construction", "questions": ["EST-01"]})
    assert form.shown_value("sector") == "Construction"
    assert form.shown_value("questions").startswith("Is the undertaking registered")
