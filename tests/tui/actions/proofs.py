"""What each action is proved by, and how a proof is gone through.

A proof is written once an action: it brings the desk into a situation in which the action is offered, yields, and
checks what became of it. Whoever goes through it does the action where it yields, each time by another way. What it
yields is the plain command that does the same, in full, where the registry names one.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

from imi_tui import actions as registry
from imi_tui.actions import Action
from imi_tui.screens.menu import MenuScreen
from imi_tui.widgets.choice_list import ChoiceList
from imi_tui.widgets.entry import LineInput
from tests.tui.actions.desk import Desk
from tests.tui.actions.ways import COMMAND, Way, ways

Command = tuple[str, ...]
Steps = AsyncGenerator[Command, None]
Proof = Callable[[Desk], Steps]
PROOFS: dict[str, Proof] = {}
"""By the id of the action."""


KEEPING: set[str] = set()
"""Actions after whose proof the screen is as it was before, so that the next one finds it open."""


CHANGED = frozenset({"conflict", "export"})
"""Screens that show one thing, which is gone when the desk is tidied, or that begin with what was remembered."""


def proves(*ids: str, keeps: bool = False) -> Callable[[Proof], Proof]:
    """Says of which actions the function is the proof; `keeps`: see `KEEPING`."""

    def keep(proof: Proof) -> Proof:
        for id in ids:
            assert id not in PROOFS, id
            PROOFS[id] = proof
        if keeps:
            KEEPING.update(ids)
        return proof

    return keep


async def tried(desk: Desk, scope: str, action: Action, way: Way) -> str:
    """Go through the proof of `action` by one way on the screen `scope`; what is wrong, "" for nothing."""
    desk.scope, desk.way, desk.action, desk.said = scope, way, action, ""
    good = False
    steps = PROOFS[action.id](desk)
    try:
        command = await anext(steps)
        if way.kind == "command":
            await _by_command(desk, action, command)
        elif way.kind == "menu":
            await _by_menu(desk, action)
        else:
            await _by_key(desk, action, way.key)
        async for _more in steps:
            raise AssertionError("its proof does not end")
        good = True
    except Exception as failure:  # noqa: BLE001
        told = str(failure).splitlines()[0] if isinstance(failure, AssertionError) and str(failure) else repr(failure)
        return f"{action.id} by {way} on {scope!r}: {told}"
    finally:
        await steps.aclose()
        if desk.app._exit or not desk.app.is_running:
            await desk.begin()
        await desk.tidy(keep=good and action.id in KEEPING and scope not in CHANGED)
    return ""


async def _by_key(desk: Desk, action: Action, key: str) -> None:
    if desk.scope == desk.here:
        _offered(desk, action)
    await desk.press(key)


async def _by_menu(desk: Desk, action: Action) -> None:
    _offered(desk, action)
    await desk.press("f9")
    await desk.on("menu")
    assert isinstance(desk.top, MenuScreen)
    label = action.name
    desk.top.query_one(LineInput).value = label
    await desk.calm()
    found = desk.top.query_one(ChoiceList)
    shown = [value for _text, value in found.items if value is not None]
    assert action.id in shown, f"the menu does not have it under its name {label!r}"
    for _row in range(shown.index(action.id)):
        await desk.press("down")
    assert found.value == action.id, f"the cursor of the menu is on {found.value!r}"
    entry = desk.top._current()
    assert entry is not None
    assert not entry.why, f"the menu says that it is not possible: {entry.why}"
    await desk.press("enter")


async def _by_command(desk: Desk, action: Action, command: Command) -> None:
    name = action.command.split()
    assert command[:1] == (name[0],), f"the registry says {action.command!r}, the proof runs {command!r}"
    lacks = set(name[1:]) - set(command)
    assert not lacks, f"the registry says {action.command!r}, the proof runs {command!r}"
    desk.command(*command)


def _offered(desk: Desk, action: Action) -> None:
    assert desk.here == desk.scope, f"the proof does not bring the screen {desk.scope!r}, but {desk.here!r}"
    offered = {each.id for each in desk.top.actions_now()}
    assert action.id in offered, "it is not offered"


WITH_SERVER: dict[str, str] = {
    "sync": "test_commands.py::test_sync_list_show",
    "sync --accept-removals": "../sync/test_recovery.py::test_an_empty_server_removes_nothing_until_somebody_says_so",
    "signin": "test_commands.py::test_signing_in_out_and_what_then",
    "signin --device": "test_commands.py::test_signing_in_with_a_code_on_another_device",
    "signout": "test_commands.py::test_signing_in_out_and_what_then",
    "demo --tour": "test_demo.py::test_the_tour_goes_on_as_the_demo_in_a_program_of_its_own",
}
"""Commands that need a server, with the tests in ``tests/tui/cli`` that run them against a real one."""


def home_of(action: Action) -> str:
    """The screen on which an action's command is tried."""
    return "case" if registry.EVERYWHERE in action.scopes else min(action.scopes)


def to_try(scope: str) -> list[tuple[Action, list[Way]]]:
    """What has to be tried on a screen: its own actions by all their ways, those of every screen by one, in turn."""
    found = []
    for number, action in enumerate(registry.in_scope(scope)):
        here = ways(action, scope)
        if registry.EVERYWHERE in action.scopes and scope != "case":
            if action.group == "tour" and scope != "inbox":
                continue
            here = here[number % len(here) :][:1]
        if action.command and action.command not in WITH_SERVER and scope == home_of(action):
            here = [*here, COMMAND]
        found.append((action, here))
    return found


__all__ = ["PROOFS", "WITH_SERVER", "Desk", "Steps", "proves", "to_try", "tried"]
