"""What the head of a reply says before anything of it is read: who answered, and whether it is worth reading."""

from __future__ import annotations

import datetime as dt
import email.utils
from typing import TYPE_CHECKING

from imi_tui.sync.errors import CaptivePortal, Disabled, ProxyProblem, RateLimited, StreamRefused, Unavailable

if TYPE_CHECKING:
    import httpx

MAX_RETRY_AFTER = 3600.0


class TokenRefused(Exception):
    """Status 401 to a stream."""


def kind_of(response: httpx.Response) -> str:
    """The media type of a reply."""
    given: str = response.headers.get("content-type", "")
    return given.partition(";")[0].strip().lower()


def is_json(kind: str) -> bool:
    """Whether a media type is one of JSON."""
    return kind == "application/json" or kind.endswith("+json")


def check_status(status: int, kind: str, retry_after: float | None) -> None:
    """Raise `SyncError` for a status with which somebody in between answers, or that asks to come later."""
    if 300 <= status < 400:
        raise CaptivePortal(f"status {status} where no redirect is expected")
    match status:
        case 511:
            raise CaptivePortal("status 511")
        case 407:
            raise ProxyProblem("status 407")
        case 403 | 413 if not is_json(kind):
            # The server itself gives a reason with these.
            raise ProxyProblem(f"status {status}")
        case 429:
            raise RateLimited("status 429", retry_after)
        case 503:
            raise Unavailable("status 503", retry_after)


def check_stream(response: httpx.Response, wanted: str) -> None:
    """Raise `TokenRefused` or `SyncError` unless a stream of the media type `wanted` begins."""
    status = response.status_code
    kind = kind_of(response)
    if status == 401:
        raise TokenRefused
    check_status(status, kind, retry_after_of(response.headers.get("retry-after", "")))
    if status == 403:
        raise Disabled("status 403")
    if status != 200 or kind != wanted:
        raise StreamRefused(f"status {status}, a reply of the kind {kind[:40]!r}")


def retry_after_of(value: str) -> float | None:
    """Seconds a Retry-After header asks for (a number or a date), at most an hour; None without one."""
    if value.strip().isascii() and value.strip().isdigit():
        return min(float(value.strip()), MAX_RETRY_AFTER)
    moment = _http_date(value)
    if moment is None:
        return None
    return min(max((moment - dt.datetime.now(dt.UTC)).total_seconds(), 0.0), MAX_RETRY_AFTER)


def skew_of(value: str) -> float | None:
    """Seconds by which a Date header is ahead of this machine's clock; None without one."""
    moment = _http_date(value)
    return None if moment is None else (moment - dt.datetime.now(dt.UTC)).total_seconds()


def _http_date(value: str) -> dt.datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)
