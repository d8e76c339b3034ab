"""What a new case still lacks, and how it will look to the other side."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from imi_tui.i18n import _
from imi_tui.i18n.joining import with_name
from imi_tui.screens import routes
from imi_tui.screens.rewriting import Rewriting
from imi_tui.widgets.check_list import CheckList
from imi_tui.widgets.form_view import FormView

if TYPE_CHECKING:
    from imi_tui.forms.compose import Composition, Gap, Step


class ChecksCase(Rewriting):
    """For the screen that writes a new case."""

    work: Composition
    _step: Step

    @abstractmethod
    async def _go(self, step: Step, field: str = "") -> None:
        """Save, and show a step."""

    async def action_missing(self) -> None:
        """Choose what is missing, to go there."""
        gaps = self.work.gaps()
        if not gaps:
            self.say(_("Nothing is missing; the case can be sent."))
        elif self.has_class("-beside"):
            self.query_one(CheckList).enter()
        else:

            async def chosen(gap: Gap | None) -> None:
                if gap is not None:
                    await self._go(gap.step, gap.field)

            await self.app.push_screen(routes.missing(gaps), chosen)

    async def on_check_list_chosen(self, event: CheckList.Chosen) -> None:
        """Go to what was chosen."""
        await self._go(event.gap.step, event.gap.field)

    def on_check_list_left(self, _event: CheckList.Left) -> None:
        """Back to where the officer was writing."""
        self.call_later(self._go, self._step)

    async def _show_gap(self, gap: Gap) -> None:
        self.say(with_name(gap.label, gap.text) if gap.label else gap.text, problem=True)
        await self._go(gap.step, gap.field)
        if gap.step == "form":
            self.query_one(FormView).show_problems()
