"""The drafts in `work.db`: what an officer is writing, and which refused entry it is to replace."""

from __future__ import annotations

from imi_core.lean import TYPE_CHECKING, json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imi_tui.cache.outbox.draft import Draft
    from imi_tui.cache.storage.db import Database

_MEMBERS = (
    "id",
    "desk",
    "procedure",
    "action",
    "case_id",
    "target",
    "answers",
    "text",
    "lang",
    "based_on",
    "after",
    "saved_at",
    "attachments",
)


class Drafts:
    """Reached as `Outbox.drafts`. Methods marked "inside" want an open write transaction."""

    def __init__(self, work: Database) -> None:
        self._work = work

    def put(self, draft: Draft, replaces: str = "") -> None:
        """Inside: save a draft; one that revises an entry keeps saying so."""
        self._work.run(
            "insert into draft(id, saved_at, replaces, wire) values(?, ?, ?, ?) on conflict(id) do update set"
            " saved_at = excluded.saved_at, wire = excluded.wire",
            (draft.id, draft.saved_at, replaces, _wire(draft)),
        )

    def put_all(self, drafts: Iterable[Draft]) -> None:
        """Inside: save new drafts that revise nothing."""
        self._work.many(
            "insert into draft(id, saved_at, replaces, wire) values(?, ?, '', ?)",
            [(draft.id, draft.saved_at, _wire(draft)) for draft in drafts],
        )

    def one(self, id: str) -> Draft | None:
        """One draft."""
        found = self._work.one("select wire from draft where id = ?", (id,))
        return _draft(found[0]) if found is not None else None

    def some(self, ids: Iterable[str]) -> dict[str, Draft]:
        """Those of these drafts that are there, by id."""
        sql = "select d.id, d.wire from json_each(?) j cross join draft d on d.id = j.value"
        return {id: _draft(wire) for id, wire in self._work.rows(sql, (json.dumps(list(ids)),))}

    def all(self) -> list[Draft]:
        """All drafts, the last saved first."""
        return [_draft(wire) for (wire,) in self._work.rows("select wire from draft order by saved_at desc")]

    def replaced_by(self, draft_id: str) -> str:
        """The client ref of the rejected entry that this draft revises, or empty."""
        found = self._work.one("select replaces from draft where id = ?", (draft_id,))
        return found[0] if found is not None else ""


def _wire(draft: Draft) -> str:
    return json.dumps({name: getattr(draft, name) for name in _MEMBERS}, ensure_ascii=False)


def _draft(wire: str) -> Draft:
    from imi_tui.cache.outbox.draft import Draft

    return Draft(**json.loads(wire))
