"""Taking back and doing again, from whichever screen; the hints say what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_core.errors import ImiError
from imi_tui import actions as registry
from imi_tui import problems
from imi_tui.cache.errors import CacheError
from imi_tui.hints import hint
from imi_tui.i18n import _, ngettext
from imi_tui.screens.base import BaseScreen, label_of
from imi_tui.viewmodel import front
from imi_tui.viewmodel.cells import cut

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imi_tui.actions import Action
    from imi_tui.undo import Done

CaseId = tuple[str, str]
NAMING = ("app.undo", "app.redo")
NAMED = 24
"""Cells in which footer and menu say what would be taken back."""


def and_back(sentence: str, id: str = "app.undo") -> str:
    """What was done, in a whole sentence, and how it is taken back."""
    return f"{sentence} {_('Press {key} to take it back.').format(key=hint(id))}"


def told(what: str, id: str = "app.undo") -> str:
    """That something was done, and how it is taken back; `id`: the action that does."""
    return _("{what}. Press {key} to take it back.").format(what=what[:1].upper() + what[1:], key=hint(id))


class UndoActions(BaseScreen[None]):
    """The actions; a screen that offers them inherits from it."""

    def came_back(self, cases: list[CaseId]) -> None:
        """Called after entries of these cases were taken back: the list below shows them."""
        if (below := self._list_below()) is not None:
            below.came_back(cases)

    def put_marks(self, numbers: Iterable[int], *, marked: bool) -> None:
        """Called after something done with marked cases was taken back (`marked`), or was done again."""
        if (below := self._list_below()) is not None:
            below.put_marks(numbers, marked=marked)

    def undo_flags(self) -> frozenset[str]:
        """Facts for the registry of actions."""
        return frozenset({"redo"} if self.imi.undo.again is not None else ())

    def _list_below(self) -> UndoActions | None:
        screens = (screen for screen in reversed(self.imi.desk_stack) if isinstance(screen, UndoActions))
        return next((screen for screen in screens if screen.SCOPE == "inbox" and screen is not self), None)

    def actions_now(self) -> tuple[Action, ...]:
        """Undo and redo say what they would do."""
        names = dict(zip(NAMING, (self.imi.undo.what, self.imi.undo.again or ""), strict=True))
        return tuple(
            action._replace(label=f"{label_of(action)}: {cut(what, NAMED)}", translated=True)
            if (what := names.get(action.id))
            else action
            for action in super().actions_now()
        )

    def footer_label(self, action: Action) -> str:
        """Where there is little room, undo and redo alone: a longer label would be left out."""
        plain = registry.by_id(action.id) if self.size.width < front.WIDE and action.id in NAMING else None
        return label_of(plain or action)

    def action_undo(self) -> None:
        """Take back the newest step that has not left this machine."""
        try:
            with self.imi.undisturbed():
                done = self.imi.undo.take_back()
        except CacheError as error:
            self.say(problems.sentence(error.code), problem=True)
            return
        if done is None:
            self.say(_("There is nothing left to take back: everything queued has been sent."))
        else:
            self.imi.happened("taken back")
            self.put_marks(done.marks, marked=True)
            self._say_done(done, ngettext("Taken back: {names}.", "Taken back: {names} ({count} in all).", _many(done)))
        self.refresh_frame()

    def action_redo(self) -> None:
        """Do again what was taken back last."""
        try:
            with self.imi.undisturbed():
                done = self.imi.undo.redo()
        except (CacheError, ImiError) as error:
            self.say(problems.sentence(error.code), problem=True)
            return
        if done is not None:
            self.put_marks(done.marks, marked=False)
            self._say_done(done, ngettext("Done again: {names}.", "Done again: {names} ({count} in all).", _many(done)))
        self.refresh_frame()

    def _say_done(self, done: Done, text: str) -> None:
        if done.cases:
            self.came_back(list(done.cases))
        names = done.what or ", ".join(done.names[:3])
        told = text.format(names=names, count=len(done.names))
        if done.refused:
            told += " " + ngettext(
                "{count} case was not queued.", "{count} cases were not queued.", done.refused
            ).format(count=done.refused)
        if done.drafts:
            told += " " + _("What you wrote is among the drafts.")
        self.say(told, problem=bool(done.refused))


def _many(done: Done) -> int:
    """How many names stand in a sentence of their own: a step that says what it is needs no count."""
    return 1 if done.what else len(done.names)
