"""Source, template and catalogues say the same; what a translator breaks does not break the program."""

from __future__ import annotations

import ast
import gettext
from pathlib import Path

import pytest

from catalogues import files
from catalogues.domains import DOMAINS, ROOT
from catalogues.plurals import PLURALS
from imi_core.languages import NAMES, PSEUDO

SOURCES = sorted(path for package in ("imi_tui", "imi_central") for path in (ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("domain", DOMAINS.values(), ids=lambda domain: domain.name)
def test_source_template_and_english_agree(domain: files.Domain) -> None:
    template = domain.texts()
    hint = "run: make locales"
    assert files.as_text(template, domain.ordered) == domain.template.read_text("utf-8"), hint
    english = files.as_text(files.english(template, domain), domain.ordered)
    assert english == files.path_of("en", domain.name).read_text("utf-8"), hint


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
    out = files.pseudo("Sent {count} entries to {desk}.")
    assert "{count}" in out
    assert "{desk}" in out
    assert "Sent" not in out
    assert out[0] == "⟦"
    assert out[-1] == "⟧"
    assert len(out) >= 1.4 * len("Sent {count} entries to {desk}.")


def test_a_faulty_translation_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "de" / "LC_MESSAGES" / "imi_tui.po"
    path.parent.mkdir(parents=True)
    catalogue = files.empty("de")
    catalogue.add("Search", "Suchen")
    catalogue.add("to {desk}", "an {stelle}")
    path.write_text(files.as_text(catalogue), encoding="utf-8")
    [left_out] = files.compile_all(tmp_path)
    assert (left_out.rule, left_out.entry) == ("placeholders", "to {desk}")
    assert "an {stelle}" in str(left_out)
    with path.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert compiled.gettext("Search") == "Suchen"
    assert compiled.gettext("to {desk}").format(desk="x") == "to x"


def test_new_texts_come_into_every_catalogue_and_gone_ones_go(tmp_path: Path) -> None:
    for name, texts in (("imi_tui", ("New", "Search")), ("imi_catalogue", ()), ("imi_central", ())):
        template = files.Catalog(charset="utf-8")
        for text in texts:
            template.add(text, None, auto_comments=["Said by a button."])
        (tmp_path / f"{name}.pot").write_text(files.as_text(template), "utf-8")
    path = files.path_of("ga", "imi_tui", tmp_path)
    path.parent.mkdir(parents=True)
    before = files.empty("ga")
    before.add("Search", "Cuardaigh")
    before.add("Gone", "Imithe")
    path.write_text(files.as_text(before).replace("nplurals=5", "nplurals=3"), "utf-8")
    files.update(tmp_path)
    after = files.read(path)
    assert {(message.id, message.string) for message in after if message.id} == {("New", ""), ("Search", "Cuardaigh")}
    assert after.num_plurals == 5
    assert "Imithe" not in path.read_text("utf-8")
    assert path.read_text("utf-8").count("#. Said by a button.") == 2
    assert files.path_of("ga", "imi_central", tmp_path).exists() is False


def test_only_what_changed_is_compiled_again(tmp_path: Path) -> None:
    path = files.path_of("de", "imi_central", tmp_path)
    path.parent.mkdir(parents=True)
    path.write_text(files.as_text(files.empty("de", DOMAINS["imi_central"])), "utf-8")
    files.compile_all(tmp_path)
    made = path.with_suffix(".mo")
    first = made.stat().st_ino
    files.compile_all(tmp_path)
    assert made.stat().st_ino == first
    files.compile_all(tmp_path, again=True)
    assert made.stat().st_ino != first
    made.unlink()
    files.compile_all(tmp_path)
    assert made.exists()
