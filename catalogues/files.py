"""Catalogues as files: ``.po`` texts that read alike after every run, and the ``.mo`` files made of them."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from catalogues.domains import DOMAINS, LOCALES, Domain
from catalogues.entries import PARTS
from catalogues.findings import Finding
from catalogues.plurals import PLURALS
from catalogues.rules import sound
from imi_core.languages import NAMES, PSEUDO

PSEUDO_DOMAIN = "imi_tui"
_ACCENTS = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "ÅƁÇÐÉƑĜĤÎĴĶĻṀÑÖÞǪŔŠŢÛṼŴẊÝŽåƀçđéƒĝĥîĵķļɱñöþǫŕšţûṽŵẋýž"
)
_HEADERS = ("MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Plural-Forms", "Language:")


def path_of(language: str, domain: str, locales: Path = LOCALES) -> Path:
    """Where the catalogue of a language is."""
    return locales / language / "LC_MESSAGES" / f"{domain}.po"


def read(path: Path) -> Catalog:
    """The catalogue in the ``.po`` file at `path`. Raises `babel.messages.pofile.PoFileError` for what is none."""
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


def as_text(catalogue: Catalog, ordered: bool = False) -> str:
    """The catalogue as a ``.po`` file without the headers that change from run to run."""
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=120, no_location=True, sort_output=not ordered, ignore_obsolete=True)
    head, blank, body = buffer.getvalue().decode().partition("\n\n")
    lines = [line for line in head.splitlines() if not line.startswith('"') or line.lstrip('"').startswith(_HEADERS)]
    return "\n".join(line for line in lines if line != "#, fuzzy") + blank + body


def empty(language: str, domain: Domain = DOMAINS[PSEUDO_DOMAIN]) -> Catalog:
    """A catalogue of `language` without texts and with the plural rule of the table."""
    about = f"# {domain.about} ({domain.name})."
    catalogue = Catalog(locale=language.split("-")[0], header_comment=about, charset="utf-8", fuzzy=False)
    catalogue.mime_headers = [("Plural-Forms", PLURALS[language])]
    return catalogue


def english(template: Catalog, domain: Domain) -> Catalog:
    """The English catalogue: every text says itself."""
    catalogue = empty("en", domain)
    for message in template:
        if message.id:
            catalogue.add(message.id, message.id, auto_comments=message.auto_comments, context=message.context)
    return catalogue


def pseudo(text: str) -> str:
    """`text` with accents, at least 40 % wider and in ⟦brackets⟧; placeholders and white space at the ends stay."""
    bare = text.strip()
    if not bare:
        return text
    accented = "".join(
        part if PARTS.fullmatch(part) else part.translate(_ACCENTS) for part in PARTS.split(bare) if part
    )
    filling = "~" * max(0, -(-len(bare) * 4 // 10) - 2)
    start = text[: len(text) - len(text.lstrip())]
    return f"{start}⟦{accented}{filling}⟧{text[len(text.rstrip()) :]}"


def extract(locales: Path = LOCALES) -> None:
    """Write the templates and the English catalogues from the source."""
    for domain in DOMAINS.values():
        template = domain.texts()
        (locales / domain.template.name).write_text(as_text(template, domain.ordered), "utf-8")
        target = path_of("en", domain.name, locales)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(as_text(english(template, domain), domain.ordered), "utf-8")


def update(locales: Path = LOCALES) -> None:
    """Carry new texts of the templates into the catalogues that there are; texts that are gone go."""
    for domain in DOMAINS.values():
        template = read(locales / domain.template.name)
        for language in NAMES:
            path = path_of(language, domain.name, locales)
            if language == "en" or not path.exists():
                continue
            catalogue = read(path)
            # A guess from a text that reads alike is worse than none: it would look translated.
            catalogue.update(template, no_fuzzy_matching=True)
            catalogue.header_comment = f"# {domain.about} ({domain.name})."
            catalogue.mime_headers = [("Plural-Forms", PLURALS[language])]
            path.write_text(as_text(catalogue, domain.ordered), "utf-8")


def compile_file(path: Path) -> list[Finding]:
    """Write the ``.mo`` of one ``.po`` beside it.

    Returns what would break a program: such translations are left out, so that it shows English instead of failing.
    """
    catalogue = read(path)
    found: list[Finding] = []
    for message in list(catalogue):
        if message.id and (wrong := sound(path, message)):
            found.extend(wrong)
            catalogue.delete(message.id, message.context)
    write(path.with_suffix(".mo"), catalogue)
    return found


def compile_all(locales: Path = LOCALES, again: bool = False) -> list[Finding]:
    """Compile what changed under `locales`, or all of it `again`, and make the pseudo-language.

    Returns what was left out.
    """
    found = []
    for path in sorted(locales.glob("*/LC_MESSAGES/*.po")):
        if again or not _is_newer(path.with_suffix(".mo"), path):
            found.extend(compile_file(path))
    template = locales / f"{PSEUDO_DOMAIN}.pot"
    path = path_of(PSEUDO, PSEUDO_DOMAIN, locales).with_suffix(".mo")
    if template.exists() and (again or not _is_newer(path, template)):
        catalogue = empty(PSEUDO)
        for message in read(template):
            if isinstance(message.id, tuple | list):
                catalogue.add(message.id, tuple(pseudo(each) for each in message.id), context=message.context)
            elif message.id:
                catalogue.add(message.id, pseudo(message.id), context=message.context)
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, catalogue)
    return found


def _is_newer(made: Path, source: Path) -> bool:
    # What this package says of compiling counts as well.
    sources = (source, *Path(__file__).parent.glob("*.py"))
    return made.exists() and made.stat().st_mtime_ns > max(each.stat().st_mtime_ns for each in sources)


def write(path: Path, catalogue: Catalog) -> None:
    """Write a ``.mo`` file: processes may do so at the same time, so each appears at once or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "wb") as file:
        write_mo(file, catalogue)
    Path(name).chmod(0o644)
    Path(name).replace(path)
