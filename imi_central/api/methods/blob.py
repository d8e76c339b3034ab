"""Blob/upload: a file put together from parts that were uploaded one by one, in the spirit of RFC 9404."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from imi_central.api.context import MAX_ID, Arguments, Context, Method, account, reject_unknown
from imi_central.api.methods.setting import invalid, set_error
from imi_central.api.transfer import media_type
from imi_central.store import Assembly, EntryRefused
from imi_core.case import to_wire
from imi_core.jmap import MethodError

MAX_PARTS = 400
MAX_CREATE = 16
_REF = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_DIGEST = r"^[0-9a-f]{64}$"


class _Part(msgspec.Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    blob_id: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ID)]


class _New(msgspec.Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    client_ref: Annotated[str, msgspec.Meta(pattern=_REF, max_length=36)]
    data: Annotated[list[_Part], msgspec.Meta(min_length=1, max_length=MAX_PARTS)]
    sha256: Annotated[str, msgspec.Meta(pattern=_DIGEST, max_length=64)]
    type: Annotated[str, msgspec.Meta(max_length=255)] = ""


def upload(context: Context, arguments: Arguments) -> Arguments:
    """Blob/upload. Each file is one transaction; a repeat with the same clientRef finds the first one (P1)."""
    reject_unknown(arguments, ("accountId", "create"))
    account_id = account(context, arguments, "Case")
    create = arguments.get("create")
    if not isinstance(create, dict):
        raise MethodError("invalidArguments", "create is an object", arguments=["create"])
    if len(create) > MAX_CREATE:
        raise MethodError("requestTooLarge", f"at most {MAX_CREATE} files in one call")
    made: dict[str, Arguments] = {}
    refused: dict[str, Arguments] = {}
    for key, payload in create.items():
        try:
            found = _one(context, account_id, payload)
        except EntryRefused as error:
            refused[key] = to_wire(set_error(error))
        else:
            context.created[key] = found["id"]
            made[key] = found
    return {"accountId": account_id, "created": made or None, "notCreated": refused or None}


def _one(context: Context, account_id: str, payload: Any) -> Arguments:
    try:
        new = msgspec.convert(payload, _New)
    except msgspec.ValidationError as error:
        raise invalid(error) from error
    parts = tuple(part.blob_id for part in new.data)
    if len(set(parts)) != len(parts):
        raise EntryRefused("invalidProperties", "each part once", properties=("data",))
    wanted = Assembly(new.client_ref, parts, media_type(new.type), new.sha256)
    made = context.store.join_blob(context.view.person.id, account_id, wanted, context.limits.max_size_upload)
    return {"id": made.id, "type": made.media_type, "size": made.size, "sha256": made.sha256}


METHODS: dict[str, Method] = {"Blob/upload": upload}
