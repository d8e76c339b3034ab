"""Which procedures an officer may start, at which desk. No Textual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from imi_core import authority, workflow
from imi_core.collation import sort_key
from imi_tui.labels import Labels

if TYPE_CHECKING:
    from imi_core.procedure import Rules
    from imi_tui.cache.model import Seat


class Directory(Protocol):
    """What is needed of the cache."""

    def seats(self) -> tuple[Seat, ...]:
        """The officer's desks."""

    def officer(self) -> dict[str, Any]:
        """Who is signed in."""

    def procedures(self, area: str = "") -> list[Rules]:
        """The newest version of every procedure."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One procedure this officer may start, at one of the officer's desks."""

    procedure: str
    desk: str
    action: str
    title: str
    basis: str
    area: str
    authority: str


def offers(cache: Directory, languages: tuple[str, ...]) -> list[Offer]:
    """Every procedure the officer may start, ordered by area and title."""
    found: list[Offer] = []
    rules_of_all = cache.procedures()
    for seat in cache.seats():
        acting = acting_seat(cache, seat)
        for rules in rules_of_all:
            starts = workflow.available(rules, None, acting)
            if starts:
                procedure, labels = rules.procedure, Labels(rules, languages)
                found.append(
                    Offer(
                        procedure=procedure.id,
                        desk=seat.desk,
                        action=starts[0],
                        title=labels.title,
                        basis=labels.basis,
                        area=procedure.area,
                        authority=seat.authority_name,
                    )
                )
    own = languages[0] if languages else "en"
    return sorted(found, key=lambda offer: (offer.area, sort_key(offer.title, own), sort_key(offer.authority, own)))


def acting_seat(cache: Directory, seat: Seat) -> authority.Seat:
    """A seat as the rules know it."""
    officer = cache.officer()
    return authority.Seat(
        officer=str(officer.get("id", "")),
        officer_name=str(officer.get("name", "")),
        desk=seat.desk,
        authority=seat.authority,
        authority_name=seat.authority_name,
        country=seat.country,
        area=seat.area,
        roles=frozenset(role for role in authority.ROLES if role in seat.roles),
        coordinator=seat.coordinator,
    )
