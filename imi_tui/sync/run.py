"""One run of the engine: its report, its state and its requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from imi_core.jmap import CASE, CORE
from imi_tui.sync import reading
from imi_tui.sync.errors import ManyRemoved, Offline, ServerMistake

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

    from imi_tui.cache.sync import SyncStore
    from imi_tui.sync.ports import Transport
    from imi_tui.sync.reading import Answer

MAX_REQUESTS = 100_000
"""Limit of requests per run: far above a first sync of a million cases; ends any endless exchange."""


class SessionChanged(Exception):
    """The session of the last run is no longer valid."""


@dataclass
class Report:
    """What one run did. `skew`: seconds that the server's clock is ahead of this machine's; None if unknown.

    `restored`: the server was restored from a backup, entries that may be missing were sent again, and the officer has
    not been told yet.
    """

    sent: int = 0
    rejected: int = 0
    waiting: int = 0
    changed: int = 0
    removed: int = 0
    requests: int = 0
    contents: int = 0
    recovered: list[str] = field(default_factory=list)
    skew: float | None = None
    restored: bool = False

    def with_next(self, other: Report) -> Report:
        """The sum of this report and that of the next run; `waiting` is that of the next run."""
        return Report(
            sent=self.sent + other.sent,
            rejected=self.rejected + other.rejected,
            waiting=other.waiting,
            changed=self.changed + other.changed,
            removed=self.removed + other.removed,
            requests=self.requests + other.requests,
            contents=self.contents + other.contents,
            recovered=[*self.recovered, *other.recovered],
            skew=other.skew,
            restored=self.restored or other.restored,
        )


@dataclass
class Run:
    """The state of one run."""

    report: Report
    page: int
    tried: set[str] = field(default_factory=set)
    seen: set[tuple[str, str]] = field(default_factory=set)
    recovered: set[str] = field(default_factory=set)
    since: dict[str, str] = field(default_factory=dict)
    sessions: int = 0
    held: dict[str, ManyRemoved] = field(default_factory=dict)
    polled: dt.datetime | None = None


class Requests:
    """Sends requests and counts them in `report`. `expected`: the session state that the next answer has to confirm."""

    def __init__(self, store: SyncStore, transport: Transport, stopping: Callable[[], bool] = lambda: False) -> None:
        self._store = store
        self._transport = transport
        self._stopping = stopping
        self.report = Report()
        self.expected: str | None = None

    def count(self) -> None:
        """Count a request or record. Raises `ServerMistake` above `MAX_REQUESTS`, `Offline` when the program ends."""
        self._go_on()
        self.report.requests += 1
        if self.report.requests > MAX_REQUESTS:
            raise ServerMistake("no end of changes")

    def ask(self, calls: list[list[Any]]) -> dict[str, Answer]:
        """One POST: the answers by call id. Raises `SyncError`, `SessionChanged`."""
        return self.with_state(calls)[0]

    def with_state(self, calls: list[list[Any]]) -> tuple[dict[str, Answer], str]:
        """The same, with the session state of the answer."""
        self.count()
        if self.report.requests > 1:
            self._store.index_little()
        response = self._transport.call({"using": [CORE, CASE], "methodCalls": calls})
        expected, self.expected = self.expected, None
        if expected is not None and response["sessionState"] != expected:
            # Another server, other rights: nothing of this answer counts before the session has been looked at.
            raise SessionChanged
        answers = reading.answers(response)
        self._store.answered()
        return answers, response["sessionState"]

    def records(self, calls: list[list[Any]]) -> Iterator[dict[str, Answer]]:
        """The answers of each record of a stream. Raises `SyncError`, `StreamRefused` before the first."""
        for number, response in enumerate(self._transport.stream({"using": [CORE, CASE], "methodCalls": calls})):
            if not number:
                self._store.answered()
            yield reading.answers(response)
            self._go_on()
            self._store.index_little()

    def _go_on(self) -> None:
        if self._stopping():
            raise Offline("the program ends")
