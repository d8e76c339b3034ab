"""A file as text on the screen: plain text at once, the text of a PDF by a process of its own with little room.

What comes out is cleaned like everything from outside.
"""

from __future__ import annotations

import subprocess
from typing import Literal, NamedTuple

from imi_core import text
from imi_core.filetypes import HEAD, sniff
from imi_tui.process import apart

MAX_TEXT = 256 * 1024
"""Bytes of a text that are looked at."""
SECONDS = 15.0
"""How long a PDF may take."""


class Preview(NamedTuple):
    """The text of a file. `note` says what should be known of it: "" or a code.

    "cut" (there is more), "noText" (such as a scanned page), "noPreview" (a kind that cannot be shown as text),
    "notReadable" (a PDF that is broken, encrypted or too much work).
    """

    text: str
    note: Literal["", "cut", "noText", "noPreview", "notReadable"] = ""


def preview(data: bytes) -> Preview:
    """What of a file can be read here. Takes up to `SECONDS`: not for the thread of the screen."""
    kind = sniff(data[:HEAD])
    if kind == "application/pdf":
        return _pdf(data)
    if not kind.startswith("text/"):
        return Preview("", "noPreview")
    return _shown(data, cut=False)


def _pdf(data: bytes) -> Preview:
    command, environment = apart("imi_tui.outside.pdf_text")
    try:
        done = subprocess.run(  # noqa: S603
            command, input=data, capture_output=True, timeout=SECONDS, env=environment, check=False
        )
    except (subprocess.TimeoutExpired, OSError):
        return Preview("", "notReadable")
    if done.returncode != 0:
        return Preview("", "notReadable")
    mark, found = done.stdout[:1], done.stdout[1:]
    if not found.strip():
        return Preview("", "noText")
    return _shown(found, cut=mark == b"+")


def _shown(data: bytes, *, cut: bool) -> Preview:
    cut = cut or len(data) > MAX_TEXT
    found = data[:MAX_TEXT].decode("utf-8", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    return Preview(text.display(found, "multi", MAX_TEXT), "cut" if cut else "")
