"""The built-in procedures load, and a wrong definition says where it is wrong and what may stand there."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from imi_central.catalogue import BUILT_IN, load
from imi_core import answers
from imi_core.authority import Seat
from imi_core.case import Entry
from imi_core.errors import AnswersRefused, DefinitionError
from imi_core.procedure import Rules, label_ids
from imi_core.workflow import Target, apply, available, check, initiator_of

RULES = {rules.procedure.id: rules for rules in load()}
MODULE = (BUILT_IN / "modules" / "pw" / "urgent.toml").read_text("utf-8").replace('"pw.urgent"', '"sd.info"')


def seat(country: str) -> Seat:
    return Seat(
        officer="o",
        officer_name="Ana",
        desk=f"{country}_pw",
        authority=country,
        authority_name=country,
        country=country,
        area="pw",
        roles=frozenset(("handler",)),
    )


def test_built_in_procedures() -> None:
    assert {id: rules.procedure.prefix for id, rules in RULES.items()} == {
        "pq.info": "PQ",
        "pr.info": "PR",
        "pw.info": "PW",
        "pw.urgent": "PU",
    }
    assert all(rules.procedure.legal_basis for rules in RULES.values())
    bank = [question.id for question in RULES["pq.info"].procedure.questions]
    assert [int(id.split("-")[1]) for id in bank] == list(range(1, 14))


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
def test_label_ids_are_unique(rules: Rules) -> None:
    """Nothing is lost in the dict: each field, question, option, state and action has a label of its own."""
    procedure, lifecycle = rules.procedure, rules.lifecycle
    fields = [
        *procedure.request.fields,
        *(field for question in procedure.questions for field in question.follow_ups),
        *(field for form in lifecycle.forms.values() for field in form.fields),
    ]
    expected = (
        2
        + sum(bool(limit.basis) for limit in procedure.deadlines)
        + sum(1 + bool(field.help) + len(field.options) for field in fields)
        + sum(1 + bool(question.help) + len(question.options) for question in procedure.questions)
        + len({question.block for question in procedure.questions} - {""})
        + sum(1 + bool(state.todo) for state in lifecycle.states.values())
        + len(lifecycle.actions)
    )
    assert len(label_ids(rules)) == expected


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
def test_personal_data_is_never_in_the_summary(rules: Rules) -> None:
    names = ("family_name", "first_names", "birth_date", "representative", "workers")
    personal = {field.id for field in rules.procedure.request.fields if field.personal}
    summary = {field.id for field in rules.procedure.request.fields if field.summary}
    assert summary
    assert not summary & personal
    assert personal >= {field.id for field in rules.procedure.request.fields} & set(names)


def test_urgency_has_to_be_reasoned_and_sets_two_working_days() -> None:
    rules, lyon = RULES["pw.urgent"], seat("FR")
    target = Target(desk="DE_pw", authority="DE", name="DE", country="DE", area="pw")
    given: dict[str, object] = {
        "subject": "Establishment of a builder",
        "company": "Alpbau",
        "company_address": "Rosenheim",
        "justification": "Inspection of a site",
        "questions": ["EST-01"],
    }
    # Thursday; 25 December 2026 is a Friday and a holiday in Germany.
    at = dt.datetime(2026, 12, 24, 9, tzinfo=dt.UTC)
    entry = Entry(action="send", procedure="pw.urgent", target="DE_pw", answers=given, case_id="c", version=1)
    with pytest.raises(AnswersRefused) as refused:
        check(rules, None, entry, lyon, target)
    assert [(problem.field, problem.code) for problem in refused.value.problems] == [("urgency", "missing")]
    entry = Entry(
        action="send",
        procedure="pw.urgent",
        target="DE_pw",
        answers={**given, "urgency": "The posting ends on Tuesday."},
        case_id="c",
        version=1,
        at=at,
    )
    check(rules, None, entry, lyon, target)
    case = apply(rules, None, entry, target=target, initiator=initiator_of(lyon))
    assert [(limit.code, limit.on) for limit in case.deadlines] == [("PW.URGENT", dt.date(2026, 12, 29))]


def test_a_reply_asks_for_its_follow_ups() -> None:
    form = answers.reply_form(RULES["pq.info"], ["GQ-01", "ID-13"])
    assert [field.id for field in form.fields] == ["GQ-01", "GQ-01-body", "GQ-01-date", "ID-13", "ID-13-correction"]
    assert [problem.field for problem in answers.check(form, {"GQ-01": "other_body"}, "send")] == [
        "GQ-01-body",
        "ID-13",
    ]


def test_a_directory_adds_procedures_at_run_time(tmp_path: Path) -> None:
    (tmp_path / "sd").mkdir()
    (tmp_path / "sd" / "info.toml").write_text(MODULE, "utf-8")
    added = {rules.procedure.id: rules for rules in load(tmp_path)}
    assert set(added) - set(RULES) == {"sd.info"}
    assert available(added["sd.info"], None, seat("FR")) == ("send",)


def test_a_directory_may_bring_its_own_lifecycle(tmp_path: Path) -> None:
    (tmp_path / "lifecycles").mkdir()
    request = (BUILT_IN / "lifecycles" / "request.toml").read_text("utf-8")
    (tmp_path / "lifecycles" / "short.toml").write_text(request.replace('id = "request"', 'id = "short"', 1), "utf-8")
    (tmp_path / "x.toml").write_text(MODULE.replace('lifecycle = "request"', 'lifecycle = "short"'), "utf-8")
    assert {rules.procedure.id: rules for rules in load(tmp_path)}["sd.info"].lifecycle.id == "short"


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ('unit = "working_days"', 'unit = "weeks"', "deadlines[0].unit", "'working_days'"),
        ("amount = 2", 'amount = "two"', "deadlines[0].amount", "a whole number"),
        ('trigger = "send"', 'trigger = "post"', "deadlines[0].trigger", "send"),
        ('lifecycle = "request"', 'lifecycle = "alarm"', "lifecycle", "request"),
        ('subject = "subject"', 'subject = "topic"', "subject", "company"),
        ('prefix = "PU"', 'prefix = "PU"\ncolour = "red"', "colour", "legal_basis"),
        ('prefix = "PU"\n', "", "", "prefix"),
        ('id = "EST-01A"', 'id = "EST-01"', "questions", "each id once"),
        ('id = "EST-01-since"', 'id = "company"', "questions.follow_ups", "each id once"),
        ('id = "other", label = "Valid', 'id = "valid", label = "Valid', "questions[1].options", "each id once"),
        ('type = "date", label = "Answer', 'type = "day", label = "Answer', "request.fields[8].type", "'date'"),
        ("personal = true, max_length = 200", "personal = true, summary = true", "request.fields[5].summary", "false"),
        ("[request]", "[request", "", "not valid TOML"),
    ],
)
def test_a_broken_definition_names_file_key_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, key: str, says: str
) -> None:
    assert old in MODULE
    file = tmp_path / "broken.toml"
    file.write_text(MODULE.replace(old, new, 1), "utf-8")
    with pytest.raises(DefinitionError) as refused:
        load(tmp_path)
    assert refused.value.source == str(file)
    assert refused.value.key == key
    assert str(file) in str(refused.value)
    assert says in str(refused.value)


def test_a_procedure_is_defined_once(tmp_path: Path) -> None:
    (tmp_path / "again.toml").write_text(MODULE.replace('"sd.info"', '"pw.urgent"'), "utf-8")
    with pytest.raises(DefinitionError, match=r"pw\.urgent version 3 is defined in modules/pw/urgent\.toml"):
        load(tmp_path)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="is not a directory"):
        load(tmp_path / "nowhere")
    (tmp_path / "latin.toml").write_bytes(b'title = "caf\xe9"')
    with pytest.raises(DefinitionError, match=r"latin\.toml.*is not UTF-8 at byte 12"):
        load(tmp_path)
