"""Where something comes and goes on a screen that is painted otherwise only where it changes."""

from __future__ import annotations

from textual.containers import Vertical
from textual.geometry import Size
from textual.reactive import Reactive


class Place(Vertical):
    """As high as what is in it. A screen that is itself given a part, or loses one, is painted as a whole."""

    DEFAULT_CSS = "Place { height: auto; }"

    # Whoever comes or goes has the screen laid out; with this it would be once more.
    virtual_size = Reactive(Size(0, 0), layout=False)
