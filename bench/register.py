"""A register of 20,000 authorities with real names, and a cache that holds it as the server's index brings it.

The demo's authorities of 30 countries; the public bodies of Germany and Sweden where their files are at hand
(`PUBLICBODIES`); then branches: the same names with another town of the country, and by street where there are no more.
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from imi_central.demo import europe as demo
from imi_central.directory import publicbodies
from imi_core.authority import Authority, Desk
from imi_core.case import to_wire
from imi_core.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imi_tui.cache.store import Store

PUBLICBODIES = Path(__file__).parents[2] / "shared" / "data" / "publicbodies"
WITHOUT_FILES = (
    f"without public bodies: their files are not at ../shared/data/publicbodies; {PUBLICBODIES.name} skipped"
)
SIZE = 20_000
PAGE = 500
LANGUAGES = ("de",)
"""Of the officer who searches; English comes with it."""


def authorities(size: int = SIZE) -> list[Authority]:
    """The register, by country and id. The same each time, as long as the files are."""
    europe = demo.load()
    out = {each.id: each for each in [*europe.authorities, *_bodies()]}
    branches = [_branches(country, out) for country in sorted(europe.people)]
    for found in itertools.chain.from_iterable(itertools.zip_longest(*branches)):
        if len(out) >= size:
            break
        if found is not None:
            out.setdefault(found.id, found)
    return sorted(out.values(), key=lambda each: (each.country, each.id))


def _bodies() -> Iterator[Authority]:
    """Public bodies as the importer reads them, with desks; those of the Union have no country of the network."""
    for name in ("de.csv", "se.csv"):
        if (PUBLICBODIES / name).exists():
            for row in publicbodies.read(PUBLICBODIES / name):
                if row.values.get("id") and row.values.get("name") and not row.values.get("dissolution_date"):
                    found = publicbodies._authority(row.values["id"], row.values)
                    desks = (Desk(id=f"{found.id}_pw", area="pw"),)
                    yield msgspec.structs.replace(found, desks=desks)


def _branches(country: str, known: dict[str, Authority]) -> Iterator[Authority]:
    """The local authorities of a country, in its other towns."""
    own = [each for each in known.values() if each.country == country]
    people = demo.load().people[country]
    towns = sorted({*people.towns, *(each.town for each in own if each.town)})
    local = [each for each in own if each.town and each.kind == "competent_authority"]
    for place in itertools.chain(("",), people.streets, *(people.given, people.family)):
        for town in towns:
            for base in local:
                if town == base.town and not place:
                    continue
                yield _branch(base, town, place)


def _branch(base: Authority, town: str, place: str) -> Authority:
    name, count = re.subn(rf"(?<!\w){re.escape(base.town)}(?!\w)", town, base.formal_name)
    name = name if count else f"{base.formal_name} - {town}"
    name = f"{name}, {place}" if place else name
    own = base.region or base.town
    titles = {
        language: title.replace(own, town) if own in title else f"{title}, {town}"
        for language, title in base.titles.items()
    }
    id = re.sub(r"[^a-z0-9]+", "-", f"{base.id}-{fold(town)}-{fold(place)}").strip("-")[:200]
    desks = tuple(msgspec.structs.replace(desk, id=f"{id}_{desk.area}", coordinator=False) for desk in base.desks)
    return msgspec.structs.replace(
        base, id=id, formal_name=name, town=town, region="", titles=titles, desks=desks, descriptions={}
    )


def fill(store: Store, register: list[Authority]) -> None:
    """Bring the register into a cache, country by country in pages, as a synchronisation does."""
    from imi_central.api.methods.authority import _brief

    by_country = {code: list(group) for code, group in itertools.groupby(register, lambda each: each.country)}
    store.sync.register.begin({code: len(group) for code, group in by_country.items()})
    for code, group in by_country.items():
        group.sort(key=lambda each: each.id)
        for start in range(0, len(group), PAGE):
            page = [to_wire(_brief(each, (*LANGUAGES, "en"))) for each in group[start : start + PAGE]]
            store.sync.register.put(code, page, more=start + PAGE < len(group))
