"""Officers, their clients and the server, with everything that can go wrong between and below them.

One seed draws it all: what officers do, the line, the disk, the clocks, the moment at which a process is killed, what
the server suffers. The real engine, cache, transport and server run; only time, chance, disk and line are simulated.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import apsw
import sqlalchemy as sa

from imi_central.jobs import backup
from imi_central.store import Service
from imi_central.store import Store as Central
from imi_tui.cache.errors import CacheError, DiskFull
from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from imi_tui.sync.engine import Engine
from imi_tui.sync.errors import SyncError
from imi_tui.sync.run import Report
from imi_tui.sync.transfers import Transfers, synchronise
from imi_tui.sync.transport import HttpTransport
from tests.central.world import Clock
from tests.sim.disk import Disk, Killed
from tests.sim.net import Line, ServerDied, SimHttp, Tokens, serve

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from starlette.types import Receive, Scope, Send

KEY = bytes(range(32))
START = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)


class Server:
    """An installation in a file, with a nightly backup."""

    def __init__(self, folder: Path, template: Path, seed: int) -> None:
        self.folder, self.clock = folder, Clock()
        self._rng = random.Random(seed)
        self.file = folder / "central.db"
        shutil.copyfile(template, self.file)
        self.tokens: dict[str, Tokens] = {}
        self.nights = itertools.count()
        self.night: Path | None = None
        self.restored = self.deaths = self.torn = 0
        self.events = 0
        self.kill_at: int | None = None
        self._serving = self._in_commit = False
        self._left: dict[Path, bytes] | None = None
        """What its files hold since it died; None while it lives."""
        self._start()

    def _start(self) -> None:
        self.store = Central.open(self.url, now=self.clock, new_id=lambda: self._rng.randbytes(16).hex())
        self.store.translations.service = Service("Test engine", per_hour=1000)
        self._served = serve(self.store, self._valid)
        writer = self.store._writer
        sa.event.listen(writer, "before_cursor_execute", lambda *_: self._event())
        commit = writer.dialect.do_commit

        def do_commit(connection: DBAPIConnection) -> None:
            before = self._files() if self.kill_at is not None else {}
            try:
                self._event(commit=True)
            except ServerDied:
                commit(connection)
                self.torn += 1
                self._left = self._torn(before, self._files())
                raise
            commit(connection)

        writer.dialect.do_commit = do_commit  # type: ignore[method-assign]

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application; raises `ServerDied` where the process ends meanwhile, and is started again by then."""
        self._serving = True
        try:
            await self._served(scope, receive, send)
        except BaseException:
            if self._left is None:
                raise
        finally:
            self._serving = False
        if self._left is not None:
            self._restart(self._left)
            raise ServerDied

    def kill_within(self, events: int) -> None:
        """End the process at one of the next statements that write, or in the commit behind it."""
        self.kill_at = self.events + self._rng.randint(1, events)
        self._in_commit = self._rng.random() < 0.4

    def _event(self, *, commit: bool = False) -> None:
        if self._left is not None:
            raise ServerDied
        if not self._serving:
            return
        self.events += 1
        if self.kill_at is not None and self.events >= self.kill_at and (commit or not self._in_commit):
            self.kill_at = None
            self.deaths += 1
            self._left = self._files()
            raise ServerDied

    def _files(self) -> dict[Path, bytes]:
        paths = (self.file, self.file.with_name(self.file.name + "-wal"))
        return {path: path.read_bytes() for path in paths if path.exists()}

    def _torn(self, before: dict[Path, bytes], after: dict[Path, bytes]) -> dict[Path, bytes]:
        """Its files as they are anywhere between two moments of a commit, which appends to the log first."""
        log = self.file.with_name(self.file.name + "-wal")
        old, new = before.get(log, b""), after.get(log, b"")
        changed = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
        # Often only the answer is missing.
        at = len(new) if self._rng.random() < 0.4 else self._rng.randint(changed, len(new))
        return after if at == len(new) else {**before, log: new[:at] + old[at:]}

    def _restart(self, left: dict[Path, bytes]) -> None:
        self.store.close()
        for suffix in ("-wal", "-shm"):
            self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)
        for path, content in left.items():
            path.write_bytes(content)
        self._left = None
        self._start()

    @property
    def url(self) -> str:
        return f"sqlite:///{self.file}"

    def _valid(self, token: str) -> bool:
        known = self.tokens.get(token.partition("/")[0])
        return known is not None and known.valid(token)

    def back_up(self) -> None:
        """Tonight's copy, verified."""
        self.night = backup.make(self.store, self.url, self.folder / f"night-{next(self.nights)}.db")

    def restore(self, *, told: bool) -> None:
        """Last night's copy in place of the database: by the command, or copied back behind its back."""
        assert self.night is not None
        self.store.close()
        if told:
            backup.restore(self.night, self.url, replace=True)
        else:
            for suffix in ("-wal", "-shm"):
                self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)
            shutil.copyfile(self.night, self.file)
        self.clock.at += dt.timedelta(hours=1)
        self.restored += 1
        self._start()

    def close(self) -> None:
        self.store.close()


class Machine:
    """An officer's machine: disk, clock, line, and the client's process on it."""

    def __init__(self, folder: Path, server: Server, officer: str, loop: asyncio.AbstractEventLoop, seed: int) -> None:
        self.officer, self.server = officer, server
        self.rng = random.Random(seed)
        self.profile = Profile(folder)
        self.now = START
        self.kill_at: int | None = None
        self.events = self.kills = 0
        self.disk = Disk(folder, self._event)
        self.tokens = server.tokens.setdefault(officer, Tokens(officer))
        self.line = Line(loop, self.rng, self._event)
        self.store: Store | None = None
        self.metered = False

    def meter(self, metered: bool) -> None:
        """Whether only lists and what is opened is fetched, also after the next start."""
        self.metered = metered
        if self.store is not None:
            self.engine.metered = metered

    def _event(self, what: str) -> None:
        if self.disk.dead:
            raise Killed(what)
        self.events += 1
        if self.kill_at is not None and self.events >= self.kill_at:
            self.kill_at = None
            self.kills += 1
            self.disk.dead = True
            raise Killed(what)

    def clock(self) -> dt.datetime:
        self.now += dt.timedelta(milliseconds=3)
        return self.now

    def open(self) -> Store:
        """The running client, started where it does not run."""
        if self.store is None:
            try:
                self.store = Store.open(self.profile, KEY, now=self.clock, rng=_Bytes(self.rng))
            except CacheError:
                self.disk.close_all()
                raise
            except apsw.FullError:
                # Closing what was half open writes once more; SQLite would say nothing of that, see `end`.
                self.disk.close_all()
                raise DiskFull from None
            self.http = SimHttp(self.line)
            transport = HttpTransport(self.http, self.tokens)
            self.engine = Engine(self.store.sync, transport, self.clock, metered=self.metered)
            ticks = itertools.count()
            self.transfers = Transfers(
                self.store.sync, self.store.file_moves, transport, self.clock, lambda: next(ticks) / 1000
            )
        return self.store

    @contextmanager
    def dies(self) -> Iterator[None]:
        """Around anything during which the process may be killed: then nothing more of it happens."""
        try:
            yield
        except BaseException:
            if not self.disk.dead:
                raise
        if self.disk.dead:
            self.end()

    def end(self, *, power: bool = False) -> None:
        """The process is gone, orderly or not; with `power` so is what was not synchronised."""
        if power:
            self.disk.dead = True
        if self.store is not None:
            # SQLite keeps quiet about a checkpoint that fails while it closes; only the simulated disk speaks up.
            with suppress(Killed, apsw.Error):
                self.store.close()
            self.http.close()
        self.disk.close_all()
        self.store = None
        if power:
            self.disk.lose_power(self.rng)
        self.disk.dead = False
        self.disk.files.clear()
        self.kill_at = None

    @contextmanager
    def calm(self) -> Iterator[None]:
        """Around looking: nothing planned happens meanwhile."""
        room, kill_at, events = self.disk.room, self.kill_at, self.events
        self.disk.room = self.kill_at = None
        try:
            yield
        finally:
            self.disk.room, self.kill_at, self.events = room, kill_at, events

    def kill_within(self, events: int) -> None:
        """End the process at one of its next writes, syncs, requests or replies."""
        self.kill_at = self.events + self.rng.randint(1, events)

    def sync(self) -> Report | None:
        """One synchronisation; None where a typed error ended it."""
        self.line.app = self.server.app
        self.open()
        try:
            return synchronise(self.engine, self.transfers)
        except (SyncError, CacheError):
            return None


class _Bytes:
    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def token_bytes(self, count: int) -> bytes:
        return self._rng.randbytes(count)
