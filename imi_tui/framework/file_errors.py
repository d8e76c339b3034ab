"""What this machine's files do not allow, as on a full disk, ends neither a screen nor the program: it is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual._context import active_message_pump
from textual.app import App
from textual.screen import Screen
from textual.worker import WorkerFailed

from imi_tui.cache.errors import CacheBusy, CorruptCache, DiskFull, FilesUnusable
from imi_tui.framework.closing import Leaving, is_of_leaving
from imi_tui.framework.timers import Punctual

if TYPE_CHECKING:
    from textual.message import Message

    from imi_tui.cache.errors import CacheError

OF_THIS_MACHINE = (DiskFull, CacheBusy, FilesUnusable, CorruptCache)
"""What any use of the cache may meet without anybody's mistake. Whoever can do more about it does so at its place."""


class Lasting(Leaving, Punctual):
    """An app or a screen: a step that ends with such an error is not done, and the next one is."""

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except OF_THIS_MACHINE as error:
            say_why(self.app, error)


class LastingApp(Lasting, App[None], inherit_bindings=False):
    """The same of what an answer to a dialogue leads to, which the framework runs between two messages."""

    def _handle_exception(self, error: Exception) -> None:
        failed = error.error if isinstance(error, WorkerFailed) else error
        # Any other widget stops with its error, and a screen with it would be of no use.
        goes_on = failed is not error or isinstance(active_message_pump.get(None), App | Screen)
        if isinstance(failed, OF_THIS_MACHINE) and goes_on:
            say_why(self, failed)
        elif not is_of_leaving(error):
            super()._handle_exception(error)


def say_why(app: App[Any], error: CacheError) -> None:
    """Tell what could not be done, and what to do."""
    from imi_tui.problems import sentence

    app.notify(sentence(error.code), severity="warning", markup=False)
