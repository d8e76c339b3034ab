"""Finding words that were left in English in the pseudo-language, whose every letter has an accent."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

from imi_tui.cache.model import VIEWS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WORD = re.compile(r"[^\W\d_]+")
EDGES = "…│╭╮╰╯╷╵─▌▐┃"
"""Where a word may be cut: an ellipsis, the frame of a dialogue above the screen."""

ARGUMENTS = {
    "metavars": "URL KIND FILE PATH CODE COMMAND PROCEDURE DESK REF ACTION FIELD VALUE TEXT WORDS CC AREA SEAT NAME N"
    " TAG DAY TOWN LL ID TOPIC LINE VIEW",
    "values": "keyring passphrase file memory auto terminal json toml fd HOME TUI IMI imi tui fr DE pw PW info",
    "steps": "show check path init set",
    "views": " ".join(VIEWS).replace("_", " "),
}
"""What is typed as it stands: names of arguments, allowed values, examples."""
OPTIONS = re.compile(r"(?<!\w)--?[a-z][a-z-]*|\{[\w,]+\}|imi-tui [a-z]+|`[^`]*`|'\w+'")


def words(text: str) -> set[str]:
    """The words of a text, folded."""
    return {word.casefold() for word in WORD.findall(text)}


def bare(line: str, known: set[str]) -> set[str]:
    """Words of `line` in plain English letters that are neither data nor allowed."""
    found = set()
    for match in WORD.finditer(line):
        word = match.group()
        # The letters of every translated word are accented: what is plain comes from somewhere else.
        if not re.search("[A-Za-z]", word) or word.casefold() in known:
            continue
        around = (" " + line + " ")[match.start()] + (line + " " * 2)[match.end()]
        at_edge = any(char in EDGES for char in around) or match.start() <= 1 or match.end() >= len(line.rstrip())
        if not (at_edge and any(word.casefold() in other for other in known)):
            found.add(word)
    return found


def narration(argv: Sequence[str], env: Mapping[str, str]) -> str:
    """What a command says in the pseudo-language; nothing it says is a traceback."""
    done = subprocess.run(
        argv,
        env={**os.environ, **env, "IMI_TUI_LANG": "en-XA", "COLUMNS": "200", "TERM": "xterm"},
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout + done.stderr
