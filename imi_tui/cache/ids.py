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


def first_of_many(now: dt.datetime, rng: Random) -> str:
    """A `uuid7` from which `following` ones count on, as RFC 9562 allows (6.2, method 2)."""
    first = uuid7(now, rng)
    # A zero in front leaves room to count.
    return f"{first[:_COUNTED]}0{first[_COUNTED + 1 :]}"


def following(first: str, count: int) -> list[str]:
    """The `first` of many, and those that count on from it."""
    begin, at = first[:_COUNTED], int(first[_COUNTED:], 16)
    return [f"{begin}{number:012x}" for number in range(at, at + count)]


_COUNTED = 24
"""Where the twelve digits of a UUID begin of which all are random."""
