"""Assignment/set: who at the desk looks after a case. Seen as ``assignment`` of the case, by this desk alone."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from imi_central.api.context import MAX_ID, Arguments, Context, Method
from imi_central.api.methods.setting import REF, invalid, resolved, set_of
from imi_central.store import EntryRefused, Wanted
from imi_core.case import MAX_AFTER, to_wire


class _New(msgspec.Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    client_ref: str
    case_id: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ID)]
    officer: Annotated[str, msgspec.Meta(max_length=MAX_ID)]
    based_on: Annotated[int, msgspec.Meta(ge=0, lt=2**31)] = 0
    after: Annotated[list[str], msgspec.Meta(max_length=MAX_AFTER)] = []


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


METHODS: dict[str, Method] = {"Assignment/set": set_of("assignments are never changed", _set_one)}
