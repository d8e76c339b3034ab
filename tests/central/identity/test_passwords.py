"""Password hashes at their real cost, and many attempts at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from imi_central.identity import passwords
from imi_central.identity.errors import TooManyAttempts, WeakPassword, WrongPassword
from imi_central.store import Store
from imi_central.store.identity import Code, Refresh, Sessions, Tokens
from imi_central.store.identity_tables import password
from tests.central.identity.conftest import PASSWORD


def test_a_hash_is_argon2id_with_its_own_salt() -> None:
    first, second = passwords.hash_password(PASSWORD), passwords.hash_password(PASSWORD)
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second
    assert passwords.matches(PASSWORD, first)
    assert not passwords.matches(PASSWORD + " ", first)
    assert not passwords.matches("", "")
    assert not passwords.matches(PASSWORD, "")


def test_the_same_letters_typed_on_another_keyboard_match() -> None:
    assert passwords.matches("pässwörter lang", passwords.hash_password("pa\u0308sswo\u0308rter lang"))


@pytest.mark.parametrize("weak", ["short", "lyon lyon lyon", "aaaaaaaaaaaaaaa", "x" * 257])
def test_weak_passwords(weak: str) -> None:
    with pytest.raises(WeakPassword):
        passwords.check_strength(weak, "lyon")
    passwords.check_strength(PASSWORD, "lyon")


def test_attempts_at_once_are_counted_one_by_one(officers: Store) -> None:
    """Guessing in parallel is not more than guessing in a row."""
    sessions = Sessions(officers)

    def guess(_number: int) -> type[Exception]:
        try:
            passwords.sign_in(sessions, "lyon", "wrong password", "127.0.0.1")
        except (WrongPassword, TooManyAttempts) as error:
            return type(error)
        raise AssertionError

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(guess, range(20)))
    assert found.count(WrongPassword) == passwords.PER_OFFICER


def test_a_code_and_a_refresh_token_are_taken_once_even_at_once(officers: Store) -> None:
    sessions = Sessions(officers)
    sessions.add_code("code", "lyon", "imi-tui", "http://127.0.0.1:1/", "x" * 43)
    held = sessions.code("code", "imi-tui")
    assert isinstance(held, Code)
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda n: sessions.redeem(held, "browser", Tokens(f"a{n}", f"r{n}")), range(8)))
    assert won.count(True) == 1
    refresh = sessions.refresh(f"r{won.index(True)}")
    assert isinstance(refresh, Refresh)
    with ThreadPoolExecutor(8) as pool:
        rotated = list(pool.map(lambda n: sessions.rotate(refresh, Tokens(f"b{n}", f"s{n}")), range(8)))
    # Each may be the one whose answer arrives; what counts is that one pair is good in the end.
    assert all(rotated)
    assert [sessions.bearer(f"b{n}") is not None for n in range(8)].count(True) == 1


def test_a_new_password_signs_out(officers: Store) -> None:
    sessions = Sessions(officers)
    sessions.add_code("code", "lyon", "imi-tui", "http://127.0.0.1:1/", "x" * 43)
    held = sessions.code("code", "imi-tui")
    assert held is not None
    assert sessions.redeem(held, "browser", Tokens("access", "refresh"))
    assert sessions.bearer("access") is not None
    sessions.set_password("lyon", "another")
    assert sessions.bearer("access") is None
    assert sessions.refresh("refresh") is None
    with officers.reading() as conn:
        assert conn.scalar(sa.select(password.c.hash).where(password.c.officer == "lyon")) == "another"
