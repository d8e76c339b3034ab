"""The officer's templates and phrases. They never leave this machine.

A deleted one can be restored for `KEPT_DAYS`.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from imi_core.text import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from imi_tui.cache.storage.db import Database

KEPT_DAYS = 30
Kind = Literal["template", "phrase"]


class Template(NamedTuple):
    """The beginning of a new case. `answers` are those of its request form, `text` the message."""

    id: str
    name: str
    procedure: str
    target: str = ""
    answers: dict[str, Any] = {}
    text: str = ""
    lang: str = ""
    saved_at: str = ""


class Phrase(NamedTuple):
    """A text to insert. `abbreviation` is unique in its language without regard to case and accents."""

    id: str
    abbreviation: str
    lang: str
    text: str
    saved_at: str = ""


class Snippets:
    """The tables `template` and `phrase`. Every change is a transaction of its own."""

    def __init__(self, work: Database, new_id: Callable[[], str], stamp: Callable[[], str]) -> None:
        self._work, self._new_id, self._stamp = work, new_id, stamp

    # --- templates -------------------------------------------------------------------------------------------------

    def templates(self) -> list[Template]:
        """All of them by name."""
        sql = "select id, name, procedure, saved_at, wire from template where gone_at = ''"
        found = [_template(row) for row in self._work.rows(sql)]
        return sorted(found, key=lambda each: (fold(each.name), each.id))

    def template(self, id: str) -> Template | None:
        """One of them."""
        sql = "select id, name, procedure, saved_at, wire from template where id = ? and gone_at = ''"
        found = self._work.one(sql, (id,))
        return _template(found) if found is not None else None

    def keep_template(self, template: Template) -> Template:
        """Save it; without an id it is a new one."""
        made = template._replace(id=template.id or self._new_id(), saved_at=self._stamp())
        wire = {name: getattr(made, name) for name in ("target", "answers", "text", "lang")}
        with self._work.write():
            self._work.run(
                "insert into template(id, name, procedure, saved_at, wire) values(?, ?, ?, ?, ?) on conflict(id)"
                " do update set name = excluded.name, procedure = excluded.procedure, saved_at = excluded.saved_at,"
                " wire = excluded.wire, gone_at = ''",
                (made.id, made.name, made.procedure, made.saved_at, json.dumps(wire, ensure_ascii=False)),
            )
        return made

    # --- phrases ---------------------------------------------------------------------------------------------------

    def phrases(self) -> list[Phrase]:
        """All of them by abbreviation and language."""
        sql = "select id, abbreviation, lang, text, saved_at from phrase where gone_at = ''"
        found = [Phrase._make(row) for row in self._work.rows(sql)]
        return sorted(found, key=lambda each: (fold(each.abbreviation), each.lang))

    def keep_phrases(self, phrases: list[Phrase]) -> list[Phrase]:
        """Save all of them or none. Each replaces the phrase with the same id, or abbreviation and language."""
        out: list[Phrase] = []
        with self._work.write():
            there = {(fold(each.abbreviation), each.lang): each.id for each in self.phrases()}
            for phrase in phrases:
                same = there.get((fold(phrase.abbreviation), phrase.lang), "")
                if same and phrase.id and same != phrase.id:
                    self._drop("phrase", same)
                made = phrase._replace(id=phrase.id or same or self._new_id(), saved_at=self._stamp())
                self._work.run(
                    "insert or replace into phrase(id, abbreviation, lang, text, saved_at) values(?, ?, ?, ?, ?)",
                    (made.id, made.abbreviation, made.lang, made.text, made.saved_at),
                )
                there[(fold(made.abbreviation), made.lang)] = made.id
                out.append(made)
        return out

    # --- throwing away ---------------------------------------------------------------------------------------------

    def drop(self, kind: Kind, id: str) -> None:
        """Delete one; `bring_back` undoes it."""
        with self._work.write():
            self._drop(kind, id)
            old = dt.datetime.fromisoformat(self._stamp()) - dt.timedelta(days=KEPT_DAYS)
            limit = old.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            for table in ("template", "phrase"):
                self._work.run(f"delete from {table} where gone_at <> '' and gone_at < ?", (limit,))  # noqa: S608

    def _drop(self, kind: Kind, id: str) -> None:
        self._work.run(f"update {kind} set gone_at = ? where id = ?", (self._stamp(), id))  # noqa: S608

    def put_phrases(self, wanted: Mapping[str, Phrase | None]) -> None:
        """Restore phrases to a previous state, by id; None deletes."""
        with self._work.write():
            for id, phrase in wanted.items():
                if phrase is None:
                    self._drop("phrase", id)
                else:
                    sql = "insert or replace into phrase(id, abbreviation, lang, text, saved_at) values(?, ?, ?, ?, ?)"
                    self._work.run(sql, phrase)

    def bring_back(self, kind: Kind, id: str = "") -> str:
        """Undo the last `drop` of this kind, or that of `id`. Returns the restored id, "" if there is nothing to undo.

        A restored phrase replaces a newer one with the same abbreviation and language.
        """
        with self._work.write():
            sql = f"select id from {kind} where gone_at <> '' and ? in ('', id) order by gone_at desc, id desc limit 1"  # noqa: S608
            found = self._work.one(sql, (id,))
            if found is None:
                return ""
            if kind == "phrase":
                self._make_way(found[0])
            self._work.run(f"update {kind} set gone_at = '' where id = ?", found)  # noqa: S608
        back: str = found[0]
        return back

    def _make_way(self, id: str) -> None:
        abbreviation, lang = self._work.one("select abbreviation, lang from phrase where id = ?", (id,))
        for each in self.phrases():
            if (fold(each.abbreviation), each.lang) == (fold(abbreviation), lang):
                self._drop("phrase", each.id)

    def may_bring_back(self, kind: Kind) -> bool:
        """Whether there is anything of this kind to restore."""
        return self._work.one(f"select 1 from {kind} where gone_at <> '' limit 1") is not None  # noqa: S608


def _template(row: tuple[Any, ...]) -> Template:
    id, name, procedure, saved_at, wire = row
    return Template(id, name, procedure, saved_at=saved_at, **json.loads(wire))
