"""The envelope of the protocol, shared by both ends: a profile of JMAP Core (RFC 8620), see `docs/protocol.md`."""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

CORE = "urn:ietf:params:jmap:core"
CASE = "urn:imi:case"
DIRECTORY = "directory"
"""The account that holds Authority, Procedure and Officer; every other account is a desk."""

ProblemType = Literal[
    "urn:ietf:params:jmap:error:unknownCapability",
    "urn:ietf:params:jmap:error:notJSON",
    "urn:ietf:params:jmap:error:notRequest",
    "urn:ietf:params:jmap:error:limit",
]
MethodErrorType = Literal[
    "serverUnavailable",
    "serverFail",
    "serverPartialFail",
    "unknownMethod",
    "invalidArguments",
    "invalidResultReference",
    "forbidden",
    "accountNotFound",
    "accountNotSupportedByMethod",
    "accountReadOnly",
    "requestTooLarge",
    "stateMismatch",
    "cannotCalculateChanges",
    "unsupportedFilter",
    "unsupportedSort",
    "anchorNotFound",
]
SetErrorType = Literal[
    "forbidden",
    "overQuota",
    "rateLimit",
    "tooLarge",
    "notFound",
    "invalidProperties",
    "alreadyExists",
    "blobNotFound",
    "unknownProcedure",
    "notAvailable",
    "stale",
    "badTarget",
    "blocked",
    "erased",
    "invalidAnswers",
    "unresolvedReference",
    "noService",
    "personalData",
]
"""RFC 8620 set errors plus, from "unknownProcedure" on, those of `urn:imi:case` (the codes of `imi_core.errors`)."""


MAX_REFERENCED = 4 * 1024 * 1024
"""Bytes (as JSON) that the result references of one call may bring. Each is short however much it points at, so
that without a bound a small request asks for an answer of any size."""
_encode = msgspec.json.Encoder().encode


class Limits(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The seven limits of the session resource (RFC 8620, section 2); sizes in bytes."""

    max_size_upload: int = 25 * 1024 * 1024
    max_concurrent_upload: int = 4
    max_size_request: int = 1024 * 1024
    max_concurrent_requests: int = 4
    max_calls_in_request: int = 64
    max_objects_in_get: int = 1000
    max_objects_in_set: int = 100


class Request(msgspec.Struct, kw_only=True, rename="camel"):
    """A request object (RFC 8620, section 3.3)."""

    using: tuple[str, ...]
    method_calls: list[tuple[str, dict[str, Any], str]]
    created_ids: dict[str, str] | None = None


class Response(msgspec.Struct, kw_only=True, rename="camel", omit_defaults=True):
    """A response object (RFC 8620, section 3.4)."""

    method_responses: list[tuple[str, dict[str, Any], str]]
    session_state: str
    created_ids: dict[str, str] | None = None


class SetError(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Why one create, update or destroy was refused.

    `existing_id` comes with "alreadyExists"; `not_found` names the missing files with "blobNotFound";
    `properties` names wrong ones; `problems` are those of the answers,
    ``[field, code, allowed]`` each; `version` is the case's present version with "stale" and "notAvailable".
    """

    type: SetErrorType
    description: str = ""
    properties: tuple[str, ...] = ()
    existing_id: str = ""
    not_found: tuple[str, ...] = ()
    problems: tuple[tuple[str, str, str], ...] = ()
    version: int = 0


class MethodError(Exception):
    """A method-level error (RFC 8620, section 3.6.2): becomes an ``error`` response for that call alone."""

    def __init__(self, type: MethodErrorType, description: str = "", **extra: Any) -> None:
        super().__init__(f"{type}: {description}" if description else type)
        self.type = type
        self.description = description
        self.extra = extra

    def arguments(self) -> dict[str, Any]:
        """The arguments of the ``error`` response."""
        described = {"description": self.description} if self.description else {}
        return {"type": self.type, **described, **self.extra}


def resolve_references(
    arguments: dict[str, Any], responses: list[tuple[str, dict[str, Any], str]], max_ids: int
) -> dict[str, Any]:
    """`arguments` with every ``#name`` result reference replaced by what it points at (RFC 8620, section 3.7).

    Raises `MethodError`: "invalidArguments" where a name stands with and without "#", "invalidResultReference"
    where nothing is found, "requestTooLarge" where a reference brings more than `max_ids` values, or all of them
    together more than `MAX_REFERENCED`.
    """
    out: dict[str, Any] = {}
    left = MAX_REFERENCED
    for name, value in arguments.items():
        if not name.startswith("#"):
            out[name] = value
            continue
        if name[1:] in arguments:
            raise MethodError("invalidArguments", f"{name[1:]} stands both as a value and as a reference")
        found = _resolve(value, responses, max_ids)
        left -= len(_encode(found))
        if left < 0:
            raise MethodError("requestTooLarge", f"the references bring more than {MAX_REFERENCED} bytes")
        out[name[1:]] = found
    return out


def _resolve(reference: Any, responses: list[tuple[str, dict[str, Any], str]], max_ids: int) -> Any:
    match reference:
        case {"resultOf": str(call), "name": str(method), "path": str(path)}:
            pass
        case _:
            raise MethodError("invalidResultReference", "a reference has resultOf, name and path")
    found = next(((name, given) for name, given, call_id in responses if call_id == call), None)
    if found is None or found[0] != method:
        raise MethodError("invalidResultReference", f"there is no response {method} to call {call}")
    parts = path.split("/")
    if parts[0] or parts.count("*") > 2:
        raise MethodError("invalidResultReference", "a path starts with / and has at most two *")
    value = _pointer(found[1], parts[1:])
    if isinstance(value, list) and len(value) > max_ids:
        raise MethodError("requestTooLarge", f"a reference brings {len(value)} values; at most {max_ids}")
    return value


def _pointer(value: Any, parts: list[str]) -> Any:
    """What the JSON Pointer (RFC 6901) `parts` finds in `value`; ``*`` maps the rest over an array."""
    if not parts:
        return value
    part, rest = parts[0].replace("~1", "/").replace("~0", "~"), parts[1:]
    if part == "*" and isinstance(value, list):
        out: list[Any] = []
        for item in value:
            found = _pointer(item, rest)
            out.extend(found if isinstance(found, list) else [found])
        return out
    if isinstance(value, dict) and part in value:
        return _pointer(value[part], rest)
    if isinstance(value, list) and re.fullmatch(r"0|[1-9][0-9]{0,8}", part) and int(part) < len(value):
        return _pointer(value[int(part)], rest)
    raise MethodError("invalidResultReference", f"there is nothing at {part[:100]!r}")
