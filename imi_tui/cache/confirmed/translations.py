"""Translations of free text on this machine: what was asked for, what is here, and which may be out of date.

Asking for one is like asking for a file: a row of `cache.db`, which may be asked again at no cost. What a colleague
writes cannot be had again and goes through the outbox.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from imi_core.case import Translation
from imi_tui.cache.ids import TRANSLATE
from imi_tui.cache.model import Changed, Wish
from imi_tui.cache.wire import convert, decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from imi_tui.cache.content.documents import Documents
    from imi_tui.cache.listing.rows import Desks
    from imi_tui.cache.outbox.item import Item
    from imi_tui.cache.outbox.outbox import Outbox
    from imi_tui.cache.session import SessionTable
    from imi_tui.cache.storage.db import Database

_CASE = "urn:imi:case"
_NUMBER = "(select n from listing where desk = ? and id = ?)"


class Translations:
    """Reached as `Store.translations`."""

    def __init__(
        self,
        cache: Database,
        desks: Desks,
        outbox: Outbox,
        session: SessionTable,
        documents: Documents,
        publish: Callable[[Changed], None],
        new_ref: Callable[[], str],
    ) -> None:
        self._cache, self._desks, self._outbox, self._session = cache, desks, outbox, session
        self._documents = documents
        self._publish, self.new_ref = publish, new_ref

    # --- for screens and commands ------------------------------------------------------------------------------------

    def engine(self) -> str | None:
        """What the server's translation service is called; "" where it has none, None where it knows of none at all."""
        capabilities = (self._session.session() or {}).get("capabilities") or {}
        given = (capabilities.get(_CASE) or {}).get("translation")
        return str(given.get("engine", "")) if isinstance(given, dict) else None

    def of(self, desk: str, id: str) -> tuple[dict[str, Any], ...]:
        """The translations of a case that are here, oldest first; behind them those in the outbox, without a moment."""
        sql = f"select wire from translation where n = {_NUMBER} order by at, id"  # noqa: S608
        found = [decode(wire) for (wire,) in self._cache.rows(sql, (self._desks.number(desk), id))]
        here = {each["id"] for each in found}
        waiting = self._queued(self._outbox.live_of(desk, id))
        queued = (made for at, server_id, made in waiting if at == (desk, id) and server_id not in here)
        return (*found, *queued)

    def _queued(self, items: Iterable[Item]) -> Iterator[tuple[tuple[str, str], str, dict[str, Any]]]:
        """(desk, case), the server's id where it has one, and the translation, of those among entries of the outbox."""
        officer = self._session.officer()
        mine = {"officer": officer.get("id", ""), "officerName": officer.get("name", ""), "at": ""}
        for item in items:
            if item.action == TRANSLATE and item.state != "rejected":
                made = json.loads(item.created).get("id", "") if item.created else ""
                yield (item.desk, item.case_id), made, {**item.content, **mine, "id": item.client_ref}

    def into(self, lang: str) -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
        """Every translation into a language that is here: desk, case, the entry it is of, and the translation."""
        here = set()
        sql = "select l.desk, l.id, t.wire from translation t join listing l on l.n = t.n order by t.n, t.at, t.id"
        for desk, id, wire in self._cache.rows(sql):
            made = decode(wire)
            here.add(made["id"])
            if made.get("lang") == lang and (entry := self._entry(desk, made)):
                yield self._desks.id(desk), id, entry, made
        for (of_desk, id), server_id, made in self._queued(self._outbox.live()):
            number = self._desks.number(of_desk)
            if server_id not in here and made.get("lang") == lang and (entry := self._entry(number, made)):
                yield of_desk, id, entry, made

    def _entry(self, desk: int | None, made: dict[str, Any]) -> dict[str, Any] | None:
        found = self._cache.one("select wire from entry where desk = ? and id = ?", (desk, made.get("entryId")))
        return decode(found[0]) if found is not None else None

    def wishes(self, desk: str, id: str) -> tuple[Wish, ...]:
        """What was asked for of a case and is not known to the server."""
        sql = f"select entry, source, lang, problem from translating where n = {_NUMBER}"  # noqa: S608
        return tuple(Wish(desk, id, *row) for row in self._cache.rows(sql, (self._desks.number(desk), id)))

    def follow(self, desk: str, id: str) -> None:
        """Read the translations of a case anew with the next synchronisation: one of our own is among them."""
        with self._cache.write():
            self._anew(self._desks.number(desk), id)

    def _anew(self, desk: int | None, id: str) -> None:
        """Inside: whatever number the head of the case has."""
        self._cache.run(
            f"insert into translated select n, -1 from ({_NUMBER[1:-1]}) where true"  # noqa: S608
            " on conflict(n) do update set number = -1",
            (desk, id),
        )

    def is_here(self, id: str) -> bool:
        """Whether the server's translation with this id is here."""
        return self._cache.one("select 1 from translation where id = ?", (id,)) is not None

    def ask(self, wishes: Sequence[Wish]) -> None:
        """Have these translated by the server's service, with the next synchronisation."""
        with self._cache.write():
            self._cache.many(
                f"insert into translating select n, ?, ?, ?, '' from ({_NUMBER[1:-1]}) where true"  # noqa: S608
                " on conflict(n, entry, lang) do update set problem = ''",
                [(each.entry, each.source, each.lang, self._desks.number(each.desk), each.case_id) for each in wishes],
            )
        self._tell(wishes[0].desk, wishes[0].case_id, "wanted")

    def look(self, desk: str, id: str, number: int) -> None:
        """Somebody looks at a case that has so many translations (`Case.translations`): they are fetched where new."""
        known = self._cache.one(f"select number from translated where n = {_NUMBER}", (self._desks.number(desk), id))  # noqa: S608
        if not number or (known is not None and known[0] >= number):
            return
        if known is None:
            with self._cache.write():
                sql = f"insert or ignore into translated select n, 0 from ({_NUMBER[1:-1]})"  # noqa: S608
                self._cache.run(sql, (self._desks.number(desk), id))
            self._publish(Changed(frozenset(("wanted",)), frozenset(((desk, id),))))

    def are_wanted(self, desk: str, id: str) -> bool:
        """Whether the next synchronisation reads the translations of a case."""
        return id in self.stale().get(desk, {})

    # --- for the sync thread -----------------------------------------------------------------------------------------

    def unasked(self) -> list[Wish]:
        """What the server was not asked yet."""
        sql = (
            "select l.desk, l.id, t.entry, t.source, t.lang from translating t join listing l on l.n = t.n"
            " where t.problem = '' order by t.n, t.entry"
        )
        return [Wish(self._desks.id(desk), *rest) for desk, *rest in self._cache.rows(sql)]

    def asked(self, wish: Wish, problem: str = "") -> None:
        """The server took it, or (`problem`) will not."""
        at = (self._desks.number(wish.desk), wish.case_id)
        with self._cache.write():
            if problem:
                sql = f"update translating set problem = ? where n = {_NUMBER} and entry = ? and lang = ?"  # noqa: S608
                self._cache.run(sql, (problem, *at, wish.entry, wish.lang))
            else:
                sql = f"delete from translating where n = {_NUMBER} and entry = ? and lang = ?"  # noqa: S608
                self._cache.run(sql, (*at, wish.entry, wish.lang))
                self._anew(*at)
        self._tell(wish.desk, wish.case_id)

    def doubt(self, desk: str) -> None:
        """Read all of a desk anew that somebody looked at: as many as before may be others on a server put back."""
        with self._cache.write():
            sql = "update translated set number = -1 where n in (select n from listing where desk = ?)"
            self._cache.run(sql, (self._desks.number(desk),))

    def stale(self) -> dict[str, dict[str, int]]:
        """By desk, the cases whose translations are to be read, with the number their heads have."""
        # A server that was put back has fewer than before.
        sql = (
            "select l.desk, l.id, coalesce(cast(c.wire as text) ->> '$.translations', 0) as head, t.number"
            " from translated t join listing l on l.n = t.n join confirmed c on c.n = t.n where head <> t.number"
        )
        out: dict[str, dict[str, int]] = {}
        for desk, id, head, _number in self._cache.rows(sql):
            out.setdefault(self._desks.id(desk), {})[id] = head
        return out

    def took(self, desk: str, heads: dict[str, int], found: Iterable[dict[str, Any]]) -> None:
        """These are all translations of these cases. Raises `BadObject`."""
        wires: dict[str, list[tuple[Translation, dict[str, Any]]]] = {id: [] for id in heads}
        for wire in found:
            made = convert(Translation, wire)
            if made.case_id in wires:
                wires[made.case_id].append((made, wire))
        number = self._desks.number(desk)
        with self._cache.write():
            for id, head in heads.items():
                row = self._cache.one("select n from listing where desk = ? and id = ?", (number, id))
                if row is None:
                    continue
                self._reword(row[0], {made.id for made, _ in wires[id]})
                self._cache.run("delete from translation where n = ?", (row[0],))
                self._cache.many(
                    "insert or replace into translation values(?, ?, ?, ?)",
                    [(made.id, row[0], made.at.isoformat(), encode(wire)) for made, wire in wires[id]],
                )
                self._cache.run("update translated set number = ? where n = ?", (head, row[0]))
        self._publish(Changed(frozenset(("cases",)), frozenset((desk, id) for id in heads)))

    def give_up(self, desk: str, heads: dict[str, int]) -> None:
        """What the server gives of these cases cannot be used: it is not read again before their heads change."""
        number = self._desks.number(desk)
        with self._cache.write():
            self._cache.many(
                f"update translated set number = ? where n = {_NUMBER}",  # noqa: S608
                [(head, number, id) for id, head in heads.items()],
            )

    def _reword(self, n: int, ids: set[str]) -> None:
        """Inside, before these come in the place of what is here: of one that is gone no word is found any more."""
        if all(id in ids for (id,) in self._cache.rows("select id from translation where n = ?", (n,))):
            self._documents.reword([n])
            return
        self._documents.remove(n)
        self._documents.want([n])
        self._documents.need_scrub()

    def _tell(self, desk: str, id: str, *kinds: str) -> None:
        self._publish(Changed(frozenset(("cases", *kinds)), frozenset(((desk, id),))))  # type: ignore[arg-type]
