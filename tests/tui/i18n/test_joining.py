"""Signs between parts, as each language writes them."""

from __future__ import annotations

from imi_tui.i18n import speaking
from imi_tui.i18n.joining import several, with_name


def test_parts_stand_apart_by_the_signs_of_the_language() -> None:
    assert several(["a, b", "{c}", "d"]) == "a, b; {c}; d"
    assert several(part for part in ("alone",)) == "alone"
    assert several([]) == ""
    assert with_name("Name", 3) == "Name: 3"
    with speaking("el"):
        assert several(["a", "b"]) == "a· b", "a semicolon asks a question"
    with speaking("fr"):
        assert several(["a", "b"]) == "a\u00a0; b"
        assert with_name("Nom", "x") == "Nom\u00a0: x"
