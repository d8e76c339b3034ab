"""What several clients and writers at once may rely on (docs/contracts.md)."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import itertools
import threading
from collections.abc import Callable
from types import ModuleType

import pytest
import sqlalchemy as sa

from imi_central.store import Asked, Assembly, EntryRefused, Service, Store, casefile, commit, files
from imi_core.case import Attachment, Entry, Text
from tests.central.replica import Replica, assert_same, force
from tests.central.world import LYON, REQUEST, ROSENHEIM, WARSAW, Caller, Clock, accept, act, ref, send
from tests.effort import tries


def message(case_id: str) -> Entry:
    return Entry(action="message", case_id=case_id, client_ref=ref(), text=Text(lang="en", text="Good day."))


def test_a_writer_that_waits_before_its_commit_hides_nothing(store: Store, caller: Caller) -> None:
    """The second writer's change never shows before the first one's, however long the first takes to commit."""
    cases = {officer: send(store, officer=officer, desk=desk).case_id for officer, desk in SENDERS.items()}
    replica = Replica(caller, "rosenheim", ROSENHEIM).sync()
    written, go_on = threading.Event(), threading.Event()
    made: dict[str, str] = {}

    def slow() -> None:
        given = message(cases["lyon"])
        with store.writing() as conn:
            done = commit.commit_entry(conn, store.now(), lambda: ref().replace("-", ""), "lyon", LYON, given, (), {})
            made["slow"] = done.entry.id
            written.set()
            go_on.wait(30)

    def quick() -> None:
        written.wait(30)
        made["quick"] = store.commit_entry("warsaw", WARSAW, message(cases["warsaw"])).entry.id

    writers = [threading.Thread(target=slow), threading.Thread(target=quick)]
    for writer in writers:
        writer.start()
    written.wait(30)
    before = set(replica.entries)
    for _ in range(20):
        replica.sync(1)
        assert set(replica.entries) == before
    go_on.set()
    while any(writer.is_alive() for writer in writers):
        replica.sync(1)
    replica.sync(1)
    assert set(replica.entries) - before == set(made.values())
    assert len(made) == 2
    assert_same(store, replica)
    assert store.verify() == {}


SENDERS = {"lyon": LYON, "warsaw": WARSAW}


def test_two_clients_agree_after_every_order_of_creating_removing_and_synchronising(
    store: Store, caller: Caller
) -> None:
    steps = ["create", "remove", "lyon", "rosenheim", "rosenheim"]
    orders = {each for each in itertools.permutations(steps) if each.index("create") < each.index("remove")}
    assert len(orders) == 30
    for order in sorted(orders)[:: tries(4, 1)]:
        clients = {officer: Replica(caller, officer, desk).sync() for officer, desk in BOTH.items()}
        case_id = ""
        for step in order:
            if step == "create":
                case_id = send(store).case_id
            elif step == "remove":
                force(store, case_id, "block")
            else:
                clients[step].sync()
                between = order.index("create") < order.index(step) < order.index("remove")
                assert not between or step == "rosenheim" or case_id in clients[step].cases
        for client in clients.values():
            assert_same(store, client.sync())
            assert case_id not in client.cases


BOTH = {"lyon": LYON, "rosenheim": ROSENHEIM}


def test_what_fails_late_leaves_nothing_of_an_entry(
    store: Store, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entry, case, change log, order of a first sync, audit trail: all of it or none."""
    send(store)

    def rows() -> dict[str, int]:
        with store.reading() as conn:
            tables = ("cases", "desk_case", "entries", "change", "audit", "counter")
            return {each: conn.scalar(sa.text(f"select count(*) from {each}")) or 0 for each in tables}

    before, heads = rows(), store.heads()

    def cut(*_: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(casefile, "_write_part", cut)
        with pytest.raises(RuntimeError, match="power cut"):
            send(store)
    assert rows() == before
    assert store.heads() == heads
    assert store.verify() == {}
    send(store)
    assert rows()["cases"] == before["cases"] + 1


def test_the_reading_calls_of_one_request_see_one_moment(store: Store) -> None:
    first = send(store).case_id
    with store.view("lyon") as view:
        state = view.state(LYON)
        second = send(store).case_id
        assert view.state(LYON) == state
        assert [case.id for case in view.cases(LYON, None, 10)] == [first]
        assert view.entries_of(LYON, [second]) == []
        assert view.changes(LYON, state, ("Case", "Entry"), 10).new == state
        view.refresh()
        found = view.changes(LYON, state, ("Case", "Entry"), 10)
        assert found.types["Case"].created == [second]
        assert {case.id for case in view.cases(LYON, None, 10)} == {first, second}


def meanwhile(
    patch: pytest.MonkeyPatch, name: str, other: Callable[[], object], module: ModuleType = files
) -> threading.Thread:
    """Let `other` run in a thread of its own when `files.<name>` is called first, up to where it has to wait."""
    inner = getattr(module, name)

    def run() -> None:
        with contextlib.suppress(EntryRefused):
            other()

    thread = threading.Thread(target=run)

    def wrapped(*given: object) -> object:
        if thread.ident is None:
            thread.start()
            thread.join(0.3)
        return inner(*given)

    patch.setattr(module, name, wrapped)
    return thread


def test_an_entry_that_comes_again_while_it_is_taken_is_answered_as_the_first_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client or a proxy lost patience: by then the case has moved on, by this very entry."""
    case_id = send(store).case_id
    given = Entry(action="accept", case_id=case_id, based_on=1, client_ref=ref(), answers={"agreed_days": 10})
    made = []
    again = meanwhile(monkeypatch, "check_room", lambda: made.append(store.commit_entry("rosenheim", ROSENHEIM, given)))
    made.append(store.commit_entry("rosenheim", ROSENHEIM, given))
    again.join()
    assert sorted(each.repeated for each in made) == [False, True]
    assert made[0].entry == made[1].entry


def test_a_translation_that_arrives_while_its_case_gets_an_entry_holds_up_neither(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both write the desk's part of the case and its sequence: in another order each would wait for the other."""
    store.translations.service = Service("Test engine")
    given = Entry(action="send", procedure="pw.info", target=ROSENHEIM, answers=REQUEST, lang="fr", client_ref=ref())
    sent = store.commit_entry("lyon", LYON, given).entry
    accept(store, sent.case_id)
    store.translate("rosenheim", ROSENHEIM, Asked(ref(), sent.id, "de"))
    job = store.translations.next()
    assert job is not None
    told: list[object] = []

    def arrive() -> None:
        told.append(store.translations.done(job.id, {"subject": "…"}, "fr"))

    arrives = meanwhile(monkeypatch, "_write_part", arrive, casefile)
    store.commit_entry("lyon", LYON, message(sent.case_id))
    arrives.join()
    assert told == [None]


@pytest.mark.parametrize("first", ["the entry", "the file"])
def test_a_part_of_a_file_is_not_carried_by_an_entry_as_well(
    store: Store, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    case_id = send(store).case_id
    part = store.put_blob("lyon", LYON, "text/plain", b"a part").id

    def join() -> object:
        wanted = Assembly(ref(), (part,), "text/plain", hashlib.sha256(b"a part").hexdigest())
        return store.join_blob("lyon", LYON, wanted, 100)

    def carry() -> object:
        attached = Attachment(blob_id=part, name="part.txt", size=0, sha256="")
        words = Text(lang="en", text="Here.")
        return act(store, "lyon", LYON, case_id, "message", text=words, attachments=(attached,))

    one, other = (carry, join) if first == "the entry" else (join, carry)
    thread = meanwhile(monkeypatch, "check_room" if first == "the entry" else "read", other)
    with contextlib.suppress(EntryRefused):
        one()
    thread.join()
    assert_files(store)


def test_a_file_put_together_twice_at_once_is_one_file(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    part = store.put_blob("lyon", LYON, "text/plain", b"a part").id
    wanted = Assembly(ref(), (part,), "text/plain", hashlib.sha256(b"a part").hexdigest())
    made = []
    again = meanwhile(monkeypatch, "read", lambda: made.append(store.join_blob("lyon", LYON, wanted, 100)))
    made.append(store.join_blob("lyon", LYON, wanted, 100))
    again.join()
    assert len(made) == 2
    assert made[0] == made[1]


def test_a_file_that_another_case_takes_over_is_not_erased_with_the_first(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = Text(lang="en", text="Here.")
    file = store.put_blob("lyon", LYON, "text/plain", b"a file").id
    attached = (Attachment(blob_id=file, name="file.txt", size=0, sha256=""),)
    old, new = send(store).case_id, send(store).case_id
    act(store, "lyon", LYON, old, "message", text=words, attachments=attached)
    clock.at += dt.timedelta(days=2)
    carry = meanwhile(monkeypatch, "check_room", lambda: force(store, old, "erase"))
    act(store, "lyon", LYON, new, "message", text=words, attachments=attached)
    carry.join()
    assert_files(store)


def assert_files(store: Store) -> None:
    """Every file that an entry carries is there."""
    with store.reading() as conn:
        lost = "select count(*) from entry_blob where blob_id not in (select id from blob)"
        assert conn.scalar(sa.text(lost)) == 0
        carried = "select count(*) from blob where attached and id not in (select blob_id from entry_blob)"
        assert conn.scalar(sa.text(carried)) == 0
