"""The page before everything else while the screen is locked. It says what the lock is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.widgets import Input, Static

from imi_tui import problems
from imi_tui.i18n import _
from imi_tui.screens.base import ActionScreen, bindings
from imi_tui.screens.unlock import SecretInput
from imi_tui.widgets.footer import ActionFooter

if TYPE_CHECKING:
    from textual.app import ComposeResult


class LockScreen(ActionScreen[None]):
    """Opened again by the passphrase of the data on this machine where it has one, else by Enter."""

    SCOPE = "lock"
    REST = "#what"
    CSS_PATH = ["base.tcss", "lock.tcss"]
    BINDINGS = bindings("lock")

    _trying = False

    def compose(self) -> ComposeResult:
        """What to do, the line for the passphrase, what the lock protects from."""
        with Vertical(id="lock"):
            yield Static("", id="what", markup=False)
            if self.context.unlock is not None:
                yield SecretInput(id="passphrase")
            yield Static("", id="problem", markup=False)
            yield Static("", id="honest", markup=False)
        yield ActionFooter()

    async def on_screen_resume(self) -> None:
        """Begin anew each time."""
        secret = self.context.unlock is not None
        self.query_one("#what", Static).update(
            _("The screen is locked. Type the passphrase of the data on this machine (typing shows nothing):")
            if secret
            else _("The screen is locked. Enter opens it again.")
        )
        self.query_one("#honest", Static).update(honest(secret=secret))
        self.query_one("#problem", Static).update("")
        for field in self.query(SecretInput):
            field.value = ""
            field.focus()
        self.query_one(ActionFooter).show(self.footer_items())

    def action_open(self) -> None:
        """Without a passphrase Enter is enough."""
        if self.context.unlock is None:
            self.imi.unlock()

    def action_lock_quit(self) -> None:
        """Leave the program; everything queued and drafted is kept."""
        self.app.exit()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Try it, in a thread: making the key out of a passphrase is meant to take long."""
        event.stop()
        attempt, given = self.context.unlock, event.value
        event.input.value = ""
        if attempt is None or self._trying or not given:
            return
        self._trying = True
        self.query_one("#problem", Static).update(_("One moment ..."))

        def work() -> None:
            self.app.call_from_thread(self._tried, attempt(given))

        self.run_worker(work, thread=True, group="unlock")

    def _tried(self, problem: str) -> None:
        self._trying = False
        if problem:
            self.query_one("#problem", Static).update(problems.sentence(problem))
        else:
            self.imi.unlock()


def honest(*, secret: bool) -> str:
    """What the lock protects from, and what it does not."""
    out = _(
        "Nothing you were doing is lost, and synchronising goes on. The lock keeps people who pass by from reading and"
        " using this screen."
    )
    if not secret:
        out += " " + _("It asks for nothing, because the key of your data is kept without a passphrase of its own.")
    return (
        out
        + " "
        + _(
            "It does not protect from somebody who can use your account on this machine: lock the whole session when"
            " you leave."
        )
    )
