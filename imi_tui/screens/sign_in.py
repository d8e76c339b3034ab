"""Signing in, with the browser of this machine or with a code on another device. Nothing here touches the network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rich.text import Text
from textual.message import Message
from textual.widgets import Static

from imi_tui import problems
from imi_tui.actions import Situation
from imi_tui.i18n import _
from imi_tui.screens import routes
from imi_tui.screens.base import BaseScreen, bindings
from imi_tui.viewmodel import signing_in
from imi_tui.viewmodel.signing_in import Step, Way
from imi_tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from textual.app import ComposeResult


Choice = tuple[Way | Literal["tour"], str]
"""What can be chosen: a way of signing in, or the tour before that."""


SCHEME = "https://"


def _address(typed: str) -> str:
    """An address as people write it, with what it has to begin with."""
    found = typed.strip().rstrip("/")
    return found if "://" in found else SCHEME + found


class WayList(LineList[Choice]):
    """The two ways, and a look around."""

    def key_of(self, item: Choice) -> object:
        """The way."""
        return item[0]

    def lines_of(self, item: Choice, width: int) -> list[Text]:
        """One line."""
        return [Text(item[1], no_wrap=True, overflow="ellipsis")]


class SignInScreen(BaseScreen[None]):
    """Shows the address (and code), goes on by itself, never keeps anybody from reading what is on the machine."""

    SCOPE = "sign_in"
    CSS_PATH = ["base.tcss", "sign_in.tcss"]
    BINDINGS = bindings("sign_in")
    AUTO_FOCUS = "WayList"

    @dataclass
    class Told(Message, bubble=False):
        """The sign-in thread reports a step of attempt number `attempt`."""

        step: Step
        attempt: int

    def __init__(self) -> None:
        super().__init__()
        self.step = Step("idle")
        self._stop: Callable[[], None] | None = None
        self._attempt = 0
        self._asked = False

    def compose_body(self) -> ComposeResult:
        """What happens, the address and the code on lines of their own, the two ways."""
        yield Static(id="sentence")
        yield Static(id="code")
        yield Static(id="address")
        yield WayList()

    def title_text(self) -> str:
        """What this screen is."""
        return _("Sign in")

    def reload(self, kinds: frozenset[str]) -> None:
        """Write the texts again."""
        if not kinds:
            self.query_one(WayList).show(
                [
                    ("browser", _("With the browser of this machine")),
                    ("device", _("With a code on another device (SSH)")),
                    ("tour", _("Not yet: first a tour in nine steps, on invented cases")),
                ]
            )
            self._show()

    def situation(self) -> Situation:
        """Which keys make sense now."""
        flags = {"address"} if self.step.address else set()
        flags |= {"busy"} if self.step.stage in ("connecting", "waiting") else {"idle"}
        return Situation(self.SCOPE, flags=frozenset(flags))

    def action_take(self) -> None:
        """Enter in the list."""
        if self.step.stage not in ("connecting", "waiting") and (item := self.query_one(WayList).item) is not None:
            self.imi.begin_tour() if item[0] == "tour" else self._begin(item[0])

    def on_line_list_opened(self, _event: LineList.Opened) -> None:
        """A second click."""
        self.action_take()

    def action_browser(self) -> None:
        """Sign in with the browser."""
        self._begin("browser")

    def action_device(self) -> None:
        """Sign in with a code."""
        self._begin("device")

    def action_copy(self) -> None:
        """Put the address into the clipboard of the terminal."""
        if self.step.address:
            self.app.copy_to_clipboard(self.step.address)
            self.say(_("The address is in the clipboard, if your terminal allows it."))

    def action_stop(self) -> None:
        """Stop waiting."""
        self._end()
        self.step = Step("idle")
        self._show()

    def action_back(self) -> None:
        """Leave; what is on this machine can be read without signing in."""
        self._end()
        self.dismiss()

    def on_unmount(self) -> None:
        """Whatever ends the screen ends the waiting."""
        self._end()

    def on_sign_in_screen_told(self, message: Told) -> None:
        """The thread reports; words of an attempt that was stopped come too late."""
        if message.attempt != self._attempt:
            return
        self.step = signing_in.cleaned(message.step)
        if self.step.stage == "done":
            self._stop = None
            self.context.sync_now()
            self.say(signing_in.sentence(self.step))
            self.dismiss()
            return
        self._show()

    def _begin(self, way: Way) -> None:
        starter: signing_in.Starter | None = self.context.sign_in
        if starter is None:
            self.say(_("This client was started without signing in."), problem=True)
            return
        # An address that was typed here and led nowhere may be a slip.
        asked = self._asked and self.step.stage == "failed"
        if self.context.use_server is not None and (asked or not self.context.server):
            self._ask_server(way, self.context.use_server)
            return
        self._start(way, starter)

    def _start(self, way: Way, starter: signing_in.Starter) -> None:
        self._end()
        self._attempt += 1
        attempt = self._attempt
        self.step = Step("connecting", way)
        self._show()
        self._stop = starter(way, lambda step: self._tell(step, attempt))

    def _ask_server(self, way: Way, use: Callable[[str], str]) -> None:
        """Ask for the address, which nobody gave, and go on."""
        from imi_tui.config.provenance import MEANINGS

        def checked(typed: str) -> str:
            code = use(_address(typed))
            return problems.sentence(code) if code else ""

        def chosen(typed: str | None) -> None:
            if typed is not None and self.context.sign_in is not None:
                self._asked, self.context.server = True, _address(typed)
                self._start(way, self.context.sign_in)

        told, label = problems.sentence("noServer"), _(MEANINGS["server"])
        self.app.push_screen(routes.ask_line(told, label, self.context.server or SCHEME, check=checked), chosen)

    def _tell(self, step: Step, attempt: int) -> None:
        # Called in the thread of the sign-in; posting is safe from there.
        self.post_message(self.Told(step, attempt))

    def _end(self) -> None:
        self._attempt += 1
        if self._stop is not None:
            self._stop()
            self._stop = None

    def _show(self) -> None:
        code = _("Code: {code}").format(code=self.step.code) if self.step.code else ""
        for id, text in (("sentence", signing_in.sentence(self.step)), ("code", code), ("address", self.step.address)):
            found = self.query_one(f"#{id}", Static)
            found.display = bool(text)
            found.update(Text(text))
        self.show_list(self.query_one(WayList), shown=self.step.stage in ("idle", "failed"))
        self.refresh_frame()
