"""Inserting while writing a form: phrases by abbreviation or from a list, and values known from own cases."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from imi_tui.forms import completion, standard_texts
from imi_tui.forms.phrases import abbreviation_before
from imi_tui.i18n import _
from imi_tui.screens import routes
from imi_tui.screens.rewriting import Rewriting
from imi_tui.viewmodel import inserting
from imi_tui.viewmodel.inserting import Insertion, Insertions
from imi_tui.widgets.form_view import FormView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imi_tui.widgets.entry import LineInput, LinesInput


class Inserting(Rewriting):
    """For a screen with a form."""

    @abstractmethod
    def facts(self) -> Mapping[str, str]:
        """What placeholders of phrases stand for."""

    @abstractmethod
    def desk(self) -> str:
        """The desk that writes."""

    async def action_insert(self) -> None:
        """Put in the phrase whose abbreviation stands before the cursor, or choose what to put in."""
        form = next(iter(self.query(FormView)), None)
        field = form.field if form is not None else ""
        control = form.text_control(field) if form is not None else None
        if form is None or control is None:
            self.say(_("Go into a field for text first."))
            return
        insertions = self._insertions(form, field, control.text_there)
        before = control.before_cursor
        found = insertions.by_abbreviation(before)
        if found is not None:
            self._put(form, control, found, len(abbreviation_before(before)))
            return

        def chosen(insertion: Insertion | None) -> None:
            if insertion is not None:
                self._put(form, control, insertion)

        typed = control.completing if insertions.known("") else ""
        await self.app.push_screen(routes.insert(insertions, typed), chosen)

    def _insertions(self, form: FormView, field: str, there: str) -> Insertions:
        model = form.model
        languages = (model.lang, *self.context.languages)

        def known(typed: str) -> list[completion.Found]:
            if model.action.form != "request":
                return []
            return completion.known(self.store, self.desk(), model.form, field, typed, there)

        standard = standard_texts.phrases(languages, model.action_id)
        return Insertions(self.store.snippets.phrases(), known, self.facts(), languages, model.rules, standard)

    def _put(self, form: FormView, control: LineInput | LinesInput, insertion: Insertion, over: int = 0) -> None:
        self.close_step()
        if insertion.whole or insertion.line:
            control.complete(insertion.text, line=insertion.line)
        else:
            control.put_in(insertion.text, over=over)
        filled = inserting.answer_beside(form.model, insertion.beside)
        self.close_step()
        if filled:
            form.answered()
        if told := inserting.said(insertion, filled):
            self.say(told)
