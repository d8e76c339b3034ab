"""Case files as PDF/A-3: what is in them, in every alphabet of the Union, and what hostile data cannot do to them."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import Any

import msgspec
import pypdf
import pytest

from imi_core.case import Attachment, to_wire
from imi_core.languages import NAMES as LANGUAGES
from imi_tui import i18n
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from imi_tui.export import service
from tests.effort import tries
from tests.tui.screens import filled

FILE = b"\x00\x01 a certificate"
ALPHABETS = {
    "bg": "Жълтият щъркел, ѝ, чл. 5, № 7",
    "cs": "Příliš žluťoučký kůň úpěl ďábelské ódy",
    "da": "Rødgrød med fløde, æbler på Ærø",
    "de": "Größe, Übermaß, ẞ, „so“",
    "el": "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία, Ϊΰ, ἀρχή",
    "en": "The naïve fiancée’s façade – “£5”, ½ ton, 20 °C",
    "es": "El pingüino Wenceslao: ¿señal?, ¡sí!, 1.ª y 2.º, «ñu»",
    "et": "Põdur Zagrebi tšellomängija-följetonist",
    "fi": "Törkylempijävongahdus, Åbo",
    "fr": "Dès Noël où un zéphyr haï, œuvre, « ça »",
    "ga": "D'fhuascail Íosa Úrmhac, ḃ ċ ḋ ṫ",
    "hr": "Gojazni đačić s biciklom drži hmelj",
    "hu": "Árvíztűrő tükörfúrógép, Ő Ű",
    "it": "Perché? È già così: però, più giù, art. 1º, «sì»",
    "lt": "Įlinkdama fechtuotojo špaga, ų ė",
    "lv": "Glāžšķūņa rūķīši, ģ ķ ļ ņ",
    "mt": "Ħal Għaxaq, ċ ġ ż, Ż",
    "nl": "Eén coëfficiënt, ruïne, vóór, geüniformeerd, ĳs en Ĳ, ‘zo’, € 5",
    "pl": "Pchnąć w tę łódź jeża, ź ń",
    "pt": "À noite, vovô Kowalsky vê o ímã, ç ã õ",
    "ro": "Țesătură și șoșete, ă â î, Ș Ț",
    "sk": "Kŕdeľ šťastných ďatľov, ĺ ŕ ô ä",
    "sl": "Šerif bo za vajo spet kuhal, č ž",
    "sv": "Flygande bäckasiner, Å Ä Ö",
}


def a_case(store: Store, seat: Any, **changes: Any) -> tuple[str, dict[int, bytes]]:
    """A whole case with a reply, one file, and its parts put in the place of others; (id, files to embed)."""
    case, entries = next(
        (case, entries) for case, entries in filled.demo(seat, 120) if case.level == "full" and case.answers
    )
    file = Attachment(blob_id="0" * 32, name="../../a;b\u202e.txt", size=len(FILE), sha256="ab" * 32)
    last = msgspec.structs.replace(entries[-1], id="f" * 32, version=case.version + 1, attachments=(file,))
    if text := changes.pop("text", None):
        last = msgspec.structs.replace(last, text=text)
    case = msgspec.structs.replace(case, version=case.version + 1, files=1, **changes)
    page = Page(store.sync.state(seat.desk), cases=[to_wire(case)], entries=[to_wire(last)])
    store.sync.apply(seat.desk, page)
    return case.id, {1: FILE}


def made(store: Store, seat: Any, id: str, language: str = "en", files: Any = None) -> tuple[pypdf.PdfReader, str]:
    """The PDF of a case and all its text."""
    detail = store.case(seat.desk, id)
    assert detail is not None
    job = service.case(
        store,
        detail,
        "pdf",
        language=language,
        server="https://imi.example.eu",
        today=dt.date(2026, 3, 5),
        files=files,
    )
    reader = pypdf.PdfReader(io.BytesIO(job.make()), strict=True)
    return reader, " ".join(" ".join(page.extract_text().split()) for page in reader.pages)


def test_it_is_pdf_a_3_with_its_files_inside(store: Store, seat: Any) -> None:
    id, files = a_case(store, seat)
    reader, text = made(store, seat, id, files=files)
    root = reader.trailer["/Root"]
    xmp = reader.xmp_metadata
    assert xmp is not None
    assert (xmp.pdfaid_part, xmp.pdfaid_conformance) == ("3", "A")
    assert b"pdfuaid" in root["/Metadata"].get_data()
    assert root["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"
    assert root["/MarkInfo"]["/Marked"]
    assert "/Encrypt" not in reader.trailer
    assert reader.trailer["/ID"]
    assert not {"/OpenAction", "/AA", "/JavaScript"} & set(root)
    attached = reader.attachments
    assert set(attached) == {"case.json", "1 a_b.txt"}, "names are made safe"
    assert attached["1 a_b.txt"] == [FILE]
    data = json.loads(attached["case.json"][0])
    assert (data["case"]["id"], data["mark"]["server"]) == (id, "https://imi.example.eu")
    relations = sorted(each.get_object()["/AFRelationship"] for each in root["/AF"])
    assert relations == ["/Data", "/Supplement"], "PDF/A-3 wants to know what each file is for"
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    for font in fonts:
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert {"/FontFile2", "/FontFile3"} & set(descriptor), "every font is embedded"
    assert "SHA-256" in text
    assert "embedded in this document" in text


def test_it_says_whose_copy_it_is_and_what_it_is_not(store: Store, seat: Any) -> None:
    id, _files = a_case(store, seat)
    reader, text = made(store, seat, id)
    for page in reader.pages:
        found = " ".join(page.extract_text().split())
        assert "Exported by Camille Martin (DREETS Auvergne-Rhône-Alpes) on " in found
        assert "from https://imi.example.eu" in found
        assert "Personal data: only for those who need it" in found
    assert "neither signed nor certified" in text
    assert "not an official text" in text
    assert "not in this document" in text


def test_what_only_the_summary_shows_is_said_to_be_missing(store: Store, seat: Any) -> None:
    case = next(case for case, _entries in filled.demo(seat, 120) if case.level == "summary")
    _reader, text = made(store, seat, case.id)
    assert "sees the summary of this case only" in text


FEW = ("bg", "de", "el", "hu", "lv", "mt")
"""Cyrillic, Greek, and Latin with every kind of mark on its letters."""


@pytest.mark.parametrize("language", tries(FEW, sorted(LANGUAGES)))
def test_every_alphabet_of_the_union_is_drawn_and_can_be_read_back(store: Store, seat: Any, language: str) -> None:
    words = ALPHABETS[language]
    id, _files = a_case(store, seat, subject=words)
    reader, text = made(store, seat, id, language)
    assert words in text.replace("\u200b", "")
    assert "<U+" not in text, "no letter is missing"
    assert reader.trailer["/Root"]["/Lang"] == language


def test_data_is_no_markup_and_what_no_font_has_is_named(store: Store, seat: Any) -> None:
    from imi_core.case import Text

    evil = '#panic("x") = Heading *bold* $x$ <label> @ref \\u{1F600} `raw` // comment /* '
    strange = "漢字 \U0001f600 " + "a" * 900
    id, _files = a_case(store, seat, subject=evil, text=Text(lang="xx-evil-\x00", text=strange))
    _reader, text = made(store, seat, id)
    assert evil.strip() in text
    assert "<U+6F22><U+5B57>" in text
    assert "<U+1F600>" in text
    assert text.replace("\u200b", "").replace(" ", "").count("a" * 900) == 1, "a long word is broken, not cut"


def test_thousands_of_strange_characters_do_not_take_for_ever(store: Store, seat: Any) -> None:
    from imi_core.case import Text

    id, _files = a_case(store, seat, text=Text(lang="zh", text="".join(chr(0x4E00 + n) for n in range(3000)) + "é"))
    _reader, text = made(store, seat, id)
    assert "<U+4E00>" in text.replace("\u200b", "")
    assert "é" in text


def test_the_language_of_a_document_is_no_concern_of_the_program(store: Store, seat: Any) -> None:
    id, _files = a_case(store, seat)
    detail = store.case(seat.desk, id)
    assert detail is not None
    job = service.case(store, detail, "pdf", language=i18n.PSEUDO, server="", today=dt.date(2026, 3, 5))
    assert job.document["title"].startswith("⟦Ç")
    assert i18n.language() == "en"
    assert i18n._("Timeline") == "Timeline"
