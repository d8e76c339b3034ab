"""Filling the register country by country: what is here, what comes next, and writing what the index brings.

The index has of each authority what finding it takes; such a record is brief until the whole of it has been fetched,
which happens when somebody opens it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from imi_core.authority import Authority
from imi_tui.cache.errors import BadObject
from imi_tui.cache.model import Changed
from imi_tui.cache.register.lookup import RegisterIndex
from imi_tui.cache.wire import convert

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from imi_tui.cache.register.directory import Directory
    from imi_tui.cache.session import SessionTable
    from imi_tui.cache.storage.db import Database

_WANTED_LABELS = "wanted_labels"
SPOKEN = "procedureLanguages"
"""Under which name the cache keeps in which languages texts were asked for, best first, with commas."""


class Part(NamedTuple):
    """A country: how many authorities it has, and the last id that is here ("" for none)."""

    country: str
    total: int
    after: str


class RegisterParts:
    """Reached as `SyncStore.register` by the engine, and by `Store` for what screens show."""

    def __init__(
        self, publish: Callable[[Changed], None], cache: Database, directory: Directory, session: SessionTable
    ) -> None:
        self._publish = publish
        self._cache = cache
        self._directory = directory
        self._session = session
        self.index = RegisterIndex(cache)

    def share(self) -> tuple[int, int]:
        """(countries that are here as a whole, countries there are); (0, 0) before the first answer."""
        found = self._cache.one("select coalesce(sum(done), 0), count(*) from register_part")
        return int(found[0]), int(found[1])

    def missing(self) -> list[Part]:
        """What is to be fetched: the officer's own countries, those of past partners by how often, small ones first."""
        rows = [
            Part(*row) for row in self._cache.rows("select country, total, after from register_part where done = 0")
        ]
        if not rows:
            return []
        partners = dict(self._cache.rows("select country, count(*) from listing group by country"))
        own = {seat.country for seat in self._session.seats()}
        return sorted(
            rows, key=lambda part: (part.country not in own, -partners.get(part.country, 0), part.total, part.country)
        )

    def begin(self, counts: Mapping[str, Any]) -> None:
        """These are all the countries, and how many authorities each has. Raises `BadObject`."""
        if not all(
            isinstance(total, int) and total >= 0 and 0 < len(country) <= 8 for country, total in counts.items()
        ):
            raise BadObject("Authority", "", "counts of another shape")
        with self._cache.write():
            self._cache.run("update meta set value = value + 1 where name = 'register_round'")
            self._cache.run("delete from register_part")
            self._cache.many(
                "insert into register_part(country, total, after, done) values(?, ?, '', ?)",
                [(country, total, int(total == 0)) for country, total in counts.items()],
            )

    def put(self, country: str, records: Sequence[dict[str, Any]], *, more: bool) -> None:
        """The next authorities of a country, in id order; one transaction. Raises `BadObject`: nothing was written."""
        found = [(convert(Authority, wire), wire) for wire in records]
        if any(authority.country != country for authority, _ in found):
            raise BadObject("Authority", country, "an authority of another country")
        with self._cache.write():
            present = self._directory.round()
            whole = {id for authority, _ in found if (id := self._whole(authority)) is not None}
            self._cache.many("update authority set round = ? where id = ?", [(present, id) for id in whole])
            self._directory.put_authorities([pair for pair in found if pair[0].id not in whole], brief=True)
            if found:
                after = max(authority.id for authority, _ in found)
                self._cache.run("update register_part set after = ? where country = ?", (after, country))
            if not more:
                self._finish(country, present)
            self._directory.changed()
        if not more:
            # Of a country that comes in many pages the index is made once.
            self.index.make()
        self._publish(Changed(frozenset(("directory",))))

    def _finish(self, country: str, present: int) -> None:
        """Inside: a country is here as a whole; what an earlier reading had and this one has not is gone."""
        sql = "select id from authority where country = ? and round < ?"
        gone = [id for (id,) in self._cache.rows(sql, (country, present))]
        self._directory.destroy({"Authority": gone})
        self._cache.run("update register_part set done = 1 where country = ?", (country,))

    def _whole(self, authority: Authority) -> str | None:
        """The id, where the whole record of this version is here already."""
        sql = "select 1 from authority where id = ? and brief = 0 and version >= ?"
        return authority.id if self._cache.one(sql, (authority.id, authority.version)) is not None else None

    # --- texts of procedures in another language than the officer's -----------------------------------------------

    def want_labels(self, language: str) -> bool:
        """Ask for the texts of all procedures in a language, beside those that are here; whether they are missing."""
        # The definitions are written in English.
        if language == "en" or all(language in rules.labels for rules in self._directory.procedures()):
            return False
        wanted = self.wanted_labels()
        if language not in wanted:
            self._keep_wanted([*wanted, language])
        return True

    def lacks_labels(self, language: str) -> bool:
        """Whether the next synchronisation is still to bring texts of procedures in the officer's language."""
        found = self._cache.one("select value from secret where name = ?", (SPOKEN,))
        if language == "en" or found is None or found[0].split(",")[0] == language:
            return False
        return any(language not in rules.labels for rules in self._directory.procedures())

    def wanted_labels(self) -> list[str]:
        """Languages in which somebody wants to read the procedures."""
        found = self._cache.one("select value from secret where name = ?", (_WANTED_LABELS,))
        return found[0].split() if found is not None else []

    def labels_served(self, languages: Sequence[str]) -> None:
        """These were asked for, whatever came of it."""
        self._keep_wanted([each for each in self.wanted_labels() if each not in languages])

    def _keep_wanted(self, languages: Sequence[str]) -> None:
        with self._cache.write():
            self._cache.run("delete from secret where name = ?", (_WANTED_LABELS,))
            if languages:
                self._cache.run("insert into secret(name, value) values(?, ?)", (_WANTED_LABELS, " ".join(languages)))

    # --- records that somebody wants to read ----------------------------------------------------------------------

    def want(self, id: str) -> bool:
        """Ask for the whole record of an authority; whether it has to be fetched."""
        found = self._cache.one("select brief from authority where id = ?", (id,))
        if found is None or not found[0]:
            return False
        self._cache.run("insert or ignore into register_wanted values(?)", (id,))
        return True

    def wanted(self, limit: int) -> list[str]:
        """Authorities whose whole record somebody wants."""
        return [id for (id,) in self._cache.rows("select id from register_wanted limit ?", (limit,))]

    def served(self, ids: Sequence[str]) -> None:
        """These were asked for, whatever came of it."""
        self._cache.many("delete from register_wanted where id = ?", [(id,) for id in ids])
