"""The first tour: nine things an officer does all day, each done by pressing the real keys. No Textual.

A step ends when it has been done, in whatever order; nothing is ever kept from the officer meanwhile.
"""

from __future__ import annotations

from typing import NamedTuple

from imi_tui.cache.model import VIEWS
from imi_tui.hints import hint
from imi_tui.i18n import _
from imi_tui.viewmodel.footer import key_name

STEPS: tuple[str, ...] = ("move", "open", "accept", "undo", "reply", "search", "compose", "outbox", "help")
NAME = "tour"
"""Under which name the profile keeps how far the tour is."""
ENDED = "ended"
_DONE_BY: dict[str, frozenset[str]] = {
    "move": frozenset({"moved"}),
    "open": frozenset({"shown case"}),
    "accept": frozenset({"queued accept"}),
    "undo": frozenset({"taken back"}),
    "reply": frozenset({"queued reply", "queued partial_reply", "left act"}),
    "search": frozenset({"searched"}),
    "compose": frozenset({"left compose"}),
    "outbox": frozenset({"shown outbox"}),
    "help": frozenset({"shown help"}),
}
"""What the officer did, by step: a screen shown or left, an action of a procedure queued."""


class Moment(NamedTuple):
    """Where the officer is: the screen, the actions the case at hand allows, whether something can be taken back.

    The line of a search counts as a screen of its own, "search".

    `under`: the screen below it, which a small window leaves to be seen.
    """

    scope: str
    offered: frozenset[str] = frozenset()
    undo: bool = False
    under: str = ""


class Tour:
    """How far the tour is. `kept` is what `to_keep` gave earlier."""

    def __init__(self, kept: str = "") -> None:
        self.ended = kept == ENDED
        self._done = {step for step in kept.split() if step in STEPS}

    @property
    def step(self) -> str:
        """The step to do now; "" when all are done."""
        return next((step for step in STEPS if step not in self._done), "")

    def to_keep(self) -> str:
        """For the profile."""
        return ENDED if self.ended else " ".join(step for step in STEPS if step in self._done)

    def happened(self, fact: str) -> bool:
        """The officer did something; whether that was a step."""
        done = {step for step in STEPS if fact in _DONE_BY[step]} - self._done
        if fact == "left act" and self.step != "reply":
            # A form was left; only in its own step is that what was to be shown.
            done.discard("reply")
        self._done |= done
        return bool(done)

    def skip(self) -> None:
        """Leave the present step out."""
        self._done.add(self.step)

    def end(self) -> None:
        """Leave the tour."""
        self.ended = True

    def title(self) -> str:
        """How far it is."""
        if not self.step:
            return _("Tour")
        return _("Tour {number}/{count}").format(number=STEPS.index(self.step) + 1, count=len(STEPS))

    def text(self, now: Moment) -> str:
        """What to do next, in one or two sentences with the keys that work here."""
        if not self.step:
            text = _(
                "That was the tour. {menu} finds everything you can do, {help} explains it; the tour is in the menu."
            )
            return text.format(menu=hint("app.menu"), help=hint("app.help"))
        return _TEXTS[self.step](now)


def _move(now: Moment) -> str:
    if now.scope != "inbox":
        return _back()
    text = _("This is your list, what is due first on top. Go down some rows with {down}, up with {up}.")
    return text.format(down=hint("rows.down"), up=hint("rows.up"))


def _open(now: Moment) -> str:
    if now.scope != "inbox":
        return _back()
    return _("Open the case under the cursor: {open}.").format(open=hint("list.open"))


def _accept(now: Moment) -> str:
    if now.scope == "prompt":
        return _("In how many days will you answer? Type the number, or keep it: Enter. The deadline follows from it.")
    if "accept" in now.offered:
        text = _("Another authority asks whether you take this case. Accept it: {accept}.")
        return text.format(accept=_lifecycle("accept", "a"))
    return _other_view("to_accept", now)


def _undo(now: Moment) -> str:
    if now.scope == "search":
        return _back()
    if now.undo:
        text = _("It stays on this machine for half a minute. Until it leaves you can take it back: {undo}.")
        return text.format(undo=hint("app.undo"))
    text = _("What you queued has been sent. Accept another case and take that back within half a minute: {undo}.")
    return text.format(undo=hint("app.undo"))


def _reply(now: Moment) -> str:
    if "act" in (now.scope, now.under):
        text = _("Fill in what is asked, then {send} queues it. Or leave with {leave}: what you wrote stays a draft.")
        return text.format(send=hint("act.send"), leave=hint("act.cancel"))
    if "reply" in now.offered:
        return _("Answer this case: {reply}.").format(reply=_lifecycle("reply", "r"))
    return _other_view("to_answer", now)


def _search(now: Moment) -> str:
    if now.scope not in ("inbox", "search"):
        return _back()
    text = _(
        "Search every case on this machine, in any language, with or without accents: {search}, then some letters."
    )
    return text.format(search=hint("list.search"))


def _compose(now: Moment) -> str:
    if "compose" in (now.scope, now.under):
        text = _("{next} goes to the next step, {previous} back; {send} shows all of it first. Leave with {leave}.")
        return text.format(
            next=hint("compose.next"),
            previous=hint("compose.previous"),
            send=hint("compose.send"),
            leave=hint("app.back"),
        )
    if now.scope != "inbox":
        return _back()
    text = _("Begin a request of your own: {new}. Everything is saved while you type; nothing is sent unasked.")
    return text.format(new=hint("go.new"))


def _outbox(now: Moment) -> str:
    if now.scope not in ("inbox", "case"):
        return _back()
    text = _("See what waits to be sent and what the server refused: {outbox}.")
    return text.format(outbox=hint("go.outbox"))


def _help(_now: Moment) -> str:
    text = _("What works where you are, with its keys: {help}. Type there to find something.")
    return text.format(help=hint("app.help"))


_TEXTS = {
    "move": _move,
    "open": _open,
    "accept": _accept,
    "undo": _undo,
    "reply": _reply,
    "search": _search,
    "compose": _compose,
    "outbox": _outbox,
    "help": _help,
}


def _back() -> str:
    return _("Go back to the list: {back}.").format(back=hint("app.back"))


def _other_view(view: str, now: Moment) -> str:
    if now.scope not in ("inbox", "case"):
        return _back()
    number = [str(each) for each in VIEWS].index(view) + 1
    keys = {"view": hint(f"view.{number}"), "next": hint("view.next"), "back": hint("app.back")}
    if now.scope == "case" and view == "to_accept":
        text = _("This case does not wait to be accepted. Go back to the list: {back}.")
    elif now.scope == "case":
        text = _("This case does not wait for your answer. Go back to the list: {back}.")
    elif view == "to_accept":
        text = _("View {view} shows which cases wait to be accepted ({next} goes through the views). Choose one there.")
    else:
        text = _(
            "View {view} shows which cases wait for your answer ({next} goes through the views). Choose one there."
        )
    return text.format(**keys)


def _lifecycle(action: str, key: str) -> str:
    """The key of a procedure's action: the officer's own, else that of the procedure."""
    own = hint(f"do.{action}")
    return own if own != key_name("f9") else key
