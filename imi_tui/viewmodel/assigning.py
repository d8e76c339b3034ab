"""Who at the desk looks after a case, in words; and what giving marked cases to somebody will do."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from imi_core.text import fold
from imi_tui.cache.ids import ASSIGN
from imi_tui.i18n import _, ngettext
from imi_tui.viewmodel.bulk import EXAMPLES, Plan, Reason
from imi_tui.viewmodel.suspects import narrow

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from imi_tui.cache.bulk.marking import MarkedCase
    from imi_tui.cache.model import CaseDetail, OutboxItem
    from imi_tui.cache.outbox.draft import Draft
    from imi_tui.cache.register.handlers import Handlers
    from imi_tui.viewmodel.blocks import Block


def plan(standings: Iterable[MarkedCase], allowed: Collection[str]) -> Plan:
    """Which of these cases can be given to one colleague: those of the desk that has most of them.

    `allowed` are the desks at which this officer may assign cases.
    """
    by_desk: dict[str, list[MarkedCase]] = {}
    for each in standings:
        by_desk.setdefault(each.desk, []).append(each)
    possible = [found for desk, found in by_desk.items() if desk in allowed]
    ready = max(possible, key=len, default=[])
    refused = [
        Reason(
            "otherDesk" if desk in allowed else "forbidden",
            None,
            len(found),
            tuple(each.reference or each.id for each in found[:EXAMPLES]),
        )
        for desk, found in by_desk.items()
        if found is not ready
    ]
    return Plan("", tuple(ready), tuple(refused))


def drafts(standings: Iterable[MarkedCase], officer: str) -> list[Draft]:
    """What is queued where cases are given to an officer, "" for nobody."""
    from imi_tui.cache.outbox.draft import Draft

    # Shared, so that all are seen to say the same.
    answers: dict[str, Any] = {}
    # Based on what was here when the question was asked; a synchronisation may have changed it since.
    # By their places: of ten thousand that takes two thirds of the time.
    return [
        Draft("", desk, "", ASSIGN, id, officer, answers, "", "", assigned.version, "", list(assigned.after))
        for desk, id, _reference, _kind, _seen, assigned, _handler in standings
    ]


def given(drafts: list[Draft], officer: str) -> list[Draft]:
    """These, once it is known whom the cases are given to."""
    for draft in drafts:
        draft.target = officer
    return drafts


def without(plan: Plan, officer: str, name: Callable[[str, str], str]) -> Plan:
    """What giving cases to an officer changes: those are left out, and it is said why, that are theirs already.

    `name`: as `Handlers.name`.
    """
    theirs = [each for each in plan.ready if each.handler == officer]
    if not theirs:
        return plan
    said = looked_after(name(theirs[0].desk, officer))
    examples = tuple(each.reference or each.id for each in theirs[:EXAMPLES])
    new = tuple(each for each in plan.ready if each.handler != officer)
    return plan._replace(ready=new, refused=(*plan.refused, Reason("", None, len(theirs), examples, said)))


def of_others(plan: Plan, name: Callable[[str, str], str]) -> list[str]:
    """How many of the cases to be given somebody looks after now, and who, those with most cases first."""
    counts = Counter(name(each.desk, each.handler) or _("somebody who has left") for each in plan.ready if each.handler)
    if not counts:
        return []
    count = sum(counts.values())
    first = sorted(counts, key=lambda each: (-counts[each], fold(each)))[:EXAMPLES]
    names = ", ".join([*map(narrow, first), *(["…"] if len(counts) > EXAMPLES else [])])
    what = _("Looked after by {name}").format(name=names)
    return [ngettext("{what}: {count} case", "{what}: {count} cases", count).format(what=what, count=count)]


def outward(detail: CaseDetail, *, translations: bool = False) -> CaseDetail:
    """The case as it may leave the desk: who looks after it is nobody else's business, and what the desk translated
    goes along only where the officer wants it to."""
    case = {name: value for name, value in detail.case.items() if name not in ("assignment", "translations")}
    made = tuple(each for each in detail.translations if each.get("texts")) if translations else ()
    return detail._replace(
        case=case, handler="", assigner="", assigning=0, assignments=(), translations=made, wishes=()
    )


def line(detail: CaseDetail) -> str:
    """Who looks after the case; "" where nobody ever said so."""
    if detail.handler:
        return looked_after(detail.handler)
    return _("Nobody at your desk looks after this case.") if detail.case.get("assignment") else ""


def looked_after(name: str) -> str:
    """That somebody looks after a case."""
    return _("Looked after by {name}").format(name=narrow(name))


def told(officer: str, by: str, name: str, other: str) -> str:
    """Who gave a case to whom. `officer` and `by` are ids, `name` and `other` what these officers are called."""
    if not officer:
        return _("given back")
    if officer == by:
        return _("taken on: {name}").format(name=narrow(name) or _("somebody who has left"))
    text = _("given to {name}").format(name=narrow(name) or _("somebody who has left"))
    return f"{text} ({narrow(other)})" if other else text


def of_case(detail: CaseDetail) -> str:
    """How the case came to who looks after it, at the end of `assignment`."""
    given = detail.case["assignment"]
    return told(str(given.get("officer", "")), str(given.get("by", "")), detail.handler, detail.assigner)


def of_item(item: OutboxItem, handlers: Handlers, me: str) -> str:
    """What an assignment in the outbox says."""
    officer = str(item.payload.get("officer", ""))
    return told(officer, me, handlers.name(item.desk, officer), "")


def conflict(detail: CaseDetail | None, item: OutboxItem, mine: str) -> list[Block]:
    """The page: mine, which was refused, and what a colleague said meanwhile. `mine`: `of_item`."""
    from imi_tui.viewmodel.blocks import Block

    given = (detail.case.get("assignment") if detail is not None else None) or {}
    theirs = of_case(detail) if detail is not None and given else ""
    now = line(detail) if detail is not None else ""
    return [
        Block(_("A colleague assigned this case before your entry arrived."), "heading"),
        Block(""),
        Block(_("Yours"), "heading"),
        Block(mine, indent=2),
        Block(""),
        Block(_("Now"), "heading"),
        Block("\n".join(filter(None, (theirs, now))) or "-", remote=True, indent=2),
        Block(""),
        Block(_("Send it again to make a new entry of it, or throw it away."), "quiet"),
    ]
