"""What still keeps a case from being sent, where there is no room for it beside the form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.widgets import Static

from imi_tui.forms.compose import Gap
from imi_tui.i18n import _
from imi_tui.screens.base import Dialogue, bindings
from imi_tui.widgets.check_list import CheckList

if TYPE_CHECKING:
    from textual.app import ComposeResult


class MissingScreen(Dialogue[Gap]):
    """The result is the gap to go to, None after Escape."""

    SCOPE = "confirm"
    BINDINGS = bindings("confirm")
    AUTO_FOCUS = "CheckList"

    def __init__(self, gaps: list[Gap]) -> None:
        super().__init__()
        self._gaps = gaps

    def compose(self) -> ComposeResult:
        """A title and the list."""
        with Vertical(classes="dialogue"):
            yield Static(_("Still missing; Enter goes there:"), markup=False)
            yield CheckList(passed=False)

    def on_mount(self) -> None:
        """Fill the list."""
        self.query_one(CheckList).show_gaps(self._gaps)

    def on_check_list_chosen(self, event: CheckList.Chosen) -> None:
        """Close with what was chosen."""
        event.stop()
        self.dismiss(event.gap)

    def on_check_list_left(self, event: CheckList.Left) -> None:
        """Close without."""
        event.stop()
        self.dismiss(None)

    def action_choose(self) -> None:
        """Take what is under the cursor."""
        self.query_one(CheckList).action_pick()
