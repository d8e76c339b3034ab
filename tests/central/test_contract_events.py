"""Server-sent events: who hears of what, how it ends, and what it costs."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
import zstandard
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.types import ASGIApp

from imi_central.api import Unauthorized, build_routes, events
from imi_central.api.errors import Problem
from imi_central.app import CompressProtocol
from imi_central.store import Store, Unavailable, View
from imi_core.authority import Officer
from tests.central.world import BERLIN, LYON, MUNICH, ROSENHEIM, Caller, Clock, accept, send

ALL = "types=*&closeafter=no&ping=60"
Event = tuple[str, str, Any]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often, so that no test waits."""
    monkeypatch.setattr(events, "LOOK_SECONDS", 0.01)


class Place:
    """One process of the server: the application, its listeners, and the officers whose tokens are not valid."""

    def __init__(self, store: Store, wrap: Callable[[ASGIApp], ASGIApp] = lambda app: app) -> None:
        self.revoked: set[str] = set()

        async def authenticate(request: Request) -> str:
            officer = request.headers.get("x-officer", "")
            if not officer or officer in self.revoked:
                raise Unauthorized()
            return officer

        ends: list[Callable[[], None]] = []
        self.app = wrap(Starlette(routes=build_routes(store, authenticate, ending=ends.append)))
        self.close = ends[0]
        self.events: events.Events = ends[0].__self__.events  # type: ignore[attr-defined]


class Ear:
    """A connection: status, headers, and the pieces of the body as they are sent; None behind the last."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.sent, self._pieces = anyio.create_memory_object_stream[bytes | None](1000)
        self.left = anyio.Event()

    async def piece(self) -> bytes | None:
        with anyio.fail_after(10):
            return await self._pieces.receive()

    async def next(self) -> list[Event] | None:
        """The events of the next piece; None at the end."""
        piece = await self.piece()
        return None if piece is None else parse(piece)

    async def silent(self) -> bool:
        """Whether nothing comes, many looks long."""
        with anyio.move_on_after(0.2):
            await self._pieces.receive()
            return False
        return True


def parse(piece: bytes) -> list[Event]:
    """(name, id, data) of the whole events in a piece."""
    assert piece.endswith(b"\n\n"), "an event that is not whole when its bytes are there"
    out = []
    for block in piece.decode().split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        out.append((fields["event"], fields.get("id", ""), json.loads(fields["data"])))
    return out


@asynccontextmanager
async def listening(place: Place, officer: str, query: str = ALL, **headers: str) -> AsyncIterator[Ear]:
    """Listen until the block ends, then go away."""
    ear = Ear()
    asked = False
    answered = anyio.Event()

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b""}
        await ear.left.wait()
        return {"type": "http.disconnect"}

    async def send_(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            ear.status = message["status"]
            ear.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
            answered.set()
            return
        if message.get("body"):
            await ear.sent.send(message["body"])
        if not message.get("more_body"):
            await ear.sent.send(None)

    given = {"x-officer": officer, **headers}
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/jmap/eventsource",
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()],
        "query_string": query.encode(),
        "extensions": {},
    }
    async with anyio.create_task_group() as group:
        group.start_soon(place.app, scope, receive, send_)  # type: ignore[arg-type]
        with anyio.fail_after(10):
            await answered.wait()
        yield ear
        ear.left.set()


def changed(found: list[Event] | None) -> dict[str, Any]:
    """What the state event of a piece says."""
    assert found is not None
    [(_name, _, data)] = [each for each in found if each[0] == "state"]
    assert data["@type"] == "StateChange"
    return dict(data["changed"])


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        with anyio.fail_after(30):
            await work()

    anyio.run(bounded)


async def in_thread(work: Callable[[], Any]) -> Any:
    return await anyio.to_thread.run_sync(work)


def test_the_session_names_the_address(caller: Caller) -> None:
    url = caller.http("lyon", "GET", "/jmap/session").json()["eventSourceUrl"]
    assert url == "http://test/jmap/eventsource?types={types}&closeafter={closeafter}&ping={ping}"


def test_the_first_event_names_all_own_desks_and_later_ones_what_changed(store: Store, caller: Caller) -> None:
    async def work() -> None:
        async with listening(Place(store), "both") as ear:
            assert (ear.status, ear.headers["content-type"].partition(";")[0]) == (200, "text/event-stream")
            assert ear.headers["x-accel-buffering"] == "no"
            first = await ear.next()
            assert first is not None
            assert first[0] == ("ping", "", {"interval": 60})
            before = changed(first)
            assert set(before) == {ROSENHEIM, MUNICH}
            # Not of a case these desks have no part in.
            await in_thread(lambda: send(store, to=BERLIN))
            assert await ear.silent()
            await in_thread(lambda: send(store, to=MUNICH))
            [(_, id_, _)] = found = await ear.next() or []
            assert set(changed(found)) == {MUNICH}
            assert id_ != first[1][1]
            now = (await in_thread(lambda: caller.call("both", "Case/get", accountId=MUNICH, ids=[])))["state"]
            assert changed(found)[MUNICH] == {"Case": now, "Entry": now}
            assert before[MUNICH]["Case"] != now

    run(work)


def test_types_that_are_not_asked_for_are_not_named(store: Store) -> None:
    async def work() -> None:
        place = Place(store)
        async with listening(place, "lyon", "types=Case,Nothing&closeafter=no&ping=0") as ear:
            found = await ear.next()
            assert [name for name, _, _ in found or []] == ["state"]
            assert list(changed(found)[LYON]) == ["Case"]
        async with listening(place, "lyon", "types=Authority&closeafter=no&ping=90") as ear:
            assert await ear.next() == [("ping", "", {"interval": 90})]
            await in_thread(lambda: send(store))
            assert await ear.silent()

    run(work)


def test_what_another_process_writes_is_heard(template: Path, tmp_path: Path) -> None:
    path = tmp_path / "central.db"
    path.write_bytes(template.read_bytes())
    here, there = (Store.open(f"sqlite:///{path}", now=Clock()) for _ in range(2))

    async def work() -> None:
        async with listening(Place(here), "rosenheim") as ear, listening(Place(there), "lyon") as far:
            await ear.next()
            await far.next()
            case_id = (await in_thread(lambda: send(there))).case_id
            assert set(changed(await ear.next())) == {ROSENHEIM}
            assert set(changed(await far.next())) == {LYON}
            await in_thread(lambda: accept(here, case_id))
            assert set(changed(await far.next())) == {LYON}

    run(work)
    here.close()
    there.close()


@pytest.mark.parametrize(
    ("desks", "active"),
    [({ROSENHEIM: ("handler",)}, True), ({}, True), ({LYON: ("viewer",), MUNICH: ("viewer",)}, True), (None, False)],
)
def test_a_seat_taken_or_given_ends_it(store: Store, desks: dict[str, tuple[str, ...]] | None, active: bool) -> None:
    given = Officer(id="lyon", name="Lyon", desks={LYON: ("handler", "viewer")} if desks is None else desks)  # type: ignore[arg-type]

    async def work() -> None:
        place = Place(store)
        async with listening(place, "lyon") as ear, listening(place, "munich") as other:
            await ear.next()
            await other.next()
            await in_thread(lambda: store.put_officer(given, active=active))
            assert await ear.next() is None
            assert await other.silent()

    run(work)


def test_a_token_that_is_not_valid_any_more_ends_it_before_anything_is_told(store: Store) -> None:
    async def work() -> None:
        place = Place(store)
        async with listening(place, "lyon") as ear:
            await ear.next()
            place.revoked.add("lyon")
            await in_thread(lambda: send(store))
            assert await ear.next() is None

    run(work)


@pytest.mark.parametrize("ping", [60, 0])
def test_rights_are_read_at_each_ping_though_nothing_changes(
    store: Store, monkeypatch: pytest.MonkeyPatch, ping: int
) -> None:
    monkeypatch.setattr(events, "MOST_PING", 0.02)

    async def work() -> None:
        place = Place(store)
        async with listening(place, "lyon", f"types=*&closeafter=no&ping={ping}") as ear:
            await ear.next()
            if ping:
                assert [name for name, _, _ in await ear.next() or []] == ["ping"]
                assert [name for name, _, _ in await ear.next() or []] == ["ping"]
            else:
                assert await ear.silent()
            place.revoked.add("lyon")
            while (found := await ear.next()) is not None:
                assert found[0][0] == "ping"

    run(work)


def test_no_ping_leaves_the_processor_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pings, rights are still read only once each interval."""
    monkeypatch.setattr(events, "MOST_PING", 0.05)
    looks, original = 0, store.view

    def counted(officer_id: str) -> Any:
        nonlocal looks
        looks += 1
        return original(officer_id)

    monkeypatch.setattr(store, "view", counted)

    async def work() -> None:
        async with listening(Place(store), "lyon", "types=*&closeafter=no&ping=0") as ear:
            await ear.next()
            assert await ear.silent()

    run(work)
    assert 1 <= looks <= 6


def test_the_interval_is_at_least_a_minute_and_nonsense_is_refused() -> None:
    def interval(ping: str) -> int:
        return events.asked({"types": "*", "closeafter": "no", "ping": ping}, "").ping

    assert [interval(each) for each in ("0", "1", "60", "120", "99999")] == [0, 60, 60, 120, 300]
    right = {"types": "*", "closeafter": "no", "ping": "60"}
    for wrong in (
        {"types": ""},
        {"closeafter": "yes"},
        {"ping": "-1"},
        {"ping": "²"},
        {"ping": ""},
        {"ping": "1" * 10},
    ):
        with pytest.raises(Problem) as found:
            events.asked({**right, **wrong}, "")
        assert found.value.status == 400


def test_after_a_state_it_closes_where_asked_and_waits_for_one_that_is_new(store: Store) -> None:
    once = "types=*&closeafter=state&ping=60"

    async def work() -> None:
        place = Place(store)
        async with listening(place, "lyon", once) as ear:
            first = await ear.next()
            assert await ear.next() is None
        assert first is not None
        id_ = first[1][1]
        async with listening(place, "lyon", once, last_event_id=id_) as ear:
            assert [name for name, _, _ in await ear.next() or []] == ["ping"]
            assert await ear.silent()
            await in_thread(lambda: send(store))
            assert set(changed(await ear.next())) == {LYON}
            assert await ear.next() is None
        async with listening(place, "lyon", once, last_event_id=id_) as ear:
            assert set(changed(await ear.next())) == {LYON}

    run(work)


def test_an_officer_has_some_places_and_the_process_has_an_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events.Events.__init__, "__kwdefaults__", {"most_each": 1, "most": 2})

    async def refusal(place: Place, officer: str) -> tuple[int, str]:
        async with listening(place, officer) as ear:
            assert ear.headers["content-type"] == "application/problem+json"
            assert ear.headers["retry-after"]
            problem = json.loads(await ear.piece() or b"")
            assert problem["type"] == "urn:ietf:params:jmap:error:limit"
            return ear.status, problem["limit"]

    async def work() -> None:
        place = Place(store)
        async with listening(place, "lyon") as ear:
            await ear.next()
            assert await refusal(place, "lyon") == (429, "maxConcurrentEventSources")
            async with listening(place, "munich") as other:
                assert other.status == 200
                assert await refusal(place, "rosenheim") == (503, "maxEventSources")
        async with listening(place, "lyon") as ear:
            assert ear.status == 200
        assert (await _status(place, "")) == 401

    run(work)


async def _status(place: Place, officer: str) -> int:
    async with listening(place, officer) as ear:
        return ear.status


def test_all_listeners_share_one_look_and_none_is_taken_when_nobody_listens(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[set[str]] = []
    original = store.tokens

    def counted(accounts: Any) -> Any:
        looks.append(set(accounts))
        return original(accounts)

    monkeypatch.setattr(store, "tokens", counted)
    monkeypatch.setattr(events, "LOOK_SECONDS", 0.05)

    async def work() -> None:
        place = Place(store)
        async with listening(place, "lyon") as a, listening(place, "lyon-basic") as b, listening(place, "both") as c:
            for ear in (a, b, c):
                await ear.next()
            looks.clear()
            await anyio.sleep(0.3)
            assert 1 <= len(looks) <= 6
            assert looks[-1] == {"directory", LYON, ROSENHEIM, MUNICH}
        looks.clear()
        await anyio.sleep(0.2)
        assert looks == []
        assert place.events._task is None
        assert place.events._listeners == set()

    run(work)


def test_a_database_that_is_away_for_a_moment_does_not_end_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    original, failures = store.tokens, 3

    def failing(accounts: Any) -> Any:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise Unavailable
        return original(accounts)

    monkeypatch.setattr(store, "tokens", failing)

    async def work() -> None:
        async with listening(Place(store), "lyon") as ear:
            await ear.next()
            await in_thread(lambda: send(store))
            assert set(changed(await ear.next())) == {LYON}

    run(work)
    assert failures < 0


def test_a_mistake_in_looking_ends_all_instead_of_leaving_them_deaf(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: Any) -> Any:
        raise KeyError("a name")

    monkeypatch.setattr(store, "tokens", broken)

    async def work() -> None:
        async with listening(Place(store), "lyon") as ear:
            await ear.next()
            assert await ear.next() is None

    with caplog.at_level(logging.ERROR):
        run(work)
    assert "KeyError" in caplog.text
    assert "a name" not in caplog.text


def test_what_changes_while_somebody_begins_to_listen_is_not_missed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change behind a listener's own reading that was looked at before it has its place among the listeners."""
    place, original = Place(store), View.states
    written = False

    def late(self: View) -> dict[str, str]:
        nonlocal written
        found = original(self)
        if self.person.id == "lyon" and not written:
            written = True
            send(store)
            while place.events._known.get(LYON) == found[LYON]:
                time.sleep(0.001)
        return found

    monkeypatch.setattr(View, "states", late)

    async def work() -> None:
        async with listening(place, "lyon-basic") as colleague:
            await colleague.next()
            async with listening(place, "lyon") as ear:
                before = changed(await ear.next())
                assert changed(await ear.next())[LYON] != before[LYON]

    run(work)


def test_events_pass_compression_as_they_are_made(store: Store) -> None:
    async def work() -> None:
        async with listening(Place(store, CompressProtocol), "lyon", accept_encoding="zstd") as ear:
            assert ear.headers["content-encoding"] == "zstd"
            decoder = zstandard.ZstdDecompressor().decompressobj()
            first = parse(decoder.decompress(await ear.piece() or b""))
            assert [name for name, _, _ in first] == ["ping", "state"]
            await in_thread(lambda: send(store))
            assert set(changed(parse(decoder.decompress(await ear.piece() or b"")))) == {LYON}

    run(work)


def test_a_server_that_stops_ends_them(store: Store) -> None:
    async def work() -> None:
        place = Place(store)
        async with listening(place, "lyon") as ear:
            await ear.next()
            place.close()
            assert await ear.next() is None

    run(work)
