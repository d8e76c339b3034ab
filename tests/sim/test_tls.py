"""Certificates: what cannot be trusted is refused, what the system trusts is trusted (F29)."""

from __future__ import annotations

import datetime as dt
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from imi_tui.sync.errors import TlsProblem
from imi_tui.sync.http import Http

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Issuer:
    """An organisation's certificate authority."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        self.file = folder / "authority.pem"
        self.file.write_bytes(self._make("An organisation", self.key, NOW + DAY, "", authority=True))

    def _make(
        self, name: str, key: ec.EllipticCurvePrivateKey, until: dt.datetime, host: str, *, authority: bool = False
    ) -> bytes:
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name("An organisation"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - 9 * DAY)
            .not_valid_after(until)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if host:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def server(self, host: str = "localhost", until: dt.datetime = NOW + DAY) -> Path:
        """A key and a certificate for `host`."""
        key = ec.generate_private_key(ec.SECP256R1())
        file = self.folder / "server.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(private + self._make("Server", key, until, host))
        return file

    def context(self, host: str = "localhost", until: dt.datetime = NOW + DAY) -> ssl.SSLContext:
        """A server's side with a certificate for `host`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server(host, until))
        return context


@contextmanager
def serving(context: ssl.SSLContext) -> Iterator[tuple[str, list[str]]]:
    """An HTTPS server on localhost: its address, and the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """The client refused the certificate, as it should."""

    server = Quiet(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"https://localhost:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("wrong", ["expired", "name", "authority", "old protocol"])
def test_a_certificate_that_cannot_be_trusted_is_refused(
    wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer = Issuer(tmp_path)
    if wrong != "authority":
        monkeypatch.setenv("SSL_CERT_FILE", str(issuer.file))
    context = issuer.context(
        "other.example" if wrong == "name" else "localhost", NOW - DAY if wrong == "expired" else NOW + DAY
    )
    if wrong == "old protocol":
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with serving(context) as (url, asked):
        http = Http(url)
        with pytest.raises(TlsProblem):
            http.get("/jmap/session", "a-token")
        http.close()
        assert asked == []


def test_an_authority_the_system_trusts_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    issuer = Issuer(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(issuer.file))
    with serving(issuer.context()) as (url, asked):
        http = Http(url)
        assert http.get("/jmap/session", "a-token").status == 200
        http.close()
        assert asked == ["/jmap/session"]
