"""Desk/sync: what changed at all of an officer's desks, in one call; and Core/echo."""

from __future__ import annotations

from imi_central.api.context import Arguments, Context, Method, check_account, reject_unknown, whole
from imi_central.store import NoSeat, StateUnknown, types_of
from imi_central.store.paging import Page
from imi_core.jmap import MethodError

_MAX_ACCOUNTS = 200


def sync(context: Context, arguments: Arguments) -> Arguments:
    """Desk/sync: at most ``maxChanges`` changed objects an account since its state."""
    reject_unknown(arguments, ("states", "maxChanges"))
    states = arguments.get("states")
    if not isinstance(states, dict) or not all(isinstance(each, str) for each in states.values()):
        raise MethodError("invalidArguments", "states maps accounts to states", arguments=["states"])
    if len(states) > _MAX_ACCOUNTS:
        raise MethodError("requestTooLarge", f"at most {_MAX_ACCOUNTS} accounts in one call")
    limit = whole(arguments, "maxChanges", 250, 1, context.limits.max_objects_in_get)
    accounts: dict[str, Arguments] = {}
    failed: dict[str, Arguments] = {}
    for account_id, since in states.items():
        try:
            check_account(context, account_id)
            page = context.view.changes(account_id, since, types_of(account_id), limit)
        except NoSeat:
            failed[account_id] = MethodError("accountNotFound").arguments()
        except StateUnknown:
            failed[account_id] = MethodError("cannotCalculateChanges").arguments()
        else:
            accounts[account_id] = _answer(page) | {"accessState": context.view.access_state(account_id)}
    return {"accounts": accounts, "notCalculated": failed}


def _answer(page: Page) -> Arguments:
    out: Arguments = {"oldState": page.old, "newState": page.new, "hasMoreChanges": page.more}
    if page.filling is not None:
        out["filling"] = round(page.filling, 4)
    if any(any(found) for found in page.types.values()):
        for name, found in page.types.items():
            out[name] = {
                "changed": [*found.created, *found.updated],
                "created": found.created,
                "updated": found.updated,
                "destroyed": found.destroyed,
            }
    return out


def echo(context: Context, arguments: Arguments) -> Arguments:
    """Core/echo: the arguments back."""
    return arguments


METHODS: dict[str, Method] = {"Desk/sync": sync, "Core/echo": echo}
