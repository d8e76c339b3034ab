"""A case that is being written as the authority asked will see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.widgets import Static

from imi_tui.i18n import _
from imi_tui.screens.base import Dialogue, bindings
from imi_tui.viewmodel import other_side
from imi_tui.widgets.document import Document

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from imi_tui.forms.compose import Composition


class OtherSideScreen(Dialogue[None]):
    """Before acceptance first; a key turns to what is seen after it."""

    SCOPE = "preview"
    CSS_PATH = ["base.tcss", "other_side.tcss"]
    BINDINGS = bindings("preview")
    AUTO_FOCUS = "Document"

    def __init__(self, work: Composition) -> None:
        super().__init__()
        self._work, self._accepted = work, False

    def compose(self) -> ComposeResult:
        """Which of the two it is, the page, the keys."""
        with Vertical(classes="dialogue"):
            yield Static(id="side", markup=False)
            yield Document()
            yield Static(_("Space: before or after acceptance   Esc: back"), id="keys", markup=False)

    def on_mount(self) -> None:
        """Before acceptance."""
        self._show()

    def action_turn(self) -> None:
        """The other one."""
        self._accepted = not self._accepted
        self._show()

    def _show(self) -> None:
        title = (
            _("What the other side sees after it accepts")
            if self._accepted
            else _("What the other side sees before it accepts")
        )
        self.query_one("#side", Static).update(title)
        self.query_one(Document).show(other_side.blocks(self._work, self._bytes, accepted=self._accepted))

    def _bytes(self, blob_id: str) -> int:
        found = self.store.files.attached(blob_id)
        return found.size if found is not None else 0
