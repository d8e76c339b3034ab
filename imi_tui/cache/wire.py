"""Between wire objects as they come and the types of the rules: the check that nothing of a wrong shape gets in.

What a newer server may add (members, roles) is kept in the stored object and left out of the typed one.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, get_args

import msgspec

from imi_core.case import Case, Entry, PartRole
from imi_tui.cache.errors import BadObject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

encode = msgspec.json.encode
_T = TypeVar("_T")
_ROLES = frozenset(get_args(PartRole))
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_FIRST = (dt.datetime(1, 1, 2, tzinfo=dt.UTC) - _EPOCH) // _MICROSECOND
_LAST = (dt.datetime(9999, 12, 30, tzinfo=dt.UTC) - _EPOCH) // _MICROSECOND
_decode_any = msgspec.json.Decoder().decode


def decode(data: bytes | str) -> Any:
    """Stored JSON as plain data."""
    return _decode_any(data)


def convert(kind: type[_T], value: Any) -> _T:
    """`value` as a struct of `kind`. Raises `BadObject`."""
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError, OverflowError) as error:
        id = value.get("id", "") if isinstance(value, dict) else ""
        raise BadObject(kind.__name__, str(id)[:80], str(error)[:300]) from error


def to_case(value: Any) -> Case:
    """A wire case as the rules know it; roles they do not know are left out. Raises `BadObject`."""
    try:
        return msgspec.convert(value, Case)
    except (msgspec.ValidationError, RecursionError, OverflowError):
        return convert(Case, _known_roles(value))


def to_entry(value: Any) -> Entry:
    """A wire entry as the rules know it; an unknown role is left out. Raises `BadObject`."""
    try:
        return msgspec.convert(value, Entry)
    except (msgspec.ValidationError, RecursionError, OverflowError):
        return convert(Entry, _known_roles(value))


class Sent(NamedTuple):
    """A case (its head alone) or an entry that came read already, with what is stored of it."""

    value: Any
    wire: bytes

    @property
    def id(self) -> str:
        """Its id."""
        return self.value.id  # type: ignore[no-any-return]

    @property
    def case_id(self) -> str:
        """The case of an entry."""
        return self.value.case_id  # type: ignore[no-any-return]


def id_of(value: Any) -> Any:
    """The id of an object, however it was read; None of what has none."""
    return value.get("id") if type(value) is dict else getattr(value, "id", None)


def case_of(value: Any) -> Any:
    """The case of an entry, however it was read; None of what names none."""
    return value.get("caseId") if type(value) is dict else getattr(value, "case_id", None)


def plain(value: Any) -> Any:
    """An object as data, however it was read."""
    if type(value) is Sent:
        return decode(value.wire)
    return value if isinstance(value, dict) else msgspec.to_builtins(value)


def to_cases(values: Sequence[Any], part: Callable[[Any], Any] = lambda value: value) -> list[tuple[Case, bytes]]:
    """`to_case` of each with what is stored of it, which is `part` of it, where it is not read so already."""
    if all(type(value) is Sent for value in values):
        return list(values)
    values = list(map(plain, values))
    try:
        cases = msgspec.convert(values, list[Case])
    except (msgspec.ValidationError, RecursionError, OverflowError):
        cases = [to_case(value) for value in values]
    return [(case, encode(part(value))) for case, value in zip(cases, values, strict=True)]


def to_entries(values: Sequence[Any]) -> list[tuple[Entry, bytes]]:
    """`to_entry` of each with what is stored of it, where it is not read so already."""
    if all(type(value) is Sent for value in values):
        return list(values)
    values = list(map(plain, values))
    try:
        entries = msgspec.convert(values, list[Entry])
    except (msgspec.ValidationError, RecursionError, OverflowError):
        entries = [to_entry(value) for value in values]
    return list(zip(entries, map(encode, values), strict=True))


def own_entry(value: dict[str, Any]) -> Entry:
    """An entry that is not sent yet: what only the server can say of its files is left open. Raises `BadObject`."""
    files = [{"size": 0, "sha256": "", **each} for each in value.get("attachments") or ()]
    return to_entry({**value, "attachments": files} if files else value)


def _known_roles(value: Any) -> Any:
    """`value` without parts, deadlines and turns of a role that these rules do not know."""
    if not isinstance(value, dict):
        return value
    out = dict(value)
    for name in ("turn", "role"):
        if isinstance(out.get(name), str) and out[name] not in _ROLES:
            out.pop(name)
    for name in ("parts", "deadlines"):
        if isinstance(out.get(name), list):
            out[name] = [item for item in out[name] if not (isinstance(item, dict) and _is_strange(item.get("role")))]
    return out


def _is_strange(role: Any) -> bool:
    return isinstance(role, str) and role not in _ROLES


def overlay(stored: dict[str, Any], case: Case) -> dict[str, Any]:
    """`case` on the wire, with the members of `stored` that these rules do not know."""
    known = {field.encode_name for field in msgspec.structs.fields(Case)}
    strange = {name: value for name, value in stored.items() if name not in known}
    out: dict[str, Any] = msgspec.to_builtins(case)
    return strange | out


def microseconds(moment: dt.datetime | None) -> int:
    """Microseconds since 1970; 0 for none. A time without zone is taken as UTC.

    Moments that are outside the calendar in UTC become its first or last one, which every zone can show.
    """
    if moment is None:
        return 0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    found = (moment - _EPOCH) // _MICROSECOND
    return found if _FIRST <= found <= _LAST else min(max(found, _FIRST), _LAST)


def signed(entries: list[tuple[Entry, bytes]], cases: Iterable[Case]) -> list[tuple[Entry, bytes]]:
    """Entries, what is stored of them too, with the authority that a lean one leaves to the part of its case."""
    if all(entry.authority for entry, _ in entries):
        return entries
    parts = {(case.id, part.desk): part for case in cases for part in case.parts}
    out: list[tuple[Entry, bytes]] = []
    for entry, wire in entries:
        part = parts.get((entry.case_id, entry.desk)) if not entry.authority else None
        if part is None:
            out.append((entry, wire))
            continue
        named = msgspec.structs.replace(entry, authority=part.authority, authority_name=part.name)
        stored = {**decode(wire), "authority": part.authority, "authorityName": part.name}
        out.append((named, encode(stored)))
    return out
