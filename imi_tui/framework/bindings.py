"""The registry's actions as Textual bindings. Descriptions are message ids, translated when shown."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from imi_tui import actions as registry


def bindings(scope: str) -> list[BindingType]:
    """Bindings for a screen's or a widget's `BINDINGS`; the id of each is its action's id."""
    return [
        Binding(",".join(action.keys), action.method, action.label, show=False, id=action.id)
        for action in registry.in_scope(scope)
        if action.keys
    ]
