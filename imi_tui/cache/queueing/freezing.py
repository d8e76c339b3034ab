"""What a draft becomes when it is queued: checked as the server will check it, its payload frozen. And the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imi_core import assigning, staleness, workflow
from imi_core.case import MAX_AFTER
from imi_core.errors import ActionRefused
from imi_core.languages import NAMES
from imi_core.lean import json
from imi_tui.cache.content.contents import whole_case
from imi_tui.cache.errors import NoSuchCase, NoSuchSeat
from imi_tui.cache.ids import ASSIGN, LOCAL, TRANSLATE
from imi_tui.cache.listing.fold import Folded
from imi_tui.cache.model import Seen
from imi_tui.cache.outbox.draft import Draft
from imi_tui.cache.outbox.item import Item
from imi_tui.cache.wire import own_entry, to_case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from imi_core.authority import Seat
    from imi_core.procedure import Rules
    from imi_tui.cache.listing.projection import Projector
    from imi_tui.cache.listing.rows import Desks
    from imi_tui.cache.register.directory import Directory
    from imi_tui.cache.session import SessionTable
    from imi_tui.cache.storage.db import Database


_TARGETS = {ASSIGN: "officer", TRANSLATE: "entryId"}
"""Where the payload of what is no action of a case says what it is about."""


class Freezer:
    """Makes entries of drafts and drafts of entries; writes nothing."""

    def __init__(
        self,
        cache: Database,
        desks: Desks,
        directory: Directory,
        session: SessionTable,
        projector: Projector,
        new_ref: Callable[[], str],
        now: Callable[[], str],
    ) -> None:
        self._cache = cache
        self._desks = desks
        self._directory = directory
        self._session = session
        self._projector = projector
        self._new_ref = new_ref
        self._now = now

    def fold(self, desk: str, id: str, items: list[Item]) -> tuple[dict[str, Any] | None, Folded]:
        """The stored wire object and the case with what waits applied."""
        sql = (
            "select c.wire, t.wire from listing l join confirmed c on c.n = l.n left join content t on t.n = l.n"
            " where l.desk = ? and l.id = ?"
        )
        found = self._cache.one(sql, (self._desks.number(desk), id))
        stored = whole_case(*found) if found is not None else None
        case = to_case(stored) if stored is not None else None
        if case is None and not any(item.starts for item in items):
            return None, Folded(None)
        return stored, self._projector.folder.fold(desk, id, case, items)

    def item(self, draft: Draft, case_id: str, items: list[Item]) -> Item:
        """Inside a snapshot: the entry that a draft makes, where `items` wait for its case. Raises as `queue` does."""
        seat = self._session.core_seat(draft.desk)
        if seat is None:
            raise NoSuchSeat(draft.desk)
        stored, folded = self.fold(draft.desk, case_id, items) if case_id else (None, Folded(None))
        case = folded.case
        if case_id and case is None:
            raise NoSuchCase(draft.desk, draft.case_id)
        if draft.action == ASSIGN:
            return self._assignment(draft, case_id, seat, stored, folded)
        if draft.action == TRANSLATE:
            return self._translation(draft, case_id, seat, folded)
        seen = Seen(draft.based_on, tuple(draft.after))
        payload = self._payload(draft, case_id, seen if any(seen) else seen_of(stored, folded))
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
        seen = Seen(draft.based_on, tuple(draft.after)) if draft.based_on >= 0 else assigned_of(stored, folded)
        payload: dict[str, Any] = {"clientRef": self._new_ref(), "caseId": case_id, "basedOn": seen.version}
        payload |= {"officer": draft.target} | ({"after": list(seen.after[-MAX_AFTER:])} if seen.after else {})
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

    def _translation(self, draft: Draft, case_id: str, seat: Seat, folded: Folded) -> Item:
        """What a draft with the action `TRANSLATE` makes: `answers` are the texts of the entry `target` in `lang`."""
        case = folded.case
        if case is None:
            raise NoSuchCase(draft.desk, draft.case_id)
        payload = {"clientRef": self._new_ref(), "entryId": draft.target, "lang": draft.lang, "texts": draft.answers}
        made = self._item(draft, case_id, seat, payload, None)
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
        elif draft.answers and draft.lang in NAMES and self._session.knows_languages():
            payload["lang"] = draft.lang
        if draft.attachments:
            payload["attachments"] = [
                {"blobId": each["blobId"], "name": each["name"], "personal": bool(each.get("personal", True))}
                for each in draft.attachments
            ]
        return payload

    def draft(self, item: Item, id: str | None = None) -> Draft:
        """A draft that says what an entry says; `id` is a new one by default, "" is that of none that is kept."""
        payload = item.content
        text = payload.get("text") or {}
        return Draft(
            id=self._new_ref() if id is None else id,
            desk=item.desk,
            procedure=item.procedure,
            action=item.action,
            case_id="" if item.starts else item.case_id,
            target=payload.get(_TARGETS.get(item.action, "target"), ""),
            answers=payload.get("texts" if item.action == TRANSLATE else "answers", {}),
            text=text.get("text", ""),
            lang=text.get("lang", "") or payload.get("lang", ""),
            based_on=payload.get("basedOn", 0),
            after=payload.get("after", []),
            saved_at=self._now() if id is None else "",
            attachments=payload.get("attachments", []),
        )

    def drafts(self, items: Iterable[Item]) -> Iterator[Draft]:
        """`draft` of each, of none that is kept; those that say the same share their answers."""
        # As when they were queued first: thousands of drafts are then seen to say the same.
        first: dict[tuple[str, str], Draft] = {}
        for item in items:
            head, said = item.parts
            known = first.get((item.action, said)) if said else None
            if known is None or item.starts:
                known = self.draft(item, "")
                first[item.action, said] = known
                yield known
                continue
            own = json.loads(head)
            yield Draft(
                id="",
                desk=item.desk,
                procedure="",
                action=item.action,
                case_id=item.case_id,
                target=known.target,
                answers=known.answers,
                text=known.text,
                lang=known.lang,
                based_on=own.get("basedOn", 0),
                after=list(known.after),
                attachments=known.attachments,
            )


def seen_of(stored: dict[str, Any] | None, folded: Folded) -> Seen:
    """What somebody sees who looks at a case now."""
    version = int(stored.get("version", 1)) if stored is not None else 0
    return Seen(version, tuple(ref for ref, made in folded.versions.items() if made > version))


def assigned_of(stored: dict[str, Any] | None, folded: Folded) -> Seen:
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
