"""Two hundred questions an officer types, made by rule from the register, each with the authorities that are meant.

An authority is meant when the rule that made the question holds for it: the answer to "Zoll Rosenheim" is every
authority there whose field of work is customs, not one chosen beforehand. What is expected follows from formal names,
titles, towns and ids of competences alone, never from the search that is measured.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from imi_core.authority import Authority
from imi_core.text import fold, words

EACH = 25
"""Questions of each of the eight kinds."""
_KEYS = {
    "a": "sqz", "e": "wr3", "i": "uo8", "o": "ip0", "u": "yi7", "n": "bm", "r": "et", "t": "ry", "s": "ad", "l": "kp",
}  # fmt: skip
"""Neighbours on a keyboard, for letters that are common enough."""


class Question(NamedTuple):
    """What was typed and who was meant; `kind` groups the figures."""

    kind: str
    typed: str
    meant: frozenset[str]


Rule = Callable[["Register", random.Random], "tuple[str, frozenset[str]] | None"]


class Register:
    """The register as the rules look at it."""

    def __init__(self, authorities: Sequence[Authority], language: str) -> None:
        self.all = list(authorities)
        self.language = language
        self.words = {each.id: words(each.formal_name) for each in self.all}
        self.has = {
            each.id: {*self.words[each.id], *words(each.town), *words(each.titles.get(language, ""))}
            for each in self.all
        }
        self.initials = {each.id: _initials(each.formal_name) for each in self.all}
        self.capitals = {each.id: _capitals(each) for each in self.all}
        self.frequent = Counter(word for each in self.words.values() for word in set(each))
        self.topics: dict[str, str] = {}
        for each in self.all:
            title = each.titles.get(language, "").rsplit(", ", 1)[0]
            if each.topics and title:
                self.topics.setdefault(each.topics[0], title)

    def with_words(self, typed: Sequence[str]) -> frozenset[str]:
        """Those whose formal name, town or title has all of these words."""
        wanted = set(typed)
        return frozenset(id for id, found in self.has.items() if wanted <= found)

    def telling(self, authority: Authority) -> list[str]:
        """The words of a name that tell it from others, in their order: its rarest and one or two more."""
        found = [word for word in dict.fromkeys(self.words[authority.id]) if len(word) >= 4 and word.isalpha()]
        rare = sorted(found, key=lambda word: self.frequent[word])[:3]
        return [word for word in found if word in rare]


def questions(authorities: Sequence[Authority], language: str = "de", seed: int = 4) -> list[Question]:
    """`EACH` of every kind; the same for the same register."""
    register = Register(authorities, language)
    rules: dict[str, Rule] = {
        "part of the name": _part,
        "mistyped": _mistyped,
        "mistyped twice": _mistyped_twice,
        "accent-free": _accent_free,
        "other language": _other_language,
        "abbreviation": _abbreviation,
        "town and kind": _town_and_kind,
        "not finished": _unfinished,
    }
    out: list[Question] = []
    for kind, rule in rules.items():
        rng = random.Random(f"{seed} {kind}")
        made: set[str] = set()
        for _ in range(200_000):
            if len(made) == EACH:
                break
            found = rule(register, rng)
            if found is not None and found[1] and found[0] not in made:
                made.add(found[0])
                out.append(Question(kind, *found))
    return out


def _part(register: Register, rng: random.Random) -> tuple[str, frozenset[str]] | None:
    telling = register.telling(rng.choice(register.all))
    return (" ".join(telling), register.with_words(telling)) if len(telling) >= 2 else None


def _mistyped(register: Register, rng: random.Random) -> tuple[str, frozenset[str]] | None:
    return _with_mistakes(register, rng, 1)


def _mistyped_twice(register: Register, rng: random.Random) -> tuple[str, frozenset[str]] | None:
    return _with_mistakes(register, rng, 2)


def _with_mistakes(register: Register, rng: random.Random, count: int) -> tuple[str, frozenset[str]] | None:
    telling = register.telling(rng.choice(register.all))
    long = [at for at, word in enumerate(telling) if len(word) >= 5 + 2 * (count - 1)]
    if len(telling) < 2 or not long:
        return None
    typed = list(telling)
    # Two mistakes are in two words as often as in one.
    for at in rng.choices(long, k=count):
        typed[at] = _slip(typed[at], rng)
    return " ".join(typed), register.with_words(telling)


def _slip(word: str, rng: random.Random) -> str:
    """One slip of the fingers, not in the first letter: exchanged, left out, doubled, or the key beside it."""
    at = rng.randrange(1, len(word) - 1)
    match rng.randrange(4):
        case 0:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        case 1:
            return word[:at] + word[at + 1 :]
        case 2:
            return word[:at] + word[at] + word[at:]
    return word[:at] + rng.choice(_KEYS.get(word[at], "xqj")) + word[at + 1 :]


_WRITTEN_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "ß": "ss"})


def _accent_free(register: Register, rng: random.Random) -> tuple[str, frozenset[str]] | None:
    """A name with letters the keyboard lacks: without accents, or (half of the German and Nordic ones) written out."""
    authority = rng.choice(register.all)
    name = [word for word in re.findall(r"\w+", authority.formal_name) if len(word) >= 4 and word.isalpha()]
    accented = [word for word in name if not word.isascii() and fold(word).isascii()]
    if not accented:
        return None
    chosen = rng.choice(accented)
    other = min(name, key=lambda word: register.frequent[fold(word)])
    kept = [word for word in dict.fromkeys(name) if word in (chosen, other)]
    typed = [word.lower().translate(_WRITTEN_OUT) if rng.random() < 0.5 else fold(word) for word in kept]
    return " ".join(fold(word) for word in typed), register.with_words([fold(word) for word in kept])


def _other_language(register: Register, rng: random.Random) -> tuple[str, frozenset[str]] | None:
    """What it does in the officer's language, and where, of an authority abroad."""
    authority = rng.choice(register.all)
    title = authority.titles.get(register.language, "")
    if register.language in authority.languages or not authority.town or not authority.topics or ", " not in title:
        return None
    label, _, place = title.rpartition(", ")
    meant = frozenset(
        each.id for each in register.all if each.titles.get(register.language, "").startswith(label + ", ")
        and place in each.titles[register.language]
    )  # fmt: skip
    return f"{label.lower()} {fold(place)}", meant


def _abbreviation(register: Register, rng: random.Random) -> tuple[str, frozenset[str]] | None:
    """What it calls itself for short (a title or name has it in capitals), or the initials of its large words."""
    authority = rng.choice(register.all)
    own = sorted(register.capitals[authority.id])
    short = rng.choice(own) if own and rng.random() < 0.5 else register.initials[authority.id]
    if len(short) < 3:
        return None
    town = authority.town
    typed = f"{short.lower()} {fold(town)}".strip()
    meant = frozenset(
        each.id
        for each in register.all
        if each.town == town and (register.initials[each.id] == short or short in register.capitals[each.id])
    )
    return typed, meant


def _capitals(authority: Authority) -> set[str]:
    texts = " ".join((authority.formal_name, *authority.titles.values()))
    return set(re.findall(r"(?<!\w)[A-Z]{3,7}(?!\w)", texts))


def _initials(name: str) -> str:
    """Of the part before a dash or comma, as people shorten names; empty for fewer than three large words."""
    found = re.findall(r"\w+", re.split(r" [-–] |,", name)[0])
    letters = "".join(word[0] for word in found if word[0].isupper())
    return fold(letters).upper() if 3 <= len(letters) <= 7 and fold(letters).isascii() else ""


def _town_and_kind(register: Register, rng: random.Random) -> tuple[str, frozenset[str]] | None:
    """A word for what it does, in the officer's language, and the town: anyone there in that field."""
    authority = rng.choice(register.all)
    if not authority.topics or not authority.town or authority.topics[0] not in register.topics:
        return None
    topic = authority.topics[0]
    label = max(words(register.topics[topic]), key=len)
    meant = frozenset(each.id for each in register.all if each.town == authority.town and topic in each.topics[:1])
    return f"{label} {fold(authority.town)}", meant


def _unfinished(register: Register, rng: random.Random) -> tuple[str, frozenset[str]] | None:
    """Words still being typed: the beginnings of those of a name."""
    telling = register.telling(rng.choice(register.all))
    if len(telling) < 2:
        return None
    typed = [word[: max(3, round(len(word) * rng.uniform(0.4, 0.7)))] for word in telling]
    meant = frozenset(
        id for id, found in register.words.items() if all(any(w.startswith(part) for w in found) for part in typed)
    )
    return " ".join(typed), meant
