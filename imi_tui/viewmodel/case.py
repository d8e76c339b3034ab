"""A case as pages of blocks: overview, questions, files, people, and all on one page.

Everything that came from the server other than the procedure's own texts is marked as remote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imi_core.answers import CANNOT, REMARK, YES_NO
from imi_core.collation import sort_key
from imi_tui.i18n import N_, _, ngettext
from imi_tui.i18n.dates import moment
from imi_tui.i18n.phrasing import language_name
from imi_tui.viewmodel import assigning, own, translating
from imi_tui.viewmodel.blocks import Block
from imi_tui.viewmodel.now import now
from imi_tui.viewmodel.rows import due_text
from imi_tui.viewmodel.suspects import named
from imi_tui.viewmodel.timeline import file_line, timeline
from imi_tui.viewmodel.view import ORIGINAL, View, answer_text, one_line

if TYPE_CHECKING:
    from imi_core.procedure import Field, Option

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


def overview(view: View) -> list[Block]:
    """State, deadlines and the request."""
    out: list[Block] = []
    if view.hidden:
        out += [Block(hint(view), "quiet"), Block("")]
    out.append(Block(view.label(f"{view.rules.procedure.id}.title", view.rules.procedure.title), "heading"))
    out.append(Block(view.basis, "quiet"))
    out.append(Block(_("State: {state}").format(state=view.state(view.case.get("state", "")))))
    if lang := view.case.get("lang"):
        out.append(Block(_("Written in: {language}").format(language=language_name(str(lang)))))
    out += _deadlines(view)
    if told := assigning.line(view.detail):
        out.append(Block(told))
    out += own.blocks(view.detail, view.today)
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
    if count := len(view.detail.pending) + view.detail.assigning:
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
    request, asked = view.case.get("request", {}), translating.of_request(view)
    for field in view.rules.procedure.request.fields:
        value = request.get(field.id)
        if field.type == "questions" or value in (None, "", []):
            continue
        base = f"{view.rules.procedure.id}.field.{field.id}"
        text = answer_text(view, field.options, base, value)
        if both := translating.pair(view, asked, field.id, text):
            out += [Block(view.field(field), "heading"), *both]
        else:
            out.append(Block(view.field(field), "heading", aside=text, aside_remote=True, field=True))
        if view.original and view.translated:
            written = "\n".join((_in_original(field.label), *_chosen(field.options, value)))
            out.append(Block(written, "quiet", indent=2))
    out += translating.standing(view, asked)
    if questions := view.case.get("questions"):
        count = len(questions)
        out += [
            Block(""),
            Block(ngettext("{count} question", "{count} questions", count).format(count=count), "heading"),
        ]
        out += [Block(f"{n} {view.question(id)}", indent=2) for n, id in enumerate(questions, 1)]
    return out


def preview(view: View) -> list[Block]:
    """What stands beside the list: the case in short."""
    to_do = now(view)
    head = [Block(title(view), "heading", remote=True), Block(way(view), remote=True), Block(standing(view))]
    head.append(Block(to_do.text, "alarm" if to_do.alarm else "plain"))
    return [*head, Block(""), *overview(view)]


def whole(view: View) -> list[Block]:
    """Everything of the case on one page, under the names of its parts."""
    pages = (
        (_("Overview"), overview),
        (_("Questions"), questions),
        (_("Timeline"), timeline),
        (_("Files"), files),
        (_("People"), people),
    )
    out: list[Block] = []
    for name, page in pages:
        out += [Block(f"━━ {name} ━━", "heading"), *page(view), Block("")]
    return out[:-1]


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
        if basis := view.deadline_basis(deadline) or (_(BASES[code]) if code in BASES else ""):
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
        asked_for = f"{number} {view.question(id)}"
        part = id + CANNOT if answers.get(id + CANNOT) else id
        given = str(answers.get(part, ""))
        if both := translating.pair(view, translating.of_answer(view, part), part, given):
            out += [Block(asked_for, "heading"), *both]
        elif question is not None and view.original and view.translated:
            out += _both(question.text, asked_for, text, remote, _chosen(options, answers.get(id)))
        else:
            out.append(Block(asked_for, "heading", aside=text, aside_remote=remote))
        for field in question.follow_ups if question is not None else ():
            if answers.get(field.id) not in (None, "", []):
                out += _follow_up(view, field, answers)
        if remark := answers.get(id + REMARK):
            both = translating.pair(view, translating.of_answer(view, id + REMARK), id + REMARK, str(remark))
            if both:
                out += [Block(_("Remark"), indent=2), *both]
            else:
                out.append(Block(_("Remark"), indent=2, aside=str(remark), aside_remote=True))
        out.append(Block(""))
    told = [block for entry in translating.replies(view) for block in translating.standing(view, entry)]
    return [*out, *told[:1]] if told else out[:-1]


def _follow_up(view: View, field: Field, answers: dict[str, Any]) -> list[Block]:
    base = f"{view.rules.procedure.id}.field.{field.id}"
    text = answer_text(view, field.options, base, answers[field.id])
    if both := translating.pair(view, translating.of_answer(view, field.id), field.id, text):
        return [Block(view.field(field), indent=2), *both]
    return [Block(view.field(field), indent=2, aside=text, aside_remote=True)]


def _both(original: str, question: str, answer: str, remote: bool, chosen: list[str]) -> list[Block]:
    """Question and answer, each beside how it was written in the definition."""
    given = "\n".join(chosen) if chosen else None
    return [
        Block(question, "heading", aside=_in_original(original)),
        Block(answer, "plain" if remote else "quiet", remote, indent=2, aside=given),
    ]


def _in_original(text: str) -> str:
    return f"[{language_name(ORIGINAL)}] {text}"


def _chosen(options: tuple[Option, ...], value: Any) -> list[str]:
    """What was chosen, as the definition words it. Yes and no are the program's own."""
    given = value if isinstance(value, list) else [value]
    return [] if options is YES_NO else [each.label for each in options if each.id in given]


def _answer(view: View, answers: dict[str, Any], id: str, options: tuple[Option, ...], base: str) -> tuple[str, bool]:
    """An answer and whether somebody else's words are in it."""
    if reason := answers.get(id + CANNOT):
        return _("Cannot be answered: {reason}").format(reason=reason), True
    value = answers.get(id)
    if value in (None, "", []):
        return (_("Not shown.") if view.hidden else _("Not answered yet.")), False
    return answer_text(view, options, base, value), True


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
            in_order = sorted(names, key=lambda name: sort_key(name, view.languages[0]))
            out += [Block(named(name), remote=True) for name in in_order]
        out.append(Block(""))
    return out[:-1]
