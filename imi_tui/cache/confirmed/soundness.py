"""What can be kept of a page in which the content or the entries of a case have a wrong shape.

Such a case comes as its head, and what it lacks is fetched by itself: one case must not keep a desk from going on.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from imi_tui.cache.content.contents import content_of, head_of
from imi_tui.cache.errors import BadObject
from imi_tui.cache.wire import case_of, id_of, plain, to_entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from imi_tui.cache.confirmed.page_writer import Page


def sound_part(page: Page) -> Page | None:
    """The page with the cases concerned as heads and none of their entries; None where nothing of it is that wrong.

    Heads are not looked at, nor entries that do not say whose they are: without these the page has no meaning.
    """
    cases = {str(id_of(case)) for case in page.cases if not _is_sound(content_of, case)}
    cases |= {case_of(entry) for entry in page.entries if _names_case(entry) and not _is_sound(to_entry, plain(entry))}
    if not cases:
        return None
    lean = [head_of(case) for case in page.cases if id_of(case) in cases]
    return dataclasses.replace(
        page,
        cases=[case for case in page.cases if id_of(case) not in cases],
        heads=[*page.heads, *lean],
        entries=[entry for entry in page.entries if not (_names_case(entry) and case_of(entry) in cases)],
        again=sorted(cases | set(page.again)),
    )


def _is_sound(check: Callable[[Any], object], value: Any) -> bool:
    try:
        check(value)
    except BadObject:
        return False
    return True


def _names_case(entry: Any) -> bool:
    case = case_of(entry)
    return isinstance(case, str) and bool(case)
