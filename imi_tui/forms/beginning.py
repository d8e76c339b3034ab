"""What a new case begins with besides an empty page: an earlier case, a template, a block of questions. No Textual."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from imi_core.answers import base_id, is_empty
from imi_core.errors import UnknownProcedure
from imi_core.text import display
from imi_tui.cache.personal.snippets import Template
from imi_tui.forms.offers import offers
from imi_tui.labels import Labels

if TYPE_CHECKING:
    from imi_core.procedure import Rules
    from imi_tui.cache.model import CaseDetail
    from imi_tui.forms.compose import Cache, Composition

MAX_NAME = 80


@dataclass(frozen=True, slots=True)
class Source:
    """Something to begin with. `desk` is where it came from, "" for any; `answers` are those of the request form."""

    procedure: str
    desk: str = ""
    target: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    questions: tuple[str, ...] = ()
    text: str = ""
    lang: str = ""


def of_case(detail: CaseDetail) -> Source:
    """What an earlier case asked. Whom to ask is a new decision, and what its entries said stays with it."""
    case = detail.case
    return Source(
        procedure=str(case["procedure"]),
        desk=detail.desk,
        answers=dict(case.get("request", {})),
        questions=tuple(case.get("questions", ())),
    )


def personal_labels(cache: Cache, source: Source, languages: tuple[str, ...]) -> list[str]:
    """The names of the personal fields that are filled in there, in the order of the form."""
    try:
        rules = cache.rules(source.procedure)
    except UnknownProcedure:
        return []
    labels = Labels(rules, languages)
    given = {base_id(id) for id, value in source.answers.items() if not is_empty(value)}
    return [
        labels.text(f"{rules.procedure.id}.field.{each.id}", each.label)
        for each in rules.procedure.request.fields
        if each.personal and each.id in given
    ]


def without_personal(rules: Rules, answers: dict[str, Any]) -> dict[str, Any]:
    """These answers without those to personal fields, and without what stands beside them."""
    kept = {each.id for each in rules.procedure.request.fields if not each.personal}
    return {id: value for id, value in answers.items() if base_id(id) in kept}


def begin(work: Composition, source: Source, *, personal: bool, anew: bool = False) -> bool:
    """Fill what is still empty of a new case; whether there was anything to fill in.

    Without a procedure so far, or `anew`, that of the source is taken. Only fields that the procedure has today are
    filled, and personal ones only with `personal`.
    """
    if work.rules is None or (anew and work.draft.procedure != source.procedure):
        mine = [offer for offer in offers(work.cache, work.languages) if offer.procedure == source.procedure]
        wanted = source.desk or work.draft.desk
        offer = next((offer for offer in mine if offer.desk == wanted), next(iter(mine), None))
        if offer is None:
            return False
        work.choose_procedure(offer)
    if work.rules is None:
        return False
    answers = source.answers if personal else without_personal(work.rules, source.answers)
    done = work.fill(answers, source.questions)
    if source.target and not work.draft.target and work.cache.target(source.target) is not None:
        work.choose_target(source.target)
        done = True
    if source.text and work.fill_text(source.text, source.lang):
        done = True
    return done


def of_draft(work: Composition) -> Source:
    """What is written so far, without its files: they belong to one case."""
    work.collect()
    draft = work.draft
    return Source(
        procedure=draft.procedure,
        desk=draft.desk,
        target=draft.target,
        answers=dict(draft.answers),
        text=draft.text,
        lang=draft.lang,
    )


def of_template(template: Template) -> Source:
    """What a template holds."""
    return Source(
        procedure=template.procedure,
        target=template.target,
        answers=dict(template.answers),
        text=template.text,
        lang=template.lang,
    )


def as_template(cache: Cache, name: str, source: Source, *, personal: bool) -> Template:
    """A template of what is written. Without `personal` it holds no personal answer and no free message.

    Raises `UnknownProcedure`.
    """
    rules = cache.rules(source.procedure)
    answers = dict(source.answers) if personal else without_personal(rules, source.answers)
    field = next((each for each in rules.procedure.request.fields if each.type == "questions"), None)
    if field is not None and source.questions:
        answers[field.id] = list(source.questions)
    text = source.text if personal else ""
    return Template(
        id="",
        name=display(name).strip()[:MAX_NAME] or rules.procedure.title,
        procedure=source.procedure,
        target=source.target,
        answers=answers,
        text=text,
        lang=source.lang if text else "",
    )
