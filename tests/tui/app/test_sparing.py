"""A screen written with fewer changes of look is the same screen."""

from __future__ import annotations

import io

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style

from imi_tui.terminal.sgr import spare
from tests.effort import tries

COLOURS = ("default", "red", "bright_blue", "color(123)", "#e4e6ea", "#14171c")
FLAGS = ("bold", "italic", "underline", "reverse", "strike")
TRUE, FEW = ColorSystem.TRUECOLOR, ColorSystem.STANDARD


@st.composite
def _pieces(draw: st.DrawFn) -> list[tuple[int, int, list[Segment]]]:
    styles = st.builds(
        lambda front, back, flags: Style(color=front, bgcolor=back, **dict.fromkeys(flags, True)),
        st.sampled_from(COLOURS),
        st.sampled_from(COLOURS),
        st.sets(st.sampled_from(FLAGS), max_size=3),
    )
    segments = st.builds(Segment, st.sampled_from(("a", "Zoll ", "  ", "Ärzte", "")), styles)
    spot = st.tuples(st.integers(1, 6), st.integers(1, 20), st.lists(segments, min_size=1, max_size=4))
    return draw(st.lists(spot, min_size=1, max_size=6))


def _written(pieces: list[tuple[int, int, list[Segment]]], colours: ColorSystem) -> str:
    """As Textual writes what changed: a move, the pieces, the next line."""
    out = []
    for row, column, segments in pieces:
        out.append(f"\x1b[{row};{column}H")
        out += [each.style.render(each.text, color_system=colours) for each in segments if each.style]
        out.append("\n")
    return "".join([*out[:-1], "\x1b[3;1H"])


def _seen(*writes: str) -> tuple[object, ...]:
    screen = pyte.Screen(40, 8)
    stream = pyte.Stream(screen)
    for data in writes:
        stream.feed(data.replace("\n", "\r\n"))
    cells = [[screen.buffer[row][column] for column in range(40)] for row in range(8)]
    return cells, screen.cursor.x, screen.cursor.y, screen.cursor.attrs


@pytest.mark.parametrize("colours", [TRUE, FEW])
@settings(max_examples=tries(25, 1000), deadline=None)
@given(first=_pieces(), second=_pieces())
def test_the_same_cells_looks_and_cursor(
    colours: ColorSystem,
    first: list[tuple[int, int, list[Segment]]],
    second: list[tuple[int, int, list[Segment]]],
) -> None:
    plain = [_written(first, colours), _written(second, colours)]
    spared = [spare(data) for data in plain]
    assert _seen(*spared) == _seen(*plain)
    assert sum(map(len, spared)) <= sum(map(len, plain))


def test_a_line_of_keys_in_true_colour_takes_two_fifths() -> None:
    front, back = "#e4e6ea", "#252a33"
    key, label = Style(color=front, bgcolor=back, bold=True), Style(color=front, bgcolor=back)
    line = [segment for word in ("Accept", "Forward", "Message") for segment in ((word[0], key), (f" {word}  ", label))]
    written = "".join(style.render(text, color_system=TRUE) for text, style in line)
    assert len(spare(written)) < 0.4 * len(written)


def test_what_is_no_look_stays_and_finds_the_terminal_as_before() -> None:
    cleared = "\x1b[31mred\x1b[0m\x1b[2J\x1b[1;31mx\x1b[0m"
    assert spare(cleared) == "\x1b[31mred\x1b[m\x1b[2J\x1b[1;31mx\x1b[m"
    assert spare("\x1b[?1049h\x1b[?25l") == "\x1b[?1049h\x1b[?25l"


def test_bold_that_stays_survives_faint_that_goes() -> None:
    colour = "38;2;1;2;3"
    spared = spare(f"\x1b[1;2;{colour}ma\x1b[0m\x1b[1;{colour}mb\x1b[0m")
    assert spared == f"\x1b[1;2;{colour}ma\x1b[22;1mb\x1b[m"


@pytest.mark.parametrize("odd", ["73", "4:3", "1;38;9"])
def test_a_code_that_is_not_known_is_handed_on_whole_and_taken_back(odd: str) -> None:
    written = f"\x1b[1ma\x1b[0m\x1b[{odd}mb\x1b[0mc"
    assert spare(written) == f"\x1b[1ma\x1b[0;{odd}mb\x1b[0;mc"


def test_it_writes_through_the_console_of_rich() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", width=30)
    console.print("[bold]one[/] [red]two[/]", end="")
    written = console.file.getvalue()  # type: ignore[attr-defined]
    assert _seen(spare(written)) == _seen(written)
