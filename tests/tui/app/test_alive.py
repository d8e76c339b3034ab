"""The picture before the framework answers moves of the cursor; what it does not answer waits as it was typed."""

from __future__ import annotations

import os
import pty
from typing import TYPE_CHECKING

import pytest

from imi_tui.early.cursor import Moves, Reader, moving_keys

if TYPE_CHECKING:
    from imi_tui.config.keyboard import Layout

DOWN, UP, HOME, END, BACK, ON = b"\x1b[B", b"\x1b[A", b"\x1b[H", b"\x1b[F", b"\x1b[5~", b"\x1b[6~"
STOPS = (1, 2, 4, 5)
"""Rows below two headings."""


def moves(*, more: bool = True, keymap: dict[str, tuple[str, ...]] | None = None, layout: Layout = "auto") -> Moves:
    return Moves(STOPS, more=more, keys=moving_keys(keymap or {}), layout=layout)


ANSWERED = [
    (b"", 1),
    (DOWN, 2),
    (DOWN * 2, 4),
    (DOWN * 3, 5),
    (DOWN + UP * 3, 1),
    (b"\x1bOB\x1bOB\x1bOA", 2),
    (b"jjk", 2),
    ("ξξκ".encode(), 2),
    (DOWN * 3 + HOME, 1),
    (DOWN * 3 + BACK, 1),
    (b"\x1b[?2026;2$y" + DOWN + b"\x1b[I\x1b[?1u", 2),
]


@pytest.mark.parametrize(("typed", "at"), ANSWERED)
def test_a_move_to_another_row_is_answered_however_its_bytes_come(typed: bytes, at: int) -> None:
    whole, single = moves(), moves()
    assert whole.feed(typed) == (at != 1)
    for byte in typed:
        single.feed(bytes([byte]))
    for found in (whole, single):
        assert (found.at, found.over) == (at, False)
        assert not set(b"ABjk\xce") & set(found.left)


WAITING = [
    b"x",
    b"\r",
    b"\x1a",
    b"J",
    b"  ",
    "ж".encode(),
    ON,
    END,
    DOWN * 2,
    b"\x1b[<35;10;5M",
    b"\x1b[200~jj\x1b[201~",
    b"\x1b[106u",
    b"\x1b[1;5B",
    b"\x1bj",
    b"\x1b\x1b[B",
    b"\x1b[\xc3\xa4",
    b"\xff\xfe",
    b"\xc3\xa4",
    b"\x1b[" + b"1" * 80,
]


@pytest.mark.parametrize("other", WAITING)
def test_any_other_key_ends_it_and_waits_with_all_behind_it(other: bytes) -> None:
    found = moves()
    found.feed(DOWN * 2)
    at, rest = (5, DOWN) if other == DOWN * 2 else (4, other)
    found.feed(other)
    found.feed(UP + b"k")
    assert found.over
    assert (found.at, found.left) == (at, rest + UP + b"k")


def test_the_last_row_of_a_whole_list_is_its_end() -> None:
    for typed in (DOWN * 9, END, ON):
        found = moves(more=False)
        assert found.feed(typed)
        assert (found.at, found.over, found.left) == (5, False, b"")


def test_half_a_key_waits_for_its_other_half() -> None:
    for typed in (b"\x1b", b"\x1b[", b"\x1b[1", b"\x1bO", "ξ".encode()[:1], b"\xe2\x82"):
        found = moves()
        found.feed(DOWN + typed)
        assert (found.at, found.over, found.left) == (2, False, typed)


def test_the_keys_are_the_officers_own() -> None:
    keymap = {"rows.down": ("n",), "rows.up": ("f8",), "rows.last": ("down",)}
    found = moves(more=False, keymap=keymap)
    found.feed(b"n")
    assert found.at == 2
    found.feed(DOWN)
    assert found.at == 5
    found.feed(b"k")
    assert (found.over, found.left) == (True, b"k")
    for layout, key in (("bds", "т"), ("phonetic", "й")):
        found = moves(layout=layout)  # type: ignore[arg-type]
        assert found.feed(key.encode())
        assert found.at == 2


def test_one_thread_reads_until_it_is_told_to_stop() -> None:
    master, slave = pty.openpty()
    size = os.get_terminal_size(slave)
    reader = Reader(moves(), lambda before, now: f"{before}>{now};", (slave, slave), (size.columns, size.lines))
    import tty

    tty.setraw(slave)
    reader.start()
    os.write(master, DOWN)
    assert os.read(master, 100) == b"1>2;"
    os.write(master, b"j\x1b")
    assert os.read(master, 100) == b"2>4;"
    reader.stop()
    reader.stop()
    assert (reader.moves.at, reader.moves.left) in ((4, b"\x1b"), (4, b""))
    os.write(master, b"k")
    assert os.read(slave, 100) == (b"k" if reader.moves.left else b"\x1bk"), "nobody reads any more"
    os.close(master)
    os.close(slave)


def test_nothing_is_answered_in_a_terminal_of_another_size_or_one_that_is_gone() -> None:
    import tty

    for gone in (False, True):
        master, slave = pty.openpty()
        tty.setraw(slave)
        reader = Reader(moves(), lambda *_: "never", (slave, slave), (1, 1))
        reader.start()
        if gone:
            os.close(master)
        else:
            os.write(master, DOWN)
        assert reader._thread is not None
        reader._thread.join(5)
        assert not reader._thread.is_alive()
        reader.stop()
        assert reader.moves.at == 1
        if not gone:
            assert os.read(slave, 100) == DOWN
            os.close(master)
        os.close(slave)
