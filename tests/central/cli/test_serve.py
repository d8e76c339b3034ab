"""One real server process: where it listens, what it answers, how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.responses import JSONResponse
from uvicorn.server import ServerState

from imi_central.cli import main
from imi_central.serve import GRACE_SECONDS, _config, _hang_up, _listen, _reread, _Server, _url
from imi_central.settings import Settings, SettingsError
from tests.central.cli.running import SECRET, Running, Wire, started
from tests.sim.test_tls import Issuer


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with started(tmp_path) as each:
        yield each


def test_an_answer_does_not_wait_for_its_head_to_be_acknowledged(tmp_path: Path) -> None:
    with _listen(Settings(data=tmp_path, port=0)) as listening, socket.create_connection(listening.getsockname()):
        connection, _ = listening.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("ends", ["", "Connection: close\r\n"], ids=["kept", "closed"])
def test_head_and_body_of_an_answer_leave_as_one(tmp_path: Path, ends: str) -> None:
    async def go() -> Wire:
        config = _config(Settings(data=tmp_path), JSONResponse({"ok": True}))
        protocol = config.http_protocol_class(config=config, server_state=ServerState(), app_state={})  # type: ignore[operator, union-attr]
        wire = Wire()
        protocol.connection_made(wire)
        protocol.data_received(f"GET / HTTP/1.1\r\nHost: x\r\n{ends}\r\n".encode())
        while not wire.written:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        protocol.connection_lost(ConnectionError())
        return wire

    wire = asyncio.run(go())
    [whole] = wire.written
    assert whole.startswith(b"HTTP/1.1 200 OK\r\n")
    assert whole.endswith(b'\r\n\r\n{"ok":true}')
    assert wire.closed == bool(ends)


def test_a_handshake_gives_one_ticket(tmp_path: Path) -> None:
    pem = Issuer(tmp_path).server()
    config = _config(Settings(data=tmp_path, certificate=str(pem), key=str(pem)), JSONResponse({}))
    assert config.ssl is not None
    assert config.ssl.num_tickets == 1


def test_a_certificate_is_read_anew_unless_it_is_half_a_pair(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    issuer, key = Issuer(tmp_path), tmp_path / "key.pem"
    certificate = issuer.server()
    shutil.copy(certificate, key)
    settings = Settings(data=tmp_path, certificate=str(certificate), key=str(key))
    context = _config(settings, JSONResponse({})).ssl
    assert context is not None
    first = _shown(context)
    issuer.server()
    _reread(context, settings)
    assert _shown(context) == first
    assert "the one before stays" in caplog.text
    shutil.copy(certificate, key)
    _reread(context, settings)
    assert _shown(context) not in (first, None)


def _shown(context: ssl.SSLContext) -> bytes | None:
    """The certificate that a client is shown."""
    near, far = socket.socketpair()
    client = ssl.create_default_context()
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE

    def answer() -> None:
        with contextlib.suppress(OSError), context.wrap_socket(far, server_side=True) as each:
            each.recv(1)

    thread = threading.Thread(target=answer)
    thread.start()
    with client.wrap_socket(near) as each:
        shown = each.getpeercert(binary_form=True)
    thread.join()
    return shown


def test_a_server_that_is_to_outlive_its_terminal_does(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGHUP)
    server = uvicorn.Server(_config(Settings(data=tmp_path), JSONResponse({})))
    try:
        for told, ends in ((signal.SIG_IGN, False), (signal.SIG_DFL, True)):
            signal.signal(signal.SIGHUP, told)
            _hang_up(server, Settings(data=tmp_path))
            signal.raise_signal(signal.SIGHUP)
            assert server.should_exit is ends
    finally:
        signal.signal(signal.SIGHUP, before)


def test_behind_a_proxy_the_address_for_clients_is_needed(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, port=0, trusted_proxies=("10.0.0.1",))
    with _listen(settings) as listening, pytest.raises(SettingsError, match="url"):
        _url(settings, listening)


def test_a_server_process_from_start_to_end(running: Running) -> None:
    process, url, token = running
    assert url.startswith("http://127.0.0.1:")
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "zstd"}
    with httpx.Client(base_url=url, trust_env=False) as client:
        session = client.get("/jmap/session", headers=headers)
        assert session.status_code == 200
        assert session.headers["content-encoding"] == "zstd"
        assert session.headers["cache-control"] == "no-store"
        assert session.headers["x-content-type-options"] == "nosniff"
        assert "server" not in session.headers
        assert session.json()["apiUrl"] == f"{url}/jmap/api"
        metadata = client.get("/.well-known/oauth-authorization-server").json()
        assert metadata["token_endpoint"] == f"{url}/oauth/token"
        plain = client.get("/jmap/session", headers={**headers, "Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        missing = client.get(f"/jmap/download/fr-a_pw/none/{SECRET}.pdf", headers=headers)
        assert missing.status_code == 404
        assert client.get(f"/{SECRET}").json()["type"] == "urn:imi:error:notFound"
        assert client.put("/jmap/api").status_code == 405
        # A connection that is kept open does not keep the server.
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
    assert time.monotonic() - started < GRACE_SECONDS
    assert process.returncode == 0
    assert f"IMI central server at {url}" in out
    assert "GET /jmap 200" in err
    for secret in (token, SECRET, "fr-a"):
        assert secret not in err


def test_more_clients_than_files_a_process_begins_with(running: Running) -> None:
    host, port = running.url.removeprefix("http://").split(":")
    with contextlib.ExitStack() as held:
        for _ in range(200):
            held.enter_context(socket.create_connection((host, int(port)), timeout=20))
        assert httpx.get(f"{running.url}/health", trust_env=False, timeout=20).status_code == 200


def test_who_only_listens_hears_the_end(running: Running) -> None:
    process, url, token = running
    address = f"{url}/jmap/eventsource?types=*&closeafter=no&ping=60"
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
    with httpx.stream("GET", address, headers=headers, trust_env=False, timeout=20) as answer:
        pieces = answer.iter_raw()
        first = next(pieces)
        while b"StateChange" not in first:
            first += next(pieces)
        process.send_signal(signal.SIGTERM)
        # A connection that is cut would raise here.
        assert list(pieces) == []
    assert process.wait(20) == 0


def test_the_rates_of_the_settings_hold(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("searches_per_minute = 1\n")
    with started(tmp_path, "--writes-per-minute", "1") as running:
        headers = {"Authorization": f"Bearer {running.token}"}

        def ask(*call: object) -> int:
            using = ["urn:ietf:params:jmap:core", "urn:imi:case"]
            body = {"using": using, "methodCalls": [[*call, "c"]]}
            return httpx.post(f"{running.url}/jmap/api", json=body, headers=headers, trust_env=False).status_code

        search = ("Authority/query", {"accountId": "directory"})
        write = ("Entry/set", {"accountId": "fr-a_pw", "create": {"k": {}}})
        assert [ask(*search), ask(*search), ask(*write), ask(*write)] == [200, 429, 200, 429]


def test_a_server_to_which_somebody_listens_is_not_idle() -> None:
    server = _Server(uvicorn.Config("none:none"), lambda: None, 10.0, lambda: None)
    server._last_request -= 20
    server.server_state.tasks.add(object())  # type: ignore[arg-type]
    assert not asyncio.run(server.on_tick(1))
    server.server_state.tasks.clear()
    assert not asyncio.run(server.on_tick(1))
    server._last_request -= 20
    assert asyncio.run(server.on_tick(1))


def test_a_taken_address_says_so(running: Running, tmp_path: Path) -> None:
    port = running.url.rpartition(":")[2]
    done = subprocess.run(
        [sys.executable, "-m", "imi_central.cli", "serve", "--port", port, "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 6
    assert f"port {port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_certificate_that_is_none_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cert.pem").write_text("no certificate")
    files = ["--certificate", str(tmp_path / "cert.pem"), "--key", str(tmp_path / "cert.pem")]
    assert main(["serve", "--port", "0", "--data", str(tmp_path), *files]) == 3
    assert "cert.pem" in capsys.readouterr().err
