"""Requests that creep, connections that died while nobody looked, and a machine that sleeps in between."""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from imi_tui.sync.errors import Offline, SlowReply
from imi_tui.sync.http import HELLO_RECEIVED, Http
from imi_tui.sync.watch import Times, Watch

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"a":"bcd"}'
Behave = Callable[[int, int, socket.socket], bool]
"""(number of the connection, number of its request, the line): whether the connection is kept."""


class Listening:
    """A server of bare sockets; `asked` holds the request lines with the number of their connection."""

    def __init__(self, behave: Behave) -> None:
        self.asked: list[tuple[int, str]] = []
        self._behave = behave
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.ended = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.ended.set()
        self._socket.close()

    def _accept(self) -> None:
        for number in itertools.count():
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(number, line), daemon=True).start()

    def _serve(self, number: int, line: socket.socket) -> None:
        with line, contextlib.suppress(OSError):
            stream = line.makefile("rb")
            for request in itertools.count():
                head = list(iter(lambda: stream.readline().strip(), b""))
                if not head:
                    return
                given = dict(each.lower().split(b": ", 1) for each in head[1:])
                stream.read(int(given.get(b"content-length", b"0")))
                self.asked.append((number, head[0].decode()))
                if not self._behave(number, request, line):
                    return


@contextlib.contextmanager
def listening(behave: Behave) -> Iterator[Listening]:
    server = Listening(behave)
    try:
        yield server
    finally:
        server.close()


def answer(line: socket.socket) -> bool:
    line.sendall(ANSWER)
    return True


@pytest.mark.parametrize("start", [0, len(ANSWER) - 11], ids=["in the head", "in the body"])
def test_a_server_that_sends_a_byte_at_a_time_holds_nobody(start: int) -> None:
    over = threading.Event()

    def creep(_number: int, _request: int, line: socket.socket) -> bool:
        line.sendall(ANSWER[:start])
        for byte in ANSWER[start:-1]:
            if over.wait(0.3):
                break
            line.sendall(bytes([byte]))
        return answer(line)

    with listening(creep) as server:
        http = Http(server.url, Watch(Times(patience=0.1, look=0.01)))
        with pytest.raises(SlowReply):
            http.get("/x")
        over.set()
        http.close()


def test_a_long_answer_over_a_slow_line_is_not_cut() -> None:
    size, now = 400, [0.0]

    def slow(_number: int, _request: int, line: socket.socket) -> bool:
        body = json.dumps("x" * size).encode()
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body))
        line.sendall(body[:size])
        while http.received < size and not server.ended.wait(0.01):
            pass
        now[0] = 0.3
        server.ended.wait(0.1)
        line.sendall(body[size:])
        return True

    with listening(slow) as server:
        times = Times(lambda: now[0], lambda: now[0], patience=0.1, look=0.01)
        http = Http(server.url, Watch(times))
        assert http.get("/x").data == "x" * size
        http.close()


def test_a_connection_that_died_meanwhile_is_replaced_once() -> None:
    def behave(number: int, request: int, line: socket.socket) -> bool:
        return answer(line) if number != 0 or request == 0 else False

    with listening(behave) as server:
        http = Http(server.url)
        for path in ("/one", "/two"):
            assert http.post(path, {}).data == {"a": "bcd"}
        http.close()
    assert server.asked == [(0, "POST /one HTTP/1.1"), (0, "POST /two HTTP/1.1"), (1, "POST /two HTTP/1.1")]


def test_a_request_that_was_cut_for_good_is_not_tried_again_on_a_new_connection() -> None:
    def behave(_number: int, request: int, line: socket.socket) -> bool:
        if request == 0:
            return answer(line)
        http.cut()
        return False

    with listening(behave) as server:
        http = Http(server.url)
        assert http.post("/one", {}).data == {"a": "bcd"}
        with pytest.raises(Offline):
            http.post("/two", {})
        http.close()
    assert server.asked == [(0, "POST /one HTTP/1.1"), (0, "POST /two HTTP/1.1")]


def test_a_new_connection_that_breaks_is_not_tried_again_at_once() -> None:
    with listening(lambda *_: False) as server:
        http = Http(server.url)
        with pytest.raises(Offline) as found:
            http.post("/one", {})
        http.close()
    assert not isinstance(found.value, SlowReply)
    assert len(server.asked) == 1


def test_a_form_is_never_sent_twice() -> None:
    def behave(number: int, request: int, line: socket.socket) -> bool:
        return answer(line) if request == 0 else False

    with listening(behave) as server:
        http = Http(server.url)
        http.get("/one")
        with pytest.raises(Offline):
            http.post_form("/token", {"code": "c"})
        http.close()
    assert len(server.asked) == 2


def test_a_request_the_machine_slept_through_is_asked_again_on_a_new_connection() -> None:
    asleep = [0.0]

    def behave(number: int, _request: int, line: socket.socket) -> bool:
        if number == 0:
            # The lid closes; the other end hears nothing more of this connection.
            asleep[0] = 3600.0
            return not server.ended.wait(20)
        return answer(line)

    with listening(behave) as server:
        times = Times(always=lambda: time.monotonic() + asleep[0], look=0.01)
        http = Http(server.url, Watch(times))
        assert http.post("/one", {"entry": 1}).data == {"a": "bcd"}
        http.close()
        server.ended.set()
    assert [number for number, _ in server.asked] == [0, 1]


def test_connections_of_before_a_sleep_are_not_used_again() -> None:
    asleep = [0.0]
    with listening(lambda _n, _r, line: answer(line)) as server:
        http = Http(server.url, Watch(Times(always=lambda: time.monotonic() + asleep[0])))
        http.get("/one")
        http.get("/two")
        asleep[0] = 3600.0
        http.get("/three")
        http.close()
    assert [number for number, _ in server.asked] == [0, 0, 1]


RECORD = b'HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nContent-Length: 13\r\n\r\n{"n":1}\n'


@pytest.mark.parametrize("ended", [False, True], ids=["while it is read", "after it"])
def test_a_request_while_a_stream_is_read_does_not_take_the_eyes_off_it(ended: bool) -> None:
    """What creeps is cut, be it the stream another request went beside, or the next one on its connection."""
    over, given_up = threading.Event(), list[bool]()

    def waits() -> bool:
        given_up.append(not over.wait(20))
        return False

    def behave(_number: int, _request: int, line: socket.socket) -> bool:
        path = server.asked[-1][1].split()[1]
        if path == "/stream":
            line.sendall(RECORD + b"null\n"[: 5 if ended else 1])
            return ended or waits()
        return waits() if path == "/creeps" else answer(line)

    with listening(behave) as server:
        http = Http(server.url, Watch(Times(patience=0.3, look=0.01)))
        records = http.lines("/stream", {}, "token")
        assert next(records) == {"n": 1}
        assert http.get("/beside").data == {"a": "bcd"}
        if ended:
            assert list(records) == [None]
        with pytest.raises(SlowReply):
            http.get("/creeps") if ended else next(records)
        assert not given_up, "nobody cut it"
        over.set()
        http.close()
    assert [number for number, _ in server.asked] == ([0, 1, 0, 2] if ended else [0, 1])


def test_bytes_of_both_directions_are_counted_once() -> None:
    with listening(lambda _n, _r, line: answer(line)) as server:
        http = Http(server.url)
        http.post("/one", {"a": 1})
        sent, received = http.spent()
        assert sent > len('{"a":1}')
        assert 11 < received < HELLO_RECEIVED
        assert http.spent() == (0, 0)
        http.close()
