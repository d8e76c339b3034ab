"""Assignment/get and /set: who at the desk looks after a case, and who did. For this desk alone."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from imi_central.api.context import (
    MAX_ID,
    Arguments,
    Context,
    Method,
    account,
    get_result,
    id_list,
    reject_unknown,
    strings,
)
from imi_central.api.methods.setting import REF, invalid, resolved, set_of
from imi_central.store import EntryRefused, Wanted
from imi_core.case import MAX_AFTER, to_wire
from imi_core.jmap import MethodError


class _New(msgspec.Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    client_ref: str
    case_id: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ID)]
    officer: Annotated[str, msgspec.Meta(max_length=MAX_ID)]
    based_on: Annotated[int, msgspec.Meta(ge=0, lt=2**31)] = 0
    after: Annotated[list[str], msgspec.Meta(max_length=MAX_AFTER)] = []


def get(context: Context, arguments: Arguments) -> Arguments:
    """Assignment/get: all of the cases in ``caseIds``, the last of each is what the case has as ``assignment``."""
    reject_unknown(arguments, ("accountId", "caseIds", "properties"))
    account_id = account(context, arguments, "Case")
    case_ids = id_list(context, arguments, "caseIds")
    if case_ids is None:
        raise MethodError("invalidArguments", "caseIds is missing", arguments=["caseIds"])
    objects = {each.id: to_wire(each) for each in context.view.assignments(account_id, case_ids)}
    return get_result(account_id, context.view.state(account_id), None, objects, strings(arguments, "properties"))


def _set_one(context: Context, account_id: str, key: str, payload: Any, started: dict[str, str]) -> Arguments:
    try:
        new = msgspec.convert(payload, _New)
    except msgspec.ValidationError as error:
        raise invalid(error) from error
    wrong = {
        "clientRef": not REF.fullmatch(new.client_ref),
        "after": not all(REF.fullmatch(ref) for ref in new.after),
    }
    if names := tuple(name for name, bad in wrong.items() if bad):
        raise EntryRefused("invalidProperties", "these values cannot be taken", properties=names)
    case_id = new.case_id
    if case_id.startswith("#"):
        case_id = resolved(context, account_id, case_id[1:], started)
    wanted = Wanted(new.client_ref, case_id, new.officer, new.based_on, tuple(new.after))
    made = context.store.assign(context.view.person.id, account_id, wanted, received=payload)
    return {"id": made.id, "caseId": made.case_id, "version": made.version, "at": to_wire(made.at), "seq": made.seq}


METHODS: dict[str, Method] = {
    "Assignment/get": get,
    "Assignment/set": set_of("assignments are never changed", _set_one),
}
