"""Whom this officer knows: authorities that own cases were with, those remembered by hand, and how soon they answer."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from imi_core.errors import UnknownProcedure
from imi_tui.cache.content.documents import match
from imi_tui.cache.model import Changed
from imi_tui.cache.wire import decode
from imi_tui.times import instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from imi_tui.cache.register.directory import Directory
    from imi_tui.cache.storage.db import Database
    from imi_tui.cache.storage.hub import Hub
    from imi_tui.cache.storage.reserve import Reserve

KNOWN = 2000
"""Authorities that count as past partners at most: those of the latest cases."""
LOOKED_AT = 300
"""Cases looked at for how soon an authority answers: the newest that name it."""


class Answers(NamedTuple):
    """How soon an authority answered: days from the request to the complete reply, in own cases where both are here.

    `cases`: own cases with it among the newest `LOOKED_AT` that name it, whichever side asked.
    """

    days: tuple[float, ...]
    cases: int


class Partners:
    """Past partners come from `cache.db`; what is remembered by hand cannot be fetched again and is in `work.db`."""

    def __init__(
        self, work: Database, cache: Database, directory: Directory, reserve: Reserve, hub: Hub, now: Callable[[], str]
    ) -> None:
        self._work, self._cache, self._directory = work, cache, directory
        self._reserve, self._hub, self._now = reserve, hub, now

    def past(self) -> dict[str, int]:
        """By id of the authority, with how many cases of the officer's desks it had to do; the latest first."""
        sql = "select authority, cases from partner where cases > 0 order by last desc limit ?"
        return dict(self._cache.rows(sql, (KNOWN,)))

    def remembered(self) -> frozenset[str]:
        """The authorities this officer wants on top. Kept on this machine alone."""
        return frozenset(id for (id,) in self._work.rows("select authority from remembered"))

    def remember(self, authority: str) -> None:
        """Put an authority on top from now on."""
        self._change("insert or ignore into remembered values(?1, ?2)", (authority, self._now()))

    def forget(self, authority: str) -> None:
        """Take it from the top again."""
        self._change("delete from remembered where authority = ?1", (authority,))

    def _change(self, sql: str, values: tuple[Any, ...]) -> None:
        def write() -> None:
            with self._work.write():
                self._work.run(sql, values)

        self._reserve.write(write)
        self._hub.publish(Changed(frozenset(("directory",))))

    def answers(self, authority: str, name: str) -> Answers:
        """How soon the authority answered, as far as own cases on this machine tell."""
        # The last word is whole here, not one that is still being typed.
        query = match(name).removesuffix(" *")
        if not query:
            return Answers((), 0)
        sql = (
            "select c.n, c.wire from words w cross join document d on d.docid = w.rowid"
            " cross join confirmed c on c.n = d.n where w.words match ? order by w.rowid limit ?"
        )
        found = {n: decode(wire) for n, wire in self._cache.rows(sql, (query, LOOKED_AT))}
        with_it = {n: case for n, case in found.items() if authority in _authorities(case)}
        days: list[float] = []
        entries: dict[int, list[dict[str, Any]]] = {}
        sql = (
            "select e.n, e.wire from json_each(?) j cross join entry e on e.n = j.value and e.n > 0 order by e.version"
        )
        for n, wire in self._cache.rows(sql, (json.dumps(list(with_it)),)):
            entries.setdefault(n, []).append(decode(wire))
        for n, case in with_it.items():
            took = self._took(case, entries.get(n, []), authority)
            if took is not None:
                days.append(took)
        return Answers(tuple(days), len(with_it))

    def _took(self, case: dict[str, Any], entries: list[dict[str, Any]], authority: str) -> float | None:
        """Days from the request to the first complete reply, if it was this authority that replied."""
        try:
            rules = self._directory.rules(str(case.get("procedure")), case.get("procedureVersion", 1))
        except UnknownProcedure:
            return None
        actions = rules.lifecycle.actions
        sent = replied = ""
        for entry in entries:
            action = actions.get(str(entry.get("action")))
            if action is None:
                continue
            if action.starts:
                sent = sent or str(entry.get("at", ""))
            elif action.form == "reply" and action.complete:
                if entry.get("authority") != authority:
                    return None
                replied = str(entry.get("at", ""))
                break
        if not sent or not replied:
            return None
        begun, ended = instant(sent), instant(replied)
        return (ended - begun) / dt.timedelta(days=1) if begun is not None and ended is not None else None


def _authorities(case: dict[str, Any]) -> set[str]:
    return {str(part.get("authority")) for part in case.get("parts", ())}
