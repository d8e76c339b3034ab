"""Some translations at the desks of the demo, so that one sees what they look like.

The demo's texts say the same in every language, variant by variant: a translation is the text that its writer would
have drawn in the reader's language. Nothing is asked of any service, and the name of what made one says so.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import deque
from typing import TYPE_CHECKING

from imi_central.demo.colleagues import DESK_OFFICERS, person
from imi_core import translating, visibility
from imi_core.case import Translation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from imi_central.demo.europe import Europe
    from imi_central.demo.filling import Filler
    from imi_core.authority import Officer
    from imi_core.case import Case, Entry
    from imi_core.procedure import Rules

ENGINE = "Demo (no real service)"
_TRANSLATED, _BY_OFFICER = 0.5, 0.5
"""Share of the open cases with foreign texts that have translations, and of these the share that an officer made."""
MOST = 60
"""Cases of a desk, the latest ones."""


class Translating:
    """Is told of every case that is made, to say afterwards what of it is translated at the demo's desks."""

    def __init__(self, europe: Europe, officers: Iterable[Officer], seed: int, now: dt.datetime) -> None:
        self._europe, self._seed, self._now = europe, seed, now
        self._reads = {desk: officer.language for officer in officers for desk in officer.desks}
        self._made: dict[str, deque[list[Translation]]] = {desk: deque(maxlen=MOST) for desk in self._reads}

    def told(self, rules: Rules, fill: Filler, case: Case, entries: list[Entry]) -> None:
        """A case with its entries, and who filled them in."""
        if case.closed_at is not None:
            return
        for desk in {part.desk for part in case.parts} & self._reads.keys():
            rng = random.Random(f"{self._seed}:{desk}:{case.id}:translated")
            if rng.random() >= _TRANSLATED:
                continue
            if visibility.level(rules, case, self._europe.seat(desk, "", "")) != "full":
                continue
            if found := list(self._of_case(rng, rules, fill, case, entries, desk)):
                self._made[desk].append(found)

    def _of_case(
        self, rng: random.Random, rules: Rules, fill: Filler, case: Case, entries: list[Entry], desk: str
    ) -> Iterator[Translation]:
        lang = self._reads[desk]
        by_officer = rng.random() < _BY_OFFICER
        id, name = person(self._europe, desk, rng.randrange(DESK_OFFICERS))
        for entry in entries:
            if entry.desk == desk or entry.at is None or translating.language(entry) in ("", lang):
                continue
            given = translating.free_texts(rules, case, entry)
            omitted = () if by_officer else tuple(each.part for each in given if each.personal)
            said = ((each.part, fill.said_in(each.text, lang)) for each in given if each.part not in omitted)
            if texts := {part: text for part, text in said if text}:
                at = min(entry.at + dt.timedelta(minutes=rng.randrange(5, 300)), self._now)
                yield Translation(
                    id="",
                    case_id=case.id,
                    entry_id=entry.id,
                    source=translating.language(entry),
                    lang=lang,
                    texts=texts,
                    omitted=omitted,
                    engine="" if by_officer else ENGINE,
                    officer=id if by_officer else "",
                    officer_name=name if by_officer else "",
                    at=at,
                )

    def made(self) -> Iterator[tuple[str, Translation]]:
        """(desk, translation without an id)."""
        for desk, cases in self._made.items():
            for found in cases:
                yield from ((desk, each) for each in found)
