"""The officer's own keys: what can be used is used, what cannot is said with the nearest that can."""

from __future__ import annotations

from typing import Any

import pytest

from imi_tui import actions, hints
from imi_tui.actions import ACTIONS, EVERYWHERE
from imi_tui.config import keymap
from imi_tui.config.keymap import FIXED, read_keymap, unknown_lifecycle

SCOPES = sorted(set().union(*(action.scopes for action in ACTIONS)) - {EVERYWHERE})


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("n", "n"),
        ("N", "N"),
        ("shift+n", "N"),
        (".", "full_stop"),
        ("@", "at"),
        ("Ctrl+G", "ctrl+g"),
        ("pgdn", "pagedown"),
        ("β", "b"),
        ("ctrl+ψ", "ctrl+c"),
        ("F12", "f12"),
        (" ", "space"),
    ],
)
def test_a_key_is_understood_as_it_is_printed(written: str, key: str) -> None:
    mine, slips = read_keymap({"case.next": written})
    assert mine["case.next"] == (key,)
    assert [slip for slip in slips if not slip.used] == []


@pytest.mark.parametrize(
    ("table", "layout", "told"),
    [
        ({"go.outbx": "f6"}, "auto", "did you mean go.outbox?"),
        ({"outbox": "f6"}, "auto", "did you mean go.outbox?"),
        ({"zzz.qqq": "f6"}, "auto", "no action zzz.qqq"),
        ({"go.outbox": "crtl+g"}, "auto", "did you mean ctrl+g?"),
        ({"go.outbox": "pagedwon"}, "auto", "did you mean pagedown?"),
        ({"go.outbox": "F99"}, "auto", "no key F99"),
        ({"go.outbox": ""}, "auto", "a key or a list"),
        ({"go.outbox": 5}, "auto", "a key or a list"),
        ({"go.outbox": "ctrl+i"}, "auto", "cannot tell ctrl+i from tab"),
        ({"go.outbox": "esc"}, "auto", "cannot be given away"),
        ({"go.outbox": "tab"}, "auto", "cannot be given away"),
        ({"go.outbox": "q"}, "greek", "the greek keyboard has no key q"),
        ({"go.outbox": "q"}, "bds", "the bds keyboard has no key q"),
        ({"go.outbox": "ф"}, "auto", "set keyboard to bds or phonetic first"),
        ({"go.new": "x", "go.outbox": "x"}, "auto", "given to go.new already"),
        ({"rows.up": "x", "compose.next": "x"}, "auto", "given to rows.up already"),
    ],
)
def test_what_cannot_be_used_is_said_and_left_out(table: dict[str, Any], layout: Any, told: str) -> None:
    mine, slips = read_keymap(table, layout)
    [slip] = [slip for slip in slips if not slip.used]
    assert told in slip.text
    assert slip.id == list(table)[-1]
    assert slip.id not in mine


def test_a_bulgarian_letter_means_the_key_of_the_layout() -> None:
    assert read_keymap({"go.outbox": "ф"}, "bds")[0]["go.outbox"] == ("b",)
    assert read_keymap({"go.outbox": "ф"}, "phonetic")[0]["go.outbox"] == ("f",)


def test_an_own_key_is_taken_from_the_action_that_had_it_and_that_is_said() -> None:
    mine, slips = read_keymap({"go.outbox": "n", "list.sort": ["b", "d"]})
    assert mine["go.new"] == ("f2",)
    assert mine["go.drafts"] == ("f7",)
    # It was that of two actions, in the list and in a case.
    assert sorted((slip.id, slip.used) for slip in slips) == [("go.outbox", True)] * 2 + [("list.sort", True)]
    assert all(keymap.clashes(scope, mine) == [] for scope in SCOPES)


def test_one_key_may_do_different_things_on_screens_that_do_not_meet() -> None:
    mine, slips = read_keymap({"draft.open": "x", "authority.open": "x"})
    assert (mine["draft.open"], mine["authority.open"], slips) == (("x", "enter"), ("x", "enter"), [])


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_action_can_be_given_a_key_and_nobody_gets_stuck(action: actions.Action) -> None:
    mine, slips = read_keymap({action.id: "f12"})
    assert mine == {action.id: ("f12", *(key for key in action.keys if key in FIXED))}
    assert slips == []
    none, _slips = read_keymap({action.id: []})
    assert none == {action.id: tuple(key for key in action.keys if key in FIXED)}


def test_an_action_of_a_procedure_is_known_once_the_procedures_are() -> None:
    mine, slips = read_keymap({"do.acept": "ctrl+g", "do.reply": "ctrl+b"})
    assert slips == []
    [slip] = unknown_lifecycle(mine, ["accept", "reply"])
    assert (slip.id, "did you mean do.accept?" in slip.text) == ("do.acept", True)
    assert "do.not an action" not in read_keymap({"do.not an action": "q"})[0]


def test_textual_gets_a_key_that_nobody_has_where_an_action_has_none() -> None:
    assert keymap.for_textual({"go.new": (), "go.outbox": ("x", "f6")}) == {"go.new": "no_key", "go.outbox": "x,f6"}


def test_hints_name_the_key_that_works() -> None:
    try:
        hints.install({"app.undo": ("x",), "go.new": ()})
        assert [hints.hint(id) for id in ("app.undo", "go.new", "go.outbox")] == ["x", "F9", "o"]
    finally:
        hints.install({})
    assert hints.hint("app.undo") == "u"
