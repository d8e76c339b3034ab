"""Catalogues: ``python -m imi_tui.i18n.build`` compiles, ``… extract`` reads the texts out of the source.

``compile`` (the default) writes every ``locales/*/LC_MESSAGES/*.po`` beside itself as ``.mo`` and makes the
pseudo-language. ``extract`` writes ``locales/imi_tui.pot`` and the English catalogue. ``update`` carries the texts of
the template into the other languages. A translation that lost a placeholder is reported and left out of the ``.mo``,
so that the program shows English instead of failing. Needs Babel; the program itself does not.
"""

from __future__ import annotations

import re
import string
import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from imi_tui.i18n.languages import PLURALS, PSEUDO

ROOT = Path(__file__).parent.parent.parent
LOCALES = ROOT / "locales"
TEMPLATE = LOCALES / "imi_tui.pot"
DOMAIN = "imi_tui"
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
_HEADER = f"# Texts of the terminal client ({DOMAIN})."
_PARTS = re.compile(r"(\{[^{}]*\}|%\([^)]*\)[a-z]|%[a-z%])")
_ACCENTS = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "ÅƁÇÐÉƑĜĤÎĴĶĻṀÑÖÞǪŔŠŢÛṼŴẊÝŽåƀçđéƒĝĥîĵķļɱñöþǫŕšţûṽŵẋýž"
)


def extract(source: Path = ROOT / "imi_tui") -> Catalog:
    """Every text of the Python files under `source`, sorted, with translators' comments and without places."""
    catalogue = Catalog(header_comment=_HEADER, charset="utf-8")
    found = extract_from_dir(
        source, [("**.py", "python")], {}, keywords=KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True
    )
    for _file, _line, message, comments, context in sorted(found, key=lambda item: (str(item[2]), item[4] or "")):
        if message:
            catalogue.add(message, None, auto_comments=comments, context=context)
    return catalogue


def as_text(catalogue: Catalog) -> str:
    """The catalogue as a ``.po`` file without the headers that change from run to run."""
    import io

    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=120, no_location=True, sort_output=True, ignore_obsolete=True)
    text = buffer.getvalue().decode()
    head, blank, body = text.partition("\n\n")
    keep = ("MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Plural-Forms", "Language:")
    lines = [line for line in head.splitlines() if not line.startswith('"') or line.lstrip('"').startswith(keep)]
    return "\n".join(line for line in lines if line != "#, fuzzy") + blank + body


def english(template: Catalog) -> Catalog:
    """The English catalogue: every text says itself."""
    catalogue = empty("en")
    for message in template:
        if message.id:
            catalogue.add(message.id, message.id, auto_comments=message.auto_comments, context=message.context)
    return catalogue


def empty(language: str) -> Catalog:
    """A catalogue of `language` without texts and with the plural rule of the table."""
    catalogue = Catalog(locale=language.split("-")[0], header_comment=_HEADER, charset="utf-8", fuzzy=False)
    _set_plurals(catalogue, language)
    return catalogue


def pseudo(text: str) -> str:
    """`text` with accents, at least 40 % wider and in ⟦brackets⟧; placeholders and white space at the ends stay."""
    bare = text.strip()
    if not bare:
        return text
    accented = "".join(
        part if _PARTS.fullmatch(part) else part.translate(_ACCENTS) for part in _PARTS.split(bare) if part
    )
    filling = "~" * max(0, -(-len(bare) * 4 // 10) - 2)
    start = text[: len(text) - len(text.lstrip())]
    return f"{start}⟦{accented}{filling}⟧{text[len(text.rstrip()) :]}"


def problems(message: Message) -> list[str]:
    """What is wrong with one translation: placeholders lost or invented, fuzzy, white space at the ends lost."""
    ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
    strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
    if not any(strings):
        return []
    if message.fuzzy:
        return ["fuzzy"]
    wanted = [_fields(id) for id in ids]
    found = []
    for form, text in enumerate(strings):
        if not text:
            found.append(f"form {form} is empty")
        elif (fields := _fields(text)) is None or (
            # A form for exactly one number may leave the number out.
            fields not in wanted and not (len(strings) > 1 and any(fields < each for each in wanted if each))
        ):
            found.append(f"placeholders of form {form}: {text!r}")
        elif (text[:1].isspace(), text[-1:].isspace()) != (ids[0][:1].isspace(), ids[0][-1:].isspace()):
            found.append(f"white space at the ends of form {form}: {text!r}")
    return found


def _fields(text: str) -> set[str] | None:
    """The names in braces of `text` and argparse's ``%s``; None where it is no format string."""
    try:
        names = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
        return names | set(re.findall(r"%(?:\(\w+\))?[rs]", text))
    except ValueError:
        return None


def _set_plurals(catalogue: Catalog, language: str) -> None:
    catalogue.mime_headers = [("Plural-Forms", PLURALS[language])]


def read(path: Path) -> Catalog:
    """The catalogue in the ``.po`` file at `path`."""
    with path.open("rb") as file:
        return read_po(file)


def compile_file(path: Path) -> list[str]:
    """Write the ``.mo`` of one ``.po`` beside it; returns what is wrong with it, one line each."""
    catalogue = read(path)
    faults: list[str] = []
    for message in list(catalogue):
        if message.id and (wrong := problems(message)):
            faults.extend(f"{path.parent.parent.name}/{path.name}: {message.id!r}: {each}" for each in wrong)
            catalogue.delete(message.id, message.context)
    _write_mo(path.with_suffix(".mo"), catalogue)
    return faults


def compile_all(locales: Path = LOCALES) -> list[str]:
    """Compile every catalogue under `locales` and make the pseudo-language; returns what is wrong with them."""
    faults = []
    for path in sorted(locales.glob("*/LC_MESSAGES/*.po")):
        faults.extend(compile_file(path))
    template = locales / TEMPLATE.name
    if template.exists():
        catalogue = empty(PSEUDO)
        for message in read(template):
            if isinstance(message.id, tuple | list):
                catalogue.add(message.id, tuple(pseudo(each) for each in message.id), context=message.context)
            elif message.id:
                catalogue.add(message.id, pseudo(message.id), context=message.context)
        path = locales / PSEUDO / "LC_MESSAGES" / f"{DOMAIN}.mo"
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_mo(path, catalogue)
    return faults


def _write_mo(path: Path, catalogue: Catalog) -> None:
    # Processes of one test run may compile at the same time: each file appears at once or not at all.
    import os
    import tempfile

    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "wb") as file:
        write_mo(file, catalogue)
    Path(name).chmod(0o644)
    Path(name).replace(path)


def update(locales: Path = LOCALES) -> None:
    """Carry new texts of the template into the catalogues of the other languages; texts that are gone go."""
    template = read(locales / TEMPLATE.name)
    for path in sorted(locales.glob(f"*/LC_MESSAGES/{DOMAIN}.po")):
        language = path.parent.parent.name
        if language == "en":
            continue
        catalogue = read(path)
        catalogue.update(template, no_fuzzy_matching=True)
        _set_plurals(catalogue, language)
        path.write_text(as_text(catalogue), encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Run one step; returns the exit status."""
    step = arguments[0] if arguments else "compile"
    match step:
        case "extract":
            template = extract()
            LOCALES.mkdir(exist_ok=True)
            TEMPLATE.write_text(as_text(template), encoding="utf-8")
            target = LOCALES / "en" / "LC_MESSAGES" / f"{DOMAIN}.po"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(as_text(english(template)), encoding="utf-8")
        case "update":
            update()
        case "compile":
            faults = compile_all()
            sys.stderr.writelines(f"{fault}\n" for fault in faults)
            return 1 if faults else 0
        case _:
            sys.stderr.write("usage: python -m imi_tui.i18n.build [compile | extract | update]\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
