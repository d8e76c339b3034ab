"""One synchronisation: outbox to the server, changes of all desks back, everything in one POST where it fits.

Single-threaded and without globals: transport, cache, clock and randomness are parameters, so that every fault can
be played through. Rules it keeps (docs/protocol.md, "The seven rules"; docs/architecture.md):

- a page and the state reached with it are one transaction; nothing of an unusable answer is applied;
- nothing disappears but by a tombstone, a session without the desk, or a complete comparison of digests;
- an entry is marked as sending before its first byte leaves, and is sent again until the server answers for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from imi_core.jmap import CASE, CORE, DIRECTORY
from imi_tui.cache.errors import BadObject, CacheError, OutboxChanged
from imi_tui.cache.sync import Page
from imi_tui.sync import outgoing, reading
from imi_tui.sync.digest import MANY, SHARE, Recovery
from imi_tui.sync.errors import (
    AccountGone,
    Crept,
    Disabled,
    ManyRemoved,
    NotSignedIn,
    Offline,
    OtherOfficer,
    OtherServer,
    ReplyTooLarge,
    ServerMistake,
    StreamRefused,
    SyncError,
)
from imi_tui.sync.outgoing import Batch, Settlement
from imi_tui.sync.register import Register
from imi_tui.sync.streaming import Contents, pages

if TYPE_CHECKING:
    import datetime as dt

    from imi_tui.cache.sync import SyncStore
    from imi_tui.sync.ports import Clock, Transport
    from imi_tui.sync.reading import Answer, Changes, SessionInfo

PAGE = 250
"""Objects an account may bring in one page."""
SMALLEST_PAGE = 10
FIRST_PAGE = 60
"""Rows of a desk in the first answer of all: about 4 kB."""
POLL = 60.0
"""Seconds after which changes are asked for again while contents still come."""
MAX_REQUESTS = 100_000
"""Requests of one run at most: far above a first sync of a million cases, and an end to any quarrel."""
RIGHTS = 3
"""How often a run begins anew because a seat went while it was read."""
_LANGUAGES = "procedureLanguages"
_OUTDATED = "sessionOutdated"
_DIRECTORY_KINDS = ("Authority", "Procedure", "Officer")
_DESK_KINDS = ("Case", "Entry")


@dataclass
class Report:
    """What one run did. `skew`: seconds the server's clock is ahead of this machine's, None when unknown.

    `restored`: the server came back from a backup, and what was sent is sent again where it may be missing.
    """

    sent: int = 0
    rejected: int = 0
    waiting: int = 0
    changed: int = 0
    removed: int = 0
    requests: int = 0
    contents: int = 0
    recovered: list[str] = field(default_factory=list)
    skew: float | None = None
    restored: bool = False

    def with_next(self, other: Report) -> Report:
        """This run and the one behind it as one: what waits is what waits now."""
        return Report(
            sent=self.sent + other.sent,
            rejected=self.rejected + other.rejected,
            waiting=other.waiting,
            changed=self.changed + other.changed,
            removed=self.removed + other.removed,
            requests=self.requests + other.requests,
            contents=self.contents + other.contents,
            recovered=[*self.recovered, *other.recovered],
            skew=other.skew,
            restored=self.restored or other.restored,
        )


@dataclass
class _Run:
    """The state of one run."""

    report: Report
    page: int
    tried: set[str] = field(default_factory=set)
    seen: set[tuple[str, str]] = field(default_factory=set)
    recovered: set[str] = field(default_factory=set)
    since: dict[str, str] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    sessions: int = 0
    held: dict[str, ManyRemoved] = field(default_factory=dict)
    polled: dt.datetime | None = None


class _SessionChanged(Exception):
    """The session of the last run no longer holds."""


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
    ) -> None:
        """`languages`: in which labels of procedures are fetched. `accept_removals` releases the deletion brake.

        `metered`: contents are fetched only of cases that somebody opens.
        """
        self._page = self._most = page
        self._contents = Contents(store, transport, lambda calls: self._ask(calls)[0], clock)
        self.metered = metered
        self._store = store
        self._transport = transport
        self._clock = clock
        self._languages = list(languages)
        self._accept = accept_removals
        self._session: SessionInfo | None = None
        self._unproved = False
        self.report = Report()

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
            except Crept:
                # What came is kept and the pages are shorter now: a new connection may well do better, once.
                if crept:
                    raise
                crept, before = True, before.with_next(self.report)
        return before.with_next(self._run_once())

    def _run_once(self) -> Report:
        self.report = Report()
        run = _Run(self.report, self._page)
        try:
            # One engine a profile: what still counts as on its way was left so by a run that could not note its end.
            self._store.recover()
            self._begin(run)
            try:
                self._work(run)
            except _SessionChanged:
                # Should the line break now, the next run does not rely on it again.
                self._store.set_secret(_OUTDATED, "yes")
                self._load_session(run)
                self._work(run)
            self._page = min(self._page * 2, self._most)
        except Offline:
            # What a line that breaks loses is a page: the next ones are shorter.
            self._page = max(SMALLEST_PAGE, run.page // 2)
            raise
        except BadObject as error:
            # The message may quote the object: only its kind goes on.
            self._session = None
            raise ServerMistake(f"an object of the kind {error.kind} in the wrong shape") from error
        except (Disabled, NotSignedIn, OtherOfficer, OtherServer, ServerMistake):
            self._session = None
            raise
        finally:
            self.report.skew = self._transport.skew
        for held in self._store.brake.held():
            if held.desk not in run.held:
                self._store.brake.release(held.desk)
        if run.held:
            raise next(iter(run.held.values()))
        self._store.followed()
        self._let_go()
        self._store.set_ok(self._clock())
        return self.report

    def _begin(self, run: _Run) -> None:
        """The last run's session serves again where nothing is to be sent: the first answer says whether it holds."""
        if self._session is not None:
            return
        stored = self._store.session()
        if stored is None or self._store.ready(1) or self._store.secret(_OUTDATED):
            self._load_session(run)
            return
        self._session = reading.session_info(stored)
        self._unproved = True

    def _let_go(self) -> None:
        """Forget what the server's backups have: only now, when each desk was followed or its journal queued again."""
        assert self._session is not None
        for desk, safe in self._session.safe.items():
            self._store.prune(desk, safe)

    # --- the rounds ---------------------------------------------------------------------------------------------

    def _work(self, run: _Run) -> None:
        assert self._session is not None
        register = self._register()
        self.report.changed += register.records()
        todo = list(self._session.accounts)
        while True:
            batch = self._batch(run)
            if not todo and not batch.calls:
                fetched = self._contents.step(opened=self.metered, urgent=lambda: self._urgent(run))
                self.report.contents += fetched
                if self._due(run):
                    todo = list(self._session.accounts)
                if (not self.metered and register.step()) or fetched:
                    continue
                return
            todo = [*todo, *(desk for desk in batch.desks if desk not in todo and desk in self._session.accounts)]
            session = self._session
            again = self._exchange(run, todo, batch)
            todo = self._follow(run, again) if again and self._session is session and self._contents.streams else again
            if self._session is not session:
                # Desks may have come and gone: all that there are now are followed.
                todo = list(self._session.accounts)

    def _due(self, run: _Run) -> bool:
        """Whether changes should be asked for again while contents still come."""
        now = self._clock()
        if run.polled is not None and (now - run.polled).total_seconds() < POLL:
            return False
        due, run.polled = run.polled is not None, now
        return due

    def _urgent(self, run: _Run) -> bool:
        """Whether something waits to be sent that was not tried in this run."""
        return any(item.client_ref not in run.tried for item in self._store.ready(1 + len(run.tried)))

    def _batch(self, run: _Run) -> Batch:
        """The next entries to send; what was tried in this run waits for the next one."""
        assert self._session is not None
        ready = self._store.ready(outgoing.BATCH + len(run.tried))
        batch = outgoing.batch([item for item in ready if item.client_ref not in run.tried], self._session.limits)
        if batch.too_large:
            self._store.settle({}, {item.client_ref: {"type": "tooLarge"} for item in batch.too_large}, [])
            self.report.rejected += len(batch.too_large)
        return batch

    def _exchange(self, run: _Run, accounts: list[str], batch: Batch) -> list[str]:
        """One POST and everything that follows from its answer; the accounts that are not done yet."""
        register = self._register() if not self._store.state(DIRECTORY) and DIRECTORY in accounts else None
        if register is not None:
            # Its first state comes with the beginning; the desks' lists come in the same answer.
            accounts = [account for account in accounts if account != DIRECTORY]
        since = {account: self._since(run, account) for account in accounts}
        asked = self._asking(run, since)
        calls: list[list[Any]] = [*batch.calls, *(register.calls() if register is not None else ())]
        calls.append(["Desk/sync", asked | {"brief": True}, "s"])
        refs = batch.refs
        if refs and self._unproved:
            raise _SessionChanged
        run.tried |= set(refs)
        if refs:
            try:
                self._store.begin(refs)
            except OutboxChanged:
                # The officer was faster. Everything still queued is read again.
                run.tried -= set(refs)
                return accounts
        settlement = Settlement(retry=refs)
        try:
            answers, session_state = self._ask(calls)
            settlement = outgoing.settle(batch, answers)
            if register is not None:
                register.take(answers)
            again = self._read(run, accounts, since, answers, whole=asked["fetch"] == "contents")
        except ReplyTooLarge:
            return self._smaller(run, accounts)
        finally:
            if refs:
                spared = self._store.settle(settlement.acked, settlement.rejected, settlement.retry)
                self.report.sent += len(settlement.acked)
                self.report.rejected += len(settlement.rejected) - spared
                self.report.waiting += len(settlement.retry) + spared
        assert self._session is not None
        if self._session.state and session_state != self._session.state and not run.sessions:
            self._load_session(run)
        return again

    def _since(self, run: _Run, account: str) -> str:
        assert self._session is not None
        return run.since.get(account) or self._store.state(account) or self._session.accounts[account][0]

    def _asking(self, run: _Run, since: dict[str, str]) -> dict[str, Any]:
        """The arguments of a Desk/sync: lists first where a desk fills, or where contents are not wanted."""
        filling = any(account != DIRECTORY and self._store.is_filling(account) for account in since)
        heads = (filling or self.metered) and not run.since
        # The first rows of a first sync fill a screen, and that is all they wait for.
        page = min(run.page, FIRST_PAGE) if heads and not run.seen else run.page
        asked: dict[str, Any] = {"states": since, "maxChanges": page, "fetch": "heads" if heads else "contents"}
        return asked | {"languages": self._languages} if DIRECTORY in since else asked

    def _follow(self, run: _Run, accounts: list[str]) -> list[str]:
        """Take over what follows as a stream; the accounts that are not done."""
        since = {account: self._since(run, account) for account in accounts}
        left = list(accounts)
        try:
            asked = self._asking(run, since)
            whole = asked["fetch"] == "contents"
            for answers in pages(self._transport, [["Desk/sync", asked, "s"]]):
                self._count()
                if answers["s"].error == "requestTooLarge":
                    return self._smaller(run, left)
                found, failed = self._found(answers["s"])
                account = next(iter([*found, *failed]), "")
                if account not in left:
                    raise ServerMistake("a record of an account that was not asked for")
                if account in failed or self._session is None:
                    return left
                state = reading.changes(found[account]).new_state
                again = self._account(run, account, since[account], reading.changes(found[account]), whole=whole)
                left = [each for each in left if each != account] + again
                if self._store.state(account) != state or account in run.held or self._urgent(run):
                    return left
                since[account] = state
        except StreamRefused:
            self._contents.streams = False
        except ReplyTooLarge:
            return self._smaller(run, left)
        return left

    def _register(self) -> Register:
        return Register(self._store, lambda calls: self._ask(calls)[0], self._languages)

    def _count(self) -> None:
        self.report.requests += 1
        if self.report.requests > MAX_REQUESTS:
            raise ServerMistake("no end of changes")

    def _ask(self, calls: list[list[Any]]) -> tuple[dict[str, Answer], str]:
        self._count()
        response = self._transport.call({"using": [CORE, CASE], "methodCalls": calls})
        if self._unproved:
            self._unproved = False
            if self._session is None or response["sessionState"] != self._session.state:
                # Another server, other rights: nothing of this answer counts before the session has been looked at.
                raise _SessionChanged
        answers = reading.answers(response)
        self._store.answered()
        return answers, response["sessionState"]

    # --- taking over what came ------------------------------------------------------------------------------------

    def _read(
        self, run: _Run, accounts: list[str], since: dict[str, str], answers: dict[str, Answer], *, whole: bool
    ) -> list[str]:
        if answers["s"].error == "requestTooLarge":
            return self._smaller(run, accounts)
        found, failed = self._found(answers["s"])
        if answers["s"].arguments.get("unchanged") != len(set(accounts) - {*found, *failed}):
            raise ServerMistake("a Desk/sync without an account that was asked for")
        again: list[str] = []
        assert self._session is not None
        for account in accounts:
            if account not in self._session.accounts:
                continue
            if account in failed:
                again += self._failed(run, account, failed[account])
            elif account in found:
                again += self._account(run, account, since[account], reading.changes(found[account]), whole=whole)
        return again

    def _found(self, sync: Answer) -> tuple[dict[str, Any], dict[str, Any]]:
        """What a Desk/sync found, and what it could not follow."""
        if sync.error:
            raise sync.failed()
        found, failed = sync.arguments.get("accounts"), sync.arguments.get("notCalculated")
        if not isinstance(found, dict) or not isinstance(failed, dict):
            raise ServerMistake("a Desk/sync without accounts")
        return found, failed

    def _failed(self, run: _Run, account: str, error: Any) -> list[str]:
        kind = error.get("type") if isinstance(error, dict) else None
        if kind == "cannotCalculateChanges":
            # Perhaps a restored server that nobody called so.
            kept = [item.client_ref for item in self._store.journal(account)] if account != DIRECTORY else []
            self._store.reoffer([ref for ref in kept if ref not in run.tried])
            return self._recover(run, account)
        if kind in ("accountNotFound", "forbidden") and not run.sessions:
            self._load_session(run)
            return [account]
        mistake = AccountGone if kind == "accountNotFound" else ServerMistake
        raise mistake(f"{account} cannot be followed: {str(kind)[:80]}")

    def _account(self, run: _Run, account: str, since: str, changes: Changes, *, whole: bool) -> list[str]:
        """Take over one account's page."""
        assert self._session is not None
        if changes.old_state != since:
            raise ServerMistake("changes since another state than the one asked for")
        if changes.access != self._session.accounts[account][1] and not run.sessions:
            # Rights changed between session and now: what may be held is decided before anything is taken over.
            self._load_session(run)
            return [account]
        if changes.has_more and (changes.new_state == since or (account, changes.new_state) in run.seen):
            return self._recover(run, account)
        run.seen.add((account, changes.new_state))
        got = {kind: [*changes.created.get(kind, []), *changes.updated.get(kind, [])] for kind in _kinds(account)}
        cases = self._cases(account, changes, whole=whole)
        if self._braked(run, account, changes):
            return []
        self._store.apply(
            account,
            Page(
                new_state=changes.new_state,
                has_more=changes.has_more,
                **cases,
                entries=got.get("Entry", ()),
                authorities=got.get("Authority", ()),
                procedures=got.get("Procedure", ()),
                officers=got.get("Officer", ()),
                destroyed={kind: changes.destroyed[kind] for kind in _kinds(account) if changes.destroyed.get(kind)},
                filling=changes.filling if changes.has_more else None,
            ),
        )
        run.since.pop(account, None)
        self.report.changed += sum(len(each) for each in got.values())
        self.report.removed += len(changes.destroyed.get("Case", ())) if account != DIRECTORY else 0
        return [account] if changes.has_more else []

    def _cases(self, account: str, changes: Changes, *, whole: bool) -> dict[str, list[dict[str, Any]]]:
        """The cases of a page as `Page` takes them. Whole ones are fetched where lean ones have nothing to go with."""
        if account == DIRECTORY:
            return {}
        created, updated = changes.created.get("Case", []), changes.updated.get("Case", [])
        unknown = self._store.unknown(account, [each["id"] for each in updated])
        fetched: list[dict[str, Any]] = []
        if unknown:
            answers, _ = self._ask([["Case/get", {"accountId": account, "ids": unknown}, "c"]])
            fetched = reading.objects(answers["c"], account, unknown)
            updated = [each for each in updated if each["id"] not in set(unknown)]
        if whole:
            return {"cases": [*created, *fetched], "updates": updated}
        return {"cases": fetched, "heads": created, "updates": updated}

    def _smaller(self, run: _Run, accounts: list[str]) -> list[str]:
        if run.page <= SMALLEST_PAGE:
            raise ServerMistake("even a small page is too large for the server")
        run.page = max(SMALLEST_PAGE, run.page // 2)
        return accounts

    def _braked(self, run: _Run, account: str, changes: Changes) -> bool:
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
        answers, _ = self._ask([["Case/get", {"accountId": account, "ids": gone, "properties": ["id"]}, "c"]])
        if reading.has_none_of(answers["c"], account, gone):
            return False
        self._hold(run, ManyRemoved(account, removed, total))
        return True

    def _hold(self, run: _Run, many: ManyRemoved) -> None:
        run.held[many.desk] = many
        self._store.brake.hold(many.desk, many.count, many.total)

    # --- recovery and session ---------------------------------------------------------------------------------------

    def _recover(self, run: _Run, account: str, *, confirmed: bool = False) -> list[str]:
        """Compare digests (P7) and follow from there; the directory, which has none, is read anew."""
        if account in run.recovered:
            raise ServerMistake(f"{account} cannot be followed even after a comparison")
        run.recovered.add(account)
        self.report.recovered.append(account)
        if account == DIRECTORY:
            # What is known stays in place meanwhile: without procedures no case could be shown.
            self._register().begin()
            return [account]
        recovery = Recovery(
            self._store, lambda calls: self._ask(calls)[0], account, confirmed=confirmed or self._accept
        )
        try:
            recovery.run()
        except ManyRemoved as many:
            self._hold(run, many)
            return []
        finally:
            self.report.changed += recovery.fetched
            self.report.removed += recovery.removed
        run.seen = {pair for pair in run.seen if pair[0] != account}
        if recovery.refill and confirmed:
            # Rights were taken away: what may no longer be held must not wait for a long download to end.
            self._store.reset_account(account)
        elif recovery.refill:
            assert self._session is not None
            # What is known stays readable meanwhile.
            run.since[account] = self._session.accounts[account][0]
        return [account]

    def _load_session(self, run: _Run) -> None:
        """Fetch the session and take it over."""
        run.sessions += 1
        try:
            session = self._transport.session()
            self._unproved = False
            self._take_session(run, session)
        except (SyncError, CacheError):
            # Half taken over counts as not seen: the next run begins with it.
            self._session = None
            raise

    def _take_session(self, run: _Run, session: dict[str, Any]) -> None:
        """Act on what the session says about server, officer and rights before keeping it."""
        new = reading.session_info(session)
        stored = self._store.session()
        old = reading.session_info(stored) if stored is not None else None
        known = old.server if old is not None else self._store.server_of_outbox()
        if known and known != new.server:
            raise OtherServer("the server has another id than the one the cache was filled from")
        whose = old.officer if old is not None else self._store.officer_of_work()
        if whose and whose != new.officer:
            raise OtherOfficer("another officer signed in than the one this profile belongs to")
        self._session = new
        if old is not None:
            for account, (_, access) in new.accounts.items():
                changed = account in old.accounts and old.accounts[account][1] != access
                if changed and account != DIRECTORY and self._store.state(account):
                    self._recover(run, account, confirmed=True)
                    run.recovered.discard(account)
        # A restored server may lack what it acknowledged; it knows what it has by the client refs (P1, P4). Before the
        # session is kept: after a crash in between the epoch is still a new one.
        self.report.restored |= self._store.follow_epoch(new.epoch, new.desks)
        self._store.set_session(session)
        self._store.set_secret(_OUTDATED, None)
        self._store.note_origin(new.server, new.officer)
        self._fetch_labels(new)

    def _fetch_labels(self, session: SessionInfo) -> None:
        """Procedures the cache already has get the labels of a language that was chosen since."""
        wanted = ",".join(self._languages)
        if self._store.secret(_LANGUAGES) == wanted or DIRECTORY not in session.accounts:
            return
        state = self._store.state(DIRECTORY)
        if state:
            answers, _ = self._ask(
                [["Procedure/get", {"accountId": DIRECTORY, "ids": None, "languages": self._languages}, "p"]]
            )
            self._store.apply(
                DIRECTORY, Page(new_state=state, procedures=reading.objects(answers["p"], DIRECTORY, None))
            )
        self._store.set_secret(_LANGUAGES, wanted)


def _kinds(account: str) -> tuple[str, ...]:
    return _DIRECTORY_KINDS if account == DIRECTORY else _DESK_KINDS
