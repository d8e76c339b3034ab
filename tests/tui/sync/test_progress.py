"""What the status line says of a first synchronisation while the real engine runs against the real server."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest

from imi_central.store import Store as Central
from imi_tui import i18n
from imi_tui.cache.model import SyncStatus
from imi_tui.sync.errors import Offline
from imi_tui.viewmodel import status as line
from tests.central.world import LYON, ROSENHEIM, send
from tests.tui.sync.world import Client

Clients = Callable[[str], Client]
TODAY = dt.date(2026, 3, 2)
ALL_HERE = (30, 30)


@pytest.fixture(autouse=True)
def english() -> None:
    i18n.install("en")


def followed(lyon: Client) -> list[SyncStatus]:
    """Each status there is from now on."""
    seen: list[SyncStatus] = []
    lyon.store.subscribe(lambda _: seen.append(lyon.store.status()))
    return seen


def test_every_moment_of_a_first_sync_says_what_is_left(central: Central, client: Clients) -> None:
    for number in range(90):
        send(central, subject=f"Case {number}")
    lyon = client("lyon")
    lyon.restart(page=20)
    seen = followed(lyon)
    lyon.sync()
    lists = [each for each in seen if each.filling]
    assert lists
    for each in lists:
        shown = " ".join(part.text for part in line.parts(each, "en", TODAY, demo=False, vault=""))
        said = re.search(r"lists \d+ % about (\d+) cases? left", shown)
        assert said, shown
        assert int(said[1]) == pytest.approx(90 - each.listed, rel=0.3, abs=2)
    contents = [each for each in seen if each.filling is None and each.wanted]
    assert contents
    for each in contents:
        # Also where the authorities were faster.
        step = line.first_sync(each._replace(register=ALL_HERE))
        assert step is not None
        assert step[2] == f"{each.wanted} case{'s' * (each.wanted > 1)} left"
    assert not lyon.store.status().first


@pytest.mark.has_cases(60, ROSENHEIM)
def test_contents_of_a_first_sync_are_so_until_the_last_is_here(client: Clients) -> None:
    lyon = client("lyon")

    def cut(number: int) -> bool:
        now = lyon.store.status()
        return number == 1 and now.filling is None and now.wanted > 0

    lyon.line.cut_stream = cut
    with pytest.raises(Offline):
        lyon.sync()
    stopped = lyon.store.status()
    assert stopped.first
    assert stopped.wanted
    lyon.restart(metered=True)
    lyon.line.cut_stream = lambda _: False
    lyon.sync()
    # What comes only on opening may still come by itself one day.
    assert lyon.store.status().first
    lyon.restart()
    lyon.sync()
    assert (lyon.store.status().first, lyon.store.status().wanted) == (False, 0)
    # Contents of an ordinary day.
    with lyon.store.sync._cache.write():
        lyon.store.sync._contents.want_again(lyon.store.desks.number(LYON), lyon.ids())
    assert lyon.store.status().wanted == 60
    assert line.first_sync(lyon.store.status()._replace(register=ALL_HERE)) is None
