"""How the entries of one action for very many cases are written: alike for all of a kind but for whose they are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from imi_core import workflow
from imi_core.errors import ImiError
from imi_tui.cache.bulk.kinds import hands_on, is_alike, kind_of
from imi_tui.cache.errors import CacheError
from imi_tui.cache.ids import ASSIGN
from imi_tui.cache.outbox.bulk_rows import Saying
from imi_tui.cache.outbox.item import digest_of
from imi_tui.cache.wire import encode

if TYPE_CHECKING:
    from imi_tui.cache.bulk.kinds import Alike, Effect, Given, Head, Standing
    from imi_tui.cache.outbox.draft import Draft
    from imi_tui.cache.outbox.item import Item
    from imi_tui.cache.queueing.freezing import Freezer

    Written = tuple[Draft, Standing, "Form"]
    """A draft, its case, and how its entry is written."""


class Form(NamedTuple):
    """What the entries of a kind make of their cases, and what they say."""

    effect: Effect | Given
    saying: Saying


def form_of(item: Item, effect: Effect | Given) -> Form | None:
    """How entries like this one are written; None where that cannot be told from it."""
    content = item.content
    case_id, based_on = str(content.get("caseId", "")), int(content.get("basedOn", 0))
    rest = json.dumps({name: content[name] for name in list(content)[3:]}, ensure_ascii=False)[1:]
    hashed = encode({name: value for name, value in content.items() if name != "clientRef"}, order="sorted")
    begin, _, end = hashed.partition(b'"basedOn":%d,"caseId":"%s"' % (based_on, case_id.encode()))
    saying = Saying(item.desk, item.action, rest, begin.decode(), end.decode())
    if saying.payload(item.client_ref, case_id, based_on) != item.payload:
        return None
    return Form(effect, saying) if saying.digest(case_id, based_on, saying.begun()) == digest_of(content) else None


def based_on_of(draft: Draft, standing: Standing) -> int:
    """The version, of its case or of how that is assigned, on which the entry of a draft is based."""
    if draft.action == ASSIGN:
        return draft.based_on if draft.based_on >= 0 else standing.head.given.version
    return draft.based_on or standing.version


class Forms:
    """The forms of the entries of one action: one for each kind of case, made when the first of it is met."""

    def __init__(self, alike: Alike, freezer: Freezer, at: str, officer: str) -> None:
        self._alike = alike
        self._freezer = freezer
        self.at = at
        self.officer = officer
        self._made: dict[Any, Form | ImiError | CacheError | None] = {}
        self._counted: dict[tuple[str, int, str], frozenset[str] | None] = {}
        self._answers: object = None
        self._says: tuple[str, ...] = ()
        self._alike_now: dict[tuple[Any, ...], Form | ImiError | CacheError | None] = {}

    def of(self, draft: Draft, standing: Standing, asleep: bool) -> Form | ImiError | CacheError | None:
        """How the entry for a case is written, or why it is refused; None where that is no matter of its kind."""
        # Drafts of one action of the officer share their answers.
        if draft.answers is not self._answers or (draft.action, draft.text, draft.lang, draft.target) != self._says:
            self._answers, self._says = draft.answers, (draft.action, draft.text, draft.lang, draft.target)
            self._alike_now = {}
        key: tuple[Any, ...] = standing.like, asleep, standing.handler == self.officer
        if draft.target and draft.action != ASSIGN:
            # Whether the addressee has a part in the case already, and which one.
            key += tuple(part.role for part in standing.head.parts if part.desk == draft.target)
        if key not in self._alike_now:
            self._alike_now[key] = self._of_kind(draft, standing, key)
        return self._alike_now[key]

    def _of_kind(self, draft: Draft, standing: Standing, key: tuple[Any, ...]) -> Form | ImiError | CacheError | None:
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
        rules = self._alike.rules(head)
        if rules is None or not is_alike(rules, action):
            return None
        return workflow.counted_by(rules, action) if action != ASSIGN else frozenset()

    def _is_with_the_same(self, draft: Draft, head: Head) -> bool:
        rules = self._alike.rules(head) if draft.target and draft.action != ASSIGN else None
        return rules is None or hands_on(rules, draft.action, head, draft.desk)

    def _make(self, draft: Draft, standing: Standing, *, asleep: bool) -> Form | ImiError | CacheError | None:
        try:
            item = self._freezer.item(draft, draft.case_id, [])
        except (ImiError, CacheError) as error:
            return error
        if item.state != "queued" or item.officer != self.officer or not self._is_with_the_same(draft, standing.head):
            return None
        effect = self._alike.effect(draft.desk, standing, item._replace(queued_at=self.at), self.officer, asleep=asleep)
        return form_of(item, effect) if effect is not None else None
