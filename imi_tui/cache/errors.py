"""Typed errors of the cache and of the key vault.

::

    CacheError
      PlaintextCipher    this SQLite would write plain text; nothing was opened
      WrongKey           the key does not open the files
      CorruptCache       cache.db is damaged; the next start fills it anew
      CorruptWork        work.db is damaged; nothing replaces it
      NewerCache         written by a newer version of this program
      NotUpdated         the file does not fit the changes of this version; it is as it was
      AlreadyRunning     another process writes to this profile for a long time
      CacheBusy          another process held the file too long
      DiskFull           the disk is full; what was being written was not written
      FilesUnusable      the folder of the profile, or a file in it, cannot be read or written
      BadObject          the server sent an object of the wrong shape; nothing of its page was written
      NoSuchCase, NoSuchItem, NoSuchSeat
      AlreadyAttempted   the entry may have left this machine: it can no longer be taken back
      LaterEntries       later entries of the outbox need this one
      DamagedFile        a file at rest is not as it was sealed
      FileRefused        a file that cannot be attached (`reason`)
      OutboxChanged      an entry to be sent was withdrawn meanwhile; nothing was marked as sending
    VaultError
      VaultUnavailable   there is no usable store for the key
      VaultLocked        the store is locked, or the question for the passphrase was not answered
      WrongPassphrase    the passphrase does not open the key
      PassphraseTooLong  longer than a terminal or a form carries whole; nothing was cut

Every error has a stable `code` to translate by and an English sentence that says what to do, for logs. `about` names
the file, case or entry it is about.
"""

from __future__ import annotations

import errno


class CacheError(Exception):
    """Base of every error of the cache."""

    code = "cache"

    def __init__(self, message: str, about: str = "") -> None:
        super().__init__(message)
        self.message, self.about = message, about


class PlaintextCipher(CacheError):
    """This SQLite ignores the key: case data would lie on the disk in plain text."""

    code = "plaintextCipher"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}; nothing was written. Install the package apsw-sqlite3mc and remove apsw")


class WrongKey(CacheError):
    """The key does not open the files of this profile."""

    code = "wrongKey"

    def __init__(self) -> None:
        super().__init__("the key does not open the cache of this profile; choose the key store it was made with")


class CorruptCache(CacheError):
    """A file is damaged: what the server told us, which the next start sets aside and fills anew."""

    code = "corruptCache"
    part = "cache"
    advice = "start again: it is set aside and filled anew from the server"

    def __init__(self) -> None:
        super().__init__(f"the file {self.part}.db is damaged; {self.advice}")


class CorruptWork(CorruptCache):
    """The file with drafts and unsent entries is damaged. It cannot be fetched again, so nothing replaces it."""

    code = "corruptWork"
    part = "work"
    advice = (
        "it holds drafts and unsent entries: imi-tui outbox --export FILE saves what can still be read; then restore"
        " all files work.db* from a backup of this machine or move them away"
    )


class NewerCache(CacheError):
    """The files were written by a newer version of this program, which alone may write to them."""

    code = "newerCache"

    def __init__(self, part: str, found: int, known: int) -> None:
        self.part, self.found, self.known = part, found, known
        text = f"{part}.db has format {found}, this version knows {known}; install the newer version"
        super().__init__(text, f"{part}.db: {found} > {known}")


class NotUpdated(CacheError):
    """The tables of a file could not be brought to those of this version; the file is as it was."""

    code = "notUpdated"

    def __init__(self, part: str, number: int, why: str) -> None:
        self.part, self.number = part, number
        super().__init__(
            f"{part}.db could not be brought to format {number} and is as it was ({why}): imi-tui outbox --export FILE"
            " reads what was written; the earlier version of the program can still use it",
            f"{part}.db, {number}: {why}",
        )


class AlreadyRunning(CacheError):
    """Another process is using this profile for writing."""

    code = "alreadyRunning"

    def __init__(self) -> None:
        super().__init__("the client already runs with this profile; end it or use another profile (IMI_TUI_HOME)")


class CacheBusy(CacheError):
    """Another connection held the file longer than we wait."""

    code = "cacheBusy"

    def __init__(self) -> None:
        super().__init__("the cache is busy with another task; try again in a moment")


class DiskFull(CacheError):
    """There is no room on the disk."""

    code = "diskFull"

    def __init__(self) -> None:
        super().__init__("the disk is full; nothing was lost: make room and try again")


class FilesUnusable(CacheError):
    """The profile's folder or a file in it cannot be made, read or written. `why` is the system's word for it."""

    code = "filesUnusable"

    def __init__(self, name: str, why: str) -> None:
        self.name, self.why = name, why
        text = f"{name} cannot be used ({why}); make it writable or choose another folder (IMI_TUI_HOME)"
        super().__init__(text, f"{name}: {why}")

    @classmethod
    def of(cls, error: OSError, name: str) -> CacheError:
        """The error of ours for one of the operating system's."""
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return DiskFull()
        return cls(name, error.strerror or type(error).__name__)


class BadObject(CacheError):
    """An object of the server has the wrong shape. `kind` is its type, `id` its id where it has one."""

    code = "badObject"

    def __init__(self, kind: str, id: str, problem: str) -> None:
        self.kind, self.id, self.problem = kind, id, problem
        text = f"the server sent {kind} {id or '(without id)'} in the wrong shape: {problem}"
        super().__init__(text, f"{kind} {id}".strip())


class NoSuchCase(CacheError):
    """The cache holds no such case at this desk."""

    code = "noSuchCase"

    def __init__(self, desk: str, id: str) -> None:
        self.desk, self.id = desk, id
        super().__init__(f"there is no case {id} at desk {desk} on this machine; synchronise first", id)


class NoSuchItem(CacheError):
    """The outbox holds no such entry, or not in a state in which this can be done."""

    code = "noSuchItem"

    def __init__(self, client_ref: str) -> None:
        self.client_ref = client_ref
        super().__init__(f"there is no such entry in the outbox: {client_ref}", client_ref)


class NameTaken(CacheError):
    """Another view of the officer has this name."""

    code = "viewNameTaken"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"there is a view with this name already: {name}", name)


class NoSuchSeat(CacheError):
    """This officer has no seat at the desk, as far as the last session said."""

    code = "noSuchSeat"

    def __init__(self, desk: str) -> None:
        self.desk = desk
        super().__init__(f"you have no seat at desk {desk}; sign in and synchronise first", desk)


class AlreadyAttempted(CacheError):
    """The entry may have reached the server and can no longer be taken back."""

    code = "alreadyAttempted"

    def __init__(self, client_ref: str) -> None:
        self.client_ref = client_ref
        super().__init__("the entry may already have been sent; it can no longer be taken back")


class LaterEntries(CacheError):
    """Later entries in the outbox belong to the case that this entry starts."""

    code = "laterEntries"

    def __init__(self, client_ref: str) -> None:
        self.client_ref = client_ref
        super().__init__("later entries in the outbox belong to this new case; take those back first")


class OutboxChanged(CacheError):
    """An entry about to be sent is no longer queued. Nothing was changed; read the outbox again."""

    code = "outboxChanged"

    def __init__(self, refs: tuple[str, ...]) -> None:
        self.refs = refs
        super().__init__(f"{len(refs)} entries were taken back before they were sent")


class DamagedFile(CacheError):
    """A file at rest was changed, cut off or lost; a downloaded one can be fetched again."""

    code = "damagedFile"

    def __init__(self) -> None:
        super().__init__("the stored file is damaged")


class FileRefused(CacheError):
    """A file that cannot be attached.

    The code says why: "fileTooLarge", "caseTooLarge", "filesTooMany", "fileTwice", "fileIsProgram", "fileUnreadable",
    "filesNotTaken".
    """

    def __init__(self, code: str) -> None:
        super().__init__(f"the file cannot be attached: {code}")
        self.code = code


class VaultError(Exception):
    """Base of every error of the key vault. `about` says more than its code does, in the officer's language."""

    code = "vault"

    def __init__(self, message: str, about: str = "") -> None:
        super().__init__(message)
        self.message, self.about = message, about


class VaultUnavailable(VaultError):
    """There is no usable place for the key. The message says what to do, in the officer's language."""

    code = "vaultUnavailable"

    def __init__(self, message: str) -> None:
        super().__init__(message, message)


class VaultLocked(VaultError):
    """The place for the key is locked, or nobody answered. The message says what to do, in the officer's language."""

    code = "vaultLocked"

    def __init__(self, message: str) -> None:
        super().__init__(message, message)


class WrongPassphrase(VaultError):
    """The passphrase does not open the key."""

    code = "wrongPassphrase"

    def __init__(self) -> None:
        super().__init__("the passphrase is not right; try again")


class PassphraseTooLong(VaultError):
    """The passphrase is longer than is taken: it would not arrive whole from everywhere."""

    code = "passphraseTooLong"

    def __init__(self, most: int) -> None:
        super().__init__(f"a passphrase may have at most {most} characters; nothing was cut, choose a shorter one")
