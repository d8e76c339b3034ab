"""What a connection costs: a small greeting, a certificate once, a request in one piece."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpcore
import pytest

from imi_tui.sync.connection import BUFFER_SIZE, Trust, buffer_writes
from imi_tui.sync.errors import TlsProblem
from imi_tui.sync.http import Http
from tests.sim.test_tls import Issuer

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@contextmanager
def serving(context: ssl.SSLContext) -> Iterator[tuple[str, list[bool]]]:
    """A server that answers one request a connection: its address, and which connections were resumed."""
    resumed: list[bool] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listening.accept()
            except OSError:
                return
            # A client may not like the certificate.
            with suppress(ssl.SSLError), context.wrap_socket(plain, server_side=True) as line:
                resumed.append(bool(line.session_reused))
                while b"\r\n\r\n" not in line.recv(65536):
                    pass
                line.sendall(ANSWER)
                line.recv(1)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"https://localhost:{listening.getsockname()[1]}", resumed
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


def test_a_second_connection_resumes_and_another_clients_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer = Issuer(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(issuer.file))
    with serving(issuer.context()) as (url, resumed):
        http, other = Http(url), Http(url)
        for each in (http, http, other):
            assert each.get("/x").status == 200
            each.close()
    assert resumed == [False, True, False]


def test_a_session_of_another_server_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    issuer = Issuer(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(issuer.file))
    trust = Trust()
    with serving(issuer.context()) as (url, resumed):
        address = ("127.0.0.1", int(url.rpartition(":")[2]))
        for _ in range(2):
            with trust.wrap_socket(socket.create_connection(address), server_hostname="localhost") as line:
                line.sendall(b"\r\n\r\n")
                assert line.recv(65536) == ANSWER
                trust.keep(line)
        with pytest.raises(ssl.SSLCertVerificationError):
            trust.wrap_socket(socket.create_connection(address), server_hostname="other.example")
    assert resumed[:2] == [False, True]


@pytest.mark.parametrize("within", [False, True])
def test_no_connection_is_made_before_the_authorities_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, within: bool
) -> None:
    issuer = Issuer(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(issuer.file))
    go, load = threading.Event(), Trust.load_default_certs

    def late(trust: Trust, purpose: ssl.Purpose) -> None:
        go.wait(10)
        load(trust, purpose)

    monkeypatch.setattr(Trust, "load_default_certs", late)
    trust = Trust()
    threading.Timer(0.1, go.set).start()
    if within:
        trust.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="localhost")
        assert go.is_set()
        return
    with serving(issuer.context()) as (url, _):
        address = ("127.0.0.1", int(url.rpartition(":")[2]))
        with trust.wrap_socket(socket.create_connection(address), server_hostname="localhost") as line:
            line.sendall(b"\r\n\r\n")
            assert line.recv(65536) == ANSWER


@pytest.mark.parametrize("error", [FileNotFoundError, ModuleNotFoundError])
def test_without_authorities_nobody_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    issuer = Issuer(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(issuer.file))

    def gone() -> str:
        raise error("cacert.pem")

    monkeypatch.setattr("certifi.where", gone)
    with serving(issuer.context()) as (url, resumed), pytest.raises(TlsProblem):
        Http(url).get("/x")
    assert resumed == []


def test_the_greeting_is_small() -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    trust = Trust()
    trust.set_alpn_protocols(["http/1.1"])
    line = trust.wrap_bio(incoming, outgoing, server_hostname="imi.example.europa.eu")
    with pytest.raises(ssl.SSLWantReadError):
        line.do_handshake()
    # A padded one has 517.
    assert len(outgoing.read()) < 320
    assert trust.verify_mode is ssl.CERT_REQUIRED
    assert trust.check_hostname


class Stream:
    """Notes what reaches the line."""

    def __init__(self, *, broken: bool = False) -> None:
        self.written: list[bytes] = []
        self.broken = broken

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if self.broken:
            raise httpcore.WriteError
        self.written.append(buffer)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return b"answer"


def test_head_and_body_leave_as_one() -> None:
    stream = Stream()
    buffer_writes(stream)
    for part in (b"head", b"body", b""):
        stream.write(part)
    assert stream.written == []
    assert stream.read(10) == b"answer"
    assert stream.written == [b"headbody"]
    stream.read(10)
    assert stream.written == [b"headbody"]


def test_a_long_body_leaves_in_pieces() -> None:
    stream = Stream()
    buffer_writes(stream)
    stream.write(b"head")
    stream.write(b"x" * BUFFER_SIZE)
    assert stream.written == [b"head" + b"x" * BUFFER_SIZE]


def test_what_a_server_said_before_it_hung_up_is_read() -> None:
    stream = Stream(broken=True)
    buffer_writes(stream)
    stream.write(b"head")
    assert stream.read(10) == b"answer"


def test_a_request_is_one_write(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    write = httpcore._backends.sync.SyncStream.write

    def noted(self: object, buffer: bytes, timeout: float | None = None) -> None:
        written.append(buffer)
        write(self, buffer, timeout)  # type: ignore[arg-type]

    monkeypatch.setattr(httpcore._backends.sync.SyncStream, "write", noted)
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        line, _ = listening.accept()
        with line:
            while not line.recv(65536).endswith(b'{"a":1}'):
                pass
            line.sendall(ANSWER)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with listening:
        http = Http(f"http://127.0.0.1:{listening.getsockname()[1]}")
        assert http.post("/x", {"a": 1}).data == {}
        http.close()
        thread.join(5)
    [whole] = written
    assert whole.startswith(b"POST /x HTTP/1.1\r\n")
    assert whole.endswith(b'\r\n\r\n{"a":1}')
