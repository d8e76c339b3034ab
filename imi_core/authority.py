"""Who is who: authorities, their desks, and the seats officers hold at them."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

Role = Literal[
    "basic",
    "viewer",
    "handler",
    "allocator",
    "referral_handler",
    "alert_viewer",
    "alert_handler",
    "alert_disseminator",
    "data_administrator",
]
"""What an officer may do at a desk; rights are given per officer and legal area."""

Kind = Literal[
    "competent_authority",
    "national_coordinator",
    "regional_coordinator",
    "area_coordinator",
    "delegated_coordinator",
    "eu_body",
]
Status = Literal["active", "suspended"]

ROLES: tuple[Role, ...] = get_args(Role)
KINDS: tuple[Kind, ...] = get_args(Kind)
COORDINATOR_KINDS: frozenset[Kind] = frozenset(
    ("national_coordinator", "regional_coordinator", "area_coordinator", "delegated_coordinator")
)

COUNTRIES: tuple[str, ...] = (
    "AT",
    "BE",
    "BG",
    "CY",
    "CZ",
    "DE",
    "DK",
    "EE",
    "EL",
    "ES",
    "FI",
    "FR",
    "HR",
    "HU",
    "IE",
    "IS",
    "IT",
    "LI",
    "LT",
    "LU",
    "LV",
    "MT",
    "NL",
    "NO",
    "PL",
    "PT",
    "RO",
    "SE",
    "SI",
    "SK",
)
"""The 30 countries of the network, with the codes the Union uses (Greece is EL)."""


class Wire(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True, rename="camel", gc=False):
    """Base of every type that travels: camelCase names, defaults left out, unknown members ignored."""


class Desk(Wire, kw_only=True, frozen=True):
    """An authority's post-box in one legal area: the unit of access, of sync and of sharding.

    `coordinator` is true where the authority coordinates this area; `default_reply_days` are calendar days.
    """

    id: str
    area: str
    status: Status = "active"
    coordinator: bool = False
    default_reply_days: int = 14
    observers: tuple[str, ...] = ()


class Authority(Wire, kw_only=True, frozen=True):
    """A public body.

    The formal name is kept in its original language and never translated; `titles` and `descriptions` are by
    language (BCP 47). `topics` are ids of competences. `version` is set by the server and raised on each change.
    """

    id: str
    formal_name: str
    country: str
    kind: Kind = "competent_authority"
    status: Status = "active"
    region: str = ""
    town: str = ""
    address: str = ""
    website: str = ""
    languages: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    titles: dict[str, str] = {}
    descriptions: dict[str, str] = {}
    desks: tuple[Desk, ...] = ()
    version: int = 1

    def title(self, languages: tuple[str, ...]) -> str:
        """The informal title in the first of `languages` that has one, else English, else any, else empty."""
        for language in (*languages, "en"):
            if found := self.titles.get(language):
                return found
        return next(iter(self.titles.values()), "")


class Seat(msgspec.Struct, kw_only=True, frozen=True):
    """An officer at a desk: everything the rules need to know about who acts."""

    officer: str
    officer_name: str
    desk: str
    authority: str
    authority_name: str
    country: str
    area: str
    roles: frozenset[Role]
    coordinator: bool = False


class Officer(Wire, kw_only=True, frozen=True):
    """A person who signs in, as the other officers of the same desks see them. `active`: may sign in."""

    id: str
    name: str
    desks: dict[str, tuple[Role, ...]] = {}
    language: str = "en"
    active: bool = True
    version: int = 1
