"""Full-text search over the cases on this machine.

The index is contentless: it holds words and nothing to rebuild a text from. A document is taken out again by giving
FTS5 exactly the words that went in, which are made anew from the stored case and entries *before* those change. Taking
words out costs more than putting them in: where a case has only changed, its old words are kept beside it (`outdate`)
and leave the index when the new ones come, which nobody waits for.
Document ids fall with the time of the last activity, so that the newest hits come first without sorting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from imi_core.text import words
from imi_tui.cache.model import MANY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imi_tui.cache.content.vocabulary import Stored
    from imi_tui.cache.storage.db import Database

_TO_INDEX = (
    "select i.n, l.activity, s.id, c.wire, t.wire, d.n is not null"
    " from to_index i left join listing l on l.n = i.n left join desk s on s.no = l.desk"
    " left join confirmed c on c.n = i.n left join content t on t.n = i.n left join document d on d.n = i.n"
    " where i.late = ? order by i.n limit ?"
)
_ENTRIES = "select e.n, e.wire from json_each(?) j cross join entry e on e.n = j.value and e.n > 0"
_CONTENTS = "select t.n, t.wire from json_each(?) j cross join content t on t.n = j.value"
_TRANSLATIONS = "select t.n, t.wire from json_each(?) j cross join translation t on t.n = j.value"
_STORED = (
    "select s.id, c.wire, t.wire from listing l join desk s on s.no = l.desk join confirmed c on c.n = l.n"
    " left join content t on t.n = l.n where l.n = ?"
)
_TOGETHER = 100
"""Cases whose entries are read at once."""
_SAME_TIME = 1_000_000
_LAST = (1 << 63) - 1
_MERGE_PAGES = 200


def match(text: str) -> str:
    """An FTS5 query for every word of `text`, the last one as a beginning; empty when there is no word.

    Each word is quoted, so that nothing a person types is FTS5 syntax. One letter alone is no beginning: too many
    words begin with it.
    """
    found = words(text)
    if not found:
        return ""
    quoted = ['"' + word.replace('"', '""') + '"' for word in found]
    return " ".join(quoted) + (" *" if len(found[-1]) > 1 else "")


class Document(NamedTuple):
    """A case to be indexed: at which id at the earliest, its row's number, its words (None: it is gone).

    `replaces`: its old words have to be taken out.
    """

    docid: int
    n: int
    text: str | None
    replaces: bool


class Documents:
    """Which cases are indexed, which still have to be, and the index itself. All writing is inside a transaction."""

    def __init__(self, cache: Database) -> None:
        self._cache = cache

    def left(self) -> int:
        """Cases not indexed yet."""
        found: int = self._cache.one("select count(*) from to_index")[0]
        return found

    def is_current(self) -> bool:
        """Whether every case is indexed as it is."""
        return self._cache.one("select 1 from to_index where late >= 0 limit 1") is None

    def partly(self) -> int:
        """Cases of which not all words can be found, as they wait for the index or for their content.

        Counted up to `MANY`: a key waits for this.
        """
        # Each limited by itself: a union sorts all there are before it counts.
        sql = (
            "select count(*) from (select n from (select n from to_index limit ?1)"
            " union select n from (select n from wanted limit ?1))"
        )
        found: int = self._cache.one(sql, (MANY,))[0]
        return min(found, MANY)

    def remove(self, n: int) -> None:
        """Inside, before the stored case or its entries change: take its words out."""
        self.remove_all([n])

    def remove_all(self, numbers: Iterable[int]) -> None:
        """Inside, before the stored cases or their entries change: take their words out."""
        given = list(numbers)
        self._take_out(given)
        self._forget(given)

    def outdate(self, numbers: Iterable[int], *, plain: bool = False) -> None:
        """Inside, before the stored cases or their entries change: their words go when new ones are `put`.

        Until then a search finds a case by its old words. Not for what may no longer be seen. `plain`: no words of
        translations went in.
        """
        given = list(numbers)
        sql = "select d.n from json_each(?) j cross join document d on d.n = j.value where d.text is null"
        for (n,) in self._cache.rows(sql, (str(given),)) if given else ():
            self._cache.run("update document set text = ? where n = ?", (self.stored_text(n, plain=plain), n))
        self._forget(given)

    def reword(self, numbers: Iterable[int], *, plain: bool = False) -> None:
        """Inside, before their translations change: new words come when there is time.

        A case that is not indexed yet waits as before. `plain`: no words of translations are in the index yet.
        """
        sql = "select d.n from json_each(?) j cross join document d on d.n = j.value"
        known = [n for (n,) in self._cache.rows(sql, (str(list(numbers)),))]
        if known:
            self.outdate(known, plain=plain)
            self.want(known)

    def _take_out(self, numbers: list[int]) -> None:
        # In the order of ids: at each step back FTS5 would write a segment of the index.
        sql = "select d.docid, d.n, d.text from json_each(?) j cross join document d on d.n = j.value order by d.docid"
        for docid, n, text in self._cache.rows(sql, (str(numbers),)) if numbers else ():
            went_in = text if text is not None else self.stored_text(n)
            self._cache.run("insert into words(words, rowid, text) values('delete', ?, ?)", (docid, went_in))
            self._cache.run("delete from document where docid = ?", (docid,))

    def want(self, numbers: Iterable[int], *, late: bool = False) -> None:
        """Inside: these are to be indexed when there is time; `late`: not before a synchronisation is at its end.

        The words of a case whose content is about to come are not put in only to be taken out again.
        """
        given = sorted(numbers)
        if not late:
            self._cache.many("delete from to_index where late = 1 and n = ?", [(n,) for n in given])
        self._cache.many("insert or ignore into to_index values(?, ?)", [(int(late), n) for n in given])

    def _forget(self, numbers: Iterable[int]) -> None:
        sql = "delete from to_index where late in (0, 1) and n in (select value from json_each(?))"
        self._cache.run(sql, (str(list(numbers)),))

    def add_local(self, n: int, activity: int, text: str) -> None:
        """Inside: index a case that is only in the outbox; its words are kept, as nothing else stores them."""
        self._insert(n, activity, text, text)

    def ready(self, limit: int) -> int:
        """Cases not indexed yet that do not wait for their content, counted up to `limit`."""
        sql = "select count(*) from (select 1 from to_index where late = 0 limit ?)"
        found: int = self._cache.one(sql, (limit,))[0]
        return found

    def read(self, limit: int, *, late: bool = False) -> list[Document]:
        """What to index next, at most `limit` documents, in the order in which they are to be `put`.

        `late`: also those whose content is still to come, where no others are left.
        """
        found = self._cache.rows(_TO_INDEX, (0, limit)) or (self._cache.rows(_TO_INDEX, (1, limit)) if late else [])
        out: list[Document] = []
        for start in range(0, len(found), _TOGETHER):
            out += self._documents(found[start : start + _TOGETHER])
        # FTS5 writes out what it has collected whenever an id is not above the one before.
        out.sort()
        return out

    def _documents(self, found: list[Any]) -> list[Document]:
        """The documents of rows of `_TO_INDEX`."""
        from imi_tui.cache.content.vocabulary import Stored, stored_text

        numbers = str([row[0] for row in found])
        entries, translations = self._grouped(_ENTRIES, numbers), self._grouped(_TRANSLATIONS, numbers)

        def text(n: int, desk: str, head: bytes, content: bytes | None) -> str:
            return stored_text(desk, Stored(head, content, entries.get(n, ()), translations.get(n, ())))

        return [
            Document(-activity, n, text(n, desk, head, content), bool(replaces))
            if head is not None
            else Document(0, n, None, bool(replaces))
            for n, activity, desk, head, content, replaces in found
        ]

    def _grouped(self, sql: str, numbers: str) -> dict[int, list[bytes]]:
        out: dict[int, list[bytes]] = {}
        for n, wire in self._cache.rows(sql, (numbers,)):
            out.setdefault(n, []).append(wire)
        return out

    def put(self, documents: Sequence[Document]) -> None:
        """Inside: index what `read` found, if nothing of it has changed since."""
        self._take_out([each.n for each in documents if each.replaces])
        rows: list[tuple[int, int, str]] = []
        last = -_LAST
        sql = "select d.docid from json_each(?) j cross join document d on d.docid = j.value"
        taken = {docid for (docid,) in self._cache.rows(sql, (str([each.docid for each in documents]),))}
        for docid, n, text, _ in documents:
            if text is not None:
                last = self._free(max(docid, last + 1)) if docid <= last or docid in taken else docid
                rows.append((last, n, text))
        self._cache.many("insert into words(rowid, text) values(?, ?)", [(docid, text) for docid, _, text in rows])
        self._cache.many("insert into document(docid, n) values(?, ?)", [(docid, n) for docid, n, _ in rows])
        self._forget(each.n for each in documents)

    def _insert(self, n: int, activity: int, text: str, kept: str | None) -> None:
        docid = self._free(-activity)
        self._cache.run("insert into words(rowid, text) values(?, ?)", (docid, text))
        self._cache.run("insert into document(docid, n, text) values(?, ?, ?)", (docid, n, kept))

    def _free(self, docid: int) -> int:
        """The id itself, or the next free one behind those of the same second."""
        while self._cache.one("select 1 from document where docid = ?", (docid,)) is not None:
            last = self._cache.one(
                "select max(docid) from document where docid >= ? and docid < ?", (docid, docid + _SAME_TIME)
            )
            docid = last[0] + 1
        return docid

    def stored_text(self, n: int, *, plain: bool = False) -> str:
        """The words that stand, or are to stand, for a case in the index; `plain`: without those of translations."""
        from imi_tui.cache.content.vocabulary import stored_text

        desk, head, content = self._cache.one(_STORED, (n,))
        stored = self._stored(n, head, content)
        return stored_text(desk, stored._replace(translations=()) if plain else stored)

    def stored_strings(self, n: int) -> set[Any] | None:
        """The texts its words are taken from; None for a case that is only in the outbox."""
        from imi_tui.cache.content.vocabulary import stored_strings

        found = self._cache.one(_STORED, (n,))
        return stored_strings(self._stored(n, found[1], found[2])) if found is not None else None

    def answers(self, numbers: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
        """What was answered in the request, the reply and each entry as they are stored, by field."""
        from imi_tui.cache.content.vocabulary import answers_in

        listed = str(list(numbers))
        out: dict[int, list[dict[str, Any]]] = {}
        for sql in (_CONTENTS, _ENTRIES):
            for n, wire in self._cache.rows(sql, (listed,)):
                out.setdefault(n, []).extend(answers_in(wire))
        return out

    def _stored(self, n: int, head: bytes, content: bytes | None) -> Stored:
        from imi_tui.cache.content.vocabulary import Stored

        entries = self._cache.rows("select wire from entry where n = ? and n > 0 order by version", (n,))
        translations = self._cache.rows("select wire from translation where n = ?", (n,))
        return Stored(head, content, [wire for (wire,) in entries], [wire for (wire,) in translations])

    # --- leaving no trace of deleted words ---------------------------------------------------------------------

    def need_scrub(self) -> None:
        """Inside: something was erased; pages of the index may still use its words as signposts."""
        self._cache.run("insert or replace into meta values('scrub', 1)")

    @property
    def scrubs(self) -> bool:
        """Whether there is something to `scrub`."""
        return self._cache.one("select 1 from meta where name = 'scrub'") is not None

    def scrub(self) -> bool:
        """Inside: rewrite a part of the index without signposts made of erased words. Whether more is to do."""
        if not self.scrubs:
            return False
        before = self._cache.connection.total_changes()
        self._cache.run("insert into words(words, rank) values('merge', ?)", (-_MERGE_PAGES,))
        if self._cache.connection.total_changes() - before >= 2:
            return True
        self._cache.run("delete from meta where name = 'scrub'")
        return False

    def rebuild(self) -> None:
        """Inside: forget the index and begin again (another version of the folding of text would not match it)."""
        self._cache.run("insert into words(words) values('delete-all')")
        self._cache.run("delete from document where text is null or n in (select n from confirmed)")
        local = self._cache.rows("select docid, text from document")
        self._cache.many("insert into words(rowid, text) values(?, ?)", local)
        self._cache.run("insert or ignore into to_index select 0, n from confirmed")
