"""Taking cases out of the program, from the list and from a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_tui.i18n import _
from imi_tui.screens import routes
from imi_tui.screens.base import BaseScreen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imi_tui.cache.model import Row


class Exporting(BaseScreen[None]):
    """The actions; a screen that offers them inherits from it and writes ``action_export``."""

    async def export_case(self, desk: str, id: str) -> None:
        """Ask how one case goes out."""
        await self.app.push_screen(routes.export_case(desk, id))

    async def export_rows(self, rows: Sequence[Row], name: str, what: str) -> None:
        """Ask how a list goes out."""
        if rows:
            await self.app.push_screen(routes.export_list(rows, name, what))
        else:
            self.say(_("There is no case to export."))

    async def ask_which(self, case: Row, count: int, rows: Callable[[], Sequence[Row]], name: str, what: str) -> None:
        """The case under the cursor, or the whole list of `count` cases."""

        async def chosen(value: str | None) -> None:
            if value == "case":
                await self.export_case(case.desk, case.id)
            elif value == "list":
                await self.export_rows(rows(), name, what)

        answers = [
            (_("This case: {reference}").format(reference=case.reference or case.subject), "case"),
            (_("The whole list: {count}").format(count=count), "list"),
        ]
        await self.app.push_screen(routes.choose(_("What is to be exported?"), answers), chosen)

    async def action_exports(self) -> None:
        """Show what left this machine."""
        from imi_tui.viewmodel import exporting

        lines = exporting.log_lines(self.store.exports.log())
        await self.app.push_screen(routes.read_lines(_("Exported files"), lines))
