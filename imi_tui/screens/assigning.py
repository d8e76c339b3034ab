"""Saying who at the desk looks after cases: one, or all marked ones. Told at this desk only."""

from __future__ import annotations

import asyncio
from functools import cache, partial
from typing import TYPE_CHECKING

from imi_core import assigning as rules
from imi_tui import problems
from imi_tui.framework.file_errors import OF_THIS_MACHINE
from imi_tui.i18n import _, ngettext
from imi_tui.i18n.joining import with_name
from imi_tui.screens import routes
from imi_tui.screens.doing import CaseId, CaseScreenBase
from imi_tui.viewmodel import assigning, bulk
from imi_tui.viewmodel.suspects import narrow

if TYPE_CHECKING:
    from collections.abc import Callable

    from imi_tui.cache.model import OutboxItem, Queued
    from imi_tui.cache.outbox.draft import Draft

AT_ONCE = 500
"""Entries queued in one go; between two of them keys are answered."""
NOBODY = "-"


class AssignActions(CaseScreenBase):
    """The actions; a screen that offers them inherits from it."""

    def marks_now(self) -> tuple[int, ...]:
        """The numbers of the cases that are marked; a list knows them."""
        return ()

    def assigned(self, cases: list[CaseId]) -> None:
        """Called after something was queued for these cases."""

    async def action_case_assign(self) -> None:
        """Ask who is to look after the cases at hand."""
        if (plan := self._plan()) is None:
            return
        desk, me = plan.ready[0].desk, self.store.officer().get("id", "")
        colleagues = self.store.handlers.of(desk)
        answers = [(_("Take it on myself"), each.id) for each in colleagues if each.id == me]
        answers += [(narrow(each.name), each.id) for each in colleagues if each.id != me]
        if any(each.handler for each in plan.ready):
            answers.append((_("Give it back: nobody"), NOBODY))

        drafts = cache(partial(assigning.drafts, plan.ready, ""))

        async def chosen(value: str | None) -> None:
            if value:
                await self._give(plan, "" if value == NOBODY else value, drafts)

        self.read_ahead(self.marks_now(), drafts)
        lines = bulk.preview(plan, _("Assign"), lambda kind: kind.state)
        if len(plan.ready) == 1 and not plan.refused:
            detail = self.store.case(desk, plan.ready[0].id)
            lines = [
                with_name(_("Assign"), plan.ready[0].reference),
                assigning.line(detail) if detail is not None else "",
            ]
        else:
            lines += assigning.of_others(plan, self.store.handlers.name)
        lines.append(_("Only your desk sees this; the other side is not told."))
        await self.app.push_screen(routes.choose("\n".join(filter(None, lines)), answers), chosen)

    async def action_case_take(self) -> None:
        """Take the cases at hand on oneself."""
        if (plan := self._plan()) is None:
            return
        me = str(self.store.officer().get("id", ""))
        if me not in {each.id for each in self.store.handlers.of(plan.ready[0].desk)}:
            self.say(self._role(), problem=True)
            return
        if len(plan.ready) == 1 and not plan.refused:
            await self._give(plan, me, partial(assigning.drafts, plan.ready, me))
            return
        plan = assigning.without(plan, me, self.store.handlers.name)
        if not plan.ready:
            self.say(_("Nothing changed."))
            return

        drafts = cache(partial(assigning.drafts, plan.ready, me))

        async def chosen(value: str | None) -> None:
            if value == "do":
                await self._give(plan, me, drafts)

        self.read_ahead(self.marks_now(), drafts)
        count = len(plan.ready)
        do = ngettext("Do it with {count} case", "Do it with {count} cases", count).format(count=count)
        lines = bulk.preview(plan, _("Take on"), lambda kind: kind.state)
        lines += assigning.of_others(plan, self.store.handlers.name)
        await self.app.push_screen(routes.choose("\n".join(lines), [(do, "do"), (_("Leave it"), "leave")]), chosen)

    def _plan(self) -> bulk.Plan | None:
        """What can be assigned of the cases at hand; None, said, where nothing can."""
        cases = self.targets()
        if not cases:
            return None
        standings = self.store.marking.standings(self.store.marking.numbers(cases))
        allowed = {seat.desk for seat in self.store.seats() if rules.may_assign(seat.roles)}
        plan = assigning.plan(standings.values(), allowed)
        if not plan.ready:
            self.say(self._role(), problem=True)
            return None
        return plan

    def _role(self) -> str:
        return problems.sentence("forbidden")

    async def _give(self, plan: bulk.Plan, officer: str, drafts: Callable[[], list[Draft]]) -> None:
        """Queue it where it changes something, some at a time; what is queued is one step, whatever ends this.

        `drafts`: makes those for all that are ready.
        """
        new = [each for each in plan.ready if each.handler != officer]
        if not new:
            self.say(_("Nothing changed."))
            return
        asked = drafts() if len(new) == len(plan.ready) else assigning.drafts(new, officer)
        with self.imi.undisturbed():
            together, not_queued, left = self.store.queue_alike(assigning.given(asked, officer), self.marks_now())
        items: list[OutboxItem | Queued] = [*together]
        refused, code = len(not_queued), ""
        while left:
            try:
                queued, not_queued = self.store.queue_all(left[:AT_ONCE])
            except OF_THIS_MACHINE as error:
                code = error.code
                break
            left = left[AT_ONCE:]
            items += queued
            refused += len(not_queued)
            await asyncio.sleep(0)
        if items or not left:
            self._given(new[0].desk, items, officer, refused)
        if left:
            if items:
                self.put_marks(self.store.marking.numbers((each.desk, each.case_id) for each in left), marked=True)
            self.say(problems.sentence(code), problem=True)

    def _given(self, desk: str, items: list[OutboxItem | Queued], officer: str, refused: int) -> None:
        queued = [item for item in items if item.state == "queued"]
        name = self.store.handlers.name(desk, officer)
        what = assigning.told(officer, str(self.store.officer().get("id", "")), name, "")
        names = queued[0].reference or queued[0].subject if len(queued) == 1 else ""
        count = len(queued)
        step = (
            with_name(what, names)
            if names
            else ngettext("{what}: {count} case", "{what}: {count} cases", count).format(what=what, count=count)
        )
        if queued:
            self.imi.queued(queued, step, self.marks_now())
        late = len(items) - count
        self.say(bulk.outcome(step if queued else "", late, refused), problem=bool(late or refused))
        self.acted([(item.desk, item.case_id) for item in items])
        self.assigned([(item.desk, item.case_id) for item in items])
        self.refresh_frame()
