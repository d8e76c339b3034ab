"""The steps of signing in, as the sign-in thread reports them to the screen. No Textual, no network.

`Context.sign_in` is a `Starter`: it begins one way of signing in on a thread of its own, calls `tell` from there
with each `Step`, and returns a callable that stops it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from imi_core.text import display
from imi_tui import problems
from imi_tui.i18n import _

Way = Literal["browser", "device"]
Stage = Literal["idle", "connecting", "waiting", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Step:
    """Where the sign-in stands. `address` (and, for `device`, `code`) while waiting, `problem` once it failed.

    `opened` is false where the browser could not be started and the officer has to open the address.
    """

    stage: Stage
    way: Way = "browser"
    address: str = ""
    code: str = ""
    problem: str = ""
    opened: bool = True


Tell = Callable[[Step], None]
Starter = Callable[[Way, Tell], Callable[[], None]]


def cleaned(step: Step) -> Step:
    """The step with what came from the server made safe to show; an address that is no web address is left out."""
    address = display(step.address, limit=2000)
    if not address.isascii() or not address.startswith(
        ("https://", "http://127.0.0.1:", "http://localhost:", "http://[::1]:")
    ):
        address = ""
    return Step(step.stage, step.way, address, display(step.code, limit=40), step.problem, step.opened)


def sentence(step: Step) -> str:
    """What is happening and what to do now."""
    match step.stage:
        case "idle":
            return _("Choose how to sign in. What is on this machine stays readable either way.")
        case "connecting":
            return _("Asking the server.")
        case "done":
            return _("You are signed in. Your cases arrive now.")
        case "failed":
            return problems.sentence(step.problem or "signIn")
    if step.way == "device":
        return _("On any device, open this address and enter the code. This page goes on by itself.")
    if step.opened:
        return _("Finish signing in in the browser. If no page opened, open this address yourself.")
    return _("No browser could be opened. Open this address yourself; this page goes on by itself.")
