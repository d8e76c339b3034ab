"""What a new case begins with, and what it becomes a beginning for: earlier cases and templates."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from imi_tui import problems
from imi_tui.cache.errors import CacheError
from imi_tui.forms import beginning
from imi_tui.forms.form_history import Place
from imi_tui.i18n import _
from imi_tui.i18n.joining import with_name
from imi_tui.screens import routes
from imi_tui.screens.rewriting import Rewriting
from imi_tui.screens.undoing import and_back
from imi_tui.undo import Change
from imi_tui.viewmodel.cells import one_line

if TYPE_CHECKING:
    from imi_tui.forms.beginning import Source
    from imi_tui.forms.compose import Composition


class BeginsFrom(Rewriting):
    """For the screen that writes a new case."""

    work: Composition

    @abstractmethod
    async def filled(self) -> None:
        """Show what was filled in from outside."""

    async def action_reuse(self) -> None:
        """Choose an earlier case and copy its answers; personal data only where the officer says so."""

        async def chosen(found: tuple[str, str] | None) -> None:
            if found is not None:
                await self.begin_like(*found)

        await self.app.push_screen(routes.earlier_case(), chosen)

    async def begin_like(self, desk: str, id: str) -> None:
        """Copy the answers of this case."""
        detail = self.store.case(desk, id)
        if detail is not None:
            await self._ask_personal_data(beginning.of_case(detail))

    async def _ask_personal_data(self, source: Source) -> None:
        labels = beginning.personal_labels(self.store, source, self.context.languages)
        if not labels:
            await self._begin_with(source, personal=False)
            return

        async def answered(value: str | None) -> None:
            if value is not None:
                await self._begin_with(source, personal=value == "personal")

        question = _("That case holds personal data: {fields}").format(fields=", ".join(labels))
        answers = [(_("Copy the rest only"), "plain"), (_("Copy personal data too"), "personal")]
        await self.app.push_screen(routes.choose(question, answers), answered)

    async def _begin_with(self, source: Source, *, personal: bool) -> None:
        self.close_step()
        copied = beginning.begin(self.work, source, personal=personal)
        self.note(Place(what=_("Reuse a case")))
        await self.filled()
        self.say(_copied() if copied else _("Nothing of that case could be copied."))

    async def begin_with_template(self, id: str) -> None:
        """Fill what is still empty from a template: personal data was left out of it, or kept on purpose.

        A case that has begun becomes one of the template's procedure.
        """
        self.close_step()
        template, begun = self.store.snippets.template(id), self.work.form is not None
        if template is not None:
            copied = beginning.begin(self.work, beginning.of_template(template), personal=True, anew=True)
        if template is None or self.work.draft.procedure != template.procedure:
            self.say(_("Nothing of this template could be used: you may not start its procedure."), problem=True)
            return
        self.note(Place(what=one_line(template.name)))
        await self.filled()
        if begun:
            self.say(_copied() if copied else _("Nothing changed."))

    async def action_template(self) -> None:
        """Keep what is written as a template: ask for its name, and whether personal data is to be kept."""

        async def named(name: str | None) -> None:
            if name:
                await self._ask_what_to_keep(name)

        await self.app.push_screen(routes.ask_text(_("Name of the template:"), self._proposed_name()), named)

    def _proposed_name(self) -> str:
        work = self.work
        work.collect()
        subject = work.draft.answers.get(work.rules.procedure.subject, "") if work.rules is not None else ""
        return str(subject or work.labels.title)

    async def _ask_what_to_keep(self, name: str) -> None:
        source = beginning.of_draft(self.work)
        labels = beginning.personal_labels(self.store, source, self.context.languages)
        labels += [_("Message")] if source.text.strip() else []
        if not labels:
            self._keep(name, source, personal=False)
            return

        def answered(value: str | None) -> None:
            if value is not None:
                self._keep(name, source, personal=value == "personal")

        question = _("These may be about a person: {fields}").format(fields=", ".join(labels))
        answers = [(_("Leave them out of the template"), "plain"), (_("Keep them in the template"), "personal")]
        await self.app.push_screen(routes.choose(question, answers), answered)

    def _keep(self, name: str, source: Source, *, personal: bool) -> None:
        store = self.store
        try:
            template = store.keep_template(beginning.as_template(store, name, source, personal=personal))
        except CacheError as error:
            self.say(problems.sentence(error.code), problem=True)
            return
        id, what = template.id, with_name(_("Keep as a template"), one_line(template.name))
        self.imi.undo.did(
            Change(what, (), lambda: store.drop("template", id), lambda: store.bring_back("template", id))
        )
        self.say(_("Kept as the template {name}, on this machine only.").format(name=template.name))


def _copied() -> str:
    return and_back(_("The answers were copied; check them."), "write.undo")
