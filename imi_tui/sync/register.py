"""Copies the register of authorities: first its size, then country by country in small, resumable pages."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from imi_core.jmap import DIRECTORY
from imi_tui.cache.errors import BadObject
from imi_tui.cache.register.countries import SPOKEN
from imi_tui.cache.sync import Page
from imi_tui.sync import reading
from imi_tui.sync.errors import ServerMistake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from imi_tui.cache.register.countries import Part
    from imi_tui.cache.sync import SyncStore
    from imi_tui.sync.reading import Answer

    Ask = Callable[[list[list[Any]]], dict[str, Answer]]

PAGE = 500
"""Authorities in one answer: about 25 kB on the line."""
AT_ONCE = 8
"""Countries asked for in one request at most: so many calls every server takes."""
MAX_PER_ANSWER = 4 * PAGE
"""Authorities in one answer at most, of however many countries: what waits to be sent waits for it."""
RECORDS = 50
_INDEX = ["Authority/index", {"accountId": DIRECTORY}, "ri"]


class Register:
    """Reads the register into the cache. Use once. Raises `SyncError`."""

    def __init__(self, store: SyncStore, ask: Ask, languages: Sequence[str]) -> None:
        self._store = store
        self._ask = ask
        self._languages = list(languages)

    @property
    def _wanted(self) -> str:
        return ",".join(self._languages)

    def begin(self) -> None:
        """Read the directory from its beginning, in a request of its own."""
        self.take(self._ask(self.calls()))

    def calls(self) -> list[list[Any]]:
        """The calls that read the directory from the beginning, for use in a request with other calls."""
        return [_INDEX, self._procedures(self._languages), ["Officer/get", {"accountId": DIRECTORY, "ids": None}, "ro"]]

    def take(self, found: dict[str, Answer]) -> None:
        """Apply their answers: procedures, officers, countries of the register, and the state."""
        counts, state = _counted(found["ri"])
        procedures = reading.objects(found["rp"], DIRECTORY, None)
        officers = reading.objects(found["ro"], DIRECTORY, None)
        self._store.register.begin(counts)
        self._store.set_secret(SPOKEN, self._wanted)
        # The state last: until it is there, an interrupted beginning begins anew.
        self._store.apply(DIRECTORY, Page(new_state=state, procedures=procedures, officers=officers))

    def speak(self) -> None:
        """Read again what has texts in the officer's languages, where the cache was filled in others.

        Procedures now, for the officer reads English until they are here; the register country by country.
        """
        if not self._store.state(DIRECTORY) or self._store.secret(SPOKEN) == self._wanted:
            return
        found = self._ask([self._procedures(self._languages), _INDEX])
        counts, _ = _counted(found["ri"])
        self._take_procedures(found)
        self._store.register.begin(counts)
        self._store.set_secret(SPOKEN, self._wanted)

    def step(self) -> bool:
        """Fetch the next pages; whether there is more to fetch."""
        parts = _first_parts(self._store.register.missing()[:AT_ONCE])
        if not parts:
            return False
        found = self._ask([_call(part, self._languages, f"c{number}") for number, part in enumerate(parts)])
        for number, part in enumerate(parts):
            answer = _whole(found[f"c{number}"])
            listed = reading.objects(found[f"c{number}"], DIRECTORY, None)
            more = answer.get("hasMore")
            if answer.get("country") != part.country or not isinstance(more, bool):
                raise ServerMistake("an index of another country")
            if any(each["id"] <= part.after for each in listed) or (more and not listed):
                raise ServerMistake("an index that does not go on")
            self._store.register.put(part.country, listed, more=more)
        return True

    def records(self) -> int:
        """Fetch the whole records somebody wants to read; how many."""
        ids = self._store.register.wanted(RECORDS)
        if not ids:
            return 0
        found = self._ask([["Authority/get", {"accountId": DIRECTORY, "ids": ids}, "a"]])
        with _asked(partial(self._store.register.served, ids)):
            authorities = reading.objects(found["a"], DIRECTORY, ids)
            state = self._store.state(DIRECTORY)
            self._store.apply(DIRECTORY, Page(new_state=state, authorities=authorities))
        return len(authorities)

    def labels(self) -> None:
        """Fetch the texts of procedures in the languages somebody wants to read them in, too."""
        wanted = self._store.register.wanted_labels()
        if not wanted:
            return
        languages = [*self._languages, *(each for each in wanted if each not in self._languages)]
        found = self._ask([self._procedures(languages)])
        with _asked(partial(self._store.register.labels_served, wanted)):
            self._take_procedures(found)

    def _procedures(self, languages: list[str]) -> list[Any]:
        return ["Procedure/get", {"accountId": DIRECTORY, "ids": None, "languages": languages}, "rp"]

    def _take_procedures(self, found: dict[str, Answer]) -> None:
        """Beside what the state stands for, which stays: what changed meanwhile comes with the changes since then."""
        procedures = reading.objects(found["rp"], DIRECTORY, None)
        self._store.apply(DIRECTORY, Page(new_state=self._store.state(DIRECTORY), procedures=procedures))


@contextmanager
def _asked(served: Callable[[], None]) -> Iterator[None]:
    """Around taking over what somebody wanted: what cannot be used must not stand before everything else each time."""
    try:
        yield
    except (ServerMistake, BadObject):
        served()
        raise
    served()


def _first_parts(parts: list[Part]) -> list[Part]:
    """The first of these whose next pages are `MAX_PER_ANSWER` authorities at most."""
    room = MAX_PER_ANSWER
    for number, part in enumerate(parts):
        room -= min(part.total, PAGE)
        if room < 0:
            return parts[:number]
    return parts


def _call(part: Part, languages: list[str], call_id: str) -> list[Any]:
    arguments = {"country": part.country, "after": part.after, "languages": languages, "limit": PAGE}
    return ["Authority/index", {"accountId": DIRECTORY, **arguments}, call_id]


def _counted(answer: Answer) -> tuple[dict[str, Any], str]:
    """How many authorities each country has, and the state of the directory."""
    index = _whole(answer)
    counts, state = index.get("countries"), index.get("state")
    if not isinstance(counts, dict) or not isinstance(state, str) or not state:
        raise ServerMistake("an index without countries or state")
    return counts, state


def _whole(answer: Answer) -> dict[str, Any]:
    if answer.error:
        raise answer.failed()
    return answer.arguments
