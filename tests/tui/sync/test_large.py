"""Replies that are honest and very large: asked for in smaller parts until they fit the caps."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from imi_central.store import Store as Central
from imi_central.store.identity import Sessions
from imi_core.case import Text
from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from imi_tui.signin.tokens import GivenToken
from imi_tui.sync.engine import Engine
from imi_tui.sync.http import Http
from imi_tui.sync.transport import HttpTransport
from tests.central.world import LYON, ROSENHEIM, accept, act, send
from tests.tui.live import live_server
from tests.tui.sync.world import KEY, NOW

TOKEN = "script-token-of-lyon"
LONGEST = 50_000


@pytest.mark.parametrize("letter", ["a", "\U0001f512"])
def test_monotonous_texts_do_not_stop_the_synchronisation(central: Central, tmp_path: Path, letter: str) -> None:
    case = send(central).case_id
    accept(central, case)
    count = 110 if letter == "a" else 30
    for _ in range(count):
        act(central, "rosenheim", ROSENHEIM, case, "message", text=Text(lang="de", text=letter * LONGEST))
    with live_server(central, tmp_path) as url:
        Sessions(central).script_token("lyon", TOKEN, dt.timedelta(days=365))
        http = Http(url)
        store = Store.open(Profile(tmp_path / "home"), KEY)
        try:
            Engine(store.sync, HttpTransport(http, GivenToken(TOKEN)), lambda: NOW).run_once()
            detail = store.case(LYON, case)
            assert detail is not None
            assert len(detail.entries) == count + 2
        finally:
            store.close()
            http.close()
