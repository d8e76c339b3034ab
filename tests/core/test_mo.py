"""Compiled catalogues: what the standard library reads, and English where something is broken, never a failure."""

from __future__ import annotations

import gettext
import io
import struct
from pathlib import Path

import pytest

from catalogues import files
from catalogues.domains import LOCALES
from imi_core.mo import Catalogue, fits

CASES = ("{n} case", "{n} cases")


def compiled(language: str = "de") -> bytes:
    catalogue = files.empty(language)
    catalogue.add("Search", "Suchen")
    catalogue.add("Open", "Öffnen", context="menu")
    catalogue.add("Open", "Offen")
    catalogue.add("to {desk}", "an {desk}")
    forms = {"de": ("{n} Fall", "{n} Fälle"), "sl": ("{n} zadeva", "{n} zadevi", "{n} zadeve", "{n} zadev")}
    catalogue.add(CASES, forms[language])
    buffer = io.BytesIO()
    files.write_mo(buffer, catalogue)
    return buffer.getvalue()


def test_texts_contexts_and_numbers() -> None:
    german = Catalogue(compiled())
    assert german.gettext("Search") == "Suchen"
    assert german.gettext("Find") == "Find"
    assert (german.gettext("Open"), german.pgettext("menu", "Open")) == ("Offen", "Öffnen")
    assert german.pgettext("door", "Open") == "Open"
    assert [german.ngettext(*CASES, n) for n in (0, 1, 2)] == ["{n} Fälle", "{n} Fall", "{n} Fälle"]
    assert [german.ngettext("a", "b", n) for n in (0, 1, 2)] == ["b", "a", "b"]
    slovenian = Catalogue(compiled("sl"))
    assert [slovenian.ngettext(*CASES, n)[-2:] for n in (1, 2, 3, 5, 101)] == ["va", "vi", "ve", "ev", "va"]


def test_without_a_file_all_is_english() -> None:
    assert Catalogue().gettext("Search") == "Search"
    assert Catalogue().ngettext(*CASES, 1) == "{n} case"
    assert Catalogue(compiled()).gettext("") == ""


@pytest.mark.parametrize(
    "path", sorted(LOCALES.glob("*/LC_MESSAGES/*.mo")), ids=lambda path: f"{path.parts[-3]}-{path.stem}"
)
def test_it_says_what_the_standard_library_says(path: Path) -> None:
    content = path.read_bytes()
    known, found = gettext.GNUTranslations(io.BytesIO(content)), Catalogue(content)
    for message in files.read(LOCALES / f"{path.stem}.pot"):
        if isinstance(message.id, tuple):
            for number in range(139):
                assert found.ngettext(*message.id, number) == known.ngettext(*message.id, number)
        elif message.id and message.context:
            assert found.pgettext(message.context, message.id) == known.pgettext(message.context, message.id)
        elif message.id:
            assert found.gettext(message.id) == known.gettext(message.id)


def test_files_of_the_other_byte_order_are_read() -> None:
    given = compiled()
    magic, version, count, originals, translations = struct.unpack_from("<5I", given)
    head = struct.pack(">5I", magic, version, count, originals, translations)
    tables = struct.unpack_from(f"<{4 * count}I", given, originals)
    swapped = head + given[20:originals] + struct.pack(f">{4 * count}I", *tables) + given[originals + 16 * count :]
    assert Catalogue(swapped).gettext("Search") == "Suchen"


def test_one_bad_entry_costs_one_text() -> None:
    broken = Catalogue(compiled().replace("Öffnen".encode(), b"\xff\xfeffnen"))
    assert broken.pgettext("menu", "Open") == "Open"
    assert broken.gettext("Search") == "Suchen"


def test_an_entry_outside_of_the_file_costs_one_text() -> None:
    given = bytearray(compiled())
    table, place = struct.unpack_from("<5I", given)[4], given.index(b"Suchen\0")
    entry = next(at for at in range(table, len(given), 8) if struct.unpack_from("<2I", given, at) == (6, place))
    struct.pack_into("<2I", given, entry, 6, len(given) - 3)
    shortened = Catalogue(bytes(given))
    assert shortened.gettext("Search") == "Search"
    assert shortened.gettext("Open") == "Offen"


NO_CATALOGUES = (b"x", b"no catalogue at all", compiled()[:40], struct.pack("<5I", 0x950412DE, 0, 2**31, 28, 28) * 9)


@pytest.mark.parametrize("data", NO_CATALOGUES)
def test_what_is_no_catalogue_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        Catalogue(data)


@pytest.mark.parametrize("rule", [b"plural=(n != );", b"plural=(m != 1);"])
def test_a_rule_that_cannot_be_read_counts_as_english_does(rule: bytes) -> None:
    broken = Catalogue(compiled().replace(b"plural=(n != 1);", rule.ljust(16)[:16]))
    assert [broken.ngettext(*CASES, n) for n in (1, 2)] == ["{n} Fall", "{n} Fälle"]


def test_a_form_that_is_missing_is_said_in_english() -> None:
    few = Catalogue(compiled("sl").replace(b"{n} zadeve\0{n} zadev\0", b"{n} zadeve.{n} zadev\0"))
    assert few.ngettext(*CASES, 5) == "{n} cases"
    assert few.ngettext(*CASES, 2) == "{n} zadevi"


@pytest.mark.parametrize(
    ("english", "text", "sound"),
    [
        ("to {desk}", "an {desk}", True),
        ("to {desk}", "an jemand", True),
        ("to {desk}", "an {stelle}", False),
        ("to {desk}", "an {desk", False),
        ("to {desk}", "an {}", False),
        ("to {desk}", "an {desk!r}", False),
        ("to {desk}", "an {desk.name}", False),
        ("plain", "{braces}", False),
        ("100 %", "100 %", True),
        ("%(prog)s: error", "%(prog)s: Fehler", True),
        ("%(prog)s: error", "%(programm)s: Fehler", False),
        ("expected %s", "erwartet %s", True),
        ("expected %s", "erwartet", False),
        ("expected %s of %r", "erwartet %r von %s", False),
        ("a { b", "ein { b", True),
    ],
)
def test_what_cannot_be_filled_is_not_said(english: str, text: str, sound: bool) -> None:
    assert fits(text, english) is sound
    if sound and english != "a { b" and "%" not in english:
        assert text.format(desk="x")


def test_a_broken_translation_is_never_a_failure() -> None:
    broken = Catalogue(
        compiled().replace(b"an {desk}", b"an {desc}").replace("{n} Fälle".encode(), "{x} Fälle".encode())
    )
    assert broken.gettext("to {desk}").format(desk="Lyon") == "to Lyon"
    assert [broken.ngettext(*CASES, n).format(n=n) for n in (1, 2)] == ["1 Fall", "2 cases"]
