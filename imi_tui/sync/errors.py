"""Why a synchronisation did not work, so that the officer is told the right thing.

::

    SyncError
      Offline            no server answered (name, connection, time-out)
        SlowReply            an answer that crept along was cut; a new connection may be better at once
      CaptivePortal      something between here and the server answered in its place
      ProxyProblem       the proxy of this network refuses or cannot reach the server
      TlsProblem         the certificate of the server cannot be trusted
      InsecureServer     an address that is neither https nor on this machine
      NotSignedIn        no valid sign-in; the officer has to sign in again
      Disabled           the server knows the officer and does not let them in
      Unavailable        maintenance or overload; `retry_after` seconds
      RateLimited        too many requests; `retry_after` seconds
      OverQuota          the server keeps too many files of this officer that no entry carries yet
      ServerMistake      an answer that does not follow the protocol; nothing of it was applied
        AccountGone      an account that the session named is not known any more; the session is read again
        ReplyTooLarge    a reply beyond what is held in memory; less may be asked for at once
        StreamRefused    no streams on this line; pages are asked for instead
      OtherServer        another server than the one this cache was filled from; nothing was deleted
      OtherOfficer       another officer than the one this profile belongs to; nothing was sent, fetched or deleted
      ManyRemoved        the server withdrew so much at once that nothing was removed yet

Every error has a stable `code`; `detail` is for logs and holds no personal data, no token and no text of a case.
"""

from __future__ import annotations


class SyncError(Exception):
    """Base of everything that stops a synchronisation. `retry_after`: seconds the server asked for, else None."""

    code = "sync"

    def __init__(self, detail: str = "", retry_after: float | None = None) -> None:
        super().__init__(detail or self.code)
        self.detail = detail
        self.retry_after = retry_after


class Offline(SyncError):
    """No server answered."""

    code = "offline"


class SlowReply(Offline):
    """An answer came so slowly that it was cut."""


class CaptivePortal(SyncError):
    """A sign-in page of the network answered instead of the server."""

    code = "captivePortal"


class ProxyProblem(SyncError):
    """The proxy refuses or cannot reach the server."""

    code = "proxy"


class TlsProblem(SyncError):
    """The server's certificate cannot be trusted. There is no way around it on purpose."""

    code = "tls"


class InsecureServer(SyncError):
    """The address is neither https nor loopback."""

    code = "insecureServer"


class NotSignedIn(SyncError):
    """There is no valid sign-in."""

    code = "notSignedIn"


class Disabled(SyncError):
    """The server does not let this officer in."""

    code = "disabled"


class Unavailable(SyncError):
    """Maintenance, overload or a failure inside the server."""

    code = "unavailable"


class RateLimited(SyncError):
    """Too many requests."""

    code = "rateLimited"


class OverQuota(SyncError):
    """Too many files wait on the server for their entries; parts expire within a day."""

    code = "quota"


class ServerMistake(SyncError):
    """The answer does not follow the protocol; nothing of it was applied."""

    code = "serverMistake"


class AccountGone(ServerMistake):
    """The server does not know an account that its session named: a seat may have gone in between."""


class ReplyTooLarge(ServerMistake):
    """The reply is larger, or swells more, than a client takes at once."""


class StreamRefused(ServerMistake):
    """The server, or something in between, does not carry streams: the same is asked for page by page."""


class OtherServer(SyncError):
    """The cache was filled from another server."""

    code = "otherServer"


class OtherOfficer(SyncError):
    """Somebody else signed in than the officer whose drafts, entries and cases lie here."""

    code = "otherOfficer"


class ManyRemoved(SyncError):
    """So much disappeared at once that the removal waits for an explanation (`desk`, `count` of `total` cases)."""

    code = "manyRemoved"

    def __init__(self, desk: str, count: int, total: int) -> None:
        super().__init__(f"{desk}: {count} of {total} cases would be removed")
        self.desk, self.count, self.total = desk, count, total
