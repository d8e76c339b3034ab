"""A case as a document for `imi_tui.export.pdf`: plain strings, in the language that is spoken at the moment.

What others wrote is `remote` and gets a bar at its left, as on the screen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from imi_core.answers import CANNOT, REMARK, YES_NO
from imi_tui.attachments import Listed, listed
from imi_tui.export import mark as marks
from imi_tui.export import translated
from imi_tui.i18n import _, language, ngettext
from imi_tui.i18n.dates import local_date
from imi_tui.viewmodel import case as pages
from imi_tui.viewmodel import timeline as lines
from imi_tui.viewmodel import translating
from imi_tui.viewmodel.suspects import named
from imi_tui.viewmodel.view import answer_text, one_line

if TYPE_CHECKING:
    from collections.abc import Collection

    from imi_core.procedure import Field, Option
    from imi_tui.viewmodel.view import View

DATA = "case.json"
"""The case as data, embedded beside the files."""
_LANG = re.compile(r"[a-z]{2,3}")
_MIME = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}")

Row = dict[str, Any]


def document(view: View, mark: marks.Mark, embedded: Collection[int]) -> dict[str, Any]:
    """The whole document. `embedded` are the numbers of the files that go along, as `imi_tui.attachments` counts."""
    reference = str(view.case.get("reference") or "-")
    files = listed(view.detail)
    sections = [
        *_request(view, mark.authority),
        *_questions(view, mark.authority),
        _timeline(view, mark.authority),
        *_files(view, files, embedded),
        _people(view),
    ]
    return {
        "lang": _lang(language()) or "en",
        "title": _("Case file {reference}").format(reference=reference),
        "reference": reference,
        "subject": one_line(str(view.case.get("subject", ""))),
        "author": mark.authority or "-",
        "date": {"year": mark.at.year, "month": mark.at.month, "day": mark.at.day},
        "short_notice": marks.short_notice(),
        "mark": mark.line(),
        "notice_title": _("Personal data"),
        "notice": [*marks.notice(_day(view.case.get("blockOn"))), *_remarks(view), *_of_translations(sections)],
        "facts": _facts(view),
        "sections": sections,
        "attachments": _attachments(view, files, embedded),
    }


def path_of(file: Listed) -> str:
    """The path under which a file is handed to the typesetter."""
    return f"files/{file.number}"


def _remarks(view: View) -> list[str]:
    """What the reader must not take the document for."""
    out = [
        _(
            "This copy was made by the client program of the authority named below. It is neither signed nor certified,"
            " and the wording of its questions and forms is not an official text unless an act says so."
        )
    ]
    if view.shortened:
        out.append(_("This is a summary: personal data, answers, texts and files were left out on purpose."))
    elif view.hidden:
        out.append(_("The authority sees the summary of this case only; what is not in it is missing here."))
    if view.detail.fetching:
        out.append(_("The content of this case was still being fetched; what stands here may not be all of it."))
    if count := len(view.detail.pending):
        text = ngettext(
            "{count} entry was not sent yet when this copy was made; the state shown is expected, not confirmed.",
            "{count} entries were not sent yet when this copy was made; the state shown is expected, not confirmed.",
            count,
        )
        out.append(text.format(count=count))
    out.append(_("An asterisk (*) marks what is asked for as personal data."))
    return out


def _of_translations(sections: list[dict[str, Any]]) -> list[str]:
    """What to know of translations, where the document has some."""
    texts = [
        said
        for section in sections
        for said in (
            *section.get("rows", ()),
            *(each for question in section.get("questions", ()) for each in (question, *question["more"])),
            *(entry["text"] or {} for entry in section.get("entries", ())),
        )
    ]
    if not any("translated" in each for each in texts):
        return []
    return [_("Translations stand below the originals and say who made them. They bind nobody: the original counts.")]


def _row(label: str, value: str, *, remote: bool = False, personal: bool = False, lang: str = "") -> Row:
    return {"label": label, "value": value, "remote": remote, "personal": personal, **_in(lang)}


def _in(lang: str) -> dict[str, str]:
    return {"lang": found} if (found := _lang(lang)) else {}


def _lang(tag: str) -> str:
    """The language of a tag such as ``pt-PT`` as the typesetter takes it; "" for what is none."""
    found = tag.split("-")[0].lower()
    return found if _LANG.fullmatch(found) else ""


def _day(value: object) -> str:
    return local_date(str(value)) if value else ""


def _facts(view: View) -> list[Row]:
    case = view.case
    out = [
        _row(_("Procedure"), view.label(f"{view.rules.procedure.id}.title", view.rules.procedure.title)),
        _row(_("Legal basis"), view.basis),
        _row(_("State"), view.state(str(case.get("state", "")))),
    ]
    for part in case.get("parts", ()):
        role = _(pages.ROLES[part["role"]]) if part.get("role") in pages.ROLES else str(part.get("role", ""))
        out.append(_row(role, f"{part.get('country', '')}  {named(str(part.get('name', '')))}", remote=True))
    for name, label in (("sentAt", _("Sent on")), ("lastActivity", _("Last activity")), ("closedAt", _("Closed on"))):
        if case.get(name):
            out.append(_row(label, marks.moment(str(case[name]))))
    for deadline in sorted(case.get("deadlines", ()), key=lambda each: str(each.get("on", ""))):
        role = deadline.get("role")
        who = _(pages.ROLES[role]) if role in pages.ROLES else ""
        basis = view.deadline_basis(deadline)
        out.append(_row(_("Due"), ", ".join(filter(None, (_day(deadline.get("on")), who, basis)))))
    return out


def _request(view: View, authority: str) -> list[dict[str, Any]]:
    request, rows = view.case.get("request", {}), []
    entry = translating.of_request(view)
    for field in view.rules.procedure.request.fields:
        value = request.get(field.id)
        if field.type != "questions" and value not in (None, "", []):
            rows.append(_answered(view, field, value) | translated.beside(view, entry, field.id, authority))
    return [{"title": _("Request"), "rows": rows}] if rows else []


def _answered(view: View, field: Field, value: Any) -> Row:
    base = f"{view.rules.procedure.id}.field.{field.id}"
    text = answer_text(view, field.options, base, value)
    return _row(view.label(base, field.label), text, remote=True, personal=field.personal)


def _questions(view: View, authority: str) -> list[dict[str, Any]]:
    asked = view.case.get("questions", ())
    if not asked:
        return []
    answers, out = view.case.get("answers", {}), []

    def other(part: str) -> dict[str, Any]:
        return translated.beside(view, translating.of_answer(view, part), part, authority)

    for number, id in enumerate(asked, 1):
        question = view.rules.procedure.question(id)
        base = f"{view.rules.procedure.id}.question.{id}"
        options = question.options if question is not None else ()
        if question is not None and question.type == "boolean":
            options = YES_NO
        more = [
            _answered(view, field, answers[field.id]) | other(field.id)
            for field in (question.follow_ups if question is not None else ())
            if answers.get(field.id) not in (None, "", [])
        ]
        if remark := answers.get(id + REMARK):
            more.append(_row(_("Remark"), str(remark), remote=True) | other(id + REMARK))
        value, remote = _answer(view, answers, id, options, base)
        out.append(
            {
                "number": str(number),
                "label": view.label(base, question.text) if question is not None else str(id),
                "value": value,
                "remote": remote,
                "personal": question is not None and question.personal,
                "more": more,
                **other(id + CANNOT if answers.get(id + CANNOT) else id),
            }
        )
    return [{"title": _("Questions and answers"), "questions": out}]


def _answer(view: View, answers: dict[str, Any], id: str, options: tuple[Option, ...], base: str) -> tuple[str, bool]:
    if reason := answers.get(id + CANNOT):
        return _("Cannot be answered: {reason}").format(reason=reason), True
    value = answers.get(id)
    if value in (None, "", []):
        return (_("Not shown.") if view.hidden else _("Not answered yet.")), False
    return answer_text(view, options, base, value), True


def _timeline(view: View, authority: str) -> dict[str, Any]:
    pending, out = set(view.detail.pending), []
    for entry in view.detail.entries:
        waits = entry.get("clientRef") in pending
        notes = []
        state = str(entry.get("toState", ""))
        if state and state != entry.get("fromState", ""):
            notes.append(_("State: {state}").format(state=view.state(state)))
        if entry.get("redacted"):
            notes.append(_("The content is not shown to this desk."))
        text = entry.get("text") or None
        said = None
        if text is not None:
            said = {"value": str(text.get("text", "")), "remote": True, **_in(str(text.get("lang", "")))}
            said |= translated.beside(view, entry, translating.TEXT, authority)
        out.append(
            {
                "title": view.action(str(entry.get("action", ""))),
                "when": _("not sent yet") if waits else marks.moment(str(entry.get("at", ""))),
                "who": lines.who(view, entry),
                "notes": notes,
                "text": said,
                "files": [lines.file_line(file) for file in entry.get("attachments", ())],
            }
        )
    remarks = [] if out else [_("There are no entries yet.")]
    return {"title": _("Timeline"), "entries": out, "remarks": remarks}


def _files(view: View, files: list[Listed], embedded: Collection[int]) -> list[dict[str, Any]]:
    if not files:
        count = int(view.case.get("files", 0))
        text = ngettext("{count} file, not shown to this desk.", "{count} files, not shown to this desk.", count)
        return [{"title": _("Files"), "remarks": [text.format(count=count)]}] if count else []
    out = []
    for each in files:
        notes = [
            lines.size_text(int(each.file.get("size", 0) or 0)),
            _("embedded in this document") if each.number in embedded else _("not in this document"),
        ]
        if each.personal:
            notes.append(_("personal data"))
        digest = str(each.file.get("sha256", ""))
        out.append(
            {
                "number": each.number,
                "name": named(one_line(each.name)),
                "note": ", ".join(notes),
                "digest": f"SHA-256 {digest}" if digest else "",
            }
        )
    return [{"title": _("Files"), "files": out}]


def _people(view: View) -> dict[str, Any]:
    rows = []
    for part in view.case.get("parts", ()):
        found = view.contact(str(part.get("authority", ""))) or {}
        lines = [named(str(part.get("name", "")))]
        lines += [named(str(found[name])) for name in ("address", "town", "website") if found.get(name)]
        lines += sorted(
            {
                named(str(entry["officerName"]))
                for entry in view.detail.entries
                if entry.get("desk") == part.get("desk") and entry.get("officerName")
            }
        )
        role = _(pages.ROLES[part["role"]]) if part.get("role") in pages.ROLES else str(part.get("role", ""))
        rows.append(_row(role, "\n".join(lines), remote=True))
    return {"title": _("People"), "rows": rows}


def _attachments(view: View, files: list[Listed], embedded: Collection[int]) -> list[dict[str, str]]:
    out = [
        {
            "name": f"{each.number} {each.name}",
            "path": path_of(each),
            "relationship": "supplement",
            "mime": _mime(str(each.file.get("mediaType", ""))),
            "description": _("File {number} of the case: {name}").format(number=each.number, name=each.name),
        }
        for each in files
        if each.number in embedded
    ]
    data = {
        "name": DATA,
        "path": DATA,
        "relationship": "data",
        "mime": "application/json",
        "description": _("The case {reference} as data").format(reference=view.case.get("reference") or "-"),
    }
    return [data, *out]


def _mime(given: str) -> str:
    return given if _MIME.fullmatch(given) else "application/octet-stream"
