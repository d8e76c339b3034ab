"""The looks of the program: which themes there are and their colours. No Textual: the first picture uses them too.

The ratios of light between text and what is behind it (WCAG 2.2, success criteria 1.4.3, 1.4.6 and 1.4.11) are kept by
a test over every screen. No meaning hangs on a colour: every state has a mark or a word as well.
"""

from __future__ import annotations

from imi_core.lean import NamedTuple
from imi_tui.i18n import N_

Colour = str
"""``#rrggbb``, or the terminal's own as Textual names it (``ansi_bright_red``)."""


class Palette(NamedTuple):
    """A theme. `contrast` is the least ratio of light text has to keep, 0 where the terminal chooses the colours.

    `cursor` is what the current row has behind it and `on_cursor` its text; both empty: the two are exchanged.
    """

    name: str
    label: str
    contrast: float
    dark: bool
    foreground: Colour
    background: Colour
    panel: Colour
    surface: Colour
    line: Colour
    cursor: Colour
    on_cursor: Colour
    error: Colour
    warning: Colour
    accent: Colour

    @property
    def own(self) -> bool:
        """Whether the colours are the terminal's own."""
        return self.foreground == DEFAULT

    @property
    def cursor_style(self) -> str:
        """How the current row is set off."""
        return "bold" if self.cursor else "bold reverse"


DEFAULT = "ansi_default"
_OWN = (DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT, "", "")

PALETTES = (
    # Of the sixteen, bright red alone is told from a dark and from a light ground in the usual terminals. Green is not.
    Palette("terminal", N_("The terminal's colours"), 0, True, *_OWN, *("ansi_bright_red",) * 2, DEFAULT),
    Palette("none", N_("No colours"), 0, True, *_OWN, DEFAULT, DEFAULT, DEFAULT),
    Palette(
        "dark",
        N_("Dark"),
        4.5,
        True,
        foreground="#e4e6ea",
        background="#14171c",
        panel="#252a33",
        surface="#1c2128",
        line="#7b8494",
        cursor="#2a5a9c",
        on_cursor="#ffffff",
        error="#ff8f85",
        warning="#ffd166",
        accent="#8fd694",
    ),
    Palette(
        "light",
        N_("Light"),
        4.5,
        False,
        foreground="#1a1c20",
        background="#fdfdfb",
        panel="#e4e8ee",
        surface="#f1f3f6",
        line="#6f7782",
        cursor="#174a8c",
        on_cursor="#ffffff",
        error="#a3120f",
        warning="#744600",
        accent="#1b652a",
    ),
    Palette(
        "contrast-dark",
        N_("High contrast, dark"),
        7,
        True,
        foreground="#ffffff",
        background="#000000",
        panel="#000000",
        surface="#000000",
        line="#ffffff",
        cursor="#ffe100",
        on_cursor="#000000",
        error="#ffa8a0",
        warning="#ffe100",
        accent="#7dff8e",
    ),
    Palette(
        "contrast-light",
        N_("High contrast, light"),
        7,
        False,
        foreground="#000000",
        background="#ffffff",
        panel="#ffffff",
        surface="#ffffff",
        line="#000000",
        cursor="#00004f",
        on_cursor="#ffffff",
        error="#850000",
        warning="#523000",
        accent="#003f10",
    ),
    # Blue, orange and yellow stay apart for every common kind of colour vision.
    Palette(
        "colour-blind",
        N_("For colour-blind eyes"),
        4.5,
        True,
        foreground="#ffffff",
        background="#15181d",
        panel="#262b33",
        surface="#1d2229",
        line="#808894",
        cursor="#00589b",
        on_cursor="#ffffff",
        error="#e8803c",
        warning="#e6d200",
        accent="#63b8ff",
    ),
)
NAMES = tuple(palette.name for palette in PALETTES)


def palette(name: str) -> Palette:
    """The theme of this name; the terminal's own colours where there is none."""
    return next((found for found in PALETTES if found.name == name), PALETTES[0])
