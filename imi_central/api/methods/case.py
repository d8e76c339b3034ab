"""Case/get, /changes, /query and /digest. A case is changed by creating entries, never by itself."""

from __future__ import annotations

import re

from imi_central.api.context import (
    MAX_QUERY,
    Arguments,
    Context,
    Method,
    account,
    changes_of,
    get_result,
    id_list,
    reject_unknown,
    strings,
    whole,
)
from imi_central.api.methods.filters import text_filter
from imi_central.store import CaseFilter
from imi_core.case import to_wire
from imi_core.jmap import MethodError

_MAX_DEPTH = 4
_MAX_ITEMS = 20_000


def get(context: Context, arguments: Arguments) -> Arguments:
    """Case/get: each case as this officer sees it."""
    reject_unknown(arguments, ("accountId", "ids", "properties"))
    account_id = account(context, arguments, "Case")
    ids = id_list(context, arguments)
    found = context.view.cases(account_id, ids, context.limits.max_objects_in_get)
    objects = {each.id: to_wire(each) for each in found}
    return get_result(account_id, context.view.state(account_id), ids, objects, strings(arguments, "properties"))


def query(context: Context, arguments: Arguments) -> Arguments:
    """Case/query: latest activity first. ``text`` looks at reference, subject and the authorities' names."""
    reject_unknown(arguments, ("accountId", "filter", "sort", "position", "limit"))
    account_id = account(context, arguments, "Case")
    if arguments.get("sort"):
        raise MethodError("unsupportedSort", "cases come by latest activity")
    texts = text_filter(arguments, ("text", "state", "procedure", "reference"), ("turn",))
    turn = (arguments.get("filter") or {}).get("turn")
    if turn is not None and not isinstance(turn, bool):
        raise MethodError("invalidArguments", "turn is true or false")
    position = whole(arguments, "position", 0, 0)
    limit = whole(arguments, "limit", 50, 0, MAX_QUERY)
    ids = context.view.find_cases(account_id, CaseFilter(**texts, turn=turn), position, limit)
    return {
        "accountId": account_id,
        "queryState": context.view.state(account_id),
        "canCalculateChanges": False,
        "position": position,
        "ids": ids,
    }


def digest(context: Context, arguments: Arguments) -> Arguments:
    """Case/digest: counts and hashes per id prefix, for recovery without a full download (P7)."""
    reject_unknown(arguments, ("accountId", "prefix", "depth", "items"))
    account_id = account(context, arguments, "Case")
    prefix = arguments.get("prefix", "")
    if not isinstance(prefix, str) or not re.fullmatch(r"[0-9a-f]{0,32}", prefix):
        raise MethodError("invalidArguments", "prefix is hexadecimal digits", arguments=["prefix"])
    items = arguments.get("items", False)
    if not isinstance(items, bool):
        raise MethodError("invalidArguments", "items is true or false", arguments=["items"])
    depth = whole(arguments, "depth", 2, 0 if items else 1)
    if depth > _MAX_DEPTH:
        raise MethodError("invalidArguments", f"depth is at most {_MAX_DEPTH}", arguments=["depth"])
    buckets = context.view.digest(account_id, prefix, depth, items, _MAX_ITEMS)
    return {
        "accountId": account_id,
        "state": context.view.state(account_id),
        "buckets": {
            key: {"count": each.number, "hash": each.hash, **({"items": each.items} if items else {})}
            for key, each in buckets.items()
        },
    }


METHODS: dict[str, Method] = {
    "Case/get": get,
    "Case/changes": changes_of("Case"),
    "Case/query": query,
    "Case/digest": digest,
}
