"""From the bytes of a reply to plain data, with every cap on: size, compression ratio, depth, duplicate members.

Nothing here trusts the other side: a server may be broken, hostile or not the server at all.
"""

from __future__ import annotations

import json
import math
import re
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, Any, cast

import msgspec

from imi_core.text import MAX_DEPTH, MAX_INTEGER, clean, untouched
from imi_tui.sync import typed
from imi_tui.sync.errors import Offline, ReplyTooLarge, ServerMistake

MAX_REPLY = 16 * 1024 * 1024
"""Bytes of one decoded reply."""
LATELY = 3600.0
"""Seconds within which a stream of events is no longer than a reply."""
MAX_RATIO = 200
"""How many times its own size a reply may decode to, once it is larger than `RATIO_FROM`."""
RATIO_FROM = 4 * 1024 * 1024
"""Above the smallest page of the longest texts, so that no text, however monotonous, can stop the synchronisation."""
MAX_VALUES = 250_000
"""Values (numbers, texts, lists, members) of one reply: a tiny value takes thirty times its size in memory."""
WINDOW = 2**23
"""Largest zstd window accepted (RFC 9659, section 3)."""
STEP = 64 * 1024
MIN_COMPRESSED = 200
"""Bytes of a request below which compressing it gains nothing."""


_CONTAINERS = frozenset((dict, list))


class Budget:
    """Counts bytes in and out of one reply. `spend` raises `ReplyTooLarge` when a cap is passed."""

    def __init__(self) -> None:
        self.raw = 0
        self.decoded = 0

    def spend(self, decoded: int) -> None:
        """Count decoded bytes."""
        self.decoded += decoded
        if self.decoded > MAX_REPLY:
            raise ReplyTooLarge(f"a reply of more than {MAX_REPLY} bytes")
        if self.decoded > RATIO_FROM and self.decoded > MAX_RATIO * max(self.raw, 1):
            raise ReplyTooLarge(f"a reply that decodes to more than {MAX_RATIO} times its size")


class StreamBudget(Budget):
    """The same for a stream: the size is that of one line, which `lines` watches; the ratio that of all so far."""

    def spend(self, decoded: int) -> None:
        """Count decoded bytes."""
        self.decoded += decoded
        if self.decoded > RATIO_FROM and self.decoded > MAX_RATIO * max(self.raw, 1):
            raise ReplyTooLarge(f"a stream that decodes to more than {MAX_RATIO} times its size")


class EventBudget(StreamBudget):
    """The same for a stream of events, which goes on for weeks: in `LATELY` seconds it brings no more than a reply."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._since, self._lately = clock(), 0

    def spend(self, decoded: int) -> None:
        """Count decoded bytes."""
        now = self._clock()
        if now - self._since >= LATELY:
            self._since, self._lately = now, 0
        self._lately += decoded
        if self._lately > MAX_REPLY:
            raise ReplyTooLarge(f"a stream of events of more than {MAX_REPLY} bytes in {LATELY} seconds")
        super().spend(decoded)


def lines(chunks: Iterable[bytes], encoding: str, budget: Budget, most: int = MAX_REPLY) -> Iterator[bytes]:
    """The lines of a reply, each of at most `most` bytes, as soon as its bytes are there.

    Raises `ServerMistake`, `Offline` for half a line.
    """
    parts: list[bytes] = []
    size = 0
    for part in _decoder(encoding)(_counted(chunks, budget)):
        budget.spend(len(part))
        *whole, rest = part.split(b"\n")
        for line in whole:
            yield b"".join([*parts, line])
            parts, size = [], 0
        parts.append(rest)
        size += len(rest)
        if size > most:
            raise ReplyTooLarge(f"a record of more than {most} bytes")
    if size:
        raise Offline("the reply ended in the middle of a line")


def decoded(chunks: Iterable[bytes], encoding: str, budget: Budget) -> bytes:
    """The body of a reply from its raw `chunks`, decoded in small steps. Raises `ServerMistake`."""
    parts: list[bytes] = []
    for part in _decoder(encoding)(_counted(chunks, budget)):
        budget.spend(len(part))
        parts.append(part)
    return b"".join(parts)


def _counted(chunks: Iterable[bytes], budget: Budget) -> Iterator[bytes]:
    for chunk in chunks:
        budget.raw += len(chunk)
        yield chunk


def _decoder(encoding: str) -> Any:
    match encoding.strip().lower():
        case "" | "identity":
            return iter
        case "zstd":
            return _zstd
        case "gzip" | "x-gzip":
            return _gzip
    raise ServerMistake("a reply in an encoding that was not asked for")


class _Source:
    """The chunks as something zstandard can read from."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._left = b""

    def read(self, size: int) -> bytes:
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._left = chunk
        out, self._left = self._left[:size], self._left[size:]
        return out


def _zstd(chunks: Iterator[bytes]) -> Iterator[bytes]:
    import zstandard

    source = cast("IO[bytes]", _Source(chunks))
    # `read` would wait for a whole step of decoded bytes.
    reader = zstandard.ZstdDecompressor(max_window_size=WINDOW).stream_reader(source, read_size=STEP)
    try:
        while part := reader.read1(STEP):
            yield part
    except zstandard.ZstdError as error:
        raise ServerMistake("a reply that does not decompress") from error


def _gzip(chunks: Iterator[bytes]) -> Iterator[bytes]:
    unzip = zlib.decompressobj(wbits=31)
    try:
        for chunk in chunks:
            while chunk:
                yield unzip.decompress(chunk, STEP)
                chunk = unzip.unconsumed_tail
        yield unzip.flush()
    except zlib.error as error:
        raise ServerMistake("a reply that does not decompress") from error


def compressed(body: bytes) -> tuple[bytes, str]:
    """A request body and its Content-Encoding, zstd where that gains something."""
    if len(body) < MIN_COMPRESSED:
        return body, ""
    import zstandard

    return zstandard.ZstdCompressor(level=9).compress(body), "zstd"


def parse(body: bytes) -> Any:
    """Cleaned data of a JSON text: no member twice, nothing too deep, only numbers that fit. Raises `ServerMistake`."""
    if _too_many_values(body):
        raise ReplyTooLarge(f"a reply of more than {MAX_VALUES} values")
    try:
        # A call for each number is only worth it where one could be too large.
        value = _loads_with_care(body.decode()) if _may_be_long(body) else _loads(body)
        if untouched(body):
            if not _is_shallow(body):
                _require_shallow(value)
            return value
        return clean(value)
    except (ValueError, RecursionError) as error:
        # The message of a JSON error may quote the text: only its kind goes into logs.
        raise ServerMistake(f"a reply that is not usable JSON ({type(error).__name__})") from error


def record(body: bytes) -> Any:
    """What `parse` gives for a record of a stream; most objects as they are read by `typed`. Raises the same."""
    if not _too_many_values(body) and not _may_be_long(body) and untouched(body):
        found = typed.lists(body)
        if found is None and _is_shallow(body):
            found = typed.contents(body)
        if found is not None:
            return found
    return parse(body)


def _may_be_long(body: bytes) -> bool:
    """Whether a number in this JSON text may be beyond `MAX_INTEGER`."""
    return _LONG in body.translate(_DIGITS) or body[:1].isdigit()


def _loads(body: bytes) -> Any:
    """The data of a JSON text without numbers that are too large, quickly where it is written as it would be here.

    What is written anew, byte for byte, from its data has no member twice, for that would be missing.
    """
    try:
        value = msgspec.json.decode(body)
        if msgspec.json.encode(value) == body:
            return value
    except (ValueError, RecursionError, OverflowError):
        pass
    return _loads_members(body.decode())


def _is_shallow(body: bytes) -> bool:
    """Whether a JSON text that is well formed has at most `MAX_DEPTH` levels; false only means not certain."""
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    # What is left of texts without brackets are two quotes side by side.
    brackets = body.translate(_BRACKETS, _NO_BRACKETS).replace(b'""', b"")
    for _ in range(MAX_DEPTH):
        if not brackets:
            return True
        # The innermost ones go.
        brackets = brackets.replace(b"[]", b"")
    return not brackets


def _require_shallow(value: Any) -> None:
    """What `clean` demands of nesting, without looking at each string: level by level."""
    level: Sequence[Any] = (value,)
    for _ in range(MAX_DEPTH + 1):
        inner = [one for one in level if type(one) in _CONTAINERS]
        if not inner:
            return
        level = [item for one in inner for item in (one.values() if type(one) is dict else one)]
    if not all(type(one) is str for one in level):
        raise ValueError(f"data is nested deeper than {MAX_DEPTH} levels")


_QUOTE = ord('"')
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[,\[{]', re.DOTALL)


def _too_many_values(body: bytes) -> bool:
    """Whether a JSON text holds more than `MAX_VALUES` values, found without making them."""
    # None is without a byte of its own, beside the one counted here.
    if len(body) <= 2 * MAX_VALUES or body.count(b",") + body.count(b"[") + body.count(b"{") <= MAX_VALUES:
        return False
    # Some of these may stand in texts, of which there is at most one for each of them.
    tokens = _TOKEN.finditer(body)
    values = 0
    for number, token in enumerate(tokens):
        values += body[token.start()] != _QUOTE
        if values > MAX_VALUES or number > 3 * MAX_VALUES:
            return True
    return False


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise ValueError("a member stands twice")
    return out


def _whole(text: str) -> int:
    number = int(text)
    if not -MAX_INTEGER <= number <= MAX_INTEGER:
        raise ValueError(f"a whole number is beyond {MAX_INTEGER}")
    return number


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is not finite")
    return number


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_loads_members = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_constant).decode
_loads_with_care = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_whole, parse_float=_finite, parse_constant=_constant
).decode
# Digits of any kind as 0, whatever may stand in front of a number as a colon: 16 digits may pass `MAX_INTEGER`.
_DIGITS = bytes.maketrans(b"123456789,[- \t\n\r", b"000000000:::::::")
_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b'[]{}"'))
_LONG = b":" + b"0" * len(str(MAX_INTEGER))


def encoded(data: Any) -> bytes:
    """`data` as compact JSON."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
