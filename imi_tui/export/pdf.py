"""A case file as PDF/A-3, its files embedded: set by `imi_tui.export.typeset` in a process of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imi_tui.export.errors import NotExported
from imi_tui.process import apart

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS = 150.0
"""How long a document may take."""
TEMPLATE = Path(__file__).with_name("casefile.typ")


def pdf(document: Mapping[str, Any], files: Mapping[str, bytes], at: str) -> bytes:
    """The document as PDF/A. `files` are its embedded files by the path `document` names them with, `at` is the time.

    Takes seconds for many pages: not for the thread of the screen. Raises `NotExported`: "noPdf".
    """
    import msgspec

    given = {"document": document, "template": TEMPLATE.read_bytes(), "files": dict(files), "at": at}
    command, environment = apart("imi_tui.export.typeset")
    try:
        done = subprocess.run(  # noqa: S603
            command,
            input=msgspec.msgpack.encode(given),
            capture_output=True,
            timeout=SECONDS,
            env=environment,
            check=False,
        )
    except (subprocess.TimeoutExpired, OSError) as error:
        raise NotExported("noPdf") from error
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF-"):
        raise NotExported("noPdf")
    return done.stdout
