"""Fast path for contents that are the first of their case, as in a first synchronisation: stored and indexed together.

Their words are computed from the received data, before the file is locked for writing. That saves reading everything
back and a second transaction for the index.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from imi_tui.cache.content.documents import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from imi_core.case import Entry
    from imi_tui.cache.content.contents import Content, Contents
    from imi_tui.cache.content.documents import Documents
    from imi_tui.cache.storage.db import Database

    Arrived = list[tuple[Entry, bytes]]
    """Entries with what is stored of them."""
    Stores = Callable[[int, str, Arrived, Mapping[str, int]], None]


STEP = 200
"""Cases indexed between checks for waiting writers: about 10 ms."""


class First(NamedTuple):
    """What of a page is the first of its cases: contents, entries, documents; the numbers of the cases by id.

    `version`: the cache this was found in, as `Database.version` has it.
    """

    version: int
    contents: list[Content]
    entries: Arrived
    documents: list[Document]
    numbers: dict[str, int]

    def others(self, entries: Arrived) -> Arrived:
        """Those of the page's entries that are of other cases."""
        if len(self.entries) == len(entries):
            return []
        return [each for each in entries if each[0].case_id not in self.numbers]


class FirstContents:
    """Stores contents that are the first of their case. `store_entries` is called inside a transaction."""

    def __init__(self, cache: Database, documents: Documents, contents: Contents, store_entries: Stores) -> None:
        self._cache = cache
        self._documents = documents
        self._contents = contents
        self._store_entries = store_entries

    def look(self, desk: int | None, account: str, contents: Sequence[Content], entries: Arrived) -> First:
        """Those of these contents and entries that are the first of a case without pending entries."""
        from imi_tui.cache.content.vocabulary import arriving_text

        version = self._cache.version()
        rows = self._contents.without(desk, [each.id for each in contents])
        if len({each.id for each in contents}) < len(contents) or len({each.id for each, _ in entries}) < len(entries):
            # Which of two wordings will be stored is not said here.
            rows = {}
        listed: dict[str, list[Entry]] = {}
        for entry, _ in entries:
            listed.setdefault(entry.case_id, []).append(entry)
        documents: list[Document] = []
        for each in contents:
            if each.id in rows:
                n, activity, head = rows[each.id]
                text = arriving_text(account, head, each, listed.get(each.id, ()))
                documents.append(Document(-activity, n, text, False))
        documents.sort()
        return First(
            version,
            [each for each in contents if each.id in rows],
            [each for each in entries if each[0].case_id in rows],
            documents,
            {id: row[0] for id, row in rows.items()},
        )

    def put(self, desk: int, account: str, first: First) -> None:
        """Inside: store what `look` found, and index it as long as no other writer waits."""
        if not first.contents:
            return
        self._contents.put(first.contents, first.numbers)
        before = self._cache.connection.total_changes()
        self._store_entries(desk, account, first.entries, first.numbers)
        left = first.documents
        if self._cache.connection.total_changes() - before == len(first.entries):
            while left and not self._cache.write_queue.wanted:
                self._documents.put(left[:STEP])
                left = left[STEP:]
        # An entry that is here as another case's was not stored, and no word of it may be in the index.
        self._documents.want(each.n for each in left)
