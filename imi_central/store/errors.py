"""What the store refuses, typed.

::

    StoreError
      NewerDatabase      written by a newer program
      WrongEncoding      a PostgreSQL database that is not UTF8
      UnknownOfficer     no such officer
      OfficerDisabled    the officer may not use the system any more
      NoSeat             the officer has no seat at this desk (or there is no such desk)
      ProcedureChanged   a version in use would change its meaning
      EntryRefused       an entry, an assignment, a translation or a file cannot be taken (code, version, problems)
        AlreadyExists    other content under the same clientRef
      StateUnknown       changes cannot be told since this state
      TooMany            more objects than may be answered at once
      TooSlow            a request kept the database busy for too long
      Unavailable        the database cannot answer now
      OverQuota          the officer's files that no entry carries yet are too many
      BadAddress         the database's address is not one
      Unreachable        the database cannot be used (reason)
      BackupRefused      a backup cannot be made or used
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imi_core.jmap import SetErrorType


class StoreError(Exception):
    """Base of everything the store refuses."""


class NewerDatabase(StoreError):
    """The database's schema is newer than this program."""

    def __init__(self, found: str, newest: str) -> None:
        self.found, self.newest = found, newest
        super().__init__(f"the database has schema {found}, this program knows {newest}; install the newer program")


class WrongEncoding(StoreError):
    """The database cannot keep every name."""

    def __init__(self, encoding: str) -> None:
        super().__init__(f"the database's encoding is {encoding}; make it anew with UTF8 (docs/operating.md)")


class UnknownOfficer(StoreError):
    """There is no officer with this id."""


class OfficerDisabled(StoreError):
    """The officer was disabled."""


class NoSeat(StoreError):
    """The officer has no seat at this desk; said in the same way where there is no such desk."""


class ProcedureChanged(StoreError):
    """A stored procedure version differs from the one given: a change needs a new version number."""

    def __init__(self, procedure: str, version: int) -> None:
        super().__init__(f"{procedure} version {version} is stored with another content; raise its version")


class EntryRefused(StoreError):
    """An entry, an assignment, a translation or a file cannot be taken.

    `code` is a set error type; `version` the case's present one (0 where it has no bearing); `problems` those of
    the answers as ``(field, code, allowed)``; `properties` the members that are wrong; `not_found` the files that
    are missing.
    """

    def __init__(
        self,
        code: SetErrorType,
        message: str,
        *,
        version: int = 0,
        problems: tuple[tuple[str, str, str], ...] = (),
        properties: tuple[str, ...] = (),
        existing_id: str = "",
        not_found: tuple[str, ...] = (),
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message
        self.version, self.problems, self.properties, self.existing_id = version, problems, properties, existing_id
        self.not_found = not_found


class AlreadyExists(EntryRefused):
    """The desk (for a file, the officer) has something with this clientRef and other content."""

    def __init__(self, existing_id: str, what: str = "entry") -> None:
        super().__init__("alreadyExists", f"another {what} has this clientRef", existing_id=existing_id)


class StateUnknown(StoreError):
    """The state is not one of this account's: from the future, from another history, or too old."""


class TooMany(StoreError):
    """More objects match than may be answered at once."""


class TooSlow(StoreError):
    """What was asked takes more of the database's time than one request may have; less of it may do."""


class Unavailable(StoreError):
    """The database is locked, full or out of reach."""


class OverQuota(StoreError):
    """The officer has too many bytes in files that no entry carries."""


class BadAddress(StoreError):
    """The database's address cannot be read."""


class Unreachable(StoreError):
    """The database cannot be used; `reason` is the driver's own, without any statement."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the database cannot be used: {reason}")


class BackupRefused(StoreError):
    """A backup cannot be made, does not verify, or may not replace what is there."""
