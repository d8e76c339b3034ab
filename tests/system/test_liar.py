"""The server that lies ends as quietly as the real one behind it: what it printed would be read as a mistake."""

from __future__ import annotations

import http.client
import socket
import threading
from urllib.parse import urlsplit

import pytest

from tests.system.liar import Liar


@pytest.mark.parametrize("cut", [b"", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ndata\r\n"])
def test_a_server_that_ends_within_its_answer_ends_that_of_the_liar(
    cut: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as upstream:

        def answer() -> None:
            line, _address = upstream.accept()
            with line:
                line.recv(65536)
                line.sendall(cut)

        thread = threading.Thread(target=answer)
        thread.start()
        with Liar(f"http://127.0.0.1:{upstream.getsockname()[1]}", lambda _path, _asked, told: told) as liar:
            client = http.client.HTTPConnection(urlsplit(liar.url).netloc, timeout=10)
            client.request("GET", "/jmap/eventsource")
            with pytest.raises((http.client.HTTPException, OSError)):
                client.getresponse()
            client.close()
        thread.join()
    assert capfd.readouterr().err == ""
