"""Reading request bodies: capped before and after decompression, strict JSON, nothing nested without end."""

from __future__ import annotations

import io
import json
import re
import zlib
from typing import Any, TypeVar

import anyio
import msgspec
import zstandard
from starlette.requests import ClientDisconnect, Request

from imi_central.api.errors import Problem, not_json, not_request, over_limit

MAX_DEPTH = 64
PIECE_SECONDS = 60.0
"""A client that sends nothing for so long is gone."""
_MAX_INT = 2**53 - 1
# Possessive, and content with a string that never ends: anything else tries again from every quotation mark, which
# takes hours for a hostile megabyte while no other thread runs.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")

T = TypeVar("T")


async def read(request: Request, limit: int, name: str) -> bytes:
    """The raw body.

    Raises `Problem`: 413 as soon as it is longer than `limit` (`name` is the limit's), 408 where nothing more comes: a
    client that went away without a word would hold its place among its officer's requests for good.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise over_limit(name, f"at most {limit} bytes", 413)
    parts = bytearray()
    pieces = request.stream()
    try:
        while True:
            with anyio.fail_after(PIECE_SECONDS):
                chunk = await anext(pieces, None)
            if chunk is None:
                return bytes(parts)
            parts += chunk
            if len(parts) > limit:
                raise over_limit(name, f"at most {limit} bytes", 413)
    except ClientDisconnect as error:
        raise not_json("the body ended early") from error
    except TimeoutError as error:
        raise Problem(408, "about:blank", "nothing came for too long", headers={"Connection": "close"}) from error


def decompress(data: bytes, encoding: str, limit: int) -> bytes:
    """`data` without its content encoding. Raises `Problem`: 413 above `limit`, 415 for another encoding."""
    match encoding.strip().lower():
        case "" | "identity":
            return data
        case "gzip":
            plain = _gunzip(data, limit)
        case "zstd":
            plain = _unzstd(data, limit)
        case _:
            headers = {"Accept-Encoding": "zstd, gzip"}
            raise Problem(415, "about:blank", "the content encodings are zstd and gzip", headers=headers)
    if len(plain) > limit:
        raise over_limit("maxSizeRequest", f"at most {limit} bytes, decoded too", 413)
    return plain


def _gunzip(data: bytes, limit: int) -> bytes:
    decoder = zlib.decompressobj(31)
    try:
        plain = decoder.decompress(data, limit + 1)
    except zlib.error as error:
        raise not_json("the body is not gzip") from error
    if len(plain) <= limit and (not decoder.eof or decoder.unused_data):
        raise not_json("the gzip body is cut off or followed by something else")
    return plain


def _unzstd(data: bytes, limit: int) -> bytes:
    # The window is memory the sender makes us reserve; no request needs one beyond the cap.
    decoder = zstandard.ZstdDecompressor(max_window_size=8 * 1024 * 1024)
    try:
        if zstandard.frame_content_size(data) > limit:
            raise over_limit("maxSizeRequest", f"at most {limit} bytes, decoded too", 413)
        with decoder.stream_reader(io.BytesIO(data), read_across_frames=True) as reader:
            # A frame that is cut off ends early without an error; then the JSON is cut off too.
            plain = reader.read(limit + 1)
    except zstandard.ZstdError as error:
        raise not_json("the body is not zstd") from error
    return bytes(plain)


def decode(data: bytes, kind: type[T]) -> T:
    """`data` as JSON of this type.

    Raises `Problem` "notJSON" for what is not I-JSON (RFC 7493: no duplicate names, whole numbers that every
    program can hold, no lone surrogates) or nested deeper than `MAX_DEPTH`, "notRequest" for another shape.
    """
    _check_depth(data)
    try:
        json.loads(data, object_pairs_hook=_pairs, parse_int=_int, parse_constant=_constant)
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise not_request(str(error)) from error
    except (msgspec.DecodeError, ValueError) as error:
        raise not_json(str(error) if isinstance(error, _Strict) else "the body is not JSON in UTF-8") from error


class _Strict(ValueError):
    pass


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise _Strict("a name stands twice in one object")
    return out


def _int(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > _MAX_INT:
        raise _Strict("a whole number is beyond 2^53")
    return int(digits)


def _constant(name: str) -> float:
    raise _Strict(f"{name} is no JSON")


def _check_depth(data: bytes) -> None:
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", data)):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            raise not_json(f"nested deeper than {MAX_DEPTH} levels")
