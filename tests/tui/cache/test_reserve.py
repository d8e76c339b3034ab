"""A full disk takes nothing that was written: the reserve is given up for it, and made anew once there is room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from imi_core.procedure import Rules
from imi_tui.cache.errors import DiskFull
from imi_tui.cache.outbox.draft import Draft
from imi_tui.cache.storage import reserve
from imi_tui.cache.storage.reserve import Reserve
from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from tests.tui.cache.world import DE, case, case_id, open_store, put, set_up
from tests.tui.disks import disk_of


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own of 6 MiB."""
    with disk_of(tmp_path / "disk", "6m") as disk:
        yield disk


def fill(disk: Path) -> Path:
    """Take every byte that is left."""
    path = disk / "filler"
    with path.open("wb", buffering=0) as file:
        for size in (65536, 4096, 512, 1):
            while True:
                try:
                    if not file.write(b"x" * size):
                        break
                except OSError:
                    break
    return path


def write_on(store: Store) -> None:
    for number in range(400):
        store.save_draft(Draft(id=f"d{number}", desk=DE, procedure="", action="message", text="y" * 20_000))


def test_what_is_written_on_a_full_disk_is_kept(
    small_disk: Path, pw_info: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reserve, "SIZE", 1024 * 1024)
    home = small_disk / "home"
    store = set_up(open_store(home), pw_info)
    try:
        put(store, case(pw_info))
        assert store.reserve.keep()
        assert store.reserve.keep()
        filler = fill(small_disk)
        item = store.act(DE, case_id(1), "accept", answers={"agreed_days": 5})
        store.save_draft(Draft(id="d", desk=DE, procedure="", action="message", case_id=case_id(1), text="x" * 2000))
        assert not (home / "reserve").exists()
        assert not store.reserve.keep()
        # Without a reserve and without room it is said, and what was written before is still there.
        fill(small_disk)
        with pytest.raises(DiskFull):
            write_on(store)
        assert [each.client_ref for each in store.outbox()] == [item.client_ref]
        filler.unlink()
        store.save_draft(Draft(id="after", desk=DE, procedure="", action="message", text="again"))
        assert store.reserve.keep()
    finally:
        store.close()
    # On a full disk not even reading begins: the reserve is given up for that too.
    fill(small_disk)
    again = open_store(home)
    assert not (home / "reserve").exists()
    assert [each.client_ref for each in again.outbox()] == [item.client_ref]
    assert again.draft("d") is not None
    assert again.draft("after") is not None
    again.close()
    fill(small_disk)
    with pytest.raises(DiskFull):
        open_store(home)


def test_no_reserve_where_room_is_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Reserve(Profile(tmp_path))
    monkeypatch.setattr(reserve, "AMPLE", 10**9)
    assert not found.keep()
    assert not found.give_up()
    assert not any(tmp_path.iterdir())


def test_work_that_fails_for_another_reason_leaves_the_reserve_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reserve, "SIZE", 4096)
    found = Reserve(Profile(tmp_path))
    assert found.keep()

    def work() -> None:
        raise ValueError

    with pytest.raises(ValueError):
        found.write(work)
    assert (tmp_path / "reserve").exists()
