"""The database that the settings name. Commands open it without the libraries of serving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_central.store import Store
from imi_central.store.errors import Unreachable

if TYPE_CHECKING:
    from imi_central.settings import Settings


def open_store(settings: Settings) -> Store:
    """The database of these settings; its directory is made where there is none, readable by its owner alone.

    Raises `StoreError`.
    """
    if not settings.database:
        try:
            settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise Unreachable(f"its folder cannot be made: {error.strerror}") from error
    return Store.open(settings.database_url)
