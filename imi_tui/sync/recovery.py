"""Recovery when changes of a desk cannot be calculated, and the guard against mass deletion.

Cases are removed only by a tombstone, a session without the desk, or a complete comparison of digests. If many would be
removed at once, the server has to confirm it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_core.jmap import DIRECTORY
from imi_tui.sync.digest import MANY, SHARE, DigestComparison, has_none
from imi_tui.sync.errors import ManyRemoved, ServerMistake
from imi_tui.sync.register import Register

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from imi_tui.cache.sync import SyncStore
    from imi_tui.sync.ports import Clock
    from imi_tui.sync.reading import Changes
    from imi_tui.sync.run import Requests, Run

AGAIN = 60.0
"""Seconds after which a second session that lacks a desk with many cases is believed."""


class Recovery:
    """Recovery and deletion guard of one engine. `accept`: the guard is overridden."""

    def __init__(
        self, store: SyncStore, requests: Requests, clock: Clock, languages: Sequence[str], *, accept: bool
    ) -> None:
        self._store = store
        self._clock = clock
        self._requests = requests
        self._languages = languages
        self._accept = accept

    def recover(self, run: Run, account: str, initial: str, *, confirmed: bool = False) -> list[str]:
        """Compare digests (P7) and continue from there; the directory has none and is read again.

        `initial`: the account's initial state. `confirmed`: rights were withdrawn, which explains removals.
        Returns the accounts to continue with. Raises `SyncError`.
        """
        if account in run.recovered:
            raise ServerMistake(f"{account} cannot be followed even after a comparison")
        run.recovered.add(account)
        run.report.recovered.append(account)
        if account == DIRECTORY:
            # What is known stays in place meanwhile: without procedures no case could be shown.
            Register(self._store, self._requests.ask, self._languages).begin()
            return [account]
        comparison = DigestComparison(
            self._store, self._requests.ask, account, explained=confirmed, accepted=self._accept
        )
        try:
            comparison.run()
            self._store.translations.doubt(account)
        except ManyRemoved as many:
            self._hold(run, many)
            return []
        finally:
            run.report.changed += comparison.fetched
            run.report.removed += comparison.removed
        run.seen = {pair for pair in run.seen if pair[0] != account}
        if comparison.refill and confirmed:
            # Rights were taken away: what may no longer be held must not wait for a long download to end.
            self._store.reset_account(account)
        elif comparison.refill:
            # What is known stays readable meanwhile.
            run.since[account] = initial
        return [account]

    def finish(self, run: Run, accounts: Mapping[str, tuple[str, str]]) -> list[str]:
        """Repeat comparisons that an earlier run left unfinished. Returns the accounts to continue with."""
        left = list(accounts)
        for account in self._store.unfinished():
            if account not in accounts:
                continue
            try:
                if not self.recover(run, account, accounts[account][0]):
                    left.remove(account)
            finally:
                # What this run meets in the account itself is another reason.
                run.recovered.discard(account)
        return left

    def is_held_back(self, run: Run, account: str, changes: Changes) -> bool:
        """Whether the removals of a page are held back: they are many, and the server does not confirm them."""
        gone = changes.destroyed.get("Case", [])
        if account == DIRECTORY or not gone or self._accept:
            return False
        guard = self._store.deletion_guard
        # What went in a run that did not come to its end counts too: a page a run takes as much away.
        before = guard.removed_since(account)
        removed, total = before + len(gone), self._store.size(account) + before
        few = removed <= MANY or removed <= SHARE * total
        if (
            guard.allowed(account, removed)
            or (few and not guard.holds(account))
            or has_none(self._requests.ask, account, gone)
        ):
            guard.count_removed(account, len(gone))
            return False
        self._hold(run, ManyRemoved(account, removed, total))
        return True

    def seats_gone(self, run: Run, desks: Collection[str]) -> None:
        """Handle desks that a new session lacks. Raises `ManyRemoved` if that would remove many cases.

        A session at least `AGAIN` seconds later that lacks them too is believed: the first may come from a server that
        just lost its directory. Until then the previous session stays valid and nothing is sent or removed.
        """
        guard, many = self._store.deletion_guard, {}
        for desk in desks:
            size = self._store.size(desk)
            if size > MANY and not self._accept and not guard.allowed(desk, size):
                many[desk] = ManyRemoved(desk, size, size)
        if guard.withdrawn(many, self._clock().timestamp()) >= AGAIN or not many:
            return
        for each in many.values():
            self._hold(run, each)
        raise next(iter(many.values()))

    def _hold(self, run: Run, many: ManyRemoved) -> None:
        run.held[many.desk] = many
        self._store.deletion_guard.hold(many.desk, many.count, many.total)
