"""Marked cases together: what can be done with them, with how many, and why not with the others. No Textual."""

from __future__ import annotations

from imi_core.lean import TYPE_CHECKING, NamedTuple
from imi_tui import problems
from imi_tui.hints import hint
from imi_tui.i18n import _, ngettext
from imi_tui.viewmodel.cells import wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from imi_tui.cache.bulk.marking import Kind, MarkedCase, Marking
    from imi_tui.cache.outbox.draft import Draft

EXAMPLES = 3
"""References named for each reason."""
PART = 500
"""Cases that are asked for before the next key is answered."""


class Reason(NamedTuple):
    """Why an action is not possible with so many `cases`: the code of an error, and the state they are in.

    `said`: the reason in words where no code has any.
    """

    code: str
    kind: Kind | None
    cases: int
    examples: tuple[str, ...]
    said: str = ""


class Plan(NamedTuple):
    """What an action on marked cases will do: to which, and with which not."""

    action: str
    ready: tuple[MarkedCase, ...]
    refused: tuple[Reason, ...]

    @property
    def marked(self) -> int:
        """How many cases are marked."""
        return len(self.ready) + sum(reason.cases for reason in self.refused)


class Marked:
    """The marked cases as they stand; asked once for each case as long as the cache does not change."""

    def __init__(self, marking: Callable[[], Marking]) -> None:
        self._marking = marking
        # None: it is gone.
        self._known: dict[int, MarkedCase | None] = {}
        self.generation = 0
        """Another number whenever what was known may be wrong."""
        self._offered: tuple[frozenset[int], tuple[str, ...]] = (frozenset(), ())

    def forget(self) -> None:
        """The cache changed."""
        self.generation += 1
        self._known.clear()
        self._offered = (frozenset(), ())

    def lacks(self, numbers: Iterable[int]) -> int:
        """Of how many of these cases it is not known how they stand."""
        return sum(n not in self._known for n in numbers)

    def look(self, numbers: Iterable[int]) -> Iterator[None]:
        """Ask for these cases, some at a time, so that keys are answered in between."""
        wanted = sorted(numbers)
        for start in range(0, len(wanted), PART):
            self.standings(wanted[start : start + PART])
            yield

    def standings(self, numbers: Iterable[int]) -> list[MarkedCase]:
        """How these cases stand, in the order of their numbers."""
        wanted = sorted(numbers)
        if new := [n for n in wanted if n not in self._known]:
            self._known |= dict.fromkeys(new) | self._marking().standings(new)
        return [each for n in wanted if (each := self._known[n]) is not None]

    def offered(self, numbers: frozenset[int]) -> tuple[str, ...]:
        """The actions possible with at least one of these cases, those first that are possible with most."""
        if self._offered[0] != numbers:
            counts: dict[str, int] = {}
            for kind, found in _by_kind(self.standings(numbers)).items():
                for name in self._marking().available(kind):
                    counts[name] = counts.get(name, 0) + len(found)
            self._offered = numbers, tuple(sorted(counts, key=lambda name: -counts[name]))
        return self._offered[1]

    def plan(self, action: str, numbers: Iterable[int]) -> Plan:
        """What an action would do to these cases."""
        ready: list[MarkedCase] = []
        refused: list[Reason] = []
        for kind, found in _by_kind(self.standings(numbers)).items():
            code = self._marking().refusal(kind, action)
            if code:
                names = tuple(each.reference or each.id for each in found[:EXAMPLES])
                refused.append(Reason(code, kind, len(found), names))
            else:
                ready += found
        return Plan(action, tuple(ready), tuple(sorted(refused, key=lambda reason: -reason.cases)))

    def representative(self, standings: Iterable[MarkedCase]) -> tuple[str, str]:
        """(desk, id) of a case of the kind that is most frequent."""
        kinds = _by_kind(list(standings))
        found = max(kinds.values(), key=len)[0]
        return found.desk, found.id


def alike(plan: Plan, form: Callable[[MarkedCase], object]) -> Plan:
    """Only the cases whose form asks for what most forms do; `form` is asked once a procedure."""
    procedures: dict[tuple[str, int], list[MarkedCase]] = {}
    for each in plan.ready:
        assert each.kind is not None
        procedures.setdefault((each.kind.procedure, each.kind.version), []).append(each)
    groups: list[tuple[object, list[MarkedCase]]] = []
    for found in procedures.values() if len(procedures) > 1 else ():
        asked = form(found[0])
        same = next((group for other, group in groups if other == asked), None)
        if same is None:
            groups.append((asked, list(found)))
        else:
            same += found
    if len(groups) < 2:
        return plan
    most, *others = sorted((group for _form, group in groups), key=len, reverse=True)
    more = [
        Reason("otherForm", found[0].kind, len(found), tuple(each.reference or each.id for each in found[:EXAMPLES]))
        for found in others
    ]
    return plan._replace(ready=tuple(most), refused=(*plan.refused, *more))


def fitting(plan: Plan, name: str, state: Callable[[Kind], str], width: int, height: int) -> list[str]:
    """As `preview`, in at most `height` lines of `width` cells: with fewer names, then without the rarest reasons."""
    for names in range(EXAMPLES, 0, -1):
        lines = preview(plan, name, state, names)
        if sum(len(wrap(line, width)) for line in lines) <= height:
            return lines
    while len(lines) > 1 and sum(len(wrap(line, width)) for line in lines) >= height:
        lines.pop()
    return [*lines, "…"]


def drafts(plan: Plan, answers: dict[str, Any], target: str) -> list[Draft]:
    """What is queued where nothing is written: one entry a case, all with the same answers."""
    from imi_tui.cache.outbox.draft import Draft

    action = plan.action
    # Based on what was here when the question was asked; a synchronisation may have changed it since.
    # By their places: of ten thousand that takes two thirds of the time.
    return [
        Draft("", desk, "", action, id, target, answers, "", "", seen.version, "", list(seen.after))
        for desk, id, _reference, _kind, seen, *_ in plan.ready
    ]


def preview(plan: Plan, name: str, state: Callable[[Kind], str], most: int = EXAMPLES) -> list[str]:
    """What will happen to how many cases, and with how many it cannot and why, each with `most` names of them.

    `name`: the action in words.
    """
    count, ready = plan.marked, len(plan.ready)
    first = ngettext("{action}: {ready} of {count} case", "{action}: {ready} of {count} cases", count)
    lines = [first.format(action=name, ready=ready, count=count)]
    for (text, examples), number in _grouped(plan.refused, state).items():
        shown = examples[:most]
        names = ", ".join(shown) + (", …" if number > len(shown) else "")
        left = ngettext("{count} case not: {reason} ({names})", "{count} cases not: {reason} ({names})", number)
        lines.append(left.format(count=number, reason=text, names=names))
    return lines


def _grouped(refused: Iterable[Reason], state: Callable[[Kind], str]) -> dict[tuple[str, tuple[str, ...]], int]:
    """How many cases there are for each reason in words, with examples."""
    counts: dict[str, int] = {}
    examples: dict[str, tuple[str, ...]] = {}
    for reason in refused:
        if reason.code == "notAvailable" and reason.kind is not None:
            text = _("not possible in the state “{state}”").format(state=state(reason.kind))
        elif reason.code == "otherDesk":
            text = _("at another of your desks")
        elif reason.code == "otherForm":
            text = _("another procedure, whose form asks for other things")
        else:
            text = reason.said or problems.sentence(reason.code).rstrip(".")
        counts[text] = counts.get(text, 0) + reason.cases
        examples[text] = (*examples.get(text, ()), *reason.examples)[:EXAMPLES]
    return {(text, examples[text]): counts[text] for text in sorted(counts, key=lambda text: -counts[text])}


def _by_kind(standings: list[MarkedCase]) -> dict[Kind | None, list[MarkedCase]]:
    found: dict[Kind | None, list[MarkedCase]] = {}
    for each in standings:
        found.setdefault(each.kind, []).append(each)
    return found


def outcome(what: str, late: int, refused: int) -> str:
    """What became of it: `what` was queued ("": nothing), `late` cases changed meanwhile, `refused` were not queued."""
    lines = []
    if what:
        lines.append(_("Queued: {what}. Press {key} to take it back.").format(what=what, key=hint("app.undo")))
    if late:
        text = ngettext(
            "{count} case changed meanwhile; your entry is in the outbox ({key}), to be compared.",
            "{count} cases changed meanwhile; your entries are in the outbox ({key}), to be compared.",
            late,
        )
        lines.append(text.format(count=late, key=hint("go.outbox")))
    if refused:
        text = ngettext("{count} case was not queued.", "{count} cases were not queued.", refused)
        lines.append(text.format(count=refused))
    return "\n".join(lines)
