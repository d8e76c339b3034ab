"""A frozen payload that is not what it was: it is never sent, and the officer is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imi_core.procedure import Rules
from imi_tui import problems
from imi_tui.cache.outbox.rescue import rescue
from imi_tui.cache.store import Store
from imi_tui.profile import Profile
from tests.tui.cache.test_outbox import ONE, message, send, sent
from tests.tui.cache.world import KEY, case, case_id, open_store, put

TWO = case_id(2)


def changed(**members: Any) -> Callable[[str], str]:
    return lambda payload: json.dumps({**json.loads(payload), **members}, ensure_ascii=False)


DAMAGES: dict[str, Callable[[str], str]] = {
    "a letter": lambda payload: payload.replace("Guten", "Gutem"),
    "another number": changed(clientRef="0" * 32),
    "no number": lambda payload: json.dumps({**json.loads(payload), "clientRef": None}),
    "another case": changed(caseId=TWO),
    "cut off": lambda payload: payload[:40],
    "a list": lambda payload: f"[{payload}]",
    "empty": lambda _: "",
}


def damage(store: Store, client_ref: str, how: Callable[[str], str]) -> None:
    [(before,)] = store._work.rows("select payload from outbox where client_ref = ?", (client_ref,))
    assert how(before) != before
    with store._work.write():
        store._work.run("update outbox set payload = ? where client_ref = ?", (how(before), client_ref))


@pytest.mark.parametrize("tried", [False, True], ids=["new", "tried before"])
@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_entry_is_not_sent_but_told(store: Store, home: Path, pw_info: Rules, name: str, tried: bool) -> None:
    put(store, case(pw_info))
    put(store, case(pw_info, 2))
    item, behind, other = message(store), message(store, text="Danach."), message(store, TWO)
    if tried:
        sent(store, item)
    damage(store, item.client_ref, DAMAGES[name])
    store.close()
    again = open_store(home)
    again.sync.recover()
    assert [found.client_ref for found in again.sync.ready(9)] == [other.client_ref]
    assert [found.client_ref for found in again.sync.ready(1)] == [other.client_ref]
    first, second, _ = again.outbox()
    assert (first.client_ref, first.state, first.error) == (item.client_ref, "rejected", {"type": "damaged"})
    assert (second.client_ref, second.state) == (behind.client_ref, "queued")
    assert "damaged" in "".join(problems.refused(first.error))
    assert again.status().rejected == 1
    detail = again.case(item.desk, ONE)
    assert detail is not None
    assert item.client_ref not in detail.pending
    exported = rescue(Profile(home), KEY)["outbox"]
    assert [each["clientRef"] for each in exported] == [found.client_ref for found in again.outbox()]
    assert bool(exported[0]["payload"]) == (name != "empty"), "whatever is left of it"
    draft = again.revise(item.client_ref)
    draft.case_id, draft.text, draft.lang = ONE, draft.text or "Neu.", "de"
    renewed = again.queue(draft)
    assert [found.client_ref for found in again.sync.ready(9)] == [
        renewed.client_ref,
        behind.client_ref,
        other.client_ref,
    ]
    again.close()


def test_what_goes_along_with_a_revised_case_is_sound_again(store: Store) -> None:
    item = send(store)
    follow, broken = message(store, item.case_id), message(store, item.case_id)
    sent(store, item)
    store.sync.settle({}, {item.client_ref: {"type": "badTarget"}})
    damage(store, broken.client_ref, DAMAGES["a letter"])
    new = store.queue(store.revise(item.client_ref))
    assert [found.client_ref for found in store.sync.ready(9)] == [new.client_ref, follow.client_ref]
    assert store.outbox()[1].payload["caseId"] == new.case_id
    assert [found.error for found in store.outbox()] == [None, None, {"type": "damaged"}]
