"""What a search line means, case by case and without an index: the other sides and labels of a small register."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from imi_core.text import words
from imi_tui.cache.model import Row
from imi_tui.cache.search.query import Query, Term
from imi_tui.cache.store import Store

NAMES = ("Zoll FKS Rosenheim", "Hauptzollamt", "Préfecture de Lyon")
AUTHORITIES = {
    ("AT", NAMES[0]): {"titles": {"en": "Customs control", "fr": "Contrôle douanier"}, "town": "Rosenheim am Inn"},
    ("FR", NAMES[0]): {"titles": {"en": "Labour inspectorate", "de": "Arbeitsinspektion Ost"}},
    ("AT", NAMES[1]): {"titles": {"en": "Main customs office, town of Wels", "el": "Κεντρικό τελωνείο"}},
    ("FR", NAMES[2]): {"titles": {"en": "Inspectorate of labour", "de": "Präfektur"}},
    ("AT", NAMES[2]): {"titles": {"en": "Regional office of labour"}, "town": "Αθήνα"},
}
"""What the register says of the other sides; one of them is not in it."""
LATIN = {"Αθήνα": "Athina"}
LABELS = {
    ("sector", "agriculture"): ("Agriculture", "Landwirtschaft und Forsten"),
    ("sector", "construction"): ("Construction", "Baugewerbe", "Κατασκευές"),
    ("ground", "other"): ("Other ground", "Sonstiger Grund"),
}
"""Labels of the options that cases have, in English and in the languages that are here."""


def known_by(side: tuple[str, str]) -> list[str]:
    """The texts by which an other side is known here."""
    found: dict[str, Any] = AUTHORITIES.get(side, {"town": ""})
    town = found.get("town", "Town")
    return [side[1], town, LATIN.get(town, ""), *found.get("titles", {}).values()]


@functools.cache
def split(text: str) -> list[str]:
    return words(text)


def has(texts: Iterable[str], said: tuple[str, ...], begins: bool, inside: bool = False) -> bool:
    """Whether words stand side by side in one of these texts; a single one also inside of another."""
    for text in texts:
        found = split(text)
        for at in range(len(found) - len(said) + 1):
            *whole, last = found[at : at + len(said)]
            if tuple(whole) == said[:-1] and (last == said[-1] or (begins and last.startswith(said[-1]))):
                return True
        if inside and len(said) == 1 and len(said[0]) >= 4 and any(said[0] in word for word in found):
            return True
    return False


def groups(term: Term) -> list[tuple[tuple[str, ...], bool]]:
    """The words of a term that are looked for together, and whether the last one may go on."""
    if term.key == "":
        return [((word,), term.open and at == len(term.values)) for at, word in enumerate(term.values, 1)]
    return [(term.values, term.open)] if term.values and term.key in ('"', "from") else []


@functools.cache
def leads(key: str, said: tuple[str, ...], begins: bool) -> tuple[set[Any], set[Any]]:
    """The answers and the other sides that words mean by themselves."""
    if len(said) == 1 and begins and len(said[0]) < 3 and key != "from":
        return set(), set()
    sides = [(country, name) for country in ("AT", "FR") for name in NAMES]
    if key == "from":
        last = len(said) - 1
        return set(), {
            side
            for side in sides
            if all(has(known_by(side), (word,), begins and at == last, True) for at, word in enumerate(said))
        }
    options = {option for option, texts in LABELS.items() if has(texts, said, begins)}
    return options, {side for side in sides if has(known_by(side), said, begins, True)}


@functools.cache
def meant(query: Query, key: str, said: tuple[str, ...], begins: bool) -> tuple[set[Any], set[Any]]:
    """The same in a line: short words mean something together with long ones alone."""
    options, sides = leads(key, said, begins)
    if any(len(word) > 3 for word in said):
        return options, sides
    others = [
        leads(term.key, *group)
        for term in query.terms
        if not term.negated
        for group in groups(term)
        if any(len(word) > 3 for word in group[0])
    ]
    return (
        options.intersection(itertools.chain.from_iterable(each for each, _ in others)),
        sides.intersection(itertools.chain.from_iterable(each for _, each in others)),
    )


class Said(NamedTuple):
    """The texts of a case and what was answered in it."""

    texts: list[str]
    answers: set[Any]


@functools.cache
def said_in(store: Store, row: Row) -> Said:
    detail = store.case(row.desk, row.id)
    assert detail is not None
    said = [detail.case.get("request", {}), *(each.get("answers", {}) for each in detail.entries)]
    return Said(
        [*(store._documents.stored_strings(row.n) or ()), row.subject],
        {item for each in said for item in each.items() if isinstance(item[1], str)},
    )


def answers(store: Store, row: Row, query: Query, term: Term, views: Mapping[str, set[str]]) -> bool:
    """Whether a case answers a term, looked at by itself."""
    key, values = term.key, term.values
    if key in ("", '"', "from"):
        texts, answered = said_in(store, row)
        for said, begins in groups(term):
            options, sides = meant(query, key, said, begins)
            if (row.country, row.counterpart) in sides or options & answered:
                continue
            if key == "from":
                last = len(said) - 1
                if all(has([row.counterpart], (word,), begins and at == last) for at, word in enumerate(said)):
                    continue
            elif has(texts, said, begins):
                continue
            return False
        return True
    if key == "area":
        return row.procedure.split(".")[0] in values
    if key in ("country", "procedure", "state"):
        return str(getattr(row, key)).lower() in values
    if key == "tag":
        return row.n % 2 == 1
    if key == "due":
        if values == ("none",):
            return not row.due
        assert term.span is not None
        return bool(row.due) and term.span[0] <= dt.date.fromisoformat(row.due) < term.span[1]
    if key == "activity":
        assert term.span is not None
        return term.span[0] <= dt.datetime.fromisoformat(row.activity).astimezone().date() < term.span[1]
    return any(flagged(row, value, views) for value in values)


def is_meant(store: Store, row: Row, query: Query, views: Mapping[str, set[str]]) -> bool:
    return all(answers(store, row, query, term, views) != term.negated for term in query.terms)


def flagged(row: Row, value: str, views: Mapping[str, set[str]]) -> bool:
    facts = {
        "unread": row.unread,
        "queued": row.pending > 0,
        "refused": row.rejected > 0,
        "files": row.files > 0,
    }
    if value in facts:
        return facts[value]
    names: dict[str, Any] = {
        "accept": "to_accept", "answer": "to_answer", "close": "to_close", "alert": "alerts", "soon": "due_soon"
    }  # fmt: skip
    return row.id in views[names.get(value, value)]
