"""Taking back and doing again while an entry is written, whichever field, template or file it was."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from imi_tui.forms.form_history import History, Place, Typed, Written
from imi_tui.i18n import ngettext
from imi_tui.screens.base import ActionScreen
from imi_tui.widgets.form_view import FormView

if TYPE_CHECKING:
    from imi_tui.forms.form_history import Step


class Rewriting(ActionScreen[Any]):
    """For a screen that writes an entry: it says what stands there, and puts it there again."""

    history: History[Written] | None = None

    @abstractmethod
    def written(self) -> Written:
        """What stands there now."""

    @abstractmethod
    async def put_back(self, written: Written, place: Place) -> None:
        """Have it stand there again, with the cursor where it differs; the draft follows."""

    @abstractmethod
    def name_of(self, place: Place) -> str:
        """How the field is called, or the step."""

    def rewriting_flags(self) -> frozenset[str]:
        """Facts for the registry of actions."""
        history = self.history
        if history is None:
            return frozenset()
        possible = (("undo", history.undo_possible), ("redo", history.redo_possible))
        return frozenset(name for name, holds in possible if holds)

    def begin_history(self) -> None:
        """Nothing that stands there now is taken back."""
        self.history = History(self.written())

    def edited(self, field: str, typed: Typed | None) -> None:
        """A field was edited; `typed` as in `History.note`."""
        self.note(Place(field, step="form"), typed)

    def note(self, place: Place, typed: Typed | None = None) -> None:
        """Remember what stands there now as a step, or as a part of the last one."""
        if self.history is None:
            return
        before = self.rewriting_flags()
        self.history.note(self.written(), place, typed)
        if self.rewriting_flags() != before:
            self.possible_changed()

    def close_step(self) -> None:
        """What is still to be announced belongs to what was done before, and what comes next is another step."""
        for form in self.query(FormView):
            form.take()
        if self.history is not None:
            self.history.close()

    @abstractmethod
    def possible_changed(self) -> None:
        """Called when something can be taken back or done again that could not before, or the other way round."""

    async def action_write_undo(self) -> None:
        """Take the last step back."""
        self.close_step()
        step = self.history.undo() if self.history is not None else None
        if step is not None:
            await self._show(step, ngettext("Taken back: {names}.", "Taken back: {names} ({count} in all).", 1))

    async def action_write_redo(self) -> None:
        """Do it again."""
        self.close_step()
        step = self.history.redo() if self.history is not None else None
        if step is not None:
            await self._show(step, ngettext("Done again: {names}.", "Done again: {names} ({count} in all).", 1))

    async def _show(self, step: Step[Written], text: str) -> None:
        at_hand = next((form.field for form in self.query(FormView) if form.field), "")
        await self.put_back(step.stand, step.place)
        self.possible_changed()
        place = step.place
        if place.what or place.field != at_hand or self.context.screen_reader:
            # What changes under the cursor is seen.
            self.say(text.format(names=place.what or self.name_of(place), count=1))
        else:
            # What was said of the step, such as what else was filled in, is no longer so.
            self.app.clear_notifications()
