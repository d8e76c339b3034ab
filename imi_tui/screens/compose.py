"""A new case in steps: procedure, authority, form, questions, review. What is typed is saved within a second."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, cast

from rich.text import Text
from textual.containers import Horizontal
from textual.widgets import Static

from imi_core.errors import ActionRefused, UnknownProcedure
from imi_tui import problems
from imi_tui.actions import Situation
from imi_tui.cache.errors import CacheError
from imi_tui.cache.ids import SystemRandom, uuid7
from imi_tui.cache.outbox.draft import Draft
from imi_tui.forms import phrases
from imi_tui.forms.compose import STEP_NAMES, Composition, Gap, Step
from imi_tui.forms.form_history import Place, Written, into_case, of_case
from imi_tui.forms.offers import Offer, offers
from imi_tui.hints import hint
from imi_tui.i18n import _
from imi_tui.screens import routes
from imi_tui.screens.attaching import Attaching
from imi_tui.screens.base import BaseScreen, bindings
from imi_tui.screens.compose_begin import BeginsFrom
from imi_tui.screens.compose_check import ChecksCase
from imi_tui.screens.compose_pages import StepPages
from imi_tui.screens.drafts import discard_draft
from imi_tui.screens.inserting import Inserting
from imi_tui.viewmodel import writing
from imi_tui.widgets.authority_list import AuthorityFinder
from imi_tui.widgets.check_list import CheckList
from imi_tui.widgets.form_view import FormView
from imi_tui.widgets.line_list import LineList
from imi_tui.widgets.offer_list import OfferList, TemplateLine
from imi_tui.widgets.question_list import QuestionList

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual import events
    from textual.app import ComposeResult
    from textual.timer import Timer

    from imi_tui.actions import Action
    from imi_tui.cache.model import AuthorityHit
    from imi_tui.messages import LanguageChanged

AUTOSAVE = 0.8
"""Seconds from an edit to the draft on disk; edits in between do not put it off."""
BESIDE = 120
"""From this width on, the list of what is missing stands beside the page."""


class ComposeScreen(BeginsFrom, ChecksCase, Inserting, Attaching, BaseScreen[None]):
    """Writes one new case. `draft_id` continues a draft; `target` is a desk to address."""

    SCOPE = "compose"
    CSS_PATH = ["base.tcss", "compose.tcss"]
    BINDINGS = bindings("compose")

    def __init__(
        self, draft_id: str = "", *, target: str = "", template: str = "", like: tuple[str, str] | None = None
    ) -> None:
        super().__init__()
        self._like = like
        self._draft_id, self._target, self._template = draft_id, target, template
        self._timer: Timer | None = None
        self._step: Step = "procedure"
        self._sent = False
        self._drawn: tuple[object, ...] = ()

    # -- frame --------------------------------------------------------------------------------------------------------

    def compose_body(self) -> ComposeResult:
        """Steps, the body of the step at hand, what is missing."""
        draft = self.store.draft(self._draft_id) if self._draft_id else None
        if draft is None:
            id = uuid7(dt.datetime.now(dt.UTC), SystemRandom())
            draft = Draft(id=id, desk="", procedure="", action="", target=self._target)
        draft.lang = draft.lang or self.context.writes
        self.pages = StepPages(self.store, self.context, self.edited, id="body")
        self._open(draft)
        self._take_room(self.app.size.width)
        yield Static(id="steps")
        with Horizontal(id="writing"):
            yield self.pages
            yield CheckList(id="check")
        yield Static(id="missing")

    def on_mount(self) -> None:
        """Go to where the draft stopped."""
        self.call_later(self._begin)

    async def _begin(self) -> None:
        self.begin_history()
        if self._template:
            await self._go("procedure")
            await self.begin_with_template(self._template)
            return
        if self._like is not None:
            await self._go("procedure")
            await self.begin_like(*self._like)
            return
        only = offers(self.store, self.context.languages)
        if not self.work.draft.procedure and len(only) == 1:
            self.work.choose_procedure(only[0])
            self.begin_history()
        await self._go(self.work.first_open())

    def _open(self, draft: Draft) -> None:
        self.work = Composition(self.store, draft, languages=self.context.languages, today=self.context.today)
        self.pages.take(self.work)

    def title_text(self) -> str:
        """What is being written."""
        return _("New case") if self.work.rules is None else self.work.labels.title

    def title_note(self) -> str:
        """The desk that sends."""
        seat = self.work.seat
        return seat.authority_name if seat is not None else ""

    def situation(self) -> Situation:
        """Which steps there are around this one."""
        steps = self.work.steps()
        at = steps.index(self._step) if self._step in steps else 0
        flags = {"next"} if at < len(steps) - 1 else set()
        flags |= {"previous"} if at else set()
        flags |= {"saved"} if self.work.draft.procedure else set()
        flags |= {"takes_files"} if self.work.takes_files else set()
        flags |= {"writing"} if self._step == "form" else set()
        return Situation(self.SCOPE, flags=frozenset(flags) | self.rewriting_flags())

    def facts(self) -> Mapping[str, str]:
        """Of the case as it is written so far."""
        seat, target, answers = self.work.seat, self.work.target, self.work.draft.answers
        rules = self.work.rules
        subject = answers.get(rules.procedure.subject, "") if rules is not None else ""
        return phrases.facts(
            rules,
            {"subject": subject, "request": answers},
            own=seat.authority_name if seat is not None else "",
            other=target.name if target is not None else "",
            officer=str(self.store.officer().get("name", "")),
            today=self.context.today(),
        )

    def desk(self) -> str:
        """The desk that sends."""
        return self.work.draft.desk

    async def filled(self) -> None:
        """The form was filled from outside: its widgets are made anew."""
        self.pages.take(self.work)
        at_start = self.work.form is None or self._step == "procedure"
        await self._go(self.work.first_open() if at_start else self._step)

    # -- taking back --------------------------------------------------------------------------------------------------

    def written(self) -> Written:
        """The case as it is written so far."""
        return of_case(self.work)

    def name_of(self, place: Place) -> str:
        """The field, or the step."""
        view = self.work.form.view(place.field) if self.work.form is not None else None
        return view.label if view is not None else _(STEP_NAMES[cast("Step", place.step or self._step)])

    async def put_back(self, written: Written, place: Place) -> None:
        """Show it on the page on which it differs."""
        if not into_case(self.work, written):
            self.pages.take(self.work)
        elif self.pages.form is not None and self.pages.form.model is self.work.form:
            await self.pages.form.rewrite()
        step = cast("Step", place.step or self._step)
        await self._go(step if self.work.form is not None else "procedure", place.field)

    def possible_changed(self) -> None:
        """The keys follow."""
        self.call_later(self._frame)

    # -- files --------------------------------------------------------------------------------------------------------

    def attached(self) -> list[dict[str, Any]]:
        """The files of the draft."""
        return self.work.draft.attachments

    def attached_to(self) -> tuple[str, str] | None:
        """A new case has no files yet."""
        return None

    def attachments_changed(self) -> None:
        """Save, say what there is, show the review anew."""
        self._save()
        self.say(writing.files_line(self.work, self.store.files.state) or _("No file is attached."))
        self.pages.refill("review")

    # -- steps --------------------------------------------------------------------------------------------------------

    async def action_step(self, by: int) -> None:
        """One step on or back."""
        if self._step == "procedure" and by > 0:
            line = self.query_one(OfferList).item
            if isinstance(line, TemplateLine):
                await self.begin_with_template(line.id)
                return
            if not self._take_offer():
                return
        if self._step == "authority" and by > 0 and not self.work.draft.target:
            self._take_hit(self.query_one(AuthorityFinder).hit)
        steps = self.work.steps()
        at = max(0, min(steps.index(self._step) + by, len(steps) - 1))
        await self._go(steps[at])

    async def _go(self, step: Step, field: str = "") -> None:
        self._save()
        self._step = step
        await self.pages.show(step, field)
        self._frame()

    def _frame(self) -> None:
        """Steps, what is missing and the keys; nothing is drawn again that reads as before."""
        gaps = self.work.gaps()
        names = {step: _(name) for step, name in STEP_NAMES.items()}
        steps = writing.step_line(self.work.steps(), self._step, gaps, names)
        told = self._step == "review" or self.has_class("-beside")
        missing = "" if told else writing.missing_line(gaps, self._step)
        self.query_one(CheckList).show_gaps(gaps)
        frame = (steps.markup, missing, self._step, self.situation(), self.title_text(), self.title_note())
        if frame == self._drawn:
            return
        self._drawn = frame
        self.query_one("#steps", Static).update(steps)
        line = self.query_one("#missing", Static)
        line.display = bool(missing)
        line.update(Text(missing))
        self.refresh_frame()

    def on_resize(self, event: events.Resize) -> None:
        """The list of what is missing comes and goes with the room for it."""
        if self._take_room(event.size.width):
            self.call_later(self._frame)

    def _take_room(self, width: int) -> bool:
        """Whether there is room beside the page now, and was not before, or the other way round."""
        before = self.has_class("-beside")
        self.set_class(width >= BESIDE, "-beside")
        return self.has_class("-beside") != before

    async def action_other_side(self) -> None:
        """Show the case as the authority asked will see it."""
        self._save()
        await self.app.push_screen(routes.other_side(self.work))

    # -- what the officer does ----------------------------------------------------------------------------------------

    async def on_line_list_opened(self, event: LineList.Opened) -> None:
        """A second click on a procedure."""
        if isinstance(event.list, OfferList):
            await self.action_step(1)

    async def on_offer_list_chosen(self, _event: OfferList.Chosen) -> None:
        """Enter on a procedure."""
        await self.action_step(1)

    def _take_offer(self) -> bool:
        offer = self.query_one(OfferList).item
        if not isinstance(offer, Offer):
            self.say(_("There is no procedure you may start at your desks."), problem=True)
            return False
        self.close_step()
        self.work.choose_procedure(offer)
        self.note(Place(step="procedure"))
        return True

    async def on_authority_finder_chosen(self, event: AuthorityFinder.Chosen) -> None:
        """Enter on an authority: address it and go on."""
        self._take_hit(event.hit)
        if self.work.draft.target:
            await self.action_step(1)

    def _take_hit(self, hit: AuthorityHit | None) -> None:
        if hit is not None and hit.desk:
            self.close_step()
            self.work.choose_target(hit.desk)
            self.note(Place(step="authority"))
            self.pages.show_chosen()
        elif hit is not None:
            self.say(_("This authority has no desk in this area."), problem=True)

    def on_form_view_changed(self, _event: FormView.Changed) -> None:
        """An answer changed."""
        self._changed()

    def on_question_list_toggled(self, event: QuestionList.Toggled) -> None:
        """A question was picked or taken back."""
        self.work.toggle_question(event.id)
        self.note(Place(step="questions"))
        event.list.set_picked(frozenset(self.work.picked()))
        self._changed()

    def _changed(self) -> None:
        self.pages.notes = []
        if self._timer is None:
            self._timer = self.set_timer(AUTOSAVE, self._save)
        self.call_later(self._frame)

    def _save(self) -> None:
        """Write the draft; a full disk is said once and does not stop the typing."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self._sent:
            return
        if self.pages.form is not None:
            self.pages.form.take()
        try:
            self.work.save()
        except CacheError as error:
            self.say(problems.sentence(error.code), problem=True)

    # -- leaving ------------------------------------------------------------------------------------------------------

    def footer_label(self, action: Action) -> str:
        """What the key does on the last page."""
        return _("Send") if action.id == "compose.send" and self._step == "review" else super().footer_label(action)

    async def action_send(self) -> None:
        """From any step to the review; from there into the outbox, or to what is missing."""
        if self.work.form is None:
            await self._go("procedure")
            return
        if self._step != "review":
            await self._go("review")
            return
        gaps = self.work.gaps()
        if not gaps:
            gaps = await self._queue()
        if gaps:
            self.pages.notes = gaps
            await self._show_gap(gaps[0])

    async def _queue(self) -> list[Gap]:
        try:
            item = self.work.send()
        except ActionRefused as refusal:
            return self.work.refused(refusal)
        except (CacheError, UnknownProcedure) as error:
            self.say(problems.sentence(error.code), problem=True)
            return []
        self._sent = True
        self.imi.queued([item], item.subject)
        self.say(_("Queued: {what}. Press {key} to take it back.").format(what=item.subject, key=hint("app.undo")))
        self.dismiss()
        return []

    def action_discard(self) -> None:
        """Throw the draft away; undo, on the screen below, brings it back."""
        self._save()
        self._sent = True
        discard_draft(self, self.work.draft.id, self.title_text())
        self.dismiss()

    def action_back(self) -> None:
        """Leave; the draft is kept."""
        self._save()
        if self.work.draft.procedure and not self._sent:
            self.say(_("Saved as a draft."))
        self.dismiss()

    def action_app_quit(self) -> None:
        """Leave the program; the draft is kept."""
        self._save()
        super().action_app_quit()

    def on_unmount(self, _event: events.Unmount) -> None:
        """Whatever ends the screen, the last second of typing is kept."""
        self.keep()
        self.forget_files()

    def keep(self) -> None:
        """Save what is not saved yet."""
        self._save()

    def reload(self, kinds: frozenset[str]) -> None:
        """Nothing of the cache changes what is being written; drafts are this screen's own doing."""

    def on_language_changed(self, _message: LanguageChanged) -> None:
        """Write every text again; the draft goes on."""
        self._save()
        forms = self.query(FormView)
        field = forms.first().field if forms else ""
        self._open(self.work.draft)
        self.call_later(self._go, self._step, field)
