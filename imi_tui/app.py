"""The full-screen client: wiring only. What it shows is in `screens`, what can be done in `actions`."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from typing import TYPE_CHECKING, cast

from textual import events
from textual.app import App
from textual.filter import Monochrome, NoColor
from textual.reactive import Reactive

from imi_tui import hints, problems
from imi_tui.asking import AskingApp
from imi_tui.cache.errors import CacheError
from imi_tui.cache.storage.gc_pause import gc_paused
from imi_tui.config import keyboard, themes
from imi_tui.framework.colours import theme_of
from imi_tui.framework.first_screen import FirstScreen
from imi_tui.framework.line_filter import ControlFilter
from imi_tui.framework.typeahead import Passed, TypeAhead
from imi_tui.i18n import _
from imi_tui.idle import Idle
from imi_tui.messages import CacheChanged, CyrillicKey, DayChanged, LanguageChanged
from imi_tui.screens import routes
from imi_tui.tour_host import TourHost
from imi_tui.undo import Undo
from imi_tui.viewmodel import front
from imi_tui.widgets.parking import follow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager

    from rich.console import RenderableType
    from textual.app import SystemCommand
    from textual.driver import Driver
    from textual.filter import LineFilter
    from textual.notifications import SeverityLevel
    from textual.screen import Screen
    from textual.theme import Theme
    from textual.timer import Timer

    from imi_tui.cache.model import Changed, OutboxItem, Queued
    from imi_tui.config.keyboard import Layout
    from imi_tui.context import Context
    from imi_tui.early.first_paint import Early
    from imi_tui.ending import Ending
    from imi_tui.telling import Teller

GATHER = 0.1
"""Seconds in which changes of the cache are gathered before screens read again."""

GATHER_MANY = 1.0
"""The same for changes of whole pages, which follow each other during a first sync."""

OWN = frozenset(("outbox", "drafts"))
"""What changes because the officer does something."""

SEND_AFTER = 30.0
"""Seconds in which the last queued entries can still be taken back before they are sent, where the line works."""

COMPLETE = 0.03
"""Seconds a new screen gets to lay itself out before it is painted."""

PAINTED = 0.1
"""Seconds in which a picture of what was just done is surely painted."""

BEGIN = 0.3
"""Seconds after which the sync thread starts: it loads much, and the first keys come first."""
LOADED = 3.0
"""Seconds after that in which it has loaded what it needs."""


class ImiApp(AskingApp, TourHost, FirstScreen, inherit_bindings=False):
    """One officer, one cache, one stack of screens."""

    # The first screen's style sheets are read with the rest: adding them later would apply every rule twice.
    CSS_PATH = ["app.tcss", "screens/base.tcss", "screens/inbox.tcss"]
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (front.WIDE, "-wide"), (front.VAST, "-vast")]
    NOTIFICATION_TIMEOUT = 4
    # As the default it is there from the start; set later, every style sheet would be parsed twice.
    theme = Reactive(themes.PALETTES[0].name)

    def __init__(self, context: Context, early: Early | None = None) -> None:
        # Textual asks for the theme while it is made, and again for every line it draws.
        self._theme = theme_of(themes.palette(context.theme))
        self._early = early
        self.context = context
        super().__init__()
        # What NO_COLOR wishes is a theme of ours, and one that somebody chose counts more: Textual would make it grey.
        self._filters = [each for each in self._filters if not isinstance(each, Monochrome | NoColor)]
        self.register_theme(self._theme)
        self.set_reactive(App.theme, context.theme)
        hints.install(context.keymap)
        self._running_loop: asyncio.AbstractEventLoop | None = None
        self._end_with = 0
        self.undo = Undo(context.store)
        self._filter = ControlFilter()
        self._changed: Changed | None = None
        self._gathering: Timer | None = None
        self._wait = GATHER
        self._mine: set[tuple[str, str]] = set()
        self._sending: Timer | None = None
        self._typed = TypeAhead(self)
        self._layout_asked = False
        self._day = context.today()
        self.idle = Idle(context.lock_minutes)
        self._teller: Teller | None = None
        self.animation_level = "none"
        if context.screen_reader:
            self.add_class("-aloud")
            # One column at every width: what stands beside the list would be read between its rows.
            self.HORIZONTAL_BREAKPOINTS = self.HORIZONTAL_BREAKPOINTS[:1]
        if context.keymap:
            from imi_tui.config.keymap import for_textual

            self.set_keymap(for_textual(context.keymap))

    @property
    def current_theme(self) -> Theme:
        """The theme; Textual would build a table each time."""
        return self._theme

    def get_driver_class(self) -> type[Driver]:
        """Textual's, on the picture that stands already, and sparing a slow line."""
        from imi_tui.terminal.driver import taking_over

        return taking_over(super().get_driver_class(), self._early, aloud=self.context.screen_reader)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        follow(screen)
        super()._display(screen, renderable)

    def get_default_screen(self) -> Screen[None]:
        """The inbox. As a mode of its own it would make Textual parse every style sheet twice."""
        return routes.inbox()

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Say something for a moment, or where a screen reader is used on its own line, to stay; never as markup."""
        if self.context.screen_reader and not self.locked:
            from imi_tui.widgets.announcer import Announcer

            for screen in reversed(self.screen_stack):
                for line in screen.query(Announcer):
                    line.say(message)
                    return
        super().notify(message, title=title, severity=severity, timeout=timeout, markup=False)

    # -- cache -------------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Listen to the cache; start what may take time only after the first paint."""
        self._unsubscribe = self.context.store.subscribe(
            lambda changed: cast("None", self.post_message(CacheChanged(changed)))
        )
        # Textual paints a new screen three times before it is complete: on a slow line only the last is worth sending.
        self.screen_change_signal.subscribe(self, self._screen_changes, immediate=True)
        self.open_over()
        self.set_interval(60, self._look_at_the_day)
        self.set_timer(BEGIN, self._begin)
        self._running_loop = asyncio.get_running_loop()
        if self._end_with:
            self.call_later(self.leave, self._end_with)

    def on_unmount(self) -> None:
        """Stop listening."""
        self._unsubscribe()

    def leave(self, code: int) -> None:
        """End with this exit code, soon: it may be called between any two steps, and before there is a screen."""
        self._end_with = code
        if self._running_loop is not None:
            self._running_loop.call_soon_threadsafe(lambda: self.exit(return_code=code))

    def _begin(self) -> None:
        self.opened()
        self.context.store.shrink_page_cache(little=False)
        # Whoever presses a key that changes thousands of cases does not wait until the log is copied.
        self.context.store.checkpoint_aside()
        self.context.store.go_on_behind(self._begin_to_go_on)
        gc.freeze()
        # Looking through everything takes longer than painting a page; that is done once a minute, not between keys.
        gc.set_threshold(50_000, 10, 140)
        gc.enable()
        self.set_timer(LOADED, self._loaded_all)
        self.context.start()
        if notices := [*problems.of_settings(self.context.notices), *self._unknown_actions()]:
            self.notify("\n".join(notices), severity="warning", markup=False, timeout=20)
        if not self.context.store.seats() and self.context.sign_in is not None:
            self.push_screen(routes.sign_in())
        elif self.context.demo:
            self.go_on_with_tour()

    def _begin_to_go_on(self) -> None:
        self.run_worker(self._go_on(), group="behind")

    async def _go_on(self) -> None:
        """Behind the picture of what was done with thousands of cases: the rest, between keys."""
        await asyncio.sleep(PAINTED)
        while self.context.store.go_on():
            await asyncio.sleep(0)

    def _unknown_actions(self) -> list[str]:
        """Own keys for actions of procedures that no procedure here has; before the first are here, nobody knows."""
        if not any(id.startswith("do.") for id in self.context.keymap):
            return []
        from imi_tui.config.keymap import unknown_lifecycle

        names = {name for rules in self.context.store.procedures() for name in rules.lifecycle.actions}
        return [slip.text for slip in unknown_lifecycle(self.context.keymap, names)] if names else []

    def _screen_changes(self, _screen: Screen[object]) -> None:
        self.delay_update(COMPLETE)
        if self.tour is not None and not self.locked:
            self.call_later(self.tour.changed)

    def _loaded_all(self) -> None:
        """What the synchronisation loads is there and left alone for good; what was left for a quiet moment follows:
        notes of exports that were cut off are completed, and it is said which texts are still to come.
        """
        self.context.store.exports.take_over()
        gc.collect()
        gc.freeze()
        self.tell_of_texts()

    def on_cache_changed(self, message: CacheChanged) -> None:
        """Gather changes, so that a first sync does not make screens read a hundred times a second."""
        self.undo.forget()
        kinds, cases = message.changed.kinds, message.changed.cases
        mine = self._is_mine(message.changed)
        wait = GATHER_MANY if "cases" in kinds and not cases else GATHER
        if self._gathering is not None and self._wait == GATHER_MANY and (cases or kinds & OWN):
            # What the officer did, or waits for, is not held up by what passes through.
            self._gathering.stop()
            self._gathering = None
        if self._gathering is None:
            self._wait, self._gathering = wait, self.set_timer(wait, self._pass_on)
        if self._changed is None:
            self._changed = message.changed
        else:
            before = self._changed
            many = not before.cases or not message.changed.cases
            self._changed = type(before)(
                before.kinds | message.changed.kinds,
                frozenset() if many else before.cases | message.changed.cases,
            )
        if mine:
            self._pass_on()

    def undisturbed(self) -> AbstractContextManager[None]:
        """Around what is done with very many cases: what it made is looked through for rubbish behind the picture."""
        return gc_paused(lambda enable: self.set_timer(PAINTED, enable))

    def queued(self, items: Sequence[OutboxItem | Queued], what: str = "", marks: Iterable[int] = ()) -> None:
        """Call it after one action of the officer queued `items`: undo takes them back as one, else they are sent.

        `what` says what was done, `marks` are the numbers of the cases that were marked for it.
        """
        self.undo.queued(items, what, marks)
        for action in dict.fromkeys(item.action for item in items):
            self.happened(f"queued {action}")
        if self._sending is not None:
            self._sending.stop()
        self._sending = self.set_timer(SEND_AFTER, self.context.sync_now)
        # The next key means what stands there afterwards: the screens must not read only when a timer says so.
        self._mine = {(item.desk, item.case_id) for item in items}
        if self._changed is not None and self._is_mine(self._changed):
            self._pass_on()

    def _is_mine(self, changed: Changed) -> bool:
        """Whether this comes of what the officer just did; of very many cases none are named."""
        return bool(self._mine & changed.cases if changed.cases else self._mine and changed.kinds & OWN)

    def _pass_on(self) -> None:
        if self._gathering is not None:
            self._gathering.stop()
        self._gathering = None
        self._mine = set()
        changed, self._changed = self._changed, None
        if changed is not None:
            self._tell(CacheChanged(changed))
            self._teller = self._teller or _teller(self)
            if self._teller is not None:
                self._teller.changed(changed)

    def _look_at_the_day(self) -> None:
        """Relative dates are drawn again when the day changes, and only then."""
        gc.collect()
        self.lock_when_idle()
        if self._teller is not None:
            self._teller.tell()
        today = self.context.today()
        if today != self._day:
            self._day = today
            with contextlib.suppress(CacheError):
                self.context.store.wake()
            self._tell(DayChanged())

    def _tell(self, message: CacheChanged | DayChanged | LanguageChanged) -> None:
        for screen in self.desk_stack:
            # A message belongs to one receiver.
            copy = CacheChanged(message.changed) if isinstance(message, CacheChanged) else type(message)()
            screen.post_message(copy)

    # -- keys --------------------------------------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """One key at a time; a Greek or Cyrillic accelerator is the Latin key of the same position."""
        if self.touched(event):
            return
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        if self._typed.holds(event):
            return
        typing = isinstance(event, events.Paste)
        if isinstance(event, events.Key):
            typing = self.focused is not None and self.focused.check_consume_key(event.key, event.character)
            if not typing:
                event = self._translated(event)
        await super().on_event(event)
        if not typing:
            self._typed.follow()

    async def on_passed(self, message: Passed) -> None:
        """Let the next key through."""
        await self._typed.passed(message)

    def _translated(self, event: events.Key) -> events.Key:
        layout = cast("Layout", self.context.keyboard)
        latin = keyboard.latin(event.key, layout)
        if latin is not None:
            return events.Key(latin, latin if len(latin) == 1 else None)
        if layout == "auto" and keyboard.is_cyrillic(event.key) and not self._layout_asked:
            self._layout_asked = True
            self.post_message(CyrillicKey(event.key))
        return event

    def on_cyrillic_key(self, _message: CyrillicKey) -> None:
        """Ask once which Bulgarian layout this is."""
        self.ask_keyboard()

    def write_again(self) -> None:
        """Every text on every screen, in the language of now."""
        self._tell(LanguageChanged())

    def ask_colours(self) -> None:
        """Let the officer choose the colours."""

        def chosen(name: str | None) -> None:
            if name:
                self.show_colours(name)
                self.keep_setting(lambda: self.context.setting("theme", name))

        own = [(_(palette.label), palette.name) for palette in themes.PALETTES]
        self.push_screen(routes.choose(_("Colours of the program"), own, self.context.theme), chosen)

    def show_colours(self, name: str) -> None:
        """Every screen in the colours of a theme."""
        self._theme = theme_of(themes.palette(name))
        self.register_theme(self._theme)
        self.theme = name
        self.context.theme = name

    # -- safety ------------------------------------------------------------------------------------------------------

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's filters with ours behind them."""
        return [*super().get_line_filters(), self._filter]

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """None of Textual's own: they are in English, and one writes the case on screen to a file."""
        return ()


def _teller(app: ImiApp) -> Teller | None:
    if app.context.notify == "off":
        return None
    from imi_tui.telling import Teller

    return Teller(app)


def run(context: Context, early: Early | None = None, ending: Ending | None = None) -> int:
    """Show the client over the picture `early` until the officer leaves it, or `ending` does. Returns the exit code."""
    app = ImiApp(context, early)
    if ending is not None:
        ending.leave = app.leave
    try:
        app.run(mouse=context.mouse)
    finally:
        if ending is not None:
            ending.leave = None
        app.let_go()
        context.stop()
    return app.return_code or 0
