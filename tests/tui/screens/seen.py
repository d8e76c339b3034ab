"""Every picture a terminal could show, those in between too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyte
from textual._compositor import CompositorUpdate
from textual.screen import Screen

from imi_tui.app import ImiApp

if TYPE_CHECKING:
    import pytest
    from textual.events import Idle


class Seen:
    """What `app` paints from now on, as lines of text; the first picture is what stands now.

    Screens are painted as soon as they have something new, as on a machine where every clock rings at once.
    """

    def __init__(self, app: ImiApp, patch: pytest.MonkeyPatch) -> None:
        self._app = app
        self._screen = pyte.Screen(*app.size)
        self._stream = pyte.Stream(self._screen)
        self.pictures: list[list[str]] = []
        display = ImiApp._display
        idle = Screen._on_idle

        def painted(shown: ImiApp, screen: Any, update: Any) -> None:
            display(shown, screen, update)
            if screen is app.screen and isinstance(update, CompositorUpdate) and not app._batch_count:
                self._take(update)

        async def at_once(screen: Screen[Any], event: Idle) -> None:
            await idle(screen, event)
            if screen.is_current and not app._batch_count:
                screen._on_timer_update()

        patch.setattr(ImiApp, "_display", painted)
        patch.setattr(Screen, "_on_idle", at_once)
        whole = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
        assert isinstance(whole, CompositorUpdate)
        self._take(whole)

    def _take(self, update: CompositorUpdate) -> None:
        self._stream.feed(update.render_segments(self._app.console))
        self.pictures.append([line.rstrip() for line in self._screen.display])

    def begin(self) -> None:
        """Forget all pictures but the last one."""
        del self.pictures[:-1]

    def without(self, *texts: str) -> list[str]:
        """The pictures in which none of `texts` can be read."""
        shown = ["\n".join(lines) for lines in self.pictures]
        return [each for each in shown if not any(text in each for text in texts)]
