"""The filled cache of the screens' tests, here too."""

from tests.tui.screens.conftest import anyio_backend, english, home, seat, store, template

__all__ = ["anyio_backend", "english", "home", "seat", "store", "template"]
