"""Names of countries and legal areas in the officer's language. Babel is loaded when the first country is named."""

from __future__ import annotations

from functools import lru_cache

from imi_core.authority import COUNTRIES
from imi_core.collation import sort_key
from imi_tui.i18n import N_, _

_TERRITORIES = {"EL": "GR"}


@lru_cache(maxsize=8)
def countries(language: str) -> tuple[tuple[str, str], ...]:
    """(code, name) of the 30 countries of the network, as the alphabet of the language has their names."""
    from babel import Locale

    names = Locale.parse(_locale(language)).territories
    found = ((code, str(names.get(_TERRITORIES.get(code, code), code))) for code in COUNTRIES)
    return tuple(sorted(found, key=lambda pair: sort_key(pair[1], language)))


def country_name(code: str, language: str) -> str:
    """The name of a country of the network; the code itself for any other."""
    return dict(countries(language)).get(code, code)


def _locale(language: str) -> str:
    # The pseudo-locale of translators has no names of its own.
    return "en_IE" if language.partition("-")[0].partition("_")[0] == "en" else language


_AREAS = {
    "pq": N_("Professional qualifications"),
    "sd": N_("Services"),
    "pw": N_("Posting of workers"),
    "rtp": N_("Posting of drivers"),
    "pr": N_("Patients' rights"),
    "pd": N_("Public documents"),
    "gdpr": N_("Data protection"),
    "cpc": N_("Consumer protection"),
    "fa": N_("Firearms"),
}
"""Legal areas by id; an area added by a new definition shows its id."""


def area_name(area: str) -> str:
    """The name of a legal area in the officer's language."""
    return _(_AREAS[area]) if area in _AREAS else area.upper()
