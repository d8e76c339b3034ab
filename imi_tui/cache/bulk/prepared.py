"""Checks drafts for many cases in advance, while the officer still answers the question that completes them."""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING

from imi_tui.cache.bulk.payloads import based_on_of
from imi_tui.cache.ids import ASSIGN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from imi_tui.cache.bulk.kinds import ListedCase
    from imi_tui.cache.outbox.draft import Draft

    Case = tuple[str, str]

STEP = 1000
"""Drafts sorted per step."""


class PreparedDrafts:
    """Drafts sorted into those that can share a template (`plain`, with their cases) and the others (`left`).

    Answers are not examined, because they may still be filled in.
    """

    def __init__(self, drafts: Sequence[Draft]) -> None:
        self.drafts = list(drafts)
        self.plain: list[tuple[Draft, ListedCase]] = []
        self.left: list[Draft] = []

    def look(self, found: Mapping[Case, ListedCase]) -> Iterator[None]:
        """Sort the drafts in steps of `STEP`. `found`: the current state of their cases."""
        for start in range(0, len(self.drafts), STEP):
            for draft in self.drafts[start : start + STEP]:
                standing = found.get((draft.desk, draft.case_id))
                if standing is not None and _is_plain(draft, standing):
                    self.plain.append((draft, standing))
                else:
                    self.left.append(draft)
            yield

    def is_for(self, drafts: Sequence[Draft], known: Mapping[int, ListedCase]) -> bool:
        """Whether exactly these drafts were sorted and their cases have not changed since."""
        return (
            len(drafts) == len(self.drafts) == len(self.plain) + len(self.left)
            and all(map(is_, drafts, self.drafts))
            and all(known.get(standing.n) is standing for _draft, standing in self.plain)
        )


def _is_plain(draft: Draft, standing: ListedCase) -> bool:
    """Whether a draft holds nothing specific to its case and is based on the newest version of the case here."""
    if draft.id or draft.after or draft.attachments:
        return False
    version = standing.head.given.version if draft.action == ASSIGN else standing.version
    id = standing.id
    return based_on_of(draft, standing) >= version and id.isalnum() and id.isascii()
