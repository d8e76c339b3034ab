"""Procedures and the register of authorities, as screens and commands read them."""

from __future__ import annotations

from imi_core.lean import TYPE_CHECKING, cached_property
from imi_tui.cache.parts import Parts

if TYPE_CHECKING:
    from typing import Any

    from imi_core.procedure import Rules
    from imi_core.workflow import Target
    from imi_tui.cache.model import AuthorityHit
    from imi_tui.cache.register.countries import RegisterParts
    from imi_tui.cache.register.lookup import Facets
    from imi_tui.cache.register.question import Answer, Query


class Registered(Parts):
    """What a `Store` says of the directory."""

    @cached_property
    def _register_parts(self) -> RegisterParts:
        from imi_tui.cache.register.countries import RegisterParts

        return RegisterParts(self.publish, self._cache, self._directory, self._session)

    def rules(self, procedure: str, version: int | None = None) -> Rules:
        """One version of a procedure, or the newest. Raises `UnknownProcedure`."""
        return self._directory.rules(procedure, version)

    def procedures(self, area: str = "") -> list[Rules]:
        """The newest version of every procedure (of one legal area)."""
        return self._directory.procedures(area)

    def authorities(
        self, words: str, *, country: str = "", area: str = "", languages: tuple[str, ...] = (), limit: int = 50
    ) -> list[AuthorityHit]:
        """Authorities as `find_authorities` ranks them, without anything this officer did before."""
        from imi_tui.cache.register.question import Query

        query = Query(words=words, country=country, area=area, languages=tuple(languages))
        return self._register.search(query, limit)[0]

    def find_authorities(self, query: Query, limit: int) -> tuple[list[AuthorityHit], Answer]:
        """The best authorities for a query, and the answer that facets are counted in."""
        return self._register.search(query, limit)

    def authority_facets(self, query: Query, answer: Answer) -> Facets:
        """How many of what was found are in each country, area, language and town."""
        return self._register.facets(query, answer)

    def competences(self) -> dict[str, set[str]]:
        """By area, the ids of the fields of work that the register names."""
        return self._register.competences()

    def authority(self, id: str) -> dict[str, Any] | None:
        """The wire object of one authority."""
        return self._directory.authority(id)

    def coordinators(self, country: str) -> dict[str, list[str]]:
        """By area, the ids of the authorities that coordinate it in a country."""
        return self._directory.coordinators(country)

    def register_share(self) -> tuple[int, int]:
        """(countries whose authorities are all on this machine, countries there are)."""
        return self._register_parts.share()

    def authority_is_brief(self, id: str) -> bool:
        """Whether only what finding an authority takes is here of it."""
        return self._directory.is_brief(id)

    def want_authority(self, id: str) -> bool:
        """Ask for the whole record of an authority; True where it has to be fetched first."""
        return self._register_parts.want(id)

    def lacks_labels(self, language: str) -> bool:
        """Whether the next synchronisation is still to bring texts of procedures in the officer's language."""
        return self._register_parts.lacks_labels(language)

    def want_labels(self, language: str) -> bool:
        """Ask for the texts of all procedures in a language; True where they have to be fetched first."""
        return self._register_parts.want_labels(language)

    def target(self, desk: str) -> Target | None:
        """A desk as an addressee."""
        return self._directory.target(desk)

    def authority_count(self) -> int:
        """How many authorities the cache holds."""
        return self._directory.count()
