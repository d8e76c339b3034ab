"""What the engine needs of the world besides the cache: a way to the server, tokens, small secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import datetime as dt
    from contextlib import AbstractContextManager

    from imi_tui.sync.http import Part

Clock = Callable[[], "dt.datetime"]


class Transport(Protocol):
    """The server, as far as the engine is concerned. Data is cleaned; errors are `imi_tui.sync.errors`."""

    def session(self) -> dict[str, Any]:
        """The session resource."""

    def call(self, request: dict[str, Any]) -> dict[str, Any]:
        """One POST: a request object and its response object, both whole."""

    def stream(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """One POST of a request that only reads: its response objects, each as soon as it is whole.

        Raises `StreamRefused` before the first one where there are no streams.
        """

    @property
    def skew(self) -> float | None:
        """Seconds the server's clock is ahead of this machine's, as of the last reply."""


class FileTransport(Protocol):
    """The server, as far as files are concerned. Errors are `imi_tui.sync.errors`."""

    def call(self, request: dict[str, Any]) -> dict[str, Any]:
        """One POST: a request object and its response object, both whole."""

    def upload(self, desk: str, data: bytes) -> dict[str, Any]:
        """Leave bytes with the server: ``blobId``, ``size`` and ``sha256`` of what it has; empty for a lost desk."""

    def download(self, desk: str, blob_id: str, start: int, end: int, etag: str) -> AbstractContextManager[Part]:
        """Bytes of a file from `start` to `end`, as they come."""


class TokenSource(Protocol):
    """Where access tokens come from."""

    def token(self) -> str:
        """A token that is probably valid. Raises `NotSignedIn`."""

    def renewed(self, refused: str) -> str:
        """A token other than the one the server just refused. Raises `NotSignedIn`."""


class Secrets(Protocol):
    """Small secrets, encrypted at rest."""

    def secret(self, name: str) -> str | None:
        """The secret with this name."""

    def set_secret(self, name: str, value: str | None) -> None:
        """Keep it, or forget it."""

    def swap_secret(self, name: str, old: str, new: str | None) -> bool:
        """Where it is `old` at this moment, keep `new` or forget it; whether it was."""
