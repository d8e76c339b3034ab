"""/jmap/stream: a reading request answered page by page, each page a complete response object on a line of its own.

Nothing is held between two pages but states: a page is read on its own snapshot with rights read anew, encoded,
compressed and gone before the next one is begun.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import zstandard

from imi_central.api import dispatch
from imi_central.api.errors import Problem, not_request
from imi_central.api.flowing import Flowing
from imi_central.store import INITIAL, OfficerDisabled, TooSlow, Unavailable, UnknownOfficer
from imi_core.jmap import Limits, Request

if TYPE_CHECKING:
    from starlette.types import Send

    from imi_central.store import Store

FIRST_PAGE = 50
"""Changed objects in the first page of a group; each further page has twice as many, up to ``maxChanges``."""
LEAST_PAGE = 10
"""Of an officer with many desks, the first pages have no fewer."""
WINDOW_LOG = 23
"""The largest window a client has to accept (RFC 9659, section 3)."""
SECONDS = 300.0
"""After so long a stream ends; the client goes on from the states it has, with a token that is valid then."""
_READS = ("get", "changes", "query", "digest", "index", "sync", "echo")
_Call = tuple[str, dict[str, Any], str]


def groups(request: Request) -> list[list[_Call]]:
    """The calls in groups: each call without reference, and those behind it that refer to its group.

    Raises `Problem` for a call that writes, or that refers to anything but its own group.
    """
    out: list[list[_Call]] = []
    for call in request.method_calls:
        name, arguments, call_id = call
        if name.rpartition("/")[2] not in _READS:
            raise Problem(400, "urn:imi:error:notStreamed", f"{name[:80]} is not for a stream, which only reads")
        named = {each.get("resultOf") for key, each in arguments.items() if key[:1] == "#" and isinstance(each, dict)}
        if not named:
            out.append([call])
        elif out and named <= {each[2] for each in out[-1]}:
            out[-1].append(call)
        else:
            raise not_request(f"call {call_id[:80]} refers to another group than its own")
    if not out:
        raise not_request("there are no calls")
    return out


@dataclass
class _Asked:
    """Who asks for what."""

    store: Store
    officer_id: str
    request: Request
    limits: Limits
    base: str

    def answer(self, calls: list[_Call]) -> tuple[bytes, list[dispatch.Answer]]:
        """The response object of one page with its line end, and its answers."""
        request = Request(using=self.request.using, method_calls=calls)
        data, answers = dispatch.answer(self.store, self.officer_id, request, self.limits, self.base)
        return data + b"\n", answers


def records(store: Store, officer_id: str, request: Request, limits: Limits, base: str = "") -> Iterator[bytes]:
    """The pages, each a response object with its line end. Every step blocks on the database: use a worker thread.

    Raises what `dispatch.run` raises; from the first step on, as rights are read for every page.
    """
    dispatch.check(request, limits)
    asked = _Asked(store, officer_id, request, limits, base)
    begun: list[Iterator[bytes]] = []
    for calls in groups(request):
        states = calls[0][1].get("states")
        if calls[0][0] != "Desk/sync" or not (states is None or (isinstance(states, dict) and states)):
            yield asked.answer(calls)[0]
        elif states is not None:
            yield from _pages(asked, calls, states, FIRST_PAGE)
        elif "states" in calls[0][1]:
            with store.view(officer_id) as view:
                desks = list(view.places)
            for desk in desks:
                pages = _pages(asked, calls, {desk: INITIAL}, max(FIRST_PAGE // len(desks), LEAST_PAGE))
                yield from itertools.islice(pages, 1)
                begun.append(pages)
        else:
            yield asked.answer(calls)[0]
    yield from itertools.chain.from_iterable(begun)


def _pages(asked: _Asked, calls: list[_Call], states: dict[str, Any], first: int) -> Iterator[bytes]:
    """One account after the other, until none has more. `first`: changed objects in the first page."""
    given = {name: value for name, value in calls[0][1].items() if name != "brief"}
    most = given.get("maxChanges")
    sized = isinstance(most, int) and not isinstance(most, bool)
    most = min(most, asked.limits.max_objects_in_get) if sized and isinstance(most, int) else 250
    size = min(first, most)
    for account, state in states.items():
        since = state
        while True:
            arguments = given | {"states": {account: since}, **({"maxChanges": size} if size > 0 else {})}
            mine = [call for call in calls[1:] if _concerns(call, account)]
            data, answers = asked.answer([("Desk/sync", arguments, calls[0][2]), *mine])
            if size > 1 and any(name == "error" and error["type"] == "requestTooLarge" for name, error, _ in answers):
                size = most = size // 2
                continue
            yield data
            size = min(size * 2, most)
            found = answers[0][1].get("accounts", {}).get(account) if answers[0][0] == "Desk/sync" else None
            if found is None or not found["hasMoreChanges"] or found["newState"] == since:
                break
            since = found["newState"]


def _concerns(call: _Call, account: str) -> bool:
    """Whether a call behind a Desk/sync refers to no other account than this one."""
    escaped = account.replace("~", "~0").replace("/", "~1")
    paths = [str(each.get("path")) for key, each in call[1].items() if key[:1] == "#" and isinstance(each, dict)]
    return all(not path.startswith("/accounts/") or path.startswith(f"/accounts/{escaped}/") for path in paths)


class Stream(Flowing):
    """Sends a page when the client has taken the one before; ends when the client goes away."""

    def __init__(
        self,
        first: bytes | None,
        following: Callable[[], Awaitable[bytes | None]],
        *,
        compress: bool,
    ) -> None:
        """`following` gives the next page, None behind the last."""
        super().__init__("application/x-ndjson", **({"Content_Encoding": "zstd"} if compress else {}))
        self._first, self._following = first, following
        # Deeper searches than at level 9, in tables that are smaller: what repeats in a list is near. Matches of five
        # bytes would be found among digits of ids, where they gain nothing.
        parameters = zstandard.ZstdCompressionParameters(
            window_log=WINDOW_LOG,
            hash_log=20,
            chain_log=20,
            search_log=7,
            min_match=6,
            target_length=32,
            strategy=zstandard.STRATEGY_LAZY2,
        )
        self._packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj() if compress else None

    async def flow(self, send: Send) -> None:
        """Send the body."""
        page = self._first
        until = time.monotonic() + SECONDS
        while page is not None:
            await self.give(send, self._packed(page))
            if time.monotonic() > until:
                break
            try:
                page = await self._following()
            except (TooSlow, Unavailable, UnknownOfficer, OfficerDisabled, Problem):
                # The next request of this client is told why; what it has so far is whole.
                break
        end = self._packer.flush(zstandard.COMPRESSOBJ_FLUSH_FINISH) if self._packer is not None else b""
        await send({"type": "http.response.body", "body": end, "more_body": False})

    def _packed(self, page: bytes) -> bytes:
        if self._packer is None:
            return page
        return self._packer.compress(page) + self._packer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
