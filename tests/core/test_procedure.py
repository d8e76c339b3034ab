"""Definitions: what loads, and what an author is told when something is wrong: file, key, what is allowed."""

from __future__ import annotations

import tomllib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imi_core.definitions import load_lifecycle, load_procedure
from imi_core.errors import DefinitionError
from imi_core.procedure import Rules, label_ids
from tests.core.world import CATALOGUE

LIFECYCLE = """
id = "small"

[states.asked]
label = "Asked"
turn = "responder"
summary_for = ["responder"]

[states.done]
label = "Done"
open = false

[actions.ask]
label = "Ask"
by = ["initiator"]
starts = true
to = "asked"
form = "request"
target = "responder"
within = "other_country"

[actions.finish]
reads = ["date"]
label = "Finish"
by = ["responder"]
from = ["asked"]
to = "done"
form = "finish"
sets = "X.DATE"
closes = true

[actions.tell]
reads = ["answers"]
label = "Tell"
by = ["responder"]
from = ["asked"]
form = "reply"
complete = true

[forms.finish]
fields = [{ id = "days", type = "days", label = "Days", needed = "send" }]
"""

MODULE = """
id = "tt.small"
area = "tt"
prefix = "TT"
title = "Small"
legal_basis = "None"
lifecycle = "small"

[request]
fields = [
    { id = "subject", label = "Subject", summary = true },
    { id = "kind", type = "single", label = "Kind", options = [{ id = "a", label = "A" }, { id = "b", label = "B" }] },
    { id = "more", label = "More", show_if = { field = "kind", values = ["a"] } },
    { id = "secret", label = "Secret", personal = true },
    { id = "questions", type = "questions", label = "Questions" },
]

[[questions]]
id = "Q-1"
text = "Is it so?"
follow_ups = [{ id = "Q-1-when", type = "date", label = "When", show_if = { field = "Q-1", values = ["yes"] } }]

[[questions]]
id = "Q-2"
text = "Which?"
type = "single"
options = [{ id = "x", label = "X" }]

[[deadlines]]
code = "T"
trigger = "ask"
ends = ["finish"]
amount = 5
unit = "working_days"

[retention]
block_months = 6
erase_months = 36
"""


def load(module: str = MODULE, lifecycle: str = LIFECYCLE) -> Rules:
    return load_procedure(module, "small.toml", {"small": load_lifecycle(lifecycle, "life.toml")})


def test_defaults_and_members() -> None:
    rules = load()
    assert rules.key == ("tt.small", 1)
    assert rules.procedure.retention.block_months == 6
    assert rules.lifecycle.actions["finish"].from_ == ("asked",)
    assert rules.lifecycle.actions["ask"].role == "handler"
    assert rules.form("finish").fields[0].id == "days"
    assert rules.form("nothing").fields == ()
    question = rules.procedure.question("Q-2")
    assert question is not None
    assert question.options[0].id == "x"
    assert rules.procedure.question("Q-9") is None


def test_rules_travel() -> None:
    rules = load()
    assert msgspec.json.decode(msgspec.json.encode(rules), type=Rules) == rules


LIFECYCLE_ERRORS: list[tuple[str, str, str, str]] = [
    # (replace, by, key, part of "allowed")
    ('id = "small"', "id = 5", "id", "text"),
    ('id = "small"', 'id = "small"\nnew = 1', "new", "states"),
    ('id = "small"', 'id = "s m"', "id", "letters"),
    ('id = "small"', 'id = "small"\nversion = 0', "version", "1 or more"),
    ('id = "small"', 'id = "small"\nversion = "x"', "version", "a whole number"),
    ('id = "small"', "id = small", "the file", ""),
    ('label = "Asked"', "", "states.asked", ""),
    ('turn = "responder"', 'turn = "answerer"', "states.asked.turn", "'responder'"),
    ('turn = "responder"', 'trun = "responder"', "states.asked.trun", "turn"),
    ("open = false", 'open = "no"', "states.done.open", "true"),
    ('summary_for = ["responder"]', 'summary_for = ["nobody"]', "states.asked.summary_for[0]", "'observer'"),
    ("[states.done]", '[states."a b"]\nlabel = "x"\n[states.done]', "states.a b", "letters"),
    ('to = "asked"', 'to = "askd"', "actions.ask.to", "asked"),
    ('to = "asked"', "", "actions.ask.to", "asked"),
    ('from = ["asked"]\nto', 'from = ["akd"]\nto', "actions.finish.from", "done"),
    ('from = ["asked"]\nto', "to", "actions.finish.from", "asked"),
    ("starts = true", 'starts = true\nfrom = ["asked"]', "actions.ask.from", "[]"),
    ("starts = true", 'from = ["asked"]\nreads = ["request", "part"]', "actions", "starts = true"),
    ('reads = ["date"]', "", "actions.finish.reads", "date"),
    ('reads = ["date"]', 'reads = ["answers"]', "actions.finish.reads", "date"),
    ('reads = ["date"]', 'reads = ["days"]', "actions.finish.reads[0]", "'date'"),
    ('reads = ["date"]', "reads = true", "actions.finish.reads", "date"),
    ('reads = ["answers"]', "", "actions.tell.reads", "answers"),
    ('by = ["initiator"]', 'by = ["responder"]', "actions.ask.by", "initiator"),
    ('by = ["initiator"]', 'by = ["owner"]', "actions.ask.by[0]", "'initiator'"),
    ('by = ["responder"]', "by = []", "actions.finish.by", "one part"),
    ('form = "finish"', 'form = "finnish"', "actions.finish.form", "request"),
    ('within = "other_country"', 'within = "here"', "actions.ask.within", "'same_country'"),
    ('target = "responder"', "", "actions.ask.within", ""),
    ('target = "responder"', 'target = "x"', "actions.ask.target", "'responder'"),
    ('to = "done"', 'to = "asked"', "actions.finish.to", "done"),
    ('to = "done"', "", "actions.finish.to", "done"),
    ("closes = true", 'closes = true\nrole = "boss"', "actions.finish.role", "'handler'"),
    ("closes = true", "closes = true\ncomplete = true", "actions.finish.complete", "false"),
    ("closes = true", 'closes = true\ntext = "maybe"', "actions.finish.text", "'required'"),
    ('type = "days"', 'type = "number"', "actions.finish.sets", "days"),
    ('needed = "send"', 'needed = "save"', "actions.finish.sets", "needed"),
    ('needed = "send"', 'needed = "now"', "forms.finish.fields[0].needed", "'send'"),
    ('type = "days"', 'type = "weeks"', "forms.finish.fields[0].type", "'days'"),
    ('type = "days"', 'type = "days", maximum = 9999', "forms.finish.fields[0].maximum", "3650"),
    ('type = "days"', 'type = "days", minimum = 0', "forms.finish.fields[0].minimum", "1 or more"),
    ('type = "days"', 'type = "days", minimum = 9, maximum = 3', "forms.finish.fields[0].maximum", "9 or more"),
    ('type = "days"', 'type = "days", max_length = 0', "forms.finish.fields[0].max_length", "1 or more"),
    ('type = "days"', 'type = "days", maxlength = 5', "forms.finish.fields[0].maxlength", "max_length"),
    ("[forms.finish]", "[forms.reply]\nfields = []\n[forms.finish]", "forms.reply", ""),
]


@pytest.mark.parametrize(("old", "new", "key", "allowed"), LIFECYCLE_ERRORS)
def test_lifecycle_errors_name_file_key_and_what_is_allowed(old: str, new: str, key: str, allowed: str) -> None:
    assert old in LIFECYCLE
    with pytest.raises(DefinitionError) as caught:
        load_lifecycle(LIFECYCLE.replace(old, new, 1), "life.toml")
    _says(caught.value, "life.toml", key, allowed)


MODULE_ERRORS: list[tuple[str, str, str, str]] = [
    ('id = "tt.small"', 'id = "TT small"', "id", "small letters"),
    ('id = "tt.small"', "", "the file", ""),
    ('prefix = "TT"', 'prefix = "tt"', "prefix", "capital"),
    ('lifecycle = "small"', 'lifecycle = "smal"', "lifecycle", "small"),
    ('lifecycle = "small"', 'lifecycle = "small"\nsubject = "sbject"', "subject", "subject"),
    ('lifecycle = "small"', 'lifecycle = "small"\nsubject = "secret"', "subject", "subject"),
    ('lifecycle = "small"', 'lifecycle = "small"\nsubject = "kind"', "subject", "subject"),
    ("summary = true", "summary = false", "subject", ""),
    ("summary = true", "summary = true, personal = true", "request.fields[0].summary", "false"),
    ('lifecycle = "small"', 'lifecycle = "small"\ncolour = "red"', "colour", "legal_basis"),
    ('type = "single", label = "Kind"', 'type = "sigle", label = "Kind"', "request.fields[1].type", "'single'"),
    ('{ id = "a", label = "A" }, { id = "b", label = "B" }', "", "request.fields[1].options", ""),
    ('{ id = "b", label = "B" }', '{ id = "a", label = "B" }', "request.fields[1].options", "each id once"),
    ('{ id = "b", label = "B" }', '{ id = "b" }', "request.fields[1].options[1]", ""),
    ('{ id = "b", label = "B" }', '{ id = "b", label = 3 }', "request.fields[1].options[1].label", "text"),
    ('id = "secret"', 'id = "kind"', "request.fields", "each id once"),
    ('id = "secret"', 'id = "se.cret"', "request.fields[3].id", "letters"),
    ('field = "kind"', 'field = "knd"', "request.fields[2].show_if.field", "kind"),
    ('field = "kind"', 'field = "secret"', "request.fields[2].show_if.field", "subject"),
    ('field = "kind"', 'field = "more"', "request.fields[2].show_if.field", "subject"),
    ('values = ["a"]', 'values = ["z"]', "request.fields[2].show_if.values", "a"),
    ('values = ["a"]', 'value = ["a"]', "request.fields[2].show_if.value", "values"),
    ('id = "Q-2"', 'id = "Q-1"', "questions", "each id once"),
    ('id = "Q-2"', 'id = "Q-1-when"', "questions", "each id once"),
    ('id = "Q-2"', 'id = "Q-2.remark"', "questions[1].id", "letters"),
    ('id = "Q-1-when"', 'id = "kind"', "questions.follow_ups", "each id once"),
    ('values = ["yes"]', 'values = ["oui"]', "questions[0].follow_ups[0].show_if.values", "cannot_say"),
    ('field = "Q-1"', 'field = "Q-2"', "questions[0].follow_ups[0].show_if.field", "Q-1"),
    ('options = [{ id = "x", label = "X" }]', "", "questions[1].options", ""),
    ('trigger = "ask"', 'trigger = "sk"', "deadlines[0].trigger", "finish"),
    ('ends = ["finish"]', 'ends = ["finis"]', "deadlines[0].ends", "finish"),
    ('ends = ["finish"]', "", "deadlines[0]", ""),
    ("amount = 5", "amount = 0", "deadlines[0].amount", "1 to 1000"),
    ("amount = 5", "amount = 5.5", "deadlines[0].amount", "a whole number"),
    ('unit = "working_days"', 'unit = "days"', "deadlines[0].unit", "'working_days'"),
    ("block_months = 6", "block_months = 19", "retention.block_months", "1 to 18"),
    ("erase_months = 36", "erase_months = 3", "retention.erase_months", "6 to 36"),
]


@pytest.mark.parametrize(("old", "new", "key", "allowed"), MODULE_ERRORS)
def test_module_errors_name_file_key_and_what_is_allowed(old: str, new: str, key: str, allowed: str) -> None:
    assert old in MODULE
    with pytest.raises(DefinitionError) as caught:
        load(MODULE.replace(old, new, 1))
    _says(caught.value, "small.toml", key, allowed)


def test_a_module_may_leave_out_the_date_that_a_request_sets() -> None:
    lifecycle = LIFECYCLE.replace('form = "request"', 'form = "request"\nsets = "REQ.WISH"')
    assert load(lifecycle=lifecycle).lifecycle.actions["ask"].sets == "REQ.WISH"


def _says(error: DefinitionError, source: str, key: str, allowed: str) -> None:
    assert error.source == source
    assert (error.key or "the file") == key
    assert str(error).startswith(f"{source}: {key}: ")
    assert error.problem
    if allowed:
        assert any(allowed in item for item in error.allowed), error.allowed


SCRAPS = st.sampled_from(
    [0, -1, 10**30, 1.5, True, "", "x", "responder", [], [1], ["x"], [[]], {}, {"x": 1}, [{}], {"id": "x"}]
)


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for name, item in inner for path in paths(item, (*at, name)))]


def put(value: Any, path: tuple[Any, ...], scrap: Any) -> None:
    for name in path[:-1]:
        value = value[name]
    value[path[-1]] = scrap


@given(st.data())
@settings(max_examples=80)
def test_no_definition_brings_more_than_a_definition_error(data: st.DataObject) -> None:
    texts = {"life.toml": LIFECYCLE, "small.toml": MODULE}
    name = data.draw(st.sampled_from(sorted(texts)))
    tree = tomllib.loads(texts[name])
    path = data.draw(st.sampled_from(paths(tree)[1:]))
    put(tree, path, data.draw(SCRAPS))
    texts[name] = toml(tree)
    try:
        load(texts["small.toml"], texts["life.toml"])
    except DefinitionError as error:
        assert error.source == name or (name == "life.toml" and error.source == "small.toml")  # noqa: PT017


def toml(value: Any) -> str:
    """`value` as TOML: every table inline but the outermost."""

    def inline(item: Any) -> str:
        if isinstance(item, dict):
            return "{" + ", ".join(f'"{name}" = {inline(inner)}' for name, inner in item.items()) + "}"
        if isinstance(item, list):
            return "[" + ", ".join(inline(inner) for inner in item) + "]"
        return msgspec.json.encode(item).decode()

    return "\n".join(f'"{name}" = {inline(item)}' for name, item in value.items())


def test_labels_have_an_id_each_and_english_is_the_fallback() -> None:
    rules = load()
    labels = label_ids(rules)
    assert labels["tt.small.title"] == "Small"
    assert labels["tt.small.field.kind.option.b"] == "B"
    assert labels["tt.small.question.Q-1"] == "Is it so?"
    assert labels["tt.small.field.Q-1-when"] == "When"
    assert labels["small.state.asked"] == "Asked"
    assert labels["small.action.finish"] == "Finish"
    assert labels["small.form.finish.days"] == "Days"
    translated = msgspec.structs.replace(rules, labels={"fr": {"tt.small.title": "Petit"}})
    assert translated.label("tt.small.title", "Small", ("de", "fr")) == "Petit"
    assert translated.label("tt.small.title", "Small", ("de",)) == "Small"
    assert translated.label("tt.small.question.Q-1", "Is it so?", ("fr",)) == "Is it so?"


@pytest.mark.parametrize("path", sorted(CATALOGUE.glob("modules/*/*.toml")), ids=lambda path: "/".join(path.parts[-2:]))
def test_the_catalogue_itself_loads(path: Any) -> None:
    lifecycles = {}
    for file in CATALOGUE.glob("lifecycles/*.toml"):
        lifecycle = load_lifecycle(file.read_text("utf-8"), file.name)
        lifecycles[lifecycle.id] = lifecycle
    rules = load_procedure(path.read_text("utf-8"), path.name, lifecycles)
    assert all(label_ids(rules).values())
