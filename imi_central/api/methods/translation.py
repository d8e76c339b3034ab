"""Translation/get and /set: free text of an entry in another language, for the officers of one desk."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from imi_central.api.context import MAX_ID, Arguments, Context, Method, account, get_result, id_list, reject_unknown
from imi_central.api.context import strings as names
from imi_central.api.methods.setting import REF, invalid, set_of
from imi_central.store import Asked, EntryRefused
from imi_core import text
from imi_core.case import to_wire
from imi_core.jmap import MethodError
from imi_core.languages import NAMES
from imi_core.workflow import MAX_TEXT


class _New(msgspec.Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    client_ref: str
    entry_id: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ID)]
    lang: str
    source: str = ""
    texts: dict[str, Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT)]] = {}


def get(context: Context, arguments: Arguments) -> Arguments:
    """Translation/get: by ``ids``, or those of ``caseIds``; none of a case whose texts this officer does not read."""
    reject_unknown(arguments, ("accountId", "ids", "caseIds", "properties"))
    account_id = account(context, arguments, "Case")
    ids, of_cases = id_list(context, arguments), id_list(context, arguments, "caseIds")
    if (ids is None) == (of_cases is None):
        raise MethodError("invalidArguments", "either ids or caseIds", arguments=["ids", "caseIds"])
    objects = {each.id: to_wire(each) for each in context.view.translations(account_id, ids, of_cases)}
    return get_result(account_id, context.view.state(account_id), ids, objects, names(arguments, "properties"))


def _set_one(context: Context, account_id: str, key: str, payload: Any, started: dict[str, str]) -> Arguments:
    if not isinstance(payload, dict):
        raise EntryRefused("invalidProperties", "a translation is an object")
    try:
        new = msgspec.convert(text.clean(payload), _New)
    except msgspec.ValidationError as error:
        raise invalid(error) from error
    wrong = {
        "clientRef": not REF.fullmatch(new.client_ref),
        "lang": new.lang not in NAMES,
        "source": bool(new.source) and new.source not in NAMES,
        "texts": any(not each.strip() for each in new.texts.values()),
    }
    if bad := tuple(name for name, found in wrong.items() if found):
        raise EntryRefused("invalidProperties", "these values cannot be taken", properties=bad)
    asked = Asked(new.client_ref, new.entry_id, new.lang, new.source, new.texts)
    made, seq = context.store.translate(context.view.person.id, account_id, asked, received=payload)
    return {"id": made.id, "caseId": made.case_id, "state": made.state, "at": to_wire(made.at), "seq": seq}


METHODS: dict[str, Method] = {
    "Translation/get": get,
    "Translation/set": set_of("translations are never changed", _set_one),
}
