"""A case that is being written as the authority asked will see it, before it accepts and after.

Made by the rules that the server applies: the case is folded from the entry as it would be sent, and projected for the
desk addressed. Only the labels are those of this officer's language.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec

from imi_core import authority, deadlines, visibility, workflow
from imi_core.answers import base_id, is_empty
from imi_core.case import Attachment, Entry, to_wire
from imi_tui.cache.model import CaseDetail
from imi_tui.forms.hints import languages
from imi_tui.forms.offers import acting_seat
from imi_tui.i18n import _, ngettext
from imi_tui.i18n.joining import several
from imi_tui.i18n.languages import NAMES
from imi_tui.viewmodel import case as page
from imi_tui.viewmodel.blocks import Block
from imi_tui.viewmodel.timeline import file_line
from imi_tui.viewmodel.view import View, one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from imi_core.case import Case, Level
    from imi_core.procedure import Rules
    from imi_tui.forms.compose import Composition

    Size = Callable[[str], int]
    """Bytes of an attached file by its blob id."""

_DESK = "the desk asked"


def blocks(work: Composition, size: Size, *, accepted: bool) -> list[Block]:
    """The page that the other side sees; what stands on it is what the officer of this desk wrote."""
    made = _projected(work, size, accepted=accepted)
    if made is None or work.rules is None:
        return [Block(gap.text, "alarm") for gap in work.gaps()]
    case, entry, level = made
    told = _("The other side reads the labels in its own language, and what you wrote as you wrote it.")
    out = [Block(told, "quiet")]
    if work.form is not None and work.reader:
        out.append(Block(languages(work.form), "quiet"))
    if work.target is None:
        out.append(Block(_("Nobody is addressed yet; this is what any authority would see."), "quiet"))
    out.append(Block(""))
    if level == "nothing":
        return [*out, Block(_("The other side sees nothing of this case."))]
    detail = CaseDetail(
        desk=_desk(work),
        id="",
        case=to_wire(case),
        entries=(to_wire(visibility.project_entry(entry, level)),),
        pending=(),
        actions=() if accepted else ("accept",),
    )
    view = View(detail, work.rules, work.languages, work.today(), work.cache.authority)
    subject = one_line(case.subject)
    out += [Block(subject, "heading", remote=True)] if subject else []
    out += [Block(page.way(view), remote=True), Block(""), *page.overview(view)]
    out += _message(detail.entries[0])
    out += [Block(""), Block(_("Files"), "heading"), *_files(view, entry)] if entry.attachments else []
    if level != "full":
        out += _held_back(work, entry)
    return out


def _projected(work: Composition, size: Size, *, accepted: bool) -> tuple[Case, Entry, Level] | None:
    seat, rules = work.seat, work.rules
    if seat is None or rules is None:
        return None
    target = work.target or workflow.Target(
        desk=_DESK, authority="", name=_("the authority asked"), country="", area=rules.procedure.area
    )
    now = dt.datetime.combine(work.today(), dt.time(12), deadlines.ZONE)
    files = tuple(
        Attachment(
            blob_id=str(each["blobId"]),
            name=str(each["name"]),
            size=size(str(each["blobId"])),
            sha256="",
            personal=bool(each.get("personal", True)),
        )
        for each in (work.draft.attachments if work.takes_files else ())
    )
    entry = msgspec.structs.replace(work.entry(), at=now, attachments=files, target=target.desk)
    case = workflow.expected(rules, None, entry, acting_seat(work.cache, seat), now, target)
    reader = authority.Seat(
        officer="",
        officer_name="",
        desk=target.desk,
        authority=target.authority,
        authority_name=target.name,
        country=target.country,
        area=target.area,
        roles=frozenset(authority.ROLES),
    )
    if accepted:
        case = _opened(rules, case, reader, now)
    level = visibility.level(rules, case, reader)
    return (visibility.project(rules, case, level) if level != "nothing" else case), entry, level


def _opened(rules: Rules, case: Case, reader: authority.Seat, at: dt.datetime) -> Case:
    """The case after the first action of the responder that opens it; the number of days is still the responder's."""
    states = rules.lifecycle.states
    for name in workflow.available(rules, case, reader):
        to = states.get(rules.lifecycle.actions[name].to)
        if to is not None and "responder" not in to.summary_for:
            return workflow.expected(rules, case, Entry(action=name), reader, at, None)
    return case


def _desk(work: Composition) -> str:
    return work.target.desk if work.target is not None else _DESK


def _message(entry: dict[str, Any]) -> list[Block]:
    text = entry.get("text") or {}
    if not text.get("text"):
        return []
    told = _("Message in {language}").format(language=NAMES.get(text.get("lang", ""), text.get("lang", "")))
    return [Block(""), Block(told, "heading"), Block(str(text["text"]), remote=True)]


def _files(view: View, entry: Entry) -> list[Block]:
    if view.hidden:
        return page.files(view)
    return [Block(file_line(to_wire(file)), remote=True) for file in entry.attachments]


def _held_back(work: Composition, entry: Entry) -> list[Block]:
    """What waits behind the acceptance, by name, so that nobody has to compare."""
    form, rules = work.form, work.rules
    if form is None or rules is None:
        return []
    shown = {each.id for each in rules.procedure.request.fields if each.summary and not each.personal}
    given = {base_id(id) for id, value in entry.answers.items() if not is_empty(value)}
    names = [each.label for each in form.visible() if each.id in given - shown]
    if entry.text is not None:
        names.append(_("Message"))
    if entry.attachments:
        count = len(entry.attachments)
        names.append(ngettext("{count} file", "{count} files", count).format(count=count))
    if not names:
        return []
    return [Block(""), Block(_("Not shown before acceptance: {list}").format(list=several(names)), "quiet")]
