"""Behind the cleaning of text at the data boundary: nothing that is drawn holds a character that does something."""

from __future__ import annotations

import re

from rich.cells import cell_len

CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028\u2029"
    "\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)


def harmless(text: str) -> str:
    """`text` without control, direction and invisible characters, as wide as before."""
    return CONTROL.sub(lambda match: "\ufffd" * cell_len(match.group()), text)
