"""What is wrapped is right in the first picture, before the widget hears of the room it got."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.app import App, ComposeResult

from imi_tui.viewmodel.blocks import Block
from imi_tui.widgets.document import Document
from imi_tui.widgets.question_list import QuestionLine, QuestionList

if TYPE_CHECKING:
    from textual.strip import Strip

pytestmark = pytest.mark.anyio

WORDS = "establishment undertakings recruitment " * 4


class Painted:
    """Keeps the lines that were painted, and the widths for which they were wrapped."""

    def __init__(self) -> None:
        super().__init__()
        self.painted: list[str] = []
        self.wrapped: list[int] = []

    def _wrap(self, width: int) -> None:
        self.wrapped.append(width)
        super()._wrap(width)  # type: ignore[misc]

    def render_line(self, y: int) -> Strip:
        strip: Strip = super().render_line(y)  # type: ignore[misc]
        self.painted.append(strip.text.rstrip())
        return strip


class Questions(Painted, QuestionList):
    pass


class Page(Painted, Document):
    pass


class Host(App[None]):
    CSS = ".-away { display: none; }"

    def compose(self) -> ComposeResult:
        yield Questions()
        yield Page()


@pytest.mark.parametrize("kind", [Questions, Page])
async def test_first_picture_of_a_widget_that_was_hidden_is_wrapped_for_its_room(
    kind: type[Questions | Page],
) -> None:
    async with Host().run_test(size=(60, 12)) as pilot:
        shown = pilot.app.query_one(kind)
        for widget in (pilot.app.query_one(Questions), pilot.app.query_one(Page)):
            widget.set_class(True, "-away")
        await pilot.pause()
        if isinstance(shown, Questions):
            shown.show([QuestionLine("q1", WORDS)])
        else:
            shown.show([Block(WORDS)])
        shown.painted.clear()
        shown.wrapped.clear()
        shown.set_class(False, "-away")
        await pilot.pause()
        lines = shown.painted
        assert len(shown.wrapped) == 1, "for the room it got, once"
        first = lines[: shown.size.height]
        assert any("recruitment" in line for line in first), first
        for width in (40, 58):
            await pilot.resize_terminal(width, 12)
            await pilot.pause()
        assert set(" ".join(lines).split()) <= {*WORDS.split(), ">", "[", "]"}, "no word is broken in any picture"
