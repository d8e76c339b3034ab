"""Taking one entry of the outbox back, for tests that need no more of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imi_tui.cache.outbox.draft import Draft
    from imi_tui.cache.store import Store


def undone(store: Store, client_ref: str) -> Draft:
    """The draft of it, which stays among the drafts."""
    [draft] = store.drafts_of(store.take_back([client_ref], lambda _draft: True))
    assert draft is not None
    return draft
