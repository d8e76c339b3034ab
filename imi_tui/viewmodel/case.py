"""A case as pages of blocks: overview, questions, timeline, files, people.

Everything that came from the server other than the procedure's own texts is marked as remote.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imi_core.answers import CANNOT, REMARK, YES_NO
from imi_tui.i18n import N_, _, ngettext
from imi_tui.viewmodel.blocks import Block
from imi_tui.viewmodel.rows import due_text
from imi_tui.viewmodel.suspects import links, named

if TYPE_CHECKING:
    from collections.abc import Callable

    from imi_core.procedure import Field, Option, Rules
    from imi_tui.cache.model import CaseDetail

ROLES = {
    "initiator": N_("Requesting authority"),
    "responder": N_("Responding authority"),
    "recipient": N_("Recipient"),
    "coordinator": N_("Coordinator"),
    "observer": N_("Observer"),
    "system": N_("System"),
}
BASES = {
    "REQ.WISH": N_("Asked for by the requesting authority"),
    "REQ.AGREED": N_("Agreed to by the responding authority"),
}
"""Where the deadlines come from that an answer sets, not the procedure."""
Contact = dict[str, Any]


@dataclass(frozen=True, slots=True)
class View:
    """What the pages of one case are made from. `contact` gives an authority's wire object by id, or None."""

    detail: CaseDetail
    rules: Rules
    languages: tuple[str, ...]
    today: dt.date
    contact: Callable[[str], Contact | None]

    @property
    def case(self) -> dict[str, Any]:
        """The case on the wire."""
        return self.detail.case

    @property
    def hidden(self) -> bool:
        """Whether this officer sees the summary only."""
        return bool(self.case.get("level", "full") != "full")

    def label(self, label_id: str, english: str) -> str:
        """A text of the procedure in the officer's language."""
        return self.rules.label(label_id, english, self.languages)

    def state(self, state: str) -> str:
        """The name of a state."""
        found = self.rules.lifecycle.states.get(state)
        return self.label(f"{self.rules.lifecycle.id}.state.{state}", found.label) if found else state

    def action(self, name: str) -> str:
        """The name of an action."""
        found = self.rules.lifecycle.actions.get(name)
        return self.label(f"{self.rules.lifecycle.id}.action.{name}", found.label) if found else name

    def part(self, role: str) -> dict[str, Any] | None:
        """The first part with a role."""
        return next((part for part in self.case.get("parts", ()) if part.get("role") == role), None)

    @property
    def opening(self) -> bool:
        """Whether what this officer queued opens the rest of the case: the server gives it with its answer."""
        state = self.rules.lifecycle.states.get(self.case.get("state", ""))
        mine = next((part for part in self.case.get("parts", ()) if part.get("desk") == self.detail.desk), None)
        if not self.hidden or not self.detail.pending or state is None or mine is None:
            return False
        return mine.get("role") != "observer" and mine.get("role") not in state.summary_for

    @property
    def my_turn(self) -> bool:
        """Whether this desk has to act."""
        turn = self.case.get("turn")
        return any(p.get("desk") == self.detail.desk and p.get("role") == turn for p in self.case.get("parts", ()))


def title(view: View) -> str:
    """Reference and subject in one line."""
    return f"{view.case.get('reference') or '-'}  {one_line(view.case.get('subject', ''))}"


def standing(view: View) -> str:
    """The state and, where this desk has to act, until when."""
    found = view.rules.lifecycle.states.get(view.case.get("state", ""))
    text = view.state(view.case.get("state", ""))
    if found is not None and found.todo and view.my_turn:
        text = view.label(f"{view.rules.lifecycle.id}.state.{view.case['state']}.todo", found.todo)
    due = str(view.case.get("due") or "")
    if due and view.my_turn:
        mark = "! " if due <= view.today.isoformat() else ""
        text = _("{state}, due {when}").format(state=mark + text, when=due_text(due, view.today))
    return text


def way(view: View) -> str:
    """From whom to whom, and the legal basis."""
    first, second = view.part("initiator"), view.part("responder") or view.part("recipient")
    return " -> ".join(f"{p.get('country', '')} {named(one_line(p.get('name', '')))}" for p in (first, second) if p)


def who(entry: dict[str, Any]) -> str:
    """The officer and the authority an entry is from."""
    return ", ".join(named(str(entry[part])) for part in ("officerName", "authorityName") if entry.get(part))


def overview(view: View) -> list[Block]:
    """State, deadlines and the request."""
    out: list[Block] = []
    if view.hidden:
        out += [Block(hint(view), "quiet"), Block("")]
    out.append(Block(view.label(f"{view.rules.procedure.id}.title", view.rules.procedure.title), "heading"))
    out.append(Block(view.rules.procedure.legal_basis, "quiet"))
    out.append(Block(_("State: {state}").format(state=view.state(view.case.get("state", "")))))
    out += _deadlines(view)
    if view.detail.refused:
        count = view.detail.refused
        told = ngettext(
            "{count} entry of this case was refused; see the outbox (o).",
            "{count} entries of this case were refused; see the outbox (o).",
            count,
        )
        out.append(Block(told.format(count=count), "alarm"))
    if view.detail.fetching:
        out.append(Block(_("The content of this case is being fetched; what you see may not be all of it."), "alarm"))
    if view.detail.aside:
        from imi_tui import problems

        out.append(Block(problems.aside((str(view.case.get("reference", "")),)), "alarm"))
    if view.detail.pending:
        count = len(view.detail.pending)
        out.append(
            Block(
                ngettext(
                    "{count} entry is queued on this machine; what you see is expected, not confirmed.",
                    "{count} entries are queued on this machine; what you see is expected, not confirmed.",
                    count,
                ).format(count=count),
                "alarm",
            )
        )
    out.append(Block(""))
    request = view.case.get("request", {})
    for field in view.rules.procedure.request.fields:
        value = request.get(field.id)
        if field.type == "questions" or value in (None, "", []):
            continue
        label = view.label(f"{view.rules.procedure.id}.field.{field.id}", field.label)
        base = f"{view.rules.procedure.id}.field.{field.id}"
        text = answer_text(view, field.options, base, value)
        out.append(Block(label, "heading", aside=text, aside_remote=True, field=True))
    if request.get("questions") or view.case.get("questions"):
        count = len(view.case.get("questions", ()))
        out += [
            Block(""),
            Block(ngettext("{count} question", "{count} questions", count).format(count=count), "heading"),
        ]
        out += [Block(f"{n} {_question(view, id)}", indent=2) for n, id in enumerate(view.case["questions"], 1)]
    return out


def preview(view: View) -> list[Block]:
    """What stands beside the list: the case in short."""
    head = [Block(title(view), "heading", remote=True), Block(way(view), remote=True), Block(standing(view)), Block("")]
    return [*head, *overview(view)]


def hint(view: View) -> str:
    """Why only the summary is shown, and what opens the rest."""
    if "accept" in view.detail.actions:
        return _("Personal data and files open once you accept (you choose the number of days).")
    if view.opening:
        return _("Personal data and files open as soon as what you queued has been sent.")
    return _("You see the summary of this case. Personal data and files are not shown to this desk.")


def _deadlines(view: View) -> list[Block]:
    out = []
    for deadline in sorted(view.case.get("deadlines", ()), key=lambda each: str(each.get("on", ""))):
        on = str(deadline.get("on", ""))
        late = on <= view.today.isoformat()
        when = due_text(on, view.today)
        day = on if on.endswith(when) else f"{on} ({when})"
        who = _(ROLES[deadline["role"]]) if deadline.get("role") in ROLES else ""
        text = _("Due {date}: {who}").format(date=day, who=who)
        out.append(Block(f"! {text}" if late else text, "alarm" if late and view.my_turn else "plain"))
        code = deadline.get("code")
        if basis := str(deadline.get("basis", "")) or (_(BASES[code]) if code in BASES else ""):
            out.append(Block(basis, "quiet", indent=2))
    return out


def questions(view: View) -> list[Block]:
    """Each question with its answer beside it."""
    asked = view.case.get("questions", ())
    if not asked:
        return [Block(_("This case has no questions."), "quiet")]
    out: list[Block] = [Block(hint(view), "quiet"), Block("")] if view.hidden else []
    answers = view.case.get("answers", {})
    for number, id in enumerate(asked, 1):
        question = view.rules.procedure.question(id)
        base = f"{view.rules.procedure.id}.question.{id}"
        options = question.options if question is not None else ()
        if question is not None and question.type == "boolean":
            options = YES_NO
        text, remote = _answer(view, answers, id, options, base)
        out.append(Block(f"{number} {_question(view, id)}", "heading", aside=text, aside_remote=remote))
        for field in question.follow_ups if question is not None else ():
            if answers.get(field.id) not in (None, "", []):
                out.append(_follow_up(view, field, answers))
        if remark := answers.get(id + REMARK):
            out.append(Block(_("Remark"), indent=2, aside=str(remark), aside_remote=True))
        out.append(Block(""))
    return out[:-1]


def _follow_up(view: View, field: Field, answers: dict[str, Any]) -> Block:
    base = f"{view.rules.procedure.id}.field.{field.id}"
    text = answer_text(view, field.options, base, answers[field.id])
    return Block(view.label(base, field.label), indent=2, aside=text, aside_remote=True)


def _answer(view: View, answers: dict[str, Any], id: str, options: tuple[Option, ...], base: str) -> tuple[str, bool]:
    """An answer and whether somebody else's words are in it."""
    if reason := answers.get(id + CANNOT):
        return _("Cannot be answered: {reason}").format(reason=reason), True
    value = answers.get(id)
    if value in (None, "", []):
        return (_("Not shown.") if view.hidden else _("Not answered yet.")), False
    return answer_text(view, options, base, value), True


def _question(view: View, id: str) -> str:
    question = view.rules.procedure.question(id)
    return view.label(f"{view.rules.procedure.id}.question.{id}", question.text) if question is not None else id


def answer_text(view: View, options: tuple[Option, ...], base: str, value: Any) -> str:
    """An answer in words: option ids become their labels, lists become lines."""
    if isinstance(value, list):
        return "\n".join(answer_text(view, options, base, each) for each in value)
    for option in options:
        if option.id == value:
            if options is YES_NO:
                return {"yes": _("Yes"), "no": _("No"), "cannot_say": _("Cannot say")}[option.id]
            return view.label(f"{base}.option.{option.id}", option.label)
    return str(value)


def timeline(view: View) -> list[Block]:
    """Who did what when, oldest first; what is only queued stands at the end and says so."""
    out: list[Block] = []
    pending = set(view.detail.pending)
    for entry in view.detail.entries:
        waits = entry.get("clientRef") in pending
        when = _("queued on this machine") if waits else moment(str(entry.get("at", "")))
        mark = "~ " if waits else ""
        out.append(Block(f"{mark}{when}  {view.action(str(entry.get('action', '')))}", "heading"))
        if sender := who(entry):
            out.append(Block(sender, remote=True))
        state = entry.get("toState", "")
        if state and state != entry.get("fromState", ""):
            out.append(Block(_("State: {state}").format(state=view.state(state)), "quiet", indent=2))
        if text := entry.get("text"):
            out.append(Block(str(text.get("text", "")), remote=True, lang=str(text.get("lang", ""))))
            if warning := links(str(text.get("text", ""))):
                out.append(Block(warning, "alarm", indent=2))
        out += [Block(file_line(file), remote=True) for file in entry.get("attachments", ())]
        if entry.get("redacted"):
            out.append(Block(_("The content is not shown to this desk."), "quiet", indent=2))
        out.append(Block(""))
    return out[:-1] or [Block(_("There are no entries yet."), "quiet")]


def files(view: View) -> list[Block]:
    """The files of the case with their sizes."""
    out: list[Block] = []
    for entry in view.detail.entries:
        for file in entry.get("attachments", ()):
            out.append(Block(file_line(file), remote=True))
            note = _("{date}, {action}").format(
                date=moment(str(entry.get("at", ""))), action=view.action(str(entry.get("action", "")))
            )
            personal = "  " + _("personal data") if file.get("personal", True) else ""
            out.append(Block(note + personal, "quiet", indent=2))
    if out:
        return out
    count = int(view.case.get("files", 0))
    if count and view.opening:
        return [Block(hint(view), "quiet")]
    if count and view.hidden:
        text = ngettext("{count} file opens once you accept.", "{count} files open once you accept.", count)
        return [Block(text.format(count=count), "quiet")]
    return [Block(_("This case has no files."), "quiet")]


def people(view: View) -> list[Block]:
    """The parts of the case, how to reach them, and who acted."""
    out: list[Block] = []
    for part in view.case.get("parts", ()):
        out.append(Block(_(ROLES[part["role"]]) if part.get("role") in ROLES else str(part.get("role", "")), "heading"))
        out.append(Block(f"{part.get('country', '')}  {named(str(part.get('name', '')))}", remote=True))
        found = view.contact(str(part.get("authority", ""))) or {}
        for name in ("address", "town", "website"):
            if found.get(name):
                out.append(Block(named(str(found[name])), remote=True))
        if found.get("languages"):
            out.append(Block(_("Languages: {languages}").format(languages=", ".join(found["languages"])), indent=2))
        names = {
            str(entry["officerName"])
            for entry in view.detail.entries
            if entry.get("desk") == part.get("desk") and entry.get("officerName")
        }
        if names:
            out.append(Block(_("Acted in this case:"), "quiet", indent=2))
            out += [Block(named(name), remote=True) for name in sorted(names)]
        out.append(Block(""))
    return out[:-1]


def file_line(file: dict[str, Any]) -> str:
    """Name and size of a file."""
    return f"{named(one_line(str(file.get('name', ''))))}  {size_text(int(file.get('size', 0)))}"


def size_text(size: int) -> str:
    """A file size for people."""
    if size < 1000:
        return _("{count} bytes").format(count=size)
    if size < 1_000_000:
        return f"{size / 1000:.0f} kB"
    return f"{size / 1_000_000:.1f} MB"


def moment(iso: str) -> str:
    """A time stamp in local time, sortable by eye: 2026-03-05 14:07."""
    try:
        return dt.datetime.fromisoformat(iso).astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError):
        return iso


def one_line(text: str) -> str:
    """`text` without line ends."""
    return " ".join(str(text).split("\n"))
