"""What one action of the officer says of very many cases: as it is queued, and remembered until it is taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from imi_tui.cache.bulk.payloads import based_on_of
from imi_tui.cache.ids import following
from imi_tui.cache.model import Queued, Untouched
from imi_tui.cache.outbox.bulk_rows import Coming
from imi_tui.cache.outbox.item import Taken, maker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imi_tui.cache.bulk.kinds import Standing
    from imi_tui.cache.bulk.payloads import Form
    from imi_tui.cache.outbox.bulk_rows import Of, Saying
    from imi_tui.cache.outbox.draft import Draft

    Written = tuple[Draft, Standing, Form]
    """A draft, its case, and how its entry is written."""


class Bundle:
    """Entries with references that count on from the `first`, one for each of the drafts `written`."""

    def __init__(self, first: str, written: Sequence[Written], officer: str, queued_at: str, server_at: str) -> None:
        self.written = written
        self.refs = following(first, len(written))
        self._queued_at = queued_at
        numbers: dict[int, int] = {}
        sayings: list[Saying] = []
        of: list[Of] = []
        for draft, standing, form in written:
            no = numbers.setdefault(id(form), len(sayings))
            if no == len(sayings):
                sayings.append(form.saying)
            of.append((no, standing.id, based_on_of(draft, standing), standing.reference, standing.subject))
        self.coming = Coming(first, officer, queued_at, server_at, sayings, of)

    def drafts(self) -> list[Draft]:
        """One of those with each form: all of them say the same."""
        return list({id(form): draft for draft, _at, form in self.written}.values())

    def queued(self) -> list[Queued]:
        """The entries as screens know them."""
        made = maker(Queued)
        return [
            made((ref, draft.desk, at.id, draft.action, "queued", at.reference, at.subject))
            for ref, (draft, at, _form) in zip(self.refs, self.written, strict=True)
        ]

    def untouched(self) -> list[Untouched]:
        """The entries as those that can be taken back."""
        made, queued_at = maker(Untouched), self._queued_at
        return [
            made((ref, draft.desk, at.id, at.reference, at.subject, queued_at))
            for ref, (draft, at, _form) in zip(self.refs, self.written, strict=True)
        ]

    def taken(self) -> list[Taken]:
        """The entries as they were, the last one first."""
        made = maker(Taken)
        out = [
            made((ref, draft.desk, at.id, draft if draft.based_on == of[2] else replace(draft, based_on=of[2]), ""))
            for ref, (draft, at, _form), of in zip(self.refs, self.written, self.coming.of, strict=True)
        ]
        out.reverse()
        return out
