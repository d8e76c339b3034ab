"""Every action by each of its ways, with its effect: what is offered works, by letter, other key, menu and command."""

from __future__ import annotations

from pathlib import Path

import pytest

from imi_core.authority import Seat
from imi_tui import actions as registry
from imi_tui.cache.store import Store
from imi_tui.commands import COMMANDS
from imi_tui.viewmodel.palette import is_numbered
from tests.effort import some, tries
from tests.tui.actions import of_cases, of_finding, of_lists, of_program, of_writing
from tests.tui.actions.desk import desk
from tests.tui.actions.proofs import PROOFS, WITH_SERVER, to_try, tried
from tests.tui.actions.ways import scopes, ways

pytestmark = pytest.mark.anyio
CLI = Path(__file__).parents[1] / "cli"
MODULES = (of_cases, of_finding, of_lists, of_program, of_writing)


def test_every_action_has_a_proof_and_no_proof_is_left_over() -> None:
    ids = {action.id for action in registry.ACTIONS}
    assert ids - set(PROOFS) == set(), "without a proof"
    assert set(PROOFS) - ids == set(), "of no action"


TOGETHER = (
    ("inbox", "rows", "search", "menu", "help", "confirm", "prompt", "lock"),
    ("case", "export", "conflict", "outbox", "act"),
    ("compose", "preview", "drafts", "phrases", "phrase", "templates", "sign_in"),
    ("authorities", "choose_authority", "authority"),
)
"""Screens that share an app, about as much work each."""


def test_every_screen_is_looked_at() -> None:
    assert sorted(scope for together in TOGETHER for scope in together) == scopes()


def test_every_action_can_be_done_without_letters() -> None:
    for scope in scopes():
        for action in registry.in_scope(scope):
            # Digits stand beside a key that goes through all of them.
            letters = not any(way.neutral for way in ways(action, scope)) and not is_numbered(action)
            assert not letters, f"{action.id} has neither a key that is no letter nor the menu on {scope!r}"


def test_commands_of_actions_are_those_of_the_program_and_what_needs_a_server_is_tried_with_one() -> None:
    named = {action.command for action in registry.ACTIONS} - {""}
    assert {command.split()[0] for command in named} <= {*COMMANDS, "--help"}
    # Those do nothing that stands in the menu.
    assert set(COMMANDS) - {command.split()[0] for command in named} == {"files", "doctor"}
    assert set(WITH_SERVER) <= named
    for test in WITH_SERVER.values():
        file, _colons, name = test.partition("::")
        assert f"def {name}(" in (CLI / file).read_text("utf-8"), test


@pytest.mark.parametrize("together", TOGETHER, ids=" ".join)
async def test_every_action_of_a_screen_does_what_it_says_by_each_of_its_ways(
    together: tuple[str, ...], store: Store, seat: Seat, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = {scope: number for number, scope in enumerate(scopes())}
    faults: list[str] = []
    async with desk(store, seat, home, monkeypatch) as here:
        for scope in together:
            await here.tidy()
            for number, (action, known) in enumerate(to_try(scope)):
                # In `make test` by one of them, another on the next screen, and those of every screen on every third.
                elsewhere = registry.EVERYWHERE in action.scopes and scope not in ("case", "inbox")
                if elsewhere and tries((number + at[scope]) % 3 > 0, False):
                    continue
                faults += [await tried(here, scope, action, way) for way in some(known, number + at[scope])]
    assert not any(faults), "\n".join(filter(None, faults))
