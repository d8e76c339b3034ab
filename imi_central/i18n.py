"""What the server says to people, in their languages: the compiled catalogues of its pages and of the procedures.

Sentences are marked with `N_` and looked up when they are shown. What has no translation, or one that cannot be read,
is shown in English.
"""

from __future__ import annotations

import functools
from pathlib import Path

from imi_core.mo import Catalogue

DOMAIN = "imi_central"
_HERE = Path(__file__).parent
# Inside the package in what is installed, beside it in a source tree.
LOCALES = next((path for path in (_HERE / "locales", _HERE.parent / "locales") if path.is_dir()), _HERE / "locales")


def N_(message: str) -> str:
    """Mark `message` for translation without translating it."""
    return message


def languages(domain: str, locales: Path = LOCALES) -> tuple[str, ...]:
    """The languages that `domain` is compiled in."""
    return tuple(sorted(path.parent.parent.name for path in locales.glob(f"*/LC_MESSAGES/{domain}.mo")))


def load(domain: str, language: str, locales: Path = LOCALES) -> Catalogue:
    """The catalogue of a language; an empty one where there is none or it cannot be read."""
    try:
        return Catalogue((locales / language / "LC_MESSAGES" / f"{domain}.mo").read_bytes())
    except (OSError, ValueError):
        return Catalogue()


@functools.cache
def pages(language: str) -> Catalogue:
    """The catalogue of the pages in a language, read once a process."""
    return load(DOMAIN, language)
