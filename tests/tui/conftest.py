"""What the client's tests share: each begins in English."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from imi_tui import i18n


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    """What one test spoke is nobody else's language: catalogues of all languages are there to be found."""
    yield
    if i18n.language() != "en":
        i18n.install("en")
