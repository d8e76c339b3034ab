"""While very many values are made none is looked at for whether it still is needed, and afterwards they are again."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator

import pytest

from imi_tui.cache.storage.gc_pause import gc_paused


@pytest.fixture(autouse=True)
def _enabled() -> Iterator[None]:
    gc.enable()
    yield
    gc.enable()


def test_it_is_looked_for_again_at_the_end_also_of_what_failed_and_not_in_between() -> None:
    def fails() -> None:
        with gc_paused():
            with gc_paused():
                assert not gc.isenabled()
            assert not gc.isenabled()
            raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        fails()
    assert gc.isenabled()


def test_it_can_be_left_for_a_quiet_moment_also_after_what_failed() -> None:
    left: list[Callable[[], None]] = []

    def fails() -> None:
        with gc_paused(left.append), gc_paused():
            raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        fails()
    assert not gc.isenabled()
    left[0]()
    assert gc.isenabled()


def test_whoever_had_it_off_keeps_it_off() -> None:
    left: list[Callable[[], None]] = []
    gc.disable()
    with gc_paused(left.append), gc_paused():
        pass
    assert not gc.isenabled()
    assert left == []
