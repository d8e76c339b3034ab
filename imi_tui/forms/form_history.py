"""What was written, step by step, so that it can be taken back and done again. No Textual.

A step is one decision: typing in one field without a pause, a choice, a file, everything that a template or an earlier
case filled in. What was typed just before something is removed is always kept, so that nothing is lost for good.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from imi_tui.forms.compose import Composition
    from imi_tui.forms.form import FormModel

PAUSE = 2.0
"""Seconds without a key after which typing in the same field is another step."""
PIECE = 16
"""Characters that come at once only where something was pasted."""
MOST = 200
"""Steps that are remembered; the oldest is forgotten first."""

Stand = TypeVar("Stand")


class Place(NamedTuple):
    """Where something was changed: at which step of a new case, in which field; or `what` it was, in words."""

    field: str = ""
    what: str = ""
    step: str = ""


class Typed(NamedTuple):
    """The text of a field before something was typed, and after it."""

    before: str
    after: str


class Written(NamedTuple):
    """All that an officer decides on while writing. Its values are replaced, never changed in place."""

    answers: dict[str, Any]
    text: str = ""
    lang: str = ""
    opened: frozenset[str] = frozenset()
    files: tuple[dict[str, Any], ...] = ()
    procedure: tuple[str, str, str] = ("", "", "")
    """Of a new case: procedure, desk, action."""
    target: str = ""


def of_form(model: FormModel) -> Written:
    """What stands in a form."""
    return Written(dict(model.answers), model.entry_text, model.lang, frozenset(model.opened))


def into_form(model: FormModel, written: Written) -> None:
    """Have it stand in the form again."""
    model.answers, model.opened = dict(written.answers), set(written.opened)
    model.entry_text, model.lang = written.text, written.lang


def of_case(work: Composition) -> Written:
    """What a new case holds so far."""
    work.collect()
    draft = work.draft
    return Written(
        dict(draft.answers),
        draft.text,
        draft.lang,
        frozenset(work.form.opened) if work.form is not None else frozenset(),
        tuple(draft.attachments),
        (draft.procedure, draft.desk, draft.action),
        draft.target,
    )


def into_case(work: Composition, written: Written) -> bool:
    """Have the new case hold it again; whether its form is still the same one."""
    draft = work.draft
    same = (draft.procedure, draft.desk, draft.action) == written.procedure and work.form is not None
    draft.procedure, draft.desk, draft.action = written.procedure
    draft.answers, draft.text, draft.lang = dict(written.answers), written.text, written.lang
    draft.attachments[:] = written.files
    if not same:
        work.open_form()
    work.choose_target(written.target)
    if work.form is not None:
        into_form(work.form, written)
    return same


class Step(NamedTuple, Generic[Stand]):
    """What was taken back or done again: where, and what stands there now."""

    stand: Stand
    place: Place


class History(Generic[Stand]):
    """What stood there after each step. `clock`: seconds that only go forward."""

    def __init__(self, stand: Stand, clock: Callable[[], float] = time.monotonic) -> None:
        self._steps: list[Step[Stand]] = [Step(stand, Place())]
        self._at = 0
        self._clock = clock
        self._field, self._when = "", 0.0
        self._removing = False

    @property
    def undo_possible(self) -> bool:
        """Whether there is a step to take back."""
        return self._at > 0

    @property
    def redo_possible(self) -> bool:
        """Whether there is one to do again."""
        return self._at < len(self._steps) - 1

    def close(self) -> None:
        """What comes next is a step of its own."""
        self._field = ""

    def note(self, stand: Stand, place: Place, typed: Typed | None = None) -> bool:
        """Remember what stands there now; whether it is something else than before.

        `typed`: what was done by keys in the field and may go on with the step before.
        """
        if typed is None:
            self.close()
        if stand == self._steps[self._at].stand:
            return False
        goes_on = typed is not None and self._goes_on(place.field, typed)
        del self._steps[self._at + 1 :]
        if goes_on:
            self._steps[self._at] = Step(stand, self._steps[self._at].place)
            if stand == self._steps[self._at - 1].stand:
                # Put right as it was: there is nothing to take back.
                del self._steps[self._at]
                self._at -= 1
                self.close()
            return True
        self._steps.append(Step(stand, place))
        del self._steps[: -MOST - 1]
        self._at = len(self._steps) - 1
        return True

    def _goes_on(self, field: str, typed: Typed) -> bool:
        now, gone = self._clock(), _removed(*typed)
        pasted = len(typed.after) - len(typed.before) > PIECE
        soon = field == self._field and now - self._when <= PAUSE and self._at > 0
        goes_on = soon and not pasted and (self._removing or not gone)
        self._field, self._when, self._removing = "" if pasted else field, now, gone
        return goes_on

    def undo(self) -> Step[Stand] | None:
        """Take the newest step back; what stood there before it."""
        if not self.undo_possible:
            return None
        place = self._steps[self._at].place
        self._at -= 1
        self.close()
        return Step(self._steps[self._at].stand, place)

    def redo(self) -> Step[Stand] | None:
        """Do again what was taken back last."""
        if not self.redo_possible:
            return None
        self._at += 1
        self.close()
        return self._steps[self._at]


def _removed(before: str, after: str) -> bool:
    """Whether something of the text before is gone, and not only something new put in."""
    start, end = difference(before, after)
    return start + end < len(before)


def difference(before: str, after: str) -> tuple[int, int]:
    """How many characters two texts have in common at their beginning, and how many more at their end."""
    most = min(len(before), len(after))
    start = _common(most, lambda count: before.startswith(after[:count]))
    return start, _common(most - start, lambda count: before.endswith(after[len(after) - count :]))


def _common(most: int, same: Callable[[int], bool]) -> int:
    """The greatest number up to `most` for which `same` holds; it holds for every smaller one, too."""
    if same(most):
        return most
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if same(middle) else (low, middle)
    return low
