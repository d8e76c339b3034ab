"""What an officer keeps about cases on this machine: tags, a note, until when a case is put off. Never sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_tui import problems
from imi_tui.cache.errors import CacheError
from imi_tui.i18n import _, ngettext
from imi_tui.i18n.joining import with_name
from imi_tui.screens import routes
from imi_tui.screens.assigning import AssignActions
from imi_tui.screens.doing import CaseId
from imi_tui.screens.undoing import told
from imi_tui.undo import Change

if TYPE_CHECKING:
    from collections.abc import Callable

    from imi_tui.cache.model import Mine

USED = 8
"""Tags in use that are named where a tag is asked for."""


class OwnActions(AssignActions):
    """The actions; a screen that offers them inherits from it."""

    async def action_case_tag(self) -> None:
        """Ask for tags to give and to take away."""
        cases = self.targets()
        if not cases:
            return
        used = " ".join(tag for tag, _count in self.store.personal.tags()[:USED])
        label = _("Only on this machine. Words separated by spaces; -word takes a tag away.")
        if used:
            label += "\n" + _("In use: {tags}").format(tags=used)

        def answered(typed: str | None) -> None:
            from imi_tui.cache.personal.annotations import tagged, untagged
            from imi_tui.viewmodel.own import read_tags

            tags = read_tags(typed or "")
            if not any(tags):
                return

            def edit(_case: CaseId, mine: Mine) -> Mine:
                for tag in tags.give:
                    mine = tagged(mine, tag)
                for tag in tags.take:
                    mine = untagged(mine, tag)
                return mine

            shown = " ".join([*(f"#{tag}" for tag in tags.give), *(f"-#{tag}" for tag in tags.take)])
            self._change(_("tags {tags}").format(tags=shown), cases, edit)

        mine = self.store.personal.one(*cases[0]).tags if len(cases) == 1 else ()
        has = " " + " ".join(f"#{tag}" for tag in mine) if mine else ""
        await self.app.push_screen(routes.ask_line(self._about(_("Tags"), cases) + has, label), answered)

    async def action_case_note(self) -> None:
        """Ask for the note."""
        cases = self.targets()
        if not cases:
            return
        before = self.store.personal.one(*cases[0]).note if len(cases) == 1 else ""

        def answered(typed: str | None) -> None:
            from imi_tui.cache.personal.annotations import note_text

            if typed is None or (len(cases) > 1 and not typed.strip()):
                return
            text = note_text(typed)
            what = _("note") if text else _("note taken away")
            self._change(what, cases, lambda _case, mine: mine._replace(note=text))

        label = _("Only on this machine. Nothing written: no note.")
        await self.app.push_screen(routes.ask_line(self._about(_("Note"), cases), label, before), answered)

    async def action_case_put_off(self) -> None:
        """Ask for the day on which the case comes back."""
        from imi_tui.viewmodel import own

        cases = self.targets()
        if not cases:
            return
        today = self.context.today()
        answers = [*own.days(today), (_("Another day…"), "other")]
        if len(cases) > 1 or self.store.personal.one(*cases[0]).until:
            answers.append((_("Not any more"), "now"))

        async def chosen(value: str | None) -> None:
            if value == "other":
                await self.app.push_screen(
                    routes.ask_line(self._about(_("Put off"), cases), _("Until which day?"), check=self._day_problem),
                    lambda typed: self._put_off(cases, self._day(typed)) if typed else None,
                )
            elif value:
                self._put_off(cases, "" if value == "now" else value)

        text = self._about(_("Put off"), cases) + "\n"
        text += _("It comes back on that day, on its deadline, or when something new happens. Only on this machine.")
        await self.app.push_screen(routes.choose(text, answers), chosen)

    def _day(self, typed: str) -> str:
        """The ISO date that was typed; "" for none after today."""
        from imi_tui.typed_values import read_date

        today = self.context.today()
        found = read_date(typed, self.context.language, today) or ""
        return found if found > today.isoformat() else ""

    def _day_problem(self, typed: str) -> str:
        return "" if self._day(typed) else _("Write a day after today, such as 2026-12-31.")

    def _put_off(self, cases: list[CaseId], until: str) -> None:
        from imi_tui.viewmodel.own import last_day

        stand = self.store.marking.waiting(cases)
        today = self.context.today()

        def edit(case: CaseId, mine: Mine) -> Mine:
            if not until:
                return mine._replace(until="", version=0)
            due, version = stand[case]
            return mine._replace(until=last_day(until, due, today), version=version)

        known = [case for case in cases if case in stand] if until else cases
        what = _("put off until {date}").format(date=until) if until else _("not put off any more")
        left = len(cases) - len(known)
        note = ngettext(
            "{count} case not: nobody waits for this desk there.",
            "{count} cases not: nobody waits for this desk there.",
            left,
        ).format(count=left)
        # They leave the list: a mark that nobody sees would take them along with whatever is done next.
        self._change(what, known, edit, note if left else "", self.marks_now() if len(cases) > 1 else ())

    def _change(
        self,
        what: str,
        cases: list[CaseId],
        edit: Callable[[CaseId, Mine], Mine],
        note: str = "",
        marks: tuple[int, ...] = (),
    ) -> None:
        """Change what is kept of these cases, as one step that can be taken back; `marks` have done their work then."""
        personal = self.store.personal
        try:
            before = personal.change(cases, edit)
        except CacheError as error:
            self.say(problems.sentence(error.code), problem=True)
            return
        if not before:
            self.say(note or _("Nothing changed."), problem=bool(note))
            return
        after = {case: edit(case, mine) for case, mine in before.items()}
        step = self._about(what, list(before))
        self.imi.undo.did(
            Change(step, tuple(before), lambda: personal.restore(before), lambda: personal.restore(after), marks=marks)
        )
        self.put_marks(marks, marked=False)
        self.say(f"{told(step)} {note}".rstrip())
        self.changed_own(list(before))
        self.refresh_frame()

    def changed_own(self, cases: list[CaseId]) -> None:
        """Called after something was changed about these cases."""

    def _about(self, what: str, cases: list[CaseId]) -> str:
        """ "Tags: PW-26-004512", or with how many cases."""
        if len(cases) > 1:
            return ngettext("{what}: {count} case", "{what}: {count} cases", len(cases)).format(
                what=what, count=len(cases)
            )
        row = self.store.row(*cases[0], "all", "due")
        return with_name(what, row.reference or row.subject) if row is not None else what
