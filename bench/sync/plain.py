"""What the line itself takes: ``python -m bench.sync.plain serve ADDRESS BYTES`` and ``… fetch ADDRESS``.

The server sends so many bytes to the first who connects; the other prints the seconds until the last one is there.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from bench.sync.line import SERVER

if TYPE_CHECKING:
    from bench.sync.line import Line

PORT = 8461


def download(line: Line, size: int) -> float:
    """Seconds of one download of `size` bytes over a connection of its own."""
    module = [sys.executable, "-m", "bench.sync.plain"]
    serving = subprocess.Popen(
        line.at("server", [*module, "serve", SERVER, str(size)]), stdout=subprocess.PIPE, text=True
    )
    try:
        assert serving.stdout is not None
        serving.stdout.readline()
        fetching = line.at("client", [*module, "fetch", SERVER])
        told = subprocess.run(fetching, check=True, capture_output=True, text=True)
    finally:
        serving.terminate()
        serving.wait(20)
    return float(told.stdout)


def _serve(address: str, size: int) -> None:
    with socket.create_server((address, PORT)) as listening:
        print("ready", flush=True)
        near, _ = listening.accept()
        with near:
            # As an answer does: not before something was asked.
            near.recv(1)
            near.sendall(os.urandom(size))
            near.shutdown(socket.SHUT_WR)
            near.recv(1)


def _fetch(address: str) -> None:
    started = time.monotonic()
    with socket.create_connection((address, PORT)) as far:
        far.sendall(b"?")
        while far.recv(65536):
            pass
        print(time.monotonic() - started)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        _serve(sys.argv[2], int(sys.argv[3]))
    else:
        _fetch(sys.argv[2])
