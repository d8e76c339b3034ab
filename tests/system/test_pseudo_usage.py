"""In the pseudo-language no word of the help of a command is English, nor of what wrong use is answered with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from imi_tui.commands import COMMANDS, MODULES
from tests.system.conftest import BIN
from tests.system.pseudo import ARGUMENTS, OPTIONS, bare, narration, words
from tests.system.tour import catalogues

if TYPE_CHECKING:
    from pathlib import Path

WRONG_USE = (
    ("nonsense",),
    ("list", "--sort", "nonsense"),
    ("list", "--view", "nonsense"),
    ("list", "--limit", "many"),
    ("list", "--nonsense"),
    ("list", "--json=nonsense"),
    ("act", "--text"),
    ("act", "--te", "nonsense"),
    ("show",),
    ("new", "pw.info"),
    ("sync", "--server"),
    ("authorities", "--limit", "many"),
)


@pytest.fixture(scope="module")
def locales(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The catalogues of the texts as they stand in the source."""
    return str(catalogues(tmp_path_factory.mktemp("locales")))


def told(locales: str, home: Path, *arguments: str) -> str:
    """What the program says to these arguments."""
    shown = narration(
        [str(BIN / "imi-tui"), *arguments], {"IMI_TUI_LOCALEDIR": locales, "IMI_TUI_HOME": str(home / "none")}
    )
    assert "⟦" in shown, shown
    return shown


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_has_no_bare_english_word(locales: str, tmp_path: Path, command: str) -> None:
    shown = told(locales, tmp_path, *([command] if command else []), "--help")
    allowed = words(" ".join(ARGUMENTS.values())) | {name.casefold() for name in (*COMMANDS, *MODULES)}
    left = {word for line in shown.splitlines() for word in bare(OPTIONS.sub(" ", line), allowed)}
    assert not left, f"{left}\n{shown}"


@pytest.mark.parametrize("arguments", WRONG_USE, ids=" ".join)
def test_wrong_use_is_told_without_a_bare_english_word(
    locales: str, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    shown = told(locales, tmp_path, *arguments)
    allowed = words(" ".join((*arguments, *ARGUMENTS.values(), *COMMANDS, *MODULES)))
    left = {word for line in shown.splitlines() for word in bare(OPTIONS.sub(" ", line), allowed)}
    assert not left, f"{left}\n{shown}"
