"""The demo's authorities, people and texts, read from `data/`."""

from __future__ import annotations

import csv
import functools
import tomllib
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any

from imi_core.authority import COORDINATOR_KINDS, COUNTRIES, Authority, Desk, Officer, Role, Seat

if TYPE_CHECKING:
    import random
    from importlib.resources.abc import Traversable

HANDLER: tuple[Role, ...] = ("basic", "viewer", "handler")
DEMO_SEATS: dict[str, tuple[str, str, dict[str, tuple[Role, ...]]]] = {
    "lyon": ("Camille Moreau", "fr", {"fr-dreets-ara_pw": HANDLER}),
    "rosenheim": ("Anna Huber", "de", {"de-fks-rosenheim_pw": HANDLER}),
    "wien": ("Lukas Gruber", "de", {"at-aerztekammer_pq": HANDLER, "at-aerztekammer_pr": HANDLER}),
    "athina": ("Ελένη Παππά", "el", {"el-isa_pq": HANDLER, "el-isa_pr": HANDLER}),
}
"""Sign-in name: (invented name, language, roles by desk)."""


@dataclass(frozen=True, slots=True)
class People:
    """Invented names of one country. Where family names have a feminine form, `family_f` goes with `given_f`."""

    given: tuple[str, ...]
    family: tuple[str, ...]
    companies: tuple[str, ...]
    towns: tuple[str, ...]
    streets: tuple[str, ...]
    given_f: tuple[str, ...] = ()
    family_f: tuple[str, ...] = ()

    def name(self, rng: random.Random) -> str:
        """A given and a family name that go together."""
        if self.given_f and rng.random() < 0.5:
            return f"{rng.choice(self.given_f)} {rng.choice(self.family_f or self.family)}"
        return f"{rng.choice(self.given)} {rng.choice(self.family)}"


@dataclass(slots=True)
class Europe:
    """Everything the case generator draws from. `desks` lists, by area and country, (desk, authority) pairs."""

    authorities: list[Authority]
    people: dict[str, People]
    texts: dict[str, dict[str, dict[str, list[str]]]]
    desks: dict[str, dict[str, list[tuple[Desk, Authority]]]] = field(default_factory=dict)
    by_desk: dict[str, tuple[Desk, Authority]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for authority in self.authorities:
            for desk in authority.desks:
                self.by_desk[desk.id] = (desk, authority)
                self.desks.setdefault(desk.area, {}).setdefault(authority.country, []).append((desk, authority))

    def seat(self, desk_id: str, officer: str, name: str) -> Seat:
        """A handler's seat at a desk."""
        desk, authority = self.by_desk[desk_id]
        return Seat(
            officer=officer,
            officer_name=name,
            desk=desk.id,
            authority=authority.id,
            authority_name=authority.formal_name,
            country=authority.country,
            area=desk.area,
            roles=frozenset(HANDLER),
            coordinator=desk.coordinator,
        )

    def language(self, desk_id: str) -> str:
        """The language a desk writes in; English where there are no texts in its own."""
        own = self.by_desk[desk_id][1].languages
        return next((language for language in own if language in self.texts), "en")


@functools.lru_cache(maxsize=1)
def load() -> Europe:
    """Read the demo data. The same object each time."""
    data = resources.files("imi_central.demo") / "data"
    topics = {row.pop("id"): row for row in _table(data / "topics.tsv")}
    authorities = [
        _authority(country, row, topics)
        for country in COUNTRIES
        for row in _table(data / "authorities" / f"{country}.tsv")
    ]
    people = {country: _people(data / "people" / f"{country}.toml") for country in COUNTRIES}
    texts = {
        path.name.removesuffix(".toml"): _toml(path)
        for path in sorted((data / "texts").iterdir(), key=lambda path: path.name)
        if path.name.endswith(".toml")
    }
    return Europe(authorities, people, texts)


def officers() -> list[Officer]:
    """The officers of the demo seats."""
    return [
        Officer(id=f"demo-{login}", name=name, language=language, desks=desks)
        for login, (name, language, desks) in DEMO_SEATS.items()
    ]


def _authority(country: str, row: dict[str, str], topics: dict[str, dict[str, str]]) -> Authority:
    ids = tuple(filter(None, row["topics"].split(",")))
    place = row["region"] or row["town"]
    main = topics[ids[0]]
    kind = row["kind"]
    return Authority(
        id=row["id"],
        formal_name=row["formal_name"],
        country=country,
        kind=kind,  # type: ignore[arg-type]
        region=row["region"],
        town=row["town"],
        languages=tuple(filter(None, row["languages"].split(","))),
        topics=ids,
        titles={language: f"{label}, {place}" if place else label for language, label in main.items()},
        descriptions={language: ", ".join(dict.fromkeys(topics[topic][language] for topic in ids)) for language in main}
        if len(ids) > 1
        else {},
        desks=tuple(
            Desk(id=f"{row['id']}_{area}", area=area, coordinator=kind in COORDINATOR_KINDS)
            for area in row["areas"].split(",")
        ),
    )


def _table(path: Traversable) -> list[dict[str, str]]:
    lines = path.read_text("utf-8").splitlines()
    return [
        {key: value or "" for key, value in row.items()}
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    ]


def _toml(path: Traversable) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))


def _people(path: Traversable) -> People:
    return People(**{name: tuple(values) for name, values in _toml(path).items()})
