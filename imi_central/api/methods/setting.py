"""What the /set methods share: everything is created, each thing in a transaction of its own, nothing is changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from imi_central.api.context import Arguments, Context, Method, account, reject_unknown, strings
from imi_central.store import EntryRefused, NoSeat
from imi_core.case import to_wire
from imi_core.jmap import MethodError, SetError

REF = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
One = Callable[[Context, str, str, Any, dict[str, str]], Arguments]
"""Creates one: context, account, creation id, payload, and the cases begun so far by creation id; the server-set
members, with an ``id``. Raises `EntryRefused`, `NoSeat`."""


def set_of(never: str, one: One) -> Method:
    """A /set method that only creates. `never`: why nothing is updated or destroyed.

    What is accepted stays accepted whatever comes behind it.
    """

    def set_(context: Context, arguments: Arguments) -> Arguments:
        reject_unknown(arguments, ("accountId", "ifInState", "create", "update", "destroy"))
        account_id = account(context, arguments, "Case")
        create = _members(arguments, "create")
        update = _members(arguments, "update")
        destroy = strings(arguments, "destroy") or []
        limit = context.limits.max_objects_in_set
        if len(create) + len(update) + len(destroy) > limit:
            raise MethodError("requestTooLarge", f"at most {limit} objects in one set")
        old_state = context.view.state(account_id)
        if arguments.get("ifInState") not in (None, old_state):
            raise MethodError("stateMismatch")
        made, refused = _create(context, account_id, create, one)
        if made:
            context.view.refresh()
        forbidden = to_wire(SetError(type="forbidden", description=never))
        return {
            "accountId": account_id,
            "oldState": old_state,
            "newState": context.view.state(account_id),
            "created": made or None,
            "notCreated": refused or None,
            "updated": None,
            "notUpdated": dict.fromkeys(update, forbidden) or None,
            "destroyed": None,
            "notDestroyed": dict.fromkeys(destroy, forbidden) or None,
        }

    return set_


def _members(arguments: Arguments, name: str) -> dict[str, Any]:
    value = arguments.get(name)
    if value is not None and not isinstance(value, dict):
        raise MethodError("invalidArguments", f"{name} is an object or null", arguments=[name])
    return value or {}


def _create(
    context: Context, account_id: str, create: dict[str, Any], one: One
) -> tuple[dict[str, Arguments], dict[str, Arguments]]:
    made: dict[str, Arguments] = {}
    refused: dict[str, Arguments] = {}
    started: dict[str, str] = {}
    for key in _in_order(create):
        try:
            made[key] = one(context, account_id, key, create[key], started)
        except EntryRefused as error:
            refused[key] = to_wire(set_error(error))
        except NoSeat:
            # The seat was there when the request began.
            refused[key] = to_wire(SetError(type="forbidden", description="the seat at this desk was taken away"))
        else:
            context.created[key] = made[key]["id"]
    return made, refused


def _in_order(create: dict[str, Any]) -> Iterator[str]:
    """The creation ids, each behind the one its case refers to; order as given otherwise."""
    waiting = dict.fromkeys(create)
    while waiting:
        ready = [key for key in waiting if _needs(create[key]) not in waiting or _needs(create[key]) == key]
        # In a circle nothing is ready: every reference then fails as unresolved.
        for key in ready or list(waiting):
            del waiting[key]
            yield key


def _needs(payload: Any) -> str:
    case_id = payload.get("caseId") if isinstance(payload, dict) else None
    return case_id[1:] if isinstance(case_id, str) and case_id.startswith("#") else ""


def resolved(context: Context, account_id: str, key: str, started: dict[str, str]) -> str:
    """The case of what was created under `key`. Raises `EntryRefused`."""
    if key in started:
        return started[key]
    earlier = context.created.get(key)
    case_id = context.view.case_of(account_id, earlier) if earlier is not None else None
    if case_id is None:
        raise EntryRefused("unresolvedReference", f"nothing was created as {key!r}")
    return case_id


def invalid(error: msgspec.ValidationError) -> EntryRefused:
    """A payload of another shape."""
    # The path says where; a missing member of the object itself has none.
    path = re.search(r"`\$\.(\w+)", str(error)) or re.search(r"field `(\w+)`", str(error))
    return EntryRefused("invalidProperties", str(error), properties=(path.group(1),) if path else ())


def set_error(error: EntryRefused) -> SetError:
    """How a refusal is told."""
    return SetError(
        type=error.code,
        description=error.message,
        properties=error.properties,
        existing_id=error.existing_id,
        not_found=error.not_found,
        problems=error.problems,
        version=error.version,
    )
