"""Where a desk cannot be followed or loses too much: digests are compared, and nothing large is removed unasked.

Nothing disappears but by a tombstone, a session without the desk, or a complete comparison of digests. Where that is
much, the server has to say it a second time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_core.jmap import DIRECTORY
from imi_tui.sync.digest import MANY, SHARE, Recovery, has_none
from imi_tui.sync.errors import ManyRemoved, ServerMistake
from imi_tui.sync.register import Register

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from imi_tui.cache.sync import SyncStore
    from imi_tui.sync.ports import Clock
    from imi_tui.sync.reading import Changes
    from imi_tui.sync.run import Asking, Run

AGAIN = 60.0
"""Seconds after which a session is believed that once more lacks a desk with many cases."""


class Mending:
    """Recovery and the deletion brake of one engine. `accept` releases the brake."""

    def __init__(
        self, store: SyncStore, asking: Asking, clock: Clock, languages: Sequence[str], *, accept: bool
    ) -> None:
        self._store = store
        self._clock = clock
        self._asking = asking
        self._languages = languages
        self._accept = accept

    def recover(self, run: Run, account: str, initial: str, *, confirmed: bool = False) -> list[str]:
        """Compare digests (P7) and follow from there; the directory, which has none, is read anew.

        `initial`: the account's initial state. `confirmed`: rights were taken away, which explains a removal.
        Returns the accounts to go on with. Raises `SyncError`.
        """
        if account in run.recovered:
            raise ServerMistake(f"{account} cannot be followed even after a comparison")
        run.recovered.add(account)
        run.report.recovered.append(account)
        if account == DIRECTORY:
            # What is known stays in place meanwhile: without procedures no case could be shown.
            Register(self._store, self._asking.ask, self._languages).begin()
            return [account]
        recovery = Recovery(self._store, self._asking.ask, account, explained=confirmed, accepted=self._accept)
        try:
            recovery.run()
            self._store.translations.doubt(account)
        except ManyRemoved as many:
            self._hold(run, many)
            return []
        finally:
            run.report.changed += recovery.fetched
            run.report.removed += recovery.removed
        run.seen = {pair for pair in run.seen if pair[0] != account}
        if recovery.refill and confirmed:
            # Rights were taken away: what may no longer be held must not wait for a long download to end.
            self._store.reset_account(account)
        elif recovery.refill:
            # What is known stays readable meanwhile.
            run.since[account] = initial
        return [account]

    def finish(self, run: Run, accounts: Mapping[str, tuple[str, str]]) -> list[str]:
        """Compare anew what a comparison of an earlier run left half done; those of the session to go on with."""
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

    def braked(self, run: Run, account: str, changes: Changes) -> bool:
        """The deletion brake: whether so much would go that the server has to confirm it, and does not."""
        gone = changes.destroyed.get("Case", [])
        if account == DIRECTORY or not gone or self._accept:
            return False
        brake = self._store.brake
        # What went in a run that did not come to its end counts too: a page a run takes as much away.
        before = brake.gone(account)
        removed, total = before + len(gone), self._store.size(account) + before
        few = removed <= MANY or removed <= SHARE * total
        if (
            brake.allowed(account, removed)
            or (few and not brake.stands(account))
            or has_none(self._asking.ask, account, gone)
        ):
            brake.let_go(account, len(gone))
            return False
        self._hold(run, ManyRemoved(account, removed, total))
        return True

    def seats_gone(self, run: Run, desks: Collection[str]) -> None:
        """These desks are missing in a new session. Raises `ManyRemoved` where that takes many cases away.

        It is believed when a session `AGAIN` later says so too: one can come from a server that just lost its
        directory. Until then the session of before holds, nothing is sent and nothing goes.
        """
        brake, many = self._store.brake, {}
        for desk in desks:
            size = self._store.size(desk)
            if size > MANY and not self._accept and not brake.allowed(desk, size):
                many[desk] = ManyRemoved(desk, size, size)
        if brake.withdrawn(many, self._clock().timestamp()) >= AGAIN or not many:
            return
        for each in many.values():
            self._hold(run, each)
        raise next(iter(many.values()))

    def _hold(self, run: Run, many: ManyRemoved) -> None:
        run.held[many.desk] = many
        self._store.brake.hold(many.desk, many.count, many.total)
