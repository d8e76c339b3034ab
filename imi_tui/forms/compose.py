"""A new case being written: which steps it takes, what is still missing, what will happen when it is sent. No Textual.

A `Composition` wraps one `Draft` and the form of its procedure. The screen tells it what the officer does and calls
`save` within a second; nothing else has to be remembered, so that a draft can be continued after a crash.
"""

from __future__ import annotations

import copy
import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from imi_core import deadlines, workflow
from imi_core.answers import is_empty, kept
from imi_core.case import Entry, Text
from imi_core.errors import ActionRefused, AnswersRefused, UnknownProcedure
from imi_tui import problems
from imi_tui.forms import form
from imi_tui.forms.offers import Directory, Offer, acting_seat
from imi_tui.i18n import N_, _, ngettext
from imi_tui.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Callable

    from imi_core.procedure import Field, Rules
    from imi_tui.cache.model import OutboxItem, Seat
    from imi_tui.cache.outbox.draft import Draft

Step = Literal["procedure", "authority", "form", "questions", "review"]
STEP_NAMES: dict[Step, str] = {
    "procedure": N_("Procedure"),
    "authority": N_("Authority"),
    "form": N_("Form"),
    "questions": N_("Questions"),
    "review": N_("Review"),
}


class Cache(Directory, Protocol):
    """What a composition needs of the cache."""

    def rules(self, procedure: str, version: int | None = None) -> Rules:
        """One procedure."""

    def target(self, desk: str) -> workflow.Target | None:
        """A desk as an addressee."""

    def authority(self, id: str) -> dict[str, Any] | None:
        """The record of an authority."""

    def save_draft(self, draft: Draft) -> None:
        """Keep a draft."""

    def delete_draft(self, id: str) -> object:
        """Keep it no longer."""

    def queue(self, draft: Draft) -> OutboxItem:
        """Check and queue."""


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing still missing or wrong: in which step, in which field, and what to say about it.

    `obvious`: an answer is missing, which its label alone says.
    """

    step: Step
    field: str
    label: str
    text: str
    obvious: bool = False


class Composition:
    """One new case from an empty page to the outbox."""

    def __init__(self, cache: Cache, draft: Draft, *, languages: tuple[str, ...], today: Callable[[], dt.date]) -> None:
        self.cache, self.languages, self.today = cache, languages, today
        self.draft = draft
        self.rules: Rules | None = None
        self.form: form.FormModel | None = None
        self._saved: Draft | None = None
        if draft.procedure:
            self.open_form()
            self._saved = copy.deepcopy(draft)

    # -- what there is ------------------------------------------------------------------------------------------------

    @property
    def seat(self) -> Seat | None:
        """The desk that sends."""
        return next((seat for seat in self.cache.seats() if seat.desk == self.draft.desk), None)

    @property
    def target(self) -> workflow.Target | None:
        """The authority addressed."""
        return self.cache.target(self.draft.target) if self.draft.target else None

    @property
    def reader(self) -> tuple[str, ...]:
        """The languages the authority addressed works in."""
        target = self.target
        found = self.cache.authority(target.authority) if target is not None else None
        return tuple(str(each) for each in (found or {}).get("languages", ()))

    @property
    def question_field(self) -> Field | None:
        """The field that holds the questions picked, where the procedure has a bank of questions."""
        fields = self.rules.procedure.request.fields if self.rules is not None and self._is_request else ()
        return next((field for field in fields if field.type == "questions"), None)

    @property
    def takes_files(self) -> bool:
        """Whether files may be attached."""
        return self.rules is not None and self.rules.lifecycle.actions[self.draft.action].attachments

    @property
    def _is_request(self) -> bool:
        return self.rules is not None and self.rules.lifecycle.actions[self.draft.action].form == "request"

    def steps(self) -> tuple[Step, ...]:
        """The steps this procedure takes; all of them while none is chosen."""
        if self.rules is None:
            return ("procedure", "authority", "form", "questions", "review")
        steps: list[Step] = ["procedure"]
        if self.rules.lifecycle.actions[self.draft.action].target is not None:
            steps.append("authority")
        steps.append("form")
        if self.question_field is not None:
            steps.append("questions")
        return (*steps, "review")

    def first_open(self) -> Step:
        """Where to continue: the first step in which something is missing, else the review."""
        gaps = self.gaps()
        return gaps[0].step if gaps else "review"

    @property
    def labels(self) -> Labels:
        """Texts of the procedure chosen."""
        assert self.rules is not None
        return Labels(self.rules, self.languages)

    def picked(self) -> tuple[str, ...]:
        """The ids of the questions asked, in the order of the bank."""
        field = self.question_field
        return tuple(self.draft.answers.get(field.id, ())) if field is not None else ()

    # -- what the officer does ----------------------------------------------------------------------------------------

    def choose_procedure(self, offer: Offer) -> None:
        """Start (or change to) a procedure. Answers to fields both have stay."""
        if (self.draft.procedure, self.draft.desk) == (offer.procedure, offer.desk):
            return
        self.collect()
        self.draft.procedure, self.draft.desk, self.draft.action = offer.procedure, offer.desk, offer.action
        self.open_form()
        target = self.target
        if target is not None and target.area != offer.area:
            # The same authority may have a desk in the other area.
            desks = (self.cache.authority(target.authority) or {}).get("desks", ())
            self.draft.target = next((str(desk["id"]) for desk in desks if desk.get("area") == offer.area), "")

    def choose_target(self, desk: str) -> None:
        """Address this desk."""
        self.draft.target = desk
        if self.form is not None:
            self.form.reader = self.reader

    def toggle_question(self, id: str) -> None:
        """Ask a question, or no longer."""
        field = self.question_field
        if field is None or self.rules is None:
            return
        chosen = set(self.picked()) ^ {id}
        self.draft.answers[field.id] = [item.id for item in self.rules.procedure.questions if item.id in chosen]

    def fill(self, answers: dict[str, Any], questions: tuple[str, ...] = ()) -> bool:
        """Answer what is still empty with these, as far as the procedure asks it today; whether anything was."""
        assert self.rules is not None
        self.collect()
        given = dict(answers)
        field = self.question_field
        if field is not None and questions:
            given[field.id] = list(questions)
        usable = kept(self.rules.procedure.request, given)
        if field is not None:
            bank = {question.id for question in self.rules.procedure.questions}
            usable[field.id] = [id for id in usable.get(field.id, ()) if id in bank]
        new = {
            id: value for id, value in usable.items() if is_empty(self.draft.answers.get(id)) and not is_empty(value)
        }
        self.draft.answers.update(copy.deepcopy(new))
        self.open_form()
        return bool(new)

    def fill_text(self, text: str, lang: str) -> bool:
        """Write the message, where there is none yet and the procedure has one."""
        self.collect()
        if self.rules is None or self.draft.text.strip() or not self.rules.lifecycle.actions[self.draft.action].text:
            return False
        self.draft.text, self.draft.lang = text, lang
        self.open_form()
        return True

    # -- keeping it ---------------------------------------------------------------------------------------------------

    def collect(self) -> None:
        """Take what the form holds into the draft."""
        if self.form is None:
            return
        field = self.question_field
        questions = {field.id: self.draft.answers[field.id]} if field and field.id in self.draft.answers else {}
        self.draft.answers = {**self.form.answers, **questions}
        self.draft.text, self.draft.lang = self.form.entry_text, self.form.lang

    def save(self) -> bool:
        """Write the draft to the cache if something changed since; says whether it did."""
        self.collect()
        was = self._saved
        if not self.draft.procedure:
            # Nothing is chosen yet, or that was taken back, too.
            if was is not None:
                self.cache.delete_draft(self.draft.id)
            self._saved = None
            return was is not None
        if was is not None and self._same(was):
            return False
        self.cache.save_draft(copy.deepcopy(self.draft))
        self._saved = copy.deepcopy(self.draft)
        return True

    def _same(self, other: Draft) -> bool:
        mine, theirs = self.draft, other
        return (
            mine.desk,
            mine.procedure,
            mine.action,
            mine.target,
            mine.answers,
            mine.text,
            mine.lang,
            mine.attachments,
        ) == (
            theirs.desk,
            theirs.procedure,
            theirs.action,
            theirs.target,
            theirs.answers,
            theirs.text,
            theirs.lang,
            theirs.attachments,
        )

    # -- judging ------------------------------------------------------------------------------------------------------

    def gaps(self) -> list[Gap]:
        """Everything that keeps the case from being sent, in the order of the steps."""
        if self.rules is None or self.form is None:
            return [Gap("procedure", "", _("Procedure"), _("Choose a procedure."))]
        self.collect()
        found: list[Gap] = []
        if self.seat is None:
            found.append(Gap("procedure", "", _("Procedure"), problems.sentence("noSuchSeat")))
        if "authority" in self.steps() and not self.draft.target:
            found.append(Gap("authority", "", _("Authority"), _("Choose the authority to ask.")))
        elif (refusal := self._refusal()) is not None:
            found.append(Gap("authority", "", _("Authority"), problems.sentence(refusal.code)))
        for item in self.form.problems("send"):
            found.append(Gap("form", item.field, item.label, item.text, item.code == "missing"))
        field = self.question_field
        if field is not None and field.needed == "send" and not self.picked():
            found.append(Gap("questions", "", _("Questions"), _("Pick at least one question.")))
        return found

    def _refusal(self) -> ActionRefused | None:
        """Why the rules would not let this desk address that one; answers are judged elsewhere."""
        seat = self.seat
        if seat is None or self.rules is None:
            return None
        try:
            workflow.check(self.rules, None, self.entry(), acting_seat(self.cache, seat), self.target)
        except AnswersRefused:
            return None
        except ActionRefused as refusal:
            return refusal
        return None

    def time_limits(self) -> list[str]:
        """A sentence for each deadline that sending would start, computed offline by the rules the server applies.

        The first use loads the calendars of public holidays.
        """
        seat, target = self.seat, self.target
        if seat is None or target is None or self.rules is None:
            return []
        noon = dt.datetime.combine(self.today(), dt.time(12), deadlines.ZONE)
        acting = acting_seat(self.cache, seat)
        case = workflow.expected(self.rules, None, self.entry(), acting, noon, target)
        limits = {limit.code: limit for limit in self.rules.procedure.deadlines}
        out: list[str] = []
        for deadline in sorted(case.deadlines, key=lambda item: item.on):
            limit = limits.get(deadline.code)
            if limit is None:
                out.append(_("You ask for an answer by {date}.").format(date=deadline.on.isoformat()))
                continue
            period = _period(limit.amount, limit.unit)
            # The REQ codes are indicators of the Commission's scoreboard, not law.
            sentence = (
                _("Aim, not law: {period}, until {date}.")
                if deadline.code.startswith("REQ.")
                else _("Legal time limit: {period}, until {date}.")
            )
            out.append(sentence.format(period=period, date=deadline.on.isoformat()))
        return out

    # -- sending ------------------------------------------------------------------------------------------------------

    def send(self) -> OutboxItem:
        """Queue the case. Raises `ActionRefused` or `AnswersRefused`; the draft then stays as it is."""
        assert self.form is not None
        self.save()
        draft = copy.deepcopy(self.draft)
        draft.answers = self._answers()
        if not draft.text.strip():
            draft.text = ""
        if not self.takes_files:
            # Another procedure was chosen after they were attached.
            draft.attachments = []
        return self.cache.queue(draft)

    def refused(self, refusal: ActionRefused) -> list[Gap]:
        """Why the cache would not queue it, as gaps to show beside their fields."""
        if not isinstance(refusal, AnswersRefused) or self.form is None:
            step: Step = "authority" if refusal.code == "badTarget" else "review"
            return [Gap(step, "", "", problems.sentence(refusal.code))]
        field = self.question_field
        out = []
        for problem in refusal.problems:
            item = self.form.missing(problem)
            on_questions = field is not None and item.field == field.id
            out.append(Gap("questions" if on_questions else "form", item.field, item.label, item.text))
        return out

    def _answers(self) -> dict[str, Any]:
        assert self.rules is not None
        self.collect()
        return kept(self.form.form if self.form is not None else self.rules.procedure.request, self.draft.answers)

    def entry(self) -> Entry:
        """The entry as it would be sent now, without its files."""
        draft = self.draft
        return Entry(
            procedure=draft.procedure,
            action=draft.action,
            target=draft.target,
            answers=self._answers(),
            text=Text(lang=draft.lang, text=draft.text) if draft.text.strip() else None,
        )

    def open_form(self) -> None:
        """Make the form of the procedure chosen, with what the draft holds."""
        draft = self.draft
        try:
            self.rules = self.cache.rules(draft.procedure)
        except UnknownProcedure:
            self.rules = self.form = None
            return
        if draft.action not in self.rules.lifecycle.actions:
            self.rules = self.form = None
            return
        field = self.question_field
        self.form = form.FormModel(
            self.rules,
            draft.action,
            answers=draft.answers,
            text=draft.text,
            lang=draft.lang,
            languages=self.languages,
            today=self.today(),
            skip=(field.id,) if field is not None else (),
            reader=self.reader,
        )


def _period(amount: int, unit: str) -> str:
    match unit:
        case "working_days":
            text = ngettext("{count} working day", "{count} working days", amount)
        case "months":
            text = ngettext("{count} month", "{count} months", amount)
        case _:
            text = ngettext("{count} calendar day", "{count} calendar days", amount)
    return text.format(count=amount)
