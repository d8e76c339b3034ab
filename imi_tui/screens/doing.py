"""Doing something with a case, from the inbox and from the case: ask what the action asks for, queue, offer undo."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from imi_core.errors import ActionRefused, AnswersRefused, UnknownProcedure
from imi_tui import actions as registry
from imi_tui import problems
from imi_tui.cache.errors import CacheError
from imi_tui.framework.file_errors import OF_THIS_MACHINE
from imi_tui.hints import hint
from imi_tui.i18n import _, ngettext
from imi_tui.i18n.joining import with_name
from imi_tui.screens import routes
from imi_tui.screens.undoing import UndoActions
from imi_tui.viewmodel import doing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence

    from imi_core.procedure import Rules
    from imi_tui.actions import Action
    from imi_tui.cache.model import AuthorityHit, CaseDetail, OutboxItem, Queued, Row
    from imi_tui.cache.outbox.draft import Draft

CaseId = tuple[str, str]


BEHIND = 0.1
"""Seconds after which is read what the answer to a question will need."""


class CaseScreenBase(UndoActions):
    """A screen with cases at hand; override `targets` (on which cases keys act) and `acted` (what follows)."""

    def targets(self) -> list[CaseId]:
        """The cases an action applies to: the marked ones, else the current one."""
        return []

    def acted(self, done: list[CaseId]) -> None:
        """Called after entries were queued for these cases."""

    def read(self, row: Row) -> None:
        """Mark a case as read; where that cannot be kept just now it stays unread, which harms nobody."""
        with contextlib.suppress(*OF_THIS_MACHINE):
            self.store.mark_read(row.desk, row.id)

    def rules_of(self, detail: CaseDetail) -> Rules | None:
        """The rules the case runs under; None where this machine does not have them yet."""
        try:
            return self.store.rules(detail.case["procedure"], detail.case.get("procedureVersion", 1))
        except UnknownProcedure:
            return None

    def offers(self, details: list[CaseDetail]) -> tuple[Action, ...]:
        """The lifecycle actions possible on every one of these cases."""
        if not details:
            return ()
        rules = self.rules_of(details[0])
        if rules is None:
            return ()
        return self._offers_of(rules, details)

    def refused_actions(self) -> tuple[Action, ...]:
        """What the lifecycle has for the first case at hand, but not in its present state."""
        targets = self.targets()
        detail = self.store.case(*targets[0]) if targets else None
        rules = self.rules_of(detail) if detail is not None else None
        if detail is None or rules is None:
            return ()
        own = tuple(name for name, each in rules.lifecycle.actions.items() if not each.starts and each.key)
        names = tuple(name for name in own if name not in detail.actions)
        found = doing.offered(rules, names, self.context.languages, self.taken_keys())
        why = [doing.when_possible(rules, name, self.context.languages) for name in names]
        return tuple(action._replace(help=text) for action, text in zip(found, why, strict=True))

    def _offers_of(self, rules: Rules, details: list[CaseDetail]) -> tuple[Action, ...]:
        names = tuple(name for name in details[0].actions if all(name in other.actions for other in details[1:]))
        return tuple(doing.offered(rules, names, self.context.languages, self.taken_keys()))

    def explain(self, key: str) -> None:
        """Also for actions of the lifecycle that the case at hand does not allow."""
        super().explain(key)
        others = (*registry.in_scope(self.SCOPE), *registry.in_scope("rows"))
        targets = self.targets()
        if len(key) > 1 or not targets or any(key in self.keys_for(action) for action in others):
            return
        detail = self.store.case(*targets[0])
        rules = self.rules_of(detail) if detail is not None else None
        if detail is None or rules is None:
            return
        for name, action in rules.lifecycle.actions.items():
            if key == action.key and not action.starts and name not in detail.actions:
                label = rules.label(f"{rules.lifecycle.id}.action.{name}", action.label, self.context.languages)
                self.say(_("{action}: this is not possible in the present state of the case.").format(action=label))
                return

    async def action_do(self, name: str) -> None:
        """Do a lifecycle action on the cases at hand."""
        details = [found for id in self.targets() if (found := self.store.case(*id)) is not None]
        if not details or any(name not in detail.actions for detail in details):
            return
        first = details[0]
        rules = self.rules_of(first)
        if rules is None:
            return
        if rules.lifecycle.actions[name].target is not None:
            await self.choose_target(name, rules, first.desk, lambda desk: self._ask(name, details, rules, desk))
        else:
            await self._ask(name, details, rules, "")

    async def choose_target(self, name: str, rules: Rules, desk: str, then: Callable[[str], Awaitable[None]]) -> None:
        """Have the officer choose to whom an action of this desk goes, within what the lifecycle allows."""
        seat = next((seat for seat in self.store.seats() if seat.desk == desk), None)
        if seat is None:
            return
        within = rules.lifecycle.actions[name].within

        async def chosen(hit: AuthorityHit | None) -> None:
            if hit is not None:
                await then(hit.desk)

        await self.app.push_screen(
            routes.authorities(
                choose=True,
                country=seat.country if within == "same_country" else "",
                other_than=seat.country if within == "other_country" else "",
                area=seat.area,
            ),
            chosen,
        )

    async def _ask(self, name: str, details: list[CaseDetail], rules: Rules, target: str) -> None:
        first = details[0]
        what, field = doing.asks(rules, name, doing.typed(first.case))
        if what == "nothing":
            self._queue(name, details, {}, target)
        elif what == "days" and field is not None:
            seat = next((seat for seat in self.store.seats() if seat.desk == first.desk), None)
            authority = self.store.authority(seat.authority) if seat is not None else None

            self.load_calendar(authority)

            def answered(days: int | None) -> None:
                if days is not None:
                    self._queue(name, details, {field.id: days}, target)

            base = f"{rules.lifecycle.id}.form.{rules.lifecycle.actions[name].form}.{field.id}"
            label = rules.label(base, field.label, self.context.languages)
            await self.app.push_screen(
                routes.ask_days(
                    self._heading(rules, name, details), label, field, doing.default_days(first, authority, field)
                ),
                answered,
            )
        else:

            def filled(items: list[OutboxItem | Queued] | None) -> None:
                if items:
                    self._queued(name, details, items, rules)

            cases = {(detail.desk, detail.id): detail.seen for detail in details}
            await self.app.push_screen(routes.act(list(cases), name, target, seen=cases), filled)

    def load_calendar(self, authority: dict[str, Any] | None) -> None:
        """Behind the question for days: what its answer is counted by."""
        country = str((authority or {}).get("country", ""))
        self.app.set_timer(BEHIND, lambda: doing.load_calendar(country, self.context.today()))

    def read_ahead(self, marked: Collection[int], drafts: Callable[[], Sequence[Draft]] = tuple) -> None:
        """Behind a question about marked cases, as far as there are some: what its answer will need.

        `drafts`: makes what will be queued, but for what is still to be answered.
        """
        if marked:
            self.run_worker(self._foresee(tuple(marked), drafts), group="foreseeing", exclusive=True)

    async def _foresee(self, marked: tuple[int, ...], drafts: Callable[[], Sequence[Draft]]) -> None:
        """Read it in steps between which keys are answered."""
        await asyncio.sleep(BEHIND)
        for _step in self.store.foresee(marked, drafts()):
            await asyncio.sleep(0)

    def _heading(self, rules: Rules, name: str, details: list[CaseDetail]) -> str:
        action = rules.lifecycle.actions[name]
        label = rules.label(f"{rules.lifecycle.id}.action.{name}", action.label, self.context.languages)
        if len(details) > 1:
            return ngettext("{action}: {count} case", "{action}: {count} cases", len(details)).format(
                action=label, count=len(details)
            )
        return with_name(label, details[0].case.get("reference", ""))

    def _queue(self, name: str, details: list[CaseDetail], answers: dict[str, Any], target: str) -> None:
        items: list[OutboxItem] = []
        refused: list[tuple[CaseDetail, ActionRefused | CacheError]] = []
        for detail in details:
            try:
                # Based on what was shown when the question was asked; a synchronisation may have changed it since.
                entry: dict[str, Any] = {"answers": answers, "target": target, "seen": detail.seen}
                items.append(self.store.act(detail.desk, detail.id, name, **entry))
            except (ActionRefused, CacheError) as error:
                refused.append((detail, error))
        rules = self.rules_of(details[0])
        if refused:
            self._say_refused(*refused[0], len(refused))
        if items and rules is not None:
            self._queued(name, details, items, rules)

    def _say_refused(self, detail: CaseDetail, error: ActionRefused | CacheError, count: int) -> None:
        if isinstance(error, AnswersRefused) and error.problems:
            reason = problems.answer_problem(error.problems[0].code, error.problems[0].allowed)
        else:
            reason = problems.sentence(error.code)
        text = _("{reference} was not queued: {reason}").format(
            reference=detail.case.get("reference") or detail.id, reason=reason
        )
        if count > 1:
            text += " " + ngettext("{count} more case likewise.", "{count} more cases likewise.", count - 1).format(
                count=count - 1
            )
        self.say(text, problem=True)

    def _queued(self, name: str, details: list[CaseDetail], items: Sequence[OutboxItem | Queued], rules: Rules) -> None:
        queued = [item for item in items if item.state == "queued"]
        if queued:
            what = self._heading(rules, name, details[: len(queued)])
            self.imi.queued(queued, what)
            self.say(_("Queued: {what}. Press {key} to take it back.").format(what=what, key=hint("app.undo")))
        if late := len(items) - len(queued):
            text = ngettext(
                "A case changed after you read it. Nothing was sent; your entry is in the outbox ({key}), to be"
                " compared.",
                "{count} cases changed after you read them. Nothing was sent there; your entries are in the outbox"
                " ({key}), to be compared.",
                late,
            )
            self.say(text.format(count=late, key=hint("go.outbox")), problem=True)
        self.acted([(item.desk, item.case_id) for item in items])
        self.refresh_frame()
