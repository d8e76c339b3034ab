"""Who did what in a case, when and from where; what is only queued stands at the end and says so."""

from __future__ import annotations

from typing import Any

from imi_tui.i18n import _, ngettext
from imi_tui.i18n.dates import moment, relative
from imi_tui.i18n.phrasing import language_name
from imi_tui.viewmodel import assigning, translating
from imi_tui.viewmodel.blocks import Block
from imi_tui.viewmodel.suspects import links, named
from imi_tui.viewmodel.view import View, answer_text


def when(view: View, entry: dict[str, Any]) -> str:
    """The moment of an entry and how long ago it was; that it waits, where it was not sent yet."""
    if entry.get("clientRef") in view.detail.pending:
        return _("queued on this machine")
    at = moment(str(entry.get("at", "")))
    return f"{at} ({distance})" if (distance := relative(at[:10], view.today)) and distance != at[:10] else at


def who(view: View, entry: dict[str, Any]) -> str:
    """The officer, and the authority with its country."""
    parts: dict[str, Any] = {str(each.get("desk")): each for each in view.case.get("parts", ())}
    part = parts.get(str(entry.get("desk")), {})
    authority = named(str(entry["authorityName"])) if entry.get("authorityName") else ""
    place = " ".join(filter(None, (str(part.get("country", "")) if authority else "", authority)))
    officer = named(str(entry["officerName"])) if entry.get("officerName") else ""
    return ", ".join(filter(None, (officer, place)))


def timeline(view: View) -> list[Block]:
    """The entries, oldest first."""
    out: list[Block] = []
    given = list(view.detail.assignments)
    for entry in view.detail.entries:
        waits = entry.get("clientRef") in view.detail.pending
        while given and (waits or str(entry.get("at", "")) > str(given[0].get("at", ""))):
            out += _assigned(view, given.pop(0))
        mark = "~ " if entry.get("clientRef") in view.detail.pending else ""
        action = view.action(str(entry.get("action", "")))
        out.append(Block(f"{mark}{when(view, entry)}  {action}", "heading"))
        if sender := who(view, entry):
            out.append(Block(sender, remote=True))
        state = entry.get("toState", "")
        if state and state != entry.get("fromState", ""):
            out.append(Block(_("State: {state}").format(state=view.state(state)), "quiet", indent=2))
        out += _given(view, entry)
        if text := entry.get("text"):
            both = translating.pair(view, entry, translating.TEXT, str(text.get("text", "")))
            out += [*both, *text_of(text)[1:]] if both else text_of(text)
            out += translating.standing(view, entry)
        out += [Block(file_line(file), remote=True) for file in entry.get("attachments", ())]
        if entry.get("redacted"):
            out.append(Block(_("The content is not shown to this desk."), "quiet", indent=2))
        out.append(Block(""))
    for each in given:
        out += _assigned(view, each)
    if view.detail.assigning:
        # One that does not fit any more, as its officer has left, shows in no case: only that it waits can be told.
        told = assigning.of_case(view.detail) if view.detail.case.get("assignment") else _("Assign")
        out += _noted("~ " + _("queued on this machine"), told, last=True)
    return out[:-1] or [Block(_("There are no entries yet."), "quiet")]


def _assigned(view: View, given: dict[str, Any]) -> list[Block]:
    """Who at this desk took the case on, or gave it to whom: a matter of the desk, and no entry."""
    told = assigning.told(*(str(given.get(name, "")) for name in ("officer", "by", "name", "other")))
    last = given is view.detail.assignments[-1] and not view.detail.assigning
    return _noted(when(view, {"at": given.get("at", "")}), told, last=last)


def _noted(at: str, told: str, *, last: bool) -> list[Block]:
    """Who else sees it is said of the last one: of all it would be noise."""
    out = [Block(f"{at}  {told[:1].upper()}{told[1:]}", "heading")]
    if last:
        out.append(Block(_("Only your desk sees this; the other side is not told."), "quiet", indent=2))
    return [*out, Block("")]


def text_of(text: dict[str, Any]) -> list[Block]:
    """What somebody wrote, as it was written, under the name of its language."""
    said, lang = str(text.get("text", "")), str(text.get("lang", ""))
    out = [Block(said, remote=True, lang=language_name(lang) if lang else "")]
    if warning := links(said):
        out.append(Block(warning, "alarm", indent=2))
    return out


def _given(view: View, entry: dict[str, Any]) -> list[Block]:
    """To whom the entry goes, and what was filled in: the answers of a small form, of a reply how many."""
    out: list[Block] = []
    part = next((p for p in view.case.get("parts", ()) if p.get("desk") == entry.get("target")), None)
    if entry.get("target") and part is not None:
        to = f"{part.get('country', '')} {named(str(part.get('name', '')))}"
        out.append(Block(f"-> {to}", remote=True))
    action = view.rules.lifecycle.actions.get(str(entry.get("action", "")))
    answers = entry.get("answers") or {}
    if action is None or not answers:
        return out
    if action.form == "reply":
        count = sum(1 for id in view.case.get("questions", ()) if id in answers or f"{id}.cannot" in answers)
        if count:
            told = ngettext("{count} answer, see Questions", "{count} answers, see Questions", count)
            out.append(Block(told.format(count=count), "quiet", indent=2))
    elif action.form in view.rules.lifecycle.forms:
        for field in view.rules.lifecycle.forms[action.form].fields:
            value = answers.get(field.id)
            if value in (None, "", []):
                continue
            base = f"{view.rules.lifecycle.id}.form.{action.form}.{field.id}"
            said = (
                view.question(str(value)) if field.type == "question" else answer_text(view, field.options, base, value)
            )
            label = view.label(base, field.label)
            out.append(Block(label, "quiet", indent=2, aside=said, aside_remote=True, field=True))
    return out


def file_line(file: dict[str, Any]) -> str:
    """Name and size of a file."""
    return f"{named(' '.join(str(file.get('name', '')).split()))}  {size_text(int(file.get('size', 0)))}"


def size_text(size: int) -> str:
    """A file size for people."""
    if size < 1000:
        return _("{count} bytes").format(count=size)
    if size < 1_000_000:
        return f"{size / 1000:.0f} kB"
    return f"{size / 1_000_000:.1f} MB"
