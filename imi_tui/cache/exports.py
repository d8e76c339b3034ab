"""The log of what left this machine: what, when, by whom, where to. An entry is written before the file is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imi_tui.cache.db import Database
    from imi_tui.cache.reserve import Reserve

MOST = 200
"""Entries that are shown at most, the newest ones."""


class Exported(NamedTuple):
    """One entry. `kind` is case, list or file; `what` the reference, the view or search, the name of the file.

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


class Exports:
    """The log, in the file that cannot be fetched again."""

    def __init__(
        self, work: Database, reserve: Reserve, officer: Callable[[], dict[str, object]], now: Callable[[], str]
    ) -> None:
        self._work, self._reserve, self._officer, self._now = work, reserve, officer, now

    def begin(
        self, kind: str, format: str, what: str, cases: Sequence[tuple[str, str]], path: str, *, files: int = 0
    ) -> int:
        """Note that these cases (desk, id) are about to leave to `path`; the number of the entry.

        Raises `CacheError`: what cannot be noted must not leave.
        """
        officer = self._officer()
        values = (
            self._now(),
            str(officer.get("id") or ""),
            str(officer.get("name") or ""),
            kind,
            format,
            what,
            len(cases),
            files,
            path,
        )
        return self._reserve.write(lambda: self._begin(values, cases))

    def _begin(self, values: tuple[object, ...], cases: Sequence[tuple[str, str]]) -> int:
        with self._work.write():
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

    def log(self, limit: int = MOST) -> list[Exported]:
        """The newest entries first."""
        sql = (
            "select pos, at, officer, officer_name, kind, format, what, cases, files, path, sha256, state from export"
            " order by pos desc limit ?"
        )
        return [Exported(*found) for found in self._work.rows(sql, (limit,))]

    def of_case(self, desk: str, id: str) -> list[Exported]:
        """What of one case left this machine, the newest first."""
        sql = (
            "select pos, at, officer, officer_name, kind, format, what, cases, files, path, sha256, state from export"
            " join export_case on export = pos where desk = ? and case_id = ? order by pos desc limit ?"
        )
        return [Exported(*found) for found in self._work.rows(sql, (desk, id, MOST))]
