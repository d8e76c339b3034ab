"""The keys of the screen below, as they work now on this keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.containers import Vertical

from imi_tui import actions as registry
from imi_tui import keyboard
from imi_tui.i18n import _
from imi_tui.screens.base import Dialogue, bindings, label_of
from imi_tui.viewmodel.blocks import Block
from imi_tui.viewmodel.footer import key_name
from imi_tui.widgets.document import Document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult

    from imi_tui.actions import Action
    from imi_tui.keyboard import Layout


def page(
    actions: tuple[Action, ...], keymap: Mapping[str, tuple[str, ...]], language: str, layout: Layout
) -> list[Block]:
    """The help as blocks: groups, each action with its keys, its name and what it does."""
    out: list[Block] = [
        Block(_("Marks in the list: ! due today or overdue, ~ queued on this machine, * unread, x refused, + marked."))
    ]
    for group, title in registry.GROUPS.items():
        members = [action for action in actions if action.group == group and not action.id[-1].isdigit()]
        if members:
            out += [Block(""), Block(_(title), "heading")]
        for action in members:
            keys = ", ".join(_shown(key, language, layout) for key in registry.keys_of(action, keymap))
            text = f"{label_of(action)}. {_(action.help)}" if action.help else f"{label_of(action)}."
            out.append(Block(keys or _("in the menu"), aside=text, aside_look="plain", field=True))
    return out


def _shown(key: str, language: str, layout: Layout) -> str:
    local = keyboard.shown_on(key, language, layout)
    return f"{key_name(key)} ({local})" if local else key_name(key)


class HelpScreen(Dialogue[None]):
    """What every key does."""

    SCOPE = "help"
    CSS_PATH = ["base.tcss", "help.tcss"]
    BINDINGS = bindings("help")
    AUTO_FOCUS = "Document"

    def __init__(self, scope: str, actions: tuple[Action, ...], keymap: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__()
        self._actions = (*actions, *(registry.in_scope("rows") if scope == "inbox" else ()))
        self._keymap = keymap

    def compose(self) -> ComposeResult:
        """One page."""
        with Vertical(classes="dialogue"):
            yield Document()

    def on_mount(self) -> None:
        """Write the page."""
        context = self.context
        self.query_one(Document).show(
            page(self._actions, self._keymap, context.language, cast("Layout", context.keyboard))
        )
