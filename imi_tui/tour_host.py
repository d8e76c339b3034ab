"""The app as the host of the tour: begins and ends it, and tells it what the officer did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App

from imi_tui.i18n import _
from imi_tui.screens import routes

if TYPE_CHECKING:
    from textual.widgets import Input

    from imi_tui.context import Context
    from imi_tui.screens.touring import Touring
    from imi_tui.undo import Undo
    from imi_tui.widgets.case_list import CaseList


class TourHost(App[None], inherit_bindings=False):
    """An app over whose screens the tour can stand. Nothing of the tour is loaded before it begins."""

    context: Context
    undo: Undo
    tour: Touring | None = None
    """The tour, while it runs."""

    def go_on_with_tour(self, *, anew: bool = False) -> None:
        """Show the tour where it was, or from its beginning; one that was ended stays so."""
        if self.tour is not None and not anew:
            return
        from imi_tui.screens.touring import Touring

        touring = Touring(self)
        if anew or touring.unfinished:
            self.tour = touring
            touring.begin(anew=anew)

    def begin_tour(self) -> None:
        """Begin the tour where the cases are invented; elsewhere offer to open such cases."""
        if self.context.demo:
            self.end_tour()
            self.go_on_with_tour(anew=True)
            return

        def answered(value: str | None) -> None:
            if value == "demo":
                self.context.after = "tour"
                self.exit()

        text = _("The tour uses invented cases and a server of its own on this machine. Yours stay as they are.")
        answers = [(_("Close this and open the tour"), "demo"), (_("Stay here"), "stay")]
        self.push_screen(routes.choose(text, answers), answered)

    def end_tour(self) -> None:
        """No tour any more."""
        if self.tour is not None:
            self.tour.end()
            self.tour = None

    def happened(self, fact: str) -> None:
        """The officer did something that the tour may wait for."""
        if self.tour is not None:
            self.tour.happened(fact)

    def on_case_list_moved(self, _message: CaseList.Moved) -> None:
        """A row of the list of cases."""
        self.happened("row")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Something is typed into a line."""
        if self.tour is not None:
            self.tour.typed(getattr(self.screen, "SCOPE", ""), event.value)
