"""A screen may be closed at any step: what a widget still hears while its parts are taken away is no mistake."""

from __future__ import annotations

from functools import partial
from traceback import walk_tb
from typing import TYPE_CHECKING, Any

from textual._callback import invoke
from textual.app import App
from textual.css.query import NoMatches
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widget import MountError, Widget

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.message import Message

OF_PARTS = (NoMatches, MountError)
"""What a step meets that needs a part of a widget, where the parts are gone already or will never be there."""


def is_leaving(pump: MessagePump | None) -> bool:
    """Whether a widget, or one that it stands in, is being taken away."""
    while pump is not None and not isinstance(pump, App):
        if pump._closing or getattr(pump, "_pruning", False) or (isinstance(pump, Screen) and not _is_open(pump)):
            return True
        pump = pump._parent
    # An app that ends opens no screen any more: what was to stand in it is never made.
    return pump is None or (isinstance(pump, App) and pump._exit)


def is_of_leaving(error: Exception) -> bool:
    """Whether an error is that of a step which lacks a part of a widget, or of a screen, that is being taken away.

    Answers to a dialogue come to the app itself where a key asked for it: only the steps themselves say whose they are.
    """
    if not isinstance(error, OF_PARTS):
        return False
    owners = (frame.f_locals.get("self") for frame, _line in walk_tb(error.__traceback__))
    return any(isinstance(owner, Widget) and is_leaving(owner) for owner in owners)


def _is_open(screen: Screen[object]) -> bool:
    return any(screen in stack for stack in screen.app._screen_stacks.values())


class Leaving(MessagePump):
    """An app, a screen or a widget: a step that lacks a part of it, as it leaves, is not done.

    A widget that stopped with such an error would leave behind what stands in it.
    """

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except OF_PARTS as error:
            # Whoever stops with an error hears nothing any more: the app itself runs what keys do.
            if not (is_leaving(self) or is_of_leaving(error)):
                raise

    def call_after_refresh(self, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> bool:
        """Call `callback` once what changed is painted. The framework lets whichever screen is on top then do it."""
        return super().call_after_refresh(self._unless_leaving, partial(callback, *args, **kwargs))

    async def _unless_leaving(self, callback: Callable[[], Any]) -> None:
        try:
            await invoke(callback)
        except OF_PARTS as error:
            if not (is_leaving(self) or is_of_leaving(error)):
                raise
