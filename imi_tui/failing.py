"""What becomes of a mistake of the program: what was typed is kept, one sentence is said, no value is printed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

from rich.text import Text

from imi_tui.i18n import _
from imi_tui.locking import LockingApp
from imi_tui.process import report

if TYPE_CHECKING:
    from imi_tui.context import Context
    from imi_tui.screens.base import ActionScreen


class ReportingApp(LockingApp, inherit_bindings=False):
    """An app that ends with an incident number instead of a traceback."""

    context: Context

    def write_sequence(self, sequence: str) -> None:
        """Write a sequence of the program's own to the terminal, between two paints."""
        if sequence and self._driver is not None and not self.is_headless:
            self._driver.write(sequence)

    def let_go(self) -> None:
        """Wait until the terminal has all that was written to it: what is said after that stands below the screen.

        Textual does so as the last thing when it closes, and not at all where closing itself fails.
        """
        if self._driver is not None:
            self._driver.close()

    def _fatal_error(self) -> None:
        """End after a mistake of the program without printing a single value."""
        self._return_code = 1
        error = sys.exc_info()[1] or self._exception or RuntimeError()
        incident, path = report(error, self.context.profile.home / "incidents", f"Python {sys.version.split()[0]}")
        text = _("The program made a mistake and has to end. Everything queued or drafted is kept.")
        text += "\n" + _("Incident {incident}.").format(incident=incident)
        if path is not None:
            text += " " + _("A report without any content of cases is in {path}.").format(path=path)
        if not self._exit_renderables:
            # What fails while everything closes has its report too; Textual would say how many there are.
            self._exit_renderables.append(Text(text))
        self._keep_what_is_typed()
        self._close_messages_no_wait()

    def _keep_what_is_typed(self) -> None:
        """Save it now: what fails once may fail again while the screens close."""
        for screen in self.desk_stack:
            try:
                cast("ActionScreen[object]", screen).keep()
            except Exception as error:  # noqa: BLE001 - the end of the process; other screens may have more to keep
                report(error, self.context.profile.home / "incidents", "")

    def panic(self, *_renderables: object) -> None:
        """Errors that would draw themselves are told like all others."""
        self._fatal_error()
