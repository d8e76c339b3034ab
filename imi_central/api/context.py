"""What every method gets: the officer's view, the limits, the ids made so far in this request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from imi_central.store import NoSeat, StateUnknown, types_of
from imi_core.jmap import DIRECTORY, Limits, MethodError

if TYPE_CHECKING:
    from imi_central.store import Store, View

Arguments = dict[str, Any]
MAX_QUERY = 500
MAX_ID = 255
MAX_LANGUAGES = 50


@dataclass(slots=True)
class Context:
    """One request of one officer. `created` maps creation ids to the ids of objects, `base` is the server's address."""

    store: Store
    view: View
    limits: Limits
    created: dict[str, str] = field(default_factory=dict)
    base: str = ""


Method = Callable[[Context, Arguments], Arguments]


def reject_unknown(arguments: Arguments, allowed: Iterable[str]) -> None:
    """Raise "invalidArguments" for an argument the method does not have."""
    if unknown := sorted(set(arguments) - set(allowed)):
        raise MethodError("invalidArguments", f"unknown arguments: {', '.join(unknown)}", arguments=unknown)


def account(context: Context, arguments: Arguments, type_: str) -> str:
    """The account of a call, which must hold objects of `type_`. Raises `MethodError`."""
    account_id = arguments.get("accountId")
    if not isinstance(account_id, str):
        raise MethodError("invalidArguments", "accountId is missing", arguments=["accountId"])
    try:
        check_account(context, account_id)
    except NoSeat as error:
        raise MethodError("accountNotFound") from error
    if type_ not in types_of(account_id):
        raise MethodError("accountNotSupportedByMethod", f"there is no {type_} in this account")
    return account_id


def check_account(context: Context, account_id: str) -> None:
    """Raise `NoSeat` unless the officer may use the account."""
    if account_id != DIRECTORY and account_id not in context.view.places:
        raise NoSeat(account_id)


def id_list(context: Context, arguments: Arguments, name: str = "ids") -> list[str] | None:
    """The ``ids`` of a /get, each once; None for all. Raises `MethodError`."""
    ids = arguments.get(name)
    if ids is None:
        return None
    if not isinstance(ids, list) or not all(isinstance(each, str) and 0 < len(each) <= MAX_ID for each in ids):
        raise MethodError("invalidArguments", f"{name} is a list of ids or null", arguments=[name])
    limit = context.limits.max_objects_in_get
    if len(ids) > limit:
        raise MethodError("requestTooLarge", f"at most {limit} objects in one get")
    named: list[str] = ids
    return list(dict.fromkeys(context.created.get(each[1:], each) if each[0] == "#" else each for each in named))


def strings(arguments: Arguments, name: str) -> list[str] | None:
    """A list of strings or nothing. Raises `MethodError`."""
    value = arguments.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise MethodError("invalidArguments", f"{name} is a list of strings or null", arguments=[name])
    return value


def languages(arguments: Arguments) -> list[str]:
    """The ``languages`` in which texts are wanted, each once. Raises `MethodError`."""
    wanted = list(dict.fromkeys(strings(arguments, "languages") or ()))
    if len(wanted) > MAX_LANGUAGES:
        raise MethodError("invalidArguments", f"at most {MAX_LANGUAGES} languages", arguments=["languages"])
    return wanted


def whole(arguments: Arguments, name: str, default: int, low: int, high: int | None = None) -> int:
    """A whole number of at least `low`, cut to `high`. Raises `MethodError`."""
    value = arguments.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise MethodError("invalidArguments", f"{name} is a whole number of at least {low}", arguments=[name])
    return value if high is None else min(value, high)


def get_result(
    account_id: str, state: str, ids: list[str] | None, found: dict[str, Arguments], properties: list[str] | None
) -> Arguments:
    """The answer of a /get: `found` are the visible objects by id, in full."""
    objects = [found[each] for each in (found if ids is None else ids) if each in found]
    if properties is not None:
        wanted = {"id", *properties}
        objects = [{name: value for name, value in each.items() if name in wanted} for each in objects]
    missing = [each for each in ids or () if each not in found]
    return {"accountId": account_id, "state": state, "list": objects, "notFound": missing}


def changes_of(type_: str) -> Method:
    """The /changes method of a type."""

    def changes(context: Context, arguments: Arguments) -> Arguments:
        reject_unknown(arguments, ("accountId", "sinceState", "maxChanges"))
        account_id = account(context, arguments, type_)
        since = arguments.get("sinceState")
        if not isinstance(since, str):
            raise MethodError("invalidArguments", "sinceState is missing", arguments=["sinceState"])
        most = context.limits.max_objects_in_get
        limit = whole(arguments, "maxChanges", most, 1, most)
        try:
            page = context.view.changes(account_id, since, (type_,), limit)
        except StateUnknown as error:
            raise MethodError("cannotCalculateChanges") from error
        found = page.types[type_]
        return {
            "accountId": account_id,
            "oldState": page.old,
            "newState": page.new,
            "hasMoreChanges": page.more,
            "created": found.created,
            "updated": found.updated,
            "destroyed": found.destroyed,
        }

    return changes
