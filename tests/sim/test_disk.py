"""The disk below the cipher: full at every write, without power at every moment, a bit flipped (F18, F19, F20)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imi_tui.cache.errors import CacheError, DiskFull, NoSuchSeat
from imi_tui.cache.files.sealed import SEGMENT
from imi_tui.cache.outbox.draft import Draft
from imi_tui.viewmodel import outgoing
from tests.central.world import LYON, REQUEST, ROSENHEIM
from tests.effort import tries
from tests.sim.disk import Killed, under
from tests.sim.world import Machine, Server
from tests.tui.undone import undone

Make = Callable[[], Machine]
STEP = tries(36, 1)
"""Every how manyth write the disk is full at in a first synchronisation: at every one in `make test-faults`."""
POWER_CUTS = tries(2, 20)
WRITES = 400
"""More than a first synchronisation needs."""


@pytest.fixture
def make(memory: Path, template: Path) -> Iterator[Make]:
    """Makes lyon's machine on a server of its own."""
    loop = asyncio.new_event_loop()
    made: list[Machine] = []
    server = Server(memory, template, 1)

    def machine() -> Machine:
        made.append(Machine(memory / f"lyon-{len(made)}", server, "lyon", loop, len(made)))
        return made[-1]

    class Disks(list):  # type: ignore[type-arg]
        """Those of all machines, also the ones made later."""

        def __iter__(self) -> Iterator[object]:
            return (each.disk for each in made)

    with under():
        from tests.sim import disk

        disk._disks = Disks()
        yield machine
        for each in made:
            each.disk.room = None
            each.end()
        disk._disks = []
    server.close()
    loop.close()


def letter(number: int) -> Draft:
    answers = {**REQUEST, "subject": f"letter {number}"}
    return Draft(f"d{number}", LYON, "pw.info", "send", target=ROSENHEIM, answers=answers)


def subjects(machine: Machine) -> list[str]:
    with machine.server.store.view("lyon") as view:
        return sorted(case.subject for case in view.cases(LYON, None, 1000))


def sound(machine: Machine) -> None:
    store = machine.open()
    for database in (store._work, store._cache):
        assert database.rows("pragma integrity_check") == [("ok",)]


def test_full_at_every_write_while_queueing(make: Make) -> None:
    machine = make()
    machine.sync()
    told: list[str] = []
    refused = 0
    for room in range(60):
        machine.disk.room = room
        try:
            told.append(machine.open().queue(letter(room)).subject)
        except DiskFull:
            refused += 1
        machine.disk.room = None
        assert sorted(item.subject for item in machine.open().outbox()) == sorted(told)
    assert refused
    assert told
    sound(machine)
    machine.sync()
    assert subjects(machine) == sorted(told)
    assert machine.open().counts()["all"] == len(told)


@pytest.mark.parametrize("first", range(0, WRITES, 100))
def test_full_at_every_write_while_synchronising(make: Make, first: int) -> None:
    """Each time the first sync, with one letter behind it; nobody restarts anything when there is room again."""
    failed = 0
    rooms = range(first, first + 100, STEP)
    for room in rooms:
        machine = make()
        machine.disk.room = room
        try:
            failed += machine.sync() is None
        except CacheError:
            failed += 1
        machine.disk.room = None
        assert machine.sync() is not None
        assert [seat.desk for seat in machine.open().seats()] == [LYON]
        machine.open().queue(letter(room))
        machine.disk.room = room // 9
        failed += machine.sync() is None
        machine.disk.room = None
        assert machine.sync() is not None
        assert machine.open().outbox() == []
        assert {id for id, *_ in machine.open().sync.known(LYON)} == {
            row.id for row in machine.open().window("all", "due", limit=1000)
        }
        assert len(subjects(machine)) == machine.open().counts()["all"]
        machine.end()
    assert failed > len(rooms) // 4
    assert subjects(machine) == sorted(f"letter {room}" for room in rooms)


def test_a_first_synchronisation_needs_fewer_writes_than_are_tried(make: Make) -> None:
    machine = make()
    assert machine.sync() is not None
    assert 0 < machine.disk.writes < WRITES


@pytest.mark.parametrize("seed", tries([0], range(3)))
def test_without_power_at_any_moment(make: Make, seed: int) -> None:
    """What was said to be safe is there when the machine is switched on again, and both files are sound."""
    rng = random.Random(seed)
    machine = make()
    machine.disk.lazy = True
    machine.sync()
    told: list[str] = []
    for number in range(30):
        machine.kill_within(60)
        try:
            told.append(machine.open().queue(letter(number)).subject)
            if rng.random() < 0.5:
                machine.sync()
        except (Killed, NoSuchSeat):
            # The session is in the cache, which may have lost its last moments and is filled again.
            pass
        machine.end(power=True)
        sound(machine)
        machine.sync()
        held = {item.subject for item in machine.open().outbox()} | set(subjects(machine))
        assert set(told) <= held
        told = sorted(held)
    machine.kill_at = None
    machine.sync()
    machine.sync()
    assert subjects(machine) == told
    assert machine.open().counts()["all"] == len(told)
    assert machine.open().outbox() == []


def test_what_the_listing_forgot_with_the_power_is_seen_again(make: Make) -> None:
    """An entry was taken back and a synchronisation tried; then the listing loses both and must not show it again."""
    machine = make()
    machine.sync()
    item = machine.open().queue(letter(1))
    machine.end()
    machine.disk.lazy = True
    undone(machine.open(), item.client_ref)
    # Once more is tried at once, on a connection of its own.
    machine.line.faults = iter(["refused", "refused"])
    assert machine.sync() is None
    machine.rng = random.Random(1)
    machine.disk.files[str(machine.profile.cache_db) + "-wal"].pending[:] = []
    machine.end(power=True)
    assert machine.open().outbox() == []
    assert machine.open().window("all", "due", limit=9) == []


@pytest.mark.parametrize("part", ["work.db", "work.db-wal", "cache.db", "cache.db-wal"])
def test_one_flipped_bit_is_noticed(make: Make, part: str) -> None:
    """Whatever bit of a file changes: it is noticed, or harmless; the entry that waits is never silently another."""
    rng = random.Random(part)
    for round_ in range(4):
        machine = make()
        machine.sync()
        machine.open().queue(letter(round_))
        if part.endswith("-wal"):
            machine.disk.dead = True
        machine.end()
        file = machine.profile.work_db.parent / part
        content = bytearray(file.read_bytes())
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        file.write_bytes(content)
        held, rows, said = read_again(machine)
        if said:
            assert said == {"corruptWork"}, "nothing replaces what cannot be fetched again"
            assert part.startswith("work.db")
        else:
            assert held == [f"letter {round_}"]
            assert sorted(rows) == subjects(machine)


def read_again(machine: Machine) -> tuple[list[str], list[str], set[str]]:
    """What waits, then what shows after synchronising; or what was said at each of four starts."""
    said: set[str] = set()
    held: list[str] = []
    for _ in range(4):
        try:
            waiting = [item.payload["answers"]["subject"] for item in machine.open().outbox()]
            held = held or waiting
            machine.line.app = machine.server.app
            machine.engine.run_once()
            return held, [row.subject for row in machine.open().window("all", "due", limit=99)], set()
        except CacheError as error:
            said.add(error.code)
            machine.end()
    return held, [], said


def carried(machine: Machine) -> dict[str, bytes]:
    """What the server has of files, by the subject of the case."""
    out: dict[str, bytes] = {}
    with machine.server.store.view("lyon") as view:
        subjects = {case.id: case.subject for case in view.cases(LYON, None, 1000)}
        for entry in view.entries(LYON, None, 1000):
            for each in entry.attachments:
                found = view.file(LYON, each.blob_id, machine.server.clock())
                assert found is not None
                assert subjects[entry.case_id] not in out
                out[subjects[entry.case_id]] = view.read_file(found, 0, found.size)
    return out


@pytest.mark.parametrize("lies", [False, True], ids=["honest", "lying"])
def test_files_without_power_at_any_moment(make: Make, tmp_path: Path, lies: bool) -> None:
    """A file that waits to be sent is whole, or its entry says that it is not; what arrives is what was chosen.

    On a disk that says it has written what it has not, it may be lost, but never without a word.
    """
    refused = kills = sent = 0
    for seed in range(POWER_CUTS):
        machine = make()
        said, chosen = attached_without_power(machine, tmp_path / "a.bin", seed, lies=lies)
        waiting = machine.open().outbox()
        there = {subject: data for subject, data in carried(machine).items() if subject in chosen}
        assert all(there[subject] == chosen[subject] for subject in there)
        assert said <= set(there) | {item.subject for item in waiting}
        assert not set(there) & {item.subject for item in waiting}
        for item in waiting:
            assert "The copy of this file on this machine is damaged" in outgoing.state(item)
        refused, kills, sent = refused + len(waiting), kills + machine.kills, sent + len(there)
        machine.end()
    assert kills > POWER_CUTS
    assert sent > 0
    assert (refused > 0) is lies


def attached_without_power(
    machine: Machine, source: Path, seed: int, *, lies: bool
) -> tuple[set[str], dict[str, bytes]]:
    """Attach and send files while power fails: the subjects that were said to be queued, and what was chosen."""
    rng = random.Random(seed)
    machine.sync()
    machine.disk.lazy, machine.disk.lies = True, lies
    chosen: dict[str, bytes] = {}
    said: set[str] = set()
    for number in range(6):
        subject = f"file {seed}-{number}"
        size = rng.choice((5, SEGMENT - 10, SEGMENT, 3 * SEGMENT + 7))
        chosen[subject] = bytes([number]) * 10 + rng.randbytes(size)
        source.write_bytes(chosen[subject])
        machine.kill_within(60)
        try:
            made = machine.open().files.attach(source)
            files = [{"blobId": f"ref:{made.id}", "name": made.name, "personal": True}]
            draft = letter(number)
            draft.answers, draft.attachments = {**REQUEST, "subject": subject}, files
            machine.open().queue(draft)
            said.add(subject)
            if rng.random() < 0.5:
                machine.sync()
        except (Killed, NoSuchSeat):
            pass
        machine.end(power=True)
        machine.sync()
    machine.disk.lies = False
    machine.sync()
    return said, chosen
