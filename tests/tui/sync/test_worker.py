"""The sync thread: its pace, that nothing ends it, and that it works against the live server."""

from __future__ import annotations

import datetime as dt
import gzip
import logging
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from imi_central.catalogue import load
from imi_central.store import Store as Central
from imi_tui import problems
from imi_tui.cache.errors import CacheBusy
from imi_tui.cache.listing.alphabet import shown
from imi_tui.cache.outbox.draft import Draft
from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from imi_tui.signin.tokens import GivenToken
from imi_tui.sync import heads
from imi_tui.sync.engine import Engine
from imi_tui.sync.errors import NotSignedIn, Offline, RateLimited, Unavailable
from imi_tui.sync.reading import Answer as Reply
from imi_tui.sync.register import Register
from imi_tui.sync.run import Report
from imi_tui.sync.worker import UNANSWERED, Pace, SyncWorker
from tests.central.world import LYON, send
from tests.tui.live import live_server, person
from tests.tui.sync.hostile import Answer, hostile_server
from tests.tui.sync.world import KEY, Heard


def pace(jitter: float = 0.5, poll: float = 300.0) -> Pace:
    return Pace(poll, lambda: jitter)


def test_quiet_times_are_polled_less_and_less() -> None:
    steps = pace(jitter=0.0)
    assert [steps.after(Report(changed=1)), *(steps.after(Report()) for _ in range(4))] == [60, 120, 240, 300, 300]
    assert steps.after(Report(sent=1)) == 60


def test_failures_double_up_to_a_quarter_of_an_hour_and_success_forgets_them() -> None:
    steps = pace()
    waits = [steps.after_failure(Unavailable()) for _ in range(12)]
    assert waits[:4] == [5, 10, 20, 40]
    assert waits[-1] == 600
    latest = pace(jitter=1.0)
    assert [latest.after_failure(Unavailable()) for _ in range(12)][-1] == 900
    # Where nobody is reached, trying costs nobody anything.
    assert [latest.after_failure(Offline()) for _ in range(12)][-1] == 180
    steps.after(Report())
    assert steps.after_failure(Unavailable()) == 5


def test_tries_without_an_answer_are_counted_until_one_comes() -> None:
    steps = pace()
    for _ in range(UNANSWERED):
        assert steps.unanswered < UNANSWERED
        steps.after_failure(Offline())
    assert steps.unanswered == UNANSWERED
    steps.after_failure(Unavailable("", 1))
    assert steps.unanswered == 0


def test_five_tries_without_a_server_are_told_and_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imi_tui.sync.worker.FIRST_RETRY", 0.01)
    monkeypatch.setattr("imi_tui.sync.worker.LAST_RETRY", 0.01)
    Store.open(Profile(tmp_path), KEY).close()
    heard = Heard()
    worker = SyncWorker(Profile(tmp_path), KEY, "http://127.0.0.1:9", lambda *_: GivenToken("t"), on_result=heard)
    worker.start()
    try:
        told = [heard.queue.get(timeout=20) for _ in range(UNANSWERED + 2)]
    finally:
        worker.stop(10)
    assert told == ["offline"] * (UNANSWERED - 1) + ["noAnswer"] * 3


def test_what_the_server_asks_for_is_granted_with_jitter() -> None:
    assert pace(jitter=0.0).after_failure(RateLimited("", 120)) == 120
    assert pace().after_failure(Unavailable("", 1)) == 5
    assert pace(jitter=1.0).after_failure(RateLimited("", 120)) == 240
    assert pace(jitter=1.0).after_failure(RateLimited("", 7200)) == 8100
    assert pace(jitter=0.0).after_failure(NotSignedIn()) == 900


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return Profile(tmp_path / "home")


@pytest.fixture
def server(central: Central, tmp_path: Path) -> Iterator[str]:
    with live_server(central, tmp_path) as url:
        yield url


def _token(server: str) -> str:
    from imi_tui.signin import browser
    from imi_tui.sync.http import Http
    from tests.tui.live import in_background

    http = Http(server)
    try:
        return browser.sign_in(http, lambda _: None, lambda at: in_background(lambda: person(at))).access
    finally:
        http.close()


def test_it_fetches_and_fetches_again_when_poked(central: Central, server: str, profile: Profile) -> None:
    first = send(central, subject="Needle in Lyon").case_id
    token = _token(server)
    heard = Heard()
    each = SyncWorker(profile, KEY, server, lambda _s, _h: GivenToken(token), on_result=heard)
    each.start()
    assert heard.next() == ""
    store = Store.open(profile, KEY)
    assert [case for case, *_ in store.sync.known(LYON)] == [first]
    second = send(central).case_id
    each.poke()
    assert heard.next() == ""
    assert {case for case, *_ in store.sync.known(LYON)} == {first, second}
    assert each.alive
    each.stop()
    assert not each.alive
    assert len(store.search("needle")) == 1
    store.close()


def test_another_language_is_fetched_while_it_runs(central: Central, server: str, profile: Profile) -> None:
    central.put_procedures(load())
    token, heard = _token(server), Heard()
    each = SyncWorker(profile, KEY, server, lambda _s, _h: GivenToken(token), on_result=heard)
    each.start()
    assert heard.next() == ""
    store = Store.open(profile, KEY)
    assert {code for rules in store.procedures() for code in rules.labels} == set()
    each.languages = ("de", "en")
    each.poke()
    assert heard.next() == ""
    store.wake()
    assert {code for rules in store.procedures() for code in rules.labels} == {"de"}
    each.languages = ("da", "en")
    each.poke()
    assert heard.next() == ""
    # Once more round, so that all behind the synchronisation before is done.
    each.poke()
    assert heard.next() == ""
    each.stop()
    assert shown(store._cache).alphabet == "da"
    store.close()


def test_a_refused_token_is_a_problem_and_not_the_end(central: Central, server: str, profile: Profile) -> None:
    case, token, heard = send(central).case_id, _token(server), Heard()
    tokens = [token]
    each = SyncWorker(profile, KEY, server, lambda _s, _h: GivenToken(tokens[0]), on_result=heard)
    each.start()
    assert heard.next() == ""
    each.stop()
    store = Store.open(profile, KEY)
    item = store.act(LYON, case, "message", text="Waits.", lang="en")
    store.save_draft(Draft("d", LYON, "", "message", case_id=case, text="Goes on."))
    tokens[0] = "revoked"
    each = SyncWorker(profile, KEY, server, lambda _s, _h: GivenToken(tokens[0]), on_result=heard)
    each.start()
    assert heard.next() == "notSignedIn"
    each.poke()
    assert heard.next() == "notSignedIn"
    each.stop()
    assert store.status().problem == "notSignedIn"
    assert [row.id for row in store.window("all", "due", limit=9)] == [case]
    assert [(found.client_ref, found.state) for found in store.outbox()] == [(item.client_ref, "queued")]
    assert [draft.text for draft in store.drafts()] == ["Goes on."]
    store.close()


def test_that_the_server_was_restored_is_told_once(server: str, profile: Profile) -> None:
    token, heard = _token(server), Heard()
    with closing(Store.open(profile, KEY)) as store:
        store.sync.follow_epoch("that of before", [])
    each = SyncWorker(profile, KEY, server, lambda _s, _h: GivenToken(token), on_result=heard)
    each.start()
    assert heard.next() == "restored"
    with closing(Store.open(profile, KEY)) as store:
        assert store.status().problem == "restored"
    each.poke()
    assert heard.next() == ""
    each.stop()


@pytest.mark.parametrize(("seconds", "told"), [(-90, ""), (90, ""), (-150, "clockSkew"), (86_400, "clockSkew")])
def test_a_clock_far_from_the_servers_is_told(
    server: str, profile: Profile, monkeypatch: pytest.MonkeyPatch, seconds: int, told: str
) -> None:
    """What is told stands as long as it is so, and nothing else waits for it (F25, F26)."""
    token, dated = _token(server), heads._http_date

    def set_wrong(value: str) -> dt.datetime | None:
        moment = dated(value)
        return moment + dt.timedelta(seconds=seconds) if moment is not None else None

    monkeypatch.setattr(heads, "_http_date", set_wrong)
    heard = Heard()
    each = SyncWorker(profile, KEY, server, lambda _s, _h: GivenToken(token), on_result=heard)
    each.start()
    assert heard.next() == told
    with closing(Store.open(profile, KEY)) as store:
        assert store.status().problem == told
        assert [seat.desk for seat in store.seats()] == [LYON]
    if told:
        assert "differs from that of the server by more than two minutes" in problems.sentence(told)
    monkeypatch.setattr(heads, "_http_date", dated)
    each.poke()
    assert heard.next() == ""
    with closing(Store.open(profile, KEY)) as store:
        assert store.status().problem == ""
    each.stop()


BOMBS = {
    "a text that unpacks to thirty million bytes": Answer(
        gzip.compress(b'"' + b" " * 30_000_000 + b'"'), headers={"Content-Encoding": "gzip"}
    ),
    "nested without end": Answer(b"[" * 100_000 + b"]" * 100_000),
    "a member twice": Answer(b'{"accounts":{},"accounts":{}}'),
    "a number beyond all": Answer(b'{"accounts":' + b"9" * 4000 + b"}"),
    "too many values": Answer(b"[" + b"0," * 400_000 + b"0]"),
    "no JSON": Answer(b"\x00\xff{"),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_what_would_harm_a_client_is_told_in_one_sentence_and_changes_nothing(
    central: Central, server: str, profile: Profile, bomb: str
) -> None:
    """Whatever the server answers, or whoever answers in its place: what was here stays (T12, T13, T20)."""
    case = send(central).case_id
    token = _token(server)
    heard = Heard()
    each = SyncWorker(profile, KEY, server, lambda _s, _h: GivenToken(token), on_result=heard)
    each.start()
    assert heard.next() == ""
    each.stop()
    with closing(Store.open(profile, KEY)) as store:
        waiting = store.act(LYON, case, "message", text="Bonjour", lang="fr")
    with hostile_server() as hostile:
        hostile.answer = lambda _: BOMBS[bomb]
        each = SyncWorker(profile, KEY, hostile.url, lambda _s, _h: GivenToken("t"), on_result=heard)
        each.start()
        assert heard.next() == "serverMistake"
        each.stop()
    with closing(Store.open(profile, KEY)) as store:
        assert store.status().problem == "serverMistake"
        assert "nothing of it was taken over" in problems.sentence("serverMistake")
        assert [id for id, *_ in store.sync.known(LYON)] == [case]
        assert [(item.client_ref, item.state) for item in store.outbox()] == [(waiting.client_ref, "queued")]


def test_a_mistake_of_ours_is_logged_without_values_and_survived(
    profile: Profile, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: Engine) -> Report:
        raise KeyError("Mr Secret, 1980-01-01")

    monkeypatch.setattr(Engine, "run_once", broken)
    heard = Heard()
    with hostile_server() as server, caplog.at_level(logging.DEBUG):
        each = SyncWorker(profile, KEY, server.url, lambda _s, _h: GivenToken("t"), on_result=heard)
        each.start()
        assert heard.next() == "internal"
        each.poke()
        assert heard.next() == "internal"
        each.stop()
    assert "KeyError" in caplog.text
    assert "ecret" not in caplog.text


def test_data_that_is_in_use_at_the_start_is_waited_for(
    server: str, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imi_tui.sync.worker.FIRST_RETRY", 0.01)
    token, heard, opened = _token(server), Heard(), Store.open

    def busy(profile: Profile, key: bytes) -> Store:
        monkeypatch.setattr(Store, "open", opened)
        raise CacheBusy

    monkeypatch.setattr(Store, "open", busy)
    each = SyncWorker(profile, KEY, server, lambda _s, _h: GivenToken(token), on_result=heard)
    each.start()
    assert heard.next() == "cacheBusy"
    assert heard.next() == ""
    each.stop()


def test_an_unusable_address_ends_it_with_a_word(profile: Profile) -> None:
    heard = Heard()
    each = SyncWorker(profile, KEY, "http://imi.example", lambda _s, _h: GivenToken("t"), on_result=heard)
    each.start()
    assert heard.next() == "insecureServer"
    each.stop()
    assert not each.alive


def test_a_wrong_key_ends_it_with_a_word(profile: Profile) -> None:
    Store.open(profile, KEY).close()
    heard = Heard()
    each = SyncWorker(profile, bytes(32), "http://127.0.0.1:9", lambda _s, _h: GivenToken("t"), on_result=heard)
    each.start()
    assert heard.next() == "wrongKey"
    each.stop()


class Rests:
    """The waits of a worker, none of which takes any time."""

    def __init__(self, most: int) -> None:
        self.asked: list[float] = []
        self.full = threading.Event()
        self._most = most

    def __call__(self, event: threading.Event, seconds: float) -> None:
        self.asked.append(seconds)
        if len(self.asked) >= self._most:
            self.full.set()
            event.wait(20)


def test_waits_grow_with_failures_and_start_anew_after_success(
    server: str, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failures = Engine.run_once, iter([Unavailable()] * 3)

    def run_once(self: Engine) -> Report:
        failure = next(failures, None)
        if failure is not None:
            raise failure
        return real(self)

    monkeypatch.setattr(Engine, "run_once", run_once)
    rests, token = Rests(5), _token(server)
    each = SyncWorker(profile, KEY, server, lambda _s, _h: GivenToken(token), wait=rests)
    each.start()
    assert rests.full.wait(20)
    each.stop()
    expected = [(2.5, 7.5), (5, 15), (10, 30), (120, 150), (240, 300)]
    for wait, (least, most) in zip(rests.asked, expected, strict=True):
        assert least <= wait <= most


def test_a_pause_the_server_asked_for_is_kept_when_poked(profile: Profile) -> None:
    rests: list[float] = []
    done = threading.Event()

    def rest(event: threading.Event, seconds: float) -> None:
        rests.append(seconds)
        if len(rests) == 1:
            # Woken at once.
            return
        done.set()
        event.wait(20)

    with hostile_server() as server:
        server.answer = lambda _: Answer(b"", 429, "text/html", {"Retry-After": "60"})
        each = SyncWorker(profile, KEY, server.url, lambda _s, _h: GivenToken("t"), wait=rest)
        each.start()
        assert done.wait(20)
        assert len(server.asked) == 1
        each.stop()
    assert rests[1] > 50


def test_a_metered_line_is_polled_less_and_its_bytes_are_shown(server: str, profile: Profile) -> None:
    rests, token = Rests(1), _token(server)
    each = SyncWorker(profile, KEY, server, lambda _s, _h: GivenToken(token), wait=rests, metered=True)
    each.start()
    assert rests.full.wait(20)
    store = Store.open(profile, KEY)
    now = store.status().now
    assert now.metered
    assert now.spent == sum(store.activity.traffic(dt.datetime.now().astimezone().date())) > 500
    assert rests.asked[0] >= 5 * 60
    assert store.register_share()[0] == 0 < store.register_share()[1]
    store.close()
    each.stop()


def test_bytes_of_before_a_restart_count_from_the_first_moment(profile: Profile) -> None:
    rests, store, seen = Rests(1), Store.open(profile, KEY), []
    store.activity.spent(dt.datetime.now().astimezone().date(), 1_000, 2_000)
    store.subscribe(lambda _: seen.append(store.status().now))
    nobody = "http://127.0.0.1:1"
    each = SyncWorker(profile, KEY, nobody, lambda _s, _h: GivenToken("x"), wait=rests, metered=True)
    each.start()
    assert rests.full.wait(20)
    each.stop()
    assert seen[0].doing == "syncing"
    assert seen[0].metered
    assert seen[0].spent == 3_000
    store.close()


def test_bytes_are_counted_while_a_synchronisation_goes_on(
    central: Central, server: str, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        send(central)
    monkeypatch.setattr("imi_tui.sync.worker.COUNT_SECONDS", 0.0)
    rests, token, store = Rests(1), _token(server), Store.open(profile, KEY)
    seen: list[int] = []
    store.subscribe(lambda _: seen.append(store.status().now.spent) if store.status().now.doing == "syncing" else None)
    each = SyncWorker(profile, KEY, server, lambda _s, _h: GivenToken(token), wait=rests)
    each.start()
    assert rests.full.wait(20)
    each.stop()
    assert seen == sorted(seen)
    assert len(set(seen)) > 3
    today = dt.datetime.now().astimezone().date()
    assert 0 < seen[-1] <= sum(store.activity.traffic(today)) == store.status().now.spent
    store.close()


def test_a_folder_of_files_that_cannot_be_read_does_not_end_it(central: Central, server: str, profile: Profile) -> None:
    token = _token(server)
    send(central)
    profile.home.mkdir(mode=0o700)
    profile.blobs.write_text("a file where a folder should be")
    heard = Heard()
    each = SyncWorker(profile, KEY, server, lambda _s, _h: GivenToken(token), on_result=heard)
    each.start()
    try:
        assert heard.next() == ""
        assert each.alive
    finally:
        each.stop(10)


def test_a_busy_index_does_not_end_it(
    central: Central, server: str, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = _token(server)
    send(central)

    def busy(self: Store) -> int:
        raise CacheBusy

    monkeypatch.setattr(Store, "indexing", busy)
    heard = Heard()
    each = SyncWorker(profile, KEY, server, lambda _s, _h: GivenToken(token), on_result=heard)
    each.start()
    try:
        for _ in range(2):
            assert heard.next() == ""
            each.poke()
        assert each.alive
    finally:
        each.stop(10)


def test_it_ends_without_the_answer_it_waits_for_and_the_next_start_has_nothing_to_complain_of(
    profile: Profile,
) -> None:
    store, asked, over = Store.open(profile, KEY), threading.Event(), threading.Event()
    with hostile_server() as control:

        def silent(_asked: object) -> Answer:
            asked.set()
            over.wait(60)
            return Answer()

        control.answer = silent
        heard = Heard()
        each = SyncWorker(profile, KEY, control.url, lambda _s, _h: GivenToken("t"), on_result=heard)
        each.start()
        try:
            assert asked.wait(20)
            each.stop(10)
            assert not each.alive
            assert len(control.asked) <= 1, "and asked nothing again"
        finally:
            over.set()
    assert heard.queue.empty()
    assert store.status().problem == ""
    store.close()


def test_it_ends_between_two_records_of_a_first_sync(
    central: Central, server: str, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = {send(central).case_id for _ in range(5)}
    token, store = _token(server), Store.open(profile, KEY)
    each = SyncWorker(profile, KEY, server, lambda _s, _h: GivenToken(token))
    take = Register.take

    def stopping(self: Register, found: dict[str, Reply]) -> None:
        take(self, found)
        # What `stop` does before it waits.
        each._stopping.set()

    with monkeypatch.context() as patched:
        patched.setattr(Register, "take", stopping)
        each.start()
        each._thread.join(20)
    assert not each.alive
    assert store.procedures()
    assert not store.counts()["all"]
    assert store.status().problem == ""
    heard = Heard()
    again = SyncWorker(profile, KEY, server, lambda _s, _h: GivenToken(token), on_result=heard)
    again.start()
    assert heard.next() == ""
    again.stop()
    assert {case for case, *_ in store.sync.known(LYON)} == cases
    store.close()


def test_a_call_to_stop_is_heard_however_long_the_server_asked_to_wait(profile: Profile) -> None:
    waits: list[float] = []
    worker = SyncWorker(
        profile,
        KEY,
        "http://127.0.0.1:9",
        lambda *_: GivenToken("t"),
        wait=lambda _wake, seconds: waits.append(seconds),
    )
    worker._server_pause = 3600.0

    class Late(threading.Event):
        """The call comes in the very moment between looking for it and forgetting that one was woken."""

        def clear(self) -> None:
            worker.stop(0)
            super().clear()

    worker._wake = Late()
    worker._pause(1.0)
    assert waits == [1.0]
