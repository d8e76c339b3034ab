"""Templates for the entries of one action on many cases.

Entries for cases of the same kind differ only in the case they belong to. A template holds everything else.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from imi_core import workflow
from imi_core.errors import ImiError
from imi_tui.cache.bulk.kinds import hands_on, is_uniform, kind_of
from imi_tui.cache.errors import CacheError
from imi_tui.cache.ids import ASSIGN
from imi_tui.cache.outbox.bulk_rows import SharedPayload
from imi_tui.cache.outbox.item import digest_of
from imi_tui.cache.wire import encode

if TYPE_CHECKING:
    from imi_tui.cache.bulk.kinds import AssignmentEffect, CaseKinds, EntryEffect, Head, ListedCase
    from imi_tui.cache.outbox.draft import Draft
    from imi_tui.cache.outbox.item import Item
    from imi_tui.cache.queueing.freezing import Freezer

    Written = tuple[Draft, ListedCase, "EntryTemplate"]
    """A draft, its case, and the template of its entry."""


class EntryTemplate(NamedTuple):
    """The effect of an entry on a case of one kind, and the part of its payload that all entries of the kind share."""

    effect: EntryEffect | AssignmentEffect
    shared: SharedPayload


Made = EntryTemplate | ImiError | CacheError | None
"""A template, the reason why the entry is refused, or None if the case has to be handled on its own."""


def template_of(item: Item, effect: EntryEffect | AssignmentEffect) -> EntryTemplate | None:
    """The template of an entry; None if filling it in would not reproduce this entry's payload and digest exactly."""
    content = item.content
    case_id, based_on = str(content.get("caseId", "")), int(content.get("basedOn", 0))
    rest = json.dumps({name: content[name] for name in list(content)[3:]}, ensure_ascii=False)[1:]
    hashed = encode({name: value for name, value in content.items() if name != "clientRef"}, order="sorted")
    begin, _, end = hashed.partition(b'"basedOn":%d,"caseId":"%s"' % (based_on, case_id.encode()))
    shared = SharedPayload(item.desk, item.action, rest, begin.decode(), end.decode())
    if shared.payload(item.client_ref, case_id, based_on) != item.payload:
        return None
    sound = shared.digest(case_id, based_on, shared.begun()) == digest_of(content)
    return EntryTemplate(effect, shared) if sound else None


def based_on_of(draft: Draft, standing: ListedCase) -> int:
    """The version that the entry of a draft is based on: of the case or, for an assignment, of the assignment."""
    if draft.action == ASSIGN:
        return draft.based_on if draft.based_on >= 0 else standing.head.given.version
    return draft.based_on or standing.version


class EntryTemplates:
    """Creates the templates for one action, one per kind of case, on first use."""

    def __init__(self, case_kinds: CaseKinds, freezer: Freezer, at: str, officer: str) -> None:
        self._case_kinds = case_kinds
        self._freezer = freezer
        self.at = at
        self.officer = officer
        self._made: dict[Any, Made] = {}
        self._counted: dict[tuple[str, int, str], frozenset[str] | None] = {}
        self._answers: object = None
        self._says: tuple[str, ...] = ()
        self._of_these_answers: dict[tuple[Any, ...], Made] = {}

    def of(self, draft: Draft, standing: ListedCase, asleep: bool) -> Made:
        """The template for a case, or why the entry is refused; None if the case has to be handled on its own."""
        # Drafts of one action of the officer share their answers.
        if draft.answers is not self._answers or (draft.action, draft.text, draft.lang, draft.target) != self._says:
            self._answers, self._says = draft.answers, (draft.action, draft.text, draft.lang, draft.target)
            self._of_these_answers = {}
        key: tuple[Any, ...] = standing.like, asleep, standing.handler == self.officer
        if draft.target and draft.action != ASSIGN:
            # Whether the addressee has a part in the case already, and which one.
            key += tuple(part.role for part in standing.head.parts if part.desk == draft.target)
        if key not in self._of_these_answers:
            self._of_these_answers[key] = self._of_kind(draft, standing, key)
        return self._of_these_answers[key]

    def _of_kind(self, draft: Draft, standing: ListedCase, key: tuple[Any, ...]) -> Made:
        head = standing.head
        rules = head.procedure, head.procedure_version, draft.action
        if rules not in self._counted:
            self._counted[rules] = self._countries(head, draft.action)
        counted = self._counted[rules]
        if counted is None:
            return None
        said = json.dumps((draft.answers, *self._says), ensure_ascii=False)
        kind = said, draft.desk, key[1:], kind_of(head, draft.desk, counted)
        if kind not in self._made:
            self._made[kind] = self._make(draft, standing, asleep=key[1])
        return self._made[kind]

    def _countries(self, head: Head, action: str) -> frozenset[str] | None:
        rules = self._case_kinds.rules(head)
        if rules is None or not is_uniform(rules, action):
            return None
        return workflow.counted_by(rules, action) if action != ASSIGN else frozenset()

    def _is_with_the_same(self, draft: Draft, head: Head) -> bool:
        rules = self._case_kinds.rules(head) if draft.target and draft.action != ASSIGN else None
        return rules is None or hands_on(rules, draft.action, head, draft.desk)

    def _make(self, draft: Draft, standing: ListedCase, *, asleep: bool) -> Made:
        try:
            item = self._freezer.item(draft, draft.case_id, [])
        except (ImiError, CacheError) as error:
            return error
        if item.state != "queued" or item.officer != self.officer or not self._is_with_the_same(draft, standing.head):
            return None
        effect = self._case_kinds.effect(
            draft.desk, standing, item._replace(queued_at=self.at), self.officer, asleep=asleep
        )
        return template_of(item, effect) if effect is not None else None
