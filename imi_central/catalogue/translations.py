"""Translations of definitions: gettext catalogues whose contexts are label ids (see `imi_core.procedure.label_ids`).

Those of the built-in procedures are `locales/<language>/LC_MESSAGES/imi_catalogue.po`; those of a procedure from
elsewhere stand beside its file as ``<file>.<language>.po``. A translation of another English text than the
definition's is out of date and left out: English is right, if foreign.
"""

from __future__ import annotations

import ast
import glob
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from imi_core.errors import DefinitionError
from imi_core.procedure import Rules, label_ids
from imi_core.text import display

DOMAIN = "imi_catalogue"
_HERE = Path(__file__).parent.parent
LOCALES = next((path for path in (_HERE / "locales", _HERE.parent / "locales") if path.is_dir()), _HERE / "locales")
_LINE = re.compile(r'(msgctxt|msgid|msgstr)?\s*("(?:[^"\\]|\\.)*")')
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]+)*")

Translations = dict[str, tuple[str, str]]
"""Label id to (English text, translation)."""


def built_in(locales: Path = LOCALES) -> dict[str, Translations]:
    """By language, what `locales` has for the built-in procedures."""
    found = sorted(locales.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))
    return {path.parent.parent.name: read_po(path) for path in found}


def beside(definition: Path) -> dict[str, Translations]:
    """By language, what stands beside a definition's file."""
    out: dict[str, Translations] = {}
    for path in sorted(definition.parent.glob(f"{glob.escape(definition.stem)}.*.po")):
        language = path.name[len(definition.stem) + 1 : -len(".po")]
        if not _LANGUAGE.fullmatch(language):
            raise DefinitionError(str(path), "", f"{language!r} is no language code", ("like fr",))
        out[language] = read_po(path)
    return out


def translated(rules: Rules, catalogues: dict[str, Translations]) -> Rules:
    """`rules` with the labels of every language that has up-to-date ones."""
    english = label_ids(rules)
    labels = {
        language: {
            label: display(given[label][1], "multi")
            for label, text in english.items()
            if label in given and given[label][0] == text and given[label][1]
        }
        for language, given in catalogues.items()
    }
    return msgspec.structs.replace(rules, labels={language: texts for language, texts in labels.items() if texts})


def read_po(path: Path) -> Translations:
    """The entries of a .po file that have a context; fuzzy and obsolete ones are left out.

    Raises `DefinitionError` naming the line that is no part of such a file.
    """
    out: Translations = {}
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(str(path), "", "cannot be read as UTF-8") from error
    entry: dict[str, str] = {}
    key, fuzzy = "", False

    def finish() -> None:
        if "msgctxt" in entry and not fuzzy:
            out[entry["msgctxt"]] = entry.get("msgid", ""), entry.get("msgstr", "")

    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            if key:
                finish()
                entry, key, fuzzy = {}, "", False
            fuzzy = fuzzy or (text.startswith("#,") and "fuzzy" in text)
            continue
        match = _LINE.fullmatch(text)
        if match is None or (match.group(1) is None and not key):
            raise DefinitionError(str(path), f"line {number}", "is no part of a .po file", ("msgctxt, msgid, msgstr",))
        if match.group(1) in ("msgctxt", "msgid") and "msgstr" in entry:
            finish()
            entry, fuzzy = {}, False
        key = match.group(1) or key
        entry[key] = entry.get(key, "") + _unquoted(match.group(2))
    finish()
    return out


def template(procedures: Iterable[Rules]) -> str:
    """The texts to translate, as a .pot file: every label once, the identifiers as contexts."""
    labels: dict[str, str] = {}
    for rules in procedures:
        labels.update(label_ids(rules))
    head = 'msgid ""\nmsgstr ""\n"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
    entries = (f'msgctxt {_quoted(label)}\nmsgid {_quoted(text)}\nmsgstr ""\n' for label, text in labels.items())
    return "\n".join((f"# Texts of the procedures ({DOMAIN}).\n{head}", *entries))


def _unquoted(text: str) -> str:
    # Nearly no text has an escape in it, and there are as many texts as languages times labels.
    return str(ast.literal_eval(text)) if "\\" in text else text[1:-1]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
