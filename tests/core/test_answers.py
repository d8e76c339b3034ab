"""Answers against forms: every field type, what is needed to save and to send, remarks, hidden fields, follow-ups."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imi_core import answers
from imi_core.answers import check, is_empty, kept, merge, reply_form, shown, shown_fields
from imi_core.procedure import Field, Form, Option, Rules, ShowIf
from tests.effort import tries

AB = (Option(id="a", label="A"), Option(id="b", label="B"))


def problems(field: Field, value: Any, purpose: str = "send", questions: tuple[str, ...] = ("Q1", "Q2")) -> list[str]:
    found = check(Form(fields=(field,)), {field.id: value}, purpose, questions)  # type: ignore[arg-type]
    return [problem.code for problem in found]


def field(type: str, **members: Any) -> Field:
    return Field(id="f", label="F", type=type, **members)  # type: ignore[arg-type]


TYPES: dict[str, tuple[Field, list[Any], list[tuple[Any, str]]]] = {
    "text": (
        field("text", max_length=5),
        ["abc", "ά" * 5, " a "],
        [
            ("abcdef", "length"),
            ("a\nb", "type"),
            (1, "type"),
            (True, "type"),
            (["a"], "type"),
            ({}, "type"),
            ({"a": 1}, "type"),
        ],
    ),
    "multiline": (field("multiline", max_length=5), ["a\nb"], [("abcdef", "length"), (1.5, "type")]),
    "boolean": (
        field("boolean"),
        ["yes", "no", "cannot_say"],
        [("maybe", "option"), (True, "type"), (1, "type"), (["yes"], "type")],
    ),
    "boolean with options": (field("boolean", options=AB), ["a"], [("yes", "option")]),
    "single": (
        field("single", options=AB),
        ["a", "b"],
        [("c", "option"), ("A", "option"), (["a"], "type"), ([{}], "type")],
    ),
    "multi": (
        field("multi", options=AB),
        [["a"], ["b", "a"]],
        [
            (["c"], "option"),
            (["a", "a"], "option"),
            ("a", "type"),
            ([1], "type"),
            ([{}], "type"),
            ([["a"]], "type"),
            ({"a": 1}, "type"),
        ],
    ),
    "date": (
        field("date"),
        ["2026-03-05", "2028-02-29", "1800-01-01", "2199-12-31"],
        [
            (text, "date")
            for text in (
                "20260305",
                "2026-W10-4",
                "2026-3-5",
                "5.3.2026",
                "2026-02-29",
                "2026-13-01",
                "2026-03-05T10:00",
                "٢٠٢٦-٠٣-٠٥",
                "x" * 10,
                "0000-01-01",
            )
        ]
        + [("1799-12-31", "range"), ("2200-01-01", "range"), ("9999-12-31", "range"), (20260305, "type")],
    ),
    "number": (
        field("number", minimum=0, maximum=168),
        [0, 168, 37.5, 1e2],
        [
            (-1, "range"),
            (169, "range"),
            (math.nan, "number"),
            (math.inf, "number"),
            (-math.inf, "number"),
            (True, "number"),
            ("5", "number"),
            ([5], "number"),
            (10**400, "range"),
        ],
    ),
    "number without bounds": (
        field("number"),
        [-5, 2**53 - 1, 0.001],
        [(2**53, "range"), (-(2**53), "range"), (10**400, "range"), (1e300, "range")],
    ),
    "days": (
        field("days"),
        [1, 365, 10.0],
        [
            (0, "range"),
            (-3, "range"),
            (366, "range"),
            (1.5, "number"),
            (math.nan, "number"),
            (math.inf, "number"),
            ("10", "number"),
            (False, "number"),
            (10**30, "range"),
        ],
    ),
    "days with bounds": (field("days", minimum=2, maximum=3), [2, 3], [(1, "range"), (4, "range")]),
    "amount": (
        field("amount"),
        ["0.00 EUR", "1250 PLN", "999999999999.99 SEK"],
        [
            ("1250.5 EUR", "amount"),
            ("1,250.00 EUR", "amount"),
            ("-1 EUR", "amount"),
            ("1250EUR", "amount"),
            ("1250 eur", "amount"),
            ("١٢ EUR", "amount"),
            ("1" * 13 + " EUR", "amount"),
            (1250, "type"),
            ("1 EUR\n", "amount"),
        ],
    ),
    "country": (
        field("country"),
        ["FR", "EL", "NO"],
        [("GR", "country"), ("UK", "country"), ("fr", "country"), (1, "type")],
    ),
    "questions": (
        field("questions"),
        [["Q1"], ["Q2", "Q1"]],
        [(["Q3"], "option"), (["Q1", "Q1"], "option"), ("Q1", "type"), ([None], "type")],
    ),
    "question": (field("question"), ["Q1", "Q2"], [("Q3", "question"), (["Q1"], "type")]),
}


@pytest.mark.parametrize("name", TYPES)
def test_every_field_type(name: str) -> None:
    asked, right, wrong = TYPES[name]
    for value in right:
        assert problems(asked, value) == [], value
    for value, code in wrong:
        assert problems(asked, value) == [code], value
        assert problems(asked, value, "save") == [code], "what is wrong is wrong in a draft too"


def test_the_table_has_every_type() -> None:
    from typing import get_args

    from imi_core.procedure import FieldType

    assert {asked.type for asked, _, _ in TYPES.values()} == set(get_args(FieldType))


@pytest.mark.parametrize("empty", [None, "", "  \n", []])
@pytest.mark.parametrize(
    ("needed", "purpose", "missing"),
    [
        ("", "save", False),
        ("", "send", False),
        ("save", "save", True),
        ("save", "send", True),
        ("send", "save", False),
        ("send", "send", True),
    ],
)
def test_needed_to_save_and_to_send(empty: Any, needed: str, purpose: str, missing: bool) -> None:
    asked = field("text", needed=needed)
    assert problems(asked, empty, purpose) == (["missing"] if missing else [])
    assert [p.code for p in check(Form(fields=(asked,)), {}, purpose)] == (["missing"] if missing else [])  # type: ignore[arg-type]
    # A reason for not answering belongs to replies; nothing else lets a needed field go.
    with_reason = check(Form(fields=(asked,)), {"f.cannot": "no time"}, purpose)  # type: ignore[arg-type]
    assert [p.code for p in with_reason] == [*(["missing"] if missing else []), "unknown"]


def test_problems_come_in_the_forms_order_and_questions_may_be_an_iterator() -> None:
    form = Form(
        fields=(
            Field(id="b", label="", type="question"),
            Field(id="a", label="", type="question"),
            Field(id="c", label="", needed="send"),
        )
    )
    given_answers = {"zz": 1, "a": "Q1", "b": "Q1"}
    assert [(p.field, p.code) for p in check(form, given_answers, "send", iter(["Q1"]))] == [
        ("c", "missing"),
        ("zz", "unknown"),
    ]


def test_a_hostile_entry_is_not_answered_with_more_than_it_sent() -> None:
    form = Form(fields=tuple(Field(id=f"field-{n}", label="") for n in range(200)))
    found = check(form, {f"x{n}" * 1000: n for n in range(5000)}, "save")
    assert 0 < len(found) <= answers.MAX_UNKNOWN
    assert sum(len(str(problem)) for problem in found) < 20_000
    assert len(str(check(Form(fields=(field("multi", options=AB),)), {"f": ["y" * 10**6]}, "save")[0])) < 500


CHAIN = Form(
    fields=(
        Field(id="q", label="", type="boolean"),
        Field(id="which", label="", type="multi", options=AB, show_if=ShowIf(field="q", values=("yes",))),
        Field(id="why", label="", needed="send", max_length=10, show_if=ShowIf(field="which", values=("b",))),
    )
)


@pytest.mark.parametrize(
    ("given_answers", "asked"),
    [
        ({}, ["q"]),
        ({"q": "no"}, ["q"]),
        ({"q": "yes"}, ["q", "which"]),
        ({"q": "yes", "which": ["a"]}, ["q", "which"]),
        ({"q": "yes", "which": ["a", "b"]}, ["q", "which", "why"]),
        ({"q": "no", "which": ["b"]}, ["q"]),
        ({"q": {"a": 1}, "which": ["b"]}, ["q"]),
        ({"q": "yes", "which": [{}, ["b"]]}, ["q", "which"]),
        ({"q": ["yes"], "which": ["b"]}, ["q", "which", "why"]),
    ],
)
def test_show_if(given_answers: dict[str, Any], asked: list[str]) -> None:
    assert [f.id for f in shown_fields(CHAIN, given_answers)] == asked
    needs = ["why"] if "why" in asked else []
    assert [p.field for p in check(CHAIN, given_answers, "send") if p.code == "missing"] == needs
    assert all(shown(f, given_answers) for f in shown_fields(CHAIN, given_answers))


def test_leftovers_in_hidden_fields_are_harmless_or_refused_and_never_kept() -> None:
    assert check(CHAIN, {"q": "no", "why": "x" * 400, "which": ["zz"]}, "send") == ()
    assert kept(CHAIN, {"q": "no", "why": "x", "which": ["b"]}) == {"q": "no"}
    for hostile in ({"a": 1}, [["a"]], [{}], "x" * 5000, ["x"] * 5000, math.nan, True):
        assert [p.code for p in check(CHAIN, {"q": "no", "why": hostile}, "send")] == ["type"], hostile


def test_remarks_and_reasons(pw_info: Rules) -> None:
    form = reply_form(pw_info, ["EST-01", "POS-04"])
    assert all(f.remarks for f in form.fields)
    fine = {
        "EST-01": "yes",
        "EST-01.remark": "since ever",
        "EST-01-since.remark": "about",
        "POS-04.cannot": "No files.",
    }
    assert check(form, fine, "send") == ()
    assert [(p.field, p.code) for p in check(form, {"EST-01": "yes"}, "send")] == [("POS-04", "missing")]
    assert [(p.field, p.code) for p in check(form, {"EST-01.cannot": " ", "POS-04.cannot": "x"}, "send")] == [
        ("EST-01", "missing")
    ]
    for wrong in (5, ["x"], {"a": 1}):
        assert [p.code for p in check(form, {**fine, "EST-01.remark": wrong}, "send")] == ["type"]
    long = check(form, {**fine, "EST-01.remark": "x" * 4001}, "send")
    assert [(p.code, p.allowed) for p in long] == [("length", "4000")]
    assert check(form, {**fine, "EST-01.remark": None, "EST-01.cannot": ""}, "send") == ()
    assert [p.code for p in check(form, {**fine, "HS-11": "yes"}, "send")] == ["unknown"]
    assert [p.code for p in check(form, {**fine, "EST-01.other": "yes"}, "send")] == ["unknown"]
    assert [p.code for p in check(pw_info.form("request"), {"subject": "s", "subject.remark": "r"}, "save")] == [
        "unknown"
    ]


def test_reply_form_follows_the_bank_and_its_follow_ups(pw_info: Rules) -> None:
    form = reply_form(pw_info, ["WC-10", "EST-01", "nonsense"])
    assert [f.id for f in form.fields] == ["EST-01", "EST-01-since", "WC-10", "WC-10-amount"]
    est, since, wc, _amount = form.fields
    assert (est.needed, since.needed, wc.needed) == ("send", "", "send")
    assert [option.id for option in est.options] == ["yes", "no", "cannot_say"]
    assert [option.id for option in wc.options] == ["pay", "expenses", "none"]
    assert (
        check(form, {"EST-01": "yes", "EST-01-since": "2001-01-01", "WC-10": "pay", "WC-10-amount": "5 EUR"}, "send")
        == ()
    )
    assert [
        p.field
        for p in check(form, {"EST-01": "yes", "EST-01-since": "x", "WC-10": "pay", "WC-10-amount": "5"}, "send")
    ] == ["EST-01-since", "WC-10-amount"]
    assert {f.needed for f in reply_form(pw_info, ["WC-10", "EST-01"], complete=False).fields} == {""}
    assert reply_form(pw_info, []) == Form()


def test_answered_counts_answers_and_reasons(pw_info: Rules) -> None:
    form = reply_form(pw_info, ["EST-01", "POS-04"])
    assert answers.answered(form, {}) == 0
    assert answers.answered(form, {"EST-01": "", "EST-01.remark": "only a remark"}) == 0
    assert answers.answered(form, {"EST-01": "no", "POS-04.cannot": "lost"}) == 2


@pytest.mark.parametrize(
    ("earlier", "new", "merged"),
    [
        ({}, {"a": 1}, {"a": 1}),
        ({"a": 1, "b": 2}, {"a": 3}, {"a": 3, "b": 2}),
        ({"a.cannot": "why"}, {"a": 3}, {"a": 3}),
        ({"a": 3}, {"a.cannot": "why"}, {"a.cannot": "why"}),
        ({"a": 3}, {"a.remark": "r"}, {"a": 3, "a.remark": "r"}),
        ({"a": 3}, {"a": ""}, {"a": ""}),
        ({"a.cannot": "why"}, {"a": ""}, {"a": "", "a.cannot": "why"}),
        ({"a.cannot": "why"}, {"a": 3, "a.cannot": "more"}, {"a": 3, "a.cannot": "more"}),
    ],
)
def test_merge(earlier: dict[str, Any], new: dict[str, Any], merged: dict[str, Any]) -> None:
    before = dict(earlier)
    assert merge(earlier, new) == merged
    assert earlier == before


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["yes", "a", "Q1", "2026-03-05", "5 EUR", "FR"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)
EVERYTHING = Form(
    fields=tuple(
        Field(
            id=f"f{n}",
            label="",
            type=asked.type,
            options=asked.options,
            remarks=bool(n % 2),
            show_if=ShowIf(field=f"f{n - 1}", values=("yes", "a")) if n % 3 == 1 else None,
        )
        for n, (asked, _, _) in enumerate(TYPES.values())
    )
)
NAMES = st.sampled_from([f"f{n}{suffix}" for n in range(len(TYPES)) for suffix in ("", ".remark", ".cannot")] + ["zz"])


@given(st.dictionaries(NAMES, VALUES, max_size=12), st.sampled_from(("save", "send")))
@settings(max_examples=tries(80, 300))
def test_no_answers_crash_the_checker(given_answers: dict[str, Any], purpose: str) -> None:
    found = check(EVERYTHING, given_answers, purpose, ["Q1"])  # type: ignore[arg-type]
    assert all(str(problem) for problem in found)
    left = kept(EVERYTHING, given_answers)
    assert not any(is_empty(value) for value in left.values())
    if not found:
        assert check(EVERYTHING, left, purpose, ["Q1"]) == ()  # type: ignore[arg-type]
