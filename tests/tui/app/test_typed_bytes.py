"""Whatever bytes a terminal sends: keys stay keys, a paste is one, and nothing ends the program."""

from __future__ import annotations

import random

import pytest
from textual import events

from imi_tui.terminal.typed_bytes import TypedBytes
from tests.effort import tries

BEGIN, END = b"\x1b[200~", b"\x1b[201~"
TEXT = "Die Prüfung ergab: am 12.04. wurde nichts gefunden, was dagegen spricht.\rMit freundlichen Grüßen, die Behörde"


def told(typed: TypedBytes, *chunks: bytes) -> list[str]:
    """The keys, and the pastes in brackets, that come of these."""
    found = [each for chunk in chunks for each in typed.feed(chunk)]
    found += typed.tick()
    return [f"[{each.text}]" if isinstance(each, events.Paste) else each.key for each in found if is_typed(each)]


def is_typed(event: object) -> bool:
    return isinstance(event, events.Key | events.Paste)


@pytest.mark.parametrize(
    "bad",
    [
        b"\xff",
        b"caf\xe9 ",
        b"\xc0\x80\xf8\x88\xed\xa0\x80",
        b"\x1b[99999999999;1u",
        b"\x1b[97;1;1114112u",
        b"\x1b[M\xff\xff\xff",
        b"\x1b[<0;99999999999999999999;1M",
        b"\x1b[48;99999;99999;1;1t",
        b"\x1b[?2048;1$y",
        bytes(range(256)),
    ],
)
def test_no_byte_ends_it_and_the_next_key_counts(bad: bytes) -> None:
    typed = TypedBytes()
    events_of_it = typed.feed(bad) + typed.tick()
    assert not any(isinstance(each, events.Resize) for each in events_of_it)
    assert told(typed, b"j", b"\x1b[B") == ["j", "down"]


def test_random_bytes_are_survived() -> None:
    chance = random.Random(4)
    pieces = [
        b"\x1b[",
        b"\x1b]",
        b"\x1bP",
        b"\x1b[<",
        b"200~",
        b"201~",
        b";",
        b"M",
        b"u",
        b"9" * 9,
        b"\x07",
        b"\xe9",
        b"x",
    ]
    for _ in range(tries(200, 5000)):
        typed = TypedBytes(missing=2)
        for _ in range(8):
            typed.feed(b"".join(chance.choices(pieces, k=chance.randrange(1, 9))))
        for _ in range(3):
            typed.tick()
        # What was begun ends with it.
        typed.feed(b"\x07\x1b\\" + END)
        assert told(typed, b"j")[-1:] == ["j"]


def test_a_paste_is_one_however_it_comes_and_whatever_is_in_it() -> None:
    inside = b"a\x1b[2J" + b"b" * 50 + b"\x1b[48;9;9;9;9t\x1bq" + "é".encode() + b"\x00\xff\rq"
    shown = "a\x1b[2J" + "b" * 50 + "\x1b[48;9;9;9;9t\x1bqé\ufffd\rq"
    whole = b"j" + BEGIN + inside + END + b"k"
    assert told(TypedBytes(), whole) == ["j", f"[{shown}]", "k"]
    for at in range(len(whole)):
        assert told(TypedBytes(), whole[:at], whole[at:]) == ["j", f"[{shown}]", "k"], at
    assert told(TypedBytes(), *(bytes([each]) for each in whole)) == ["j", f"[{shown}]", "k"]
    assert told(TypedBytes(), BEGIN + b"one" + END + BEGIN + b"two" + END) == ["[one]", "[two]"]


def test_a_paste_without_an_end_does_not_take_every_key() -> None:
    typed = TypedBytes(missing=3)
    assert told(typed, BEGIN + b"cut o", b"ff") == []
    assert [each.text for _ in range(2) for each in typed.tick() if isinstance(each, events.Paste)] == ["cut off"]
    assert told(typed, b"j") == ["j"]


def test_a_paste_that_the_terminal_does_not_mark_is_one_too() -> None:
    data = TEXT.encode()
    typed = TypedBytes()
    pasted = TEXT.replace("\r", "\n")
    assert told(typed, data, b"q and the rest of it") == [f"[{pasted}]", "[q and the rest of it]"]
    for _ in range(3):
        typed.tick()
    assert told(typed, b"qa") == ["q", "a"], "some time later keys are keys"
    assert told(TypedBytes(), b"j" * 300) == ["j"] * 300, "a key that was held while the line stood still"
    assert told(TypedBytes(), b"qwertyuiop") == list("qwertyuiop"), "quick fingers"


def test_what_the_terminal_answers_is_no_key() -> None:
    colour, version = b"\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\", b"\x1bP>|XTerm(379)\x1b\\"
    assert told(TypedBytes(), b"j" + colour + version + b"k") == ["j", "k"]
    long = b"\x1b]52;c;" + b"YQ==" * 3000 + b"\x07"
    assert told(TypedBytes(), long[:4096], long[4096:8192], long[8192:] + b"j") == ["j"]
    typed = TypedBytes()
    assert told(typed, colour[:9]) == []
    assert told(typed, b"j") == ["j"], "half an answer does not take every key"


def test_an_escape_alone_is_a_key() -> None:
    import time

    typed = TypedBytes()
    assert typed.feed(b"\x1b") == []
    time.sleep(0.15)
    assert told(typed) == ["escape"]
    assert told(typed, b"[200~", b"j")[-1] == "j", "nor does a paste begin with it"


def test_letters_of_another_encoding_are_letters() -> None:
    typed = TypedBytes(encoding="latin-1")
    assert told(typed, b"\xe9") == ["é"]
    assert told(typed, BEGIN + b"caf\xe9" + END) == ["[café]"]
