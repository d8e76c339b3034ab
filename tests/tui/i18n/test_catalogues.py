"""Source, template and catalogues say the same; what a translator breaks does not break the program."""

from __future__ import annotations

import ast
import gettext
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from imi_tui.i18n import build
from imi_tui.i18n.languages import NAMES, PLURALS, PSEUDO

SOURCES = sorted((build.ROOT / "imi_tui").rglob("*.py"))


def texts(catalogue: build.Catalog) -> set[tuple[str, str | None]]:
    return {(str(message.id), message.context) for message in catalogue if message.id}


def test_source_template_and_english_agree() -> None:
    found = texts(build.extract())
    hint = "run: python -m imi_tui.i18n.build extract"
    assert found == texts(build.read(build.TEMPLATE)), hint
    assert found == texts(build.read(build.LOCALES / "en" / "LC_MESSAGES" / "imi_tui.po")), hint


@pytest.mark.parametrize("path", sorted(build.LOCALES.glob("*/LC_MESSAGES/imi_tui.po")), ids=lambda p: p.parts[-3])
def test_catalogue_is_sound(path: Path) -> None:
    language = path.parts[-3]
    catalogue = build.read(path)
    reference = build.empty(language)
    assert catalogue.num_plurals == reference.num_plurals
    assert catalogue.plural_expr.strip("()") == reference.plural_expr.strip("()")
    assert [(message.id, wrong) for message in catalogue if message.id and (wrong := build.problems(message))] == []


def test_no_text_is_translated_as_an_f_string_or_at_import_time() -> None:
    wrong = []
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inside = {
            id(node)
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            for child in (function.body if isinstance(function.body, list) else [function.body])
            for node in ast.walk(child)
        }
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if node.func.id in ("_", "ngettext", "pgettext"):
                at = f"{path.name}:{node.lineno}"
                wrong += [f"{at} f-string" for argument in node.args if isinstance(argument, ast.JoinedStr)]
                wrong += [] if id(node) in inside else [f"{at} at import time"]
    assert wrong == []


@pytest.mark.parametrize("language", [*NAMES, PSEUDO])
def test_plural_rules_give_a_form_for_every_number(language: str) -> None:
    count, expression = PLURALS[language].removesuffix(";").split("; plural=")
    rule = gettext.c2py(expression)  # type: ignore[attr-defined]
    forms = {rule(number) for number in range(200)}
    assert forms == set(range(int(count.removeprefix("nplurals="))))


def test_plural_rules_follow_cldr() -> None:
    def form(language: str, number: int) -> int:
        return int(gettext.c2py(PLURALS[language].removesuffix(";").split("; plural=")[1])(number))  # type: ignore[attr-defined]

    assert [form("ga", n) for n in (1, 2, 3, 7, 11)] == [0, 1, 2, 3, 4]
    assert [form("sl", n) for n in (1, 101, 2, 3, 5)] == [0, 0, 1, 2, 3]
    assert [form("lt", n) for n in (1, 21, 2, 10, 11)] == [0, 0, 1, 2, 2]
    assert form("hu", 1) != form("hu", 2)
    assert form("fr", 0) == form("fr", 1)


def test_pseudo_keeps_placeholders_and_grows() -> None:
    out = build.pseudo("Sent {count} entries to {desk}.")
    assert "{count}" in out
    assert "{desk}" in out
    assert "Sent" not in out
    assert out[0] == "⟦"
    assert out[-1] == "⟧"
    assert len(out) >= 1.4 * len("Sent {count} entries to {desk}.")


@pytest.mark.parametrize(
    ("id", "text", "sound"),
    [
        ("to {desk}", "an {desk}", True),
        ("to {desk}", "an {stelle}", False),
        ("to {desk}", "an", False),
        ("to {desk}", "an {desk", False),
        ("more: ", "mehr:", False),
        (("{n} case", "{n} cases"), ("ein Fall", "{n} Fälle"), True),
        (("{n} case", "{n} cases"), ("{m} Fall", "{n} Fälle"), False),
        (("{n} case", "{n} cases"), ("{n} Fall", ""), False),
    ],
)
def test_faults_of_translations_are_found(id: object, text: object, sound: bool) -> None:
    assert (build.problems(Message(id, text)) == []) is sound  # type: ignore[arg-type]


def test_a_faulty_translation_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "de" / "LC_MESSAGES" / "imi_tui.po"
    path.parent.mkdir(parents=True)
    catalogue = build.empty("de")
    catalogue.add("Search", "Suchen")
    catalogue.add("to {desk}", "an {stelle}")
    path.write_text(build.as_text(catalogue), encoding="utf-8")
    faults = build.compile_all(tmp_path)
    assert len(faults) == 1
    assert "an {stelle}" in faults[0]
    with path.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert compiled.gettext("Search") == "Suchen"
    assert compiled.gettext("to {desk}").format(desk="x") == "to x"
