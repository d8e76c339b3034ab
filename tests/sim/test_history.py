"""The histories of `history` as Hypothesis draws them: fewer than seeds, but a failure is shrunk to its few steps."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from imi_tui.cache.errors import DamagedFile
from tests.effort import tries
from tests.sim import history
from tests.sim.conftest import MEMORY
from tests.sim.disk import Killed
from tests.sim.truth import Queued


def test_nothing_is_lost_doubled_or_shown_wrong_step_by_step(template: Path) -> None:
    class Histories(RuleBasedStateMachine):
        """Each rule is one step; the comparison comes at the end."""

        @initialize(seed=st.integers(0, 2**16))
        def begin(self, seed: int) -> None:
            self.folder = tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None)
            self.history = history.History(Path(self.folder.name), template, seed)
            self.sound = True

        @rule(
            name=st.sampled_from(sorted(set(history.STEPS))),
            who=st.sampled_from(sorted(history.MACHINES)),
            number=st.integers(0, 59),
        )
        def step(self, name: str, who: str, number: int) -> None:
            self.sound = False
            self.history.step(name, who, number)
            self.sound = True

        def teardown(self) -> None:
            if not hasattr(self, "history"):
                return
            try:
                if self.sound:
                    self.history.finish()
            finally:
                self.history.close()
                self.folder.cleanup()

    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=tries(3, 150),
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_lost_entry_is_found(memory: Path, template: Path) -> None:
    """The oracle sees what it is there to see: an entry that vanishes, one that is there twice, one shown too long."""
    made = history.History(memory, template, 1)
    try:
        made.step("new", "lyon", 0)
        store = made.machines["lyon"].open()
        store._work.run("delete from outbox")
        with pytest.raises(AssertionError, match="is gone"):
            made.step("clock", "lyon", 0)
    finally:
        made.close()


def test_an_entry_that_arrives_after_it_was_taken_back_is_found(memory: Path, template: Path) -> None:
    made = history.History(memory, template, 1)
    try:
        made.step("new", "lyon", 0)
        made.step("sync", "lyon", 0)
        [queued] = made.oracle.queued.values()
        queued.gone = True
        with pytest.raises(AssertionError, match="was taken back and arrived"):
            made.finish()
    finally:
        made.close()


def test_a_case_that_stays_on_screen_is_found(memory: Path, template: Path) -> None:
    made = history.History(memory, template, 1)
    try:
        made.step("new", "lyon", 0)
        made.step("sync", "lyon", 0)
        machine = made.machines["lyon"]
        machine.open().sync.apply = lambda *_, **__: None  # type: ignore[method-assign]
        made.step("new", "lyon", 1)
        with pytest.raises(AssertionError):
            made.finish()
    finally:
        made.close()


@pytest.mark.parametrize("error", [TypeError, RecursionError, Killed])
def test_every_failure_says_how_to_have_it_again(
    memory: Path, template: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    """Also one that nobody thought of, at any place of a history, and one while it begins."""

    def fails(*_: object) -> None:
        raise error("nobody thought of this")

    for place, steps in (("finish", 1), ("_sync", 40), ("__init__", 0)):
        with monkeypatch.context() as broken:
            broken.setattr(history.Server if place == "__init__" else history.History, place, fails)
            folder = memory / place
            folder.mkdir()
            with pytest.raises(AssertionError, match="IMI_SIM_SEED=4 make test-faults") as found:
                history.run(folder, template, 4, steps)
        assert found.value.__cause__ is not None
        assert "nobody thought of this" in str(found.value)


def sent_with_a_file(memory: Path, template: Path) -> tuple[history.History, Queued]:
    made = history.History(memory, template, 1)
    made.step("attach", "lyon", 1)
    [queued] = made.oracle.queued.values()
    assert queued.files
    return made, queued


def test_a_file_that_arrives_as_another_is_found(memory: Path, template: Path) -> None:
    made, queued = sent_with_a_file(memory, template)
    try:
        made.step("sync", "lyon", 0)
        queued.files = ("0" * 64,)
        with pytest.raises(AssertionError, match="came with other files"):
            made.finish()
    finally:
        made.close()


def test_a_file_whose_bytes_changed_at_the_server_is_found(memory: Path, template: Path) -> None:
    made, _ = sent_with_a_file(memory, template)
    try:
        made.step("sync", "lyon", 0)
        with closing(sqlite3.connect(made.server.file)) as conn, conn:
            conn.execute("update blob set data = cast('x' || substr(data, 2) as blob)")
        with pytest.raises(AssertionError, match="is not what it says"):
            made._nothing_lost_nothing_twice()
    finally:
        made.close()


def test_a_file_that_waits_and_is_gone_is_found(memory: Path, template: Path) -> None:
    made, _ = sent_with_a_file(memory, template)
    try:
        for file in made.machines["lyon"].open().files.folder.iterdir():
            file.unlink()
        with pytest.raises(DamagedFile):
            made.step("clock", "lyon", 0)
    finally:
        made.close()


def test_a_server_that_dies_in_a_commit_has_the_entry_whole_or_not_at_all(memory: Path, template: Path) -> None:
    """And answers again from what its files hold; the client sends it once more."""
    made = history.History(memory, template, 1)
    try:
        found = []
        start = made.server._start

        def starts() -> None:
            start()
            found.append(sum(made._arrived().values()) - before)

        made.server._start = starts  # type: ignore[method-assign]
        for number in range(tries(14, 30)):
            made.step("attach" if number % 3 == 0 else "new", "lyon", 1)
            made.server.kill_within(30)
            made.server._in_commit = True
            before = sum(made._arrived().values())
            assert made.machines["lyon"].sync() is not None, "it is tried once more at once"
            made.step("clock", "lyon", 0)
        assert made.server.torn == len(found) > tries(4, 10)
        assert set(found) == {0, 1}
        made.finish()
    finally:
        made.close()
