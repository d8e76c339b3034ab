"""What an open case leads to: related cases, the clipboard, the printer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_core.errors import UnknownProcedure
from imi_tui import problems
from imi_tui.cache.errors import CacheError
from imi_tui.i18n import _
from imi_tui.screens import routes
from imi_tui.screens.doing import CaseScreenBase
from imi_tui.viewmodel.blocks import Block
from imi_tui.viewmodel.related import Near, blocks, line, related
from imi_tui.viewmodel.views import partly_searched

if TYPE_CHECKING:
    from imi_tui.cache.model import CaseDetail
    from imi_tui.export.service import Job
    from imi_tui.viewmodel.copying import Piece
    from imi_tui.viewmodel.view import View


CLIPBOARD = "clipboard"
"""Where a copy went, in the log."""


class HandingOver(CaseScreenBase):
    """Actions on the case as a whole. The case screen says which one it is."""

    _detail: CaseDetail | None
    _view: View | None

    # -- related cases -----------------------------------------------------------------------------------------------

    def related_page(self) -> list[Block]:
        """The related cases, for the page with everything."""
        if self._detail is None:
            return []
        partly = partly_searched(self.store.unsearched())
        return [Block(""), Block(f"━━ {_('Related cases')} ━━", "heading"), *blocks(self._near(self._detail), partly)]

    def _near(self, detail: CaseDetail) -> list[Near]:
        return related(self.store, detail)

    async def action_related(self) -> None:
        """Choose a related case and open it on top of this one."""
        if self._detail is None:
            return
        found = self._near(self._detail)
        if not found:
            self.say(" ".join(block.text for block in blocks(found, partly_searched(self.store.unsearched()))))
            return

        def chosen(value: str | None) -> None:
            if value is not None:
                near = found[int(value)]
                self.app.push_screen(routes.case(near.desk, near.id, beside=True))

        heading = _("Related cases of your desk: Enter opens, Esc comes back")
        await self.app.push_screen(routes.choose(heading, [(line(n), str(i)) for i, n in enumerate(found)]), chosen)

    # -- the clipboard -----------------------------------------------------------------------------------------------

    async def action_copy(self) -> None:
        """Choose what to copy; what may be personal is asked once more."""
        if self._view is None:
            return
        if not self.context.clipboard:
            self.say(problems.sentence("clipboardOff"), problem=True)
            return
        from imi_tui.viewmodel.copying import pieces

        found = pieces(self._view)

        async def chosen(value: str | None) -> None:
            if value is not None:
                await self._copy(found[int(value)])

        rows = [(f"! {piece.name}" if piece.personal else piece.name, str(i)) for i, piece in enumerate(found)]
        heading = _("Copy to the clipboard; ! may hold personal data")
        await self.app.push_screen(routes.choose(heading, rows), chosen)

    async def _copy(self, piece: Piece) -> None:
        if not piece.personal:
            self._to_clipboard(piece)
            return
        from imi_tui.viewmodel.copying import warning

        def answered(value: str | None) -> None:
            if value == "copy":
                self._to_clipboard(piece)

        answers = [(_("Do not copy"), "leave"), (_("Copy"), "copy")]
        await self.app.push_screen(routes.choose(warning(piece), answers), answered)

    def _to_clipboard(self, piece: Piece) -> None:
        if self._detail is None:
            return
        at = ((self._detail.desk, self._detail.id),)
        what = f"{self._detail.case.get('reference') or '-'}: {piece.name}"
        try:
            number = self.store.exports.begin("copy", "", what, at, CLIPBOARD)
            # By OSC 52: over SSH, too, it is the clipboard of the machine the officer sits at.
            self.app.copy_to_clipboard(piece.text)
            self.store.exports.done(number, CLIPBOARD, "")
        except CacheError as error:
            self.say(problems.sentence(error.code), problem=True)
            return
        text = _("Given to the terminal for the clipboard: {name}. Some terminals do not take it.")
        self.say(text.format(name=piece.name))

    # -- the printer -------------------------------------------------------------------------------------------------

    async def action_print(self) -> None:
        """Print the case, whole or without personal data."""
        from imi_tui.export.translated import count
        from imi_tui.outside.printing import find_command

        if self._detail is None:
            return
        if find_command() is None:
            self.say(problems.sentence("noPrinter"), problem=True)
            return

        def chosen(value: str | None) -> None:
            if value is not None:
                self._print(personal=value != "summary", translations=value == "whole")

        answers = [
            (_("Summary: no personal data, no answers, nothing that was written freely"), "summary"),
            (_("Everything on this machine, with personal data; files by name only"), "whole"),
        ]
        if count(self._detail, self.context.language):
            answers.append((_("Everything, but without translations"), "originals"))
        heading = _("Print {reference}; fetch it from the printer at once").format(reference=self.title_text())
        await self.app.push_screen(routes.choose(heading, answers), chosen)

    def _print(self, *, personal: bool, translations: bool) -> None:
        if self._detail is None:
            return
        from imi_tui.export import printed
        from imi_tui.export.errors import NotExported

        try:
            job: Job = printed.job(
                self.store,
                self._detail,
                personal=personal,
                language=self.context.language,
                server=self.context.server,
                today=self.context.today(),
                translations=translations,
            )
            number = printed.begin(self.store, job)
        except (UnknownProcedure, CacheError) as error:
            self.say(problems.sentence(error.code), problem=True)
            return
        self.say(_("Printing ..."))

        def work() -> None:
            try:
                command, digest = printed.send(job)
            except NotExported as error:
                self.app.call_from_thread(self._not_printed, number, error.code)
            else:
                self.app.call_from_thread(self._printed, number, job.what, command, digest)

        self.run_worker(work, thread=True, group="print")

    def _printed(self, number: int, what: str, command: str, digest: str) -> None:
        self.store.exports.done(number, command, digest)
        self.say(_("Given to the printer: {what}").format(what=what))

    def _not_printed(self, number: int, code: str) -> None:
        self.store.exports.failed(number)
        self.say(problems.sentence(code), problem=True)
