"""The session: reused between runs, confirmed by the first answer, and processed first when it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imi_core.jmap import DIRECTORY
from imi_tui.cache.errors import CacheError
from imi_tui.sync import reading
from imi_tui.sync.errors import OtherOfficer, OtherServer, SyncError

if TYPE_CHECKING:
    from collections.abc import Callable

    from imi_tui.cache.sync import SyncStore
    from imi_tui.sync.ports import Transport
    from imi_tui.sync.reading import SessionInfo
    from imi_tui.sync.recovery import Recovery
    from imi_tui.sync.run import Requests, Run

_OUTDATED = "sessionOutdated"


class Sessions:
    """The session of one engine; `current` is None until a run has begun, and after a mistake."""

    def __init__(self, store: SyncStore, transport: Transport, requests: Requests, recovery: Recovery) -> None:
        self._store = store
        self._transport = transport
        self._requests = requests
        self._recovery = recovery
        self.current: SessionInfo | None = None

    @property
    def held(self) -> SessionInfo:
        """The session; a run has to have begun."""
        assert self.current is not None
        return self.current

    @property
    def unknown(self) -> bool:
        """Whether this cache never had a session, and nothing waits to be sent."""
        return self.current is None and self._store.session() is None and not self._store.ready(1)

    def begin(self, run: Run) -> None:
        """Reuse the last session if nothing is to be sent: the first answer confirms or rejects it. Else load one."""
        if self.current is not None:
            return
        stored = self._store.session()
        if stored is None or self._store.ready(1) or self._store.secret(_OUTDATED):
            self.load(run)
            return
        self.current = reading.session_info(stored)
        self._requests.expected = self.current.state

    def let_go(self) -> None:
        """Drop journal entries that the server's backups contain. Only after every desk was followed or re-queued."""
        for desk, safe in self.held.safe.items():
            self._store.prune(desk, safe)

    def outdate(self) -> None:
        """Make the next run load the session first."""
        self._store.set_secret(_OUTDATED, "yes")

    def load(self, run: Run) -> None:
        """Fetch the session and apply it. Raises `SyncError`."""
        self.adopt(run, self._transport.session)

    def adopt(self, run: Run, read: Callable[[], dict[str, Any]]) -> None:
        """Apply the session that `read` returns. Raises `SyncError`."""
        run.sessions += 1
        try:
            session = read()
            self._requests.expected = None
            self._take(run, session)
        except (SyncError, CacheError):
            # Half taken over counts as not seen: the next run begins with it.
            self.current = None
            raise

    def _take(self, run: Run, session: dict[str, Any]) -> None:
        """Check server, officer and rights of a session, act on changes, then store it."""
        new = reading.session_info(session)
        stored = self._store.session()
        old = reading.session_info(stored) if stored is not None else None
        known = old.server if old is not None else self._store.server_of_outbox()
        if known and known != new.server:
            raise OtherServer("the server has another id than the one the cache was filled from")
        whose = old.officer if old is not None else self._store.officer_of_work()
        if whose and whose != new.officer:
            raise OtherOfficer("another officer signed in than the one this profile belongs to")
        self.current = new
        if old is not None:
            self._recovery.seats_gone(run, [desk for desk in old.desks if desk not in new.desks])
            for account, (initial, access) in new.accounts.items():
                changed = account in old.accounts and old.accounts[account][1] != access
                if changed and account != DIRECTORY and self._store.state(account):
                    self._recovery.recover(run, account, initial, confirmed=True)
                    run.recovered.discard(account)
            if run.held:
                # The session of before is kept: the next run meets the same change, and compares again.
                raise next(iter(run.held.values()))
        # A restored server may lack what it acknowledged; it knows what it has by the client refs (P1, P4). Before the
        # session is kept: after a crash in between the epoch is still a new one.
        self._store.follow_epoch(new.epoch, new.desks)
        self._store.set_session(session)
        self._store.set_secret(_OUTDATED, None)
        self._store.note_origin(new.server, new.officer)
