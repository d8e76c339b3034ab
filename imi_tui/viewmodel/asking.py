"""Whom to ask: what an officer types becomes a query, and procedures tell which matters there are. No Textual."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from imi_core.collation import sort_key
from imi_core.procedure import block_title
from imi_core.text import fold, words
from imi_tui.cache.register.question import Matter, Query
from imi_tui.fields import field_of_work
from imi_tui.i18n import N_, _, ngettext
from imi_tui.i18n.languages import NAMES
from imi_tui.names import area_name, countries, country_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from imi_core.procedure import Rules
    from imi_tui.cache.model import AuthorityHit
    from imi_tui.cache.register.lookup import Facets
    from imi_tui.cache.register.question import Answer
    from imi_tui.cache.store import Store

FACETS = ("country", "area", "language", "town")
TITLES = {"country": N_("Country"), "area": N_("Area"), "language": N_("Language"), "town": N_("Town")}
LEAST = 5
"""Letters of a word of a procedure's texts that may lead to its area."""
MOST = 300
"""Values of a facet that are offered; of the others one can still be typed, as in ``town:Lyon``."""
_NARROWING = re.compile(r'(?:^|\s)(country|area|language|town):("[^"]*"|\S*)', re.IGNORECASE)


class Topic(NamedTuple):
    """A matter of an area. `key` is stable; `competences` are fields of work that fit; `words` find it besides."""

    key: str
    label: str
    area: str
    competences: frozenset[str] = frozenset()
    words: str = ""

    @property
    def matter(self) -> Matter:
        """What the search needs of it."""
        return Matter(self.area, self.competences)


class Found(NamedTuple):
    """What a search shows: authorities, how many there are in all, words that no authority has."""

    hits: list[AuthorityHit]
    total: int = 0
    unknown: tuple[str, ...] = ()


class Asking:
    """The state of one search: what narrows it, whom the officer knows, and what was found last."""

    def __init__(self, store: Store, language: str, languages: tuple[str, ...]) -> None:
        self._store, self._language, self._languages = store, language, languages
        self.narrowed: dict[str, str] = {}
        self.topic: Topic | None = None
        self._partners: Mapping[str, int] = {}
        self._remembered: frozenset[str] = frozenset()
        self._countries: dict[str, frozenset[str]] = {}
        self._areas: dict[str, frozenset[str]] = {}
        self._last: tuple[Query, Answer] | None = None

    def read(self, *, names: bool = True) -> None:
        """Read again what this machine knows besides the register; with `names` also what countries are called."""
        self._partners, self._remembered = self._store.partners.past(), self._store.partners.remembered()
        self._countries = country_words(self._language) if names else {}
        # While a first synchronisation goes on the directory changes every moment; procedures hardly ever do.
        self._areas = self._areas or area_words(self._store.procedures(), self._languages)

    def find(self, typed: str, country: str, area: str, limit: int) -> Found:
        """Search. `country` and `area` are those chosen beside the words."""
        text, given = narrowing(typed)
        chosen = {"country": country, "area": area, **{name: value for name, value in self.narrowed.items() if value}}
        chosen |= given
        query = Query(
            words=text,
            country=chosen["country"].upper(),
            area=chosen["area"],
            language=chosen.get("language", ""),
            town=chosen.get("town", ""),
            languages=self._languages,
            matter=self.topic.matter if self.topic is not None else None,
            countries=self._countries,
            areas=self._areas,
            partners=self._partners,
            remembered=self._remembered,
        )
        hits, answer = self._store.find_authorities(query, limit)
        self._last = query, answer
        return Found(hits, answer.total, answer.unknown)

    def facets(self) -> Facets | None:
        """The facets of what was found last."""
        return self._store.authority_facets(*self._last) if self._last is not None else None

    def options(self) -> list[tuple[str, str]]:
        """What the search can be narrowed to: ("town:Lyon", "Town: Lyon (12)"), largest first within its facet."""
        facets = self.facets()
        if facets is None:
            return []
        out: list[tuple[str, str]] = []
        for name in FACETS:
            for key, count in getattr(facets, name)[:MOST]:
                label = self.value_label(name, key)
                # Translators: a way to narrow a search, as in "Town: Lyon (12)".
                text = _("{facet}: {value} ({count})")
                out.append((f"{name}:{key}", text.format(facet=_(TITLES[name]), value=label, count=count)))
        return out

    def value_label(self, facet: str, key: str) -> str:
        """How a value of a facet reads."""
        match facet:
            case "country":
                return f"{country_name(key, self._language)} {key}"
            case "area":
                return area_name(key)
            case "language":
                return NAMES.get(key, key)
        return key

    def narrow(self, option: str) -> None:
        """Narrow the search to an option."""
        facet, _colon, value = option.partition(":")
        self.narrowed[facet] = value

    def widen(self) -> bool:
        """Take everything back; whether there was anything."""
        before = bool(self.topic or any(self.narrowed.values()))
        self.topic, self.narrowed = None, {}
        return before

    def topics(self) -> list[Topic]:
        """The matters one can ask about."""
        return topics(self._store.procedures(), self._languages, self._store.competences())

    def line(self) -> str:
        """What narrows the search, in words; empty where nothing does."""
        parts = [self.topic.label] if self.topic is not None else []
        parts += [self.value_label(name, self.narrowed[name]) for name in FACETS if self.narrowed.get(name)]
        return ", ".join(parts)


def narrowing(typed: str) -> tuple[str, dict[str, str]]:
    """The words of what was typed, and what narrows the search: ``zoll country:de town:"Bad Aibling"``."""
    found = {name.lower(): value.strip('"') for name, value in _NARROWING.findall(typed)}
    return _NARROWING.sub(" ", typed).strip(), {name: value for name, value in found.items() if value}


def country_words(language: str) -> dict[str, frozenset[str]]:
    """Folded words that are the name of a country, in the officer's language and in English, and which it is."""
    out: dict[str, frozenset[str]] = {}
    for each in dict.fromkeys((language, "en")):
        for code, name in countries(each):
            found = words(name)
            if len(found) == 1:
                out[found[0]] = out.get(found[0], frozenset()) | {code}
    return out


def area_words(procedures: Iterable[Rules], languages: tuple[str, ...]) -> dict[str, frozenset[str]]:
    """Words that the texts of one area's procedures have and those of no other, and which area it is."""
    areas: dict[str, set[str]] = {}
    count: set[str] = set()
    for rules in procedures:
        area = rules.procedure.area
        count.add(area)
        for text in _texts(rules, languages):
            for word in words(text):
                if len(word) >= LEAST:
                    areas.setdefault(word, set()).add(area)
    return {word: frozenset(found) for word, found in areas.items() if len(found) == 1 or len(count) == 1}


def _texts(rules: Rules, languages: tuple[str, ...]) -> list[str]:
    """Title, blocks, questions and options of a procedure, in the officer's languages."""
    from imi_core.procedure import label_ids

    wanted = (f"{rules.procedure.id}.title", f"{rules.procedure.id}.question.", f"{rules.procedure.id}.block.")
    out = [
        rules.label(id, english, languages)
        for id, english in label_ids(rules).items()
        if id.startswith(wanted) or ".option." in id
    ]
    return [*out, *(block_title(question.block) for question in rules.procedure.questions if question.block)]


def topics(
    procedures: Sequence[Rules], languages: tuple[str, ...], competences: Mapping[str, Iterable[str]]
) -> list[Topic]:
    """The matters of all areas: the area itself, blocks of questions and options of its procedures, fields of work.

    Nothing is listed that neither a procedure nor an authority says. A field of work fits a block or an option where
    their ids are of the same words ("nurses" and the profession "nurse").
    """
    out: dict[str, Topic] = {}
    used: set[tuple[str, str]] = set()

    def add(area: str, id: str, label: str, fitting: frozenset[str], said: str = "") -> None:
        key = f"{area}.{id}" if id else area
        used.update((area, each) for each in fitting)
        before = out.get(key)
        text = f"{before.words} {said}" if before is not None else said
        name = f"{area_name(area)}: {label}" if id else label
        out[key] = Topic(key, before.label if before is not None else name, area, fitting, text)

    for rules in procedures:
        procedure = rules.procedure
        add(procedure.area, "", area_name(procedure.area), frozenset(), procedure.title)
        named = competences.get(procedure.area, ())
        for question in procedure.questions:
            if question.block:
                label = rules.label(f"{procedure.id}.block.{question.block}", block_title(question.block), languages)
                said = rules.label(f"{procedure.id}.question.{question.id}", question.text, languages)
                add(procedure.area, question.block, label, fields_of(question.block, named), said)
        for field in procedure.request.fields:
            for option in field.options:
                if fitting := fields_of(option.id, named):
                    id = f"{procedure.id}.field.{field.id}.option.{option.id}"
                    add(procedure.area, option.id, rules.label(id, option.label, languages), fitting)
    for area in {topic.area for topic in out.values()}:
        for each in competences.get(area, ()):
            if (area, each) not in used:
                add(area, each, field_of_work(each), frozenset((each,)))
    tongue = languages[0] if languages else "en"

    def place(topic: Topic) -> tuple[object, ...]:
        return sort_key(area_name(topic.area), tongue), "." in topic.key, sort_key(topic.label, tongue)

    return sorted(out.values(), key=place)


def fields_of(id: str, competences: Iterable[str]) -> frozenset[str]:
    """The fields of work whose ids have the words of `id`, or only words of it; one letter more makes a plural."""
    wanted = _stems(id)
    return frozenset(
        each for each in competences if (found := _stems(each)) and wanted and (wanted <= found or found <= wanted)
    )


def _stems(id: str) -> frozenset[str]:
    return frozenset(word.removesuffix("s") for word in re.split(r"[-_.]", fold(id)) if len(word) > 3)


def reason(hit: AuthorityHit, topic: Topic | None) -> str:
    """Why an authority is the one to ask about a topic."""
    if topic is None:
        return ""
    if hit.competent:
        fields = ", ".join(map(field_of_work, hit.competent))
        return _("its field of work: {fields}").format(fields=fields)
    if hit.coordinates:
        return _("coordinates {area}: passes it on where it is not competent").format(area=area_name(topic.area))
    return ""


def shown_line(found: Found, shown: int) -> str:
    """How many were found and are shown, and which words no authority has."""
    if found.total > shown:
        text = _("The first {shown} of {count} are shown; one more word narrows them.").format(
            shown=shown, count=found.total
        )
    else:
        text = ngettext("{count} found", "{count} found", found.total).format(count=found.total)
    if found.unknown:
        missing = ", ".join(found.unknown)
        text += ". " + _("No authority on this machine has: {words}").format(words=missing)
    return text


def answered(days: Sequence[float], cases: int) -> str:
    """How soon an authority answers, from own cases alone."""
    if not days:
        if not cases:
            return _("You have had no case with it on this machine.")
        return ngettext(
            "You have had {count} case with it on this machine; in none of them its answer to a request is here.",
            "You have had {count} cases with it on this machine; in none of them its answer to a request is here.",
            cases,
        ).format(count=cases)
    average = sum(days) / len(days)
    text = ngettext(
        "Answers after {average} days on average ({least} to {most}), from {count} case of yours on this machine.",
        "Answers after {average} days on average ({least} to {most}), from {count} cases of yours on this machine.",
        len(days),
    )
    return text.format(average=_days(average), least=_days(min(days)), most=_days(max(days)), count=len(days))


def _days(days: float) -> str:
    return f"{days:.0f}" if days >= 1 else _("less than 1")
