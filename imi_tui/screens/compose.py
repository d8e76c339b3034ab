"""A new case in steps: procedure, authority, form, questions, review. What is typed is saved within a second."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Static

from imi_core.errors import ActionRefused, UnknownProcedure
from imi_tui import problems
from imi_tui.actions import Situation
from imi_tui.cache.draft import Draft
from imi_tui.cache.errors import CacheError
from imi_tui.cache.ids import SystemRandom, uuid7
from imi_tui.compose import STEP_NAMES, Composition, Gap, Step
from imi_tui.i18n import _
from imi_tui.offers import Offer, offers
from imi_tui.screens.attaching import Attaching
from imi_tui.screens.base import BaseScreen, bindings
from imi_tui.viewmodel import writing
from imi_tui.viewmodel.suspects import named
from imi_tui.widgets.authority_list import AuthorityFinder
from imi_tui.widgets.document import Document
from imi_tui.widgets.form_view import FormView
from imi_tui.widgets.line_list import LineList
from imi_tui.widgets.offer_list import OfferList
from imi_tui.widgets.question_list import QuestionList, lines_of_bank

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult
    from textual.timer import Timer

    from imi_tui.cache.model import AuthorityHit
    from imi_tui.messages import LanguageChanged

AUTOSAVE = 0.8
"""Seconds from an edit to the draft on disk; edits in between do not put it off."""


class ComposeScreen(Attaching, BaseScreen[None]):
    """Writes one new case. `draft_id` continues a draft; `target` is a desk to address; `notes` are gaps to show."""

    SCOPE = "compose"
    CSS_PATH = ["base.tcss", "compose.tcss"]
    BINDINGS = bindings("compose")

    def __init__(self, draft_id: str = "", *, target: str = "") -> None:
        super().__init__()
        self._draft_id, self._target = draft_id, target
        self._timer: Timer | None = None
        self._step: Step = "procedure"
        self._sent = False
        self._notes: list[Gap] = []
        self._shown: tuple[str, str] | None = None
        self._drawn: tuple[object, ...] = ()

    # -- frame --------------------------------------------------------------------------------------------------------

    def compose_body(self) -> ComposeResult:
        """Steps, the body of the step at hand, what is missing."""
        draft = self.store.draft(self._draft_id) if self._draft_id else None
        if draft is None:
            id = uuid7(dt.datetime.now(dt.UTC), SystemRandom())
            draft = Draft(id=id, desk="", procedure="", action="", target=self._target)
        self._open(draft)
        yield Static(id="steps")
        yield Vertical(id="body")
        yield Static(id="missing")

    def on_mount(self) -> None:
        """Go to where the draft stopped."""
        self.call_later(self._begin)

    async def _begin(self) -> None:
        only = offers(self.store, self.context.languages)
        if not self.work.draft.procedure and len(only) == 1:
            self.work.choose_procedure(only[0])
        await self._go(self.work.first_open())

    def _open(self, draft: Draft) -> None:
        self.work = Composition(self.store, draft, languages=self.context.languages, today=self.context.today)

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
        return Situation(self.SCOPE, flags=frozenset(flags))

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
        if self._step == "review":
            self._fill("review", self.query_one("#step-review"))

    # -- steps --------------------------------------------------------------------------------------------------------

    async def action_step(self, by: int) -> None:
        """One step on or back."""
        if self._step == "procedure" and by > 0 and not self._take_offer():
            return
        if self._step == "authority" and by > 0 and not self.work.draft.target:
            self._take_hit(self.query_one(AuthorityFinder).hit)
        steps = self.work.steps()
        at = max(0, min(steps.index(self._step) + by, len(steps) - 1))
        await self._go(steps[at])

    async def _go(self, step: Step, field: str = "") -> None:
        self._save()
        self._step = step
        body = self.query_one("#body")
        if self._shown != (self.work.draft.procedure, self.work.draft.desk):
            self._shown = (self.work.draft.procedure, self.work.draft.desk)
            await body.remove_children()
        found = next((child for child in body.children if child.id == f"step-{step}"), None)
        if found is None:
            found = self._make(step)
            await body.mount(found)
        for child in body.children:
            child.display = child is found
        self._fill(step, found)
        self._focus(step, found, field)
        self._frame()

    def _make(self, step: Step) -> Widget:
        id = f"step-{step}"
        match step:
            case "procedure":
                return OfferList(id=id)
            case "authority":
                return Vertical(Static(id="chosen"), self._finder(), id=id)
            case "form":
                assert self.work.form is not None
                return FormView(self.work.form, id=id)
            case "questions":
                return QuestionList(id=id)
        return Document(id=id)

    def _finder(self) -> AuthorityFinder:
        seat = self.work.seat
        rules = self.work.rules
        within = rules.lifecycle.actions[self.work.draft.action].within if rules is not None else ""
        country = seat.country if seat is not None else ""
        return AuthorityFinder(
            self._search,
            language=self.context.language,
            country=country if within == "same_country" else "",
            other_than=country if within == "other_country" else "",
            area=rules.procedure.area if rules is not None else "",
            total=lambda: _("Enter chooses the authority to ask."),
        )

    def _search(self, words: str, country: str, area: str) -> list[AuthorityHit]:
        # The own country is left out afterwards, so that more than a page is asked for.
        return self.store.authorities(words, country=country, area=area, languages=self.context.languages, limit=200)

    def _fill(self, step: Step, widget: Widget) -> None:
        match widget:
            case OfferList():
                widget.show_offers(offers(self.store, self.context.languages), at=self._shown)
            case QuestionList() if self.work.rules is not None:
                widget.picked = frozenset(self.work.picked())
                widget.show(lines_of_bank(self.work.rules, self.work.labels))
            case Document():
                widget.show(writing.review(self.work, self.store.authority, self._notes, self.store.files.state))
            case _ if step == "authority":
                self._show_chosen()

    def _show_chosen(self) -> None:
        target = self.work.target
        text = ""
        if target is not None:
            text = _("To: {country} {name}").format(country=target.country, name=named(target.name))
        found = self.query_one("#chosen", Static)
        found.update(Text(text or _("Nobody is addressed yet."), no_wrap=True, overflow="ellipsis"))

    def _focus(self, step: Step, widget: Widget, field: str) -> None:
        match step:
            case "authority":
                widget.query_one("#words").focus()
            case "form":
                if isinstance(widget, FormView):
                    # Where its fields are is known once the form is laid out.
                    self.call_after_refresh(widget.focus_field, field or widget.last)
            case _:
                widget.focus()

    def _frame(self) -> None:
        """Steps, what is missing and the keys; nothing is drawn again that reads as before."""
        gaps = self.work.gaps()
        names = {step: _(name) for step, name in STEP_NAMES.items()}
        steps = writing.step_line(self.work.steps(), self._step, gaps, names)
        missing = writing.missing_line(gaps, self._step) if self._step != "review" else ""
        frame = (steps.markup, missing, self._step, self.situation(), self.title_text(), self.title_note())
        if frame == self._drawn:
            return
        self._drawn = frame
        self.query_one("#steps", Static).update(steps)
        line = self.query_one("#missing", Static)
        line.display = bool(missing)
        line.update(Text(missing))
        self.refresh_frame()

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
        self.work.choose_procedure(offer)
        return True

    async def on_authority_finder_chosen(self, event: AuthorityFinder.Chosen) -> None:
        """Enter on an authority: address it and go on."""
        self._take_hit(event.hit)
        if self.work.draft.target:
            await self.action_step(1)

    def _take_hit(self, hit: AuthorityHit | None) -> None:
        if hit is not None and hit.desk:
            self.work.choose_target(hit.desk)
            self._show_chosen()
        elif hit is not None:
            self.say(_("This authority has no desk in this area."), problem=True)

    def on_form_view_changed(self, _event: FormView.Changed) -> None:
        """An answer changed."""
        self._changed()

    def on_question_list_toggled(self, event: QuestionList.Toggled) -> None:
        """A question was picked or taken back."""
        self.work.toggle_question(event.id)
        event.list.set_picked(frozenset(self.work.picked()))
        self._changed()

    def _changed(self) -> None:
        self._notes = []
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
        try:
            self.work.save()
        except CacheError as error:
            self.say(problems.sentence(error.code), problem=True)

    # -- leaving ------------------------------------------------------------------------------------------------------

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
            self._notes = gaps
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
        self.imi.queued([item])
        self.say(_("Queued: {what}. Press u to take it back.").format(what=item.subject))
        self.dismiss()
        return []

    async def _show_gap(self, gap: Gap) -> None:
        self.say(f"{gap.label}: {gap.text}" if gap.label else gap.text, problem=True)
        await self._go(gap.step, gap.field)
        if gap.step == "form":
            self.query_one(FormView).show_problems()

    async def action_reuse(self) -> None:
        """Choose an earlier case and copy its answers."""
        from imi_tui.screens.earlier import EarlierCases

        def chosen(found: tuple[str, str] | None) -> None:
            if found is not None:
                self.call_later(self._reuse, *found)

        await self.app.push_screen(EarlierCases(), chosen)

    async def _reuse(self, desk: str, id: str) -> None:
        detail = self.store.case(desk, id)
        copied = detail is not None and self.work.reuse(detail)
        # The form was filled from outside: its widgets are made anew.
        self._shown = None
        await self._go(
            self._step if self.work.form is not None and self._step != "procedure" else self.work.first_open()
        )
        self.say(_("The answers were copied; check them.") if copied else _("Nothing of that case could be copied."))

    async def action_discard(self) -> None:
        """Throw the draft away, after asking."""
        from imi_tui.screens import routes

        def answered(value: str | None) -> None:
            if value == "discard":
                self._sent = True
                self.store.delete_draft(self.work.draft.id)
                self.dismiss()

        question = _("Throw this draft away? It cannot be brought back.")
        await self.app.push_screen(
            routes.choose(question, [(_("Keep it"), "keep"), (_("Throw it away"), "discard")]), answered
        )

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
        self._save()

    def reload(self, kinds: frozenset[str]) -> None:
        """Nothing of the cache changes what is being written; drafts are this screen's own doing."""

    def on_language_changed(self, _message: LanguageChanged) -> None:
        """Write every text again; the draft goes on."""
        self._save()
        forms = self.query(FormView)
        field = forms.first().field if forms else ""
        self._open(self.work.draft)
        self._shown = None
        self.call_later(self._go, self._step, field)
