"""Applies changes: a page of an account and its new state are written in one transaction.

Nothing of an invalid answer is applied. Pages of a stream that only add rows, and arrive faster than they can be
written, share a transaction, because each on its own would rewrite most pages of the indexes.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from imi_core.jmap import DIRECTORY
from imi_tui.cache.errors import BadObject
from imi_tui.cache.sync import Page
from imi_tui.cache.wire import id_of
from imi_tui.sync import reading
from imi_tui.sync.errors import AccountGone, ServerMistake

if TYPE_CHECKING:
    import datetime as dt

    from imi_tui.cache.sync import SyncStore
    from imi_tui.sync.ports import Clock
    from imi_tui.sync.reading import Answer, Changes
    from imi_tui.sync.recovery import Recovery
    from imi_tui.sync.run import Requests, Run
    from imi_tui.sync.sessions import Sessions

SMALLEST_PAGE = 10
MAX_ROWS = 2000
"""Rows per transaction when pages arrive faster than they can be written."""
MAX_WAIT = 0.2
"""If the next page of a stream took longer (in seconds), collected pages are written at once."""
_DIRECTORY_KINDS = ("Authority", "Procedure", "Officer")
_DESK_KINDS = ("Case", "Entry")


@dataclass
class _Gathered:
    """Consecutive pages of one account that are not written yet. `ids`: the ids of their rows."""

    pages: list[Page] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)


class ChangeApplier:
    """Applies the answers to ``Desk/sync`` of one engine. Raises `SyncError` and errors of the cache.

    Whoever reads a stream has to call `keep` when it ends, even after an error.
    """

    def __init__(
        self, store: SyncStore, requests: Requests, sessions: Sessions, recovery: Recovery, clock: Clock
    ) -> None:
        self._store = store
        self._requests = requests
        self._sessions = sessions
        self._recovery = recovery
        self._clock = clock
        self._gathered: dict[str, _Gathered] = {}
        self._waiting: dt.datetime | None = None

    def read(
        self, run: Run, accounts: list[str], since: dict[str, str], answers: dict[str, Answer], *, whole: bool
    ) -> list[str]:
        """Apply a complete answer. Returns the accounts that are not done."""
        if answers["s"].error == "requestTooLarge":
            return self.smaller(run, accounts)
        changed, failed = found(answers["s"])
        if answers["s"].arguments.get("unchanged") != len(set(accounts) - {*changed, *failed}):
            raise ServerMistake("a Desk/sync without an account that was asked for")
        again: list[str] = []
        for account in accounts:
            if account not in self._sessions.held.accounts:
                continue
            if account in failed:
                again += self._failed(run, account, failed[account])
            elif account in changed:
                again += self.account(run, account, since[account], reading.changes(changed[account]), whole=whole)
        return again

    def at(self, account: str) -> str:
        """The state of an account including collected pages; empty before its first page."""
        gathered = self._gathered.get(account)
        return gathered.pages[-1].new_state if gathered is not None else self._store.state(account)

    def record(self, run: Run, account: str, since: str, changes: Changes, *, whole: bool) -> list[str]:
        """Apply a page of a stream, possibly together with the next ones. Returns the accounts to continue with."""
        waiting, came = self._waiting, self._clock()
        quick = waiting is not None and (came - waiting).total_seconds() <= MAX_WAIT
        if not whole and self._only_adds(run, account, since, changes):
            again = self._gather(run, account, changes)
            if not quick or sum(len(each.ids) for each in self._gathered.values()) >= MAX_ROWS:
                self.keep()
        else:
            self.keep()
            again = self.account(run, account, since, changes, whole=whole)
        self._waiting = self._clock()
        return again

    def keep(self) -> None:
        """Write the collected pages; of each account all, or those before the first page that cannot be stored."""
        gathered, self._gathered, self._waiting = self._gathered, {}, None
        with ExitStack() as every:
            for account, each in gathered.items():
                every.callback(self._keep, account, each.pages)

    def _keep(self, account: str, pages: list[Page]) -> None:
        heads = [head for page in pages for head in page.heads]
        try:
            self._store.apply(account, replace(pages[-1], heads=heads))
        except BadObject:
            for page in pages:
                self._store.take(account, page)

    def _only_adds(self, run: Run, account: str, since: str, changes: Changes) -> bool:
        """Whether a page only adds rows to a list that has begun and goes on, and needs no decision."""
        gathered = self._gathered.get(account)
        created = changes.created.get("Case", ())
        return (
            changes.has_more
            and account != DIRECTORY
            and account not in run.since
            # What a screen waits for is kept when it comes.
            and bool(self.at(account))
            and changes.old_state == since
            and changes.new_state != since
            and (account, changes.new_state) not in run.seen
            and changes.access == self._sessions.held.accounts[account][1]
            and not (changes.later or any(changes.updated.values()) or any(changes.destroyed.values()))
            and not any(rows for kind, rows in changes.created.items() if kind != "Case")
            and (gathered is None or gathered.ids.isdisjoint(map(id_of, created)))
        )

    def _gather(self, run: Run, account: str, changes: Changes) -> list[str]:
        created = changes.created.get("Case", [])
        run.seen.add((account, changes.new_state))
        run.report.changed += len(created)
        gathered = self._gathered.setdefault(account, _Gathered())
        gathered.ids.update(map(id_of, created))
        gathered.pages.append(Page(changes.new_state, heads=created, filling=changes.filling))
        return [account]

    def account(self, run: Run, account: str, since: str, changes: Changes, *, whole: bool) -> list[str]:
        """Apply a page of an account. Returns the accounts to continue with."""
        if changes.old_state != since:
            raise ServerMistake("changes since another state than the one asked for")
        if changes.access != self._sessions.held.accounts[account][1] and not run.sessions:
            # Rights changed between session and now: what may be held is decided before anything is taken over.
            self._sessions.load(run)
            return [account]
        if changes.has_more and (changes.new_state == since or (account, changes.new_state) in run.seen):
            return self._recovery.recover(run, account, self._sessions.held.accounts[account][0])
        run.seen.add((account, changes.new_state))
        got = {kind: [*changes.created.get(kind, []), *changes.updated.get(kind, [])] for kind in _kinds(account)}
        cases = self._cases(account, changes, whole=whole)
        if self._recovery.is_held_back(run, account, changes):
            return []
        self._store.take(
            account,
            Page(
                new_state=changes.new_state,
                **cases,
                entries=got.get("Entry", ()),
                authorities=got.get("Authority", ()),
                procedures=got.get("Procedure", ()),
                officers=got.get("Officer", ()),
                destroyed={kind: changes.destroyed[kind] for kind in _kinds(account) if changes.destroyed.get(kind)},
                filling=changes.filling if changes.has_more else None,
                again=changes.later if account != DIRECTORY else (),
            ),
        )
        run.since.pop(account, None)
        run.report.changed += sum(len(each) for each in got.values())
        run.report.removed += len(changes.destroyed.get("Case", ())) if account != DIRECTORY else 0
        return [account] if changes.has_more else []

    def smaller(self, run: Run, accounts: list[str]) -> list[str]:
        """Use smaller pages from now on. Returns the same accounts."""
        if run.page <= SMALLEST_PAGE:
            raise ServerMistake("even a small page is too large for the server")
        run.page = max(SMALLEST_PAGE, run.page // 2)
        return accounts

    def _failed(self, run: Run, account: str, error: Any) -> list[str]:
        kind = error.get("type") if isinstance(error, dict) else None
        if kind == "cannotCalculateChanges":
            # Perhaps a restored server that nobody called so.
            kept = [item.client_ref for item in self._store.journal(account)] if account != DIRECTORY else []
            self._store.reoffer([ref for ref in kept if ref not in run.tried])
            return self._recovery.recover(run, account, self._sessions.held.accounts[account][0])
        if kind in ("accountNotFound", "forbidden") and not run.sessions:
            self._sessions.load(run)
            return [account]
        mistake = AccountGone if kind == "accountNotFound" else ServerMistake
        raise mistake(f"{account} cannot be followed: {str(kind)[:80]}")

    def _cases(self, account: str, changes: Changes, *, whole: bool) -> dict[str, Any]:
        """The cases of a page for `Page`. Partial updates of cases that are not here are replaced by whole cases."""
        if account == DIRECTORY:
            return {}
        created, updated = changes.created.get("Case", []), changes.updated.get("Case", [])
        unknown = self._store.unknown(account, [each["id"] for each in updated])
        fetched: list[dict[str, Any]] = []
        if unknown:
            answers = self._requests.ask([["Case/get", {"accountId": account, "ids": unknown}, "c"]])
            fetched = reading.objects(answers["c"], account, unknown)
            updated = [each for each in updated if each["id"] not in set(unknown)]
        if whole:
            return {"cases": [*created, *fetched], "updates": updated}
        return {"cases": fetched, "heads": created, "updates": updated}


def found(sync: Answer) -> tuple[dict[str, Any], dict[str, Any]]:
    """By account, the changes in an answer to ``Desk/sync``, and the accounts that failed. Raises `SyncError`."""
    if sync.error:
        raise sync.failed()
    changed, failed = sync.arguments.get("accounts"), sync.arguments.get("notCalculated")
    if not isinstance(changed, dict) or not isinstance(failed, dict):
        raise ServerMistake("a Desk/sync without accounts")
    return changed, failed


def _kinds(account: str) -> tuple[str, ...]:
    return _DIRECTORY_KINDS if account == DIRECTORY else _DESK_KINDS
