"""Asks the translation service that the operator set, by the interface of LibreTranslate (``POST /translate``).

The service is somebody else's program: it may be away, hang, or answer anything. Whatever it does costs one translation
and nothing else; of what it answers only texts are taken, cleaned like everything from outside.
"""

from __future__ import annotations

import ssl
import time
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING

import httpx
import msgspec

from imi_core import text
from imi_core.languages import NAMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from imi_central.store.translating import Reason

SECONDS = 90.0
"""What one translation may take altogether."""
MAX_ANSWER = 2 * 1024 * 1024
"""Bytes of an answer: ten times the longest text that is given."""
LONGER, ROOM = 6, 400
"""How much longer a translation may be than its original, and characters that even the shortest may have."""
SCRIPT_FROM = 20
"""Letters from which the script of a text says whether it is in the language asked for."""
SAME_FROM = 40
"""Letters from which texts that came back as they were given are no translation, and not names only."""
_SCRIPTS = {"bg": "CYRILLIC", "el": "GREEK"}
_NOT_NOW = frozenset((401, 403, 407, 408, 425, 429))
"""Statuses below 500 that say nothing of the text: the key is wrong, or there is too much to do."""


class NoTranslation(Exception):
    """There is none: `reason` says why, `again` whether it is worth asking once more later."""

    def __init__(self, reason: Reason, *, again: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.again = reason, again


class _Detected(msgspec.Struct):
    language: str = ""


class _Answer(msgspec.Struct, rename="camel"):
    translated_text: list[str]
    detected_language: _Detected | list[_Detected] | None = None


class Translator:
    """One service. `seconds` and `clock` bound what a translation may take."""

    def __init__(
        self,
        address: str,
        key: str = "",
        *,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address, self._key = f"{address.rstrip('/')}/translate", key
        self._seconds, self._clock = seconds, clock
        # The certificates this machine trusts, not those of a package: such services stand in house. Nothing of the
        # environment decides where texts go.
        context = ssl.create_default_context()
        timeout = httpx.Timeout(seconds, connect=min(10.0, seconds))
        self._http = httpx.Client(verify=context, timeout=timeout, trust_env=False, follow_redirects=False)
        self._http.headers["Accept-Encoding"] = "identity"

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def translate(self, texts: Mapping[str, str], source: str, lang: str) -> tuple[dict[str, str], str]:
        """These texts in the language `lang`, and the language they are from. Raises `NoTranslation`.

        Where `source` is "", the service finds out; "" where it does not say.
        """
        asked: dict[str, object] = {"q": list(texts.values()), "source": source or "auto", "target": lang}
        asked |= {"format": "text"} | ({"api_key": self._key} if self._key else {})
        try:
            answer = msgspec.json.decode(self._asked(asked), type=_Answer)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise NoTranslation("unusable") from error
        if len(answer.translated_text) != len(texts):
            raise NoTranslation("unusable")
        found = {}
        for (part, original), given in zip(texts.items(), answer.translated_text, strict=True):
            found[part] = text.clean(given)
            if not _is_sound(original, found[part], lang):
                raise NoTranslation("unusable")
        if _are_same(texts, found):
            raise NoTranslation("unusable")
        return found, source or _detected(answer)

    def _asked(self, asked: dict[str, object]) -> bytes:
        end = self._clock() + self._seconds
        try:
            with self._http.stream("POST", self._address, json=asked) as answer:
                if answer.status_code >= 500 or answer.status_code in _NOT_NOW:
                    raise NoTranslation("unreachable", again=True)
                if answer.status_code != 200:
                    raise NoTranslation("refused" if answer.status_code >= 400 else "unusable")
                body = bytearray()
                # As it comes: neither waiting for a whole block nor unpacking what was not asked for.
                for chunk in answer.iter_raw():
                    body += chunk
                    if len(body) > MAX_ANSWER:
                        raise NoTranslation("unusable")
                    if self._clock() > end:
                        raise NoTranslation("unreachable", again=True)
                return bytes(body)
        except httpx.TransportError as error:
            raise NoTranslation("unreachable", again=True) from error


def _detected(answer: _Answer) -> str:
    found = answer.detected_language
    found = (found[0] if found else None) if isinstance(found, list) else found
    return found.language if found is not None and found.language in NAMES else ""


def _are_same(originals: Mapping[str, str], given: Mapping[str, str]) -> bool:
    """Whether a service gave everything back untranslated, as some do with a language they lack."""
    letters = sum(char.isalpha() for text in originals.values() for char in text)
    return letters >= SAME_FROM and all(
        text.casefold().split() == given[part].casefold().split() for part, text in originals.items()
    )


def _is_sound(original: str, given: str, lang: str) -> bool:
    """Whether `given` can be a translation of `original` at all: not empty, not endless, not in another script."""
    if not given.strip() or len(given) > LONGER * len(original) + ROOM:
        return False
    letters = [unicodedata.name(char, "").partition(" ")[0] for char in given if char.isalpha()]
    wanted = _SCRIPTS.get(lang, "LATIN")
    # Names keep their letters: a third is enough.
    return len(letters) < SCRIPT_FROM or letters.count(wanted) * 3 >= len(letters)
