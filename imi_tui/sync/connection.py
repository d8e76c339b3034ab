"""TLS and socket settings for slow lines: small handshakes, resumed sessions, one packet per request."""

from __future__ import annotations

import ssl
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2, what is still recommended (RFC 9325, section 4.2); TLS 1.3 has its own."""
BUFFER_SIZE = 16 * 1024
"""Bytes that are buffered before a request is written."""
# SSL_OP_TLSEXT_PADDING, which `ssl` has no name for: it doubles a greeting for the sake of a load balancer of 2013.
_PADDING = 0x10


class Trust(ssl.SSLContext):
    """The system's certificate authorities (an organisation's own among them) and those that come with httpx.

    Belongs to one `Http` and outlives its connections: a server that gave a ticket resumes and sends no certificate.
    """

    def __new__(cls) -> Trust:
        """A client's context: certificate and host name are checked."""
        return super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)

    def __init__(self) -> None:
        self._sessions: dict[str, ssl.SSLSession] = {}
        self.set_ciphers(CIPHERS)
        self.options &= ~_PADDING
        # Some 0.2 s of reading, which the connection takes to be made anyway.
        self._loading = Thread(target=self._load, name="imi-trust", daemon=True)
        self._failed: Exception | None = None
        self._loading.start()

    def _load(self) -> None:
        import certifi

        try:
            self.load_default_certs(ssl.Purpose.SERVER_AUTH)
            self.load_verify_locations(certifi.where())
        except (ImportError, OSError) as error:
            self._failed = error

    def wrap_socket(self, sock: socket.socket, *args: Any, **named: Any) -> ssl.SSLSocket:
        """As the base does, from the session that was kept for this server."""
        self._loaded()
        known = self._sessions.get(named.get("server_hostname") or "")
        return super().wrap_socket(sock, *args, **({"session": known} | named if known is not None else named))

    def wrap_bio(self, *args: Any, **named: Any) -> ssl.SSLObject:
        """As the base does: of a connection within that of a proxy."""
        self._loaded()
        return super().wrap_bio(*args, **named)

    def _loaded(self) -> None:
        self._loading.join()
        if self._failed is not None:
            raise ssl.SSLError("the certificate authorities cannot be read") from self._failed

    def keep(self, sock: object) -> None:
        """Keep the session of a connection that has answered, for the next one."""
        if isinstance(sock, ssl.SSLSocket) and sock.context is self and (session := sock.session) is not None:
            self._sessions[sock.server_hostname or ""] = session


def buffer_writes(stream: Any) -> None:
    """Make a stream of httpcore buffer what is written until something is read.

    The library writes headers and body separately, each of which would be a packet and a TLS record of its own.
    """
    import httpcore

    write: Callable[..., None] = stream.write
    read: Callable[..., bytes] = stream.read
    held = bytearray()

    def let_go(timeout: float | None) -> None:
        data = bytes(held)
        held.clear()
        if data:
            write(data, timeout)

    def write_later(buffer: bytes, timeout: float | None = None) -> None:
        held.extend(buffer)
        if len(held) >= BUFFER_SIZE:
            let_go(timeout)

    def read_now(max_bytes: int, timeout: float | None = None) -> bytes:
        # A server that refuses a request may answer and hang up before all of it is written.
        with suppress(httpcore.WriteError):
            let_go(timeout)
        return read(max_bytes, timeout)

    stream.write, stream.read = write_later, read_now
