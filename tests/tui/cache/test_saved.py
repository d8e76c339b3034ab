"""The officer's own views: kept with what cannot be fetched again, each name once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imi_core.procedure import Rules
from imi_tui.cache.errors import NameTaken
from imi_tui.cache.personal.saved_views import NAME
from imi_tui.cache.store import Store
from tests.tui.cache.world import open_store, set_up


def test_views_stay_when_the_cache_goes(home: Path, pw_info: Rules) -> None:
    store = set_up(open_store(home), pw_info)
    store.saved.keep("Zoll", "country:DE is:todo")
    store.saved.keep("Late \x1b[31m", "is:overdue")
    store.close()
    (home / "cache.db").unlink()
    again = open_store(home)
    assert [(view.name, view.line) for view in again.saved.all()] == [
        ("Zoll", "country:DE is:todo"),
        ("Late \u241b[31m", "is:overdue"),
    ]
    again.close()


def test_a_name_is_there_once(store: Store) -> None:
    zoll = store.saved.keep(" Zoll ", "a")
    other = store.saved.keep("x" * 99, "b")
    assert len(other.name) == NAME
    for name in ("zoll", "ZÖLL"):
        with pytest.raises(NameTaken):
            store.saved.keep(name, "c")
    with pytest.raises(NameTaken):
        store.saved.rename(other.no, "Zoll")
    with pytest.raises(ValueError, match="name"):
        store.saved.keep("  ", "c")
    store.saved.rename(zoll.no, "ZOLL")
    assert store.saved.named("zoll") == zoll._replace(name="ZOLL")


def test_what_is_deleted_comes_back_in_its_place(store: Store) -> None:
    kinds: list[frozenset[str]] = []
    end = store.subscribe(lambda changed: kinds.append(frozenset(changed.kinds)))
    first, second = store.saved.keep("a", "1"), store.saved.keep("b", "2")
    store.saved.delete(first.no)
    assert store.saved.all() == [second]
    assert store.saved.named("a") is None
    store.saved.put_back(first)
    assert store.saved.all() == [first, second]
    end()
    assert set(kinds) == {frozenset({"views"})}


@pytest.mark.parametrize("name", ["todo", "TODO ", "due_soon", "Drafts"])
def test_a_name_that_commands_have_for_another_view_is_taken(store: Store, name: str) -> None:
    with pytest.raises(NameTaken):
        store.saved.keep(name, "a")
    view = store.saved.keep("mine too", "a")
    with pytest.raises(NameTaken):
        store.saved.rename(view.no, name)


def test_two_processes_that_keep_a_view_at_once_keep_both(home: Path, pw_info: Rules) -> None:
    one = set_up(open_store(home), pw_info)
    other = open_store(home)
    waited = one.saved._reserve.write

    def write(work: Callable[[], Any]) -> Any:
        # The other one writes after the place was chosen, if that is done too early.
        one.saved._reserve.write = waited  # type: ignore[method-assign]
        other.saved.keep("b", "2")
        return waited(work)

    one.saved._reserve.write = write  # type: ignore[method-assign]
    kept = one.saved.keep("a", "1")
    assert sorted((view.name, view.line) for view in other.saved.all()) == [("a", "1"), ("b", "2")]
    assert one.saved.named("a") == kept
    # One whose place another view has meanwhile comes back at the end.
    one.saved.delete(kept.no)
    taken = other.saved.keep("c", "3")
    assert taken.no == kept.no
    back = one.saved.put_back(kept)
    assert [view.name for view in one.saved.all()] == ["b", "c", "a"]
    assert one.saved.named("a") == back
    with pytest.raises(NameTaken):
        one.saved.put_back(kept)
    one.close()
    other.close()
