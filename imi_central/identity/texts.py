"""The sentences of the sign-in pages, and which language a browser wants."""

from __future__ import annotations

import functools
import re

from imi_central import i18n
from imi_central.i18n import N_

_ENGLISH: dict[str, str] = {
    # Translators: The name of the system, as the Regulation (EU) No 1024/2012 has it.
    "system": N_("Internal Market Information System"),
    # Translators: The heading of a page.
    "title": N_("Sign in to IMI"),
    # Translators: {client} is the name of a program.
    "client": N_("{client} on this computer asks to work as you."),
    # Translators: The label of a field.
    "login": N_("User name"),
    # Translators: The label of a field.
    "password": N_("Password"),
    # Translators: A button.
    "sign_in": N_("Sign in"),
    "wrong": N_("The user name or the password is wrong."),
    "wait": N_("There were too many attempts. Try again in {minutes} min."),
    "expired": N_("This page is no longer valid. Please try again."),
    "broken": N_("This sign-in cannot go on"),
    "broken_text": N_(
        "The program that opened this page sent a request that IMI does not accept. Close the page and "
        "start again from the program."
    ),
    # Translators: The heading of a page.
    "device_title": N_("Sign in another terminal"),
    "device_intro": N_(
        "Go on only if you yourself have just started to sign in on a terminal. Nobody from IMI will "
        "ever send you a code."
    ),
    # Translators: The label of a field: the code is shown by a terminal.
    "code": N_("Code on your terminal"),
    # Translators: A button: to the next page.
    "next": N_("Continue"),
    "wrong_code": N_("There is no such code, or it has expired."),
    "other_address": N_("The terminal has to be in the same network as this browser."),
    "confirm_title": N_("Is this your terminal?"),
    # Translators: Beside it stands the name of a program.
    "confirm_client": N_("Program"),
    "confirm_address": N_("Address of the terminal"),
    "confirm_number": N_("Number on the terminal"),
    "confirm_text": N_("Let it in only if your terminal shows the number {number}. It will be able to work as you."),
    # Translators: A button.
    "approve": N_("Yes, let it in"),
    # Translators: A button.
    "deny": N_("No, refuse"),
    "approved": N_("The terminal is signed in. You can close this page."),
    "denied": N_("The terminal was refused. If you did not start this, tell your administrator."),
}


@functools.cache
def _known() -> frozenset[str]:
    return frozenset(("en", *i18n.languages(i18n.DOMAIN)))


@functools.cache
def said(language: str) -> dict[str, str]:
    """The sentences in a language, by their keys; those without a translation in English."""
    catalogue = i18n.pages(language)
    return {key: catalogue.gettext(text) for key, text in _ENGLISH.items()}


def choose(ui_locales: str, accepted: str) -> str:
    """The best language for what a page was asked with, English where nothing fits.

    `ui_locales` is what the program that opened the page says of its officer (OpenID Connect Core, section 3.1.2.1:
    tags with spaces between, the best first), `accepted` the browser's Accept-Language (RFC 9110, section 12.5.4).
    """
    for tag in ui_locales[:1000].split():
        if (code := tag.replace("_", "-").split("-")[0].lower()) in _known():
            return code
    ranked: list[tuple[float, int, str]] = []
    for position, part in enumerate(accepted[:1000].split(",")):
        match = re.fullmatch(r"\s*([A-Za-z]{2,3})(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?", part)
        if match and match.group(1).lower() in _known() and (weight := float(match.group(2) or 1)):
            ranked.append((-weight, position, match.group(1).lower()))
    return min(ranked)[2] if ranked else "en"
