"""One synchronisation: the outbox to the server and the changes of all desks back, in one POST if possible.

Single-threaded and without globals: transport, cache, clock and randomness are parameters, so that every fault can be
simulated. Invariants (docs/protocol.md, "The seven rules"; docs/architecture.md):

- a page and its new state are written in one transaction; nothing of an invalid answer is applied;
- an entry is marked as sending before its first byte leaves, and is sent again until the server confirms or refuses it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imi_core.jmap import DIRECTORY
from imi_tui.cache.errors import BadObject, OutboxChanged
from imi_tui.sync import outgoing, reading
from imi_tui.sync.change_applier import SMALLEST_PAGE, ChangeApplier, found
from imi_tui.sync.errors import (
    AccountGone,
    Disabled,
    NotSignedIn,
    Offline,
    OtherOfficer,
    OtherServer,
    ReplyTooLarge,
    ServerMistake,
    SlowReply,
    StreamRefused,
)
from imi_tui.sync.first_sync import FirstSync
from imi_tui.sync.histories import Histories
from imi_tui.sync.outgoing import Batch, Settlement
from imi_tui.sync.recovery import Recovery
from imi_tui.sync.register import Register
from imi_tui.sync.run import Report, Requests, Run, SessionChanged
from imi_tui.sync.sessions import Sessions
from imi_tui.sync.streaming import Contents
from imi_tui.sync.translating import Translating

if TYPE_CHECKING:
    from collections.abc import Callable

    from imi_tui.cache.sync import SyncStore
    from imi_tui.sync.ports import Clock, Transport

PAGE = 250
"""Objects per account in one page."""
FIRST_PAGE = 60
"""Rows per desk in the very first answer: about 4 kB."""
POLL = 60.0
"""Seconds between requests for changes while contents are still being fetched."""
RIGHTS = 3
"""How often a run restarts because a seat was withdrawn while it was read."""


class Engine:
    """Synchronises one officer's cache with one server."""

    def __init__(
        self,
        store: SyncStore,
        transport: Transport,
        clock: Clock,
        *,
        languages: tuple[str, ...] = ("en",),
        accept_removals: bool = False,
        page: int = PAGE,
        metered: bool = False,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """`languages`: languages of procedure labels to fetch. `accept_removals`: override the deletion guard.

        `metered`: fetch contents only of cases that somebody opens. Once `stopping` returns true, a run ends between
        two requests or stream records, as if the line had broken.
        """
        self._page = self._most = page
        self.metered = metered
        self._store = store
        self._transport = transport
        self._clock = clock
        self._languages = list(languages)
        self._requests = Requests(store, transport, stopping)
        self._recovery = Recovery(store, self._requests, clock, languages, accept=accept_removals)
        self._sessions = Sessions(store, transport, self._requests, self._recovery)
        self._applier = ChangeApplier(store, self._requests, self._sessions, self._recovery, clock)
        self._contents = Contents(store, self._requests, clock)
        self._histories = Histories(store, self._requests)
        self._translating = Translating(store.translations, self._requests.ask)
        self._first_sync = FirstSync(store, self._requests, self._sessions, self._applier, languages)

    def run_once(self) -> Report:
        """Synchronise until nothing is left to send or fetch. Raises `SyncError` or an error of the cache."""
        before = Report()
        crept = False
        for _ in range(RIGHTS):
            try:
                return before.with_next(self._run_once())
            except AccountGone:
                # A seat went while its cases were fetched: the next session says what is left.
                before = before.with_next(self.report)
            except SlowReply:
                # What came is kept and the pages are shorter now: a new connection may well do better, once.
                if crept:
                    raise
                crept, before = True, before.with_next(self.report)
        return before.with_next(self._run_once())

    def _run_once(self) -> Report:
        self._requests.report = Report()
        run = Run(self.report, self._page)
        try:
            # One engine a profile: what still counts as on its way was left so by a run that could not note its end.
            self._store.recover()
            self._store.ask_again(self._clock())
            todo = (
                self._first_sync.read(run, lambda: self._urgent(run))
                if self._sessions.unknown and self._contents.streams
                else None
            )
            self._sessions.begin(run)
            try:
                self._work(run, todo)
            except SessionChanged:
                # Should the line break now, the next run does not rely on it again.
                self._sessions.outdate()
                self._sessions.load(run)
                self._work(run)
            self.report.changed += self._translating.step()
            self._page = min(self._page * 2, self._most)
        except Offline:
            # What a line that breaks loses is a page: the next ones are shorter.
            self._page = max(SMALLEST_PAGE, run.page // 2)
            raise
        except BadObject as error:
            # The message may quote the object: only its kind goes on.
            self._sessions.current = None
            raise ServerMistake(f"an object of the kind {error.kind} in the wrong shape") from error
        except (Disabled, NotSignedIn, OtherOfficer, OtherServer, ServerMistake):
            self._sessions.current = None
            raise
        finally:
            self.report.skew = self._transport.skew
        self._store.deletion_guard.release(but=run.held)
        if run.held:
            raise next(iter(run.held.values()))
        self._store.followed()
        self._sessions.let_go()
        self._store.set_ok(self._clock(), self.report.skew)
        self.report.restored = self._store.is_restored()
        return self.report

    @property
    def report(self) -> Report:
        """What the run does, or the last one did."""
        return self._requests.report

    # --- the rounds ---------------------------------------------------------------------------------------------

    def _work(self, run: Run, left: list[str] | None = None) -> None:
        """Send and fetch everything. `left`: the accounts to follow; None for all."""
        register = Register(self._store, self._requests.ask, self._languages)
        if DIRECTORY in self._sessions.held.accounts:
            register.speak()
        self.report.changed += register.records()
        register.labels()
        todo = self._recovery.finish(run, self._sessions.held.accounts) if left is None else left
        while True:
            batch = self._batch(run)
            if not todo and not batch.calls:
                fetched = self._contents.step(opened=self.metered, urgent=lambda: self._urgent(run))
                self.report.contents += fetched
                if self._due(run):
                    todo = list(self._sessions.held.accounts)
                if (not self.metered and (register.step() or self._histories.step())) or fetched:
                    continue
                return
            todo = [*todo, *(desk for desk in batch.desks if desk not in todo and desk in self._sessions.held.accounts)]
            session = self._sessions.current
            again = self._exchange(run, todo, batch)
            todo = self._follow(run, again) if again and self._streamed(again, session) else again
            if self._sessions.current is not session:
                # Desks may have come and gone: all that there are now are followed.
                todo = list(self._sessions.held.accounts)

    def _streamed(self, accounts: list[str], session: object) -> bool:
        """Whether these accounts may be followed as a stream. A directory without a state has to be read first."""
        begun = DIRECTORY not in accounts or bool(self._store.state(DIRECTORY))
        return begun and self._sessions.current is session and self._contents.streams

    def _due(self, run: Run) -> bool:
        """Whether to request changes again while contents are still being fetched."""
        now = self._clock()
        if run.polled is not None and (now - run.polled).total_seconds() < POLL:
            return False
        due, run.polled = run.polled is not None, now
        return due

    def _urgent(self, run: Run) -> bool:
        """Whether an entry waits that was not tried in this run."""
        return bool(self._store.ready(1, run.tried))

    def _batch(self, run: Run) -> Batch:
        """The next entries to send. Entries tried in this run, and later ones of their cases, wait for the next run."""
        batch = outgoing.batch(self._store.ready(outgoing.BATCH, run.tried), self._sessions.held.limits)
        if batch.too_large:
            self._store.settle({}, {item.client_ref: {"type": "tooLarge"} for item in batch.too_large}, [])
            self.report.rejected += len(batch.too_large)
        return batch

    def _exchange(self, run: Run, accounts: list[str], batch: Batch) -> list[str]:
        """Send one POST and apply its answer. Returns the accounts that are not done."""
        register = (
            Register(self._store, self._requests.ask, self._languages)
            if not self._store.state(DIRECTORY) and DIRECTORY in accounts
            else None
        )
        again = accounts
        if register is not None:
            # Its first state comes with the beginning; the desks' lists come in the same answer.
            accounts = [account for account in accounts if account != DIRECTORY]
        since = {account: self._since(run, account) for account in accounts}
        asked = self._arguments(run, since)
        calls: list[list[Any]] = [*batch.calls, *(register.calls() if register is not None else ())]
        calls.append(["Desk/sync", asked | {"brief": True}, "s"])
        refs = batch.refs
        if refs and self._requests.expected is not None:
            raise SessionChanged
        run.tried |= set(refs)
        if refs:
            try:
                self._store.begin(refs)
            except OutboxChanged:
                # The officer was faster. Everything still queued is read again.
                run.tried -= set(refs)
                return again
        settlement = Settlement(retry=refs)
        try:
            answers, session_state = self._requests.with_state(calls)
            settlement = outgoing.settle(batch, answers)
            if register is not None:
                register.take(answers)
            again = self._applier.read(run, accounts, since, answers, whole=asked["fetch"] == "contents")
        except ReplyTooLarge:
            return self._applier.smaller(run, again)
        finally:
            if refs:
                spared = self._store.settle(settlement.acked, settlement.rejected, settlement.retry)
                self.report.sent += len(settlement.acked)
                self.report.rejected += len(settlement.rejected) - spared
                self.report.waiting += len(settlement.retry) + spared
        if self._sessions.held.state and session_state != self._sessions.held.state and not run.sessions:
            self._sessions.load(run)
        return again

    def _since(self, run: Run, account: str) -> str:
        return run.since.get(account) or self._store.state(account) or self._sessions.held.accounts[account][0]

    def _arguments(self, run: Run, since: dict[str, str]) -> dict[str, Any]:
        """The arguments of ``Desk/sync``: lists first while a desk is being filled, only lists on a metered line."""
        filling = any(account != DIRECTORY and self._store.is_filling(account) for account in since)
        heads = (filling or self.metered) and not run.since
        # The first rows of a first sync fill a screen, and that is all they wait for.
        page = min(run.page, FIRST_PAGE) if heads and not run.seen else run.page
        fetch = "contents" if not heads else "lists" if self.metered else "heads"
        asked: dict[str, Any] = {"states": since, "maxChanges": page, "fetch": fetch}
        if filling:
            asked["joined"] = True
        return asked | {"languages": self._languages} if DIRECTORY in since else asked

    def _follow(self, run: Run, accounts: list[str]) -> list[str]:
        """Apply the following changes from a stream. Returns the accounts that are not done."""
        since = {account: self._since(run, account) for account in accounts}
        left = list(accounts)
        try:
            asked = self._arguments(run, since)
            whole = asked["fetch"] == "contents"
            for answers in self._requests.records([["Desk/sync", asked, "s"]]):
                self._requests.count()
                if answers["s"].error == "requestTooLarge":
                    return self._applier.smaller(run, left)
                changed, failed = found(answers["s"])
                account = next(iter([*changed, *failed]), "")
                if account not in left:
                    raise ServerMistake("a record of an account that was not asked for")
                if account in failed or self._sessions.current is None:
                    return left
                changes = reading.changes(changed[account])
                again = self._applier.record(run, account, since[account], changes, whole=whole)
                left = [each for each in left if each != account] + again
                if self._applier.at(account) != changes.new_state or account in run.held or self._urgent(run):
                    return left
                since[account] = changes.new_state
        except StreamRefused:
            self._contents.streams = False
        except ReplyTooLarge:
            return self._applier.smaller(run, left)
        finally:
            self._applier.keep()
        return left
