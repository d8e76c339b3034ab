"""docs/protocol-objects.md: every table has the members, defaults and values of the type it is about."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from imi_core import answers, authority, case, procedure, seal

TEXT = (Path(__file__).parents[2] / "docs" / "protocol-objects.md").read_text("utf-8")
TYPES: tuple[type[msgspec.Struct], ...] = (
    authority.Authority,
    authority.Desk,
    authority.Officer,
    case.Case,
    case.Assignment,
    case.Translation,
    case.Assigned,
    case.Part,
    case.Deadline,
    case.Entry,
    case.Text,
    case.Attachment,
    procedure.Rules,
    procedure.Procedure,
    procedure.Form,
    procedure.Field,
    procedure.Option,
    procedure.ShowIf,
    procedure.Question,
    procedure.TimeLimit,
    procedure.Retention,
    procedure.Lifecycle,
    procedure.State,
    procedure.Action,
)
ROW = re.compile(r"^\| `([^`]+)` \| (.+?) \|(.*)\|$", re.MULTILINE)


def section(text: str, title: str) -> str:
    """What stands under a heading, up to the next one."""
    return re.split(r"^#+ ", text.split(f"# {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def printed(text: str, title: str) -> dict[str, str]:
    """The first two columns of the table under a heading."""
    return {name: second for name, second, _ in ROW.findall(section(text, title))}


def real(type_: type[msgspec.Struct]) -> dict[str, str]:
    return {field.encode_name: _default(field) for field in msgspec.structs.fields(type_)}


def _default(field: Any) -> str:
    if field.default_factory is not msgspec.NODEFAULT:
        value = field.default_factory()
    elif field.default is not msgspec.NODEFAULT:
        value = field.default
    else:
        return "-"
    return f"`{json.dumps(msgspec.to_builtins(value))}`"


@pytest.mark.parametrize("type_", TYPES, ids=lambda each: each.__name__)
def test_a_table_has_the_members_and_defaults_of_its_type(type_: type[msgspec.Struct]) -> None:
    assert list(printed(TEXT, type_.__name__).items()) == list(real(type_).items())


def test_every_type_that_travels_has_its_table() -> None:
    travels = {
        each.__name__
        for module in (authority, case, procedure)
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, authority.Wire) and each is not authority.Wire
    }
    assert travels == {each.__name__ for each in TYPES}


@pytest.mark.parametrize(
    ("title", "values"),
    [
        ("Authority", get_args(authority.Kind)),
        ("Authority", get_args(authority.Status)),
        ("Desk", get_args(authority.Status)),
        ("Officer", get_args(authority.Role)),
        ("Case", ("summary", "full")),
        ("Part", get_args(case.PartRole)),
        ("TimeLimit", get_args(procedure.DeadlineUnit)),
    ],
)
def test_values_are_named(title: str, values: tuple[str, ...]) -> None:
    named = set(re.findall(r"`\"?([a-zA-Z_]+)\"?`", section(TEXT, title)))
    assert set(values) - named == set()


def test_types_of_answers_and_codes_of_problems() -> None:
    rows = re.findall(r"^\| `([^`]+)` \|", section(TEXT, "Answers"), re.MULTILINE)
    assert rows == [*get_args(procedure.FieldType), *get_args(answers.ProblemCode)]


def test_what_a_seal_is_made_of() -> None:
    names = {field.name: field.encode_name for field in msgspec.structs.fields(case.Entry)}
    sealed = section(TEXT, "Seals").partition("with their defaults:")[2].partition(".")[0]
    assert re.findall(r"`(\w+)`", sealed) == [names[each] for each in seal._HEADER]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("| `a` | - | |", {"a": "-"}),
        ('| `a` | `1` | one |\n| `b` | `""` | |\n\n# C\n| `c` | - | |', {"a": "`1`", "b": '`""`'}),
        ("no table", {}),
    ],
)
def test_how_a_table_is_read(table: str, said: dict[str, str]) -> None:
    assert printed(f"# B\n| `x` | - | |\n### A\n\n{table}\n", "A") == said
