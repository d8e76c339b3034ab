"""The pages officers see in a browser: signing in, and letting another terminal in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import jinja2
from authlib.oauth2.rfc6749 import OAuth2Error
from starlette.responses import HTMLResponse, Response

from imi_central.identity import passwords, texts
from imi_central.identity.errors import TooManyAttempts, WrongPassword
from imi_central.identity.forms import Forms
from imi_central.identity.grants import plain_user_code
from imi_central.identity.server import Asked, Server, asked, peer, read
from imi_central.identity.workers import Workers

if TYPE_CHECKING:
    from starlette.requests import Request

    from imi_central.store.devices import Device
    from imi_central.store.identity import Sessions

DevicePolicy = Literal["off", "on", "same_address"]
_FOLDER = Path(__file__).parent / "templates"
_TICKET_MS = 5 * 60 * 1000
_CODES_BY_ADDRESS, _CODES = 20, 500
"""User codes that may be tried in `passwords.WINDOW`: from one address, and from all."""
_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
# Browsers apply form-action to where a form's answer redirects to; the grammar has no way to write [::1].
_FORM_SELF = "; form-action 'self'"
_FORM_LOOPBACK = _FORM_SELF + " http://127.0.0.1:*"


class Pages:
    """Renders and answers the forms. Nothing here needs JavaScript."""

    def __init__(self, server: Server, sessions: Sessions, device_grant: DevicePolicy, workers: Workers) -> None:
        self._server, self._sessions, self._device_grant, self._workers = server, sessions, device_grant, workers
        self._forms = Forms(sessions.secret("forms"))
        # Apart from the others: comparing passwords is slow on purpose.
        self._checking = Workers(passwords.AT_ONCE)
        loader = jinja2.FileSystemLoader(_FOLDER)
        self._jinja = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)

    async def authorize(self, request: Request, issuer: str) -> Response:
        """The authorization endpoint: GET shows the sign-in form, POST signs in and goes back to the client."""
        try:
            question = asked(request, issuer, "GET", request.url.query)
            grant = await self._workers.run(self._server.consent, question)
        except OAuth2Error as error:
            return self._refused(request, issuer, error)
        page: dict[str, Any] = {
            "client": grant.request.client.name,
            "action": f"/oauth/authorize?{request.url.query}",
            "forms": _FORM_LOOPBACK if "//127." in grant.request.payload.redirect_uri else "",
        }
        if request.method == "GET":
            return self._page(request, "sign_in.html", **page)
        form = await self._form(request, issuer)
        if form is None:
            return self._page(request, "sign_in.html", status=400, problem="expired", **page)
        officer = await self._sign_in(request, form, "sign_in.html", page)
        if isinstance(officer, Response):
            return officer
        return await self._workers.run(self._server.grant, question, officer)

    async def device(self, request: Request, issuer: str) -> Response:
        """The page for a terminal without a browser: code and sign-in first, then the officer's decision."""
        if request.method == "GET":
            return self._page(request, "device.html")
        form = await self._form(request, issuer)
        if form is None:
            return self._page(request, "device.html", status=400, problem="expired")
        if form.get("ticket"):
            return await self._decide(request, form)
        page = {"code": form.get("code", "")[:20]}
        officer = await self._sign_in(request, form, "device.html", page)
        if isinstance(officer, Response):
            return officer
        return await self._confirm(request, page, form, officer)

    async def _confirm(self, request: Request, page: dict[str, str], form: dict[str, str], officer: str) -> Response:
        limits = {f"code address {peer(request)}": _CODES_BY_ADDRESS, "code": _CODES}
        if wait := await self._workers.run(self._sessions.attempts.count, limits, passwords.WINDOW):
            return self._waiting(request, "device.html", wait, page)
        found = await self._workers.run(self._sessions.devices.find, user_code=plain_user_code(page["code"]))
        shown: dict[str, Any] = {**page, "login": form.get("login", "")}
        if found is None or found.expired or found.state != "pending":
            return self._page(request, "device.html", status=400, problem="wrong_code", **shown)
        if self._device_grant == "same_address" and found.address != peer(request):
            return self._page(request, "device.html", status=403, problem="other_address", **shown)
        cookie = self._forms.cookie(request)
        ticket = self._forms.ticket(
            cookie, self._sessions.now(), _TICKET_MS, {"officer": officer, "code": plain_user_code(page["code"])}
        )
        client = self._server.query_client(found.client)
        return self._page(
            request,
            "confirm.html",
            client=client.name if client is not None else found.client,
            address=found.address,
            number=found.number,
            ticket=ticket,
        )

    async def _decide(self, request: Request, form: dict[str, str]) -> Response:
        held = self._forms.open_ticket(request, self._sessions.now(), form["ticket"])
        if held is None:
            return self._page(request, "device.html", status=400, problem="expired")
        found: Device | None = await self._workers.run(self._sessions.devices.find, user_code=held["code"])
        approve = form.get("decision") == "approve"
        if found is None or not await self._workers.run(self._sessions.devices.decide, found, held["officer"], approve):
            return self._page(request, "device.html", status=400, problem="wrong_code")
        return self._message(request, "device_title", "approved" if approve else "denied")

    async def _sign_in(
        self, request: Request, form: dict[str, str], template: str, page: dict[str, Any]
    ) -> str | Response:
        """The officer's id, or the form again with what is wrong."""
        login = form.get("login", "")
        try:
            password = form.get("password", "")
            return await self._checking.run(passwords.sign_in, self._sessions, login, password, peer(request))
        except TooManyAttempts as error:
            return self._waiting(request, template, error.wait, {**page, "login": login})
        except WrongPassword:
            return self._page(request, template, status=401, problem="wrong", **{**page, "login": login})

    async def _form(self, request: Request, issuer: str) -> dict[str, str] | None:
        """The fields of a posted form; None unless it is one of ours."""
        try:
            fields = dict((await read(request, issuer)).pairs)
        except OAuth2Error:
            return None
        return fields if self._forms.is_ours(request, fields.get("form", "")) else None

    def _refused(self, request: Request, issuer: str, error: Any) -> Response:
        """To the client where its address can be trusted, else to the officer."""
        if error.redirect_uri:
            question = Asked(request.method, "", (), "", issuer)
            return self._server.with_issuer(self._server.refuse(error), question)
        return self._message(request, "broken", "broken_text", 400)

    def _waiting(self, request: Request, template: str, wait: int, page: dict[str, Any]) -> Response:
        response = self._page(request, template, status=429, problem="wait", minutes=-(-wait // 60), **page)
        response.headers["Retry-After"] = str(wait)
        return response

    def _message(self, request: Request, heading: str, message: str, status: int = 200) -> Response:
        text = texts.said(_language(request))
        return self._page(request, "message.html", status=status, heading=text[heading], message=text[message])

    def _page(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        problem: str = "",
        minutes: int = 0,
        forms: str = _FORM_SELF,
        **values: Any,
    ) -> Response:
        language = _language(request)
        text = texts.said(language)
        cookie = self._forms.cookie(request)
        html = self._jinja.get_template(template).render(
            language=language,
            text=text,
            form=self._forms.token(cookie),
            problem=text[problem].format(minutes=minutes) if problem else "",
            code_first=template == "device.html",
            **{"login": "", "code": "", **values},
        )
        response = HTMLResponse(
            html,
            status,
            {
                "Content-Security-Policy": _POLICY + forms,
                "Content-Language": language,
                "X-Frame-Options": "DENY",
                "Vary": "Accept-Language",
            },
        )
        self._forms.set_cookie(request, response, cookie)
        return response


def _language(request: Request) -> str:
    asked_for = request.query_params.get("ui_locales", ""), request.headers.get("accept-language", "")
    return texts.choose(*asked_for)
