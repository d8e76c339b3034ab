"""Cases, parts and authorities as values, and the errors' sentences."""

from __future__ import annotations

import msgspec
import pytest

from imi_core import retention
from imi_core.answers import Problem
from imi_core.authority import COUNTRIES, Authority, Desk
from imi_core.case import Case, Part, to_wire
from imi_core.errors import AnswersRefused, DefinitionError, ImiError, SealBroken, UnknownProcedure
from imi_core.procedure import Rules
from tests.core.world import DE, act, case_in


def test_parts(pw_info: Rules) -> None:
    case = act(pw_info, case_in(pw_info, "accepted"), DE, "forward")
    counterparts = {desk: part.desk for desk in ("fr1", "de1", "de2", "xx") if (part := case.counterpart(desk))}
    assert counterparts == {"fr1": "de2", "de1": "fr1", "de2": "fr1", "xx": "fr1"}
    assert case.part_of("xx") is None
    assert case.part("coordinator") is None
    mine = case.part_of("de1")
    assert mine is not None
    assert mine.role == "observer"


def test_the_wire_is_camel_case_without_defaults_and_takes_news(pw_info: Rules) -> None:
    case = case_in(pw_info, "accepted")
    wire = to_wire(case)
    assert wire["contentVersion" if case.content_version != 1 else "lastActivity"]
    assert "blocked" not in wire
    assert not any("_" in name for name in wire)
    raw = msgspec.json.encode({**wire, "colour": "blue", "parts": [{**part, "new": 1} for part in wire["parts"]]})
    assert msgspec.json.decode(raw, type=Case) == case


def test_a_naive_or_odd_value_is_refused_at_the_boundary() -> None:
    for wrong in (
        b'{"id": "c", "procedure": "p", "state": 5}',
        b'{"id": "c"}',
        b'{"id":"c","procedure":"p","state":"s","dueOn":1,"due":"x"}',
    ):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(wrong, type=Case)


def test_a_title_in_the_readers_language() -> None:
    authority = Authority(id="a", formal_name="Zoll", country="DE", titles={"fr": "Douane", "en": "Customs"})
    assert authority.title(("fr",)) == "Douane"
    assert authority.title(("pl", "fr")) == "Douane"
    assert authority.title(("pl",)) == "Customs"
    assert msgspec.structs.replace(authority, titles={"hr": "Carina"}).title(("pl",)) == "Carina"
    assert msgspec.structs.replace(authority, titles={}).title(("pl",)) == ""
    assert Desk(id="d", area="pw").default_reply_days == 14


def test_thirty_countries() -> None:
    assert len(set(COUNTRIES)) == 30
    assert {"EL", "IS", "LI", "NO"} <= set(COUNTRIES)
    assert not {"GR", "UK", "GB", "CH"} & set(COUNTRIES)


def test_time_alone_raises_the_version(pw_info: Rules) -> None:
    case = case_in(pw_info, "closed")
    for changed in (retention.mark_idle(case), retention.block(case), retention.erase(case)):
        assert changed.version == case.version + 1
        assert changed.content_version == case.content_version
        assert (changed.head, changed.erase_on, changed.parts) == (case.head, case.erase_on, case.parts)
    assert retention.mark_idle(case).idle
    assert retention.block(case).blocked


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (
            DefinitionError("a.toml", "states.x", "is odd", ("y", "z")),
            "definition",
            "a.toml: states.x: is odd; allowed: y, z",
        ),
        (DefinitionError("a.toml", "", "is empty"), "definition", "a.toml: the file: is empty"),
        (UnknownProcedure("pw.x"), "unknownProcedure", "unknown procedure pw.x"),
        (
            UnknownProcedure("pw.x", 3, ("pw.info",)),
            "unknownProcedure",
            "unknown procedure pw.x version 3; known: pw.info",
        ),
        (
            AnswersRefused((Problem("f", "range", "1..5"), Problem("g", "missing"))),
            "invalidAnswers",
            "f: range (1..5); g: missing",
        ),
        (SealBroken(3), "sealBroken", "the hash chain breaks at position 3"),
    ],
)
def test_errors(error: ImiError, code: str, sentence: str) -> None:
    assert (error.code, str(error), error.message) == (code, sentence, sentence)


def test_counterpart_of_a_case_without_parts() -> None:
    case = Case(id="c", procedure="p", state="s")
    assert case.counterpart("fr1") is None
    part = Part(role="initiator", desk="fr1", authority="a", country="FR", name="A")
    assert msgspec.structs.replace(case, parts=(part,)).counterpart("de1") == part
