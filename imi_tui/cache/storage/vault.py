"""Where the key of the cache is kept: in the system's keyring, behind a passphrase, in a file, or nowhere.

The key is 32 random bytes. Only it goes into the keyring (some keyrings hold little more); tokens and everything
else lie encrypted in the cache. Nothing here ever shows or logs the key.
"""

from __future__ import annotations

import binascii
import os
import stat
import sys

from imi_core.lean import TYPE_CHECKING, Protocol, json
from imi_tui.cache.errors import FilesUnusable, PassphraseTooLong, VaultLocked, VaultUnavailable, WrongPassphrase
from imi_tui.cache.storage.db import KEY_BYTES, MemoryKey
from imi_tui.i18n import _

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any, Literal

    from imi_tui.profile import Profile

    VaultKind = Literal["keyring", "passphrase", "file", "memory"]

SERVICE = "imi-tui"
TRUSTED_BACKENDS = frozenset(
    {
        "keyring.backends.SecretService",
        "keyring.backends.libsecret",
        "keyring.backends.kwallet",
        "keyring.backends.macOS",
        "keyring.backends.Windows",
    }
)
"""Modules of keyring backends that encrypt what they keep. Plain text, "null" and "fail" are not among them."""
ITERATIONS, LANES, MEMORY_KIB = 3, 4, 64 * 1024
"""Argon2id as RFC 9106 recommends for machines with little memory to spare: 64 MiB, three passes, four lanes."""
MAX_PASSPHRASE = 1000
"""Characters of a passphrase. A terminal hands on 4,095 bytes of a line and drops the rest without a word: all of these
arrive, whatever their script."""


class Vault(Protocol):
    """A place for the key."""

    def key(self) -> bytes:
        """The key, made on first use. Raises `VaultLocked`, `WrongPassphrase`, `VaultUnavailable`."""

    def describe(self) -> str:
        """One English sentence about how well the key is kept, for logs and for `doctor`."""


def open_vault(kind: VaultKind, profile: Profile, ask: Callable[[str], str], path: Path | str | None = None) -> Vault:
    """The vault of this kind. `ask` puts a question ("new", "again" or "open" passphrase) and returns the answer.

    `path` is the key file for "file", by default the profile's.
    """
    match kind:
        case "keyring":
            return KeyringVault(profile)
        case "passphrase":
            return PassphraseVault(profile, ask)
        case "file":
            return FileVault(profile, path or profile.file("key"))
        case "memory":
            return MemoryVault()
    raise VaultUnavailable(
        _("There is no such place for the key: {kind}. Use keyring, passphrase, file or memory.").format(kind=kind)
    )


class KeyringVault:
    """The key in the operating system's keyring, where that encrypts what it keeps."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._account = str(profile.home)

    def key(self) -> bytes:
        """The key; made and stored on first use."""
        import keyring.errors

        backend = _backend()
        try:
            found = backend.get_password(SERVICE, self._account)
            if found is None:
                made = _new_key(self._profile)
                backend.set_password(SERVICE, self._account, binascii.b2a_base64(made, newline=False).decode())
                # Read back: some keyrings accept what they do not keep.
                found = backend.get_password(SERVICE, self._account)
        except keyring.errors.KeyringLocked as error:
            raise VaultLocked(_("The keyring is locked; unlock it and start again.")) from error
        except _failures() as error:
            text = _("The keyring does not work ({error}); use --vault passphrase.")
            raise VaultUnavailable(text.format(error=type(error).__name__)) from error
        return _decoded(found or "", _("What is in the keyring is no key of this program; restore it from a backup."))

    def describe(self) -> str:
        """Which keyring."""
        return _("The key is in the system's keyring ({name}).").format(name=type(_backend()).__module__)


def _failures() -> tuple[type[Exception], ...]:
    """What backends raise: the errors of `keyring`, and those of the systems below that they let through."""
    import keyring.errors

    names = {
        "jeepney.wrappers": "DBusErrorResponse",
        "pywintypes": "error",
        "secretstorage.exceptions": "SecretStorageException",
        "win32ctypes.pywin32.pywintypes": "error",
    }
    # One whose module was never loaded was not raised either.
    below = [getattr(sys.modules[module], name) for module, name in names.items() if module in sys.modules]
    return (keyring.errors.KeyringError, OSError, *below)


def _backend() -> Any:
    backend, name = _present()
    if name not in TRUSTED_BACKENDS:
        text = _("There is no keyring here that encrypts ({name}); use --vault passphrase.")
        raise VaultUnavailable(text.format(name=name))
    return backend


def _present() -> tuple[Any, str]:
    """The keyring that would be used, trusted or not, and its module."""
    import keyring

    backend: Any = keyring.get_keyring()
    if type(backend).__module__ == "keyring.backends.chainer":
        # The chainer asks one after the other; the first is the one it stores in.
        chained = list(backend.backends)
        backend = chained[0] if chained else backend
    return backend, type(backend).__module__


def keyring_state() -> tuple[str, str]:
    """The keyring's name, and whether it is "unlocked", "locked", "unknown" or "none". Asks nobody to unlock it."""
    _found, name = _present()
    if name not in TRUSTED_BACKENDS:
        return name, "none"
    if name != "keyring.backends.SecretService":
        return name, "unknown"
    # That backend cannot be there without it.
    from contextlib import closing

    import secretstorage

    try:
        with closing(secretstorage.dbus_init()) as bus:
            locked = secretstorage.get_default_collection(bus).is_locked()
    except (OSError, secretstorage.SecretStorageException):
        return name, "unknown"
    return name, "locked" if locked else "unlocked"


class PassphraseVault:
    """A random key, wrapped with a key derived from a passphrase (Argon2id, ChaCha20-Poly1305)."""

    def __init__(self, profile: Profile, ask: Callable[[str], str]) -> None:
        self._profile = profile
        self._path = profile.home / "vault.json"
        self._ask = ask
        self._key: bytes | None = None

    def key(self) -> bytes:
        """The key; asks once. On first use a passphrase is asked for twice."""
        if self._key is None:
            self._key = self._open() if self._path.exists() else self._make()
        return self._key

    def describe(self) -> str:
        """How it is kept."""
        return _("The key is wrapped with your passphrase (Argon2id, 64 MiB).")

    def _make(self) -> bytes:
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        key = _new_key(self._profile)
        passphrase = _answer(self._ask, "new")
        if _answer(self._ask, "again") != passphrase:
            raise WrongPassphrase
        salt, nonce = os.urandom(16), os.urandom(12)
        head = {"kdf": "argon2id", "memory": MEMORY_KIB, "iterations": ITERATIONS, "lanes": LANES}
        wrapped = ChaCha20Poly1305(_derive(passphrase, salt, head)).encrypt(nonce, key, _bound(head))
        text = {
            name: binascii.b2a_base64(value, newline=False).decode()
            for name, value in _named(salt, nonce, wrapped).items()
        }
        # Another process may just have made one, with another passphrase perhaps.
        return key if _write_private(self._path, json.dumps(head | text).encode()) else self._open()

    def _open(self) -> bytes:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        try:
            found = json.loads(self._path.read_bytes())
            head = {name: found[name] for name in ("kdf", "memory", "iterations", "lanes")}
            salt, nonce, wrapped = (binascii.a2b_base64(found[name]) for name in ("salt", "nonce", "key"))
            in_bounds = 8 * head["lanes"] <= head["memory"] <= 1 << 21 and 1 <= head["iterations"] <= 64
            in_bounds = in_bounds and 1 <= head["lanes"] <= 64 and len(salt) == 16 and len(nonce) == 12
            if head["kdf"] != "argon2id" or not in_bounds:
                raise ValueError("not written by this program")
        except (ValueError, KeyError, TypeError, OSError) as error:
            text = _("The file {file} cannot be read; restore it from a backup.")
            raise VaultUnavailable(text.format(file=self._path.name)) from error
        derived = _derive(_answer(self._ask, "open"), salt, head)
        try:
            return ChaCha20Poly1305(derived).decrypt(nonce, wrapped, _bound(head))
        except (InvalidTag, ValueError) as error:
            raise WrongPassphrase from error


def _named(salt: bytes, nonce: bytes, key: bytes) -> dict[str, bytes]:
    return {"salt": salt, "nonce": nonce, "key": key}


def _bound(head: dict[str, Any]) -> bytes:
    """What the wrapping is bound to: nobody can weaken the derivation without being noticed."""
    return json.dumps(head, sort_keys=True).encode()


def _derive(passphrase: str, salt: bytes, head: dict[str, Any]) -> bytes:
    import unicodedata

    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    kdf = Argon2id(
        salt=salt, length=KEY_BYTES, iterations=head["iterations"], lanes=head["lanes"], memory_cost=head["memory"]
    )
    # Another keyboard or system may compose the same letters differently.
    return kdf.derive(unicodedata.normalize("NFC", passphrase).encode())


def _answer(ask: Callable[[str], str], question: str) -> str:
    try:
        answer = ask(question)
    except EOFError as error:
        raise VaultLocked(_("Nobody can be asked for the passphrase here; use --passphrase-fd.")) from error
    if not answer:
        raise VaultLocked(_("No passphrase was given; the data stays locked."))
    if len(answer) > MAX_PASSPHRASE:
        raise PassphraseTooLong(MAX_PASSPHRASE)
    return answer


class FileVault:
    """The key in a file that only its owner can read: as safe as the account and the disk, and no safer."""

    def __init__(self, profile: Profile, path: Path | str) -> None:
        self._profile = profile
        self._path = os.fspath(path)

    def key(self) -> bytes:
        """The key; the file is made on first use."""
        try:
            if not os.path.exists(self._path):
                from pathlib import Path

                _write_private(Path(self._path), binascii.b2a_base64(_new_key(self._profile), newline=False))
            mode = os.stat(self._path).st_mode
            if sys.platform != "win32" and mode & (stat.S_IRWXG | stat.S_IRWXO):
                text = _("Others can read the key file {file}; run: chmod 600 {path}")
                raise VaultUnavailable(text.format(file=os.path.basename(self._path), path=self._path))
            with open(self._path, "rb") as file:
                text = file.read().decode("ascii")
        except (OSError, UnicodeDecodeError) as error:
            text = _("The key file {file} cannot be read.")
            raise VaultUnavailable(text.format(file=os.path.basename(self._path))) from error
        return _decoded(text, _("What is in the key file is no key of this program; restore it from a backup."))

    def describe(self) -> str:
        """Says that this is the weaker way."""
        text = _("The key is in the file {path}: whoever can read that file can read the cases.")
        return text.format(path=self._path)


class MemoryVault:
    """No key at all: everything stays in memory."""

    def key(self) -> bytes:
        """A key that opens databases in memory."""
        return MemoryKey()

    def describe(self) -> str:
        """Says what is lost."""
        return _("Nothing is kept on this machine: at the end everything not yet sent is lost.")


def _new_key(profile: Profile) -> bytes:
    """A new key, unless data is here already that only another key can open."""
    if os.path.exists(profile.file("work.db")):
        text = _(
            "The key of the data on this machine is not there; choose the --vault it was made with, or move the folder "
            "{folder} away."
        )
        raise VaultUnavailable(text.format(folder=profile.home))
    return os.urandom(KEY_BYTES)


def _decoded(text: str, otherwise: str) -> bytes:
    try:
        # As `base64.b64decode` does it, which takes longer to load.
        key = binascii.a2b_base64(text.strip(), strict_mode=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise VaultUnavailable(otherwise)
    return key


def _write_private(path: Path, data: bytes) -> bool:
    """A new file that only its owner can read, on the disk when this returns, whole or not at all.

    False where another process made it first: its key counts, because data may be written with it already.
    Raises `FilesUnusable`, `DiskFull`.
    """
    draft = path.with_name(f"{path.name}.{os.urandom(8).hex()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            return _place(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise FilesUnusable.of(error, path.name) from error


def _place(draft: Path, path: Path) -> bool:
    """Give `draft` its name, unless there is a file of that name."""
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    except OSError:
        # A file system without links: here only the moment between looking and renaming is open.
        if path.exists():
            return False
        os.replace(draft, path)
    if sys.platform != "win32":
        # Without its name on the disk, a power cut could leave data whose key is gone.
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return True
