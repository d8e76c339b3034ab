"""What own cases already say, to complete the fields of a new one with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from imi_tui.cache.wire import decode

if TYPE_CHECKING:
    from imi_tui.cache.listing.rows import Desks
    from imi_tui.cache.storage.db import Database


class KnownRequests:
    """Requests of cases that an officer sees in full. A summary holds no request to copy from."""

    def __init__(self, cache: Database, desks: Desks) -> None:
        self._cache, self._desks = cache, desks

    def of(self, desk: str, ids: list[str]) -> list[dict[str, Any]]:
        """The request answers of these cases of one desk, in this order, as far as they are here."""
        sql = (
            "select l.id, t.wire from json_each(?) j cross join listing l on l.desk = ? and l.id = j.value"
            " join content t on t.n = l.n where l.level = 'full' and t.level = 'full'"
        )
        found = dict(self._cache.rows(sql, (json.dumps(ids), self._desks.number(desk))))
        return [decode(found[id]).get("request", {}) for id in ids if id in found]
