"""The page of blocks."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.screen import Screen

from imi_tui.viewmodel.blocks import Block, lines
from imi_tui.widgets.document import Document

pytestmark = pytest.mark.anyio


class Host(App[None]):
    def compose(self) -> ComposeResult:
        yield Document(id="page")


async def test_other_content_lays_nothing_out_and_scrolls_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    laid_out: list[object] = []
    whole = Screen._refresh_layout
    async with Host().run_test(size=(40, 12)) as pilot:
        page = pilot.app.query_one(Document)
        await pilot.pause()

        def counted(screen: Screen[object], *given: object) -> None:
            laid_out.append(screen)
            whole(screen, *given)  # type: ignore[arg-type]

        monkeypatch.setattr(Screen, "_refresh_layout", counted)
        for count in (3, 60, 20):
            page.show([Block(f"line {number}") for number in range(count)])
            await pilot.pause()
            page.action_last()
            await pilot.pause()
            assert page.scroll_offset.y == max(0, count - 12)
            assert page.vertical_scrollbar.window_virtual_size == count
            assert f"line {count - 1} " in "".join(page.render_line(min(count, 12) - 1).text)
        assert not laid_out, "every scroll bar on the screen would be written again"


@pytest.mark.parametrize("width", [70, 120, 200])
def test_read_aloud_no_line_holds_parts_of_two_texts(width: int) -> None:
    question, answer = "one " * 30 + "end", "two " * 30 + "end"
    pages = [
        Block(question, aside=answer, aside_remote=True),
        Block(question, aside=answer, aside_remote=True, field=True),
        Block("Name", aside=answer, aside_remote=True, field=True),
    ]
    told = ["".join(text for text, _look in line) for line in lines(pages, width, aloud=True)]
    assert not [line for line in told if "one" in line and "two" in line]
    assert next(line for line in told if line.startswith("Name ")).split()[1:3] == ["\u2502", "two"]
    assert [line for line in lines(pages, 200) if "one" in str(line) and "two" in str(line)], "where one sees, it does"
