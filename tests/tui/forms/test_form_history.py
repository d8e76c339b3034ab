"""What is one step of writing, and that nothing which was typed is lost for good."""

from __future__ import annotations

import pytest

from imi_tui.forms import form_history
from imi_tui.forms.form_history import PAUSE, PIECE, History, Place, Typed, difference


class Field:
    """A text field whose keys are remembered; `now` is the clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.text = ""
        self.history: History[str] = History("", lambda: self.now)

    def type(self, *texts: str) -> None:
        """The texts that stand there one after the other."""
        for text in texts:
            before, self.text = self.text, text
            self.history.note(text, Place("field"), Typed(before, text))

    def back(self) -> list[str]:
        """What comes back by and by."""
        found = []
        while (step := self.history.undo()) is not None:
            found.append(step.stand)
        return found


def test_typing_without_a_pause_is_one_step_and_a_pause_begins_another() -> None:
    field = Field()
    field.type("H", "He", "Hel")
    field.now += PAUSE
    field.type("Hell")
    field.now += PAUSE + 0.1
    field.type("Hello")
    assert field.back() == ["Hell", ""]
    again = [field.history.redo(), field.history.redo(), field.history.redo()]
    assert [step.stand if step else None for step in again] == ["Hell", "Hello", None]


def test_what_is_removed_comes_back_whatever_was_typed_in_its_place() -> None:
    field = Field()
    field.type("a", "ab", "abc", "ab", "a", "ax", "axy", "ax", "axz")
    assert field.back() == ["axy", "abc", ""]
    field.type("abc")
    field.history.close()
    field.type("ab", "a", "")
    assert field.back() == ["abc", ""], "what is removed at one go is one step"
    field = Field()
    # All of it selected, and something longer put in its place.
    field.type("a", "ab", "something")
    assert field.back() == ["ab", ""]


def test_what_was_put_right_at_once_is_no_step() -> None:
    field = Field()
    field.type("abc", "ab", "abc")
    assert field.back() == [""]


def test_what_is_pasted_is_a_step_of_its_own() -> None:
    field = Field()
    pasted = "ab" + "x" * (PIECE + 1)
    field.type("a", "ab", pasted, pasted + "y", pasted + "yz")
    assert field.back() == [pasted, "ab", ""]


def test_something_new_ends_what_could_be_done_again_and_does_not_change_what_was_before() -> None:
    field = Field()
    field.type("abc")
    field.history.undo()
    assert (field.history.undo_possible, field.history.redo_possible) == (False, True)
    field.type("x", "xy")
    assert not field.history.redo_possible
    assert field.back() == [""], "the beginning is still the beginning"


def test_another_field_or_something_that_is_not_typed_is_another_step_with_its_place() -> None:
    history: History[tuple[str, str]] = History(("", ""), lambda: 0.0)
    history.note(("a", ""), Place("first"), Typed("", "a"))
    history.note(("a", "b"), Place("second"), Typed("", "b"))
    history.note(("a", ""), Place("second"), Typed("b", ""))
    history.note(("t", "t"), Place(what="Template"))
    history.note(("tx", "t"), Place("first"), Typed("t", "tx"))
    history.note(("tx", "t"), Place("first"), Typed("t", "tx"))
    found = []
    while (step := history.undo()) is not None:
        found.append(step)
    assert [(step.stand, step.place.field or step.place.what) for step in found] == [
        (("t", "t"), "first"),
        (("a", ""), "Template"),
        (("a", "b"), "second"),
        (("a", ""), "second"),
        (("", ""), "first"),
    ]


def test_only_so_many_steps_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form_history, "MOST", 3)
    history: History[int] = History(0)
    for number in range(1, 6):
        history.note(number, Place(what="step"))
    found = []
    while (step := history.undo()) is not None:
        found.append(step.stand)
    assert found == [4, 3, 2]


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [("", "", (0, 0)), ("abc", "abxc", (2, 1)), ("aaa", "aa", (2, 0)), ("abc", "xyz", (0, 0)), ("xbc", "abc", (0, 2))],
)
def test_what_two_texts_have_in_common(before: str, after: str, same: tuple[int, int]) -> None:
    assert difference(before, after) == same
