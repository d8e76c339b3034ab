"""Behind the cleaning of text at the data boundary: a filter on drawn lines, and crashes that tell nothing."""

from __future__ import annotations

import datetime as dt
import re
import traceback
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from textual.filter import LineFilter

if TYPE_CHECKING:
    from pathlib import Path

    from textual.color import Color

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff]")


def harmless(text: str) -> str:
    """`text` without control and direction characters, as wide as before."""
    return _CONTROL.sub(lambda match: "\ufffd" * cell_len(match.group()), text)


class ControlFilter(LineFilter):
    """No control character of any widget's text reaches the terminal, whatever forgot to clean it."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments with harmless text."""
        if not any(_CONTROL.search(segment.text) for segment in segments if not segment.control):
            return segments
        return [
            Segment(harmless(segment.text), segment.style) if not segment.control else segment for segment in segments
        ]


def report(error: BaseException, folder: Path, versions: str) -> tuple[str, Path | None]:
    """Write what went wrong where, without values: types, files, lines. Returns an incident id and the file.

    No local variables and no messages: both may hold what a citizen wrote. The file is readable by its owner only;
    it is None where it could not be written.
    """
    import secrets

    incident = secrets.token_hex(4)
    lines = [f"incident {incident}", dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), versions, ""]
    link: BaseException | None = error
    while link is not None:
        lines.append(f"{type(link).__module__}.{type(link).__qualname__}{_code(link)}")
        lines += [
            f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(link.__traceback__)
        ]
        link = link.__cause__ or link.__context__
    path = folder / f"incident-{incident}.txt"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=False)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError:
        return incident, None
    return incident, path


def _code(error: BaseException) -> str:
    code = getattr(error, "code", None)
    return f" ({code})" if isinstance(code, str | int) and len(str(code)) < 40 else ""


def no_core_dumps() -> None:
    """Keep decrypted cases out of core files and from other processes of the same user where the system allows it."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
