"""The real application in process, an officer with a password, and a browser that follows the forms."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlencode, urlsplit

import anyio
import httpx
import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from starlette.applications import Starlette

from imi_central.app import create_app
from imi_central.settings import Settings
from imi_central.store import Store
from imi_central.store.identity import Sessions
from tests.central import statements
from tests.central.world import Clock

PASSWORD = "correct horse battery"
# As cheap as Argon2id can be; `test_passwords` uses the real cost.
HASH = Argon2id(salt=b"s" * 16, length=32, iterations=1, lanes=1, memory_cost=8).derive_phc_encoded(PASSWORD.encode())
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
REDIRECT = "http://127.0.0.1:51234/"
URL = "http://127.0.0.1:8460"


class Browser:
    """Talks to the application, keeps cookies, and fills in forms as a person would."""

    def __init__(self, app: Starlette, base: str = URL, peer: str = "127.0.0.1") -> None:
        self._app, self._base, self._peer = app, base, peer
        self.cookies = httpx.Cookies()

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, client=(self._peer, 40000))
            async with httpx.AsyncClient(transport=transport, base_url=self._base, cookies=self.cookies) as client:
                answer = await client.request(method, path, **more)
                self.cookies = client.cookies
                return answer

        return anyio.run(go)

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.ask("GET", path, **more)

    def post(self, path: str, fields: dict[str, str], **more: Any) -> httpx.Response:
        return self.ask("POST", path, data=fields, **more)

    def submit(self, page: httpx.Response, **fields: str) -> httpx.Response:
        """Post the form of a page with its hidden fields."""
        action = re.search(r'<form method="post" action="([^"]*)"', page.text)
        assert action, page.text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        return self.post(html.unescape(action.group(1)), {**hidden, **fields})

    def token(self, **fields: str) -> httpx.Response:
        return self.post("/oauth/token", {"client_id": "imi-tui", **fields})

    def session(self, access: str) -> httpx.Response:
        return self.get("/jmap/session", headers={"Authorization": f"Bearer {access}"})

    def code(self, **more: str) -> str:
        """Sign in and take the code out of the redirect."""
        answer = self.submit(self.get(authorize(**more)), login="lyon", password=PASSWORD)
        assert answer.status_code == 303, answer.text
        return query(answer)["code"]

    def redeem(self, code: str, **more: str) -> httpx.Response:
        fields = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
        return self.token(**{**fields, "code": code, **more})

    def signed_in(self) -> dict[str, Any]:
        answer = self.redeem(self.code())
        assert answer.status_code == 200, answer.text
        return cast("dict[str, Any]", answer.json())

    def refresh(self, token: str) -> httpx.Response:
        return self.token(grant_type="refresh_token", refresh_token=token)


def authorize(**more: str) -> str:
    """The address that a client opens."""
    given = {
        "response_type": "code",
        "client_id": "imi-tui",
        "redirect_uri": REDIRECT,
        "state": "s1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **more,
    }
    return "/oauth/authorize?" + urlencode({key: value for key, value in given.items() if value})


def query(answer: httpx.Response) -> dict[str, str]:
    """The parameters of a redirect."""
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


@pytest.fixture
def officers(template: Path, tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """The small Europe in `tmp_path`, with passwords for two officers."""
    path = tmp_path / "central.db"
    path.write_bytes(template.read_bytes())
    store = statements.opened(f"sqlite:///{path}", now=clock)
    for officer in ("lyon", "rosenheim"):
        Sessions(store).set_password(officer, HASH)
    yield store
    store.close()


@pytest.fixture
def app(officers: Store, tmp_path: Path) -> Starlette:
    return create_app(Settings(data=tmp_path, device_grant="on"), store=officers)


@pytest.fixture
def browser(app: Starlette) -> Browser:
    return Browser(app)
