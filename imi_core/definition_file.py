"""Reading a TOML definition into structs, with errors an author of definitions can act on."""

from __future__ import annotations

import functools
import re
import tomllib
import types
import typing
from typing import Any, Literal

import msgspec

from imi_core.errors import DefinitionError

_T = typing.TypeVar("_T")


def decode(text: str, source: str, kind: type[_T]) -> _T:
    """`text` as a `kind`. Raises `DefinitionError` naming `source`, the key and what is allowed there."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(source, "", f"is not valid TOML: {error}") from error
    _known_keys(source, "", data, kind)
    wire = _camel(data, kind)
    try:
        return msgspec.convert(wire, kind)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at `$")
        path = _name_members(wire, kind, path.rstrip("`"))
        key = _snake(path.lstrip("."))
        raise DefinitionError(source, key, problem, _allowed(kind, key)) from error


def _name_members(data: Any, kind: Any, path: str) -> str:
    """`path` with each ``[...]``, which msgspec writes for a dict's member, replaced by the name that fails."""
    out = ""
    for part in re.findall(r"\[\.\.\.\]|\[\d+\]|\.[^.\[]+", path):
        args = typing.get_args(kind)
        if part == "[...]":
            name = next((name for name, item in data.items() if not _fits(item, args[1])), "")
            out, data, kind = f"{out}.{name}", data[name], _plain(args[1])
        elif part.startswith("["):
            out, data, kind = out + part, data[int(part[1:-1])], _plain(args[0])
        else:
            out, data, kind = out + part, data.get(part[1:]), _children(kind, _snake(part[1:]))
    return out


def _fits(item: Any, kind: Any) -> bool:
    try:
        msgspec.convert(item, kind)
    except msgspec.ValidationError:
        return False
    return True


def _children(kind: Any, name: str) -> Any:
    """The type of member `name` of `kind`; Any where it cannot be told."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        for field in _struct_fields(kind):
            if _toml_name(field) == name:
                return _plain(field.type)
        return Any
    if typing.get_origin(kind) is dict:
        return _plain(typing.get_args(kind)[1])
    return Any


def _plain(kind: Any) -> Any:
    """`kind` without None."""
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return next(arg for arg in typing.get_args(kind) if arg is not type(None))
    return kind


@functools.cache
def _struct_fields(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """Its fields; asking msgspec anew for every table of a file costs more than reading the file."""
    return msgspec.structs.fields(kind)


def _toml_name(field: msgspec.structs.FieldInfo) -> str:
    return field.name.rstrip("_")


def _known_keys(source: str, key: str, data: Any, kind: Any) -> None:
    """Refuse a key that means nothing: in a definition it is a typing mistake, on the wire it would be news."""
    if isinstance(data, list):
        inner = _plain(typing.get_args(kind)[0]) if typing.get_args(kind) else Any
        for index, item in enumerate(data):
            _known_keys(source, f"{key}[{index}]", item, inner)
    elif isinstance(data, dict):
        is_struct = isinstance(kind, type) and issubclass(kind, msgspec.Struct)
        names = tuple(_toml_name(field) for field in _struct_fields(kind)) if is_struct else ()
        for name, item in data.items():
            at = f"{key}.{name}" if key else name
            if is_struct and name not in names:
                raise DefinitionError(source, at, "unknown key", names)
            _known_keys(source, at, item, _children(kind, name))


def _camel(data: Any, kind: Any) -> Any:
    if isinstance(data, list):
        inner = _plain(typing.get_args(kind)[0]) if typing.get_args(kind) else Any
        return [_camel(item, inner) for item in data]
    if not isinstance(data, dict):
        return data
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        wire = {_toml_name(field): field.encode_name for field in _struct_fields(kind)}
        return {wire[name]: _camel(item, _children(kind, name)) for name, item in data.items()}
    return {name: _camel(item, _children(kind, name)) for name, item in data.items()}


def _snake(path: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", lambda match: "_" + match.group(1).lower(), path)


def _allowed(kind: Any, path: str) -> tuple[str, ...]:
    for part in re.findall(r"\[[^\]]*\]|[^.\[\]]+", path):
        if part.startswith("["):
            args = typing.get_args(kind)
            kind = _plain(args[-1] if typing.get_origin(kind) is dict else args[0]) if args else Any
        else:
            kind = _children(kind, part)
    if typing.get_origin(kind) is Literal:
        return tuple(repr(value) for value in typing.get_args(kind))
    if kind is bool:
        return ("true", "false")
    names = {int: "a whole number", str: "text"}
    return (names[kind],) if kind in names else ()
