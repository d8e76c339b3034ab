"""Signing in without a browser on this machine: a code typed on another device (RFC 8628), where the server allows.

Only a fallback for SSH: whoever starts it has to compare the number shown here with that in the browser, because a
stranger could otherwise have the officer approve the stranger's terminal (RFC 10027).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imi_core.text import display
from imi_tui.signin import oauth
from imi_tui.signin.errors import DeviceNotAllowed, SignInCancelled, SignInExpired, SignInRefused
from imi_tui.sync.errors import Offline, RateLimited, ServerMistake, Unavailable

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from imi_tui.sync.http import Http

DEFAULT_INTERVAL = 5.0


@dataclass(frozen=True, slots=True)
class Code:
    """What the officer types on the other device; cleaned. `number` is to be compared, "" where there is none."""

    address: str
    code: str
    number: str
    seconds: float


def sign_in(
    http: Http,
    show: Callable[[Code], None],
    *,
    cancelled: threading.Event,
    wait: Callable[[float], object] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> oauth.Granted:
    """Sign in; blocks until the code was confirmed on the other device.

    `wait` sleeps so many seconds (by default until `cancelled` is set). Raises `DeviceNotAllowed`, `SignInExpired`,
    `SignInCancelled`, `SignInRefused`, `SyncError`.
    """
    endpoints = oauth.discover(http)
    if not endpoints.device:
        raise DeviceNotAllowed
    code, device_code, interval = _start(http, endpoints)
    show(code)
    end = clock() + code.seconds
    while clock() < end:
        (wait or cancelled.wait)(interval)
        if cancelled.is_set():
            raise SignInCancelled
        fields = {"grant_type": oauth.DEVICE_GRANT, "device_code": device_code, "client_id": oauth.CLIENT_ID}
        try:
            return oauth.granted(http.post_form(endpoints.token, fields))
        except (Offline, Unavailable, RateLimited) as error:
            # RFC 8628, section 3.5: wait longer after a connection failure.
            interval = min(max(interval * 2, error.retry_after or 0), 60.0)
        except SignInRefused as error:
            match error.reason:
                case "authorization_pending":
                    pass
                case "slow_down":
                    interval += 5
                case "expired_token":
                    raise SignInExpired from error
                case "access_denied":
                    raise SignInCancelled from error
                case _:
                    raise
    raise SignInExpired


def _start(http: Http, endpoints: oauth.Endpoints) -> tuple[Code, str, float]:
    reply = http.post_form(endpoints.device, {"client_id": oauth.CLIENT_ID})
    data = reply.data if isinstance(reply.data, dict) else {}
    if reply.status in (400, 401, 403):
        raise DeviceNotAllowed(str(data.get("error", ""))[:60])
    code, address, device = data.get("user_code"), data.get("verification_uri"), data.get("device_code")
    seconds, interval = data.get("expires_in", 300), data.get("interval", DEFAULT_INTERVAL)
    sound = all(isinstance(each, str) and each for each in (code, address, device))
    if reply.status != 200 or not sound or not all(isinstance(each, int | float) for each in (seconds, interval)):
        raise ServerMistake("a device authorization in another shape")
    shown = Code(
        address=display(str(address))[:300],
        code=display(str(code))[:40],
        number=display(str(data.get("number", "")))[:10],
        seconds=min(max(float(seconds), 1.0), 1800.0),
    )
    return shown, str(device), min(max(float(interval), 1.0), 60.0)
