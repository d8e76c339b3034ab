"""Themes of `imi_tui.config.themes` as Textual takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.theme import BUILTIN_THEMES, Theme

from imi_tui.config.themes import DEFAULT

if TYPE_CHECKING:
    from imi_tui.config.themes import Palette


def _own(palette: Palette) -> dict[str, str]:
    found = BUILTIN_THEMES["ansi-dark"].variables
    if palette.error != DEFAULT:
        return found
    return {name: DEFAULT if value.startswith("ansi_") else value for name, value in found.items()}


def theme_of(palette: Palette) -> Theme:
    """The palette with every variable that Textual would otherwise derive from it."""
    behind, text = palette.cursor or DEFAULT, palette.on_cursor or DEFAULT
    cursor = {
        f"{kind}-{part}": value
        for kind in ("block-cursor", "block-cursor-blurred")
        for part, value in (("background", behind), ("foreground", text), ("text-style", palette.cursor_style))
    }
    bars = {f"scrollbar{state}": palette.line for state in ("", "-hover", "-active")}
    grounds = ("scrollbar-background", "scrollbar-background-hover", "scrollbar-background-active")
    bars |= dict.fromkeys((*grounds, "scrollbar-corner-color"), palette.background)
    return Theme(
        name=palette.name,
        primary=palette.cursor or palette.line,
        secondary=palette.accent,
        warning=palette.warning,
        error=palette.error,
        success=palette.accent,
        accent=palette.accent,
        foreground=palette.foreground,
        background=palette.background,
        surface=palette.surface,
        panel=palette.panel,
        boost=palette.surface,
        dark=palette.dark,
        ansi=palette.own,
        variables={
            # Textual's own sheets name colours that only its own such themes have.
            **(_own(palette) if palette.own else {}),
            **cursor,
            **bars,
            "border": palette.line,
            "border-blurred": palette.line,
            "text-error": palette.error,
            "text-warning": palette.warning,
            "text-accent": palette.accent,
            "input-selection-background": behind,
            "input-selection-foreground": text,
            "input-cursor-background": palette.foreground,
            "input-cursor-foreground": palette.background,
            "input-cursor-text-style": "reverse" if palette.own else "none",
            "input-selection-text-style": "reverse" if palette.own else "underline",
        },
    )
