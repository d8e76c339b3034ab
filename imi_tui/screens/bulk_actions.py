"""Marking cases and acting on all of them: one preview of the effect, one step to take back."""

from __future__ import annotations

import asyncio
import time
from functools import cache, partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from imi_core.errors import UnknownProcedure
from imi_tui import problems
from imi_tui.cache.errors import CacheError
from imi_tui.framework.file_errors import OF_THIS_MACHINE
from imi_tui.i18n import _, ngettext
from imi_tui.screens import routes
from imi_tui.screens.doing import BEHIND, CaseId
from imi_tui.screens.own import OwnActions
from imi_tui.screens.undoing import told
from imi_tui.undo import Change
from imi_tui.viewmodel import bulk, doing
from imi_tui.widgets.case_list import CaseList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from imi_core.procedure import Rules
    from imi_tui.actions import Action
    from imi_tui.cache.bulk.marking import Kind, MarkedCase
    from imi_tui.cache.model import OutboxItem, Queued, ViewId
    from imi_tui.cache.outbox.draft import Draft

MOMENT = 0.05
"""Seconds of searching for cases before the next key is handled."""
BETWEEN = 0.005
"""Seconds for handling keys before the search for cases goes on."""
AT_ONCE = 500
"""Entries queued one by one before keys are handled."""
CHOICE = 60
"""Width in cells of a line in a dialogue and in a notification."""
BELOW = 6
"""Lines of a dialogue taken by its border, its input and its keys."""


class BulkActions(OwnActions):
    """Actions of a list whose cases can be marked."""

    def __init__(self) -> None:
        super().__init__()
        self.marks = bulk.Marked(lambda: self.store.marking)
        self._offers: tuple[tuple[frozenset[int], int, str] | None, tuple[Action, ...]] = (None, ())

    @property
    def marked(self) -> set[int]:
        """The numbers of the marked cases."""
        return self.query_one(CaseList).marked

    if TYPE_CHECKING:

        def view_now(self) -> ViewId:
            """The id of the view that is shown; the screen knows it."""

    def marks_changed(self) -> None:
        """Called after marks came or went."""

    # -- marking -----------------------------------------------------------------------------------------------------

    def action_list_mark(self) -> None:
        """Mark the case, or take its mark away; on the heading of a folded group, of all its cases."""
        found = self.query_one(CaseList)
        if found.heading is not None:
            numbers = found.group_numbers()
            if not found.marked.issuperset(numbers):
                self._mark(numbers)
                return
            found.unmark_some(numbers)
        elif found.row is not None and found.row.n not in found.marked and not self._room(1):
            return
        else:
            found.toggle_mark()
        self.marks_changed()

    def action_list_mark_range(self) -> None:
        """Mark from the case marked last to the cursor."""
        self._mark(self.query_one(CaseList).range_to_cursor())

    def action_list_mark_all(self) -> None:
        """Mark every row of the list."""
        self._mark(self.query_one(CaseList).all_numbers())

    async def action_list_mark_matching(self) -> None:
        """Ask for words; mark what they find in this view."""

        def answered(typed: str | None) -> None:
            if typed and typed.strip():
                self._mark_found(self.store.marking.matching(typed, self.view_now()))

        label = _("Every case of this view that this search line finds is marked, such as: country:DE alpbau")
        await self.app.push_screen(routes.ask_line(_("Mark what matches"), label), answered)

    def _mark_found(self, parts: Iterator[list[int]]) -> None:
        """Mark at once what is found within `MOMENT`, so that the next key acts on it; the rest follows in a worker."""
        numbers: list[int] = []
        until = time.monotonic() + MOMENT
        for part in parts:
            numbers += part
            if time.monotonic() > until:
                self.run_worker(self._mark_in_parts(numbers, parts), group="marking", exclusive=True)
                return
        self._mark(numbers)

    async def _mark_in_parts(self, first: list[int], parts: Iterator[list[int]]) -> None:
        """Mark the rest while keys are handled. Ends when marks are removed or the view changes."""
        found, view = self.query_one(CaseList), self.view_now()
        put, count = 0, len(found.marked)
        for part in chain((first,), parts):
            while not self.is_active:
                # What is asked there is about those that are marked by now.
                await asyncio.sleep(BEHIND)
            new = set(part) - found.marked
            if self.view_now() != view or len(found.marked) < count or not self._room(len(new)):
                return
            found.mark(new)
            put, count = put + len(new), len(found.marked)
            self.refresh_title()
            # A key goes through several hands: all of them get their turn.
            await asyncio.sleep(BETWEEN)
        self._told_marked(put)

    def _mark(self, numbers: list[int]) -> None:
        found = self.query_one(CaseList)
        new = set(numbers) - found.marked
        if not self._room(len(new)):
            return
        found.mark(new)
        self._told_marked(len(new))

    def _told_marked(self, new: int) -> None:
        found = self.query_one(CaseList)
        text = ngettext("{count} case marked, {all} in all.", "{count} cases marked, {all} in all.", new)
        self.say(text.format(count=new, all=len(found.marked)))
        self.marks_changed()

    def _room(self, more: int) -> bool:
        from imi_tui.cache.bulk.marking import MOST

        if len(self.marked) + more <= MOST:
            return True
        self.say(_("At most {count} cases can be marked at once.").format(count=MOST), problem=True)
        return False

    def action_list_read(self) -> None:
        """Count the marked cases, or the one under the cursor, as read."""
        found = self.query_one(CaseList)
        numbers = sorted(found.marked) or ([found.row.n] if found.row is not None else [])
        marking = self.store.marking
        try:
            before = marking.read(numbers)
        except CacheError as error:
            self.say(problems.sentence(error.code), problem=True)
            return
        if not before:
            self.say(_("Nothing changed."))
            return
        count = len(before)
        what = ngettext("{count} case marked as read", "{count} cases marked as read", count).format(count=count)
        again = [n for n, _unread, _seen in before]
        self.imi.undo.did(Change(what, (), lambda: marking.unread(before), lambda: marking.read(again)))
        self.say(told(what))
        self.refresh_frame()

    def put_marks(self, numbers: Iterable[int], *, marked: bool) -> None:
        """Set or remove marks, so that something else can be done with the same cases."""
        if numbers:
            found = self.query_one(CaseList)
            (found.mark if marked else found.unmark_some)(numbers)
            self.marks_changed()

    def marks_now(self) -> tuple[int, ...]:
        """The numbers of the marked cases."""
        return tuple(sorted(self.marked))

    def assigned(self, cases: list[CaseId]) -> None:
        """Marks have done their work."""
        self.query_one(CaseList).unmark()
        self.marks_changed()

    # -- acting ------------------------------------------------------------------------------------------------------

    def offered_for_marked(self) -> tuple[Action, ...]:
        """The lifecycle actions possible with at least one of the marked cases."""
        numbers = frozenset(self.marked)
        moment = numbers, self.marks.generation, self.context.language
        if self._offers[0] != moment:
            # Asked for at every key that is no binding of its own.
            self._offers = moment, self._look_what_is_possible(numbers)
        return self._offers[1]

    def known_for_marked(self) -> tuple[Action, ...]:
        """The same as far as it is known already. With thousands of marks a worker finds out and updates the footer."""
        numbers = frozenset(self.marked)
        if self.marks.lacks(numbers) <= bulk.PART:
            return self.offered_for_marked()
        # Made when it begins: one that is followed by another at once never does.
        look: Callable[[], Any] = partial(self._look, numbers)
        self.run_worker(look, group="looking", exclusive=True)
        known, _generation, language = self._offers[0] or (None, 0, "")
        # What came into the cache meanwhile seldom changes it.
        return self._offers[1] if (known, language) == (numbers, self.context.language) else ()

    async def _look(self, numbers: frozenset[int]) -> None:
        """Find out what is possible. Ends when the marks or the cache change; the footer then starts it again."""
        generation = self.marks.generation
        await asyncio.sleep(BETWEEN)
        for _part in self.marks.look(numbers):
            await asyncio.sleep(BETWEEN)
            if self.marks.generation != generation or self.marked != numbers:
                return
        self.refresh_frame()

    def _look_what_is_possible(self, numbers: frozenset[int]) -> tuple[Action, ...]:
        names = self.marks.offered(numbers)
        rules = self._rules_of_kind(self._most(self.marks.standings(numbers))) if names else None
        if rules is None:
            return ()
        known = tuple(name for name in rules.lifecycle.actions if name in names)
        return tuple(doing.offered(rules, known, self.context.languages, self.taken_keys()))

    async def action_do(self, name: str) -> None:
        """Do a lifecycle action: on the marked cases after one look at what it will do, else on the one at hand."""
        if len(self.marked) < 2:
            await super().action_do(name)
            return
        plan = self.marks.plan(name, self.marked)
        if not plan.ready:
            self.say("\n".join(self._what_it_does(plan, CHOICE, self.app.size.height // 2)), problem=True)
            return
        rules = self._rules_of_kind(self._most(list(plan.ready)))
        if rules is None:
            return
        if rules.lifecycle.actions[name].target is None:
            await self._ask_for_marked(plan, rules, "")
            return
        await self.choose_target(name, rules, plan.ready[0].desk, lambda desk: self._ask_for_marked(plan, rules, desk))

    async def _ask_for_marked(self, plan: bulk.Plan, rules: Rules, target: str) -> None:
        detail = self.store.case(*self.marks.representative(plan.ready))
        if detail is None:
            return
        answers: dict[str, Any] = {}
        drafts = cache(partial(bulk.drafts, plan, answers, target))
        what, field = doing.asks(rules, plan.action, doing.typed(detail.case))
        self.read_ahead(self.marked, drafts if what != "form" else tuple)
        if what == "form":
            plan = bulk.alike(plan, lambda each: self._form(plan.action, each))
            cases = {(each.desk, each.id): each.seen for each in plan.ready}

            def filled(items: list[OutboxItem | Queued] | None) -> None:
                if items:
                    self._all_queued(plan, items, 0)

            note = "\n".join(self._what_it_does(plan, self.app.size.width - 2, self.app.size.height // 5)[1:])
            await self.app.push_screen(routes.act(list(cases), plan.action, target, seen=cases, note=note), filled)
            return
        days = what == "days" and field is not None
        width = self.app.size.width - 4 if days else CHOICE
        # What is asked stands below, in its window, which leaves a tenth of the screen free.
        text = "\n".join(self._what_it_does(plan, width, self.app.size.height * 9 // 10 - BELOW))
        if days and field is not None:
            seat = next((seat for seat in self.store.seats() if seat.desk == detail.desk), None)
            authority = self.store.authority(seat.authority) if seat is not None else None

            def answered(days: int | None) -> None:
                if days is not None:
                    answers[field.id] = days
                    self._queue_for_marked(plan, drafts())

            base = f"{rules.lifecycle.id}.form.{rules.lifecycle.actions[plan.action].form}.{field.id}"
            label = rules.label(base, field.label, self.context.languages)
            default = doing.default_days(detail, authority, field)
            self.load_calendar(authority)
            await self.app.push_screen(routes.ask_days(text, label, field, default), answered)
            return

        def chosen(value: str | None) -> None:
            if value == "do":
                self._queue_for_marked(plan, drafts())

        count = len(plan.ready)
        do = ngettext("Do it with {count} case", "Do it with {count} cases", count).format(count=count)
        await self.app.push_screen(routes.choose(text, [(do, "do"), (_("Leave it"), "leave")]), chosen)

    def _form(self, action: str, standing: MarkedCase) -> object:
        """The fields that an action asks for with a case."""
        from imi_core.answers import form_for

        detail, rules = self.store.case(standing.desk, standing.id), self._rules_of_kind(standing.kind)
        return form_for(rules, action, doing.typed(detail.case)).fields if detail is not None and rules else None

    def _queue_for_marked(self, plan: bulk.Plan, drafts: list[Draft]) -> None:
        with self.imi.undisturbed():
            queued, refused, left = self.store.queue_alike(drafts, self.marked)
        if len(left) > AT_ONCE:
            self.run_worker(self._queue_in_parts(plan, left, list(queued), len(refused)), group="queueing")
            return
        try:
            items, more = self.store.queue_all(left) if left else ([], [])
        except OF_THIS_MACHINE as error:
            if not queued:
                raise
            self._all_queued(plan, queued, len(refused))
            self._not_queued(left, error.code)
            return
        self._all_queued(plan, [*queued, *items], len(refused) + len(more))

    async def _queue_in_parts(
        self, plan: bulk.Plan, left: list[Draft], items: list[OutboxItem | Queued], refused: int
    ) -> None:
        """Queue entries one by one, in parts. Whatever ends this, those queued so far are one step to take back."""
        done, code = len(plan.ready) - len(left), ""
        while left:
            part = left[:AT_ONCE]
            try:
                queued, not_queued = self.store.queue_all(part)
            except OF_THIS_MACHINE as error:
                code = error.code
                break
            left = left[AT_ONCE:]
            items += queued
            refused += len(not_queued)
            done += len(part)
            self.say(_("Queueing: {done} of {count}").format(done=done, count=len(plan.ready)))
            await asyncio.sleep(0)
        if items or not left:
            self._all_queued(plan, items, refused)
        if left:
            self._not_queued(left, code)

    def _not_queued(self, left: list[Draft], code: str) -> None:
        """Mark their cases again and say why they were not queued."""
        self.put_marks(self.store.marking.numbers((each.desk, each.case_id) for each in left), marked=True)
        self.say(problems.sentence(code), problem=True)

    def _all_queued(self, plan: bulk.Plan, items: Sequence[OutboxItem | Queued], refused: int) -> None:
        queued = [item for item in items if item.state == "queued"]
        count = len(queued)
        name = self._action_name(plan)
        what = ngettext("{action}: {count} case", "{action}: {count} cases", count).format(action=name, count=count)
        self.imi.queued(queued, what, self.marks_now())
        late = len(items) - count
        self.say(bulk.outcome(what if queued else "", late, refused), problem=bool(late or refused))
        self.acted([(item.desk, item.case_id) for item in items])
        self.query_one(CaseList).unmark()
        self.marks_changed()
        self.refresh_frame()

    def _what_it_does(self, plan: bulk.Plan, width: int, height: int) -> list[str]:
        return bulk.fitting(plan, self._action_name(plan), self._state_name, width, height)

    def _action_name(self, plan: bulk.Plan) -> str:
        standings = list(plan.ready) or self.marks.standings(self.marked)
        rules = self._rules_of_kind(self._most(standings))
        action = rules.lifecycle.actions.get(plan.action) if rules is not None else None
        if rules is None or action is None:
            return plan.action
        return rules.label(f"{rules.lifecycle.id}.action.{plan.action}", action.label, self.context.languages)

    def _state_name(self, kind: Kind) -> str:
        rules = self._rules_of_kind(kind)
        state = rules.lifecycle.states.get(kind.state) if rules is not None else None
        if rules is None or state is None:
            return kind.state
        return rules.label(f"{rules.lifecycle.id}.state.{kind.state}", state.label, self.context.languages)

    def _rules_of_kind(self, kind: Kind | None) -> Rules | None:
        try:
            return self.store.rules(kind.procedure, kind.version) if kind is not None else None
        except UnknownProcedure:
            return None

    def _most(self, standings: list[MarkedCase]) -> Kind | None:
        """The kind that most of them are of."""
        counts: dict[Kind, int] = {}
        for each in standings:
            if each.kind is not None:
                counts[each.kind] = counts.get(each.kind, 0) + 1
        return max(counts, key=lambda kind: counts[kind], default=None)
