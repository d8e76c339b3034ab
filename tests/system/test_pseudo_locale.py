"""In the pseudo-language no word of the program is left in English, on no screen and in nothing a command says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from babel import Locale

from imi_tui import actions, names
from imi_tui.cache.search import query
from imi_tui.i18n.languages import NAMES
from tests.effort import tries
from tests.system import layout
from tests.system.pseudo import ARGUMENTS, OPTIONS, bare, narration, words
from tests.system.tour import PARTS, Shot, Visitor, prepared, walks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEYS = words("ctrl shift enter space esc tab pgup pgdn del home end up down left right")
TYPED = {"a", "quarz", "aqqqqq", "aqqqqqqqqq", "x"}
"""What the tour types."""
FIXED = {"imi", "en", "xa", "kb", "mb"}


def strings(value: Any) -> Iterator[str]:
    """Every string in decoded JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


@pytest.fixture(scope="module")
def data() -> set[str]:
    """Every word the server told, filled while the visitor's server answers."""
    return set()


@pytest.fixture(scope="module")
def visitor(made_demo: Path, tmp_path_factory: pytest.TempPathFactory, data: set[str]) -> Iterator[Visitor]:
    """A prepared profile; the server's words are kept."""

    def listen(_path: str, _asked: Any, told: Any) -> Any:
        for text in strings(told):
            data.update(words(text))
        return told

    with prepared(made_demo, tmp_path_factory.mktemp("pseudo"), lie=listen) as visitor:
        yield visitor


@pytest.fixture(scope="module")
def known(data: set[str], visitor: Visitor) -> set[str]:
    """Words that need no translation."""
    countries = words(" ".join(name for _code, name in names.countries("en-XA")))
    languages = {code.lower() for code in NAMES} | words(" ".join(NAMES.values()))
    letters = {key[-1:] for action in actions.ACTIONS for key in action.keys if len(key.removeprefix("ctrl+")) == 1}
    # Dates, lists and names of languages are borrowed from English; keys of the search belong to no language.
    english = Locale("en")
    borrowed = words(" ".join([*english.months["format"]["abbreviated"].values(), "day days week weeks ago in or and"]))
    borrowed |= words(" ".join(english.languages[code] for code in NAMES))
    search = {*query.KEYS, "tag", "note"}
    return data | KEYS | letters | FIXED | TYPED | countries | languages | borrowed | search


def test_every_screen_is_translated_and_laid_out_whole(
    visitor: Visitor, known: set[str], data: set[str], tmp_path: Path
) -> None:
    # The other parts, and wide screens with more beside the list: tests/tui/pictures has these for every run.
    sizes = [("en-XA", 80, 24), ("en-XA", 120, 40)]
    found = walks(visitor, tmp_path, sizes[: tries(1, 2)], tries(("case", "authorities"), PARTS))
    # Codes for signing in are told on the way.
    known = known | data
    left: dict[str, str] = {}
    faults: list[str] = []
    for picture in (picture for each in found for picture in each.pictures):
        faults += layout.open_windows(picture)
    for shot in (shot for each in found for shot in each.shots):
        faults += layout.faults(shot)
        for line in shot.lines:
            left.update({word: f"{shot}: {line.strip()}" for word in bare(line, known) - left.keys()})
    assert not left, "\n".join(f"{word}: {place}" for word, place in sorted(left.items()))
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("below", "found"),
    [("x│ a│x", False), ("x  a x", True), ("▌said ", False)],
    ids=["whole", "no edge", "something said over it"],
)
def test_a_window_that_was_painted_in_parts_is_found(visitor: Visitor, below: str, found: bool) -> None:
    shown = layout.open_windows(Shot(visitor, "one", 6, ["x╭──╮x", below, "x╰──╯x"]))
    assert bool(shown) is found, shown


MISTAKES = (
    ("show", "NO-SUCH-CASE"),
    ("authorities", "qqqqqqq"),
    ("act", "NO-SUCH-CASE", "accept"),
    ("list", "--view", "closed", "--limit", "1"),
    ("outbox",),
    ("sync",),
    ("signin", "--device", "--server", "http://example.org"),
    ("doctor", "--offline"),
    (),
)


PLAIN = words("sqlite http https ChaCha Poly TERM xterm COLORTERM utf Python linux darwin config")
"""What commands tell of the machine."""
ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
"""An id the client drew: its letters are no word, whatever they spell."""


def test_what_commands_say_has_no_bare_english_word(visitor: Visitor, known: set[str]) -> None:
    for arguments in MISTAKES:
        flags = [] if "--server" in arguments else visitor.flags[:1]
        env = visitor.env if "sync" not in arguments else {**visitor.env, "IMI_TUI_TOKEN": ""}
        shown = places = narration([*visitor.argv, *arguments, *flags, visitor.flags[1]], env)
        for place in (visitor.home / "key", visitor.home, visitor.flags[0], visitor.locales):
            places = places.replace(str(place), " ")
        places = ID.sub(" ", places)
        allowed = known | words(" ".join((*arguments, *ARGUMENTS.values()))) | PLAIN
        left = {word for line in places.splitlines() for word in bare(OPTIONS.sub(" ", line), allowed)}
        assert not left, f"{arguments}: {left}\n{shown}"
