"""A small Europe on a real database in a file: three countries, five desks, officers with different roles."""

from __future__ import annotations

import atexit
import datetime as dt
import functools
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import anyio
import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from starlette.applications import Starlette
from starlette.requests import Request

import imi_central
from imi_central.api import Unauthorized, build_routes
from imi_central.api.rates import Rates
from imi_central.store import Store
from imi_core.authority import Authority, Desk, Officer
from imi_core.case import Entry
from imi_core.definitions import load_lifecycle, load_procedure
from imi_core.jmap import CASE, CORE, Limits
from imi_core.procedure import Rules

CATALOGUE = Path(imi_central.__file__).parent / "catalogue"

LYON, ROSENHEIM, MUNICH, WARSAW, BERLIN = (
    "fr-dreets-ara_pw",
    "de-zoll-rosenheim_pw",
    "de-zoll-muenchen_pw",
    "pl-pip-warszawa_pw",
    "de-nimic_pw",
)
HEALTH = "de-aerzte_pq"
DESKS = (LYON, ROSENHEIM, MUNICH, WARSAW, BERLIN)


class Clock:
    """A clock that moves only when told to, apart from one millisecond a look."""

    def __init__(self) -> None:
        self.at = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        self.at += dt.timedelta(milliseconds=1)
        return self.at


@functools.cache
def rules() -> Rules:
    lifecycle = load_lifecycle((CATALOGUE / "lifecycles" / "request.toml").read_text(), "request.toml")
    return load_procedure((CATALOGUE / "modules" / "pw" / "info.toml").read_text(), "info.toml", {"request": lifecycle})


def authority(id: str, country: str, name: str, **more: object) -> Authority:
    desks = (Desk(id=f"{id}_pw", area="pw", coordinator=bool(more.pop("coordinator", False))),)
    return Authority(id=id, formal_name=name, country=country, desks=desks, **more)  # type: ignore[arg-type]


AUTHORITIES = [
    authority("fr-dreets-ara", "FR", "Direction régionale de l'économie, Auvergne-Rhône-Alpes", town="Lyon"),
    authority("de-zoll-rosenheim", "DE", "Hauptzollamt Rosenheim", town="Rosenheim", topics=("wages",)),
    authority("de-zoll-muenchen", "DE", "Hauptzollamt München", town="München", topics=("wages", "transport")),
    authority("de-nimic", "DE", "Bundesministerium", town="Berlin", coordinator=True, kind="national_coordinator"),
    authority("pl-pip-warszawa", "PL", "Państwowa Inspekcja Pracy", town="Warszawa"),
    Authority(id="de-aerzte", formal_name="Bundesärztekammer", country="DE", desks=(Desk(id=HEALTH, area="pq"),)),
]

OFFICERS = {
    "lyon": {LYON: ("handler", "viewer")},
    "lyon-basic": {LYON: ("basic",)},
    "lyon-data": {LYON: ("data_administrator",)},
    "rosenheim": {ROSENHEIM: ("handler",)},
    "munich": {MUNICH: ("handler",)},
    "both": {ROSENHEIM: ("handler",), MUNICH: ("handler",)},
    "warsaw": {WARSAW: ("handler",)},
    "berlin": {BERLIN: ("handler",)},
}


def fill(store: Store) -> Store:
    """The directory of the small Europe."""
    store.put_procedures([rules()])
    store.put_authorities(AUTHORITIES)
    for id, desks in OFFICERS.items():
        store.put_officer(Officer(id=id, name=id.title(), desks=desks))
    return store


def ref() -> str:
    return str(uuid.uuid4())


REQUEST = {
    "subject": "Establishment of Alpbau GmbH",
    "company": "Alpbau GmbH",
    "workers": "Secret Person, 1980-01-01",
    "justification": "Inspection of a site in Lyon.",
    "questions": ["EST-01", "POS-04"],
}


def send(store: Store, *, officer: str = "lyon", desk: str = LYON, to: str = ROSENHEIM, **more: object) -> Entry:
    """Start a case; the committed entry."""
    answers = {**REQUEST, **more}
    given = Entry(action="send", procedure="pw.info", target=to, answers=answers, client_ref=ref())
    return store.commit_entry(officer, desk, given).entry


def act(store: Store, officer: str, desk: str, case_id: str, action: str, **members: object) -> Entry:
    """Add an entry based on the present version."""
    members.setdefault("based_on", 99)
    given = Entry(action=action, case_id=case_id, client_ref=ref(), **members)  # type: ignore[arg-type]
    return store.commit_entry(officer, desk, given).entry


def accept(store: Store, case_id: str, officer: str = "rosenheim", desk: str = ROSENHEIM) -> Entry:
    return act(store, officer, desk, case_id, "accept", answers={"agreed_days": 10})


_DEFAULTS = dict(httpx.Client(trust_env=False).headers)


@functools.cache
def _loop() -> BlockingPortal:
    """Where requests are answered. A loop of its own for each, with its threads, cost more than the answer."""
    running = ExitStack()
    atexit.register(running.close)
    return running.enter_context(start_blocking_portal())


async def _answered(app: Starlette, request: httpx.Request) -> httpx.Response:
    """What the application answers; its exceptions come through."""
    asked, done = [{"type": "http.request", "body": request.read(), "more_body": False}], anyio.Event()
    status, headers, body = 0, [], bytearray()

    async def receive() -> dict[str, Any]:
        if asked:
            return asked.pop()
        await done.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status, headers = message["status"], message["headers"]
            return
        body.extend(message.get("body", b""))
        if not message.get("more_body"):
            done.set()

    url = request.url
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.split(b"?")[0],
        "query_string": url.query,
        "server": (url.host, url.port),
        "client": ("127.0.0.1", 123),
        "root_path": "",
    }
    await app(scope, receive, send)
    assert done.is_set()
    return httpx.Response(status, headers=headers, content=bytes(body), request=request)


class Caller:
    """Speaks to the real routes in process. The stub sign-in takes the officer's id from a header."""

    def __init__(self, store: Store, limits: Limits | None = None, rates: Rates | None = None) -> None:
        async def authenticate(request: Request) -> str:
            officer = request.headers.get("x-officer", "")
            if not officer:
                raise Unauthorized()
            return officer

        ending: list[Callable[[], None]] = []
        routes = build_routes(store, authenticate, limits=limits, rates=rates, ending=ending.append)
        [self.stop] = ending
        self.app = Starlette(routes=routes)

    def http(self, officer: str, method: str, path: str, **more: Any) -> httpx.Response:
        """One request, as httpx would make it; all run in the event loop of the process, as at a real server."""
        headers = {**_DEFAULTS, "x-officer": officer, **more.pop("headers", {})}
        request = httpx.Request(method, f"http://test{path}", headers=headers, **more)
        return _loop().call(_answered, self.app, request)

    def post(self, officer: str, *calls: list[Any], **more: Any) -> dict[str, Any]:
        """One request; the response object."""
        body = {"using": USING, "methodCalls": list(calls), **more}
        answer = self.http(officer, "POST", "/jmap/api", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def call(self, officer: str, name: str, /, **arguments: Any) -> dict[str, Any]:
        """One method call; its answer, an error's arguments under "error"."""
        [[answered, given, _]] = self.post(officer, [name, arguments, "c"])["methodResponses"]
        return {"error": given} if answered == "error" else dict(given)

    def create(self, officer: str, desk: str, /, **members: Any) -> dict[str, Any]:
        """Create one entry; what ``created`` or ``notCreated`` holds (then with a "type")."""
        members.setdefault("clientRef", ref())
        answer = self.call(officer, "Entry/set", accountId=desk, create={"k": members})
        if "error" in answer:
            return answer
        return dict((answer["created"] or answer["notCreated"])["k"])

    def sync(self, officer: str, states: dict[str, str], **more: Any) -> dict[str, Any]:
        """One Desk/sync."""
        return self.call(officer, "Desk/sync", states=states, **more)


USING = [CORE, CASE]
