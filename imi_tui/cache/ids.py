"""Client references: UUID version 7 (RFC 9562), from an injected clock and source of randomness."""

from __future__ import annotations

import os

from imi_core.lean import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import datetime as dt

ASSIGN = "@assign"
"""What the outbox calls an assignment, which is no action of a case: no lifecycle can have one of this name."""
TRANSLATE = "@translate"
"""What it calls a translation that an officer wrote, which is no action of a case either."""
BESIDE = "@"
"""What the names of everything begin with that is no action of a case."""
LOCAL = "ref:"
"""What the id of a case starts with until the server has given it one."""


class Random(Protocol):
    """A source of random bytes; the module `secrets` is one."""

    def token_bytes(self, nbytes: int, /) -> bytes:
        """So many random bytes."""


class SystemRandom:
    """The operating system's randomness."""

    def token_bytes(self, nbytes: int, /) -> bytes:
        """So many random bytes."""
        return os.urandom(nbytes)


def uuid7(now: dt.datetime, rng: Random) -> str:
    """A new UUIDv7: 48 bits of milliseconds since 1970, then random bits."""
    random = int.from_bytes(rng.token_bytes(10), "big")
    value = (int(now.timestamp() * 1000) & (1 << 48) - 1) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    digits = f"{value:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def uuids7(now: dt.datetime, rng: Random, count: int) -> list[str]:
    """`count` times `uuid7`, of one moment."""
    at = f"{int(now.timestamp() * 1000) & (1 << 48) - 1:012x}"
    begin = f"{at[:8]}-{at[8:]}-7"
    random = rng.token_bytes(10 * count).hex()
    return [
        f"{begin}{found[1:4]}-{_VARIANT[found[4]]}{found[5:8]}-{found[8:]}"
        for found in (random[at : at + 20] for at in range(0, 20 * count, 20))
    ]


_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
