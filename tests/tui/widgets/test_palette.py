"""What the menu and help list, in which order, and how that is found. No Textual."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from catalogues import files
from imi_tui import actions, i18n
from imi_tui.actions import Situation
from imi_tui.actions.sought import SOUGHT
from imi_tui.screens.help import page
from imi_tui.screens.menu import choices_elsewhere
from imi_tui.viewmodel import footer, palette
from imi_tui.viewmodel.palette import Entry, Keyboard

ACCEPT = actions.lifecycle_action("accept", "Annehmen", "a", 2)
REPLY = actions.lifecycle_action("reply", "Antworten", "r", 2)
PLAIN = Keyboard({}, "en", "auto")


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Texts in English, whatever a test before chose."""
    i18n.install("en")
    yield
    i18n.install("en")


def found(keys: Keyboard = PLAIN, scope: str = "inbox", **now: Any) -> tuple[Entry, ...]:
    return palette.entries((ACCEPT,), (REPLY,), Situation(scope, **now), keys)


def ids(entries: Any) -> list[str]:
    return [entry.action.id for entry in entries]


@pytest.mark.parametrize("scope", sorted({scope for action in actions.ACTIONS for scope in action.scopes} - {"*"}))
def test_everything_a_screen_has_is_listed_and_what_is_not_possible_says_why(scope: str) -> None:
    listed = found(scope=scope)
    alone = [action for action in actions.in_scope(scope) if not palette.is_numbered(action)]
    own = {action.id for action in alone if action.group != "tour"}
    assert own <= set(ids(listed))
    for entry in listed:
        possible = entry.action is ACCEPT or (entry.action is not REPLY and entry.action.when(Situation(scope)))
        assert possible == (entry.why == ""), entry.action.id
    why = {entry.action.id: entry.why for entry in listed}
    assert why["do.reply"] == "This is not possible in the present state of the case."
    if scope == "inbox":
        assert why["list.open"] == "There is nothing under the cursor."
        assert why["app.undo"].startswith("There is nothing to take back")


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("outb", "go.outbox"),
        ("ÖUTB", "go.outbox"),
        ("sorT", "list.sort"),
        ("accept", "do.accept"),
        ("annehm", "do.accept"),
        ("antwort", "do.reply"),
        ("f5", "app.sync"),
        ("Ctrl+Z", "app.undo"),
        ("b", "list.sort"),
        ("w", "go.authorities"),
        ("σορτ", "list.sort"),
        ("bytes of the day", "app.metered"),
        ("view next", "view.next"),
    ],
)
def test_an_action_is_found_by_name_in_both_languages_by_key_and_by_what_it_does(typed: str, first: str) -> None:
    assert ids(palette.search(found(undo=True), typed, PLAIN))[0] == first


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("snooze", "case.put_off"),
        ("later", "case.put_off"),
        ("excel", "case.export"),
        ("theme", "app.colours"),
        ("exit", "app.quit"),
        ("connection", "app.sync"),
        ("password", "app.lock"),
        # Slips of the fingers, in what it is called and in what else it is called.
        ("langauge", "app.language"),
        ("Exprot", "case.export"),
        ("snoze", "case.put_off"),
        ("exporrt", "case.export"),
    ],
)
def test_an_action_is_found_by_words_of_ones_own(typed: str, first: str) -> None:
    assert ids(palette.search(found(current=True), typed, PLAIN))[0] == first


def test_a_better_hit_is_not_pushed_away_by_words_that_mean_the_same() -> None:
    searching = ids(palette.search(found(current=True, flags=frozenset({"searching"})), "search", PLAIN))
    assert searching[0] == "list.search"
    assert "view.keep" in searching
    # A short word and a number forgive nothing.
    assert palette.search(found(), "xqz", PLAIN) == []
    assert palette.search(found(), "f77", PLAIN) == []


def test_what_is_done_on_another_screen_is_named_with_what_it_does_there() -> None:
    listed = found(current=True)
    assert palette.search(listed, "print", PLAIN) == []
    [entry] = palette.elsewhere(listed, "print", PLAIN)
    assert (entry.action.id, entry.keys) == ("case.print", "p")
    assert entry.why == entry.help != ""
    assert ids(palette.elsewhere(listed, "upload", PLAIN)) == ["file.attach"]
    assert ids(palette.elsewhere(listed, "uplaod", PLAIN)) == ["file.attach"]
    assert palette.elsewhere(listed, "qqqq", PLAIN) == []
    told = [block.text for block in page(listed, PLAIN, "print")] + [
        block.aside for block in page(listed, PLAIN, "print")
    ]
    assert "On another screen" in told
    assert "Print. Prints the case, whole or without personal data." in told
    assert [block.text for block in page(listed, PLAIN, "qqqq")] == ["Nothing here has that name or key."]
    titles = [line for line, id in choices_elsewhere([entry]) if id is None]
    assert titles == ["On another screen"]


def test_other_words_are_for_actions_there_are_and_none_is_the_name_itself() -> None:
    for id, words in SOUGHT.items():
        action = actions.by_id(id)
        assert action is not None, id
        assert not set(words.split()) & set(action.label.lower().split()), id


def test_an_action_is_found_in_the_officers_language_and_in_english() -> None:
    files.compile_all()
    i18n.install("en-XA")
    listed = found()
    [outbox] = [entry for entry in listed if entry.action.id == "go.outbox"]
    assert outbox.label != "Outbox"
    assert ids(palette.search(listed, outbox.label.strip("⟦⟧"), PLAIN))[0] == "go.outbox"
    assert ids(palette.search(listed, "find auth", PLAIN))[0] == "go.authorities"


def test_words_typed_on_a_bulgarian_keyboard_are_understood_once_the_layout_is_known() -> None:
    assert ids(palette.search(found(), "сорт", PLAIN)) == []
    keys = Keyboard({}, "bg", "phonetic")
    assert ids(palette.search(found(keys), "сорт", keys))[0] == "list.sort"


def test_what_is_possible_stands_before_a_better_name_that_is_not() -> None:
    hits = palette.search(found(), "re", PLAIN)
    reasons = [bool(entry.why) for entry in hits]
    assert reasons == sorted(reasons)
    assert "do.reply" in ids(hits)
    assert palette.search(found(), "qqqq", PLAIN) == []


def test_keys_are_shown_as_they_work_here() -> None:
    keys = Keyboard({"go.outbox": ("x",), "do.accept": ("y", "f12")}, "el", "auto")
    shown = {entry.action.id: entry.keys for entry in found(keys)}
    assert shown["go.outbox"] == "x (χ)"
    assert shown["do.accept"] == "y (υ), F12"
    assert shown["list.sort"] == "b (β), F8"
    assert {entry.action.id: entry.keys for entry in found()}["list.sort"] == "b, F8"
    assert ids(palette.search(found(keys), "x", keys))[0] == "go.outbox"


def test_keys_that_would_only_be_typed_are_not_shown_while_typing() -> None:
    shown = {entry.action.id: entry.keys for entry in found(Keyboard({}, "en", "auto", typing=True))}
    assert (shown["list.sort"], shown["app.help"], shown["do.accept"]) == ("F8", "F1", "")
    assert shown["app.menu"] == "F9, Ctrl+P"


def test_what_is_used_most_comes_first_and_only_what_is_possible() -> None:
    used = palette.by_use(found(current=True, flags=frozenset({"seated"})))
    assert used[0].action is ACCEPT
    assert [entry.action.footer for entry in used] == sorted(entry.action.footer for entry in used)
    assert not any(entry.why for entry in used)
    assert ids(used)[-1] == "app.help"


def test_help_says_first_what_is_used_most_and_at_the_end_what_is_not_possible() -> None:
    blocks = page(found(current=True), PLAIN, marks=True)
    headings = [block.text for block in blocks if block.look == "heading"]
    assert headings == ["Most used here", "Case", "List", "Go to", "Program", "Marks in the list", "Not possible now"]
    told = {block.aside.partition(".")[0]: block for block in blocks if block.aside}
    assert len([block for block in blocks if block.aside]) == len(told), "nothing stands there twice"
    assert told["View by number"].text == "1 2 3 4 5 6 7 8 9 0"
    assert (
        told["Undo"].aside
        == "Undo. There is nothing to take back: what was queued has left this machine, or nothing was."
    )
    assert told["Language"].text == "in the menu"
    assert [block.aside for block in page(found(), PLAIN, "zzz")] == [None]


def test_help_stays_in_a_full_footer() -> None:
    items = [(99, "f1", "Help"), *((n, "f8", f"Handlung Nummer {n}") for n in range(1, 12))]
    chosen = footer.choose(items, 120, ("f9", "More"))
    assert chosen[-2:] == [("F1", "Help"), ("F9", "More")]
    assert chosen[0] == ("F8", "Handlung Nummer 1")
    assert ("F1", "Help") not in footer.choose(items, 40, ("f9", "More")), "the work itself comes first"
