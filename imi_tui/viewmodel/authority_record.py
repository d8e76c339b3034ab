"""The record of an authority as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imi_tui.fields import field_of_work
from imi_tui.i18n import N_, _
from imi_tui.i18n.joining import several, with_name
from imi_tui.i18n.languages import NAMES
from imi_tui.names import area_name, country_name
from imi_tui.viewmodel.blocks import Block
from imi_tui.viewmodel.suspects import named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MOST = 3
"""Coordinators of one area that are named; a federal state has many."""
_KINDS = {
    "competent_authority": N_("Competent authority"),
    "national_coordinator": N_("National coordinator"),
    "regional_coordinator": N_("Regional coordinator"),
    "area_coordinator": N_("Coordinator of a legal area"),
    "delegated_coordinator": N_("Delegated coordinator"),
    "eu_body": N_("Body of the Union"),
}


def record(wire: Mapping[str, Any], languages: tuple[str, ...], more: Sequence[Block] = ()) -> list[Block]:
    """Name, titles, description, where it is, what it does, its desks; formal name and address as they are.

    `more` is what is known besides the register; titles in other languages come last.
    """
    out = [Block(named(str(wire.get("formalName", ""))), "heading")]
    if title := in_language(wire.get("titles"), languages):
        out.append(Block(named(title)))
    kind = str(wire.get("kind", "competent_authority"))
    country = country_name(str(wire.get("country", "")), languages[0])
    out.append(Block(f"{_(_KINDS[kind]) if kind in _KINDS else kind}, {country}", "quiet"))
    if wire.get("status", "active") != "active":
        out.append(Block(_("This authority is suspended: it cannot be addressed now."), "alarm"))
    if text := in_language(wire.get("descriptions"), languages):
        out += [Block(""), Block(text, remote=True)]
    out.append(Block(""))
    lines = (
        (_("Region"), wire.get("region")),
        (_("Town"), wire.get("town")),
        (_("Address"), wire.get("address")),
        (_("Web site"), wire.get("website")),
        (_("Works in"), ", ".join(NAMES.get(code, code) for code in wire.get("languages", ()))),
        (_("Fields of work"), ", ".join(field_of_work(str(topic)) for topic in wire.get("topics", ()))),
    )
    out += [Block(with_name(label, named(str(value)))) for label, value in lines if value]
    if desks := wire.get("desks", ()):
        out += [Block(""), Block(_("Desks"), "heading")]
        out += [Block(f"- {_desk(desk)}") for desk in desks]
    out += more
    if titles := {code: text for code, text in dict(wire.get("titles") or {}).items() if code not in languages[:1]}:
        out += [Block(""), Block(_("Titles in other languages"), "heading")]
        out += [Block(str(text), lang=str(code), remote=True) for code, text in sorted(titles.items())]
    return out


def coordinators(
    wire: Mapping[str, Any], found: Mapping[str, list[str]], read: Callable[[str], Mapping[str, Any] | None]
) -> list[Block]:
    """Who coordinates the areas of an authority in its country; itself is not named."""
    out: list[Block] = []
    for area in dict.fromkeys(str(desk.get("area", "")) for desk in wire.get("desks", ())):
        ids = found.get(area, [])
        if wire.get("id") in ids:
            continue
        # Who is nearest: of the same region, then who has little else to coordinate.
        near = sorted((read(id) or {"id": id} for id in ids), key=lambda each: _distance(wire, each))
        names = [named(str(each.get("formalName", each.get("id")))) for each in near[:MOST]]
        if names:
            more = len(ids) - len(names)
            text = several(names) + (" " + _("and {count} more").format(count=more) if more else "")
            out.append(Block(f"- {with_name(area_name(area), text)}"))
    return [Block(""), Block(_("Coordinators"), "heading"), *out] if out else []


def _distance(wire: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[bool, int, str]:
    region = wire.get("region", "")
    return not region or other.get("region", "") != region, len(other.get("desks", ())), str(other.get("id"))


def in_language(texts: Mapping[str, Any] | None, languages: tuple[str, ...]) -> str:
    """The text in the first of `languages` that has one, else English, else any."""
    found = texts or {}
    for language in (*languages, "en"):
        if text := found.get(language):
            return str(text)
    return str(next(iter(found.values()), ""))


def _desk(desk: Mapping[str, Any]) -> str:
    parts = [area_name(str(desk.get("area", "")))]
    if desk.get("coordinator"):
        parts.append(_("coordinator"))
    if desk.get("status", "active") != "active":
        parts.append(_("suspended"))
    return ", ".join(parts)
