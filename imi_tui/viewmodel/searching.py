"""The search line in words: what its terms mean, what can be typed next, and what a line does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from imi_core.text import fold
from imi_tui.cache.search.query import DATES, LAYOUTS, LISTED, at_cursor, readings
from imi_tui.config.keyboard import typed_as_latin
from imi_tui.i18n import N_, _, ngettext
from imi_tui.viewmodel.blocks import Block
from imi_tui.viewmodel.cells import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imi_core.procedure import Rules
    from imi_tui.cache.search.query import Language, Problem, Query

MEANINGS: dict[str, str] = {
    "country": N_("country of the other side"),
    "area": N_("legal area"),
    "procedure": N_("procedure"),
    "state": N_("state of the case"),
    "from": N_("name of the other side"),
    "handler": N_("who at your desk looks after the case"),
    "due": N_("deadline"),
    "activity": N_("latest activity"),
    "is": N_("what is special about a case"),
}
SET_MEANINGS: dict[str, str] = {"tag": N_("Tags"), "note": N_("Note")}
"""Terms of what the officer keeps about cases."""
FLAG_MEANINGS: dict[str, str] = {
    "todo": N_("this desk has to act"),
    "accept": N_("to accept"),
    "answer": N_("to answer"),
    "close": N_("to close"),
    "waiting": N_("others have to act"),
    "open": N_("open"),
    "closed": N_("closed"),
    "alert": N_("an alert"),
    "sent": N_("started by this desk"),
    "unread": N_("unread"),
    "queued": N_("waits to be sent"),
    "refused": N_("refused by the server"),
    "overdue": N_("overdue, and this desk has to act"),
    "soon": N_("due within seven days, and this desk has to act"),
    "files": N_("has files"),
}
DATE_MEANINGS: dict[str, str] = {
    "today": N_("today"),
    "tomorrow": N_("tomorrow"),
    "yesterday": N_("yesterday"),
    "overdue": N_("before today"),
    "none": N_("no deadline"),
}
PERIODS = {
    "due": (("<5d", N_("earlier than in 5 days")), ("2w", N_("within 2 weeks")), (">2w", N_("later than in 2 weeks"))),
    "activity": (("<2w", N_("less than 2 weeks ago")), (">2w", N_("longer than 2 weeks ago"))),
}
EXAMPLES: tuple[tuple[str, str], ...] = (
    ("alpbau gmbh", N_("every word, the last one as a beginning")),
    ('"alpbau gmbh"', N_("words side by side")),
    ("-zoll  -state:closed", N_("a minus: not this")),
    ("country:DE,AT", N_("country of the other side; a comma: one of them")),
    ("area:pw  procedure:pw.urgent", N_("legal area, procedure")),
    ("state:accepted", N_("state of the case")),
    ('from:zoll  from:"zoll fks"', N_("name of the other side")),
    ("handler:me  handler:none", N_("who at your desk looks after the case")),
    ("tag:urgent,later  note:call", N_("your own tags and notes, which only this machine has")),
    ("due:<5d  due:today  due:none", N_("deadline: earlier than in 5 days, with what is overdue; today; none")),
    ("due:2026-12  due:2026-12-01..2026-12-24", N_("deadline in a month, or from one day to another")),
    ("activity:<2w  activity:>3m", N_("latest activity less than 2 weeks, longer than 3 months ago")),
)
MOST = 40
"""Offers at most."""


class Offer(NamedTuple):
    """What can stand next, and what it means in the officer's language."""

    text: str
    meaning: str


class Offers(NamedTuple):
    """What can stand in the line from `start` to `end`."""

    start: int = 0
    end: int = 0
    found: tuple[Offer, ...] = ()


def offers(
    language: Language,
    line: str,
    cursor: int,
    meaning: Callable[[str, str], str],
    names: Callable[[str], Sequence[str]],
    tags: Callable[[], Sequence[tuple[str, int]]],
) -> Offers:
    """What can be typed at the cursor: terms, then the values of a term; nothing behind what is complete.

    `meaning` names a value in the officer's language, `names` are names of other sides that begin so, `tags` the
    officer's own with how many cases have each.
    """
    start, end, minus, key, typed = at_cursor(line, cursor)
    if key is None:
        if typed.startswith('"') or (not typed and not minus and line.strip()):
            return Offers()
        begun = tuple(fold(typed_as_latin(typed, layout)) for layout in LAYOUTS)
        keys = [name for name in language.keys if name.startswith(begun)]
        return Offers(start, end, tuple(Offer(f"{minus}{name}:", _means(name)) for name in keys))
    key, layout = language.key_of(key)
    if key not in language.keys:
        return Offers()
    before, _comma, last = typed.rpartition(",")
    head = f"{minus}{key}:" + (f"{before}," if before and key in (*LISTED, "tag") else "")
    folded = fold(last.strip('"'))
    begun = (folded, *readings(last, layout))
    found: list[Offer] = []
    if key in LISTED:
        for value in language.values[key]:
            if value.startswith(begun) or any(word.startswith(folded) for word in fold(meaning(key, value)).split()):
                shown = value.upper() if key == "country" else f'"{value}"' if " " in value else value
                found.append(Offer(head + shown, meaning(key, value)))
    elif key == "from":
        found = [Offer(head + (f'"{name}"' if " " in name else name), "") for name in names(folded)]
    elif key == "tag":
        given = {fold(each) for each in before.split(",")}
        found = [
            Offer(head + tag, ngettext("{count} case", "{count} cases", count).format(count=count))
            for tag, count in tags()
            if fold(tag).startswith(fold(last.lstrip("#"))) and fold(tag) not in given
        ]
    elif key in PERIODS:
        dates = DATES if key == "due" else ("today", "yesterday")
        known = (*((date, DATE_MEANINGS[date]) for date in dates), *PERIODS[key])
        found = [Offer(head + text, _(means)) for text, means in known if text.startswith(begun)]
    return Offers(start, end, tuple(found[:MOST]))


def _means(name: str) -> str:
    found = MEANINGS.get(name) or SET_MEANINGS.get(name)
    return _(found) if found else ""


class Meanings:
    """The values of listed terms in the officer's language, looked up when they are offered."""

    def __init__(self, procedures: Sequence[Rules], languages: tuple[str, ...], language: str) -> None:
        self._language = language
        self._states: dict[str, str] = {}
        self._procedures: dict[str, str] = {}
        for rules in procedures:
            name = rules.procedure
            self._procedures[name.id.lower()] = rules.label(f"{name.id}.title", name.title, languages)
            for state, found in rules.lifecycle.states.items():
                label = rules.label(f"{rules.lifecycle.id}.state.{state}", found.label, languages)
                self._states.setdefault(state, label)

    def of(self, key: str, value: str) -> str:
        """What a value of a term means."""
        if key == "country":
            from imi_tui.names import country_name

            return country_name(value.upper(), self._language)
        if key == "area":
            from imi_tui.names import area_name

            return area_name(value)
        if key == "handler":
            return {"me": _("you"), "none": _("nobody")}.get(value, "")
        if key == "is":
            return _(FLAG_MEANINGS[value])
        return (self._states if key == "state" else self._procedures).get(value, "")


def named(found: Problem, language: Language, meaning: Callable[[str, str], str]) -> Problem:
    """The problem, with the value that somebody called by its name in their language, such as ``country:germany``."""
    if found.kind != "value" or found.near:
        return found
    meant = offers(language, found.text, len(found.text), meaning, lambda _begin: (), lambda: ()).found
    return found._replace(near=meant[0].text) if len(meant) == 1 else found


def offer_line(found: Sequence[Offer], at: int, width: int) -> list[tuple[str, bool]]:
    """The offers as pieces of one line of at most `width` cells; the one at `at` (-1: none) is marked, and in sight."""
    out: list[tuple[str, bool]] = []
    room = width
    for index in range(max(at, 0), len(found)):
        offer = found[index]
        text = f"[{offer.text}]" if index == at else f" {offer.text} "
        if offer.meaning and (len(found) <= 8 or index == at):
            text += f"{offer.meaning} "
        if len(text) > room:
            out.append((cut(text, room) if not out else "…"[:room], not out and index == at))
            break
        out.append((text, index == at))
        room -= len(text)
    return out


def problem(found: Problem, *, command: bool = False) -> str:
    """One sentence on a term that means nothing, with the nearest one that means something.

    `command`: for a command, which has no keys and searches nothing then.
    """
    if found.kind == "date":
        text = _("{term} is no date; write 5d, <2w, 2026-12 or today.").format(term=found.text)
    elif found.kind == "or":
        text = _(
            "{term} is only a word here. One of several is written with a comma, country:DE,AT; the word itself in"
            " quotes."
        ).format(term=found.text)
    elif found.kind == "key" and command:
        text = _("{term} is no search term.").format(term=found.text)
    elif found.kind == "key":
        text = _("{term} is no search term; its words are searched. F1 shows the terms.").format(term=found.text)
    else:
        text = _("There is nothing here for {term}").format(term=found.text) + "."
    if not found.near:
        return text
    return _("{problem} Do you mean {near}?").format(problem=text, near=found.near)


def left_out(query: Query, whole: bool, ranked: int = 0) -> str:
    """What a search did not do: terms without meaning, terms not searched as they are typed, cases not compared or, but
    for `ranked` ones, not put in order.

    "" where it did everything.
    """
    lines = [problem(each) for each in query.problems]
    for typed, meant in query.read:
        text = _("{term} finds nothing; {meant}, typed with the same keys, was searched for.")
        lines.append(text.format(term=typed, meant=meant))
    if not whole:
        lines.append(
            _(
                "Only the newest cases were compared, as what you ask for is rare among them; a word, a country or a"
                " state more makes the search complete."
            )
        )
    if ranked:
        text = _("Only the newest {count} hits are put in order of how well they fit; more would take too long here.")
        lines.append(text.format(count=ranked))
    return "\n".join(lines)


def help_blocks() -> list[Block]:
    """The terms of the search line, with examples, as a page."""
    out = [Block(_("What can be searched"), "heading")]
    out += [Block(example, aside=_(means), aside_look="plain", field=True) for example, means in EXAMPLES]
    flags = ", ".join(f"is:{name}" for name in FLAG_MEANINGS)
    said = MEANINGS["is"]
    out.append(Block(flags, aside=_(said), aside_look="plain", field=True))
    meant = _(
        "Words also find the other side by its titles in the register, and answers chosen from a list by their wording,"
        " in every language that is here."
    )
    return [
        *out,
        Block(meant),
        Block(_("Terms are the same in every language; Tab completes them and says what they mean.")),
        Block(""),
    ]
