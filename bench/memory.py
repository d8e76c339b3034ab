"""Peak memory of a process, of this very program and not of the one it was forked from."""

from __future__ import annotations


def peak_kib(process: int | str = "self") -> int:
    """Peak resident memory so far, in KiB (Linux).

    `getrusage` would tell the peak of whoever started a process, where that one was larger.
    """
    with open(f"/proc/{process}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
