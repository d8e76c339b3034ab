"""PostgreSQL ends connections, or ends itself, during requests: each is done or to be repeated, and done once then."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from imi_central.store import Store
from tests.central import postgresql
from tests.central.world import LYON, USING, Caller, Clock, fill, ref, send
from tests.effort import MANY

pytestmark = pytest.mark.skipif(not MANY, reason="make test-faults")

WRITERS, ENTRIES = 3, 8
PATIENCE = 60.0
"""Seconds for one entry, restarts of the server included."""


@pytest.fixture
def server() -> Iterator[postgresql.Server]:
    """A server that keeps what it has said is committed."""
    programs = postgresql.programs()
    if programs is None:
        pytest.skip(postgresql.MISSING)
    made = postgresql.Server(programs, {**postgresql.QUICK, "synchronous_commit": "on", "full_page_writes": "on"})
    made.start()
    yield made
    made.close()


class Answers:
    """What the server answered, and nothing but this may it answer."""

    def __init__(self, store: Store, case_id: str) -> None:
        self.caller, self.case_id = Caller(store), case_id
        self.count: Counter[str] = Counter()
        self.busy = True

    def write(self) -> list[str]:
        """Send messages, each until it is taken; their references."""
        refs = [ref() for _ in range(ENTRIES)]
        for each in refs:
            end = time.monotonic() + PATIENCE
            while not self._taken(each):
                assert time.monotonic() < end, "it is never taken"
                time.sleep(0.05)
        return refs

    def _taken(self, client_ref: str) -> bool:
        text = {"lang": "en", "text": client_ref}
        new = {"clientRef": client_ref, "caseId": self.case_id, "action": "message", "text": text}
        calls = [["Entry/set", {"accountId": LYON, "create": {"k": new}}, "o"], ["Desk/sync", {"states": {}}, "s"]]
        answer = self.caller.http("lyon", "POST", "/jmap/api", json={"using": USING, "methodCalls": calls})
        if answer.status_code == 503:
            assert int(answer.headers["retry-after"]) > 0
            self.count["later"] += 1
            return False
        assert answer.status_code == 200, answer.text
        [name, given, _] = answer.json()["methodResponses"][0]
        if name == "error":
            assert given["type"] == "serverUnavailable", given
            self.count["later"] += 1
            return False
        assert not given.get("notCreated"), given
        self.count["taken"] += 1
        return True

    def read(self) -> None:
        """Ask for everything again and again while others write."""
        while self.busy:
            answer = self.caller.http("lyon", "GET", "/jmap/session")
            assert answer.status_code in (200, 503), answer.text
            self.count["read"] += answer.status_code == 200


def played(server: postgresql.Server, fault: str) -> tuple[Answers, list[str], Store]:
    """Writers and a reader while the fault happens after every few entries."""
    cluster = server.reached()
    address = cluster.empty()
    cluster.close()
    store = fill(Store.open(address, now=Clock()))
    answers = Answers(store, send(store).case_id)
    rng = random.Random(fault)
    with ThreadPoolExecutor(WRITERS + 1) as pool:
        reading = pool.submit(answers.read)
        writing = [pool.submit(answers.write) for _ in range(WRITERS)]
        try:
            due = 0
            while not all(each.done() for each in writing):
                time.sleep(rng.uniform(0.01, 0.05))
                # By what was done and not by time: on a busy machine nothing would ever get through.
                if answers.count["taken"] >= due:
                    happen(server, fault)
                    due = answers.count["taken"] + rng.randint(2, 4)
        finally:
            answers.busy = False
        reading.result()
        refs = [each for one in writing for each in one.result()]
    return answers, refs, store


def happen(server: postgresql.Server, fault: str) -> None:
    if fault == "connections":
        with psycopg.connect(host=str(server.folder), dbname="postgres", user="imi", autocommit=True) as conn:
            conn.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname like 'empty%' and pid <> pg_backend_pid()"
            )
        return
    server.stop(signal.SIGQUIT if fault == "crash" else signal.SIGINT)
    time.sleep(0.1)
    server.start()
    server.reached().close()


@pytest.mark.parametrize("fault", ["connections", "crash", "restart"])
def test_each_request_is_done_once_or_to_be_repeated(server: postgresql.Server, fault: str) -> None:
    answers, refs, store = played(server, fault)
    with store.view("lyon") as view:
        texts = Counter(entry.text.text for entry in view.entries(LYON, None, 1000) if entry.text is not None)
    assert {text: count for text, count in texts.items() if text in refs} == dict.fromkeys(refs, 1)
    assert answers.count["taken"] == len(refs) == WRITERS * ENTRIES
    assert answers.count["later"] > 0, "nothing happened to any request"
    assert store.verify() == {}
    store.close()
    assert threading.active_count() < 60
