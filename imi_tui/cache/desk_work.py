"""What an officer does: queue an entry, take it back, revise a rejected one.

An action commits to `work.db` first and is safe from then on; the listing follows in the other file.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from imi_core import assigning, staleness, workflow
from imi_core.case import MAX_AFTER
from imi_core.errors import ActionRefused, ImiError, UnknownProcedure
from imi_tui.cache.contents import Contents, together
from imi_tui.cache.draft import Draft
from imi_tui.cache.errors import (
    AlreadyAttempted,
    CacheError,
    LaterEntries,
    NoSuchCase,
    NoSuchItem,
    NoSuchSeat,
    OutboxChanged,
)
from imi_tui.cache.fold import Folded
from imi_tui.cache.histories import Histories
from imi_tui.cache.ids import ASSIGN, LOCAL
from imi_tui.cache.model import CaseDetail, Seen
from imi_tui.cache.outbox import Item
from imi_tui.cache.wire import decode, overlay, own_entry, to_case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from imi_core.authority import Seat
    from imi_core.case import Case
    from imi_core.procedure import Rules
    from imi_tui.cache.db import Database
    from imi_tui.cache.directory import Directory
    from imi_tui.cache.outbox import Outbox
    from imi_tui.cache.projection import Projector
    from imi_tui.cache.rows import Desks
    from imi_tui.cache.session import SessionTable


class DeskWork:
    """The rules' side of a store: expected cases, and entries made from drafts."""

    def __init__(
        self,
        cache: Database,
        desks: Desks,
        outbox: Outbox,
        directory: Directory,
        session: SessionTable,
        projector: Projector,
        new_ref: Callable[[], str],
        now: Callable[[], str],
    ) -> None:
        self._cache = cache
        self._desks = desks
        self._outbox = outbox
        self._directory = directory
        self._session = session
        self._projector = projector
        self._new_ref = new_ref
        self._now = now

    # --- reading -----------------------------------------------------------------------------------------------

    def detail(self, desk: str, id: str) -> CaseDetail | None:
        """One case with everything that waits for it; `id` may be the local one it had before."""
        with self._cache.snapshot():
            id = self._projector.resolve(desk, id)
            items = self._items(desk, id)
            stored, folded = self._fold(desk, id, items)
            if folded.case is None:
                return None
            number = self._desks.number(desk)
            sql = (
                "select e.wire from listing l cross join entry e on e.n = l.n and e.n > 0"
                " where l.desk = ? and l.id = ? order by e.version"
            )
            entries = [decode(wire) for (wire,) in self._cache.rows(sql, (number, id))]
            contents = Contents(self._cache)
            aside = contents.is_aside(number, id)
            return CaseDetail(
                desk=desk,
                id=id,
                case=overlay(stored or {}, folded.case)
                if folded.entries or folded.assigned or stored is None
                else stored,
                entries=(*entries, *folded.entries),
                pending=tuple(folded.pending),
                actions=self._actions(folded.case, self._session.core_seat(desk)),
                fetching=contents.is_wanted(number, id) and not aside,
                refused=sum(item.state == "rejected" for item in items),
                aside=aside,
                seen=_seen(stored, folded),
                assigned=_assigned(stored, folded),
                assigning=folded.assigning,
                assignments=Histories(self._cache).of(number, id, (stored or {}).get("assignment")),
            )

    def entry(self, desk: str, id: str) -> dict[str, Any] | None:
        """One confirmed entry of a desk, None where it is not here."""
        number = self._desks.number(desk)
        found = self._cache.one("select wire from entry where desk = ? and id = ?", (number, id))
        return decode(found[0]) if found is not None else None

    def _actions(self, case: Case, seat: Seat | None) -> tuple[str, ...]:
        if seat is None:
            return ()
        try:
            rules = self._directory.rules(case.procedure, case.procedure_version)
        except UnknownProcedure:
            return ()
        return workflow.available(rules, case, seat)

    def _items(self, desk: str, id: str) -> list[Item]:
        """What the outbox holds for a case."""
        return [
            item
            for item in self._outbox.live()
            if item.desk == desk and self._projector.resolve(desk, item.case_id) == id
        ]

    def _fold(self, desk: str, id: str, items: list[Item]) -> tuple[dict[str, Any] | None, Folded]:
        """The stored wire object and the case with what waits applied."""
        sql = (
            "select c.wire, t.wire from listing l join confirmed c on c.n = l.n left join content t on t.n = l.n"
            " where l.desk = ? and l.id = ?"
        )
        found = self._cache.one(sql, (self._desks.number(desk), id))
        stored = together(*found) if found is not None else None
        case = to_case(stored) if stored is not None else None
        if case is None and not any(item.starts for item in items):
            return None, Folded(None)
        return stored, self._projector.folder.fold(desk, id, case, items)

    # --- writing -----------------------------------------------------------------------------------------------

    def queue(self, draft: Draft) -> Item:
        """Check a draft as the server will, freeze it and put it into the outbox.

        One that is based on what has changed since goes there as refused, as if the server had said so: it stays to be
        compared and put right.

        Raises `ActionRefused`, `AnswersRefused`, `UnknownProcedure`, `NoSuchCase`, `NoSuchSeat`.
        """
        with self._cache.snapshot():
            case_id = self._projector.resolve(draft.desk, draft.case_id) if draft.case_id else ""
            item = self._checked(draft, case_id, self._items(draft.desk, case_id) if case_id else [])
        with self._outbox.work.write():
            return self._put(draft, item)

    def queue_all(self, drafts: Iterable[Draft]) -> tuple[list[Item], list[tuple[Draft, ImiError | CacheError]]]:
        """`queue` each draft, all in one transaction; what was queued, and what was refused with its reason.

        No two of them may be for one case.
        """
        ready: list[tuple[Draft, Item]] = []
        refused: list[tuple[Draft, ImiError | CacheError]] = []
        with self._cache.snapshot():
            waiting: dict[tuple[str, str], list[Item]] = {}
            for item in self._outbox.live():
                waiting.setdefault((item.desk, self._projector.resolve(item.desk, item.case_id)), []).append(item)
            for draft in drafts:
                case_id = self._projector.resolve(draft.desk, draft.case_id) if draft.case_id else ""
                try:
                    ready.append(
                        (
                            draft,
                            self._checked(draft, case_id, waiting.get((draft.desk, case_id), []) if case_id else []),
                        )
                    )
                except (ImiError, CacheError) as error:
                    refused.append((draft, error))
        with self._outbox.work.write():
            return [self._put(draft, item) for draft, item in ready], refused

    def _put(self, draft: Draft, item: Item) -> Item:
        """Inside: an entry in the place of the one its draft revised, if any; the draft goes."""
        item = item._replace(pos=self._withdraw_replaced(draft, item))
        self._outbox.insert(item)
        self._outbox.work.run("delete from draft where id = ?", (draft.id,))
        return item

    def _checked(self, draft: Draft, case_id: str, items: list[Item]) -> Item:
        """Inside a snapshot: the entry that a draft makes, where `items` wait for its case."""
        seat = self._session.core_seat(draft.desk)
        if seat is None:
            raise NoSuchSeat(draft.desk)
        stored, folded = self._fold(draft.desk, case_id, items) if case_id else (None, Folded(None))
        case = folded.case
        if case_id and case is None:
            raise NoSuchCase(draft.desk, draft.case_id)
        if draft.action == ASSIGN:
            return self._assignment(draft, case_id, seat, stored, folded)
        seen = Seen(draft.based_on, tuple(draft.after))
        payload = self._payload(draft, case_id, seen if any(seen) else _seen(stored, folded))
        entry = own_entry(payload)
        rules = self._projector.folder.rules_for(case, entry)
        if case_id:
            _narrow(payload, rules, items)
        own = self._projector.folder.own(draft.desk, folded, payload.get("after", ()))
        target = self._directory.target(draft.target) if draft.target else None
        refusal = None
        try:
            workflow.check(rules, case, entry, seat, target, own)
        except ActionRefused as error:
            # Anything else can still be put right in the form.
            if error.code != "stale":
                raise
            refusal = {"type": error.code, "description": error.message}
        return self._item(draft, case_id, seat, payload, refusal)._replace(
            procedure="" if case_id else draft.procedure,
            reference=case.reference if case is not None else "",
            subject=case.subject if case is not None else str(draft.answers.get(rules.procedure.subject, "")),
        )

    def _assignment(
        self, draft: Draft, case_id: str, seat: Seat, stored: dict[str, Any] | None, folded: Folded
    ) -> Item:
        """What a draft with the action `ASSIGN` makes: the case is given to its `target`."""
        case = folded.case
        if case is None:
            raise NoSuchCase(draft.desk, draft.case_id)
        seen = Seen(draft.based_on, tuple(draft.after)) if draft.based_on >= 0 else _assigned(stored, folded)
        payload: dict[str, Any] = {"clientRef": self._new_ref(), "caseId": case_id, "officer": draft.target}
        payload |= {"basedOn": seen.version} | ({"after": list(seen.after[-MAX_AFTER:])} if seen.after else {})
        colleague = self._directory.handlers.roles(draft.desk, draft.target)
        own = self._projector.folder.own_assigned(folded, seen.after)
        refusal = None
        try:
            assigning.check(seat, draft.target, colleague, case.assignment, seen.version, own)
        except ActionRefused as error:
            if error.code != "stale":
                raise
            refusal = {"type": error.code, "description": error.message}
        made = self._item(draft, case_id, seat, payload, refusal)
        return made._replace(reference=case.reference, subject=case.subject)

    def _item(
        self, draft: Draft, case_id: str, seat: Seat, payload: dict[str, Any], refusal: dict[str, Any] | None
    ) -> Item:
        ref = str(payload["clientRef"])
        return Item(
            pos=0,
            client_ref=ref,
            officer=seat.officer,
            desk=draft.desk,
            case_id=case_id or LOCAL + ref,
            procedure="",
            action=draft.action,
            payload=json.dumps(payload, ensure_ascii=False),
            state="rejected" if refusal is not None else "queued",
            attempts=0,
            queued_at=self._now(),
            reference="",
            subject="",
            error=json.dumps(refusal) if refusal is not None else None,
            created=None,
            server_at=self._session.server_time(),
        )

    def _payload(self, draft: Draft, case_id: str, seen: Seen) -> dict[str, Any]:
        payload: dict[str, Any] = {"clientRef": self._new_ref()}
        if not case_id:
            payload["procedure"] = draft.procedure
        else:
            payload |= {"caseId": case_id, "basedOn": seen.version, "after": list(seen.after)}
        payload["action"] = draft.action
        if draft.target:
            payload["target"] = draft.target
        if draft.answers:
            payload["answers"] = draft.answers
        if draft.text.strip():
            payload["text"] = {"lang": draft.lang or "und", "text": draft.text}
        if draft.attachments:
            payload["attachments"] = [
                {"blobId": each["blobId"], "name": each["name"], "personal": bool(each.get("personal", True))}
                for each in draft.attachments
            ]
        return payload

    def _withdraw_replaced(self, draft: Draft, item: Item) -> int:
        """Inside: the rejected entry that this draft revised goes; its place, which its successor takes, else 0."""
        ref = self._outbox.replaced_by(draft.id)
        if not ref:
            return 0
        try:
            old = self._outbox.item(ref)
        except NoSuchItem:
            return 0
        if old.state != "rejected":
            return 0
        self._outbox.remove(old)
        if old.starts and item.starts:
            self._outbox.replace_start(old, item.client_ref)
        return old.pos

    def undo(self, client_ref: str) -> Draft:
        """Take a queued entry back into a draft. Raises `AlreadyAttempted`, `LaterEntries`, `NoSuchItem`."""
        with self._outbox.work.write():
            [draft] = self._take_back([client_ref])
            self._outbox.put_draft(draft)
        return draft

    def undo_all(self, refs: Iterable[str], keep: Callable[[Draft], bool]) -> list[Draft]:
        """Take entries back, in this order and all or none; those drafts stay that `keep` says.

        Raises `AlreadyAttempted`, `LaterEntries`, `NoSuchItem`.
        """
        with self._outbox.work.write():
            drafts = self._take_back(refs)
            for draft in drafts:
                if keep(draft):
                    self._outbox.put_draft(draft)
        return drafts

    def _take_back(self, refs: Iterable[str]) -> list[Draft]:
        """Inside: remove queued entries; a draft of each."""
        drafts = []
        for ref in refs:
            item = self._outbox.item(ref)
            if item.attempts or item.state != "queued":
                raise AlreadyAttempted(ref)
            if self._outbox.followers(item):
                raise LaterEntries(ref)
            self._outbox.remove(item)
            drafts.append(self._draft_of(item))
        return drafts

    def revise(self, client_ref: str) -> Draft:
        """A draft from a rejected entry, which stays until the draft is queued. Raises `NoSuchItem`.

        Who revises has been shown what happened meanwhile: the draft is based on the case as it is here now.
        """
        item = self._outbox.item(client_ref)
        detail = self.detail(item.desk, item.case_id)
        with self._outbox.work.write():
            item = self._outbox.item(client_ref)
            if item.state != "rejected":
                raise NoSuchItem(client_ref)
            draft = self._draft_of(item)
            if detail is not None:
                seen = detail.assigned if draft.action == ASSIGN else detail.seen
                draft.based_on, draft.after = seen.version, list(seen.after)
            self._outbox.put_draft(draft, client_ref)
        return draft

    def discard(self, client_ref: str) -> Item:
        """Throw away a rejected entry, or a queued one that was never attempted; what it was.

        Raises `AlreadyAttempted`, `LaterEntries`, `NoSuchItem`.
        """
        with self._outbox.work.write():
            item = self._outbox.item(client_ref)
            if item.state == "acked" or (item.state != "rejected" and item.attempts):
                raise AlreadyAttempted(client_ref)
            if self._outbox.followers(item):
                raise LaterEntries(client_ref)
            self._outbox.remove(item)
        return item

    def put_back(self, item: Item) -> None:
        """Bring back what was thrown away, as it was and in its place. Raises `OutboxChanged` where it is there."""
        with self._outbox.work.write():
            if self._outbox.work.one("select 1 from outbox where client_ref = ?", (item.client_ref,)) is not None:
                raise OutboxChanged((item.client_ref,))
            self._outbox.insert(item)

    def _draft_of(self, item: Item) -> Draft:
        payload = item.content
        text = payload.get("text") or {}
        return Draft(
            id=self._new_ref(),
            desk=item.desk,
            procedure=item.procedure,
            action=item.action,
            case_id="" if item.starts else item.case_id,
            target=payload.get("officer" if item.action == ASSIGN else "target", ""),
            answers=payload.get("answers", {}),
            text=text.get("text", ""),
            lang=text.get("lang", ""),
            based_on=payload.get("basedOn", 0),
            after=payload.get("after", []),
            saved_at=self._now(),
            attachments=payload.get("attachments", []),
        )


def _seen(stored: dict[str, Any] | None, folded: Folded) -> Seen:
    """What somebody sees who looks at a case now."""
    version = int(stored.get("version", 1)) if stored is not None else 0
    return Seen(version, tuple(ref for ref, made in folded.versions.items() if made > version))


def _assigned(stored: dict[str, Any] | None, folded: Folded) -> Seen:
    """What somebody sees of how a case is assigned now."""
    version = int(((stored or {}).get("assignment") or {}).get("version", 0))
    return Seen(version, tuple(ref for ref, made in folded.assigned.items() if made > version))


def _narrow(payload: dict[str, Any], rules: Rules, items: list[Item]) -> None:
    """Of the entries that were applied, name only those that the action builds on: the others make nothing stale."""
    actions = rules.lifecycle.actions
    action = actions.get(payload["action"])
    taken = {item.client_ref: actions.get(item.action) for item in items}
    refs = []
    for ref in payload.pop("after"):
        earlier = taken.get(ref)
        # What is not in the outbox any more has been confirmed since; of that nobody knows which action it was.
        if earlier is None or action is None or staleness.builds_on(action, earlier):
            refs.append(ref)
    if refs:
        payload["after"] = refs[-MAX_AFTER:]
