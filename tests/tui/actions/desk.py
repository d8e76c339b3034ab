"""A desk at which every action can be done: one running app on one profile, put in order after each."""

from __future__ import annotations

import base64
import contextlib
import io
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from textual._compositor import Compositor
from textual.pilot import Pilot

from imi_core.authority import Seat
from imi_tui import cli, i18n
from imi_tui.actions import Action
from imi_tui.app import ImiApp
from imi_tui.cache.model import OutboxItem, Row
from imi_tui.cache.personal.annotations import Mine
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from imi_tui.config import settings
from imi_tui.config.settings import Settings
from imi_tui.profile import Profile
from imi_tui.screens.inbox import InboxScreen
from imi_tui.undo import Undo
from imi_tui.viewmodel import front
from imi_tui.widgets.case_list import CaseList
from imi_tui.widgets.choice_list import ChoiceList
from imi_tui.widgets.entry import LineInput
from imi_tui.widgets.picker import OptionList
from tests.tui.actions.ways import MENU, Way
from tests.tui.keys import press
from tests.tui.screens import filled
from tests.tui.screens.test_inbox_screen import running, text_of
from tests.tui.undone import undone

PATIENCE = 2000
"""Looks at a condition, with some milliseconds between, before it counts as not met."""
FEW = 600
"""The same where only messages are waited for."""
COLLEAGUE = "demo-anna"
"""Somebody else at the desk."""


@dataclass
class Desk:
    """The app, and what the proof that runs now is about."""

    store: Store
    seat: Seat
    home: Path
    patch: pytest.MonkeyPatch
    more: dict[str, Any] = field(default_factory=dict)
    woken: int = 0
    scope: str = ""
    way: Way = MENU
    action: Action | None = None
    said: str = ""
    base: Any = None
    """The screen of `scope`, which several proofs use one after the other."""
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    app: ImiApp = field(init=False)
    pilot: Pilot[None] = field(init=False)

    # -- the app -----------------------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Start the app anew."""
        await self.end()

        def woken() -> None:
            self.woken += 1

        given: dict[str, Any] = {"sync_now": woken, "sign_in": lambda *_: lambda: None, "setting": self._set}
        made = running(self.store, self.home, **(given | self.more))
        self.app, self.pilot = await self._stack.enter_async_context(made)

    async def end(self) -> None:
        """End it."""
        await self._stack.aclose()
        self._stack = AsyncExitStack()

    def _set(self, name: str, value: str | bool) -> None:
        settings.write(Profile(self.home).config_file, name, value)

    @property
    def settings(self) -> Settings:
        """What the officer's file says."""
        return settings.read(Profile(self.home).config_file)

    async def press(self, *keys: str) -> None:
        """Keys as the terminal sends them, and what they lead to."""
        await press(self.app, self.pilot, *keys)
        await self.calm()

    async def calm(self) -> None:
        """Until what was asked for is there; nobody waits for an idle processor."""
        await self.pilot.pause(0)
        self.app._pass_on()
        if isinstance(self.app.screen, InboxScreen):
            self.app.screen._settle()
        await self.pilot.pause(0)

    async def until(self, holds: Callable[[], object], what: str, *, quick: bool = False) -> None:
        """Wait for what a thread does; `quick` for what takes no more than some messages between widgets."""
        for number in range(FEW if quick else PATIENCE):
            if holds():
                return
            await self.pilot.pause(0 if quick and number < 30 else 0.005)
        raise AssertionError(f"{what}; {self.here!r} is on top" if quick else what)

    async def open(self, screen: Any) -> Any:
        """Put a screen on top; it is returned."""
        await self.app.push_screen(screen)
        await self.calm()
        return screen

    async def tidy(self, *, keep: bool = False) -> None:
        """Back to the list as it is at the start, with nothing queued, written or kept.

        With `keep` the screen `base` stays open for what comes next.
        """
        app = self.app
        if app.locked:
            app.unlock()
            await self.pilot.pause(0)
        app.end_tour()
        keep = keep and self.base in app.screen_stack
        while app.screen is not (self.base if keep else self.inbox):
            app.pop_screen()
            await self.pilot.pause(0)
        self._empty()
        if self.store.status().problem:
            self.store.sync.set_ok(filled.NOW)
        app.undo = Undo(self.store)
        if i18n.language() != "en":
            i18n.install("en")
            app.context.language = "en"
            app.write_again()
        app.clear_notifications()
        if not keep:
            self.base = None
            inbox = self.inbox
            inbox.query_one(CaseList).unmark()
            if self.store.kept(front._KEPT):
                self.store.keep(front._KEPT, "")
            inbox._folded.clear()
            inbox.view, inbox._own, inbox.hits_order = front.VIEW, None, "newest"
            inbox.show_view()
        await self.calm()

    def _empty(self) -> None:
        store = self.store
        for item in reversed(store.outbox()):
            if item.state == "rejected":
                store.discard(item.client_ref)
            else:
                undone(store, item.client_ref)
        for draft in store.drafts():
            store.delete_draft(draft.id)
        for phrase in store.snippets.phrases():
            store.drop("phrase", phrase.id)
        for template in store.snippets.templates():
            store.drop("template", template.id)
        for view in store.saved.all():
            store.saved.delete(view.no)
        kept = {
            *store.personal.with_note(),
            *(case for tag, _n in store.personal.tags() for case in store.personal.with_tag(tag)),
        }
        kept |= {(row.desk, row.id) for row in store.window("put_off", "due", limit=9)}
        store.personal.change(kept, lambda _case, _mine: Mine())
        for id in store.partners.remembered():
            store.partners.forget(id)

    # -- what is there -----------------------------------------------------------------------------------------------

    @property
    def inbox(self) -> InboxScreen:
        """The list at the bottom."""
        return next(screen for screen in self.app.desk_stack if isinstance(screen, InboxScreen))

    @property
    def list(self) -> CaseList:
        """Its cases."""
        return self.inbox.query_one(CaseList)

    @property
    def row(self) -> Row:
        """The case under the cursor of the list."""
        assert self.list.row is not None, "there is no case in the list"
        return self.list.row

    @property
    def top(self) -> Any:
        """The screen on top."""
        return self.app.screen

    @property
    def commanded(self) -> bool:
        """Whether a plain command is the way that is tried."""
        return self.way.kind == "command"

    def seen(self) -> str:
        """What is to be read: the screen, or what the command printed."""
        if self.commanded:
            return self.said
        with contextlib.suppress(KeyError):
            return " ".join(text_of(self.app).split())
        # A widget that is just being taken away has no looks any more.
        return ""

    # -- steps of proofs -------------------------------------------------------------------------------------------

    async def then(self, *keys: str) -> None:
        """What a person does next on the screen; a command was told everything at once."""
        if not self.commanded:
            await self.press(*keys)

    async def paste(self, text: str) -> None:
        """Write a text into the field that has the focus."""
        if not self.commanded:
            field = self.app.focused
            assert isinstance(field, LineInput), f"no line to write into: {field!r}"
            field.value = text
            field.cursor_position = len(text)
            await self.calm()

    async def choose(self, value: str, *, enter: bool = True) -> None:
        """Go to an answer by its value and take it."""
        if self.commanded:
            return
        if narrowed := self.top.query(OptionList):
            await self._pick(narrowed.first(), value, enter=enter)
            return
        found = self.top.query(ChoiceList)
        assert found, f"nothing is asked: this is the screen {self.here!r}"
        answers = found.first()
        for _ in range(len(answers.items)):
            if answers.value == value:
                break
            answers.action_move(1)
            if answers.item == answers.items[-1] and answers.value != value:
                answers.action_first()
                while answers.value != value and answers.item != answers.items[-1]:
                    answers.action_move(1)
        assert answers.value == value, f"there is no answer {value!r} in {[item[1] for item in answers.items]}"
        if enter:
            await self.press("enter")

    async def _pick(self, answers: OptionList, value: str, *, enter: bool) -> None:
        answers.action_first()
        while answers.item is not None and answers.item[0] != value and answers.item != answers.items[-1]:
            answers.action_move(1)
        assert answers.item is not None
        assert answers.item[0] == value, f"there is no answer {value!r} in {[item[1] for item in answers.items]}"
        if enter:
            await self.press("enter")

    @property
    def here(self) -> str:
        """The scope of the screen on top."""
        return getattr(self.top, "SCOPE", "")

    async def on(self, scope: str, said: str = "") -> None:
        """The screen `scope` is on top; of a command, it printed `said`."""
        if self.commanded:
            assert said in self.said, f"it does not print {said!r}"
        else:
            await self.until(lambda: self.here == scope, f"the screen {scope!r} does not open", quick=True)

    async def shows(self, *texts: str) -> None:
        """All of these can be read."""
        for text in texts:
            words = " ".join(text.split())
            await self.until(lambda: words in self.seen(), f"{text!r} is not to be seen", quick=True)  # noqa: B023

    def command(self, *arguments: str) -> None:
        """Run the plain command beside the app, in its profile."""
        self.said = ran(self.home, *arguments)

    def refuse(self, view: str = "to_accept") -> OutboxItem:
        """An entry that the server refused since a colleague was faster."""
        row = self.store.window(view, "due", limit=3)[1]
        item = self.store.act(row.desk, row.id, "accept", answers={"agreed_days": 14})
        self.store.sync.begin([item.client_ref])
        self.store.sync.settle({}, {item.client_ref: {"type": "stale"}})
        return next(each for each in self.store.outbox() if each.client_ref == item.client_ref)


def ran(home: Path, *arguments: str) -> str:
    """What a command prints; a command that fails is a failure."""
    out, narrated = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(narrated):
        before = os.environ.get("IMI_TUI_HOME")
        os.environ["IMI_TUI_HOME"] = str(home)
        try:
            code = cli.main([*arguments, "--vault", f"file:{home / 'way.key'}", "--lang", "en"])
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            os.environ.pop("IMI_TUI_HOME")
            if before is not None:
                os.environ["IMI_TUI_HOME"] = before
    assert code == 0, f"imi-tui {' '.join(arguments)} ends with {code}: {narrated.getvalue().strip()}"
    return out.getvalue() + narrated.getvalue()


def key_file(home: Path) -> None:
    """Where commands find the key of the filled cache."""
    key = home / "way.key"
    key.write_text(base64.b64encode(filled.KEY).decode("ascii"), "ascii")
    key.chmod(0o600)


def unpainted(compositor: Compositor, *_how: Any, **_named: Any) -> None:
    """Nothing goes to the terminal."""
    compositor._dirty_regions.clear()


@contextlib.asynccontextmanager
async def desk(store: Store, seat: Seat, home: Path, patch: pytest.MonkeyPatch, **more: Any) -> AsyncIterator[Desk]:
    """A running one."""
    handles = {seat.desk: ["handler"]}
    officers = [{**filled.OFFICER, "desks": handles}, {"id": COLLEAGUE, "name": "Anna Huber", "desks": handles}]
    store.sync.apply("directory", Page("d2", officers=officers))
    key_file(home)
    # What is on the screen is asked of the compositor; that it is painted as well is the greater part of the cost.
    patch.setattr(Compositor, "render_update", unpainted)
    patch.setattr("imi_tui.app.COMPLETE", 0.001)
    made = Desk(store, seat, home, patch, more)
    await made.begin()
    try:
        yield made
    finally:
        await made.end()
