"""What can be done on a screen: actions of the registry and of the lifecycle, their keys, how they read."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual.await_complete import AwaitComplete
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from imi_tui import actions as registry
from imi_tui.actions import Action, Situation
from imi_tui.framework.compositor import SparingCompositor
from imi_tui.framework.file_errors import Lasting
from imi_tui.framework.toasts import forget_said, show_said
from imi_tui.i18n import _, ngettext
from imi_tui.widgets.parking import park

if TYPE_CHECKING:
    from textual import events
    from textual.binding import ActiveBinding

    from imi_tui.app import ImiApp
    from imi_tui.cache.store import Store
    from imi_tui.config.keyboard import Layout
    from imi_tui.context import Context
    from imi_tui.viewmodel.blocks import Block
    from imi_tui.viewmodel.palette import Entry, Keyboard

Result = TypeVar("Result")

MOVES = frozenset(("up", "down", "pageup", "pagedown", "home", "end"))
"""Keys that move a cursor, and that no procedure takes for an action."""


def label_of(action: Action) -> str:
    """The action's label in the officer's language."""
    return action.name


def _typed() -> Callable[[str], bool]:
    # Nobody types into a field when the program opens.
    from imi_tui.config.keymap import is_typed

    return is_typed


class ActionScreen(Lasting, Screen[Result]):
    """Actions from the registry: which are possible, what their keys are, how they read."""

    SCOPE: ClassVar[str]
    REST: ClassVar[str] = "#empty"
    """What the terminal's cursor stands at where nothing has the keys, or a list without anything in it."""
    AUTO_FOCUS = ""
    # Who gets the keys and who loses them paint themselves; the framework would paint the whole screen.
    focused = Reactive[Widget | None](None, repaint=False)

    def __init__(self, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(name, id, classes)
        self._compositor = SparingCompositor()
        self._leaves_with: tuple[Result | None] | None = None
        self.led: tuple[Widget, Widget | None] | None = None

    def _compositor_refresh(self) -> None:
        # What a new layout changed is not shown by itself where all of the screen is painted right behind: that would
        # be half of this screen on half of the one before.
        if self._repaint_required and self.is_current:
            # The timer that would paint was stopped for the layout.
            self.check_idle()
        else:
            super()._compositor_refresh()

    def _update_focus_styles(self, focused: Widget | None = None, blurred: Widget | None = None) -> None:
        # Who gets the keys and who loses them hear of it by messages, what stands around them at once: it would be
        # marked in another picture than they are.
        for widget in (blurred, focused):
            if widget is not None:
                widget.has_focus = widget is focused
        super()._update_focus_styles(focused, blurred)
        for widget in (blurred, focused):
            for node in widget.ancestors_with_self if widget is not None else ():
                if isinstance(node, Widget) and node is not self:
                    node._check_refresh()

    @property
    def imi(self) -> ImiApp:
        """The app, typed."""
        return cast("ImiApp", self.app)

    @property
    def context(self) -> Context:
        """What the client was given."""
        return self.imi.context

    @property
    def store(self) -> Store:
        """The cache."""
        return self.imi.context.store

    def situation(self) -> Situation:
        """The moment, for the registry; override."""
        return Situation(self.SCOPE)

    def offered_actions(self) -> tuple[Action, ...]:
        """Lifecycle actions possible now; override where a case is at hand."""
        return ()

    def known_actions(self) -> tuple[Action, ...]:
        """What is known of them by now; override where asking takes long."""
        return self.offered_actions()

    def refused_actions(self) -> tuple[Action, ...]:
        """Lifecycle actions that the case at hand does not allow now; override where there is one."""
        return ()

    def actions_now(self) -> tuple[Action, ...]:
        """Everything that is known to be possible now on this screen, lifecycle actions first."""
        return (*self.known_actions(), *registry.possible(registry.in_scope(self.SCOPE), self._now()))

    def _now(self) -> Situation:
        """The moment as the screen knows it, and whether the tour runs."""
        now = self.situation()
        return now._replace(flags=now.flags | {"touring"}) if self.imi.tour is not None else now

    def keys_for(self, action: Action) -> tuple[str, ...]:
        """The keys that work for `action`."""
        return registry.keys_of(action, self.context.keymap)

    def taken_keys(self) -> frozenset[str]:
        """Keys of the screen itself, which no action of a lifecycle gets."""
        keymap = self.context.keymap
        return frozenset(key for action in registry.in_scope(self.SCOPE) for key in registry.keys_of(action, keymap))

    def footer_items(self) -> list[tuple[int, str, str]]:
        """(order, key, label) of what can be done now, with a key that works now: letters do not while typing."""
        typed = _typed() if self._typing() else None
        out = []
        for action in self.actions_now():
            keys = [key for key in self.keys_for(action) if typed is None or not typed(key)]
            if action.footer and keys:
                out.append((action.footer, keys[0], self.footer_label(action)))
        return out

    def footer_label(self, action: Action) -> str:
        """How an action reads in the footer."""
        return label_of(action)

    def _typing(self) -> bool:
        """Whether letters are written into a field now."""
        return self.focused is not None and self.focused.check_consume_key("a", "a")

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """Textual's bindings with their descriptions in the officer's language."""
        return {
            key: active._replace(
                binding=dataclasses.replace(active.binding, description=_(active.binding.description)),
            )
            if active.binding.description
            else active
            for key, active in super().active_bindings.items()
        }

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Switch off registered actions that are not possible now."""
        name = f"{action}({parameters[0]})" if parameters else action
        for known in registry.in_scope(self.SCOPE):
            if known.method == name:
                return known.when(self._now())
        return True

    async def on_key(self, event: events.Key) -> None:
        """Run lifecycle actions, and actions that have a key only by configuration."""
        if event.key in MOVES and event.key not in self._configured():
            # Moving through a list must not ask the cache what can be done with every case on the way.
            return
        dynamic: Iterable[Action] = ()
        if event.key in self._configured() or event.key not in self.taken_keys():
            # Else it is the screen's own, and what can be done with the case need not be asked.
            dynamic = (
                *self.offered_actions(),
                *(action for action in registry.in_scope(self.SCOPE) if not action.keys),
            )
        for action in dynamic:
            if event.key in self.keys_for(action):
                event.stop()
                event.prevent_default()
                await self.run_action(action.method)
                return
        self.explain(event.key)

    def _configured(self) -> set[str]:
        """Keys that the officer's configuration names."""
        return {key for keys in self.context.keymap.values() for key in keys}

    def explain(self, key: str) -> None:
        """Say why nothing happens where a key belongs to something that is not possible now."""
        now = self._now()
        for action in registry.in_scope(self.SCOPE):
            if not action.when(now) and key in self.keys_for(action) and (why := action.reason(now)):
                self.say(why)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Keep cursors from blinking: a blinking one writes 2 kB a second for nothing."""
        if getattr(event.widget, "cursor_blink", False):
            event.widget.cursor_blink = False  # type: ignore[attr-defined]

    async def action_app_menu(self) -> None:
        """Open the menu of everything possible here."""
        from imi_tui.screens import routes

        def chosen(action: Action | None) -> None:
            if action is not None:
                self.call_later(self.run_action, action.method)

        await self.app.push_screen(routes.menu(*self.everything()), chosen)

    async def action_app_help(self) -> None:
        """Open the help of this screen."""
        from imi_tui.screens import routes

        marks = self.SCOPE == "inbox"
        first = [*self._trouble(), *self.help_first()]
        await self.app.push_screen(routes.help(*self.everything(), marks=marks, first=first))

    def _trouble(self) -> Sequence[Block]:
        """Why the synchronisation does not work and what to do, which the status line has no room for."""
        code = self.store.status().problem
        if not code:
            return ()
        from imi_tui import problems
        from imi_tui.viewmodel.blocks import Block

        return Block(problems.short(code), "heading"), Block(problems.sentence(code)), Block("")

    def help_first(self) -> Sequence[Block]:
        """What the help begins with, before the keys; override."""
        return ()

    def everything(self) -> tuple[tuple[Entry, ...], Keyboard]:
        """What this screen has and what of it is possible now, for menu and help."""
        from imi_tui.viewmodel import palette

        context = self.context
        layout = cast("Layout", context.keyboard)
        keys = palette.Keyboard(context.keymap, context.language, layout, self._typing())
        return palette.entries(self.offered_actions(), self.refused_actions(), self._now(), keys), keys

    def keep(self) -> None:
        """Save what was typed and is not saved yet, for the program fails; override where something is written."""

    def action_app_lock(self) -> None:
        """Hide everything until the officer is back."""
        self.imi.lock()

    def action_app_language(self) -> None:
        """Choose the language."""
        self.imi.ask_language()

    def action_back(self) -> None:
        """Return to the screen before."""
        self.dismiss()

    def action_app_quit(self) -> None:
        """Leave the program; where something waits to be sent, after saying so."""
        waiting = self.store.status().queued
        if not waiting:
            self.app.exit()
            return
        from imi_tui.screens import routes

        def answered(value: str | None) -> None:
            if value == "quit":
                self.app.exit()

        text = ngettext(
            "{count} entry waits to be sent. It is safe on this machine and goes out at the next start.",
            "{count} entries wait to be sent. They are safe on this machine and go out at the next start.",
            waiting,
        ).format(count=waiting)
        self.app.push_screen(routes.choose(text, [(_("Quit"), "quit"), (_("Stay"), "stay")]), answered)

    def action_tour_begin(self) -> None:
        """Begin the tour, or say where it works."""
        self.imi.begin_tour()

    def action_tour_skip(self) -> None:
        """Leave the tour's present step out."""
        if self.imi.tour is not None:
            self.imi.tour.skip()

    def action_tour_end(self) -> None:
        """End the tour."""
        self.imi.end_tour()

    def show_list(self, found: Widget, *, shown: bool) -> None:
        """Show or hide a list. One that comes back gets the keys again, which it lost when it went."""
        found.display = shown
        if shown and self.focused is None:
            found.focus()

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Close this screen: no other one, and once, for the framework closes whichever is on top.

        What closes it may come twice, as two clicks. It may come by itself while another screen is above: then this one
        closes when that one has.
        """
        stack = next((stack for stack in self.app._screen_stacks.values() if self in stack), None)
        if stack is None:
            return AwaitComplete()
        if stack[-1] is not self:
            self._leaves_with = (result,)
            return AwaitComplete()
        return super().dismiss(result)

    async def on_screen_resume(self) -> None:
        """What is said stays where it stood; the terminal's own cursor goes back to what the keys act on here."""
        # Before this screen is painted: it was to be read on the one before.
        await show_said(self)
        if self._leaves_with is not None:
            self.dismiss(*self._leaves_with)
        else:
            self.call_after_refresh(park, self)

    def say(self, text: str, *, problem: bool = False) -> None:
        """Tell the officer one sentence (already translated); data in it stays text."""
        # One at a time: what was said before is no longer news, and two would hide the list.
        forget_said(self.app)
        self.app.notify(text, severity="warning" if problem else "information", markup=False)
