"""The routes. Everything that touches the database runs in a bounded pool of threads, never on the event loop."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Awaitable, Callable, Collection, Iterator
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from imi_central.api import body, dispatch, events, session, stream, transfer
from imi_central.api.errors import Disabled, Problem, Unauthorized, not_found, not_json, over_limit, unavailable
from imi_central.api.gate import Gate
from imi_central.api.rates import Rates
from imi_central.store import NoSeat, OfficerDisabled, OverQuota, Store, TooSlow, Unavailable, UnknownOfficer
from imi_core.jmap import Limits
from imi_core.jmap import Request as Call

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

Authenticate = Callable[[Request], Awaitable[str]]
"""Tells the id of the officer whose request it is; raises `Unauthorized`."""

WORKERS = 12
LISTENING_WORKERS = 2
UNTAKEN = 3
"""Times as many answers of an officer as requests may wait in memory to be taken. Some belong to lines that were lost
without a word, and whoever comes again must not have to wait until that is noticed."""
T = TypeVar("T")
Handler = Callable[[Request, contextlib.ExitStack], Awaitable[Response]]
"""Answers a request; what it enters in the stack is held until the answer has been taken."""


def build_routes(
    store: Store,
    authenticate: Authenticate,
    *,
    limits: Limits | None = None,
    rates: Rates | None = None,
    base_url: str = "",
    ending: Callable[[Callable[[], None]], None] | None = None,
) -> list[Route]:
    """The routes of the protocol.

    `base_url` is the address clients reach the server at, without a slash at its end; taken from each request
    where empty. `ending` is given what ends streams and all listening, to be called on the event loop when the
    server stops.
    """
    api = Api(store, authenticate, limits or Limits(), rates or Rates(), base_url)
    if ending is not None:
        ending(api.end_flows)
    return [
        Route("/jmap/session", api.session, methods=["GET"]),
        Route("/.well-known/jmap", api.session, methods=["GET"]),
        Route("/jmap/api", api.call, methods=["POST"]),
        Route("/jmap/stream", api.stream, methods=["POST"]),
        Route("/jmap/eventsource", api.listen, methods=["GET"]),
        Route("/jmap/upload/{account}", api.upload, methods=["POST"]),
        Route("/jmap/download/{account}/{blob}/{name:path}", api.download, methods=["GET"]),
    ]


class Api:
    """The handlers; one for the life of the process."""

    def __init__(self, store: Store, authenticate: Authenticate, limits: Limits, rates: Rates, base_url: str) -> None:
        self._store, self._authenticate, self._limits, self._base = store, authenticate, limits, base_url
        self._rates = rates
        self._threads = anyio.CapacityLimiter(WORKERS)
        self._requests = Gate("maxConcurrentRequests", limits.max_concurrent_requests)
        self._answers = Gate("maxConcurrentRequests", limits.max_concurrent_requests * UNTAKEN)
        self._uploads = Gate("maxConcurrentUpload", limits.max_concurrent_upload)
        # Apart from the others, so that no request waits because very many listeners look at once.
        self._listening = anyio.CapacityLimiter(LISTENING_WORKERS)
        self.events = events.Events(self._look)
        self._stopping = False
        self.session = _Endpoint(self._session)
        self.call = _Endpoint(self._call)
        self.stream = _Endpoint(self._stream)
        self.listen = _Endpoint(self._listen)
        self.upload = _Endpoint(self._upload)
        self.download = _Endpoint(self._download)

    def end_flows(self) -> None:
        """The server stops: streams end behind what they have sent, and nobody listens any more."""
        self._stopping = True
        self.events.close()

    async def _run(self, work: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(work, limiter=self._threads)

    @contextlib.contextmanager
    def _working(self, officer_id: str, held: contextlib.ExitStack) -> Iterator[None]:
        """An officer's place for what is worked on. Raises `Problem` 429."""
        held.enter_context(self._answers(officer_id))
        with self._requests(officer_id):
            yield

    async def _session(self, request: Request, held: contextlib.ExitStack) -> Response:
        officer_id = await self._authenticate(request)
        made = functools.partial(session.session, self._store, officer_id, self._limits, self._address(request))
        with self._working(officer_id, held):
            return _json(msgspec.json.encode(await self._run(made)))

    def _address(self, request: Request) -> str:
        return self._base or str(request.base_url).rstrip("/")

    async def _call(self, request: Request, held: contextlib.ExitStack) -> Response:
        officer_id = await self._authenticate(request)
        with self._working(officer_id, held):
            decoded, base = await self._decoder(request, officer_id), self._address(request)
            return _json(await self._run(lambda: dispatch.run(self._store, officer_id, decoded(), self._limits, base)))

    async def _decoder(self, request: Request, officer_id: str) -> Callable[[], Call]:
        """Reads the body; the result decodes it and counts what it asks for, which is work for a thread."""
        most = self._limits.max_size_request
        raw = await body.read(request, most, "maxSizeRequest")
        if transfer.media_type(request.headers.get("content-type", "")) != "application/json":
            raise not_json("the content type is application/json")
        encoding = request.headers.get("content-encoding", "")

        def decoded() -> Call:
            call = body.decode(body.decompress(raw, encoding, most), Call)
            dispatch.check(call, self._limits)
            self._rates.check(officer_id, call, self._limits)
            return call

        return decoded

    async def _stream(self, request: Request, held: contextlib.ExitStack) -> Response:
        officer_id = await self._authenticate(request)
        # It is worked on until its end.
        held.enter_context(self._working(officer_id, held))
        decoded = await self._decoder(request, officer_id)
        pages = stream.records(self._store, officer_id, await self._run(decoded), self._limits, self._address(request))

        async def following() -> bytes | None:
            if self._stopping:
                return None
            # A token that ended or was withdrawn meanwhile ends the stream.
            await self._authenticate(request)
            return await self._run(lambda: next(pages, None))

        # None where there is no desk whose changes could come.
        first = await self._run(lambda: next(pages, None))
        accepted = {each.partition(";")[0].strip() for each in request.headers.get("accept-encoding", "").split(",")}
        return stream.Stream(first, following, compress="zstd" in accepted)

    async def _look(self, accounts: Collection[str]) -> dict[str, str]:
        return await anyio.to_thread.run_sync(self._store.tokens, accounts, limiter=self._listening)

    async def _listen(self, request: Request, held: contextlib.ExitStack) -> Response:
        officer_id = await self._authenticate(request)
        wanted = events.asked(request.query_params, request.headers.get("last-event-id", ""))

        def states() -> dict[str, str]:
            with self._store.view(officer_id) as view:
                return view.states()

        async def read() -> dict[str, str]:
            await self._authenticate(request)
            return await anyio.to_thread.run_sync(states, limiter=self._listening)

        listener = held.enter_context(self.events.listener(officer_id))
        return events.EventStream(self.events, listener, wanted, read)

    async def _upload(self, request: Request, held: contextlib.ExitStack) -> Response:
        officer_id = await self._authenticate(request)
        held.enter_context(self._uploads(officer_id))
        if request.headers.get("content-encoding", "identity") != "identity":
            raise Problem(415, "about:blank", "files are sent as they are")
        data = await body.read(request, self._limits.max_size_upload, "maxSizeUpload")
        account = request.path_params["account"]
        type_ = transfer.media_type(request.headers.get("content-type", ""))
        made = await self._run(functools.partial(self._store.put_blob, officer_id, account, type_, data))
        answer = {
            "accountId": account,
            "blobId": made.id,
            "type": made.media_type,
            "size": made.size,
            "sha256": made.sha256,
        }
        return _json(msgspec.json.encode(answer), 201)

    async def _download(self, request: Request, held: contextlib.ExitStack) -> Response:
        officer_id = await self._authenticate(request)
        params, given = request.path_params, request.headers

        def work() -> Response:
            load = functools.partial(transfer.load, self._store, officer_id, params["account"], params["blob"])
            known = load(None)
            if known is None:
                raise not_found()
            reading = request.method == "GET"
            range_ = given.get("range", "") if reading else ""
            wanted = transfer.part(known[0], range_, given.get("if-range", ""), given.get("if-none-match", ""))
            found = load(wanted) if reading else known
            if found is None:
                raise not_found()
            type_ = request.query_params.get("type", "")
            return Response(found[1], wanted.status, transfer.headers(found[0], wanted, params["name"], type_))

        with self._working(officer_id, held):
            return await self._run(work)


def _json(data: bytes, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(data, status, headers, "application/json")


class _Endpoint:
    """An address: its handler's answers, with everything a request can be refused for turned into problem details.

    What the handler holds, as an officer's place among their answers, is given back when the answer has been taken: it
    is kept in memory until then.
    """

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.ExitStack() as held:
            answer = await self._answer(Request(scope, receive, send), held)
            await answer(scope, receive, send)

    async def _answer(self, request: Request, held: contextlib.ExitStack) -> Response:
        try:
            return await self._handler(request, held)
        except Problem as problem:
            return problem.response()
        except UnknownOfficer:
            return Unauthorized().response()
        except OfficerDisabled:
            return Disabled().response()
        except NoSeat:
            return not_found().response()
        except OverQuota:
            return over_limit("quota", "too many files wait to be sent", 413).response()
        except (TooSlow, Unavailable) as error:
            return unavailable(error).response()
