"""Full-text search over the cases on this machine.

The index is contentless: it holds words and nothing to rebuild a text from. A document is taken out again by giving
FTS5 exactly the words that went in, which are made anew from the stored case and entries *before* those change.
Document ids fall with the time of the last activity, so that the newest hits come first without sorting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imi_core.text import words
from imi_tui.cache.rows import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imi_tui.cache.db import Database

SEARCH = (
    f"select {COLUMNS} from words w cross join document d on d.docid = w.rowid"  # noqa: S608
    " cross join listing l on l.n = d.n where w.words match ? order by w.rowid limit ?"
)
_SAME_TIME = 1_000_000
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


def text_of(case: dict[str, Any], entries: Iterable[dict[str, Any]]) -> str:
    """What a case is found by: every word once, folded, in order."""
    found: list[str] = []
    for name in ("reference", "subject", "request", "answers"):
        _collect(case.get(name), found)
    for part in case.get("parts", ()):
        _collect(part.get("name"), found)
    for entry in entries:
        _collect((entry.get("text") or {}).get("text"), found)
        for name in ("answers", "authorityName", "officerName"):
            _collect(entry.get(name), found)
        for attachment in entry.get("attachments", ()):
            _collect(attachment.get("name"), found)
    return " ".join(sorted(set(words("\n".join(found)))))


def _collect(value: Any, found: list[str]) -> None:
    if isinstance(value, str):
        found.append(value)
    elif isinstance(value, dict):
        for item in value.values():
            _collect(item, found)
    elif isinstance(value, list | tuple):
        for item in value:
            _collect(item, found)


class Documents:
    """Which cases are indexed, which still have to be, and the index itself. All writing is inside a transaction."""

    def __init__(self, cache: Database) -> None:
        self._cache = cache

    def search(self, text: str, limit: int) -> list[Any]:
        """Rows of `COLUMNS`, newest first."""
        query = match(text)
        return self._cache.rows(SEARCH, (query, limit)) if query else []

    def left(self) -> int:
        """Cases not indexed yet."""
        found: int = self._cache.one("select count(*) from to_index")[0]
        return found

    def remove(self, n: int) -> None:
        """Inside, before the stored case or its entries change: take its words out."""
        found = self._cache.one("select docid, text from document where n = ?", (n,))
        if found is not None:
            docid, text = found
            if text is None:
                text = self._stored_text(n)
            self._cache.run("insert into words(words, rowid, text) values('delete', ?, ?)", (docid, text))
            self._cache.run("delete from document where docid = ?", (docid,))
        self._cache.run("delete from to_index where n = ?", (n,))

    def want(self, numbers: Iterable[int]) -> None:
        """Inside: these are to be indexed when there is time."""
        self._cache.many("insert or ignore into to_index values(?)", [(n,) for n in numbers])

    def add_local(self, n: int, activity: int, text: str) -> None:
        """Inside: index a case that is only in the outbox; its words are kept, as nothing else stores them."""
        self._insert(n, activity, text, text)

    def index(self, limit: int) -> int:
        """Inside: index so many of those that wait, the latest activity of the newest first; how many are left."""
        for (n,) in self._cache.rows("select n from to_index order by n limit ?", (limit,)):
            found = self._cache.one("select activity from listing where n = ?", (n,))
            if found is not None:
                self._insert(n, found[0], self._stored_text(n), None)
        self._cache.run("delete from to_index where n in (select n from to_index order by n limit ?)", (limit,))
        return self.left()

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

    def _stored_text(self, n: int) -> str:
        from imi_tui.cache.wire import decode

        desk, id, wire = self._cache.one(
            "select l.desk, l.id, c.wire from listing l join confirmed c on c.n = l.n where l.n = ?", (n,)
        )
        entries = self._cache.rows(
            "select wire from entry where desk = ? and case_id = ? order by version, id", (desk, id)
        )
        return text_of(decode(wire), [decode(entry) for (entry,) in entries])

    # --- leaving no trace of deleted words ---------------------------------------------------------------------

    def need_scrub(self) -> None:
        """Inside: something was erased; pages of the index may still use its words as signposts."""
        self._cache.run("insert or replace into meta values('scrub', 1)")

    def scrub(self) -> bool:
        """Inside: rewrite a part of the index without signposts made of erased words. Whether more is to do."""
        if self._cache.one("select 1 from meta where name = 'scrub'") is None:
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
        self._cache.run("delete from document where text is null")
        local = self._cache.rows("select docid, text from document")
        self._cache.many("insert into words(rowid, text) values(?, ?)", local)
        self._cache.run("insert or ignore into to_index select n from confirmed")
