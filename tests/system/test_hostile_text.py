"""Hostile text in every field that a server tells reaches the terminal through no screen and no command."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.effort import MANY, tries
from tests.system.tour import Visitor, Walked, prepared, walks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAYLOADS = (
    "\x1b]52;c;cHduZWQ=\x07",
    "[bold red]",
    "\x1b[8m",
    "\u202e",
    "[/]",
    "\x1b]0;owned\x1b\\",
    "\x1b]8;;https://example.org\x1b\\",
    "[@click=app.quit]",
    "\x9b8m",
    "\x9d0;owned\x9c",
    "\u2066\u200b",
    "[type=x, v={'a[0]'}]",
    "\x07\x08\x7f",
    "\x1bPq\x1b\\",
    "\ufeff\u2060\u200f",
    "[b",
    "\x1bc",
    "\x0e\x0b\x0c",
    "\U000e0041\u061c",
    "\u2028\u2029",
    "\rover",
)
TEXTS = set(
    re.findall(
        r"\w+",
        "authorityName basis company description detail error error_description fileName formalName help label "
        "legalBasis name number officer officerName reference region subject text title todo town user_code username",
    )
)
"""Fields that are text for people even where they hold one word; other fields are when they hold more."""
WORDS = ("", "required", "optional", "subject")
"""Values of such fields that the rules of a procedure need as they are."""
MARK = re.compile("[\u2400-\u2421]|<U\\+[0-9A-F]{4,}>")
"""What cleaning leaves of hostile characters."""
ALLOWED = re.compile(
    # Colours and styles, without the concealing of the hostile texts; the cursor; modes and questions about them.
    r"\x1b\[(?!(?:[0-9;]*;)?8[;m])[0-9;]*m"
    r"|\x1b\[\d+;\d+H"
    r"|\x1b\[(?:\d+[G@P]|[CK])"
    r"|\x1b\[\?(?:7|25|1000|1002|1003|1004|1006|1015|1049|2004|2026|2048)[hl]"
    r"|\x1b\[\?(?:2026|2048)\$p"
    r"|\x1b\[[<>=]\d*u"
    r"|\x1b\]22;(?:default|pointer|text)\x07"
    r"|\r(?!over)\n?"
)
"""Every sequence that is written here to draw; a title of the window is none of them."""


class Poison:
    """Puts the hostile texts into whatever text a server tells, one after the other."""

    def __init__(self, *payloads: str) -> None:
        self._next = itertools.cycle(payloads)
        self.fields: Counter[str] = Counter()

    def __call__(self, path: str, _asked: Any, told: Any) -> Any:
        """The lie."""
        return told if "oauth-authorization-server" in path else self._poisoned(told, "", "")

    def _poisoned(self, value: Any, key: str, within: str) -> Any:
        if isinstance(value, dict):
            inside = "notCreated" if "notCreated" in (key, within) else key
            return {name: self._poisoned(item, name, inside) for name, item in value.items()}
        if isinstance(value, list):
            return [self._poisoned(item, key, within) for item in value]
        if not isinstance(value, str) or value in WORDS or value.startswith("http"):
            return value
        if key in TEXTS or within == "notCreated" or " " in value or not value.isascii():
            self.fields[key] += 1
            # The beginning of references is what the walk looks for.
            at = 6 if key == "reference" else 0
            return value[:at] + next(self._next) + value[at:]
        return value


def strange(data: bytes, allowed: re.Pattern[str]) -> dict[str, str]:
    """Control, direction and invisible characters outside the allowed sequences, each with what is around it."""
    text = data.decode()
    left = allowed.sub("", text)
    found: dict[str, str] = {}
    for at, char in enumerate(left):
        if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp", "Co"):
            found.setdefault(repr(char), repr(left[max(0, at - 40) : at + 40]))
    return found


def assert_clean(walked: list[Walked], mark: re.Pattern[str]) -> None:
    """Nothing strange was written, and what was told did arrive, marked."""
    found: dict[str, str] = {}
    for each in walked:
        assert len(each.written) > 1000
        strangers = strange(each.written, ALLOWED).items()
        found.update({f"{char} from {each.shots[0].name!r} on": place for char, place in strangers})
    assert not found, "\n".join(f"{what}: {place}" for what, place in sorted(found.items()))
    shots = [shot for each in walked for shot in each.shots]
    marked = {shot.name for shot in shots if mark.search("\n".join(shot.lines))}
    assert {"inbox", "case, tab 1", "compose, procedure", "compose, hits", "outbox", "authority"} <= marked
    shown = "\n".join(line for shot in shots for line in shot.lines)
    for markup in PAYLOADS:
        if markup.isprintable() and markup.isascii():
            assert markup in shown


@pytest.fixture(scope="module")
def poison() -> Poison:
    """The lie of the server."""
    return Poison(*PAYLOADS)


@pytest.fixture(scope="module")
def visitor(made_demo: Path, tmp_path_factory: pytest.TempPathFactory, poison: Poison) -> Iterator[Visitor]:
    """A profile whose every text is hostile."""
    with prepared(made_demo, tmp_path_factory.mktemp("hostile"), lie=poison) as visitor:
        yield visitor


def test_no_screen_passes_hostile_text_on(visitor: Visitor, poison: Poison, tmp_path: Path) -> None:
    assert_clean(walks(visitor, tmp_path, [("en", 120, 40)]), MARK)
    # Authorities, procedures, officers, cases, entries, the session, a refusal and the code for another device.
    told = {"formalName", "label", "title", "name", "reference", "subject", "text", "username", "type", "user_code"}
    assert told <= poison.fields.keys()


UNCLEANED = """
import sys
import imi_core.text as text
text.clean = lambda value, depth=0: value
text.display = lambda text, *_, **__: text
from imi_tui.cli import main
sys.exit(main())
"""


@pytest.mark.skipif(not MANY, reason="make test-faults: here both filters are walked through together")
def test_the_filter_of_drawn_lines_holds_alone(visitor: Visitor, tmp_path: Path) -> None:
    program = (sys.executable, "-c", UNCLEANED)
    uncleaned = replace(visitor, home=tmp_path / "home", program=program)
    uncleaned.run("sync")
    # Signing in cleans with the functions of its own modules too; its texts do not come from the cache.
    walked = walks(uncleaned, tmp_path, [("en", 100, 30)], ("inbox", "case", "compose", "authorities"))
    found = {char: place for each in walked for char, place in strange(each.written, ALLOWED).items()}
    assert not found, "\n".join(f"{what}: {place}" for what, place in sorted(found.items()))
    # The sequences arrived, without what makes them work.
    assert any("]52;c;" in line for each in walked for shot in each.shots for line in shot.lines)


def test_no_command_passes_hostile_text_on(visitor: Visitor) -> None:
    references = [row["id"] for row in visitor.rows("all")[: tries(1, 6)]]
    commands = [
        ("sync",),
        ("list", "--view", "all"),
        ("list", "--view", "all", "--json"),
        *(("show", reference) for reference in references),
        ("show", references[0], "--json"),
        ("show", "\x1b]0;owned\x07\u202e"),
        ("authorities", "a"),
        ("authorities", "a", "--json"),
        ("authorities", "\x1b[8m\x9b8m"),
        ("act", references[0], "\x1b[8m\u200b"),
        ("outbox",),
        ("outbox", "--json"),
        ("doctor",),
        ("doctor", "--json"),
        ("nonsense\x1b]0;owned\x07\u202e",),
        ("list", "--view", "\x1b[8m\u202e"),
        ("list", "--limit", "\x1b[8m\u202e"),
        ("list", "--\x1b[8m\u202e"),
    ]
    marked = 0
    for command in commands:
        done = subprocess.run(
            [*visitor.argv, *command, *visitor.flags],
            env={**os.environ, **visitor.env},
            capture_output=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        written = done.stdout + done.stderr
        assert b"Traceback" not in written, written.decode()
        assert not strange(written, re.compile("\n")), (command, strange(written, re.compile("\n")))
        marked += bool(MARK.search(written.decode()))
    assert marked > len(references) + 6
