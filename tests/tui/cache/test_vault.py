"""Keys: where they are kept, and every way in which they must not be."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from imi_tui import problems
from imi_tui.cache.errors import PassphraseTooLong, VaultLocked, VaultUnavailable, WrongPassphrase
from imi_tui.cache.storage import vault as module
from imi_tui.cache.storage.db import MemoryKey
from imi_tui.cache.storage.vault import open_vault
from imi_tui.profile import Profile

FULL_STRENGTH = module.MEMORY_KIB


def nobody(question: str) -> str:
    raise AssertionError(question)


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return Profile(tmp_path / "p")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MEMORY_KIB", 64)


def test_passphrase_wraps_a_random_key(profile: Profile) -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return "corréct horse"

    key = open_vault("passphrase", profile, ask).key()
    assert asked == ["new", "again"]
    assert len(key) == 32
    vault = open_vault("passphrase", profile, ask)
    assert vault.key() == vault.key() == key
    assert asked == ["new", "again", "open"]
    assert open_vault("passphrase", profile, lambda _: "corre\u0301ct horse").key() == key
    assert (profile.home / "vault.json").stat().st_mode & 0o777 == 0o600


def test_a_passphrase_that_is_too_long_is_refused_and_not_cut(profile: Profile) -> None:
    longest = "\U0001f511" * module.MAX_PASSPHRASE
    assert len(longest.encode()) < 4096, "a terminal hands it on whole"
    with pytest.raises(PassphraseTooLong):
        open_vault("passphrase", profile, lambda _: longest + "x").key()
    assert not (profile.home / "vault.json").exists()
    open_vault("passphrase", profile, lambda _: longest).key()
    with pytest.raises(PassphraseTooLong):
        open_vault("passphrase", profile, lambda _: longest + "x").key()
    with pytest.raises(WrongPassphrase):
        open_vault("passphrase", profile, lambda _: longest[:-1]).key()


def test_wrong_passphrase(profile: Profile) -> None:
    open_vault("passphrase", profile, lambda _: "one").key()
    with pytest.raises(WrongPassphrase):
        open_vault("passphrase", profile, lambda _: "two").key()
    answers = iter(["one", "another"])
    other = Profile(profile.home.with_name("q"))
    with pytest.raises(WrongPassphrase):
        open_vault("passphrase", other, lambda _: next(answers)).key()
    assert not other.home.exists()


def test_nobody_to_ask(profile: Profile) -> None:
    def no_terminal(question: str) -> str:
        raise EOFError

    with pytest.raises(VaultLocked):
        open_vault("passphrase", profile, no_terminal).key()
    with pytest.raises(VaultLocked):
        open_vault("passphrase", profile, lambda _: "").key()


@pytest.mark.parametrize(
    "change",
    [{"iterations": 1}, {"memory": 32}, {"memory": 1 << 40}, {"kdf": "md5"}, {"lanes": 0}, {"salt": "!"}, {"key": ""}],
)
def test_a_changed_vault_file_is_refused(profile: Profile, change: dict[str, Any]) -> None:
    open_vault("passphrase", profile, lambda _: "one").key()
    path = profile.home / "vault.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises((VaultUnavailable, WrongPassphrase)):
        open_vault("passphrase", profile, lambda _: "one").key()


def test_strength_of_the_derivation(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MEMORY_KIB", FULL_STRENGTH)
    key = open_vault("passphrase", profile, lambda _: "one").key()
    found = json.loads((profile.home / "vault.json").read_text())
    assert (found["kdf"], found["memory"], found["iterations"], found["lanes"]) == ("argon2id", 65536, 3, 4)
    monkeypatch.setattr(module, "MEMORY_KIB", 64)
    assert open_vault("passphrase", profile, lambda _: "one").key() == key


def test_no_new_key_for_old_data(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    profile.home.mkdir()
    profile.work_db.touch()
    use(monkeypatch, FakeKeyring(), "keyring.backends.SecretService")
    for kind in ("keyring", "passphrase", "file"):
        with pytest.raises(VaultUnavailable, match="not there"):
            open_vault(kind, profile, nobody).key()  # type: ignore[arg-type]


def test_key_file(profile: Profile) -> None:
    key = open_vault("file", profile, nobody).key()
    assert open_vault("file", profile, nobody).key() == key
    assert profile.key_file.stat().st_mode & 0o777 == 0o600
    assert key not in profile.key_file.read_bytes()
    elsewhere = open_vault("file", profile, nobody, profile.home / "other").key()
    assert elsewhere != key


@pytest.mark.skipif(sys.platform == "win32", reason="no modes")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_a_key_file_others_can_read_is_refused(profile: Profile, mode: int) -> None:
    open_vault("file", profile, nobody).key()
    os.chmod(profile.key_file, mode)
    with pytest.raises(VaultUnavailable, match="chmod 600"):
        open_vault("file", profile, nobody).key()


@pytest.mark.parametrize("text", ["", "AAAA", "no key at all", "é" * 44])
def test_a_damaged_key_file(profile: Profile, text: str) -> None:
    open_vault("file", profile, nobody).key()
    profile.key_file.write_text(text)
    with pytest.raises(VaultUnavailable):
        open_vault("file", profile, nobody).key()


class FakeKeyring:
    """A keyring that keeps what it is given, as the real backends look from here."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, name: str) -> str | None:
        return self.kept.get((service, name))

    def set_password(self, service: str, name: str, value: str) -> None:
        self.kept[service, name] = value


def use(monkeypatch: pytest.MonkeyPatch, backend: object, name: str) -> None:
    import keyring

    type(backend).__module__ = name
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)


def test_keyring_holds_the_key_and_nothing_else(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = FakeKeyring()
    use(monkeypatch, backend, "keyring.backends.SecretService")
    key = open_vault("keyring", profile, nobody).key()
    assert open_vault("keyring", profile, nobody).key() == key
    assert [len(value) for value in backend.kept.values()] == [44]
    assert open_vault("keyring", Profile(profile.home / "b"), nobody).key() != key


@pytest.mark.parametrize("name", ["keyring.backends.fail", "keyring.backends.null", "keyrings.alt.file", "own.thing"])
def test_other_keyrings_are_refused(profile: Profile, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    backend = FakeKeyring()
    use(monkeypatch, backend, name)
    with pytest.raises(VaultUnavailable, match="passphrase"):
        open_vault("keyring", profile, nobody).key()
    assert not backend.kept


def test_a_chain_is_as_good_as_its_first(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    class First(FakeKeyring):
        pass

    class Chain:
        backends = [First()]

    First.__module__ = "keyring.backends.macOS"
    use(monkeypatch, Chain(), "keyring.backends.chainer")
    assert len(open_vault("keyring", profile, nobody).key()) == 32
    First.__module__ = "keyrings.alt.file"
    with pytest.raises(VaultUnavailable):
        open_vault("keyring", profile, nobody).key()


def test_a_keyring_that_forgets_or_is_locked(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring.errors
    import secretstorage

    class Forgets(FakeKeyring):
        def set_password(self, service: str, name: str, value: str) -> None:
            pass

    class Locked(FakeKeyring):
        def get_password(self, service: str, name: str) -> str | None:
            raise keyring.errors.KeyringLocked

    class Broken(FakeKeyring):
        def get_password(self, service: str, name: str) -> str | None:
            raise keyring.errors.InitError

    class Gone(FakeKeyring):
        def __init__(self, error: Exception) -> None:
            super().__init__()
            self.error = error

        def get_password(self, service: str, name: str) -> str | None:
            raise self.error

    gone = (ConnectionResetError(), secretstorage.exceptions.SecretServiceNotAvailableException())
    unusable, locked = (VaultUnavailable, "choose one with --vault"), (VaultLocked, "unlock it and try again")
    told = [(Forgets(), unusable), (Locked(), locked), (Broken(), unusable), *((Gone(each), unusable) for each in gone)]
    for backend, (error, advice) in told:
        use(monkeypatch, backend, "keyring.backends.Windows")
        with pytest.raises(error) as raised:
            open_vault("keyring", profile, nobody).key()
        assert advice in problems.sentence(raised.value.code)


def test_memory(profile: Profile) -> None:
    vault = open_vault("memory", profile, nobody)
    assert isinstance(vault.key(), MemoryKey)
    assert "lost" in vault.describe()
    assert not profile.home.exists()


def test_no_vault_shows_its_key(profile: Profile) -> None:
    for vault in (open_vault("file", profile, nobody), open_vault("passphrase", profile, lambda _: "x")):
        key = vault.key()
        shown = repr(vault) + vault.describe() + repr(vars(type(vault)))
        assert key.hex() not in shown
        assert repr(key) not in shown
