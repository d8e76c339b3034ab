"""Histories of work under faults, drawn from one seed, against an oracle of plain dictionaries."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from imi_core.authority import Officer
from imi_tui.cache.errors import (
    CacheError,
    DiskFull,
)
from imi_tui.cache.outbox.draft import Draft
from imi_tui.sync.transfers import SMALLEST
from tests.central.world import LYON, MUNICH, OFFICERS, REQUEST, ROSENHEIM
from tests.sim.disk import Killed, under
from tests.sim.net import FAULTS
from tests.sim.own import AtTheDesk
from tests.sim.truth import Oracle
from tests.sim.world import Machine, Server
from tests.tui.undone import undone

MACHINES = {"lyon": "lyon", "lyon at home": "lyon", "both": "both"}
HOME = {"lyon": (LYON,), "lyon at home": (LYON,), "both": (ROSENHEIM, MUNICH)}


class History(AtTheDesk):
    """Everybody at work. `step` does one thing; `finish` heals everything and compares."""

    def __init__(self, folder: Path, template: Path, seed: int, trace: list[str] | None = None) -> None:
        self.seed, self.rng = seed, random.Random(seed)
        self.loop = asyncio.new_event_loop()
        self.outside = folder / "outside"
        self.outside.mkdir()
        self.server = Server(folder, template, seed)
        self.machines = {
            name: Machine(folder / name.replace(" ", "-"), self.server, officer, self.loop, seed * 31 + number)
            for number, (name, officer) in enumerate(MACHINES.items())
        }
        self.oracle = Oracle()
        self.numbers = itertools.count(1)
        self.trace = [] if trace is None else trace
        self.counted: Counter[str] = Counter()
        self._disks = under(*(each.disk for each in self.machines.values()))
        self._disks.__enter__()
        self.server.store.put_officer(Officer(id="partner", name="Partner", desks={LYON: ("handler",)}))
        for name in ("lyon", "both"):
            assert self.machines[name].sync() is not None

    def close(self) -> None:
        for each in self.machines.values():
            each.end()
        self._disks.__exit__(None, None, None)
        self.server.close()
        self.loop.close()

    # --- what officers do --------------------------------------------------------------------------------------

    def step(self, name: str, who: str, number: int) -> None:
        """One step of the history; `number` chooses among what there is to choose."""
        self.trace.append(f"{name} ({who}, {number})")
        self.counted[name] += 1
        machine = self.machines[who]
        with machine.calm():
            before = self._seen(who)
        with machine.dies():
            getattr(self, "_" + name.replace(" ", "_"))(who, machine, number)
        with machine.calm():
            self._after(who, before)

    def _new(self, who: str, machine: Machine, number: int) -> None:
        if who == "both":
            return
        mark = f"mark{next(self.numbers)}"
        draft = self._letter(mark, number)
        self._interruptible(who, lambda: self._remember(who, machine.open().queue(draft), mark))

    def _letter(self, mark: str, number: int) -> Draft:
        return Draft(
            id=f"draft-{mark}",
            desk=LYON,
            procedure="pw.info",
            action="send",
            target=(ROSENHEIM, MUNICH)[number % 2],
            answers={**REQUEST, "subject": mark},
        )

    def _act(self, who: str, machine: Machine, number: int) -> None:
        rows = machine.open().window("all", "reference", limit=40)
        if not rows:
            return
        row = rows[number % len(rows)]
        detail = machine.open().case(row.desk, row.id)
        if detail is None:
            return
        mark = f"mark{next(self.numbers)}"
        chosen = [each for each in detail.actions if each in GIVEN]
        action = chosen[number // 7 % len(chosen)] if chosen else "message"
        given = {**GIVEN.get(action, {}), "text": mark, "lang": "en"}
        self._interruptible(
            who, lambda: self._remember(who, machine.open().act(row.desk, row.id, action, **given), mark)
        )

    def _attach(self, who: str, machine: Machine, number: int) -> None:
        """A message, or a new case, with a file of one part or two."""
        mark = f"mark{next(self.numbers)}"
        size = (1, 900, 900, 70_000, SMALLEST + 20_000)[number % 5]
        file = self.outside / f"{mark}.pdf"
        file.write_bytes(b"%PDF-1.7 " + mark.encode() + random.Random(mark).randbytes(size))
        self._interruptible(who, lambda: self._send_file(who, machine, number, mark, file))

    def _send_file(self, who: str, machine: Machine, number: int, mark: str, file: Path) -> None:
        made = machine.open().files.attach(file)
        self.oracle.files[who, made.id] = hashlib.sha256(file.read_bytes()).hexdigest()
        given = [{"blobId": f"ref:{made.id}", "name": made.name, "personal": True}]
        rows = machine.open().window("all", "reference", limit=40)
        if who != "both" and (number % 2 or not rows):
            draft = self._letter(mark, number)
            draft.attachments.extend(given)
            self._remember(who, machine.open().queue(draft), mark)
        elif rows:
            row = rows[number % len(rows)]
            item = machine.open().act(row.desk, row.id, "message", text=mark, lang="en", attachments=given)
            self._remember(who, item, mark)

    def _fetch(self, who: str, machine: Machine, number: int) -> None:
        """Ask for a file of a case; now and then with the line failing meanwhile."""
        files = self._files_there(machine)
        if files:
            with suppress(DiskFull):
                machine.open().files.want(*files[number % len(files)])
        self._bad_line(who, machine, number) if number % 2 else self._sync(who, machine, number)

    def _files_there(self, machine: Machine) -> list[tuple[str, str, dict[str, Any]]]:
        """(desk, case, attachment) of every file that entries here name and the server has."""
        out = []
        for row in machine.open().window("all", "reference", limit=10_000):
            detail = machine.open().case(row.desk, row.id)
            for entry in detail.entries if detail is not None else ():
                for each in entry.get("attachments", ()):
                    if not each["blobId"].startswith("ref:"):
                        out.append((row.desk, row.id, each))
        return out

    def _write(self, who: str, machine: Machine, number: int) -> None:
        mark = f"typed{next(self.numbers)}"
        draft = Draft(id=f"letter-{number % 3}", desk=HOME[who][0], procedure="pw.info", action="send", text=mark)
        known = self.oracle.drafts.get((who, draft.id), {""})
        self.oracle.drafts[who, draft.id] = known | {mark}
        try:
            machine.open().save_draft(draft)
        except CacheError:
            self.oracle.drafts[who, draft.id] = known
            return
        self.oracle.drafts[who, draft.id] = {mark}

    def _undo(self, who: str, machine: Machine, number: int) -> None:
        self._take_back(who, number, lambda ref: self._keep(who, undone(machine.open(), ref)), "queued")

    def _revise(self, who: str, machine: Machine, number: int) -> None:
        def revise(ref: str) -> None:
            draft = machine.open().revise(ref)
            self._keep(who, draft)
            if number % 2 and draft.case_id:
                self.oracle.drafts[who, draft.id].add("")
                item = machine.open().queue(draft)
                self.oracle.drafts.pop((who, draft.id))
                self._remember(who, item, draft.text)

        found = [item for item in machine.open().outbox() if item.state == "rejected"]
        if found:
            chosen = found[number % len(found)]
            self.oracle.queued[chosen.client_ref].doubtful = True
            self._interruptible(who, lambda: revise(chosen.client_ref))

    def _discard(self, who: str, machine: Machine, number: int) -> None:
        self._take_back(who, number, machine.open().discard, "rejected")

    def _take_back(self, who: str, number: int, work: Callable[[str], None], state: str) -> None:
        found = [item for item in self.machines[who].open().outbox() if item.state == state]
        if not found:
            return
        ref = found[number % len(found)].client_ref

        self.oracle.queued[ref].doubtful = True
        self._interruptible(who, lambda: work(ref))

    def _keep(self, who: str, draft: Draft) -> None:
        self.oracle.drafts[who, draft.id] = {draft.text}

    def _sync(self, who: str, machine: Machine, number: int) -> None:
        self.counted["sync done" if machine.sync() is not None else "sync failed"] += 1

    def _index(self, who: str, machine: Machine, number: int) -> None:
        try:
            machine.open().sync.index_pending(number + 1)
        except CacheError:
            self.counted["index failed"] += 1

    # --- what goes wrong -----------------------------------------------------------------------------------------

    def _bad_line(self, who: str, machine: Machine, number: int) -> None:
        """The next exchanges fail in ways drawn from the seed; then the officer's client synchronises on it."""
        faults = [self.rng.choice((*FAULTS, "", "", "")) for _ in range(number % 5 + 1)]
        self.trace[-1] += f" {faults}"
        machine.line.faults = iter(faults)
        self._sync(who, machine, number)

    def _kill_soon(self, who: str, machine: Machine, number: int) -> None:
        machine.kill_within((8, 40, 200)[number % 3])

    def _restart(self, who: str, machine: Machine, number: int) -> None:
        machine.end()

    def _power(self, who: str, machine: Machine, number: int) -> None:
        """From now on (even) writes are remembered; then (odd) the power fails."""
        if number % 2 and machine.disk.lazy:
            machine.end(power=True)
            machine.disk.lazy = False
        else:
            machine.end()
            machine.disk.lazy = True

    def _full(self, who: str, machine: Machine, number: int) -> None:
        machine.disk.room = None if machine.disk.room is not None else number
        self.trace[-1] += f" room {machine.disk.room}"

    def _clock(self, who: str, machine: Machine, number: int) -> None:
        machine.now += dt.timedelta(hours=(-48, -24, -1, 1, 24, 48)[number % 6])

    def _server_clock(self, who: str, machine: Machine, number: int) -> None:
        self.server.clock.at += dt.timedelta(hours=(1, 24, -1, 48)[number % 4])

    def _token(self, who: str, machine: Machine, number: int) -> None:
        machine.tokens.expire()

    def _revoked(self, who: str, machine: Machine, number: int) -> None:
        machine.tokens.revoked = number % 3 == 0

    def _rights(self, who: str, machine: Machine, number: int) -> None:
        desks = OFFICERS["both"]
        given = (
            desks,
            {MUNICH: desks[MUNICH]},
            {ROSENHEIM: desks[ROSENHEIM]},
            {ROSENHEIM: ("basic",), MUNICH: ("handler",)},
        )
        self.server.store.put_officer(Officer(id="both", name="Both", desks=given[number % 4]))  # type: ignore[arg-type]

    def _metered(self, who: str, machine: Machine, number: int) -> None:
        """From now on, or no longer, only lists and what somebody opens are fetched."""
        machine.meter(number % 2 == 0)

    def _server_dies(self, who: str, machine: Machine, number: int) -> None:
        """At one of its next writes, while it answers; it starts again from what its files hold then."""
        self.server.kill_within((3, 12, 40)[number % 3])
        self._bad_line(who, machine, number) if number % 2 else self._sync(who, machine, number)

    def _backup(self, who: str, machine: Machine, number: int) -> None:
        self.server.back_up()

    def _restore(self, who: str, machine: Machine, number: int) -> None:
        if self.server.night is not None:
            self.server.restore(told=number % 2 == 0)

    def _forgotten(self, who: str, machine: Machine, number: int) -> None:
        """The client was away for longer than changes are kept."""
        self.server.clock.at += dt.timedelta(seconds=1)
        self.server.store.prune_changes(dt.timedelta(0))

    def _erase(self, who: str, machine: Machine, number: int) -> None:
        closed = [case.id for case in self._cases("lyon").get(LYON, {}).values() if case.closed_at is not None]
        if closed:
            self.oracle.blocked.add(closed[number % len(closed)])
            for job in ("block", "erase"):
                self.server.store.age(job, closed[number % len(closed)])  # type: ignore[arg-type]

    def finish(self) -> None:
        """Heal everything, synchronise until nothing moves, and compare."""
        self._rights("both", self.machines["both"], 0)
        self.server.kill_at = None
        self.counted["server died"] = self.server.deaths
        self.counted["server died committing"] = self.server.torn
        for machine in self.machines.values():
            machine.disk.room, machine.kill_at, machine.disk.lazy = None, None, False
            machine.line.faults = iter(())
            machine.tokens.revoked = False
            machine.line.app = self.server.app
            machine.line.deliver_late()
        for turn in range(6):
            for who, machine in self.machines.items():
                self.trace.append(f"last sync {turn} ({who})")
                if turn == 3:
                    # Until here as it was left; what a metered line leaves out comes with the next one.
                    machine.meter(False)
                report = machine.sync()
                assert report is not None or turn < 3, f"{who} cannot synchronise"
        for machine in self.machines.values():
            for row in machine.open().window("all", "reference", limit=10_000):
                self._look(machine, row.desk, row.id)
            assert machine.sync() is not None
        for who in self.machines:
            self._after(who, set())
            self._compare(who)
            self._every_file(who)
        self._nothing_lost_nothing_twice()

    def _every_file(self, who: str) -> None:
        """Whatever an entry names can be had, whole."""
        machine = self.machines[who]
        for _ in range(2):
            # A case whose file went is fetched again: a server that was put back has it under another id.
            wanted = self._files_there(machine)
            for each in wanted:
                machine.open().files.want(*each)
            if wanted:
                assert machine.sync() is not None
            if all(machine.open().files.state(each).problem != "fileGone" for _, _, each in wanted):
                break
            assert machine.sync() is not None
            self.counted["files under another id"] += 1
        for desk, case, each in wanted:
            state = machine.open().files.state(each)
            assert state.where == "here", f"{who}: {desk} {case}: {each} is {state}"
            held = hashlib.sha256(machine.open().files.read(each)).hexdigest()
            assert held == each["sha256"], f"{who}: {desk} {case}: {each} is another file"
        self.counted["files read"] += len(wanted)


GIVEN: dict[str, dict[str, Any]] = {
    "accept": {"answers": {"agreed_days": 10}},
    "message": {},
    "withdraw": {},
    "change_date": {"answers": {"agreed_days": 12}},
}
STEPS = (
    *["new", "act", "act", "act", "sync", "sync", "sync", "bad line", "bad line", "bad line", "kill soon", "kill soon"]
    * 2,
    *["write", "undo", "revise", "discard", "restart", "power", "power", "full", "clock", "token", "index", "rights"],
    *["assign", "assign", "assign", "assign"],
    *["translate", "translate", "translate", "have translated", "have translated", "service", "service"],
    *["attach", "attach", "attach", "fetch", "fetch", "server dies", "server dies", "server dies", "metered"],
    *["backup", "backup", "restore", "restore", "forgotten", "erase", "revoked", "server clock"],
)


def run(folder: Path, template: Path, seed: int, steps: int = 40) -> History:
    """One history of `steps` steps. Raises AssertionError with the seed and everything that happened."""
    trace: list[str] = []
    with repeated_by(f"IMI_SIM_SEED={seed} make test-faults", trace):
        history = History(folder, template, seed, trace)
        try:
            for _ in range(steps):
                who = history.rng.choices(list(MACHINES), (5, 2, 4))[0]
                history.step(history.rng.choice(STEPS), who, history.rng.randrange(60))
            history.trace.append("finish")
            history.finish()
        finally:
            history.close()
    return history


@contextmanager
def repeated_by(command: str, trace: list[str]) -> Iterator[None]:
    """Whatever goes wrong inside, also a mistake of the test itself, is told with how to have it again."""
    try:
        yield
    except (Exception, Killed) as error:
        tail = "\n  ".join(trace)
        raise AssertionError(f"{command}\n  {tail}\n{type(error).__name__}: {error}") from error
