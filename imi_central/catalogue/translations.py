"""Translations of definitions: gettext catalogues whose contexts are label ids (see `imi_core.procedure.label_ids`).

Those of the built-in procedures are compiled catalogues (`imi_central.i18n`); those of a procedure from elsewhere
stand beside its file as ``<file>.<language>.po``. A translation of another English text than the definition's is out
of date and left out: English is right, if foreign.
"""

from __future__ import annotations

import ast
import glob
import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from imi_central import i18n
from imi_core.errors import DefinitionError
from imi_core.languages import NAMES
from imi_core.procedure import Rules, label_ids
from imi_core.text import display

DOMAIN = "imi_catalogue"
_LINE = re.compile(r'(msgctxt|msgid|msgstr)?\s*("(?:[^"\\]|\\.)*")')
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]+)*")

Translations = Callable[[str, str], str]
"""Label id and English text to the translation; "" or the text itself where there is none."""


def built_in(locales: Path = i18n.LOCALES) -> dict[str, Translations]:
    """By language, what `locales` has for the built-in procedures."""
    found = (language for language in i18n.languages(DOMAIN, locales) if language in NAMES and language != "en")
    return {language: i18n.load(DOMAIN, language, locales).pgettext for language in found}


def beside(definition: Path) -> dict[str, Translations]:
    """By language, what stands beside a definition's file."""
    out: dict[str, Translations] = {}
    for path in sorted(definition.parent.glob(f"{glob.escape(definition.stem)}.*.po")):
        language = path.name[len(definition.stem) + 1 : -len(".po")]
        if not _LANGUAGE.fullmatch(language):
            raise DefinitionError(str(path), "", f"{language!r} is no language code", ("like fr",))
        out[language] = _of(read_po(path))
    return out


def translated(rules: Rules, catalogues: dict[str, Translations]) -> Rules:
    """`rules` with the labels of every language that has up-to-date ones."""
    english = label_ids(rules)
    labels = {
        language: {
            label: display(text, "multi")
            for label, said in english.items()
            if (text := known(label, said)) and text != said
        }
        for language, known in catalogues.items()
    }
    return msgspec.structs.replace(rules, labels={language: texts for language, texts in labels.items() if texts})


def _of(entries: dict[str, tuple[str, str]]) -> Translations:
    def known(label: str, english: str) -> str:
        text, translation = entries.get(label, ("", ""))
        return translation if text == english else ""

    return known


def read_po(path: Path) -> dict[str, tuple[str, str]]:
    """Context to (English text, translation) of a .po file; fuzzy and obsolete entries are left out.

    Raises `DefinitionError` naming the line that is no part of such a file.
    """
    out: dict[str, tuple[str, str]] = {}
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


def _unquoted(text: str) -> str:
    # Nearly no text has an escape in it.
    return str(ast.literal_eval(text)) if "\\" in text else text[1:-1]
