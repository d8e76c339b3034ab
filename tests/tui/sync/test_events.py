"""Listening for changes: what wakes the synchronisation, what ends listening, and that nothing is ever fetched."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard

from imi_central.api import events as central_events
from imi_central.store import Store as Central
from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from imi_tui.signin.tokens import GivenToken
from imi_tui.sync import events, wire
from imi_tui.sync.errors import (
    CaptivePortal,
    Disabled,
    Offline,
    ProxyProblem,
    RateLimited,
    ReplyTooLarge,
    ServerMistake,
    StreamRefused,
    TlsProblem,
    Unavailable,
)
from imi_tui.sync.events import AGAIN, Event, Listener
from imi_tui.sync.heads import TokenRefused
from imi_tui.sync.http import Http
from imi_tui.sync.run import Report
from imi_tui.sync.worker import Pace, SyncWorker
from tests.central.world import LYON, send
from tests.limit import ends_within
from tests.sim.proxy import Weather, proxy_to
from tests.tui.live import live_server, person
from tests.tui.sync.hostile import Answer, hostile_server
from tests.tui.sync.world import KEY, Heard


def ping(interval: int = 120) -> str:
    return f'event: ping\ndata: {{"interval":{interval}}}\n\n'


def state(**desks: str) -> str:
    changed = {desk: {"Case": value} for desk, value in desks.items()}
    return f"event: state\nid: 1\ndata: {json.dumps({'@type': 'StateChange', 'changed': changed})}\n\n"


class Script:
    """A line that plays connections, each a list of texts, or errors to raise, or things to do."""

    def __init__(self, *connections: list[Any]) -> None:
        self.connections = list(connections)
        self.asked: list[tuple[str, str]] = []

    def events(self, path: str, token: str, silence: float, most: int) -> Iterator[bytes]:
        self.asked.append((path, token))
        for each in self.connections.pop(0):
            if isinstance(each, BaseException):
                raise each
            if callable(each):
                each()
            else:
                yield from each.encode().split(b"\n")[:-1]

    def interrupt(self) -> None:
        pass

    def close(self) -> None:
        pass


class Scene:
    """A listener on a script, with a clock that never runs by itself."""

    def __init__(self, *connections: list[Any], jitter: float = 0.5) -> None:
        self.line = Script(*connections)
        self.wakes = 0
        self.pauses: list[float] = []
        self.meanwhile: Callable[[], None] = lambda: None
        self.listener = Listener(self.line, self._wake, jitter=lambda: jitter, pause=self._pause)
        self.listener.offer("t1", {"a": "1", "b": "1"})

    def _wake(self) -> None:
        self.wakes += 1

    def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.meanwhile()

    def step(self) -> float | None:
        return self.listener.step()


def test_a_state_that_is_not_here_wakes_and_one_that_is_does_not() -> None:
    seen: list[bool] = []
    scene = Scene([ping(), state(a="1", b="1"), lambda: seen.append(scene.listener.working), ping(), state(a="2")])
    assert scene.step() == events.BREATH
    assert scene.wakes == 1
    assert seen == [True]
    assert not scene.listener.working
    assert scene.line.asked == [("/jmap/eventsource?types=Case&closeafter=no&ping=120", "t1")]
    # A moment of one's own, so that not all colleagues ask at once.
    assert scene.pauses == [events.SETTLE / 2]


def test_what_the_synchronisation_has_brought_meanwhile_wakes_nobody() -> None:
    scene = Scene([ping(), state(a="1", b="1"), state(a="2")])
    scene.meanwhile = lambda: scene.listener.offer("t1", {"a": "2", "b": "1"})
    scene.step()
    assert scene.wakes == 0


@pytest.mark.parametrize("desks", [{"a": "1"}, {"a": "1", "b": "1", "c": "1"}, {"a": "0", "b": "1"}])
def test_another_set_of_desks_at_the_beginning_wakes(desks: dict[str, str]) -> None:
    scene = Scene([ping(), state(**desks)])
    scene.step()
    assert scene.wakes == 1


def test_a_refused_token_waits_for_another_and_asks_for_it_once() -> None:
    scene = Scene([TokenRefused()], [ping(), state(a="1", b="1"), ping()])
    assert scene.step() is None
    assert scene.wakes == 1
    assert scene.step() is None
    assert scene.step() is None
    assert (scene.wakes, len(scene.line.asked)) == (1, 1)
    scene.listener.offer("t2", {"a": "1", "b": "1"})
    assert scene.step() is not None
    assert scene.line.asked[-1][1] == "t2"


def test_held_it_ends_and_asks_nothing_until_it_is_offered_a_token_again() -> None:
    scene = Scene([ping(), lambda: scene.listener.hold(), state(a="9")], [ping()])
    scene.step()
    assert scene.wakes == 0
    assert scene.step() is None
    scene.listener.offer("t1", {"a": "1", "b": "1"})
    assert scene.step() is not None
    assert len(scene.line.asked) == 2


def test_nothing_is_asked_before_there_is_a_token() -> None:
    line = Script()
    assert Listener(line, lambda: None).step() is None
    assert line.asked == []


@pytest.mark.parametrize(
    "error",
    [
        StreamRefused(),
        CaptivePortal(),
        ProxyProblem(),
        RateLimited("", 1),
        ServerMistake(),
        ReplyTooLarge(),
        TlsProblem(),
        Disabled(),
    ],
)
def test_a_line_that_carries_no_events_is_left_alone_for_an_hour(error: Exception) -> None:
    scene = Scene([error], jitter=0.0)
    assert scene.step() == AGAIN
    assert scene.wakes == 0


def test_after_an_end_it_comes_again_later_each_time_and_sooner_once_it_lasted() -> None:
    scene = Scene(*([Offline()] for _ in range(11)), [ping(), state(a="1", b="1"), ping()], [Offline()])
    assert [scene.step() for _ in range(11)] == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900]
    assert scene.step() == 2
    assert scene.step() == 10


def heard(*more: Any) -> list[Any]:
    """A line that says that all is here."""
    return [ping(), state(a="1", b="1"), *more]


def test_a_server_that_is_gone_is_told_once_and_so_is_that_it_is_back() -> None:
    scene = Scene(heard(Offline()), [Offline()], [Offline()], heard(), heard())
    woken = []
    for _ in scene.line.connections[:]:
        scene.step()
        woken.append(scene.wakes)
    assert woken == [0, 1, 1, 2, 2]


@pytest.mark.parametrize("error", [Unavailable("", 600.0), CaptivePortal("<html>"), TokenRefused()])
def test_what_answers_in_its_place_is_found_out_by_whoever_synchronises(error: Exception) -> None:
    scene = Scene(heard(), [error], heard())
    assert (scene.step(), scene.wakes) == (events.BREATH, 0)
    scene.step()
    assert scene.wakes == 1
    scene.listener.offer("t2", {"a": "1", "b": "1"})
    scene.step()
    # That it was refused a token is no sign of a server that was away.
    assert scene.wakes == (1 if isinstance(error, TokenRefused) else 2)


def test_a_line_that_is_back_at_once_wakes_nobody() -> None:
    scene = Scene(heard(Offline()), heard(ping()), heard())
    assert [scene.step() for _ in range(3)] == [events.BREATH, events.BREATH, 2 * events.FIRST_RETRY]
    assert scene.wakes == 0


def test_jitter_spreads_those_who_lost_their_server_together() -> None:
    assert Scene([], jitter=0.0).step() == 2.5
    assert Scene([], jitter=1.0).step() == 7.5


def test_what_a_busy_server_asks_for_is_granted() -> None:
    assert Scene([Unavailable("", 600.0)], jitter=0.0).step() == 600
    assert Scene([Unavailable("", None)], jitter=0.5).step() == 5


def test_a_line_that_is_cut_soon_each_time_carries_no_events() -> None:
    beginning = [ping(), state(a="1", b="1"), Offline()]
    scene = Scene(*(list(beginning) for _ in range(3)), jitter=0.0)
    assert [scene.step() for _ in range(3)] == [1, 5, AGAIN]


@pytest.mark.parametrize(
    "text",
    [
        ping(121),
        ping(0),
        "event: ping\ndata: 7\n\n",
        'event: ping\ndata: {"interval":"60"}\n\n',
        "event: state\ndata: {}\n\n",
        'event: state\ndata: {"@type":"StateChange","changed":[]}\n\n',
        'event: state\ndata: {"@type":"StateChange","changed":{"a":7}}\n\n',
        "event: state\ndata: {not json\n\n",
        "event: state\ndata: " + "[" * 5000 + "\n\n",
        "event: news\ndata: [1\n" + "data: ,1\n" * 40_000 + "data: ]\n\n",
    ],
)
def test_what_is_no_event_of_ours_ends_it(text: str) -> None:
    scene = Scene([text], jitter=0.0)
    assert scene.step() == AGAIN
    assert scene.wakes == 0


def test_events_are_read_as_their_format_says() -> None:
    text = ': comment\r\nevent: state\r\ndata: {"a":\r\ndata:1}\r\nretry: 5\r\n\r\nevent: empty\n\ndata: 2\n\ndata: 3\n'
    assert list(events.events(text.encode().split(b"\n")[:-1])) == [Event("state", {"a": 1}), Event("", 2)]


def test_an_unknown_event_is_let_pass() -> None:
    scene = Scene(['event: news\ndata: {"a":1}\n\n'])
    assert scene.step() == 5
    assert scene.wakes == 0


def test_lines_are_bounded() -> None:
    with pytest.raises(ReplyTooLarge):
        list(wire.lines([b"x" * 11], "", wire.StreamBudget(), 10))
    assert list(wire.lines([b"x" * 10, b"\n"], "", wire.StreamBudget(), 10)) == [b"x" * 10]


def test_while_events_come_it_asks_seldom() -> None:
    pace = Pace(300.0, lambda: 0.0)
    assert pace.after(Report(changed=1), told=True) == 600
    assert pace.after(Report(waiting=1), told=True) == 60
    assert pace.after(Report(changed=1), told=False) == 60
    assert Pace(7200.0, lambda: 0.0).after(Report(), told=True) == 7200


# --- over HTTP --------------------------------------------------------------------------------------------------


def _step(url: str, silence: float = 5.0) -> tuple[float | None, int]:
    wakes = []
    line = Http(url)
    listener = Listener(line, lambda: wakes.append(1), silence=silence, jitter=lambda: 0.0, pause=lambda _: None)
    listener.offer("t", {"a": "1"})
    try:
        return listener.step(), len(wakes)
    finally:
        line.close()


KIND = "text/event-stream; charset=utf-8"


@pytest.mark.parametrize(
    ("answer", "pause", "wakes"),
    [
        (Answer(b"<html>Welcome</html>", kind="text/html"), AGAIN, 0),
        (Answer(b"{}", kind="application/json"), AGAIN, 0),
        (Answer(b"", status=404), AGAIN, 0),
        (Answer(b"", status=302, headers={"Location": "https://portal.example"}), AGAIN, 0),
        (Answer(b"", status=407), AGAIN, 0),
        (Answer(b"{}", status=429, headers={"Retry-After": "1"}), AGAIN, 0),
        (Answer(b"{}", status=503, headers={"Retry-After": "600"}), 600, 0),
        (Answer(b"", status=401), None, 1),
        (Answer(b"", status=403), AGAIN, 0),
        (Answer(b"<html>Blocked</html>", status=403, kind="text/html"), AGAIN, 0),
        (Answer((ping() + state(a="2")).encode(), kind=KIND), 1.0, 1),
        (Answer((ping() + state(a="2")).encode(), kind=KIND, cut=60), 1.0, 0),
        (Answer(b"event: " + b"x" * events.MAX_EVENT + b"\n\n", kind=KIND), AGAIN, 0),
        (Answer(b"???", kind=KIND, headers={"Content-Encoding": "br"}), AGAIN, 0),
        (Answer((b":" + b"x" * 60_000 + b"\n\n") * 300, kind=KIND), AGAIN, 0),
        (
            Answer(
                zstandard.ZstdCompressor().compress((ping() + state(a="2")).encode()),
                kind=KIND,
                headers={"Content-Encoding": "zstd"},
            ),
            1.0,
            1,
        ),
    ],
)
def test_what_something_in_between_may_answer(answer: Answer, pause: float | None, wakes: int) -> None:
    with hostile_server() as server:
        server.answer = lambda _: answer
        assert _step(server.url) == (pause, wakes)
        [asked] = server.asked
    assert (asked.method, asked.path) == ("GET", events.ADDRESS)
    assert asked.headers["authorization"] == "Bearer t"
    assert asked.headers["accept"] == "text/event-stream"


def test_a_server_that_is_not_there_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    assert _step(url) == (2.5, 0)


@pytest.fixture
def server(central: Central, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(central_events, "LOOK_SECONDS", 0.01)
    with live_server(central, tmp_path) as url:
        yield url


def _token(server: str) -> str:
    from imi_tui.signin import browser
    from tests.tui.live import in_background

    http = Http(server)
    try:
        return browser.sign_in(http, lambda _: None, lambda at: in_background(lambda: person(at))).access
    finally:
        http.close()


def test_a_change_on_the_server_is_here_without_asking(
    central: Central, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "SETTLE", 0.0)
    token, heard, profile = _token(server), Heard(), Profile(tmp_path / "home")
    connected = threading.Event()
    original = Listener._consider

    def consider(self: Listener, named: Any, *, whole: bool) -> None:
        original(self, named, whole=whole)
        connected.set()

    monkeypatch.setattr(Listener, "_consider", consider)
    each = SyncWorker(profile, KEY, server, lambda _s, _h: GivenToken(token), events=True, on_result=heard)
    each.start()
    assert heard.next() == ""
    assert connected.wait(20)
    case_id = send(central).case_id
    assert heard.next() == ""
    store = Store.open(profile, KEY)
    assert case_id in {case for case, *_ in store.sync.known(LYON)}
    # It waits for the server; stopping does not.
    listening = [thread for thread in threading.enumerate() if thread.name == "imi-events"]
    assert len(listening) == 1
    each.stop()
    listening[0].join(10)
    assert not listening[0].is_alive()
    store.close()


def test_with_events_off_nobody_listens(central: Central, server: str, tmp_path: Path) -> None:
    heard = Heard()
    token = _token(server)
    each = SyncWorker(Profile(tmp_path / "home"), KEY, server, lambda _s, _h: GivenToken(token), on_result=heard)
    each.start()
    assert heard.next() == ""
    assert "imi-events" not in {thread.name for thread in threading.enumerate()}
    each.stop()


def test_on_a_metered_line_nobody_listens(central: Central, server: str, tmp_path: Path) -> None:
    heard, token = Heard(), _token(server)
    each = SyncWorker(
        Profile(tmp_path / "home"),
        KEY,
        server,
        lambda _s, _h: GivenToken(token),
        events=True,
        metered=True,
        on_result=heard,
    )
    asked: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Listener, "_listen", lambda _self, token: asked.append(token))
        each.start()
        assert heard.next() == ""
        each.poke()
        assert heard.next() == ""
        each.stop()
    assert asked == []


def _through(url: str, token: str) -> tuple[float | None, int]:
    woken: list[int] = []
    line = Http(url)
    listener = Listener(line, lambda: woken.append(1), silence=0.5, jitter=lambda: 0.0, pause=lambda _: None)
    listener.offer(token, {LYON: "x"})
    try:
        return listener.step(), len(woken)
    finally:
        line.close()


@pytest.mark.parametrize("weather", [Weather(buffering=True), Weather(half_open=True)], ids=["heads pass", "nothing"])
def test_a_proxy_that_keeps_events_back_is_found_out_by_its_silence(server: str, weather: Weather) -> None:
    token = _token(server)
    with proxy_to(server) as proxy:
        proxy.weather = weather
        with ends_within(10, "it listens for ever to a line that says nothing"):
            assert _through(proxy.url, token) == (AGAIN, 0)
        # What was heard and falls silent is a dead line, to be tried again soon.
        proxy.weather = Weather()
        with ends_within(10, "it listens for ever to a line that fell silent"):
            assert _through(proxy.url, token) == (1.0, 1)


def test_stopping_is_heard_at_every_moment() -> None:
    listener = Listener(Script(), lambda: None)
    plain = listener.step

    def interrupted() -> float | None:
        # The very moment between looking whether to stop and beginning a step.
        listener._stopping.set()
        listener._offered.set()
        return plain()

    listener.step = interrupted  # type: ignore[method-assign]
    listener.start()
    listener._thread.join(10)
    alive = listener._thread.is_alive()
    listener.stop()
    assert not alive


def test_what_pours_is_left_and_what_goes_on_for_weeks_is_not() -> None:
    now = [0.0]
    budget = wire.EventBudget(lambda: now[0])
    for _ in range(50):
        now[0] += wire.LATELY
        budget.raw += wire.MAX_REPLY
        budget.spend(wire.MAX_REPLY)
    with pytest.raises(ReplyTooLarge):
        budget.spend(1)


def test_a_line_carries_events_however_many_they_have_been(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that runs for weeks hears more than one reply may hold."""
    monkeypatch.setattr(wire, "MAX_REPLY", 100_000)
    # Whatever comes is of another hour.
    monkeypatch.setattr(wire, "LATELY", 0.0)
    with hostile_server() as server:
        server.answer = lambda _: Answer(ping().encode() * 10_000, kind=KIND)
        line = Http(server.url)
        try:
            heard = sum(1 for _ in line.events(events.ADDRESS, "t", 5.0, 500))
        finally:
            line.close()
    assert heard >= 10_000
