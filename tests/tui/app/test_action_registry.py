"""The registry of actions: keys that every keyboard of the Union can type, no clashes, everything explained."""

from __future__ import annotations

from typing import Any

import pytest

from imi_central import catalogue
from imi_tui import actions
from imi_tui.actions import ACTIONS, DIALOGUES, EVERYWHERE, Situation
from imi_tui.config import keymap
from imi_tui.config.keymap import BESIDE, FORBIDDEN, NEUTRAL, PUNCTUATION
from imi_tui.screens.act import ActScreen
from imi_tui.screens.base import ActionScreen
from imi_tui.screens.case import CaseScreen
from imi_tui.screens.confirm import ChooseScreen
from imi_tui.screens.help import HelpScreen
from imi_tui.screens.inbox import InboxScreen
from imi_tui.screens.menu import MenuScreen
from imi_tui.screens.prompt import DaysPrompt
from imi_tui.widgets.case_list import CaseList
from imi_tui.widgets.document import Document
from imi_tui.widgets.line_list import LineList

SCOPES = sorted(set().union(*(action.scopes for action in ACTIONS)) - {EVERYWHERE})


def test_every_action_has_an_id_of_its_own_a_label_a_group_and_help() -> None:
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    for action in ACTIONS:
        assert action.label
        assert action.help.endswith("."), action.id
        assert action.group in actions.GROUPS


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_keys_can_be_typed_on_every_layout(action: actions.Action) -> None:
    for key in action.keys:
        last = key.rsplit("+", 1)[-1]
        assert key not in FORBIDDEN
        assert last not in FORBIDDEN
        assert not key.startswith(("alt+", "ctrl+alt+"))
        if key in BESIDE:
            assert set(BESIDE[key]) & set(action.keys), f"{key} stands alone"
        elif key.isdigit():
            assert action.id.startswith(("view.", "tab."))
        elif key not in NEUTRAL and key not in PUNCTUATION and not key.startswith("ctrl+"):
            assert len(key) == 1, key
            assert "a" <= key <= "z", key


@pytest.mark.parametrize(
    "action", [a for a in ACTIONS if any(k.startswith("ctrl+") for k in a.keys)], ids=lambda a: a.id
)
def test_a_control_letter_is_never_the_only_way(action: actions.Action) -> None:
    assert any(not key.startswith("ctrl+") or key in NEUTRAL for key in action.keys)


@pytest.mark.parametrize("scope", SCOPES)
def test_no_two_actions_of_a_screen_share_a_key(scope: str) -> None:
    assert keymap.clashes(scope, {}) == []


def test_clashes_are_found() -> None:
    assert keymap.clashes("inbox", {"go.outbox": ("n",)}) == [("n", "go.new", "go.outbox")]


@pytest.mark.parametrize("scope", ["inbox", "case"])
def test_the_lifecycles_keys_are_free_on_the_screens_that_use_them(scope: str) -> None:
    mine = {key for action in (*actions.in_scope(scope), *actions.in_scope("rows")) for key in action.keys}
    for rules in catalogue.load():
        for name, action in rules.lifecycle.actions.items():
            if action.key and not action.starts:
                assert action.key not in mine, f"{rules.lifecycle.id}.{name} wants {action.key}"


@pytest.mark.parametrize("scope", sorted(set(SCOPES) - DIALOGUES))
def test_every_screen_has_menu_help_and_a_way_out(scope: str) -> None:
    ids = {action.id for action in actions.in_scope(scope)}
    assert {"app.menu", "app.help", "app.quit"} <= ids
    assert ("app.back" in ids) == (scope != "inbox")


def test_what_is_impossible_is_not_offered() -> None:
    nothing = {action.id for action in actions.possible(actions.in_scope("inbox"), Situation("inbox"))}
    assert "list.open" not in nothing
    assert "app.undo" not in nothing
    something = Situation("inbox", current=True, undo=True)
    assert {"list.open", "app.undo"} <= {a.id for a in actions.possible(actions.in_scope("inbox"), something)}


@pytest.mark.parametrize(
    "screen", [InboxScreen, CaseScreen, ActScreen, MenuScreen, HelpScreen, ChooseScreen, DaysPrompt]
)
def test_every_action_of_a_screen_has_its_method(screen: type[ActionScreen[Any]]) -> None:
    for action in actions.in_scope(screen.SCOPE):
        assert hasattr(screen, f"action_{action.method.partition('(')[0]}"), action.id


@pytest.mark.parametrize("widget", [CaseList, Document, LineList])
def test_every_action_of_a_list_has_its_method(widget: type) -> None:
    for action in actions.in_scope("rows"):
        assert hasattr(widget, f"action_{action.method.partition('(')[0]}"), action.id
