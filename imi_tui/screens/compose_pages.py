"""The pages of a new case's steps: each is made when it is first shown, and stays as the officer left it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.containers import Vertical
from textual.widgets import Static

from imi_tui.forms.offers import offers
from imi_tui.framework.closing import Leaving
from imi_tui.i18n import _
from imi_tui.viewmodel import writing
from imi_tui.viewmodel.asking import Asking
from imi_tui.viewmodel.suspects import named
from imi_tui.widgets.authority_list import AuthorityFinder
from imi_tui.widgets.document import Document
from imi_tui.widgets.form_view import FormView
from imi_tui.widgets.offer_list import OfferList, TemplateLine
from imi_tui.widgets.question_list import QuestionList, lines_of_bank

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.widget import Widget

    from imi_tui.cache.store import Store
    from imi_tui.context import Context
    from imi_tui.forms.compose import Composition, Gap, Step
    from imi_tui.forms.form_history import Typed
    from imi_tui.forms.offers import Offer
    from imi_tui.viewmodel.asking import Found


class StepPages(Leaving, Vertical):
    """Shows one step of `work`. The screen says which, and gives another composition with `take`."""

    def __init__(
        self, store: Store, context: Context, edited: Callable[[str, Typed | None], object], *, id: str
    ) -> None:
        super().__init__(id=id)
        self._cache, self._given, self._edited = store, context, edited
        self.work: Composition
        self.notes: list[Gap] = []
        """Gaps that the review names first: why it was not sent."""
        self.form: FormView | None = None
        """The page with the form, once it was shown."""
        self._shown: tuple[str, str] | None = None
        self._asking: Asking | None = None

    def take(self, work: Composition) -> None:
        """Write another composition, or the same one in another language or with answers from elsewhere."""
        self.work, self._shown, self._asking = work, None, None

    async def show(self, step: Step, field: str = "") -> None:
        """Bring the page of a step up to date and put the cursor into it, into `field` of the form where one is named.

        Another procedure or desk than before makes every page anew.
        """
        if self._shown != (self.work.draft.procedure, self.work.draft.desk):
            self._shown = (self.work.draft.procedure, self.work.draft.desk)
            await self.remove_children()
        found = next((child for child in self.children if child.id == f"step-{step}"), None)
        if found is None:
            found = self._make(step)
            await self.mount(found)
        for child in self.children:
            child.display = child is found
        self._fill(step, found)
        self._focus(step, found, field)

    def refill(self, step: Step) -> None:
        """Write the page of a step again; the cursor stays where it is."""
        for found in self.query(f"#step-{step}"):
            self._fill(step, found)

    def show_chosen(self) -> None:
        """Say who is addressed."""
        target = self.work.target
        text = _("Nobody is addressed yet.")
        if target is not None:
            text = _("To: {country} {name}").format(country=target.country, name=named(target.name))
        self.query_one("#chosen", Static).update(Text(text, no_wrap=True, overflow="ellipsis"))

    def _make(self, step: Step) -> Widget:
        id = f"step-{step}"
        match step:
            case "procedure":
                return OfferList(id=id)
            case "authority":
                return Vertical(Static(id="chosen"), self._finder(), id=id)
            case "form":
                assert self.work.form is not None
                self.form = FormView(self.work.form, self._edited, id=id)
                return self.form
            case "questions":
                return QuestionList(id=id)
        return Document(id=id)

    def _finder(self) -> AuthorityFinder:
        seat, rules = self.work.seat, self.work.rules
        within = rules.lifecycle.actions[self.work.draft.action].within if rules is not None else ""
        country = seat.country if seat is not None else ""
        return AuthorityFinder(
            self._search,
            language=self._given.language,
            country=country if within == "same_country" else "",
            other_than=country if within == "other_country" else "",
            area=rules.procedure.area if rules is not None else "",
            total=lambda: _("Enter chooses the authority to ask."),
        )

    def _search(self, words: str, country: str, area: str) -> Found:
        if self._asking is None:
            self._asking = Asking(self._cache, self._given.language, self._given.languages)
            self._asking.read()
        # The own country is left out afterwards, so that more than a page is asked for.
        return self._asking.find(words, country, area, 200)

    def _fill(self, step: Step, widget: Widget) -> None:
        match widget:
            case OfferList():
                found = offers(self._cache, self._given.languages)
                widget.show_offers(found, self._templates(found), at=self._shown)
            case QuestionList() if self.work.rules is not None:
                widget.picked = frozenset(self.work.picked())
                widget.show(lines_of_bank(self.work.rules, self.work.labels))
            case Document():
                state = self._cache.files.state
                widget.show(writing.review(self.work, self._cache.authority, self.notes, state))
            case _ if step == "authority":
                self.show_chosen()

    def _templates(self, found: list[Offer]) -> list[TemplateLine]:
        """Templates of procedures that this officer may start."""
        titles = {offer.procedure: offer.title for offer in found}
        return [
            TemplateLine(each.id, each.name, titles[each.procedure])
            for each in self._cache.snippets.templates()
            if each.procedure in titles
        ]

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
