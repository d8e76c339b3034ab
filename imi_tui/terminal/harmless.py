"""Behind the cleaning of text at the data boundary: nothing that is drawn holds a character that does something."""

from __future__ import annotations

from functools import cache

from imi_core.lean import TYPE_CHECKING
from imi_tui.terminal.widths import PLAIN, cell_len

if TYPE_CHECKING:
    import re

CONTROL = (
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028\u2029"
    "\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)


def harmless(text: str) -> str:
    """`text` without control, direction and invisible characters, as wide as before."""
    if PLAIN.issuperset(text):
        return text
    return control().sub(lambda match: "\ufffd" * cell_len(match.group()), text)


@cache
def control() -> re.Pattern[str]:
    """Finds the characters that are never drawn."""
    # Not before the first picture: a set of characters from all over takes long to compile.
    import re

    return re.compile(CONTROL)
