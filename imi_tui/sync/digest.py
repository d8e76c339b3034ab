"""Comparison of a desk with the server by digests instead of a full download (rule P7 in docs/protocol.md).

Used when the server cannot calculate changes since our state, and when the officer's rights changed. Cases are compared
by (id, version, level, mark). The version rises with every entry and the mark commits to all of them, so entries
need no digest of their own, even if a restored server reached the same version by another entry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from imi_tui.cache.sync import Page
from imi_tui.sync.errors import ManyRemoved, ReplyTooLarge, ServerMistake
from imi_tui.sync.reading import Answer, has_none_of, objects

if TYPE_CHECKING:
    from imi_tui.cache.sync import SyncStore

Ask = Callable[[list[list[Any]]], dict[str, Answer]]
Known = dict[str, tuple[int, str, str]]

DEPTH = 2
MOST_ITEMS = 800
"""Buckets with more cases than this are divided further before their cases are listed."""
CALLS = 16
FETCH = 100
"""Cases fetched per request, with all their entries."""
ASKED = 500
"""Ids per request when checking that cases are gone."""
MANY, SHARE = 20, 0.2
"""Removing more than `MANY` cases and more than this share of a desk needs a reason (see `DeletionGuard`)."""


class DigestComparison:
    """Brings one desk back in line with the server. Use once."""

    def __init__(self, store: SyncStore, ask: Ask, desk: str, *, explained: bool, accepted: bool) -> None:
        """`explained`: rights were withdrawn, so many cases may be missing. `accepted`: the officer allowed it."""
        self._store = store
        self._ask = ask
        self._desk = desk
        self._explained, self._accepted = explained, accepted
        self.fetched = 0
        self.removed = 0
        self._begun = False
        self.refill = False
        """Set if the server cannot return entries by case: the desk has to be read again from its initial state."""

    def run(self) -> None:
        """Compare, fetch, remove, and take over the state. Raises `ManyRemoved`, and then removes nothing."""
        state, wrong = self._differing()
        fetch: list[str] = []
        gone: list[str] = []
        for prefix, theirs in self._listed(wrong):
            mine = self._mine(prefix)
            fetch += [id for id, seen in theirs.items() if mine.get(id) != seen]
            gone += [id for id in mine if id not in theirs]
        self._check_removals(gone)
        for start in range(0, len(fetch), FETCH):
            if not self._fetch(fetch[start : start + FETCH], FETCH):
                self.refill = True
                break
        if gone or (self.refill and self._begun):
            self._begin()
            self._store.drop(self._desk, gone, "" if self.refill else state)
        self.removed = len(gone)
        if not self.refill:
            self._store.apply(self._desk, Page(new_state=state))
        self._store.end_comparison(self._desk)

    def _begin(self) -> None:
        """Note the comparison as unfinished before anything is written.

        An interrupted run leaves cases that the old state does not cover. If the server returns to that state, as after
        a restore, it would not report them again.
        """
        if not self._begun:
            self._store.begin_comparison(self._desk)
            self._begun = True

    def _differing(self) -> tuple[str, list[str]]:
        """The state that the digests belong to, and the prefixes that differ."""
        answer = self._digests([("", DEPTH, False)])[0]
        state = answer.arguments.get("state")
        if not isinstance(state, str) or not state:
            raise ServerMistake("a digest without state")
        return state, self._compare("", DEPTH, _buckets(answer))

    def _compare(self, prefix: str, depth: int, theirs: dict[str, dict[str, Any]]) -> list[str]:
        """The differing prefixes below `prefix`, divided until each is small enough to list."""
        wrong: list[str] = []
        for number in range(16**depth):
            under = f"{prefix}{number:0{depth}x}"
            bucket = theirs.pop(under, None)
            mine = self._mine(under)
            if (bucket is None and not mine) or (bucket is not None and bucket["hash"] == digest_of(mine)):
                continue
            if bucket is not None and bucket["count"] > MOST_ITEMS and len(under) < 30:
                wrong += self._compare(under, 1, _buckets(self._digests([(under, 1, False)])[0]))
            else:
                wrong.append(under)
        if theirs:
            raise ServerMistake("a digest with buckets that were not asked for")
        return wrong

    def _listed(self, prefixes: list[str]) -> list[tuple[str, Known]]:
        """The cases that the server has under each prefix."""
        out: list[tuple[str, Known]] = []
        for start in range(0, len(prefixes), CALLS):
            part = prefixes[start : start + CALLS]
            for prefix, answer in zip(part, self._digests([(each, 0, True) for each in part]), strict=True):
                buckets = _buckets(answer)
                bucket = buckets.pop(prefix, None)
                if buckets:
                    raise ServerMistake("a digest with buckets that were not asked for")
                theirs = _items(bucket.get("items"), prefix) if bucket is not None else {}
                if bucket is not None and digest_of(theirs) != bucket["hash"]:
                    raise ServerMistake("a digest that does not fit its cases")
                out.append((prefix, theirs))
        return out

    def _digests(self, wanted: list[tuple[str, int, bool]]) -> list[Answer]:
        calls: list[list[Any]] = [
            ["Case/digest", {"accountId": self._desk, "prefix": prefix, "depth": depth, "items": items}, f"d{number}"]
            for number, (prefix, depth, items) in enumerate(wanted)
        ]
        found = self._ask(calls)
        out = [found[f"d{number}"] for number in range(len(wanted))]
        for answer in out:
            if answer.error:
                raise answer.failed()
        return out

    def _mine(self, prefix: str) -> Known:
        return {id: (version, level, mark) for id, version, level, mark in self._store.known(self._desk, prefix)}

    def _check_removals(self, gone: list[str]) -> None:
        guard = self._store.deletion_guard
        if not gone or self._accepted or guard.allowed(self._desk, len(gone)):
            return
        total = self._store.size(self._desk)
        many = len(gone) > MANY and len(gone) > SHARE * total
        if not many and not guard.holds(self._desk):
            return
        # One answer is not believed alone, and many that nothing explains are not even on two.
        if (many and not self._explained) or not has_none(self._ask, self._desk, gone):
            raise ManyRemoved(self._desk, len(gone), total)

    def _fetch(self, ids: list[str], most: int) -> bool:
        """Fetch cases with all their entries. False if the server cannot return entries by case."""
        for start in range(0, len(ids), most):
            part = ids[start : start + most]
            try:
                found = self._ask(
                    [
                        ["Case/get", {"accountId": self._desk, "ids": part}, "c"],
                        ["Entry/get", {"accountId": self._desk, "caseIds": part}, "e"],
                    ]
                )
            except ReplyTooLarge:
                if len(part) == 1:
                    raise
                found = {}
            if found and found["e"].error in ("invalidArguments", "unknownMethod"):
                return False
            if not found or ("requestTooLarge" in (found["c"].error, found["e"].error) and len(part) > 1):
                if not self._fetch(part, max(1, len(part) // 4)):
                    return False
                continue
            cases = objects(found["c"], self._desk, part)
            entries = [entry for entry in objects(found["e"], self._desk, None) if str(entry.get("caseId")) in part]
            self._take(cases, entries)
            self.fetched += len(cases)
        return True

    def _take(self, cases: list[dict[str, Any]], entries: list[dict[str, Any]]) -> None:
        """Store these cases with exactly these entries; others may belong to a history that the server rolled back."""
        listed = {entry["id"] for entry in entries}
        held = self._store.entries_of(self._desk, [case["id"] for case in cases])
        # The old state stays until everything is here.
        self._begin()
        page = Page(
            new_state=self._store.state(self._desk),
            cases=cases,
            entries=entries,
            destroyed={"Entry": [id for id in held if id not in listed]},
        )
        self._store.take(self._desk, page)


def has_none(ask: Ask, desk: str, ids: list[str]) -> bool:
    """Whether the server reports every one of these cases as not found."""
    for start in range(0, len(ids), ASKED):
        part = ids[start : start + ASKED]
        answers = ask([["Case/get", {"accountId": desk, "ids": part, "properties": ["id"]}, "c"]])
        if not has_none_of(answers["c"], desk, part):
            return False
    return True


def digest_of(known: Known) -> str:
    """A bucket's digest: the first 16 bytes (hex) of the SHA-256 over ``id version level mark`` lines in id order."""
    hash = hashlib.sha256()
    for id in sorted(known):
        version, level, mark = known[id]
        hash.update(f"{id} {version} {level} {mark}\n".encode())
    return hash.hexdigest()[:32]


def _buckets(answer: Answer) -> dict[str, dict[str, Any]]:
    buckets = answer.arguments.get("buckets")
    if not isinstance(buckets, dict):
        raise ServerMistake("a digest without buckets")
    for bucket in buckets.values():
        sound = (
            isinstance(bucket, dict) and isinstance(bucket.get("count"), int) and isinstance(bucket.get("hash"), str)
        )
        if not sound:
            raise ServerMistake("a digest bucket without count or hash")
    return dict(buckets)


def _items(items: Any, prefix: str) -> Known:
    out: Known = {}
    for item in items if isinstance(items, list) else [None]:
        match item:
            case [str(id), int(version), str(level), str(mark)] if id.startswith(prefix):
                out[id] = (version, level, mark)
            case _:
                raise ServerMistake("a digest with cases of another shape")
    return out
