"""Authority/get, /changes and /query: the register of who is who."""

from __future__ import annotations

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
from imi_central.store import AuthorityFilter
from imi_core.case import to_wire
from imi_core.jmap import MethodError


def get(context: Context, arguments: Arguments) -> Arguments:
    """Authority/get."""
    reject_unknown(arguments, ("accountId", "ids", "properties"))
    account_id = account(context, arguments, "Authority")
    ids = id_list(context, arguments)
    found = context.view.authorities(ids, context.limits.max_objects_in_get)
    objects = {each.id: to_wire(each) for each in found}
    return get_result(account_id, context.view.state(account_id), ids, objects, strings(arguments, "properties"))


def query(context: Context, arguments: Arguments) -> Arguments:
    """Authority/query: by words of name, title, description or town, by country, legal area and topic."""
    reject_unknown(arguments, ("accountId", "filter", "sort", "position", "limit"))
    account_id = account(context, arguments, "Authority")
    if arguments.get("sort"):
        raise MethodError("unsupportedSort", "authorities come by name")
    wanted = AuthorityFilter(**text_filter(arguments, ("text", "country", "area", "topic")))
    position = whole(arguments, "position", 0, 0)
    ids = context.view.find_authorities(wanted, position, whole(arguments, "limit", 50, 0, MAX_QUERY))
    return {
        "accountId": account_id,
        "queryState": context.view.state(account_id),
        "canCalculateChanges": False,
        "position": position,
        "ids": ids,
    }


METHODS: dict[str, Method] = {
    "Authority/get": get,
    "Authority/changes": changes_of("Authority"),
    "Authority/query": query,
}
