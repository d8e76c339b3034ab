"""Procedures and the register of authorities, as the cache holds them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from imi_core.authority import Authority, Officer
from imi_core.errors import UnknownProcedure
from imi_core.procedure import Rules
from imi_core.text import fold
from imi_core.workflow import Target
from imi_tui.cache.register.handlers import Handlers
from imi_tui.cache.register.index import FIELD, LANGUAGE, PART
from imi_tui.cache.wire import convert, decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imi_tui.cache.storage.db import Database

ALERT = "alert"
"""The lifecycle of procedures that warn others (docs of the catalogue)."""


class Directory:
    """Reading and writing of what the directory account holds."""

    def __init__(self, cache: Database) -> None:
        self._cache = cache
        self._generation = -1
        self._rules: dict[tuple[str, int], Rules] = {}
        self._facts: dict[tuple[str, int, str], tuple[bool, tuple[str, ...], bool] | None] = {}
        self.handlers = Handlers(cache)

    # --- procedures --------------------------------------------------------------------------------------------

    def rules(self, procedure: str, version: int | None = None) -> Rules:
        """One version of a procedure, or the newest. Raises `UnknownProcedure`."""
        self.notice()
        if version is None:
            newest = self._cache.one("select max(version) from procedure where id = ?", (procedure,))[0]
            if newest is None:
                known = tuple(id for (id,) in self._cache.rows("select distinct id from procedure order by id"))
                raise UnknownProcedure(procedure, None, known)
            version = int(newest)
        key = procedure, version
        if key not in self._rules:
            found = self._cache.one("select wire from procedure where id = ? and version = ?", key)
            if found is None:
                raise UnknownProcedure(procedure, version)
            self._rules[key] = convert(Rules, decode(found[0]))
        return self._rules[key]

    def procedures(self, area: str = "") -> list[Rules]:
        """The newest version of every procedure (of one legal area), by id."""
        sql = "select id, max(version), area from procedure group by id order by id"
        return [self.rules(id, version) for id, version, found in self._cache.rows(sql) if not area or found == area]

    def state_facts(self, procedure: str, version: int, state: str) -> tuple[bool, tuple[str, ...], bool] | None:
        """Whether a state is open, which parts see only the summary in it, whether its lifecycle is that of alerts.

        None where the rules are not here.

        Follows the directory as of the last `notice`.
        """
        key = procedure, version, state
        if key not in self._facts:
            try:
                rules = self.rules(procedure, version)
            except UnknownProcedure:
                found = None
            else:
                found = rules.lifecycle.states.get(state)
            self._facts[key] = (found.open, found.summary_for, rules.lifecycle.id == ALERT) if found else None
        return self._facts[key]

    def notice(self) -> None:
        """Forget what was decoded when the directory has changed since."""
        generation = self.generation()
        if generation != self._generation:
            self._rules.clear()
            self._facts.clear()
            self._generation = generation

    def generation(self) -> int:
        """How often the directory changed."""
        found: int = self._cache.one("select value from meta where name = 'directory'")[0]
        return found

    # --- authorities -------------------------------------------------------------------------------------------

    def authority(self, id: str) -> dict[str, Any] | None:
        """The wire object of one authority."""
        found = self._cache.one("select wire from authority where id = ?", (id,))
        return decode(found[0]) if found is not None else None

    def round(self) -> int:
        """How often reading the whole register was begun."""
        found: int = self._cache.one("select value from meta where name = 'register_round'")[0]
        return found

    def is_brief(self, id: str) -> bool:
        """Whether only what finding an authority takes is here of it."""
        found = self._cache.one("select brief from authority where id = ?", (id,))
        return found is not None and bool(found[0])

    def count(self) -> int:
        """How many authorities the cache holds."""
        found: int = self._cache.one("select count(*) from authority")[0]
        return found

    def target(self, desk: str) -> Target | None:
        """A desk as an addressee, None where the register has no such desk."""
        found = self._cache.one(
            "select d.authority, d.area, d.status, a.status, a.country, a.wire from authority_desk d"
            " join authority a on a.id = d.authority where d.desk = ?",
            (desk,),
        )
        if found is None:
            return None
        authority, area, desk_status, status, country, wire = found
        return Target(
            desk=desk,
            authority=authority,
            name=decode(wire)["formalName"],
            country=country,
            area=area,
            active=desk_status == "active" and status == "active",
        )

    def coordinators(self, country: str) -> dict[str, list[str]]:
        """By area, the ids of the authorities that coordinate it in a country and can be addressed."""
        sql = (
            "select d.area, a.id from authority a cross join authority_desk d on d.authority = a.id"
            " where a.country = ? and d.coordinator = 1 and d.status = 'active' and a.status = 'active' order by a.id"
        )
        out: dict[str, list[str]] = {}
        for area, id in self._cache.rows(sql, (country,)):
            out.setdefault(area, []).append(id)
        return out

    # --- writing, inside a transaction of the cache -------------------------------------------------------------

    def check(
        self, authorities: Iterable[Any], procedures: Iterable[Any], officers: Iterable[Any]
    ) -> tuple[list[tuple[Authority, Any]], list[tuple[Rules, Any]], list[tuple[Officer, Any]]]:
        """Everything of a page in its types, with the wire objects. Raises `BadObject`; nothing is written."""
        return (
            [(convert(Authority, item), item) for item in authorities],
            [(convert(Rules, item), item) for item in procedures],
            [(convert(Officer, item), item) for item in officers],
        )

    def put_authorities(self, authorities: list[tuple[Authority, Any]], *, brief: bool = False) -> None:
        """Inside: new or changed authorities; `brief` ones have only what finding them takes."""
        present = self.round()
        self._stale({found.country for found, _ in authorities}, [found.id for found, _ in authorities])
        self._cache.many(
            "insert or replace into authority values(?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    found.id,
                    found.country,
                    " ".join(desk.area for desk in found.desks),
                    found.status,
                    folded(found),
                    encode(wire),
                    found.version,
                    int(brief),
                    present,
                )
                for found, wire in authorities
            ],
        )
        self._cache.many("delete from authority_desk where authority = ?", [(found.id,) for found, _ in authorities])
        self._cache.many(
            "insert or replace into authority_desk values(?, ?, ?, ?, ?)",
            [
                (desk.id, found.id, desk.area, desk.status, int(desk.coordinator))
                for found, _ in authorities
                for desk in found.desks
            ],
        )

    def put_procedures(self, procedures: list[tuple[Rules, Any]]) -> list[tuple[str, int]]:
        """Inside: new or changed procedures; their keys.

        Texts in languages that were not asked for this time stay: who goes back to one of them needs no line for it.
        """
        self._cache.many(
            "insert or replace into procedure values(?, ?, ?, ?)",
            [(*rules.key, rules.procedure.area, encode(self._with_labels(rules, wire))) for rules, wire in procedures],
        )
        return [rules.key for rules, _ in procedures]

    def _with_labels(self, rules: Rules, wire: dict[str, Any]) -> dict[str, Any]:
        found = self._cache.one("select wire from procedure where id = ? and version = ?", rules.key)
        before = decode(found[0]).get("labels") if found is not None else None
        return {**wire, "labels": {**before, **rules.labels}} if before else wire

    def put_officers(self, officers: list[tuple[Officer, Any]]) -> None:
        """Inside: new or changed officers."""
        self._cache.many(
            "insert or replace into officer values(?, ?)", [(found.id, encode(wire)) for found, wire in officers]
        )

    def destroy(self, destroyed: dict[str, list[str]]) -> None:
        """Inside: what the directory no longer has. A procedure's id is that of the wire, ``pw_info-1``."""
        ids = [(id,) for id in destroyed.get("Authority", ())]
        self._stale(set(), [id for (id,) in ids])
        self._cache.many("delete from authority where id = ?", ids)
        self._cache.many("delete from authority_desk where authority = ?", ids)
        self._cache.many("delete from officer where id = ?", [(id,) for id in destroyed.get("Officer", ())])
        for wire_id in destroyed.get("Procedure", ()):
            name, _, version = wire_id.rpartition("-")
            self._cache.run(
                "delete from procedure where replace(id, '.', '_') = ? and version = ?",
                (name, int(version) if re.fullmatch("[0-9]{1,15}", version) else -1),
            )

    def _stale(self, countries: set[str], ids: list[str]) -> None:
        """Inside, before they are written: what finds these authorities, also where they were, is to be made anew."""
        if ids:
            sql = "select distinct a.country from json_each(?) j cross join authority a on a.id = j.value"
            countries |= {country for (country,) in self._cache.rows(sql, (json.dumps(ids),))}
        self._cache.many(
            "insert into register_stale values(?, 1) on conflict do update set turn = turn + 1",
            [(country,) for country in countries],
        )

    def changed(self) -> None:
        """Inside: stores of other threads decode anew."""
        self._cache.run("update meta set value = value + 1 where name = 'directory'")


def folded(authority: Authority) -> str:
    """The text an authority is found by: name, titles, topics, town and descriptions, folded, by field."""

    def by_language(texts: dict[str, str]) -> str:
        return PART.join(f"{language}{LANGUAGE}{fold(text)}" for language, text in sorted(texts.items()))

    topics = PART.join(fold(topic.replace("_", " ")) for topic in authority.topics)
    name = fold(authority.formal_name)
    return FIELD.join(
        (name, by_language(authority.titles), topics, fold(authority.town), by_language(authority.descriptions))
    )
