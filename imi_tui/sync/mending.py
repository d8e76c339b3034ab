"""Where a desk cannot be followed or loses too much: digests are compared, and nothing large is removed unasked.

Nothing disappears but by a tombstone, a session without the desk, or a complete comparison of digests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_core.jmap import DIRECTORY
from imi_tui.sync import reading
from imi_tui.sync.digest import MANY, SHARE, Recovery
from imi_tui.sync.errors import ManyRemoved, ServerMistake
from imi_tui.sync.register import Register

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imi_tui.cache.sync import SyncStore
    from imi_tui.sync.reading import Changes
    from imi_tui.sync.run import Asking, Run


class Mending:
    """Recovery and the deletion brake of one engine. `accept` releases the brake."""

    def __init__(self, store: SyncStore, asking: Asking, languages: Sequence[str], *, accept: bool) -> None:
        self._store = store
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
        recovery = Recovery(self._store, self._asking.ask, account, confirmed=confirmed or self._accept)
        try:
            recovery.run()
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

    def braked(self, run: Run, account: str, changes: Changes) -> bool:
        """The deletion brake: whether so much would go that the server has to confirm it, and does not."""
        gone = changes.destroyed.get("Case", [])
        if account == DIRECTORY or not gone or self._accept:
            return False
        removed = run.gone[account] = run.gone.get(account, 0) + len(gone)
        if removed <= MANY or self._store.brake.allowed(account, removed):
            return False
        total = self._store.size(account) + removed - len(gone)
        if removed <= SHARE * total:
            return False
        answers = self._asking.ask([["Case/get", {"accountId": account, "ids": gone, "properties": ["id"]}, "c"]])
        if reading.has_none_of(answers["c"], account, gone):
            return False
        self._hold(run, ManyRemoved(account, removed, total))
        return True

    def _hold(self, run: Run, many: ManyRemoved) -> None:
        run.held[many.desk] = many
        self._store.brake.hold(many.desk, many.count, many.total)
