"""Text from outside: nothing that a terminal or an eye could be fooled with survives."""

from __future__ import annotations

import codecs
import json
import re
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imi_core import text as text_module
from imi_core.text import (
    MAX_COMBINING,
    MAX_VIEW,
    clean,
    display,
    fold,
    mixed_scripts,
    spaced,
    untouched,
    vocabulary,
    words,
)
from tests.effort import tries

# Told independently of the module: by general category, and by name for what Unicode counts as letters or marks.
FILLERS = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0}
KEPT_FORMAT = {0x0600, 0x0601, 0x0602, 0x0603, 0x0604, 0x0605, 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD}
KEPT_FORMAT |= set(range(0x13430, 0x13440))
"""Format characters with a shape of their own: Arabic number signs, Syriac, Kaithi, hieroglyph joiners."""
JOINERS = {0x200C, 0x200D}
STYLES = {0xFE0E, 0xFE0F}


def dangerous(char: str, lines: str = "single") -> bool:
    code, category = ord(char), unicodedata.category(char)
    if code in JOINERS | STYLES | KEPT_FORMAT or (char == "\n" and lines == "multi"):
        return False
    noncharacter = 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
    selector = 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF or 0x180B <= code <= 0x180F
    return category in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") or noncharacter or selector or code in FILLERS


EMPTY = range(0x40000, 0xE0000)
"""Planes in which Unicode has no character yet."""
SAMPLED = (*range(EMPTY.start, EMPTY.stop, 97), *range(0xF0000, 0x110000, 997))
ENDS = [end - last for end in range(0x50000, 0x120000, 0x10000) for last in (2, 1)]
"""The last two of a plane are no characters."""
EVERY = [chr(code) for code in (*range(EMPTY.start), *range(EMPTY.stop, 0xF0000), *SAMPLED, *ENDS)]
"""All characters; of the empty and the private planes, a sample."""


def test_planes_of_which_a_sample_is_tried_are_empty() -> None:
    assert {unicodedata.category(chr(code)) for code in EMPTY} == {"Cn"}


def test_no_dangerous_character_survives_alone_between_letters_or_between_spaces() -> None:
    for lines in ("single", "multi"):
        bad = [char for char in EVERY if dangerous(char, lines)]
        assert len(bad) > 9_000
        harmful = set(bad)
        for char in bad:
            shown = display(char, lines)
            assert harmful.isdisjoint(shown), (hex(ord(char)), lines, ascii(shown))
        for around in ("a{}b", "  {}  ", "\U0001f600{}\U0001f600"):
            for at in range(0, len(bad), 64):
                chars = bad[at : at + 64]
                shown = display("".join(map(around.format, chars)), lines)
                assert harmful.isdisjoint(shown), (around, [hex(ord(char)) for char in chars], lines, ascii(shown))


def test_harmless_characters_stay_as_they_are() -> None:
    for char in EVERY:
        if dangerous(char) or ord(char) in JOINERS | STYLES or char == "\t" or unicodedata.category(char) == "Cn":
            continue
        if unicodedata.is_normalized("NFC", char):
            assert display(f"a{char}", "multi") == unicodedata.normalize("NFC", f"a{char}"), hex(ord(char))


def test_the_quick_answer_knows_every_suspect_character() -> None:
    suspect = [char for char in EVERY if text_module._compiled(text_module._SUSPECT).match(char)]
    assert len(suspect) > 10_000
    slipped = [
        char
        for char in suspect
        if char.isprintable() and not text_module._compiled(text_module._PRINTABLE_SUSPECT).match(char)
    ]
    assert slipped == []


def test_usual_characters_are_neither_suspect_nor_marks() -> None:
    usual = [char for char in EVERY if not text_module._compiled(text_module._UNUSUAL).match(char)]
    assert {"a", "ά", "я", "ő", "ħ", "ș", "€", "–", "„"} <= set(usual)
    assert not [char for char in usual if dangerous(char) or unicodedata.category(char)[0] == "M"]
    assert "\u200d" not in usual


CORPUS = {
    "OSC 52 clipboard": ("\x1b]52;c;cm0gLXJmIH4=\x07", "␛]52;c;cm0gLXJmIH4=␇"),
    "OSC 8 link": ("\x1b]8;;https://evil\x1b\\go\x1b]8;;\x1b\\", "␛]8;;https://evil␛\\go␛]8;;␛\\"),
    "CSI": ("\x1b[2J", "␛[2J"),
    "C1 CSI": ("\x9b31m", "<U+009B>31m"),
    "C1 OSC": ("\x9d0;t\x9c", "<U+009D>0;t<U+009C>"),
    "DEL": ("a\x7f", "a␡"),
    "NUL": ("a\x00b", "a␀b"),
    "backspaces": ("good\x08\x08\x08\x08evil", "good␈␈␈␈evil"),
    "RLO": ("gpj.\u202eexe", "gpj.<U+202E>exe"),
    "isolates": ("\u2066x\u2069", "<U+2066>x<U+2069>"),
    "Arabic letter mark": ("a\u061cb", "a<U+061C>b"),
    "zero width space": ("pay\u200bpal", "pay<U+200B>pal"),
    "byte order mark": ("\ufeffa", "<U+FEFF>a"),
    "tag characters": ("a\U000e0041\U000e007f", "a<U+E0041><U+E007F>"),
    "private use": ("\ue000\U000f0000\U0010fffd", "<U+E000><U+F0000><U+10FFFD>"),
    "lone surrogate": ("a\ud800b", "a<U+D800>b"),
    "Hangul filler": ("a\u3164b", "a<U+3164>b"),
    "grapheme joiner": ("a\u034fb", "a<U+034F>b"),
    "soft hyphen": ("Amts\u00adhilfe", "Amtshilfe"),
    "selector flood": ("a" + "\ufe01" * 5000, "a" + "<U+FE01>" * 16 + "<4984 more>"),
    "style flood": ("❤" + "\ufe0f" * 5000, "❤\ufe0f<4984 more>"),
    "joiner between letters": ("क्\u200dष", "क्\u200dष"),
    "joiner in an emoji": ("👩🏽\u200d⚕\ufe0f", "👩🏽\u200d⚕\ufe0f"),
    "joiner after a style": ("❤\ufe0f\u200d🔥", "❤\ufe0f\u200d🔥"),
    "joiner alone": ("\u200da \u200d!\u200c", "a !"),
    "keycap": ("1\ufe0f\u20e3", "1\ufe0f\u20e3"),
    "NFC": ("e\u0301", "é"),
    "NFC behind a dropped character": ("e\u00ad\u0301", "é"),
    "line ends": ("a\r\nb\rc\u2028d\u2029e\x85f\ng", "a b c d e f g"),
    "tab": ("a\tb", "a    b"),
    "markup stays text": ("[@click=app.quit]x[/] [/ [b", "[@click=app.quit]x[/] [/ [b"),
    "no-break space stays": ("10\u00a0000\u202f€", "10\u00a0000\u202f€"),
    "all the Union's alphabets": (
        "ΑαΆά Яя Łł Ññ Šš Őő Ĳ Ţţ Șș Ħħ ẞß Ìì Şş Ååø",
        "ΑαΆά Яя Łł Ññ Šš Őő Ĳ Ţţ Șș Ħħ ẞß Ìì Şş Ååø",
    ),
}


@pytest.mark.parametrize("name", CORPUS)
def test_hostile_corpus(name: str) -> None:
    given_text, expected = CORPUS[name]
    assert display(given_text) == expected
    assert display(expected) == expected


def test_lines_stay_lines_in_multi() -> None:
    assert display("a\r\nb\rc\u2028d\n\n", "multi") == "a\nb\nc\nd\n\n"


def test_zalgo_is_thinned_in_every_script() -> None:
    for mark in (
        "\u0301",
        "\u0363",
        "\u0483",
        "\u064b",
        "\u05b0",
        "\u0e34",
        "\u20dd",
        "\u1ab0",
        "\ufe20",
        "\U0001d167",
    ):
        shown = display("x" + mark * 500 + "y")
        assert shown.count(mark) <= MAX_COMBINING, hex(ord(mark))
        assert shown.endswith("y")
    assert display("a" + "\u0316\u0317\u0318\u0319\u031c" * 100 + "b") == "a\u0316\u0317\u0318\u0319b"
    box = "─" * 200
    assert display(box) == box


@pytest.mark.parametrize("limit", [1, 2, 10, 40, MAX_VIEW])
@pytest.mark.parametrize(
    "text", ["x" * 100_000, "\u202e" * 100_000, "a\u202e" * 50_000, "\t" * 70_000, "e\u0301" * 70_000]
)
def test_the_cut_holds_whatever_the_marks_add(text: str, limit: int) -> None:
    shown = display(text, "multi", limit)
    assert len(shown) <= limit
    assert shown.endswith("…")
    assert display(shown, "multi", limit) == shown


def test_text_at_the_limit_is_not_cut() -> None:
    assert display("é" * 10, limit=10) == "é" * 10
    assert display("é" * 11, limit=10) == "é" * 9 + "…"
    assert display("a\u200db" + "c" * 20, limit=3) == "a…"
    assert display("\ta\u200dbc", limit=7) == "    a…", "a cut in front of what the joiner joined"


@pytest.mark.parametrize(
    "line",
    [
        "x" * 1_000_000,
        "é" * 1_000_000,
        "a\u0301" * 500_000,
        "a" + "\u0301" * 1_000_000,
        "\x1b[31m" * 200_000,
        "\u202e" * 1_000_000,
    ],
)
def test_a_line_of_a_megabyte_costs_no_more_than_a_view(line: str) -> None:
    # Measured against itself: what a longer line costs above one that just fills the view.
    assert best_of(line) < 4 * best_of(line[: MAX_VIEW + 1]) + 0.001


def best_of(line: str, rounds: int = 7) -> float:
    """Seconds of the quickest `display` of `line`."""
    spent = []
    for _ in range(rounds):
        started = time.perf_counter()
        display(line)
        spent.append(time.perf_counter() - started)
    return min(spent)


HOSTILE = st.text(
    st.one_of(
        st.sampled_from(
            "ae1 <>$`\n\r\t\x1b\x7f\x85\u00ad\u0300\u0301\u034f\u0483\u20e3\u200b\u200c\u200d\u202e\u2028\ufe0e\ufe0f"
        ),
        st.sampled_from("❤👩🏽⚕ क्ष=\u0338\u1fef\u1fef한\u1100\u1161\u212b\ud800\ue000\U000e0041\ufffe"),
        st.characters(),
    ),
    max_size=60,
)


@given(HOSTILE, st.sampled_from(("single", "multi")), st.integers(1, 70))
@settings(max_examples=tries(100, 400))
def test_display_is_safe_and_idempotent(text: str, lines: str, limit: int) -> None:
    shown = display(text, lines, limit)  # type: ignore[arg-type]
    assert display(shown, lines, limit) == shown  # type: ignore[arg-type]
    assert display(shown, lines) == shown  # type: ignore[arg-type]
    assert len(shown) <= limit
    assert not any(dangerous(char, lines) for char in shown), ascii(shown)
    assert unicodedata.is_normalized("NFC", shown)
    marks = "".join("m" if unicodedata.category(char) in ("Mn", "Me") else "x" for char in shown)
    assert "m" * (MAX_COMBINING + 1) not in marks
    shown.encode()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | HOSTILE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(HOSTILE, inner, max_size=4),
    max_leaves=12,
)


def strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in strings(part)]
    return [text for item in value for text in strings(item)] if isinstance(value, list) else []


@given(JSON)
def test_clean_reaches_every_string_and_keeps_the_rest(value: object) -> None:
    cleaned = clean(value)
    assert clean(cleaned) == cleaned
    assert not any(dangerous(char, "multi") for text in strings(cleaned) for char in text)
    if not strings(value):
        assert cleaned == value


@given(JSON)
@settings(max_examples=tries(100, 300))
def test_a_document_called_untouched_is_left_as_it_is(value: object) -> None:
    for ascii_only in (True, False):
        document = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "replace")
        if untouched(document):
            assert clean(json.loads(document)) == json.loads(document)


def test_usual_documents_are_called_untouched() -> None:
    for text in ("plain", "Łukasz said “ναί” – 5 €", 'two\nlines, a "quote" and a /', "Щука", "☎ 112"):
        assert untouched(json.dumps({text: [text, 1]}, ensure_ascii=False).encode()), text
    for text in ("\x1b", "a\u202e", "\t", "e\u0301", "\r\n"):
        assert not untouched(json.dumps([text], ensure_ascii=False).encode()), text
        assert not untouched(json.dumps([text]).encode()), text


@given(st.text(st.sampled_from("aZé İßſ½²ªŁσςΣΐй́ﬁ\n_-'9ʼŉµ…́")) | st.text())
@settings(max_examples=tries(100, 400))
def test_vocabulary_is_the_set_of_words(text: str) -> None:
    assert vocabulary(text) == set(words(text))
    assert set(spaced(text).split()) == set(words(text))


def test_vocabulary_knows_every_character() -> None:
    def wrong(text: str) -> bool:
        expected = set(words(text))
        return vocabulary(text) != expected or set(spaced(text).split()) != expected

    def encoded(text: str) -> bool:
        return bool(codecs.charmap_encode(text, "ignore", text_module._tables()[0])[0])

    blocks = ["".join(EVERY[at : at + 512]) for at in range(0, len(EVERY), 512)]
    quick = {char for block in blocks if encoded(block) for char in block if encoded(char)} | set(text_module._DOUBLE)
    assert len(quick) > 128
    for char in quick:
        assert not wrong(f"a{char}b"), hex(ord(char))
    # The others go one of two ways: many at once, each behind a number of its own, and never both kinds in one text.
    unusual = text_module._compiled(text_module._UNUSUAL)
    slow = [char for char in EVERY if char not in quick]
    usual = [char for char in slow if char != "İ" and not unusual.match(char)]
    assert len(usual) > 1000
    for kind in (usual, sorted(set(slow) - set(usual))):
        chars = kind[:: tries(5, 1)]
        for at in range(0, len(chars), 4096):
            block = "".join(chars[at : at + 4096])
            if wrong(" ".join(f"{number}a{char}b" for number, char in enumerate(block))):
                raise AssertionError(f"one of {[hex(ord(char)) for char in block if wrong(f'a{char}b')] or block}")


def test_clean_refuses_bombs() -> None:
    deep: object = "x"
    for _ in range(65):
        deep = [deep]
    with pytest.raises(ValueError, match="deeper"):
        clean([deep])
    for number in (2**53, -(2**53), 10**400):
        with pytest.raises(ValueError, match="whole number"):
            clean({"a": [number]})
    for number in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="finite"):
            clean([number])
    assert clean([2**53 - 1, 1.5, True, None]) == [2**53 - 1, 1.5, True, None]


ALIKE = [
    ("Łukasz", "Lukasz", "ŁUKASZ"),
    ("ΠΡΟΘΕΣΜΊΑ", "προθεσμια", "Προθεσμία"),
    ("Γεώργιος", "ΓΕΩΡΓΙΟΣ", "γεωργιος"),
    ("Straße", "STRASSE", "strasse", "STRAẞE"),
    ("ﬁnanz", "finanz"),
    ("București", "Bucureşti", "bucuresti"),
    ("Ħamrun", "hamrun"),
    ("\u212a", "k"),
    ("Å", "\u212b", "A\u030a", "a"),
    ("Ægir", "aegir"),
    ("Œuvre", "oeuvre"),
    ("Đorđe", "dorde"),
    ("Guðrún Þór", "gudrun thor"),
    ("IŞIL", "ışıl", "isil"),
    ("İzmir", "izmir"),
    ("Ελλάς", "ελλασ"),
    ("℡", "tel"),
    ("\u0438\u0306", "й", "Й"),
    ("Ёлка", "ёлка"),
]


@pytest.mark.parametrize("group", ALIKE, ids=lambda group: group[0])
def test_fold_finds_what_an_officer_means(group: tuple[str, ...]) -> None:
    assert len({fold(text) for text in group}) == 1


def test_fold_keeps_apart_what_is_another_letter() -> None:
    assert fold("й") != fold("и")
    assert fold("ї") != fold("і")
    assert fold("Ё") != fold("Е")
    assert fold("o") != fold("о"), "Latin and Cyrillic"


def test_fold_is_idempotent_for_every_character() -> None:
    changed = [char for char in EVERY if char.casefold() != char or unicodedata.normalize("NFKD", char) != char]
    assert len(changed) > 10_000
    unstable = [hex(ord(char)) for char in changed if fold(fold(char)) != fold(char)]
    assert unstable == []


@given(st.text(max_size=30), st.text(max_size=30))
def test_fold_is_idempotent_and_joins(left: str, right: str) -> None:
    assert fold(fold(left)) == fold(left)
    assert fold(f"{left} {right}") == f"{fold(left)} {fold(right)}"
    assert fold(unicodedata.normalize("NFD", left)) == fold(left)


def test_words() -> None:
    assert words("Zoll, FKS-Rosenheim (Łódź) № 7") == ["zoll", "fks", "rosenheim", "lodz", "no", "7"]
    assert not any(re.search(r"\W", word) for word in words("a\u202eb ¿c?"))


def test_what_is_remembered_per_character_is_bounded() -> None:
    fold("".join(chr(code) for code in range(0x4E00, 0x9FFF)) + "".join(chr(code) for code in range(0x20000, 0x24000)))
    assert len(text_module._folded) <= text_module._CACHE


@pytest.mark.parametrize(
    ("text", "flagged"),
    [
        ("Pоlice of Lyon", ["Pоlice"]),
        ("zоll.de and ραypal", ["zоll", "ραypal"]),
        ("Ο Ιατρικός Σύλλογος, Комисия, Łódź, Ärztekammer", []),
        ("50 µm, 3ª, DG GROW", []),
        ("Αθήνα-Lyon", []),
        ("東京kammer", []),
    ],
)
def test_words_that_mix_scripts_are_named(text: str, flagged: list[str]) -> None:
    assert mixed_scripts(text) == flagged
