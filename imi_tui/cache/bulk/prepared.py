"""Drafts for very many cases, looked at before it is known what they will say: behind the question that asks for it."""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING

from imi_tui.cache.bulk.payloads import based_on_of
from imi_tui.cache.ids import ASSIGN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from imi_tui.cache.bulk.kinds import Standing
    from imi_tui.cache.outbox.draft import Draft

    Case = tuple[str, str]

STEP = 1000
"""Drafts looked at in one step."""


class Ready:
    """Which drafts say nothing that belongs to their case alone (`plain`, with how that stands), and which do (`left`).

    Their answers are not looked at: they may be given later.
    """

    def __init__(self, drafts: Sequence[Draft]) -> None:
        self.drafts = list(drafts)
        self.plain: list[tuple[Draft, Standing]] = []
        self.left: list[Draft] = []

    def look(self, found: Mapping[Case, Standing]) -> Iterator[None]:
        """Look at them step by step; `found`: how their cases stand."""
        for start in range(0, len(self.drafts), STEP):
            for draft in self.drafts[start : start + STEP]:
                standing = found.get((draft.desk, draft.case_id))
                if standing is not None and _is_plain(draft, standing):
                    self.plain.append((draft, standing))
                else:
                    self.left.append(draft)
            yield

    def is_for(self, drafts: Sequence[Draft], known: Mapping[int, Standing]) -> bool:
        """Whether it is these that were looked at, and how their cases stand is known by what was looked at."""
        return (
            len(drafts) == len(self.drafts) == len(self.plain) + len(self.left)
            and all(map(is_, drafts, self.drafts))
            and all(known.get(standing.n) is standing for _draft, standing in self.plain)
        )


def _is_plain(draft: Draft, standing: Standing) -> bool:
    """Whether a draft says nothing that belongs to its case alone, and is based on all that is here of it."""
    if draft.id or draft.after or draft.attachments:
        return False
    version = standing.head.given.version if draft.action == ASSIGN else standing.version
    id = standing.id
    return based_on_of(draft, standing) >= version and id.isalnum() and id.isascii()
