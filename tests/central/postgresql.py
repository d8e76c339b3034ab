"""A PostgreSQL server of the tests' own: in a temporary folder, on a socket there, gone with the process."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

MISSING = "PostgreSQL's server programs are not here (initdb, postgres); install the package postgresql"


def programs() -> Path | None:
    """The folder of the newest server programs, None where there are none."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: float(each.parent.name))
    if found := shutil.which("initdb"):
        folders.append(Path(found).resolve().parent)
    whole = [each for each in folders if (each / "initdb").exists() and (each / "postgres").exists()]
    return whole[-1] if whole else None


class Cluster:
    """A running server. Each database is a copy of one that `keep` was called for, and used again once nobody has it
    open: filling tables takes a tenth of the time of making a database.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, Keeper] = {}
        self._conn = self._connect("postgres")

    def _connect(self, name: str, **more: str) -> psycopg.Connection:
        return psycopg.connect(host=str(self._folder), dbname=name, user="imi", autocommit=True, **more)

    def address(self, name: str) -> str:
        return f"postgresql+psycopg://imi@/{name}?host={self._folder}"

    def empty(self, encoding: str = "UTF8") -> str:
        """The address of a new database without any table."""
        name = f"empty{uuid.uuid4().hex}"
        self._conn.execute(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING '{encoding}'")
        return self.address(name)

    def keep(self, address: str) -> None:
        """Remember what is in the tables of this database."""
        self._template = address.partition("@/")[2].partition("?")[0]
        with self._connect(self._template) as conn:
            self.tables = [
                name for (name,) in conn.execute("SELECT tablename FROM pg_tables WHERE schemaname='public'")
            ]
            conn.execute("CREATE SCHEMA kept")
            for each in self.tables:
                conn.execute(f'CREATE TABLE kept."{each}" AS TABLE public."{each}"')

    def copy(self) -> str:
        """The address of a database that holds what was kept."""
        open_ = self._conn.execute("SELECT DISTINCT datname FROM pg_stat_activity WHERE application_name <> 'keeper'")
        used = {name for (name,) in open_}
        for name in [each for each in self._made if each not in used]:
            try:
                self.fill_again(name)
            except psycopg.Error:
                # A test changed its tables: nobody else gets it.
                self._made.pop(name).close()
                continue
            return self.address(name)
        name = f"copy{uuid.uuid4().hex}"
        self._conn.execute(f'CREATE DATABASE "{name}" TEMPLATE "{self._template}"')
        self._made[name] = Keeper()
        return self.address(name)

    def twin(self, name: str) -> str:
        """The address of a copy of a database that nobody has open."""
        twin = f"twin{uuid.uuid4().hex}"
        if name in self._made:
            self._made[name].close()
        for _ in range(200):
            try:
                self._conn.execute(f'CREATE DATABASE "{twin}" TEMPLATE "{name}"')
                break
            except psycopg.errors.ObjectInUse:
                # Closed connections take a moment to end at the server.
                time.sleep(0.05)
        return self.address(twin)

    def fill_again(self, name: str) -> None:
        """Put back what was kept."""
        keeper = self._made[name]
        if keeper.conn is None:
            keeper.conn = self._connect(name, application_name="keeper")
        keeper.fillings += 1
        if keeper.fillings % THOROUGH:
            empty = [f'DELETE FROM public."{each}"' for each in self.tables]
        else:
            empty = ["TRUNCATE " + ", ".join(f'public."{each}"' for each in self.tables)]
        fill = [f'INSERT INTO public."{each}" SELECT * FROM kept."{each}"' for each in self.tables]
        keeper.conn.execute("; ".join([*empty, *fill]))

    def close(self) -> None:
        for keeper in self._made.values():
            keeper.close()
        self._conn.close()


THOROUGH = 10
"""Deleting rows takes a tenth of the time of emptying tables, but their room comes back only so many fillings later."""


class Keeper:
    """The connection that fills a database again, kept because opening one takes longer than filling."""

    def __init__(self) -> None:
        self.conn: psycopg.Connection | None = None
        self.fillings = 0

    def close(self) -> None:
        if self.conn is not None:
            self.conn.close()
            self.conn = None


class Server:
    """The programs of a server on a folder of its own, which it can be started on again. It ends with this process at
    the latest.
    """

    def __init__(self, bin: Path, options: dict[str, str]) -> None:
        self._bin = bin
        self.folder = Path(tempfile.mkdtemp(prefix="imi-pg-"))
        # Its programs refuse to run as root.
        user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self._user: dict[str, Any] = (
            {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user is not None else {}
        )
        if user is not None:
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        data = self.folder / "data"
        initdb = [bin / "initdb", "--no-sync", "--auth=trust", "--username=imi", "--encoding=UTF8", "--locale=C", data]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, timeout=120, cwd=self.folder, **self._user)
        given = {"listen_addresses": "", "unix_socket_directories": str(self.folder), **options}
        self._arguments = [part for name, value in given.items() for part in ("-c", f"{name}={value}")]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin; it takes connections a little later."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self.folder / "data", *self._arguments],
                stderr=log,
                stdout=log,
                cwd=self.folder,
                preexec_fn=_die_along,
                **self._user,
            )

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """End all its processes: at once, as a crash does, or (SIGINT) after rolling back what runs."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    def reached(self) -> Cluster:
        """Connections to it, as soon as it takes them."""
        end = time.monotonic() + 60
        while True:
            try:
                return Cluster(self.folder)
            except psycopg.OperationalError:
                ended = self._process is None or self._process.poll() is not None
                if ended or time.monotonic() > end:
                    raise RuntimeError((self.folder / "log").read_text()) from None
                time.sleep(0.02)

    def close(self) -> None:
        """End it and remove its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


QUICK = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "max_connections": "300",
    "shared_buffers": "32MB",
}
"""Options of a server that keeps nothing safe."""


@contextmanager
def cluster(bin: Path) -> Iterator[Cluster]:
    """Start a server that keeps nothing safe and ends with this process at the latest."""
    server = Server(bin, QUICK)
    try:
        server.start()
        opened = server.reached()
        yield opened
        opened.close()
    finally:
        server.close()


def _die_along() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)
