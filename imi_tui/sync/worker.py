"""The background thread that synchronises the cache at intervals. Its failures never end the client."""

from __future__ import annotations

import datetime as dt
import logging
import secrets
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeVar

from imi_tui.cache.errors import CacheBusy, CacheError, DiskFull
from imi_tui.cache.model import FILE_BUDGET, Now
from imi_tui.sync.errors import Disabled, NotSignedIn, Offline, OtherOfficer, OtherServer, SyncError

if TYPE_CHECKING:
    from imi_tui.cache.store import Store
    from imi_tui.profile import Profile
    from imi_tui.sync.engine import Engine
    from imi_tui.sync.events import Listener
    from imi_tui.sync.http import Http
    from imi_tui.sync.ports import Secrets, TokenSource
    from imi_tui.sync.run import Report
    from imi_tui.sync.transfers import Transfers
    from imi_tui.sync.transport import HttpTransport

log = logging.getLogger("imi_tui.sync")
T = TypeVar("T")

Tokens = Callable[["Secrets", "Http"], "TokenSource"]
"""Creates the token source in the worker's own thread, for its own connections."""

FIRST_RETRY, LAST_RETRY = 5.0, 900.0
OFFLINE_RETRY = 120.0
"""The longest wait in seconds, before jitter, after no server was reached: retries cost no server anything."""
UNANSWERED = 5
"""Consecutive tries without an answer after which the officer is told that the server is away for longer."""
QUICK_POLL, SLOW_POLL = 60.0, 600.0
METERED = 5.0
"""Factor by which waits are longer on a metered line."""
INDEX_AT_ONCE = 1000
"""Cases whose words are gathered before they go into the index, in as many transactions as it takes."""
COUNT_SECONDS = 1.0
"""Seconds between updates of the traffic count during a synchronisation."""
MOST_REPORTED = 5
"""Incident reports written per process at most."""
GRACE = 0.2
"""Seconds that `stop` waits for a running request before it is aborted."""
SKEW_SECONDS = 120.0
"""A difference of clocks worth telling the officer."""
_NEEDS_THE_OFFICER = (NotSignedIn, Disabled, OtherOfficer, OtherServer)


class Pace:
    """How long to wait until the next synchronisation: short after activity, longer without, doubling after failures.

    `poll`: seconds in quiet times. Jitter adds up to a quarter, after a failure from -50 % to +50 %, so that clients
    that lost their server at the same time do not return at the same time.
    """

    def __init__(self, poll: float, jitter: Callable[[], float]) -> None:
        self._poll = min(max(poll, QUICK_POLL), 24 * 3600.0)
        self._jitter = jitter
        self._failures = 0
        self.unanswered = 0
        self._quiet = QUICK_POLL
        self.metered = False

    def after(self, report: Report, *, told: bool = False) -> float:
        """Seconds to wait after a success. `told`: the server announces changes."""
        self._failures = self.unanswered = 0
        busy = report.sent or report.changed or report.removed or report.waiting
        self._quiet = QUICK_POLL if busy else min(self._quiet * 2, self._poll)
        if told and not report.waiting:
            return self._spread(max(self._poll, SLOW_POLL))
        return self._spread(min(self._quiet, self._poll) * (METERED if self.metered else 1))

    def after_failure(self, error: Exception) -> float:
        """Seconds to wait after a failure."""
        self._failures += 1
        self.unanswered = self.unanswered + 1 if isinstance(error, Offline) else 0
        if isinstance(error, _NEEDS_THE_OFFICER):
            return self._spread(LAST_RETRY)
        most = OFFLINE_RETRY if isinstance(error, Offline) else LAST_RETRY / 1.5
        wait: float = min(FIRST_RETRY * 2 ** min(self._failures - 1, 10), most) * (0.5 + self._jitter())
        asked = (error.retry_after if isinstance(error, SyncError) else None) or 0.0
        return max(wait, asked + min(asked, LAST_RETRY) * self._jitter())

    def _spread(self, seconds: float) -> float:
        return seconds * (1 + self._jitter() / 4)


class SyncWorker:
    """Runs the engine in its own thread. Start it after the first paint, since the thread imports httpx."""

    def __init__(
        self,
        profile: Profile,
        key: bytes,
        server: str,
        token_source: Tokens,
        *,
        languages: tuple[str, ...] = ("en",),
        poll: float = 300.0,
        file_budget: int = FILE_BUDGET,
        metered: bool = False,
        wait: Callable[[threading.Event, float], object] = threading.Event.wait,
        events: bool = False,
        on_result: Callable[[str], None] | None = None,
    ) -> None:
        """`poll`: seconds in quiet times. `file_budget`: bytes of downloads that are kept.
        `events`: listen to the server where the line carries it.

        `languages`: those of labels, the best first; another one may be set while it runs.
        `metered`: only lists and what is opened is fetched, less often. `wait` waits for an event or so many seconds.
        `on_result` hears a problem code (or "") after each run, in the thread."""
        self._reported: set[str] = set()
        self._profile, self._key, self._server, self._tokens = profile, key, server, token_source
        self.languages, self._file_budget = languages, file_budget
        self._pace = Pace(poll, secrets.SystemRandom().random)
        self._events = events
        self._told: Callable[[], bool] = lambda: False
        self._on_result = on_result
        self.metered = metered
        self._wait = wait
        self._server_pause = 0.0
        self._http: Http | None = None
        self._spent = 0
        self._counted = 0.0
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._main, name="imi-sync", daemon=True)

    def start(self) -> None:
        """Begin; the first synchronisation follows at once."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread runs; it ends by itself where the cache cannot be opened or the address is unusable."""
        return self._thread.is_alive()

    def poke(self) -> None:
        """Synchronise now."""
        self._wake.set()

    def stop(self, timeout: float = 2.0) -> None:
        """End the thread, if need be by aborting the running request; it is sent again at the next start."""
        self._stopping.set()
        self._wake.set()
        if not self._thread.is_alive():
            return
        self._thread.join(GRACE)
        if (http := self._http) is not None:
            http.cut()
        self._thread.join(timeout)

    def _main(self) -> None:
        from imi_tui.sync.events import Listener
        from imi_tui.sync.http import Http
        from imi_tui.sync.transfers import Transfers
        from imi_tui.sync.transport import HttpTransport

        store = self._opened()
        if store is None:
            return
        store.checkpoint_aside()
        http: Http | None = None
        listener: Listener | None = None
        # Somebody opened a case whose content is not here yet.
        unsubscribe = store.subscribe(lambda changed: self.poke() if "wanted" in changed.kinds else None)
        try:
            http = self._http = Http(self._server)
            lines = [http]
            tokens = self._tokens(store.sync, http)
            transport = HttpTransport(http, tokens)
            engine, spoken = self._engine(store, transport)
            transfers = Transfers(store.sync, store.file_moves, transport, _now, time.monotonic)
            self._tried("sweep", store.file_moves.sweep)
            if self._events:
                lines.append(Http(self._server))
                listener = Listener(lines[-1], self.poke)
                listener.start()
                self._told = lambda: self._hand_over(listener, store, tokens)
            http.moved = lambda: self._moved(store, lines)
            while not self._stopping.is_set():
                if spoken != self.languages:
                    # As after a restart: the new one asks for labels in the officer's new language first.
                    engine, spoken = self._engine(store, transport)
                engine.metered = self._pace.metered = self.metered
                self._count(store, lines)
                store.activity.say(self._now("syncing"))
                wait = self._once(engine, store, transfers)
                self._count(store, lines)
                self._index(store)
                until = _now() + dt.timedelta(seconds=wait)
                store.activity.say(self._now(next_at=until.isoformat(timespec="seconds")))
                self._pause(wait)
        except (SyncError, CacheError) as error:
            self._note(store, error.code)
            self._tell(error.code)
        finally:
            unsubscribe()
            if listener is not None:
                listener.stop()
            if http is not None:
                http.close()
            store.close()

    def _engine(self, store: Store, transport: HttpTransport) -> tuple[Engine, tuple[str, ...]]:
        """An engine that asks for labels in the languages of now, by whose alphabet names are sorted; and these."""
        from imi_tui.sync.engine import Engine

        spoken = self.languages
        self._tried("alphabet", lambda: store.sync.alphabet.choose(spoken[0]))
        return Engine(store.sync, transport, _now, languages=spoken, stopping=self._stopping.is_set), spoken

    def _opened(self) -> Store | None:
        """The opened cache, after waiting while it is busy or the disk is full; None if it cannot be opened."""
        from imi_tui.cache.store import Store

        while not self._stopping.is_set():
            try:
                return Store.open(self._profile, self._key)
            except CacheError as error:
                log.warning("sync cannot open the cache: %s", error.code)
                self._tell(error.code)
                if not isinstance(error, CacheBusy | DiskFull):
                    return None
                self._pause(self._pace.after_failure(error))
        return None

    def _pause(self, wait: float) -> None:
        """Wait or be woken, but never shorter than the server asked for."""
        until = time.monotonic() + self._server_pause
        self._wait(self._wake, wait)
        while (left := until - time.monotonic()) > 0:
            self._wake.clear()
            # Looked at behind what may just have cleared the call of `stop`.
            if self._stopping.is_set():
                break
            self._wait(self._wake, left)
        self._wake.clear()

    def _now(self, doing: Literal["", "syncing", "indexing"] = "", next_at: str = "") -> Now:
        return Now(doing, next_at, self.metered, self._spent)

    def _moved(self, store: Store, lines: list[Http]) -> None:
        """Bytes came: a long synchronisation shows what it costs while it goes on."""
        if time.monotonic() - self._counted >= COUNT_SECONDS:
            self._count(store, lines)
            store.activity.say(self._now("syncing"))

    def _count(self, store: Store, lines: list[Http]) -> None:
        """Note what the lines carried, and read what they did today."""

        def work() -> int:
            today = dt.datetime.now().astimezone().date()
            for each in lines:
                store.activity.spent(today, *each.spent())
            return sum(store.activity.traffic(today))

        self._counted = time.monotonic()
        spent, _, _ = self._tried("counting", work)
        self._spent = self._spent if spent is None else spent

    def _once(self, engine: Engine, store: Store, transfers: Transfers) -> float:
        """One synchronisation and a slice of the files that are on their way; seconds until the next."""

        def work() -> tuple[Report, bool]:
            report = engine.run_once()
            # Nobody waits for words as long as for a file.
            self._index(store)
            moved = transfers.run()
            store.reserve.keep()
            if store.file_moves.trim(self._file_budget) or report.removed:
                store.file_moves.sweep()
            return report, moved.more

        done, failure, code = self._tried("run", work)
        if done is None and self._stopping.is_set():
            # Nobody failed: the next start has nothing to complain of.
            return 0.0
        if done is None:
            wait = self._pace.after_failure(failure)
            code = "noAnswer" if self._pace.unanswered >= UNANSWERED else code
            self._note(store, code)
            self._tell(code)
            self._server_pause = (failure.retry_after or 0.0) if isinstance(failure, SyncError) else 0.0
            return wait
        self._server_pause = 0.0
        report, more = done
        skewed = report.skew is not None and abs(report.skew) > SKEW_SECONDS
        code = "restored" if report.restored else "clockSkew" if skewed else ""
        if code:
            self._note(store, code)
        if report.restored:
            self._tried("told", store.sync.restored_is_told)
        self._tell(code)
        pause = self._pace.after(report, told=self._told())
        return 0.0 if more else pause

    def _hand_over(self, listener: Listener, store: Store, tokens: TokenSource) -> bool:
        """Give the listener a token (it never renews one: that is this thread's) and what is here; whether it hears."""
        if self.metered:
            listener.hold()
            return False
        self._tried("events", lambda: listener.offer(tokens.token(), store.sync.desk_states()))
        return listener.working

    def _tried(self, what: str, work: Callable[[], T]) -> tuple[T | None, Exception, str]:
        """What `work` returned; else None, the error and its code. A mistake of ours must not end the thread."""
        try:
            return work(), Exception(), ""
        except (SyncError, CacheError) as error:
            log.info("sync: %s: %s (%s)", what, error.code, error.detail if isinstance(error, SyncError) else "")
            return None, error, error.code
        except Exception as error:  # noqa: BLE001
            # Neither message nor locals: they may hold case data.
            where = _where(error)
            log.error("sync: %s: internal mistake %s", what, where)
            self._report(error, where)
            return None, error, "internal"

    def _report(self, error: Exception, where: str) -> None:
        """Keep where it happened for whoever mends it, once: the thread goes on and may fail at the same again."""
        if where in self._reported or len(self._reported) >= MOST_REPORTED:
            return
        from imi_tui import process

        self._reported.add(where)
        process.report(error, self._profile.home / "incidents", f"Python {sys.version.split()[0]}")

    def _note(self, store: Store, code: str) -> None:
        try:
            store.sync.set_problem(code)
        except CacheError as error:
            log.warning("sync: cannot note %s: %s", code, error.code)

    def _index(self, store: Store) -> None:
        """Make new cases searchable as long as nobody waits. Searching may lag, synchronising goes on."""
        self._tried("indexing", lambda: self._index_pending(store))

    def _index_pending(self, store: Store) -> None:
        from imi_tui.cache.content.indexing import LITTLE

        if store.indexing() > LITTLE:
            store.activity.say(self._now("indexing"))
        while not self._stopping.is_set() and not self._wake.is_set() and store.sync.index_pending(INDEX_AT_ONCE):
            pass

    def _tell(self, code: str) -> None:
        if self._on_result is not None:
            self._on_result(code)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _where(error: BaseException) -> str:
    """The kind of an error and the lines it passed, without any value."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    return " ".join([type(error).__name__, *(f"{frame.name}:{frame.lineno}" for frame in frames[-6:])])
