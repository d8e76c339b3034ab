"""Running the method calls of one request, in order, as one officer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec

from imi_central.api import session
from imi_central.api.context import Arguments, Context, Method, reject_unknown
from imi_central.api.errors import over_limit, unknown_capability
from imi_central.api.methods import assignment, authority, blob, case, desk, entry, officer, procedure, translation
from imi_central.store import NoSeat, TooMany, TooSlow
from imi_core.jmap import CASE, CORE, Limits, MethodError, Request, resolve_references

if TYPE_CHECKING:
    from imi_central.store import Store, View

MAX_RESPONSE = 8 * 1024 * 1024
"""Bytes of a whole answer before compression; a call that would go beyond is "requestTooLarge"."""

PROCESSOR_SECONDS = 5.0
"""What the calls of one request may have of the processor, which is everybody's: then no further one is begun."""


def _session(context: Context, arguments: Arguments) -> Arguments:
    """Session/get: the session resource, for a client that wants it in the same answer as something else."""
    reject_unknown(arguments, ())
    return session.seen(context.store, context.view, context.limits, context.base)


METHODS: dict[str, Method] = {
    **assignment.METHODS,
    **authority.METHODS,
    **blob.METHODS,
    **case.METHODS,
    **desk.METHODS,
    **entry.METHODS,
    **officer.METHODS,
    **procedure.METHODS,
    **translation.METHODS,
    "Session/get": _session,
}
_LISTED = ("created", "updated", "destroyed")
"""Lists of a Desk/sync that are left out where they are empty and objects were asked for."""
_LATER = ("Entry", "cases")
"""One more, of entries alone."""
_encode = msgspec.json.Encoder().encode
Answer = tuple[str, dict[str, Any], str]
"""Name, arguments and call id of one method response."""


class _Reply(msgspec.Struct, rename="camel", omit_defaults=True):
    """A response object whose arguments are encoded already."""

    method_responses: list[tuple[str, msgspec.Raw, str]]
    session_state: str
    created_ids: dict[str, str] | None = None


def run(store: Store, officer_id: str, request: Request, limits: Limits, base: str = "") -> bytes:
    """The encoded response object. `base`: the server's address. Blocks: call it in a worker thread.

    Raises `Problem` for what is wrong with the request as a whole, `UnknownOfficer` and `OfficerDisabled`.
    """
    check(request, limits)
    return answer(store, officer_id, request, limits, base)[0]


def check(request: Request, limits: Limits) -> None:
    """Raise `Problem` for what is wrong with the request as a whole."""
    for name in request.using:
        if name not in (CORE, CASE):
            raise unknown_capability(name)
    if len(request.method_calls) > limits.max_calls_in_request:
        raise over_limit("maxCallsInRequest", f"at most {limits.max_calls_in_request} calls in one request")


def answer(
    store: Store, officer_id: str, request: Request, limits: Limits, base: str = ""
) -> tuple[bytes, list[Answer]]:
    """The encoded response object of a checked request and its answers, all on one snapshot. Blocks."""
    with store.view(officer_id) as view:
        context = Context(store, view, limits, dict(request.created_ids or {}), base)
        answers: list[Answer] = []
        encoded: list[tuple[str, msgspec.Raw, str]] = []
        size = 0
        slow, began = False, time.thread_time()
        for name, arguments, call_id in request.method_calls:
            slow = slow or time.thread_time() - began > PROCESSOR_SECONDS
            if slow:
                given = _too_slow(call_id)
            else:
                try:
                    given = _call(context, name, arguments, call_id, answers, request.using)
                except TooSlow:
                    slow, given = True, _too_slow(call_id)
                    view.end_quickly()
            data = _encode(given[1])
            if size + len(data) > MAX_RESPONSE:
                error = MethodError("requestTooLarge", "the whole answer would be too long; ask for less at once")
                given = ("error", error.arguments(), call_id)
                data = _encode(given[1])
            size += len(data)
            answers.append(given)
            encoded.append((given[0], msgspec.Raw(data), call_id))
        created = context.created if request.created_ids is not None else None
        return _encode(_Reply(encoded, _state(view), created)), answers


def _state(view: View) -> str:
    """The session's state. What the calls have done is answered, also where they have used up all the time."""
    try:
        return session.state(view)
    except TooSlow:
        view.end_quickly()
        return session.state(view)


def _call(
    context: Context, name: str, given: Arguments, call_id: str, answers: list[Answer], using: tuple[str, ...]
) -> Answer:
    try:
        method = METHODS.get(name)
        if method is None or (CORE if name == "Core/echo" else CASE) not in using:
            raise MethodError("unknownMethod", f"there is no method {name}")
        context.view.begin_call()
        arguments = _resolve(given, answers, context.limits.max_objects_in_get)
        return name, method(context, arguments), call_id
    except MethodError as error:
        return "error", error.arguments(), call_id
    except NoSeat:
        return "error", MethodError("accountNotFound").arguments(), call_id
    except TooMany:
        return "error", MethodError("requestTooLarge", "too many objects; ask for fewer at once").arguments(), call_id


def _too_slow(call_id: str) -> Answer:
    text = "this takes too long; ask for less at once, or look for something narrower"
    return "error", MethodError("requestTooLarge", text).arguments(), call_id


def _resolve(given: Arguments, answers: list[Answer], limit: int) -> Arguments:
    """`given` without result references; those into what a Desk/sync has nothing to say about find an empty list."""
    plain = dict(given)
    empty: Arguments = {}
    for name, reference in given.items():
        if name.startswith("#") and name[1:] not in given and _nothing_changed(reference, answers):
            empty[name[1:]] = []
            del plain[name]
    return resolve_references(plain, answers, limit) | empty


def _nothing_changed(reference: Any, answers: list[Answer]) -> bool:
    match reference:
        case {"resultOf": str(call), "name": "Desk/sync", "path": str(path)}:
            parts = [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")]
        case _:
            return False
    answer = next((each[1] for each in answers if each[0] == "Desk/sync" and each[2] == call), None)
    if answer is None or len(parts) < 5 or parts[:2] != ["", "accounts"]:
        return False
    account_id, type_, listed = parts[2:5]
    if account_id in answer["notCalculated"]:
        return True
    if account_id not in answer["accounts"]:
        # A brief answer does not name the accounts in which nothing changed.
        return "unchanged" in answer
    found = answer["accounts"][account_id]
    return type_ not in found or ((listed in _LISTED or (type_, listed) == _LATER) and listed not in found[type_])
