"""Profiles with many cached cases, made once per schema by the real generator, the real rules and the real applier.

They live in the ignored folder `bench/.data`. Contents of cases that are over stay at the server, as in a client that
fetches on opening; everything of running ones is here.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from imi_central import catalogue
from imi_central.demo import europe as demo
from imi_central.demo.cases import Plan, generate
from imi_central.store.register import wire_id
from imi_core import visibility
from imi_core.case import to_wire
from imi_core.jmap import CASE, CORE, DIRECTORY
from imi_tui.cache.storage import schema
from imi_tui.cache.storage.vault import open_vault
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from imi_tui.profile import Profile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from imi_core.case import Case, Entry

DATA = Path(__file__).parent / ".data"
DESK = "fr-dreets-ara_pw"
NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
PAGE = 2000
NOWHERE = "http://127.0.0.1:9"


def profile(cases: int) -> Profile:
    """The profile with `cases` cached cases at one desk; built where it is not there yet."""
    digest = hashlib.sha256("\n".join((*schema.WORK, *schema.CACHE)).encode()).hexdigest()[:10]
    home = DATA / f"{cases}-{digest}"
    if not (home / "done").exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True, mode=0o700)
        build(Profile(home), cases)
        (home / "done").touch()
    _indexed(Profile(home))
    # As an officer has it: nothing to be given at the start, a server that is not there.
    (home / "config.toml").write_text(f'server = "{NOWHERE}"\nvault = "file"\n')
    return Profile(home)


def _indexed(target: Profile) -> None:
    """Index the cases anew where the words of an earlier measurement were made by other rules than today's."""
    store = Store.open(target, open_vault("file", target, _no_question).key(), now=lambda: NOW)
    while store.sync.index_pending(20_000):
        pass
    store.close()


def build(target: Profile, cases: int) -> None:
    """Fill a profile and say how long the applier took."""
    europe, rules = demo.load(), catalogue.load()
    key = open_vault("file", target, _no_question).key()
    store = Store.open(target, key, now=lambda: NOW)
    store.sync.set_session(_session())
    directory = Page(
        new_state="1.bench",
        authorities=[to_wire(authority) for authority in europe.authorities],
        procedures=[{"id": wire_id(one), **to_wire(one)} for one in rules],
        officers=[to_wire(officer) for officer in demo.officers()[:1]],
    )
    store.sync.apply(DIRECTORY, directory)
    seat = europe.seat(DESK, "demo-lyon", "Camille Moreau")
    by_key = {one.key: one for one in rules}
    spent = 0.0
    done = 0
    plan = Plan(number=cases, now=NOW, focus={DESK: 1.0})
    for page in _pages(generate(europe, rules, plan)):
        rows, entries = [], []
        for case, history in page:
            one = by_key[case.procedure, case.procedure_version]
            level = visibility.level(one, case, seat)
            if level == "nothing":
                continue
            rows.append(to_wire(visibility.project(one, case, level)))
            if case.turn is not None:
                entries += [to_wire(visibility.project_entry(entry, level)) for entry in history]
        done += len(page)
        started = time.perf_counter()
        store.sync.apply(DESK, Page(f"{done}.bench", cases=rows, entries=entries))
        spent += time.perf_counter() - started
        if done % 100_000 == 0:
            print(f"{done} cases, {done / spent:.0f} a second in the applier", file=sys.stderr)
    started = time.perf_counter()
    while store.sync.index_pending(20_000):
        pass
    indexing = time.perf_counter() - started
    store.sync.set_ok(NOW)
    store.close()
    print(f"{cases} cases: applied {cases / spent:.0f}/s, indexed {cases / max(indexing, 1e-9):.0f}/s", file=sys.stderr)


def _pages(cases: Iterator[tuple[Case, list[Entry]]]) -> Iterator[list[tuple[Case, list[Entry]]]]:
    page: list[tuple[Case, list[Entry]]] = []
    for one in cases:
        page.append(one)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


def _session() -> dict[str, Any]:
    desk = {"authority": "fr-dreets-ara", "country": "FR", "area": "pw", "roles": ["basic", "viewer", "handler"]}
    access = {"accessState": "bench", "initialState": "0"}
    return {
        "capabilities": {CORE: {}, CASE: {"server": "bench", "epoch": "bench"}},
        "accounts": {
            DIRECTORY: {"name": "Directory", "isReadOnly": True, "accountCapabilities": {CASE: access}},
            DESK: {"name": "DREETS", "isReadOnly": False, "accountCapabilities": {CASE: {**desk, **access}}},
        },
        "primaryAccounts": {CORE: DESK, CASE: DESK},
        "username": "lyon",
        "officer": {"id": "demo-lyon", "name": "Camille Moreau", "language": "en"},
        "state": "bench",
    }


def _no_question(_: str) -> str:
    raise AssertionError("a key file asks nothing")
