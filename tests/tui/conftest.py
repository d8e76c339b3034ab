"""What the client's tests share: each begins in English, and screens are driven in one way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from imi_tui import i18n
from tests.tui import driving


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    """What one test spoke is nobody else's language: catalogues of all languages are there to be found."""
    yield
    if i18n.language() != "en":
        i18n.install("en")


@pytest.fixture(scope="session", autouse=True)
def _quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        driving.quick(patch)
        yield
