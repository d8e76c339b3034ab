"""What a terminal's encoding lacks is written in as many cells."""

from __future__ import annotations

import io

import pytest

from imi_tui.terminal.charset import in_cells, keep_cells
from imi_tui.terminal.widths import cell_len


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ministère de l’Économie…", "Ministere de l'Economie."),
        ("╭─│ Зоя ▌", "+-| ??? |"),
        ("日本 👍", "???? ??"),
        ("ﬁ e\u0301", "? e"),
    ],
)
def test_as_many_cells(text: str, shown: str) -> None:
    assert in_cells(text) == shown
    assert len(shown) == cell_len(text)


def test_only_what_the_encoding_lacks_is_replaced() -> None:
    held = io.BytesIO()
    stream = io.TextIOWrapper(held, encoding="latin-1")
    keep_cells(stream)
    stream.write("é│…Ж")
    stream.flush()
    assert held.getvalue() == "é|.?".encode("latin-1")
