"""Procedure/get and /changes: the definitions, with the labels of the languages asked for."""

from __future__ import annotations

from imi_central.api.context import (
    Arguments,
    Context,
    Method,
    account,
    changes_of,
    get_result,
    id_list,
    languages,
    reject_unknown,
    strings,
)
from imi_core.case import to_wire


def get(context: Context, arguments: Arguments) -> Arguments:
    """Procedure/get; ``languages`` says which labels travel (the English ones are part of the definition)."""
    reject_unknown(arguments, ("accountId", "ids", "properties", "languages"))
    account_id = account(context, arguments, "Procedure")
    ids = id_list(context, arguments)
    found = context.view.procedures(ids, languages(arguments), context.limits.max_objects_in_get)
    objects = {each: {"id": each, **to_wire(rules)} for each, rules in found}
    return get_result(account_id, context.view.state(account_id), ids, objects, strings(arguments, "properties"))


METHODS: dict[str, Method] = {"Procedure/get": get, "Procedure/changes": changes_of("Procedure")}
