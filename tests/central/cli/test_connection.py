"""Connections that say nothing, or never end what they say; and how they end with the server."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.responses import JSONResponse, Response
from uvicorn.server import ServerState

from imi_central import connection
from imi_central.connection import Connection
from imi_central.serve import _config
from imi_central.settings import Settings
from tests.central.cli.running import Running, Wire, started
from tests.sim.test_tls import Issuer

STEP = 64 * 1024
WHOLE = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
BODY = b"POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"


def talk(tmp_path: Path, *said: bytes | Callable[[Wire], bool]) -> Wire:
    """A client that says this, and waits where it is told for what."""

    async def go() -> Wire:
        config = _config(Settings(data=tmp_path), JSONResponse({"ok": True}))
        protocol = Connection(config=config, server_state=ServerState(), app_state={})
        wire = Wire()
        protocol.connection_made(wire)
        for each in said:
            if isinstance(each, bytes):
                protocol.data_received(each)
            else:
                async with asyncio.timeout(20):
                    while not each(wire):
                        await asyncio.sleep(0.001)
        protocol.connection_lost(ConnectionError())
        return wire

    return asyncio.run(go())


def answered(times: int) -> Callable[[Wire], bool]:
    return lambda wire: b"".join(wire.written).count(b'{"ok":true}') == times


def closed(wire: Wire) -> bool:
    return wire.closed


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.02)


@pytest.mark.usefixtures("soon")
def test_a_connection_on_which_nothing_is_asked_is_closed(tmp_path: Path) -> None:
    assert talk(tmp_path, closed).written == []


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("before", [(), (WHOLE, answered(1))], ids=["first", "second"])
@pytest.mark.parametrize("begun", [b"GET /health HTTP/1.1\r\nX: ", b"\r\n"], ids=["head", "empty-lines"])
def test_a_head_that_does_not_end_is_closed(
    tmp_path: Path, before: tuple[bytes | Callable[[Wire], bool], ...], begun: bytes
) -> None:
    wire = talk(tmp_path, *before, begun, closed)
    head, _, body = b"".join(wire.written[len(before) // 2 :]).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"connection: close" in head
    assert json.loads(body)["status"] == 408


@pytest.mark.usefixtures("soon")
def test_a_body_that_nobody_waits_for_ends_with_its_connection(tmp_path: Path) -> None:
    wire = talk(tmp_path, BODY, answered(1), b"x", closed)
    assert len(wire.written) == 1


def test_a_head_without_end_is_refused_by_its_bytes(tmp_path: Path) -> None:
    piece = b"X: " + b"a" * 8000 + b"\r\n"
    wire = talk(tmp_path, WHOLE[:-2], *[piece] * 5, closed)
    assert b"".join(wire.written).startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")


def test_long_bodies_and_many_requests_are_no_head(tmp_path: Path) -> None:
    post = BODY.replace(b"10", b"200000")
    said = [part for _ in range(3) for part in (post, b"b" * 100_000, b"b" * 100_000 + WHOLE)]
    wire = talk(tmp_path, *said, answered(6))
    assert not wire.closed


LONG = b"x" * 4_000_000


@pytest.mark.parametrize("reads", [False, True], ids=["nothing is taken", "it is taken slowly"])
def test_an_answer_that_nobody_takes_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: bool) -> None:
    """It would stay in memory for as long as its client stays connected."""
    monkeypatch.setattr(connection, "TAKE_SECONDS", 0.4)

    async def go() -> int:
        config = _config(Settings(data=tmp_path), Response(LONG))
        state = ServerState()
        loop = asyncio.get_running_loop()
        made = lambda: Connection(config=config, server_state=state, app_state={})  # noqa: E731
        # What the system holds for a connection does not count, so it gets little.
        listening, client = socket.create_server(("127.0.0.1", 0)), socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, STEP)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, STEP)
        server = await loop.create_server(made, sock=listening)
        client.setblocking(False)
        await loop.sock_connect(client, listening.getsockname())
        reader, writer = await asyncio.open_connection(sock=client, limit=STEP)
        writer.write(WHOLE)
        came = 0
        async with asyncio.timeout(20):
            while not state.connections:
                await asyncio.sleep(0.001)
            if reads:
                while came < len(LONG):
                    came += len(await reader.read(STEP))
                    await asyncio.sleep(0.02)
            else:
                while state.connections:
                    await asyncio.sleep(0.01)
        writer.close()
        server.close()
        return came

    assert (asyncio.run(go()) >= len(LONG)) is reads


@pytest.fixture(params=["http", "https"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Running, ssl.SSLContext | None]]:
    context, more = None, []
    if request.param == "https":
        issuer = Issuer(tmp_path)
        pem = str(issuer.server())
        more = ["--certificate", pem, "--key", pem]
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with started(tmp_path, *more) as running:
        yield running, context


def connected(server: tuple[Running, ssl.SSLContext | None]) -> socket.socket:
    running, context = server
    host, port = running.url.partition("//")[2].split(":")
    plain = socket.create_connection((host, int(port)), timeout=20)
    return context.wrap_socket(plain) if context is not None else plain


def stopped(process: subprocess.Popen[str]) -> str:
    """What the server said until it ended."""
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    return said


def test_who_keeps_a_connection_keeps_no_server(server: tuple[Running, ssl.SSLContext | None]) -> None:
    process, has_certificate = server[0].process, server[1] is not None
    if has_certificate:
        process.send_signal(signal.SIGHUP)
    with connected(server) as client:
        client.sendall(WHOLE)
        assert client.recv(100).startswith(b"HTTP/1.1 200")
        # Who has no certificate to read anew has lost the terminal.
        process.send_signal(signal.SIGTERM if has_certificate else signal.SIGHUP)
        said = stopped(process)
        assert "exceeded" not in said
        assert ("the certificate was read anew" in said) is has_certificate


def test_a_body_that_stands_still_keeps_no_server(server: tuple[Running, ssl.SSLContext | None]) -> None:
    process, token = server[0].process, server[0].token
    with connected(server) as client:
        _begin(client, token)
        process.send_signal(signal.SIGTERM)
        assert "exceeded" not in stopped(process)


def test_what_is_asked_when_the_server_stops_is_answered(server: tuple[Running, ssl.SSLContext | None]) -> None:
    process, token = server[0].process, server[0].token
    with connected(server) as client:
        _begin(client, token)
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        assert any("Waiting for connections" in line for line in process.stderr)
        client.sendall(b'"using":[],"methodCalls":[]}')
        said = client.recv(1000)
        assert said.startswith(b"HTTP/1.1 200")
        assert b"connection: close" in said
        stopped(process)


def _begin(client: socket.socket, token: str) -> None:
    """The first byte of a request that the server waits for."""
    head = f"POST /jmap/api HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    client.sendall(head.encode() + b"Content-Length: 29\r\nExpect: 100-continue\r\n\r\n")
    assert client.recv(100).startswith(b"HTTP/1.1 100 Continue")
    client.sendall(b"{")
