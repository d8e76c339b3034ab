"""Translations: asking the server for what was asked for here, and reading those of cases somebody looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imi_tui.cache.errors import BadObject
from imi_tui.sync import reading
from imi_tui.sync.errors import ServerMistake

if TYPE_CHECKING:
    from collections.abc import Callable

    from imi_tui.cache.confirmed.translations import Translations
    from imi_tui.cache.model import Wish
    from imi_tui.sync.reading import Answer

    Ask = Callable[[list[list[Any]]], dict[str, Answer]]

AT_ONCE = 25
"""Translations asked for in one call."""
CASES = 50
"""Cases whose translations are read in one call."""


class Translating:
    """The engine's side. Raises `SyncError`, `BadObject`."""

    def __init__(self, translations: Translations, ask: Ask) -> None:
        self._translations, self._ask = translations, ask

    def step(self) -> int:
        """Ask for everything that is wanted, read what is new; how many cases' translations came."""
        self._ask_for()
        count = 0
        for desk, heads in self._translations.stale().items():
            ids = list(heads)
            for start in range(0, len(ids), CASES):
                part = {id: heads[id] for id in ids[start : start + CASES]}
                self._read(desk, part)
                count += len(part)
        return count

    def _read(self, desk: str, heads: dict[str, int]) -> None:
        """Read the translations of these cases; one by one where an answer with several of them cannot be used."""
        try:
            found = self._ask([["Translation/get", {"accountId": desk, "caseIds": list(heads)}, "t"]])["t"]
            # A server of before there were translations, or a desk that is gone: there are none.
            known = found.error not in ("unknownMethod", "accountNotFound")
            self._translations.took(desk, heads, reading.objects(found, desk, None) if known else ())
        except (ServerMistake, BadObject):
            if len(heads) == 1:
                # What cannot be used must not fail every synchronisation from now on.
                self._translations.give_up(desk, heads)
                raise
            for id, head in heads.items():
                self._read(desk, {id: head})

    def _ask_for(self) -> None:
        by_desk: dict[str, list[Wish]] = {}
        for wish in self._translations.unasked():
            by_desk.setdefault(wish.desk, []).append(wish)
        for desk, wishes in by_desk.items():
            for start in range(0, len(wishes), AT_ONCE):
                self._ask_some(desk, wishes[start : start + AT_ONCE])

    def _ask_some(self, desk: str, wishes: list[Wish]) -> None:
        create = {f"t{number}": self._payload(wish) for number, wish in enumerate(wishes)}
        answer = self._ask([["Translation/set", {"accountId": desk, "create": create}, "t"]])["t"]
        for number, wish in enumerate(wishes):
            key = f"t{number}"
            if answer.error:
                if answer.error == "unknownMethod":
                    self._translations.asked(wish, "noService")
            elif reading.member(answer, "created", key) is not None:
                self._translations.asked(wish)
            else:
                refused = reading.member(answer, "notCreated", key) or {}
                code = str(refused.get("type") or "error")
                if code not in reading.TRANSIENT:
                    self._translations.asked(wish, code)

    def _payload(self, wish: Wish) -> dict[str, Any]:
        # Asked twice is asked once: the server gives what is there, so that no reference need be kept.
        asked = {"clientRef": self._translations.new_ref(), "entryId": wish.entry, "lang": wish.lang}
        return asked | ({"source": wish.source} if wish.source else {})
