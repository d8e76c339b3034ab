"""What an officer keeps about a case on this machine, in words: tags, a note, until when it is put off."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

from imi_tui.cache.personal.annotations import tag_name
from imi_tui.i18n import _
from imi_tui.viewmodel.blocks import Block

if TYPE_CHECKING:
    from imi_tui.cache.model import CaseDetail


class Tags(NamedTuple):
    """Tags to give and tags to take away."""

    give: tuple[str, ...]
    take: tuple[str, ...]


def blocks(detail: CaseDetail, today: dt.date) -> list[Block]:
    """What stands with the case; nothing where the officer keeps nothing about it."""
    found = lines(detail, today)
    if not found:
        return []
    return [Block(""), *(Block(line) for line in found), Block(_("Only on this machine; never sent."), "quiet")]


def lines(detail: CaseDetail, today: dt.date) -> list[str]:
    """The same as plain lines."""
    mine = detail.mine
    out = []
    if mine.tags:
        out.append(_("Tags: {tags}").format(tags=" ".join(f"#{tag}" for tag in mine.tags)))
    if is_put_off(detail) and mine.until > today.isoformat():
        out.append(_("Put off until {date}").format(date=mine.until))
    if mine.note:
        out.append(_("Note: {text}").format(text=mine.note))
    return out


def is_put_off(detail: CaseDetail) -> bool:
    """Whether the case is put off: what is new in it since ends that."""
    return bool(detail.mine.until) and detail.mine.version == detail.seen.version


def read_tags(typed: str) -> Tags:
    """What is meant by "urgent -waiting": give the first tag, take the second away."""
    give: list[str] = []
    take: list[str] = []
    for word in typed.split():
        name = tag_name(word.lstrip("-"))
        if name:
            (take if word.startswith("-") else give).append(name)
    return Tags(tuple(give), tuple(take))


def days(today: dt.date) -> list[tuple[str, str]]:
    """(text, ISO date) of days until which a case may be put off."""
    monday = today + dt.timedelta(7 - today.weekday())
    found = [
        (_("Tomorrow"), today + dt.timedelta(1)),
        (_("In three days"), today + dt.timedelta(3)),
        (_("Next Monday"), monday),
        (_("In a week"), today + dt.timedelta(7)),
        (_("In two weeks"), today + dt.timedelta(14)),
        (_("In four weeks"), today + dt.timedelta(28)),
    ]
    return [(f"{text}  {day.isoformat()}", day.isoformat()) for text, day in found]


def last_day(until: str, due: str, today: dt.date) -> str:
    """When a case that is put off comes back: on its deadline at the latest, unless that has passed already."""
    return min(until, due) if due > today.isoformat() else until
