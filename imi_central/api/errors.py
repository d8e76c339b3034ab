"""Problem details (RFC 7807): how a request as a whole is refused."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from starlette.responses import Response

log = logging.getLogger("imi_central")

_PREFIX = "urn:ietf:params:jmap:error:"


class Problem(Exception):
    """A request that is refused as a whole; becomes an ``application/problem+json`` response."""

    def __init__(
        self, status: int, type: str, detail: str = "", *, headers: dict[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(f"{status} {type}: {detail}")
        self.status, self.type, self.detail, self.headers, self.extra = status, type, detail, headers or {}, extra

    def response(self) -> Response:
        """The response to send."""
        body = {"type": self.type, "status": self.status, "detail": self.detail, **self.extra}
        return Response(
            msgspec.json.encode(body),
            self.status,
            {"Cache-Control": "no-store", **self.headers},
            "application/problem+json",
        )


class Unauthorized(Problem):
    """Raised by `authenticate`: there is no valid token. `challenge` is the value of WWW-Authenticate."""

    def __init__(self, challenge: str = 'Bearer realm="imi"', detail: str = "sign in first") -> None:
        super().__init__(401, "urn:imi:error:unauthorized", detail, headers={"WWW-Authenticate": challenge})


class Disabled(Problem):
    """The officer may not use the system any more."""

    def __init__(self) -> None:
        super().__init__(403, "urn:imi:error:officerDisabled", "this officer is disabled")


def not_json(detail: str) -> Problem:
    """The body is not JSON as I-JSON (RFC 7493) wants it."""
    return Problem(400, _PREFIX + "notJSON", detail)


def not_request(detail: str) -> Problem:
    """The body is JSON but no request object."""
    return Problem(400, _PREFIX + "notRequest", detail)


def unknown_capability(name: str) -> Problem:
    """`using` names something this server does not speak."""
    return Problem(400, _PREFIX + "unknownCapability", f"this server does not know {name!r}")


def over_limit(limit: str, detail: str, status: int = 400, **headers: str) -> Problem:
    """A limit of the session resource was passed."""
    return Problem(status, _PREFIX + "limit", detail, headers=headers, limit=limit)


def not_found() -> Problem:
    """There is no such thing, or it may not be seen: never told apart."""
    return Problem(404, "about:blank", "there is no such resource")


def unavailable(error: Exception) -> Problem:
    """The database cannot answer now. Why is for the log alone: the driver's words, which hold no data."""
    log.warning("the database does not answer: %s", next(iter(str(error).splitlines()), "") or type(error).__name__)
    return Problem(503, "urn:imi:error:unavailable", "try again soon", headers={"Retry-After": "5"})
