"""What every screen shares: the frame (status line, body, footer), actions from the registry, reading again.

A full screen subclasses `BaseScreen`, sets `SCOPE` and ``BINDINGS = bindings("<scope>")``, yields its widgets in
`compose_body`, writes a method ``action_<run>`` for each of its actions in `imi_tui.actions`, and implements `reload`.
A dialogue subclasses `Dialogue`. Neither ever waits for the network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.dom import DOMNode
from textual.screen import ModalScreen

from imi_tui.framework.bindings import bindings
from imi_tui.i18n import _
from imi_tui.screens.acting import ActionScreen, Result, label_of
from imi_tui.widgets.announcer import Announcer
from imi_tui.widgets.footer import ActionFooter
from imi_tui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingsMap

    from imi_tui.cache.model import Changed
    from imi_tui.messages import CacheChanged, LanguageChanged

__all__ = ["ActionScreen", "BaseScreen", "Dialogue", "bindings", "label_of"]


class BaseScreen(ActionScreen[Result]):
    """A full screen with the status line above and the actions possible now below."""

    CSS_PATH = ["base.tcss"]

    def __init__(self) -> None:
        super().__init__()
        self._stale: frozenset[str] = frozenset()
        self._seen = False
        self.framed = False
        """Whether status line and footer were written, or put off on purpose, since the cache changed."""
        self._awaited: str | None = None
        """When the last synchronisation worked, while the officer waits for one."""

    def compose(self) -> ComposeResult:
        """The frame around the body."""
        self._take_width()
        yield StatusLine()
        yield from self.compose_body()
        if self.context.screen_reader:
            yield Announcer()
        yield ActionFooter()

    def _take_width(self) -> None:
        """Take the class of the width before the first layout; Textual would paint once without it, then again."""
        width = self.app.size.width
        fitting = [name for columns, name in sorted(self.app.HORIZONTAL_BREAKPOINTS or ()) if width >= columns]
        self.add_class(*fitting[-1:])

    def compose_body(self) -> ComposeResult:
        """The screen's own widgets; override."""
        yield from ()

    def title_text(self) -> str:
        """The left end of the status line, in the officer's language; override."""
        return ""

    @property
    def _binding_chain(self) -> list[tuple[DOMNode, BindingsMap]]:
        """As in the framework, without looking for keys that are typed where nobody takes any.

        It asks for the letter of every key of every widget: what letters are called is in large tables.
        """
        focused = self.focused
        nodes = focused.ancestors_with_self if focused is not None and not focused.loading else [self, self.app]
        if self.app._keymap or any(type(node).check_consume_key is not DOMNode.check_consume_key for node in nodes):
            return super()._binding_chain
        return [(node, node._bindings.copy()) for node in nodes]

    def title_note(self) -> str:
        """What follows the title where there is room (the desk, for example)."""
        return ""

    def reload(self, kinds: frozenset[str]) -> None:
        """Read the cache again. `kinds` are those of `Changed`; empty at the first call and after a language change."""

    def on_mount(self) -> None:
        """Read for the first time."""
        self.reload(frozenset())
        self.refresh_frame()

    def on_cache_changed(self, message: CacheChanged) -> None:
        """Read again now, or when this screen is shown again."""
        changed: Changed = message.changed
        if self.is_current:
            self.framed = False
            self.reload(frozenset(changed.kinds))
            if not self.framed:
                self.refresh_frame()
            self._tell_failure()
        else:
            self._stale |= changed.kinds

    def on_day_changed(self) -> None:
        """Write again what is said of dates."""
        self.reload(frozenset())
        self.refresh_frame()

    def on_language_changed(self, _message: LanguageChanged) -> None:
        """Write every text again."""
        self.reload(frozenset())
        self.refresh_frame()

    async def on_screen_resume(self) -> None:
        """Catch up with what changed while another screen was on top."""
        if self._stale:
            kinds, self._stale = self._stale, frozenset()
            self.reload(kinds)
        if self._seen:
            self.refresh_frame()
        self._seen = True

    def refresh_frame(self) -> None:
        """Write status line and footer again; call it when the situation changed."""
        # On mounting, the screen does not count as mounted yet, but its frame is there.
        if not self.query(StatusLine):
            return
        self.framed = True
        self.refresh_title()
        if self.is_active:
            # Under a window its keys stand here.
            self.query_one(ActionFooter).show(self.footer_items())
        self.refresh_bindings()
        if self.imi.tour is not None:
            self.imi.tour.show(self)

    def refresh_title(self) -> None:
        """Write the status line again."""
        self.query_one(StatusLine).show(self.title_text(), self.title_note(), self.store.status(), self.context)

    def action_sync(self) -> None:
        """Wake the sync thread."""
        status = self.store.status()
        self.context.sync_now()
        if status.problem or status.aside:
            from imi_tui import problems

            if status.problem:
                reason = problems.sentence(status.problem)
                self.say(_("{reason} Trying again now.").format(reason=reason), problem=True)
            if status.aside:
                self.say(problems.aside(status.aside), problem=True)
            return
        self._awaited = status.last_ok
        self.say(_("Synchronising. You can go on working."))

    def _tell_failure(self) -> None:
        """Where the synchronisation somebody asked for failed, say why: the status line has a word for it only."""
        if self._awaited is None:
            return
        status = self.store.status()
        if status.last_ok != self._awaited:
            self._awaited = None
        elif status.problem and not status.now.doing:
            from imi_tui import problems

            self._awaited = None
            self.say(problems.sentence(status.problem), problem=True)

    async def action_go_new(self) -> None:
        """Start a new case."""
        from imi_tui.screens import routes

        await self.app.push_screen(routes.compose())

    async def action_go_outbox(self) -> None:
        """Open the outbox."""
        from imi_tui.screens import routes

        await self.app.push_screen(routes.outbox())

    async def action_go_drafts(self) -> None:
        """Open the drafts."""
        from imi_tui.screens import routes

        await self.app.push_screen(routes.drafts())

    async def action_go_templates(self) -> None:
        """Open the templates."""
        from imi_tui.screens import routes

        await self.app.push_screen(routes.templates())

    async def action_go_phrases(self) -> None:
        """Open the phrases."""
        from imi_tui.screens import routes

        await self.app.push_screen(routes.phrases())

    async def action_go_authorities(self) -> None:
        """Open the authority search."""
        from imi_tui.screens import routes

        await self.app.push_screen(routes.authorities())


class Dialogue(ModalScreen[Result], ActionScreen[Result]):
    """A small screen above another one; Escape always closes it without doing anything."""

    CSS_PATH = ["base.tcss"]

    async def on_screen_resume(self) -> None:
        """The last line may be that of a screen below, whose keys do not work now: it shows those of this window."""
        shown = self.footer_items()
        for screen in reversed(self.app.screen_stack):
            for footer in screen.query(ActionFooter):
                footer.show(shown)
                shown = []

    def action_cancel(self) -> None:
        """Close without a result."""
        self.dismiss(None)
