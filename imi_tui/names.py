"""Names of countries in the officer's language. Babel is loaded when the first name is asked for."""

from __future__ import annotations

from functools import lru_cache

from imi_core.authority import COUNTRIES

_TERRITORIES = {"EL": "GR"}


@lru_cache(maxsize=8)
def countries(language: str) -> tuple[tuple[str, str], ...]:
    """(code, name) of the 30 countries of the network, in the order of their codes."""
    from babel import Locale

    names = Locale.parse(_locale(language)).territories
    return tuple((code, str(names.get(_TERRITORIES.get(code, code), code))) for code in COUNTRIES)


def country_name(code: str, language: str) -> str:
    """The name of a country of the network; the code itself for any other."""
    return dict(countries(language)).get(code, code)


def _locale(language: str) -> str:
    # The pseudo-locale of translators has no names of its own.
    return "en_IE" if language.partition("-")[0].partition("_")[0] == "en" else language
