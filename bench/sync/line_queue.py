"""The queue between two network namespaces: ``python -m bench.sync.line_queue CLIENT SERVER RATE RTT LOSS QUEUE``.

One TUN device in each namespace. Packets of a direction leave one after the other at the line's rate, arrive half a
round trip later, and are lost at random (the same ones in every run). Counters go to standard output as one JSON
line for each line read from standard input; the end of standard input ends the process.
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import json
import os
import random
import select
import struct
import sys
import time

DEVICE = b"sl0"
_CLONE_NEWNET = 0x40000000
_TUNSETIFF, _IFF_TUN_NO_PI = 0x400454CA, 0x1001


def tun(namespace: str) -> int:
    """The TUN device of a namespace; this process is left there."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/run/netns/{namespace}", "rb") as handle:
        if libc.setns(handle.fileno(), _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, _TUNSETIFF, struct.pack("16sH", DEVICE, _IFF_TUN_NO_PI))
    return fd


def payload(packet: bytes) -> int:
    """Bytes of TCP payload in an IPv4 packet; 0 for anything else."""
    if packet[0] >> 4 != 4 or packet[9] != 6:
        return 0
    header = (packet[0] & 15) * 4
    total: int = struct.unpack_from("!H", packet, 2)[0]
    return total - header - (packet[header + 12] >> 4) * 4


class Queue:
    """Both directions: 0 from the client, 1 to the client. Rates in bytes a second (0: unlimited), times in seconds."""

    def __init__(self, devices: tuple[int, int], rate: float, delay: float, loss: float, room: float) -> None:
        self._devices, self._rate, self._delay, self._loss, self._room = devices, rate, delay, loss, room
        self._random = random.Random(1)
        self._free = [0.0, 0.0]
        self._flying: list[tuple[float, int, int, bytes]] = []
        self._number = 0
        self.zero()

    def zero(self) -> None:
        """Begin counting."""
        self._counted = [{"bytes": 0, "packets": 0, "lost": 0, "dropped": 0} for _ in (0, 1)]
        self._turns, self._last = 0, -1

    def counters(self) -> dict[str, object]:
        """Bytes on the wire (IP) each way, and how often the direction of the payload turned from down to up."""
        return {"up": self._counted[0], "down": self._counted[1], "turns": self._turns}

    def run(self) -> None:
        """Until standard input ends."""
        while True:
            now = time.monotonic()
            while self._flying and self._flying[0][0] <= now:
                _, _, device, packet = heapq.heappop(self._flying)
                try:
                    os.write(device, packet)
                except OSError:
                    self._counted[0]["lost"] += 1
            wait = max(0.0, self._flying[0][0] - time.monotonic()) if self._flying else None
            ready, _, _ = select.select([*self._devices, 0], [], [], wait)
            if 0 in ready:
                told = os.read(0, 4096)
                if not told:
                    return
                print(json.dumps(self.counters()), flush=True)
                self.zero()
            for direction, device in enumerate(self._devices):
                if device in ready:
                    self._take(direction, device)

    def _take(self, direction: int, device: int) -> None:
        while True:
            try:
                packet = os.read(device, 65536)
            except BlockingIOError:
                return
            if packet[0] >> 4 != 4:
                continue
            now, counted = time.monotonic(), self._counted[direction]
            if self._rate and (self._free[direction] - now) * self._rate > self._room:
                counted["dropped"] += 1
                continue
            counted["bytes"] += len(packet)
            counted["packets"] += 1
            if payload(packet):
                self._turns += direction == 0 and self._last != 0
                self._last = direction
            self._free[direction] = max(self._free[direction], now)
            self._free[direction] += len(packet) / self._rate if self._rate else 0
            if self._random.random() < self._loss:
                counted["lost"] += 1
                continue
            self._number += 1
            arrives = self._free[direction] + self._delay
            heapq.heappush(self._flying, (arrives, self._number, self._devices[1 - direction], packet))


def main() -> None:
    """Open both devices, say that they are there, carry packets."""
    client, server, rate, rtt, loss, room = sys.argv[1:]
    devices = tun(client), tun(server)
    print("ready", flush=True)
    Queue(devices, float(rate) * 1000 / 8, float(rtt) / 2000, float(loss) / 100, float(room) * 1024).run()


if __name__ == "__main__":
    main()
