"""Texts in the officer's language: standard gettext, one catalogue a process, nothing loaded before it is needed.

``_("Sent to {desk}.").format(desk=name)``: full sentences with named placeholders, translated when shown. Tables at
module level hold ``N_("…")`` and are translated where they are shown.
"""

from __future__ import annotations

import os
import sys
from _thread import get_ident

from imi_core.lean import TYPE_CHECKING, contextmanager
from imi_tui.i18n.languages import NAMES, PSEUDO

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from imi_core.mo import Catalogue

DOMAIN = "imi_tui"

_language = "en"
_catalogue: Catalogue | None = None
_spoken: dict[int, tuple[str, Catalogue]] = {}
"""What `speaking` put in the place of the language, by thread."""


def _(message: str) -> str:
    """`message` in the officer's language; English where there is no translation."""
    return _loaded().gettext(message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """The form for `count` in the officer's language."""
    return _loaded().ngettext(singular, plural, count)


def pgettext(context: str, message: str) -> str:
    """`message` as it is meant in `context`."""
    return _loaded().pgettext(context, message)


def N_(message: str) -> str:
    """Mark `message` for translation without translating it."""
    return message


def NP_(context: str, message: str) -> str:
    """Mark `message`, as it is meant in `context`, for `pgettext` without translating it."""
    return message


def install(language: str) -> None:
    """Make `language` the language of this process; one without a catalogue shows English."""
    global _language, _catalogue
    _language, _catalogue = (language if language in languages() else "en"), None


def language() -> str:
    """The language of this process, or the one this thread is `speaking`: one of `languages`."""
    if _spoken and (found := _spoken.get(get_ident())) is not None:
        return found[0]
    return _language


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Inside, this thread speaks `language`, for a text that others are to read; the process keeps its own."""
    me = get_ident()
    before = _spoken.get(me)
    code = language if language in languages() else "en"
    _spoken[me] = (code, load(code))
    try:
        yield
    finally:
        if before is None:
            del _spoken[me]
        else:
            _spoken[me] = before


def languages() -> dict[str, str]:
    """The languages one can choose: code to own name. The pseudo-language comes last."""
    return {**NAMES, PSEUDO: "Ƥśéúđó"}


def detect(chosen: str = "", configured: str = "", environ: Mapping[str, str] = os.environ) -> str:
    """The language to start in: `chosen` (``--lang``), `configured`, the environment, the system, else English.

    "C" and "POSIX" in the environment mean English, but only after LANGUAGE, which people set on purpose.
    """
    for candidate in _candidates(chosen, configured, environ):
        if found := normalise(candidate):
            return found
    return "en"


def normalise(name: str) -> str:
    """The language code in a locale name such as "pt_PT.UTF-8@euro"; "" where it is none of ours."""
    bare = name.split(".")[0].split("@")[0].strip().replace("_", "-")
    if bare in ("C", "POSIX"):
        return "en"
    if bare.lower() == PSEUDO.lower():
        return PSEUDO
    code = bare.split("-")[0].lower()
    return code if code in NAMES else ""


def locale_dirs() -> Iterator[Path]:
    """Where catalogues may be: $IMI_TUI_LOCALEDIR, then inside the package (wheels), then the source tree."""
    from pathlib import Path

    if given := os.environ.get("IMI_TUI_LOCALEDIR"):
        yield Path(given)
    package = Path(__file__).parent.parent
    yield package / "locales"
    yield package.parent / "locales"


def _candidates(chosen: str, configured: str, environ: Mapping[str, str]) -> Iterator[str]:
    yield chosen
    yield configured
    yield environ.get("IMI_TUI_LANG", "")
    yield from environ.get("LANGUAGE", "").split(":")
    # The first of these that is set decides, as in every other program.
    yield next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    yield _system_language()


def _system_language() -> str:
    if sys.platform == "win32":
        import ctypes
        import locale

        return locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "")
    if sys.platform == "darwin":
        import subprocess

        try:
            command = ["/usr/bin/defaults", "read", "-g", "AppleLanguages"]
            found = subprocess.run(command, check=False, capture_output=True, text=True, timeout=2)  # noqa: S603
        except (OSError, subprocess.SubprocessError):
            return ""
        return found.stdout.strip("() \n").split(",")[0].strip(' "\n')
    return ""


def _loaded() -> Catalogue:
    global _catalogue
    if _spoken and (found := _spoken.get(get_ident())) is not None:
        return found[1]
    if _catalogue is None:
        _catalogue = load(_language)
    return _catalogue


def load(language: str) -> Catalogue:
    """The catalogue of `language`; an empty one (English) where no compiled file is found or it cannot be read."""
    from imi_core.mo import Catalogue

    if language != "en":
        for folder in locale_dirs():
            try:
                return Catalogue((folder / language / "LC_MESSAGES" / f"{DOMAIN}.mo").read_bytes())
            except (OSError, ValueError):
                continue
    return Catalogue()


__all__ = [
    "DOMAIN",
    "NAMES",
    "NP_",
    "N_",
    "PSEUDO",
    "_",
    "detect",
    "install",
    "language",
    "languages",
    "load",
    "locale_dirs",
    "ngettext",
    "normalise",
    "pgettext",
    "speaking",
]
