"""Names and links from outside that mix alphabets within a word, as "Pоlice" with a Cyrillic о does: said in words."""

from __future__ import annotations

from imi_tui.i18n import _

_OTHERS = (("\u0370", "\u052f"), ("\u1c80", "\u1c8f"), ("\u1f00", "\u1fff"), ("\u2de0", "\u2dff"), ("\ua640", "\ua69f"))
"""Greek and Cyrillic letters. Compared, as to compile a pattern would hold up the first picture."""
_BETWEEN = frozenset(" .,;:-–—'’«»„“”\"…()&/0123456789")
_ALONE = (
    _BETWEEN | set("ΆΈΉΊΌΎΏΐάέήίΰϊϋόύώ") | set(map(chr, (*range(0x391, 0x3A2), *range(0x3A3, 0x3CA)))),
    _BETWEEN | set(map(chr, range(0x410, 0x450))),
)
"""The letters of today's Greek, and of Bulgarian, with what stands between words: nothing is mixed in these."""
_LINK = r"\S*\w[.@:]\S*\w\S*"
MOST = 5
"""Links of one text that are named."""


def named(name: str) -> str:
    """`name`, with a mark in front where a word of it mixes alphabets: behind it a long name would be cut."""
    return _("(mixed letters) {name}").format(name=name) if is_mixed(name) else name


def narrow(name: str) -> str:
    """The same where there is little room; the page behind it says it in full."""
    return _("mixed! {name}").format(name=name) if is_mixed(name) else name


def is_mixed(text: str) -> bool:
    """Whether a word mixes Latin, Greek and Cyrillic letters."""
    if len(text) < 2 or max(text) < _OTHERS[0][0] or not any(_is_other(sign) for sign in text):
        return False
    if any(alphabet.issuperset(text) for alphabet in _ALONE):
        # What each letter is called is in large tables.
        return False
    from imi_core.text import mixed_scripts

    return bool(mixed_scripts(text))


def _is_other(sign: str) -> bool:
    return sign >= _OTHERS[0][0] and any(first <= sign <= last for first, last in _OTHERS)


def links(text: str) -> str:
    """A warning of the addresses in `text` that mix alphabets; "" where there are none."""
    if not is_mixed(text):
        return ""
    import re

    found = [each.strip(".,;:!?()[]<>\"'") for each in re.findall(_LINK, text) if is_mixed(each)]
    if not found:
        return ""
    told = ", ".join(found[:MOST]) + (" …" if len(found) > MOST else "")
    return _("Careful: this address mixes letters of several alphabets: {addresses}").format(addresses=told)
