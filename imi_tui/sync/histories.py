"""Fetching who at the officer's desks looked after their cases before, behind everything that somebody waits for."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from imi_core.case import Assigned
from imi_tui.cache.errors import BadObject
from imi_tui.cache.wire import convert
from imi_tui.sync import reading
from imi_tui.sync.errors import ServerMistake

if TYPE_CHECKING:
    from typing import Any

    from imi_tui.cache.sync import SyncStore
    from imi_tui.sync.reading import Answer
    from imi_tui.sync.run import Requests

AT_ONCE = 100
"""Cases asked for in one request."""


class Histories:
    """One an engine. `unknown`: the server is of a version that tells nothing of it, and is not asked again."""

    def __init__(self, store: SyncStore, requests: Requests) -> None:
        self._store = store
        self._requests = requests
        self._unknown = False

    def step(self) -> bool:
        """Fetch the next ones; whether any were fetched. Raises `SyncError`."""
        wanted = {} if self._unknown else self._store.histories_wanted(AT_ONCE)
        if not wanted:
            return False
        calls = [
            ["Assignment/get", {"accountId": desk, "caseIds": ids}, f"h{number}"]
            for number, (desk, ids) in enumerate(wanted.items())
        ]
        answers = self._requests.ask(calls)
        for number, (desk, ids) in enumerate(wanted.items()):
            answer = answers[f"h{number}"]
            if answer.error == "unknownMethod":
                self._unknown = True
                return False
            try:
                self._store.put_histories(desk, ids, _of_cases(answer, desk, ids))
            except (ServerMistake, BadObject):
                # What cannot be used must not stand before everything else at each synchronisation.
                self._store.put_histories(desk, ids, {})
                raise
        return True


def _of_cases(answer: Answer, desk: str, ids: list[str]) -> dict[str, list[dict[str, Any]]]:
    """What was told of each case, in order."""
    out: dict[str, list[dict[str, Any]]] = {}
    for each in reading.objects(answer, desk, None):
        case_id = convert(Assigned, each).case_id
        if case_id not in ids:
            raise ServerMistake("an assignment of a case that was not asked for")
        out.setdefault(case_id, []).append(each)
    if any(a["version"] >= b["version"] for told in out.values() for a, b in pairwise(told)):
        raise ServerMistake("assignments that are not in their order")
    return out
