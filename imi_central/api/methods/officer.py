"""Officer/get and /changes: the officers of the reader's desks."""

from __future__ import annotations

from imi_central.api.context import (
    Arguments,
    Context,
    Method,
    account,
    changes_of,
    get_result,
    id_list,
    reject_unknown,
    strings,
)
from imi_core.case import to_wire


def get(context: Context, arguments: Arguments) -> Arguments:
    """Officer/get."""
    reject_unknown(arguments, ("accountId", "ids", "properties"))
    account_id = account(context, arguments, "Officer")
    ids = id_list(context, arguments)
    found = context.view.officers(ids, context.limits.max_objects_in_get)
    objects = {each.id: to_wire(each) for each in found}
    return get_result(account_id, context.view.state(account_id), ids, objects, strings(arguments, "properties"))


METHODS: dict[str, Method] = {"Officer/get": get, "Officer/changes": changes_of("Officer")}
