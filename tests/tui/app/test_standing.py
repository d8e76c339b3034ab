"""A screen on which only what differs is written is the same screen."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

from imi_tui.terminal.screen_state import Standing
from tests.effort import tries

COLUMNS, ROWS = 40, 8
COLOURS = ("default", "red", "color(123)", "#e4e6ea", "#14171c")
FLAGS = ("bold", "underline", "reverse", "strike")
TEXTS = ("a", "Zoll ", "      ", "  ", "Ärzte  ", "Ж", "12.04. PW", "日本", "e\u0301", "👍", "שלום")
Run = tuple[int, int, list[Segment]]


@st.composite
def _updates(draw: st.DrawFn) -> list[list[Run]]:
    """Few places and texts, so that much of an update stands there already."""
    styles = st.builds(
        lambda front, back, flags: Style(color=front, bgcolor=back, **dict.fromkeys(flags, True)),
        st.sampled_from(COLOURS),
        st.sampled_from(COLOURS),
        st.sets(st.sampled_from(FLAGS), max_size=2),
    )
    few = draw(st.lists(styles, min_size=2, max_size=3))
    segments = st.builds(Segment, st.sampled_from(TEXTS), st.sampled_from(few))
    run = st.tuples(st.integers(1, 3), st.sampled_from((1, 3, 4)), st.lists(segments, min_size=1, max_size=4))
    return draw(st.lists(st.lists(run, min_size=1, max_size=4), min_size=2, max_size=5))


def _written(runs: list[Run], colours: ColorSystem) -> str:
    """As Textual writes what changed: a move, the pieces, the next line; then where the cursor stays."""
    out = []
    for row, column, segments in runs:
        out.append(f"\x1b[{row};{column}H")
        out += [each.style.render(each.text, color_system=colours) for each in segments if each.style]
        out.append("\n")
    return "".join([*out[:-1], "\x1b[3;1H"])


def _shown(data: list[str]) -> list[object]:
    """Every cell as it is seen, and the cursor: of a blank what shows where no letter stands."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.Stream(screen)
    for each in data:
        stream.feed(each.replace("\n", "\r\n"))
    cells = [screen.buffer[row][column] for row in range(ROWS) for column in range(COLUMNS)]
    blanks = [each._replace(fg="", bold=False) if each.data == " " and not each.reverse else each for each in cells]
    return [*blanks, screen.cursor.x, screen.cursor.y, screen.cursor.attrs]


@pytest.mark.parametrize("colours", [ColorSystem.TRUECOLOR, ColorSystem.STANDARD])
@settings(max_examples=tries(25, 300), deadline=None)
@given(updates=_updates())
def test_the_same_cells_after_every_update(colours: ColorSystem, updates: list[list[Run]]) -> None:
    standing = Standing()
    plain: list[str] = []
    spared: list[str] = []
    for update in updates:
        plain.append(_written(update, colours))
        spared.append(standing.changed(plain[-1]))
        assert _shown(spared) == _shown(plain)


WORDS = ("a Accept  ", "f Forward  ", "r Reply  ", "m Message  ", "F1 Help  ", "\x1b[1mn\x1b[0m New  ")


@settings(max_examples=tries(25, 300), deadline=None)
@given(lines=st.lists(st.lists(st.sampled_from(WORDS), max_size=4, unique=True), min_size=2, max_size=5))
def test_a_whole_line_is_moved_and_is_the_same(lines: list[list[str]]) -> None:
    standing = Standing()
    standing.width = COLUMNS
    plain: list[str] = []
    spared: list[str] = []
    for words in lines:
        text = "".join(words)
        cells = len(text.replace("\x1b[1m", "").replace("\x1b[0m", ""))
        plain.append(line(text + " " * (COLUMNS - cells)))
        spared.append(standing.changed(plain[-1]))
        assert _shown(spared) == _shown(plain)


def line(text: str, row: int = 2, column: int = 1) -> str:
    """One line and the cursor."""
    return f"\x1b[{row};{column}H{text}\x1b[1;1H"


def test_only_what_differs_is_written() -> None:
    standing = Standing()
    first = line("\x1b[1ma\x1b[0m Accept  \x1b[1mf\x1b[0m Forward  ")
    assert len(standing.changed(first)) > 20
    assert standing.changed(first) == "", "the cursor, too, is where it was"
    assert standing.changed("\x1b[3;1H") == "\x1b[3;1H"
    assert standing.changed(line("\x1b[1ma\x1b[0m Accept  \x1b[1mx\x1b[0m Forward  ")) == (
        "\x1b[2;11H\x1b[1mx\x1b[m\x1b[1;1H"
    )
    assert standing.changed(line("bbb", column=30)) == "\x1b[2;30Hbbb\x1b[1;1H"


def test_near_changes_are_one_and_far_ones_two() -> None:
    standing = Standing()
    standing.changed(line("abcdefghijklmnop"))
    assert standing.changed(line("Abcdefghijklmnop")) == "\x1b[2;1HA\x1b[1;1H"
    assert standing.changed(line("abcdEfghijklmnop")) == "\x1b[2;1HabcdE\x1b[1;1H"
    assert standing.changed(line("abcdefghijklmnoP")) == "\x1b[2;5He\x1b[16GP\x1b[1;1H"


def test_a_blank_is_a_blank_whatever_letters_would_look_like() -> None:
    standing = Standing()
    standing.changed(line("\x1b[1;31;44mab    \x1b[0m"))
    assert standing.changed(line("\x1b[32;44mab    \x1b[0m")) == "\x1b[2;1H\x1b[32;44mab\x1b[m\x1b[1;1H"
    assert "    " in standing.changed(line("\x1b[32;45mab    \x1b[0m"))
    assert "    " in standing.changed(line("\x1b[4;32;45mab    \x1b[0m"))
    assert "    " in standing.changed(line("\x1b[7;32;45mab    \x1b[0m"))
    assert "    " in standing.changed(line("\x1b[7;33;45mab    \x1b[0m")), "reversed, the colour of letters is behind"


@pytest.mark.parametrize("other", ["\x1b[2J", "\x1b[?1049h", "text", "\x1b[2;1Ha\tb\x1b[1;1H", "\x1b[2;1Hx", "\x07"])
def test_what_it_does_not_understand_is_handed_on_and_everything_is_written_anew(other: str) -> None:
    standing = Standing()
    whole = standing.changed(line("abc"))
    assert standing.changed(line("abc")) != whole
    assert standing.changed(other) == other
    assert standing.changed(line("abc")) == whole


def test_the_marks_of_one_update_change_nothing() -> None:
    standing = Standing()
    standing.changed(line("abc"))
    assert standing.changed("\x1b[?2026h") == "\x1b[?2026h"
    assert standing.changed(line("abc")) == ""
    standing.forget()
    assert standing.changed(line("abc")) == line("abc")


def test_keys_that_stand_further_on_are_moved() -> None:
    standing = Standing()
    standing.width = COLUMNS
    keys = (("f", "Forward"), ("r", "Reply"), ("m", "Message"), ("F1", "Help"))
    words = [f"\x1b[1;31m{key}\x1b[0m {label}  " for key, label in keys]
    standing.changed(line("".join(words)))
    assert standing.changed(line("".join([*words[1:], " " * 11]))) == "\x1b[2;1H\x1b[11P\x1b[1;1H"
    put_in = standing.changed(line("".join(words)))
    assert put_in == "\x1b[2;1H\x1b[11@\x1b[1;31mf\x1b[m Forward\x1b[1;1H"
    coloured = standing.changed(line("".join([*words[1:], "\x1b[44m" + " " * 11 + "\x1b[0m"])))
    assert coloured == "\x1b[2;1H\x1b[11P\x1b[30G\x1b[44m" + " " * 11 + "\x1b[m\x1b[1;1H"
    standing.width = COLUMNS + 1
    assert "@" not in standing.changed(line("".join(words))), "something stands behind it"


def test_the_next_line_and_the_beginning_of_this_one_are_near() -> None:
    standing = Standing()
    both = "\x1b[2;1Habc\n\x1b[3;1Hdef\x1b[3;1H"
    assert standing.changed(both) == "\x1b[2;1Habc\r\ndef\r"
    assert standing.changed(both.replace("f", "👍")) == "\x1b[3;1Hde👍\x1b[3;1H", "only the terminal knows where it is"
    assert standing.changed(line("Xbc")) == "\x1b[2;1HX\x1b[1;1H"
    assert standing.changed("\x1b[2;1Hxyc\x1b[2;4H") == "\x1b[2;1Hxy\x1b[C"


def test_of_many_lines_only_the_last_is_moved() -> None:
    standing = Standing()
    standing.width = 80

    def screen(text: str, rows: int) -> str:
        lines = "\n".join(f"\x1b[{row};1H{text:<80}" for row in range(1, rows + 1))
        return f"{lines}\x1b[1;1H"

    before = "Forward  Reply  Message  Help  Search  Export  Group  Order  Out  More"
    after = f"Accept  {before}"
    assert "@" not in standing.changed(screen(before, 6))
    assert standing.changed(screen(after, 6)).count("\x1b[8@") == 6
    standing.forget()
    standing.changed(screen(before, 7))
    assert standing.changed(screen(after, 7)).count("\x1b[8@") == 1


def test_blanks_to_the_end_of_a_line_are_erased_where_they_have_no_colour() -> None:
    def written(text: str, width: int = COLUMNS) -> str:
        standing = Standing()
        standing.width = width
        plain = [line("x" * COLUMNS), line(text)]
        spared = [standing.changed(each) for each in plain]
        assert _shown(spared) == _shown(plain)
        return spared[1]

    blanks = " " * (COLUMNS - 3)
    assert written(f"abc{blanks}") == "\x1b[2;1Habc\x1b[K\x1b[1;1H"
    assert written(f"\x1b[1;31mabc{blanks}\x1b[0m") == "\x1b[2;1H\x1b[1;31mabc\x1b[K\x1b[m\x1b[1;1H"
    assert written(f"\x1b[7mabc\x1b[0m{blanks}") == "\x1b[2;1H\x1b[7mabc\x1b[m\x1b[K\x1b[1;1H"
    for look in ("44", "7", "4"):
        assert blanks in written(f"\x1b[{look}mabc{blanks}\x1b[0m")
    assert blanks in written(f"abc{blanks}", COLUMNS + 1), "something stands behind it"
    assert "\x1b[K" not in written("abcd    ".rjust(COLUMNS, "y"))
    assert "\x1b[K" not in written("abc".ljust(20) + "x" * (COLUMNS - 20)), "the end of the line stands"
