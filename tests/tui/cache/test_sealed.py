"""Files at rest: what was sealed comes back, anything else does not, and what a kill leaves can be continued."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import pytest

from imi_tui.cache.errors import CacheError, DamagedFile
from imi_tui.cache.files import sealed
from imi_tui.cache.files.sealed import SEGMENT, TAG, Writer, read

KEY = bytes(range(32))
STEP = SEGMENT + TAG


def made(path: Path, size: int, key: bytes = KEY) -> bytes:
    data = random.Random(size).randbytes(size)
    writer = Writer(path, key, size)
    for at in range(0, size, 50_001):
        writer.add(data[at : at + 50_001])
    writer.finish()
    writer.close()
    return data


def whole(path: Path, size: int, key: bytes = KEY) -> bytes:
    return b"".join(read(path, key, size))


@pytest.mark.parametrize("size", [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT, 3 * SEGMENT + 17])
def test_what_was_sealed_comes_back(tmp_path: Path, size: int) -> None:
    data = made(tmp_path / "a", size)
    assert whole(tmp_path / "a", size) == data
    stored = (tmp_path / "a").read_bytes()
    assert len(stored) == size + TAG * sealed.segments(size)
    assert size < 16 or data[:16] not in stored
    for start, end in ((0, size), (0, 10), (SEGMENT - 5, SEGMENT + 5), (size // 2, size), (size, size)):
        assert b"".join(read(tmp_path / "a", KEY, size, start, end)) == data[start:end]


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_only_the_officer_may_read_it(tmp_path: Path) -> None:
    made(tmp_path / "blobs" / "a", 10)
    assert (tmp_path / "blobs" / "a").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "blobs").stat().st_mode & 0o777 == 0o700


SIZE = 3 * SEGMENT + 100


def changed(data: bytes, how: str) -> bytes:
    pieces = [data[at : at + STEP] for at in range(0, len(data), STEP)]
    match how:
        case "bit":
            at = random.Random(7).randrange(len(data))
            return data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :]
        case "swapped":
            return b"".join([pieces[1], pieces[0], *pieces[2:]])
        case "repeated":
            return b"".join([pieces[0], pieces[0], *pieces[2:]])
        case "cut":
            return data[:-1]
        case "longer":
            return data + b"x"
    raise AssertionError


@pytest.mark.parametrize("how", ["bit", "swapped", "repeated", "cut", "longer"])
def test_anything_else_is_refused(tmp_path: Path, how: str) -> None:
    made(tmp_path / "a", SIZE)
    stored = (tmp_path / "a").read_bytes()
    other = changed(stored, how)
    assert other != stored
    (tmp_path / "a").write_bytes(other)
    with pytest.raises(DamagedFile):
        whole(tmp_path / "a", SIZE)


@pytest.mark.parametrize("left", [1, 2, 3])
def test_a_file_that_ends_early_is_refused_though_its_length_is_believed(tmp_path: Path, left: int) -> None:
    """Whoever can cut the file can perhaps also write the length: the last segment's own mark tells."""
    made(tmp_path / "a", SIZE)
    stored = (tmp_path / "a").read_bytes()
    (tmp_path / "a").write_bytes(stored[: left * STEP])
    with pytest.raises(DamagedFile):
        whole(tmp_path / "a", left * SEGMENT)


def test_nothing_may_stand_behind_the_end(tmp_path: Path) -> None:
    made(tmp_path / "a", 2 * SEGMENT)
    with (tmp_path / "a").open("ab") as file:
        file.write(b"more")
    with pytest.raises(DamagedFile):
        whole(tmp_path / "a", 2 * SEGMENT)


def test_an_end_cannot_stand_in_the_middle(tmp_path: Path) -> None:
    made(tmp_path / "a", SEGMENT)
    short = (tmp_path / "a").read_bytes()
    made(tmp_path / "b", 2 * SEGMENT)
    stored = (tmp_path / "b").read_bytes()
    (tmp_path / "b").write_bytes(short + stored[STEP:])
    with pytest.raises(DamagedFile):
        whole(tmp_path / "b", 2 * SEGMENT)


def test_another_key_and_another_file(tmp_path: Path) -> None:
    made(tmp_path / "a", SIZE)
    with pytest.raises(DamagedFile):
        whole(tmp_path / "a", SIZE, bytes(32))
    with pytest.raises(DamagedFile):
        whole(tmp_path / "none", SIZE)


@pytest.mark.parametrize("seed", range(20))
def test_what_a_kill_leaves_is_continued(tmp_path: Path, seed: int) -> None:
    """Torn at any byte, with garbage behind it or not: never another content, never more than a segment again."""
    draw, path = random.Random(seed), tmp_path / "a"
    data = made(path, SIZE)
    cut = draw.randrange(len(path.read_bytes()))
    garbage = draw.randbytes(draw.choice((0, 1, 100, STEP)))
    path.write_bytes(path.read_bytes()[:cut] + garbage)
    writer = Writer(path, KEY, SIZE)
    assert writer.have % SEGMENT == 0
    assert writer.have <= cut // STEP * SEGMENT
    assert garbage or writer.have == min(cut // STEP, 3) * SEGMENT
    writer.add(data[writer.have :])
    writer.finish()
    writer.close()
    assert whole(path, SIZE) == data


BLOCK = 4096


def lost(stored: bytes, at: int, how: str) -> bytes:
    """What a loss of power leaves of a file: its beginning, zeros for the rest, or one block that never came."""
    match how:
        case "cut":
            return stored[:at]
        case "zeros":
            return stored[:at] + bytes(len(stored) - at)
    return stored[:at] + bytes(len(stored[at : at + BLOCK])) + stored[at + BLOCK :]


@pytest.mark.parametrize("how", ["cut", "zeros", "hole"])
def test_what_a_loss_of_power_leaves_is_refused_or_continued_and_never_another_file(tmp_path: Path, how: str) -> None:
    """At every block of the disk, at the end of every segment, and inside both."""
    path = tmp_path / "a"
    data = made(path, SIZE)
    stored = path.read_bytes()
    ends = {at + near for at in range(0, len(stored), STEP) for near in (-1, 0, 1, 700)}
    for at in sorted(each for each in {*range(0, len(stored), BLOCK), *ends} if 0 <= each < len(stored)):
        left = lost(stored, at, how)
        assert left != stored
        path.write_bytes(left)
        with pytest.raises(DamagedFile):
            whole(path, SIZE)
        writer = Writer(path, KEY, SIZE)
        writer.add(data[writer.have :])
        writer.finish()
        writer.close()
        try:
            assert whole(path, SIZE) == data
        except DamagedFile:
            assert how == "hole", "what is missing at the end is written again"


def test_more_or_less_than_announced(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "a", KEY, 10)
    with pytest.raises(DamagedFile):
        writer.add(b"x" * 11)
    writer.close()
    writer = Writer(tmp_path / "b", KEY, 10)
    writer.add(b"x" * 9)
    assert not writer.complete
    with pytest.raises(DamagedFile):
        writer.finish()
    writer.close()


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="links of POSIX")
def test_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"precious")
    (tmp_path / "a").symlink_to(tmp_path / "target")
    with pytest.raises(CacheError):
        Writer(tmp_path / "a", KEY, 10)
    assert (tmp_path / "target").read_bytes() == b"precious"
    made(tmp_path / "b", 10)
    (tmp_path / "c").symlink_to(tmp_path / "b")
    with pytest.raises(DamagedFile):
        whole(tmp_path / "c", 10)
