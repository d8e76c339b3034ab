"""The real server listening on a free port of this machine, and a person at its sign-in page."""

from __future__ import annotations

import html
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import uvicorn

from imi_central.app import create_app
from imi_central.identity.passwords import hash_password
from imi_central.settings import Settings
from imi_central.store import Store, utc_now
from imi_central.store.identity import Sessions
from tests.central import statements

PASSWORD = "correct horse battery"
HASH = hash_password(PASSWORD)


@contextmanager
def opened(template: Path, folder: Path) -> Iterator[Store]:
    """A copy of this database in this folder, by the clock of this machine."""
    path = folder / "central.db"
    path.write_bytes(template.read_bytes())
    store = statements.opened(f"sqlite:///{path}", now=utc_now)
    yield store
    store.close()


@contextmanager
def live_server(store: Store, data: Path) -> Iterator[str]:
    """Serve this store; the address. Passwords are set for lyon and rosenheim."""
    for officer in ("lyon", "rosenheim"):
        Sessions(store).set_password(officer, HASH)
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    app = create_app(Settings(data=data, device_grant="on"), url=url, store=store)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield url
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


def person(address: str, officer: str = "lyon", password: str = PASSWORD) -> httpx.Response:
    """Open the address, sign in, and follow back to the client; the last page.

    A person waits on a busy machine: the client would wait five minutes for one who gave up.
    """
    with httpx.Client(follow_redirects=False, trust_env=False, timeout=60) as browser:
        page = browser.get(address)
        answer = submit(browser, page, login=officer, password=password)
        while answer.is_redirect:
            answer = browser.get(str(answer.next_request.url if answer.next_request else ""))
        return answer


def submit(browser: httpx.Client, page: httpx.Response, **fields: str) -> httpx.Response:
    """Post the form of a page with its hidden fields."""
    action = re.search(r'<form method="post" action="([^"]*)"', page.text)
    assert action, page.text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    origin = urlsplit(str(page.url))
    return browser.post(f"{origin.scheme}://{origin.netloc}{html.unescape(action.group(1))}", data={**hidden, **fields})


def in_background(work: Callable[[], object]) -> threading.Thread:
    """Run on a thread of its own."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread
