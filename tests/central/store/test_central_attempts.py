"""Counters of what can be guessed, counted in by several processes at once."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
import sqlalchemy as sa

from imi_central.store import Store
from imi_central.store.attempts import Attempts
from imi_central.store.identity import Sessions
from imi_central.store.identity_tables import digest
from tests.central.world import Clock

WINDOW = dt.timedelta(minutes=15)
# In the order of their digests, in which one statement locks them.
FIRST, SECOND = sorted(("sign-in officer lyon", "sign-in address 192.0.2.1"), key=digest)


@pytest.mark.parametrize(("forget", "give_back"), [(FIRST, SECOND), (SECOND, FIRST)])
def test_who_signs_in_twice_at_once_waits_in_no_circle(store: Store, forget: str, give_back: str) -> None:
    """A double click on the button."""
    attempts = Attempts(store)
    limits = {FIRST: 3, SECOND: 3}
    assert attempts.count(limits, WINDOW) == 0
    waits: list[int] = []
    other = threading.Thread(target=lambda: waits.append(attempts.count(limits, WINDOW)))

    def meanwhile(*_: object) -> None:
        # Behind the first statement: up to where it has to wait.
        if other.ident is None:
            other.start()
            other.join(0.3)

    sa.event.listen(store._writer, "after_cursor_execute", meanwhile)
    attempts.succeeded(forget, give_back)
    other.join()
    sa.event.remove(store._writer, "after_cursor_execute", meanwhile)
    assert waits == [0]
    assert [attempts.count({forget: 3}, WINDOW) for _ in range(3)][:2] == [0, 0]


def test_a_counter_whose_time_is_over_begins_anew_and_is_forgotten_in_the_end(store: Store, clock: Clock) -> None:
    attempts, sessions = Attempts(store), Sessions(store)
    assert [attempts.count({"a": 2}, WINDOW) == 0 for _ in range(3)] == [True, True, False]
    clock.at += WINDOW
    assert [attempts.count({"a": 2}, WINDOW) == 0 for _ in range(3)] == [True, True, False]
    sessions.prune()
    assert attempts.count({"a": 2}, WINDOW) > 0
    clock.at += WINDOW
    sessions.prune()
    with store.reading() as conn:
        assert conn.scalar(sa.text("select count(*) from attempt")) == 0
