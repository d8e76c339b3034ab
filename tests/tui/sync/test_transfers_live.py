"""Real processes on a real line that is cut anywhere: killed, started again, and every byte is there once (F8, F9)."""

from __future__ import annotations

import datetime as dt
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from imi_central.store import Store as Central
from imi_central.store.identity import Sessions
from imi_tui.cache.outbox.draft import Draft
from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from tests.central.world import LYON, REQUEST, ROSENHEIM
from tests.effort import tries
from tests.tui.live import live_server
from tests.tui.sync.test_transfers import carried
from tests.tui.sync.world import KEY

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")

ROOT = Path(__file__).parents[3]
STARTS = 15
"""Three times as many as it takes."""
DATA = b"%PDF-1.7 " + random.Random(2).randbytes(1_500_000)
CHILD = """
import datetime as dt, os, random, sys, time
from pathlib import Path
from imi_tui.cache.files import sealed
from imi_tui.cache.files.transfers import FileMoves
from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from imi_tui.signin.tokens import GivenToken
from imi_tui.sync import transfers
from imi_tui.sync.engine import Engine
from imi_tui.sync.errors import SyncError
from imi_tui.sync.http import Http
from imi_tui.sync.transport import HttpTransport

home, url, token, seed = sys.argv[1:]
left = [random.Random(int(seed)).randrange(6, 60)]

def step():
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), 9)

def deadly(owner, name):
    real = getattr(owner, name)
    def wrapped(*given, **named):
        step()
        out = real(*given, **named)
        step()
        return out
    setattr(owner, name, wrapped)

for name in ("sent_part", "received", "uploaded", "finish", "content"):
    deadly(FileMoves, name)
for name in ("sync", "_put", "finish"):
    deadly(sealed.Writer, name)
deadly(Http, "_send")

def now():
    return dt.datetime.now(dt.UTC)

store = Store.open(Profile(Path(home)), bytes(range(32)))
for _ in range(40):
    http = Http(url)
    transport = HttpTransport(http, GivenToken(token))
    moves = transfers.Transfers(store.sync, store.file_moves, transport, now, time.monotonic)
    try:
        transfers.synchronise(Engine(store.sync, transport, now), moves)
        if not store.outbox():
            sys.exit(0)
    except SyncError as error:
        print(error.code, flush=True)
    finally:
        http.close()
sys.exit(9)
"""


@contextmanager
def cutting(server: str, seed: int) -> Iterator[str]:
    """An address before the server whose connections end after a random number of bytes in either direction."""
    target, draw = urlsplit(server), random.Random(seed)
    listening = socket.create_server(("127.0.0.1", 0))
    open_ones: list[socket.socket] = []

    def relay(source: socket.socket, sink: socket.socket, left: list[int]) -> None:
        with suppress(OSError):
            while data := source.recv(16384):
                left[0] -= len(data)
                sink.sendall(data[: len(data) + left[0]] if left[0] < 0 else data)
                if left[0] < 0:
                    break
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        with suppress(OSError):
            while True:
                near, _ = listening.accept()
                far = socket.create_connection((str(target.hostname), int(target.port or 0)))
                open_ones.extend((near, far))
                left = [draw.randrange(20_000, 600_000)]
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=relay, args=(*ends, left), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.close()
        for each in open_ones:
            each.close()


def until_done(home: Path, url: str, seed: int) -> tuple[int, int]:
    """Start the client again until it ends by itself; how often it was killed, how often the line broke."""
    cuts = 0
    for kills in range(STARTS):
        child = subprocess.run(
            [sys.executable, "-c", CHILD, str(home), url, "script-token", str(seed * 1000 + kills)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        cuts += child.stdout.count("offline")
        if child.returncode == 0:
            return kills, cuts
        assert child.returncode == -signal.SIGKILL, child.stderr[-2000:] + child.stdout
    raise AssertionError(f"it was started {STARTS} times and is not through; the line broke {cuts} times")


@pytest.mark.parametrize("seed", tries([1], [1, 2]))
def test_killed_and_cut_until_it_is_through(central: Central, tmp_path: Path, seed: int) -> None:
    home = tmp_path / "home"
    source = tmp_path / "a.pdf"
    source.write_bytes(DATA)
    with live_server(central, tmp_path) as server, cutting(server, seed) as url:
        # Behind the server's start, which sets passwords and so ends every session.
        Sessions(central).script_token("lyon", "script-token", dt.timedelta(hours=10))
        until_done(home, server, seed + 50)
        store = Store.open(Profile(home), KEY)
        made = store.files.attach(source)
        given = [{"blobId": f"ref:{made.id}", "name": made.name, "personal": True}]
        draft = Draft("d", LYON, "pw.info", "send", target=ROSENHEIM, answers=dict(REQUEST), attachments=given)
        store.queue(draft)
        store.close()
        kills, cuts = until_done(home, url, seed)
        assert kills > 0
        assert cuts > 0
        assert carried(central) == [DATA]

        store = Store.open(Profile(home), KEY)
        [case_id] = [id for id, *_ in store.sync.known(LYON, "")]
        detail = store.case(LYON, case_id)
        assert detail is not None
        [found] = [each for entry in detail.entries for each in entry.get("attachments", ())]
        store.files.want(LYON, case_id, found)
        store.close()
        kills, cuts = until_done(home, url, seed + 10)
        assert kills + cuts > 0
        store = Store.open(Profile(home), KEY)
        assert store.files.read(found) == DATA
        store.close()
