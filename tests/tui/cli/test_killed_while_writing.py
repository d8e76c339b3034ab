"""SIGKILL in the middle of a word: what stood on the screen two seconds before is in the draft."""

from __future__ import annotations

import base64
import os
import select
import shutil
import sys
import time
from pathlib import Path

import pytest

from imi_tui.cache.outbox.draft import Draft
from tests.tui.cli.terminal import read, started
from tests.tui.screens import filled

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal")
PROMISE = 2.0
"""Seconds of typing that a kill may cost."""
WRITING = 3.5
"""Seconds of typing without a pause: longer than the promise, so that something must have been saved meanwhile."""


@pytest.fixture
def written(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A profile with cases whose key is in its file."""
    shutil.copytree(filled.made(tmp_path_factory, 120), home)
    (home / "key").write_bytes(base64.b64encode(filled.KEY))
    (home / "key").chmod(0o600)
    return home


def drained(screen: int, seconds: float) -> bytes:
    """What the client writes until it is quiet for a moment, waiting at most so long for it to begin."""
    out = b""
    while select.select([screen], [], [], seconds)[0]:
        out += os.read(screen, 65536)
        seconds = 0.02
    return out


def typed_until_killed(home: Path, keys: list[tuple[bytes, bytes]]) -> tuple[str, str]:
    """Press `keys`, waiting for what each brings up, then type on and kill: (all typed, what was shown in time)."""
    client, screen = started(home)
    try:
        assert b"-26-" in read(screen, b"-26-")
        drained(screen, 1)
        for key, shown in keys:
            os.write(screen, key)
            assert shown in read(screen, shown)
            drained(screen, 0.5)
        begun, text, shown_at = time.monotonic(), "", []
        while time.monotonic() < begun + WRITING or len(text) < 20:
            letter = "abcdefghij"[len(text) % 10]
            os.write(screen, letter.encode())
            assert drained(screen, 20), "every letter shows"
            text += letter
            shown_at.append(time.monotonic())
        client.kill()
        killed = time.monotonic()
        client.wait()
    finally:
        client.kill()
        client.wait()
        os.close(screen)
    return text, text[: sum(at < killed - PROMISE for at in shown_at)]


def kept(home: Path) -> Draft:
    store = filled.open_store(home)
    [draft] = store.drafts()
    store.close()
    return draft


def test_a_new_case_loses_at_most_two_seconds(written: Path) -> None:
    keys = [(b"n", b"Procedure"), (b"\r", b"Find"), (b"finanz\r", b"Subject")]
    text, due = typed_until_killed(written, keys)
    found = kept(written).answers["subject"]
    assert due
    assert text.startswith(found)
    assert len(found) >= len(due)


def test_a_draft_that_was_gone_on_with_loses_at_most_two_seconds(written: Path) -> None:
    """Opening a draft takes it from nowhere: what was in it before is there after the kill, too."""
    store = filled.open_store(written)
    row = store.window("to_answer", "due", limit=1)[0]
    store.save_draft(Draft("d1", row.desk, row.procedure, "message", row.id, text="Begun before. ", lang="en"))
    store.close()
    text, due = typed_until_killed(written, [(b"d", b"saved:"), (b"\r", b"Language of the text")])
    found = kept(written)
    assert due
    assert found.id == "d1"
    assert ("Begun before. " + text).startswith(found.text)
    assert len(found.text) >= len("Begun before. " + due)
