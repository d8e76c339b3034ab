"""Compiled catalogues of translations (GNU gettext's ``.mo``), read so that no fault in one is a fault of the program.

The standard library decodes a whole file before the first text, and gives all of it up for one bad byte. Here a file
costs the reading of its table; a text is decoded and looked at when somebody asks for it, and where it is broken, the
English one is said.
"""

from __future__ import annotations

import struct

from imi_core.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_MAGIC = 0x950412DE
_MOST = 100_000
_FORMS = b"\x00"


class Catalogue:
    """The texts of one language; without `data`, or where something is missing, the English ones."""

    def __init__(self, data: bytes = b"") -> None:
        """`data` is the content of a file. Raises `ValueError` for what is none."""
        self._data = data
        self._places: dict[bytes, tuple[int, int]] = _places(data) if data else {}
        self._texts: dict[str, str] = {}
        self._counted: dict[str, tuple[str, ...]] = {}
        self._rule: Callable[[int], int] | None = None

    def gettext(self, message: str) -> str:
        """The translation of `message`; nothing, which argparse has translated, stays nothing."""
        if not message:
            return message
        found = self._texts.get(message)
        if found is None:
            found = self._texts[message] = self._one(message.encode(), message)
        return found

    def pgettext(self, context: str, message: str) -> str:
        """The translation of `message` as it is meant in `context`."""
        key = f"{context}\x04{message}"
        found = self._texts.get(key)
        if found is None:
            found = self._texts[key] = self._one(key.encode(), message)
        return found

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        """The form for `count`."""
        forms = self._counted.get(singular)
        if forms is None:
            forms = self._counted[singular] = self._several(singular, plural)
        if not forms:
            return singular if count == 1 else plural
        if self._rule is None:
            self._rule = self._read_rule()
        form = self._rule(count)
        return (forms[form] if form < len(forms) else "") or (singular if count == 1 else plural)

    def _one(self, key: bytes, english: str) -> str:
        text = self._raw(key)
        return text if text and fits(text, english) else english

    def _several(self, singular: str, plural: str) -> tuple[str, ...]:
        forms = self._raw(singular.encode()).split("\x00")
        return tuple(form if fits(form, singular, plural) else "" for form in forms) if any(forms) else ()

    def _raw(self, key: bytes) -> str:
        start, end = self._places.get(key, (0, 0))
        try:
            return self._data[start:end].decode()
        except UnicodeDecodeError:
            return ""

    def _read_rule(self) -> Callable[[int], int]:
        for line in self._raw(b"").splitlines():
            name, _, value = line.partition(":")
            if name.strip().lower() == "plural-forms":
                # Not at the top: nothing is counted in the picture before the framework.
                import gettext

                try:
                    rule: Callable[[int], int] = vars(gettext)["c2py"](
                        value.partition("plural=")[2].strip().rstrip(";")
                    )
                except ValueError:
                    break
                return rule
        return lambda count: int(count != 1)


def fits(text: str, *english: str) -> bool:
    """Whether `text` can be filled with what one of the English texts is filled with."""
    if not any(sign in each for each in (text, *english) for sign in "{}%"):
        return True
    wanted: set[tuple[str, str | None, str | None]] = set()
    for each in english:
        if (fields := _fields(each)) is None:
            # No text for `str.format`: whatever stands in it.
            return True
        wanted |= fields
    found = _fields(text)
    return found is not None and found <= wanted and _percent(text) in [_percent(each) for each in english]


def _fields(text: str) -> set[tuple[str, str | None, str | None]] | None:
    try:
        from string import Formatter

        parts = list(Formatter().parse(text))
    except ValueError:
        return None
    return {(name, spec, conversion) for _, name, spec, conversion in parts if name is not None}


def _percent(text: str) -> list[str]:
    """What ``%`` would fill, in order where it has no names: ``%(prog)s``, ``%s``."""
    if "%(" not in text and "%s" not in text and "%r" not in text:
        return []
    import re

    found = re.findall(r"%(?:\(\w+\))?[rs]", text)
    return found if "%s" in found or "%r" in found else sorted(set(found))


def _places(data: bytes) -> dict[bytes, tuple[int, int]]:
    """Where the translation of each message stands; what would be outside of the file is left out."""
    if len(data) < 20:
        raise ValueError("too short for a catalogue")
    order = "<" if struct.unpack_from("<I", data)[0] == _MAGIC else ">"
    magic, _version, count, originals, translations = struct.unpack_from(f"{order}5I", data)
    if magic != _MAGIC or count > _MOST or max(originals, translations) + 8 * count > len(data):
        raise ValueError("no catalogue")
    ids = struct.unpack_from(f"{order}{2 * count}I", data, originals)
    texts = struct.unpack_from(f"{order}{2 * count}I", data, translations)
    found = {}
    for at in range(0, 2 * count, 2):
        start, end = texts[at + 1], texts[at + 1] + texts[at]
        if end <= len(data):
            # A counted text is known by its singular.
            key = data[ids[at + 1] : ids[at + 1] + ids[at]].partition(_FORMS)[0]
            found[key] = start, end
    return found
