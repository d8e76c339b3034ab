"""The log of what left this machine: what, when, by whom, where to. An entry is written before the file is.

What is read out of a profile that may be damaged, or belong to another version, is noted in a file beside the log
(`NotedAside`), which takes it over when it is read the next time.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from imi_core.text import display
from imi_tui.cache.errors import CacheError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from imi_tui.cache.storage.db import Database
    from imi_tui.cache.storage.reserve import Reserve
    from imi_tui.profile import Profile

_ASIDE, _NEW = "exported-", ".new"
_CUT_OFF = 60.0
"""Seconds after which nobody is still writing a note."""

MOST = 200
"""Entries that are shown at most, the newest ones."""


class Exported(NamedTuple):
    """One entry. `kind` is case, list, file, print, copy or outbox; `what` the reference, the view or search, the name
    of the file.

    `state`: begun (the program ended in between: look whether the file is there), done, failed. `sha256` of the file.
    """

    number: int
    at: str
    officer: str
    officer_name: str
    kind: str
    format: str
    what: str
    cases: int
    files: int
    path: str
    sha256: str
    state: str


class NotedAside:
    """An entry for the log of a profile that is not written to. It holds nothing of a case but its id.

    Raises OSError.
    """

    def __init__(self, profile: Profile, at: str, cases: Sequence[tuple[str, str]], path: str) -> None:
        self._wire: dict[str, Any] = {"at": at, "cases": list(cases), "path": path, "sha256": "", "state": "begun"}
        descriptor, new = tempfile.mkstemp(f".json{_NEW}", _ASIDE, profile.home)
        os.close(descriptor)
        self._name = new.removesuffix(_NEW)
        self._write()

    def done(self, sha256: str) -> None:
        """The file is there."""
        self._wire |= {"sha256": sha256, "state": "done"}
        self._write()

    def failed(self) -> None:
        """No file was written."""
        self._wire["state"] = "failed"
        self._write()

    def _write(self) -> None:
        new = self._name + _NEW
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(self._wire, file)
        os.replace(new, self._name)


class _Note(NamedTuple):
    """What is read of such a file."""

    at: str
    path: str
    sha256: str
    state: str
    cases: tuple[tuple[str, str], ...]


def _read(name: Path) -> tuple[_Note, Path] | None:
    try:
        wire = json.loads(name.read_text("utf-8"))
        at, path, sha256, state = (display(wire[member]) for member in ("at", "path", "sha256", "state"))
        cases = tuple((display(desk), display(id)) for desk, id in wire["cases"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return (_Note(at, path, sha256, state, cases), name) if state in ("begun", "done", "failed") else None


def _complete(home: Path) -> None:
    """Complete notes whose writing was cut off, where all of them is there; the rest says nothing and goes."""
    for new in home.glob(f"{_ASIDE}*.json{_NEW}"):
        with suppress(OSError):
            if time.time() - new.stat().st_mtime < _CUT_OFF:
                continue
            if _read(new) is not None:
                new.replace(new.with_suffix(""))
            else:
                new.unlink()


class Exports:
    """The log, in the file that cannot be fetched again; `home` is the folder of the profile."""

    def __init__(
        self,
        work: Database,
        reserve: Reserve,
        officer: Callable[[], dict[str, object]],
        now: Callable[[], str],
        home: Path,
    ) -> None:
        self._work, self._reserve, self._officer, self._now, self._home = work, reserve, officer, now, home

    def begin(
        self, kind: str, format: str, what: str, cases: Sequence[tuple[str, str]], path: str, *, files: int = 0
    ) -> int:
        """Note that these cases (desk, id) are about to leave to `path`; the number of the entry.

        Raises `CacheError`: what cannot be noted must not leave.
        """
        values = (self._now(), *self._who(), kind, format, what, len(cases), files, path)

        def write() -> int:
            with self._work.write():
                return self._begin(values, cases)

        return self._reserve.write(write)

    def _who(self) -> tuple[str, str]:
        officer = self._officer()
        return str(officer.get("id") or ""), str(officer.get("name") or "")

    def _begin(self, values: tuple[object, ...], cases: Sequence[tuple[str, str]]) -> int:
        self._work.run(
            "insert into export(at, officer, officer_name, kind, format, what, cases, files, path)"
            " values(?, ?, ?, ?, ?, ?, ?, ?, ?)",
            values,
        )
        number = int(self._work.one("select last_insert_rowid()")[0])
        for desk, id in cases:
            self._work.run("insert or ignore into export_case values(?, ?, ?)", (desk, id, number))
        return number

    def done(self, number: int, path: str, sha256: str) -> None:
        """The file is there."""
        self._work.run("update export set state = 'done', path = ?, sha256 = ? where pos = ?", (path, sha256, number))

    def failed(self, number: int) -> None:
        """No file was written."""
        self._work.run("update export set state = 'failed' where pos = ?", (number,))

    def take_over(self) -> None:
        """Take in what was noted aside. What cannot be read, or written now, stays where it is."""
        _complete(self._home)
        for note, name in sorted(filter(None, map(_read, self._home.glob(f"{_ASIDE}*.json")))):
            with suppress(OSError, CacheError):
                self._reserve.write(partial(self._take, note))
                name.unlink(missing_ok=True)

    def _take(self, note: _Note) -> None:
        at, path, sha256, state, cases = note
        # Another process may be at it, or have ended before it removed the note.
        sql = "select 1 from export where kind = 'outbox' and at = ? and path = ?"
        with self._work.write():
            if not self._work.rows(sql, (at, path)):
                number = self._begin((at, *self._who(), "outbox", "json", "outbox", len(cases), 0, path), cases)
                self._work.run("update export set state = ?, sha256 = ? where pos = ?", (state, sha256, number))

    def log(self, limit: int = MOST) -> list[Exported]:
        """The newest entries first."""
        self.take_over()
        sql = (
            "select pos, at, officer, officer_name, kind, format, what, cases, files, path, sha256, state from export"
            " order by pos desc limit ?"
        )
        return [Exported(*found) for found in self._work.rows(sql, (limit,))]

    def of_case(self, desk: str, id: str) -> list[Exported]:
        """What of one case left this machine, the newest first."""
        self.take_over()
        sql = (
            "select pos, at, officer, officer_name, kind, format, what, cases, files, path, sha256, state from export"
            " join export_case on export = pos where desk = ? and case_id = ? order by pos desc limit ?"
        )
        return [Exported(*found) for found in self._work.rows(sql, (desk, id, MOST))]
