"""Each rule finds the fault it is for, and nothing in a translation that is right."""

from __future__ import annotations

import gettext
from collections.abc import Callable, Iterator

import pytest
from babel import Locale

from catalogues import letters, likeness, rules, widths
from catalogues.entries import Book
from catalogues.findings import Finding
from catalogues.plurals import PLURALS
from imi_core.languages import NAMES
from imi_tui.i18n.dates import locale
from tests.catalogues.books import Text, book

Rule = Callable[[Book], Iterator[Finding]]
CASES = ("{n} case", "{n} cases")
ONE = ("One case", "{n} cases")

RIGHT: tuple[tuple[Rule, str, Text, Text], ...] = (
    (rules.complete, "de", "Search", "Suche"),
    (rules.complete, "de", CASES, ("{n} Fall", "{n} Fälle")),
    (rules.plurals, "ga", CASES, ("{n} chás",) * 5),
    (rules.placeholders, "de", "to {desk}", "an {desk}"),
    (rules.placeholders, "de", "{a} by {b}", "{b}: {a}"),
    (rules.placeholders, "de", CASES, ("ein Fall", "{n} Fälle")),
    (rules.placeholders, "lv", CASES, ("{n} lieta", "{n} lietas", "nav lietu")),
    (rules.placeholders, "hr", ONE, ("{n} predmet", "{n} predmeta", "{n} predmeta")),
    (rules.placeholders, "de", "%(prog)s: error: %(message)s\n", "%(prog)s: Fehler: %(message)s\n"),
    (rules.placeholders, "de", "expected %s", "%s erwartet"),
    (rules.typed, "bg", "Press F1, or `imi-tui --help`, in IMI", "Натиснете F1 или `imi-tui --help` в IMI"),
    (rules.typed, "de", "-word takes it away", "-Wort nimmt es weg"),
    (rules.typed, "fi", "Sign in to IMI", "Kirjaudu IMI-järjestelmään"),
    (rules.ends, "de", "more: ", "mehr: "),
    (rules.ends, "de", "a\n\nb", "eins\nzwei"),
    (letters.hidden, "fr", "Whose?", "À qui\u00a0?"),
    (letters.hidden, "en", "\u00ad", "\u00ad"),
    (letters.script, "bg", "IMI coordinator", "IMI-координатор"),
    (letters.script, "el", "PDF file of {desk}", "αρχείο PDF του {desk}"),
    (letters.script, "ro", "of the state", "statului și al țării"),
    (letters.own_letters, "nl", "x", "dit is een zin " * 300),
    (letters.punctuation, "el", "Whose?", "Ποιος;"),
    (letters.punctuation, "el", "One; ", "Ένα· "),
    (letters.punctuation, "fr", "Whose? Nobody: 14:07", "À qui\u00a0? Personne\u00a0: 14:07"),
    (letters.punctuation, "fr", "say “yes”", "dites «\u00a0oui\u00a0»"),
    (letters.punctuation, "de", "He said “yes.”", "Er sagte „ja“."),
    (letters.punctuation, "da", "Number", "Nr."),
    (letters.punctuation, "de", "VAT number", "USt-IdNr."),
    (letters.punctuation, "de", "Wait…", "Warten…"),
    (likeness.equal, "de", "Name", "Name"),
    (likeness.equal, "en", "This is English text", "This is English text"),
    (likeness.equal, "de", "{a} {b} {c} {d}", "{a} {b} {c} {d}"),
)

WRONG: tuple[tuple[Rule, str, Text, Text, str], ...] = (
    (rules.complete, "de", "Search", "", "not translated"),
    (rules.complete, "de", CASES, ("{n} Fall", ""), "form 1 is empty"),
    (rules.plurals, "ga", CASES, ("{n} chás",) * 3, "3 forms"),
    (rules.placeholders, "de", "to {desk}", "an {stelle}", "placeholders"),
    (rules.placeholders, "de", "to {desk}", "an", "placeholders"),
    (rules.placeholders, "de", "to {desk}", "an {desk", "brace"),
    (rules.placeholders, "de", "to {desk}", "an {desk} und {desk}", "placeholders"),
    (rules.placeholders, "de", "at", "um {n}", "placeholders"),
    (rules.placeholders, "de", CASES, ("{n} Fall", "Fälle"), "placeholders"),
    (rules.placeholders, "de", CASES, ("{m} Fall", "{n} Fälle"), "placeholders"),
    (rules.placeholders, "de", ("{n} of {desk}", "{n} of {desk}"), ("eins", "{n} von {desk}"), "placeholders"),
    # Form 0 is said of 0 and 1 in French, of 1 and 21 in Croatian, of 1 and 101 in Slovenian.
    (rules.placeholders, "fr", CASES, ("un dossier", "{n} dossiers"), "placeholders"),
    (rules.placeholders, "hr", ONE, ("Jedan predmet", "{n} predmeta", "{n} predmeta"), "placeholders"),
    (rules.placeholders, "sl", CASES, ("zadeva", *["{n} zadev"] * 3), "placeholders"),
    (rules.placeholders, "de", "%(prog)s: %(message)s", "%(prog)s: %(Nachricht)s", "placeholders"),
    (rules.placeholders, "de", "expected %s", "erwartet", "placeholders"),
    (rules.typed, "de", "Use --lang", "Benutzen Sie --sprache", "--lang"),
    (rules.typed, "de", "F1: help", "F2: Hilfe", "F1"),
    (rules.typed, "el", "Sign in to IMI", "Σύνδεση στο ΙΜΙ", "IMI"),
    (rules.ends, "de", "more: ", "mehr:", "white space"),
    (rules.ends, "de", "x\n", "x", "white space"),
    (rules.ends, "de", "a\nb", "a b", "lines"),
    (letters.hidden, "es", "Yes", "\u200bSí", "U+200B"),
    (letters.hidden, "es", "Yes", "Sí\x9f", "U+009F"),
    (letters.hidden, "es", "Yes", "Si\u0301", "two characters"),
    (letters.hidden, "es", "Yes", "So\u00adlo", "SOFT HYPHEN"),
    (letters.hidden, "fr", "Whose?", "À qui\u202f?", "U+202F"),
    (letters.hidden, "es", "Locked", "🔒", "two cells"),
    (letters.script, "bg", "No", "Hе", "mixes scripts"),
    (letters.script, "el", "Albania", "Aλβανία", "mixes scripts"),
    (letters.script, "bg", "No", "μη", "another script"),
    (letters.script, "de", "No", "Не", "another script"),
    (letters.script, "ro", "and", "şi", "cedilla"),
    (letters.own_letters, "cs", "x", "nektere udaje v techto pripadech zatim chybi " * 2, "has none of"),
    (letters.punctuation, "el", "Whose?", "Ποιος?", "ends with '?'"),
    (letters.punctuation, "el", "Whose? Mine.", "Ποιος? Δικός μου.", "asks with"),
    (letters.punctuation, "fr", "Whose?", "À qui?", "no space"),
    (letters.punctuation, "fr", "Code: {x}", "Code : {x}", "may break"),
    (letters.punctuation, "de", "Done.", "Fertig", "ends with ''"),
    (letters.punctuation, "de", "Done", "Das ist jetzt alles fertig.", "ends with '.'"),
    (likeness.equal, "de", "This is English", "This is English", "is English"),
)


def found(rule: Rule, language: str, id: Text, text: Text) -> list[Finding]:
    return list(rule(book(language, (id, text))))


@pytest.mark.parametrize(("rule", "language", "id", "text"), RIGHT)
def test_what_is_right_passes(rule: Rule, language: str, id: Text, text: Text) -> None:
    assert found(rule, language, id, text) == []


@pytest.mark.parametrize(("rule", "language", "id", "text", "says"), WRONG)
def test_a_planted_fault_is_found(rule: Rule, language: str, id: Text, text: Text, says: str) -> None:
    [finding] = found(rule, language, id, text)
    assert says in finding.says
    assert finding.do
    assert str(finding).startswith(f"{language}/LC_MESSAGES/imi_tui.po: {(id if isinstance(id, str) else id[0])!r}")


def test_three_full_stops_are_the_sign_in_other_characters() -> None:
    assert found(letters.hidden, "de", "Wait…", "Warten...") == []
    assert found(letters.punctuation, "de", "Wait…", "Warten...") == []


def test_a_guess_is_no_translation() -> None:
    [finding] = rules.complete(book("de", ("Search", "Suche"), fuzzy=True))
    assert "fuzzy" in finding.says


# -- counting ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "head", "says"),
    [
        ("hu", "nplurals=1; plural=0;", "1 forms instead of 2"),
        ("ga", "nplurals=3; plural=n==1 ? 0 : n==2 ? 1 : 2;", "3 forms instead of 5"),
        ("fr", "nplurals=2; plural=(n != 1);", "counts 0 in another way"),
        ("de", "nplurals=2; plural=(n > 1);", "counts 0 in another way"),
        ("mt", PLURALS["mt"].replace("n%100<20", "n%100<19"), "counts 19 in another way"),
        ("cs", "nplurals=3; plural=(n === 1);", "no rule that can be read"),
    ],
)
def test_a_head_that_counts_wrongly_is_found(language: str, head: str, says: str) -> None:
    [finding] = rules.plurals(book(language, head=head))
    assert says in finding.says
    assert PLURALS[language] in finding.do


def test_a_rule_written_in_another_way_is_the_same_rule() -> None:
    assert list(rules.plurals(book("de", head="nplurals=2; plural=n==1 ? 0 : 1;"))) == []


AGREE = sorted(NAMES.keys() - {"lv", "mt"})
"""Where the forms of gettext are the categories of CLDR. Latvian's zero stands for 0, 10-20 and 30 there, and Maltese
has one category more."""


@pytest.mark.parametrize("language", AGREE)
def test_the_table_counts_as_cldr_does(language: str) -> None:
    parse = vars(gettext)["c2py"]
    form, category = (
        parse(PLURALS[language].partition("plural=")[2].rstrip(";")),
        Locale.parse(locale(language)).plural_form,
    )
    pairs = {(form(number), category(number)) for number in rules.COUNTED}
    assert len(pairs) == len({form for form, _ in pairs}) == len({category for _, category in pairs}), pairs


# -- whole catalogues --------------------------------------------------------------------------------------------------


def test_prose_without_the_marks_on_its_letters_is_found() -> None:
    with_marks = book(
        "pl", *[(f"text {n}", f"Zapytanie numer {n} zostało wysłane do właściwego organu") for n in range(60)]
    )
    assert list(letters.own_letters(with_marks)) == []
    bare = book("pl", *[(f"text {n}", f"Zapytanie numer {n} zostalo wyslane do wlasciwego organu") for n in range(60)])
    [finding] = letters.own_letters(bare)
    assert finding.entry == ""
    assert "0.0 %" in finding.says


@pytest.mark.parametrize(("same", "faults"), [(3, 0), (4, 1)])
def test_too_much_english_is_found(same: int, faults: int) -> None:
    texts = [(f"word{chr(97 + n)}", f"word{chr(97 + n)}" if n < same else f"Wort{chr(97 + n)}") for n in range(26)]
    findings = list(likeness.equal(book("de", *texts)))
    assert len(findings) == faults
    assert all("worda" in finding.says for finding in findings)


def test_a_text_of_another_language_is_found() -> None:
    long = "Tento text je v jiném jazyce a je dost dlouhý."
    czech = book("cs", ("A long sentence.", long), ("Short", "krátký"), ("Twice", "Krátký text"))
    slovak = book("sk", ("A long sentence.", long), ("Short", "krátký"), ("Twice", "Krátký text"))
    [finding] = likeness.copies(slovak, [czech, slovak, book("en", ("A long sentence.", long))])
    assert "as in cs" in finding.says
    assert finding.entry == "A long sentence."
    other = book("sk", ("Another sentence.", long))
    assert list(likeness.copies(other, [czech])) == []


@pytest.mark.parametrize(("text", "faults"), [("Ausgang", 0), ("Postausgang", 1), ("Verschickt", 0)])
def test_what_is_too_wide_is_found(text: str, faults: int) -> None:
    found = list(widths.widths(book("de", ("Sent", text, "A view; max-length:10"))))
    assert len(found) == faults
    assert all("11 cells" in finding.says for finding in found)
    assert list(widths.widths(book("de", ("Sent", text, "A view.")))) == []


@pytest.mark.parametrize(("text", "faults"), [("{days} Tage", 0), ("{days} Tagen", 1)])
def test_a_placeholder_is_as_wide_as_what_it_stands_for(text: str, faults: int) -> None:
    assert len(list(widths.widths(book("de", ("{days} d", text, "max-length:8"))))) == faults
