"""``imi-tui act REF ACTION``: act on a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_core import answers as forms
from imi_core.errors import ActionRefused
from imi_core.text import display
from imi_tui import commands
from imi_tui.commands import writing
from imi_tui.commands.common import find_case, languages, opened, out, out_json, rules_of, say
from imi_tui.i18n import _

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from imi_tui.forms.form import FieldView, FormModel


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("reference", metavar="REF", help=_("reference such as PW-26-004512, or the id of a case"))
    parser.add_argument(
        "action", metavar="ACTION", help=_("what to do, such as accept; show REF lists what is possible")
    )
    parser.add_argument(
        "--answer", action="append", default=[], metavar="FIELD=VALUE", help=_("one answer; may be given again")
    )
    parser.add_argument(
        "--form", action="store_true", help=_("say what the action asks for, with the ids for --answer, and do nothing")
    )
    parser.add_argument("--to", default="", metavar="DESK", help=_("addressee, where the action has one"))
    writing.add_common(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    with opened(options) as client:
        store = client.store
        desk, id = find_case(store, options.reference, options.desk)
        detail = store.case(desk, id)
        assert detail is not None
        rules, case = rules_of(store, detail.case)
        if options.action not in rules.lifecycle.actions:
            say(_("You can: {actions}").format(actions=", ".join(detail.actions) or "-"))
            raise ActionRefused("notAvailable", f"there is no action {display(options.action)!r}")
        if options.form:
            from imi_tui.forms.form import FormModel
            from imi_tui.viewmodel.doing import reader

            to = writing.target_desk(store, options.to, rules.procedure.area) if options.to else ""
            asked = FormModel(
                rules,
                options.action,
                case=case,
                lang=writing.text_language(client),
                languages=languages(),
                today=store.today(),
                reader=reader(store, [(desk, detail.id)], to),
            )
            if options.json:
                fields = [_as_data(view) for view in _fields(asked)]
                out_json({"fields": fields, "lang": asked.lang, "readers": list(asked.reader)})
            else:
                for line in _lines(asked):
                    out(line)
            return commands.OK
        form = forms.form_for(rules, options.action, case)
        given = writing.parse_answers(options.answer, form)
        if given and rules.lifecycle.actions[options.action].form == "request":
            # As in the full screen, which shows the form as it was filled in: what is not named stays.
            given = forms.kept(form, {**case.request, "questions": list(case.questions), **given})
        item = store.act(
            desk,
            detail.id,
            options.action,
            answers=given,
            text=options.text,
            lang=writing.text_language(client) if options.text or given else "",
            target=writing.target_desk(store, options.to, rules.procedure.area) if options.to else "",
            attachments=writing.attachments(store, options, rules, options.action, detail),
        )
        return writing.finish(client, item)


def _fields(asked: FormModel) -> list[FieldView]:
    """What ``--answer`` can give, without the free text and the places for remarks that every question has."""
    return [view for view in asked.visible() if view.source.id == view.id]


def _lines(asked: FormModel) -> Iterator[str]:
    """A field a line, its choices below it; labels are the procedure's and come from the server."""
    from imi_tui.forms.form import LANG
    from imi_tui.forms.hints import languages as told

    if legend := asked.legend():
        yield legend
    if asked.view(LANG) is not None:
        yield display(told(asked))
    for view in _fields(asked):
        marks = f"{view.mark or ' '}{'!' if view.personal else ' '}"
        yield f"{marks} {display(view.id)}  {display(view.label)}"
        if hint := asked.hint(view.id, keys=False):
            yield f"     {display(hint)}"
        # Countries are known by their codes.
        if view.source.type != "country":
            yield from (f"     {display(id)}  {display(label)}" for id, label in view.options)


def _as_data(view: FieldView) -> dict[str, object]:
    return {
        "id": view.id,
        "type": view.source.type,
        "label": view.label,
        "needed": {"*": "save", "+": "send"}.get(view.mark, ""),
        "personal": view.personal,
        "options": [{"value": id, "label": label} for id, label in view.options],
    }
