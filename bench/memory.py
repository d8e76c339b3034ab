"""What a process has used: peak memory, of this very program and not of the one it was forked from; processor time."""

from __future__ import annotations

import os


def peak_kib(process: int | str = "self") -> int:
    """Peak resident memory so far, in KiB (Linux).

    `getrusage` would tell the peak of whoever started a process, where that one was larger.
    """
    with open(f"/proc/{process}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def cpu_seconds(process: int) -> float:
    """Processor time of all its threads so far, in seconds (Linux; steps of a hundredth)."""
    with open(f"/proc/{process}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
