"""The filled cache of the screens, without screens."""

from __future__ import annotations

from tests.tui.screens.conftest import english, home, seat, store, template

__all__ = ["english", "home", "seat", "store", "template"]
