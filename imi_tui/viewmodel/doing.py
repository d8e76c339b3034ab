"""What an action on a case asks for before it can be queued."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from imi_core.text import display
from imi_tui.actions import Action, lifecycle_action
from imi_tui.i18n import _
from imi_tui.i18n.joining import several

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from imi_core.case import Case
    from imi_core.procedure import Field, Rules
    from imi_tui.cache.model import CaseDetail
    from imi_tui.cache.store import Store

Asks = Literal["nothing", "days", "form"]
CaseId = tuple[str, str]


def typed(case: dict[str, Any]) -> Case:
    """A case on the wire as the rules want it.

    Raises msgspec.ValidationError for a case from a server that is newer than this client.
    """
    import msgspec

    from imi_core.case import Case

    return msgspec.convert(case, Case)


def reader(store: Store, cases: Sequence[CaseId], target: str = "") -> tuple[str, ...]:
    """The languages in which the other side of these cases works, or the desk `target` to which they are handed on;
    none where it is not known or differs."""
    found: set[tuple[str, ...]] = set()
    for desk, id in cases:
        detail, to = store.case(desk, id), store.target(target) if target else None
        other = typed(detail.case).counterpart(desk) if detail is not None else None
        who = to.authority if to is not None else other.authority if other is not None else ""
        found.add(tuple(str(each) for each in (store.authority(who) or {}).get("languages", ())))
    return found.pop() if len(found) == 1 else ()


def asks(rules: Rules, name: str, case: Case | None) -> tuple[Asks, Field | None]:
    """What to show: nothing, a one-line prompt for a number of days (with its field), or a form."""
    from imi_core.answers import form_for

    action = rules.lifecycle.actions[name]
    fields = form_for(rules, name, case).fields
    if len(fields) == 1 and fields[0].type == "days" and not action.text:
        return "days", fields[0]
    if fields or action.text:
        return "form", None
    return "nothing", None


def read_days(typed: str, field: Field) -> int | None:
    """The number of days typed into the prompt, None where it is none or not allowed."""
    try:
        days = int(typed.strip())
    except ValueError:
        return None
    low = field.minimum if field.minimum is not None else 1
    high = field.maximum if field.maximum is not None else 365
    return days if low <= days <= high else None


def offered(rules: Rules, names: tuple[str, ...], languages: tuple[str, ...], reserved: frozenset[str]) -> list[Action]:
    """The lifecycle's actions as actions of the registry, with their labels and keys.

    A key that a screen already uses, or that an earlier action took, is left out: the menu still has the action.
    """
    out: list[Action] = []
    used = set(reserved)
    for name in names:
        action = rules.lifecycle.actions[name]
        key = action.key if action.key not in used else ""
        used.add(key)
        label = display(rules.label(f"{rules.lifecycle.id}.action.{name}", action.label, languages))
        # Those with a key are the ones people use all day: they come first in the footer.
        out.append(lifecycle_action(name, label, key, 2 if key else 0))
    return out


def when_possible(rules: Rules, name: str, languages: tuple[str, ...]) -> str:
    """In which states the lifecycle's action is possible and for whom, in a sentence for who looks for it in vain."""
    from imi_tui.viewmodel.case import ROLES

    lifecycle = rules.lifecycle
    action = lifecycle.actions[name]
    states = [
        display(rules.label(f"{lifecycle.id}.state.{state}", lifecycle.states[state].label, languages))
        for state in action.from_
    ]
    told = _("Possible for: {parts}. In the state: {states}.")
    return told.format(parts=several(_(ROLES[part]) for part in action.by), states=several(states))


def load_calendar(country: str, today: dt.date) -> None:
    """Load what deadlines are counted by, which takes long once, while somebody still looks at the question."""
    from imi_core.deadlines import public_holidays

    public_holidays(country, today.year)


def default_days(detail: CaseDetail, authority: dict[str, Any] | None, field: Field) -> int:
    """The desk's usual number of days to reply, within what the form allows."""
    desks = (authority or {}).get("desks", ())
    days = next((desk.get("defaultReplyDays", 14) for desk in desks if desk.get("id") == detail.desk), 14)
    low, high = field.minimum if field.minimum is not None else 1, field.maximum if field.maximum is not None else 365
    return int(max(low, min(high, days)))
