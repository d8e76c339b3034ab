"""What an officer writes, as screens and commands do it: drafts, entries, templates and phrases."""

from __future__ import annotations

from imi_core.lean import TYPE_CHECKING, suppress
from imi_tui.cache.errors import CacheError
from imi_tui.cache.model import Changed, OutboxItem, Queued, Seen
from imi_tui.cache.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from imi_core.errors import ImiError
    from imi_tui.cache.model import Untouched
    from imi_tui.cache.outbox.draft import Draft
    from imi_tui.cache.outbox.item import Taken
    from imi_tui.cache.personal.snippets import Kind, Phrase, Template


MANY = 20
"""Entries from which on they are queued and taken back in one go."""


class Acting(Parts):
    """The writing half of a `Store`: each is committed to `work.db` first, and told."""

    def save_draft(self, draft: Draft) -> None:
        """Save a draft durably; sets its `saved_at`."""
        draft.saved_at = self.stamp()
        self.reserve.write(lambda: self._put_draft(draft))
        self.publish(Changed(frozenset(("drafts",))))

    def _put_draft(self, draft: Draft) -> None:
        with self._work.write():
            self.outbox_table.drafts.put(draft)

    def draft(self, id: str) -> Draft | None:
        """One draft."""
        return self.outbox_table.drafts.one(id)

    def drafts(self) -> list[Draft]:
        """All drafts, the last saved first."""
        return self.outbox_table.drafts.all()

    def draft_count(self) -> int:
        """How many drafts there are."""
        found: int = self._work.one("select count(*) from draft")[0]
        return found

    def delete_draft(self, id: str) -> Callable[[], None]:
        """Throw a draft away; what brings it back."""
        draft, replaces = self.outbox_table.drafts.one(id), self.outbox_table.drafts.replaced_by(id)
        with self._work.write():
            self._work.run("delete from draft where id = ?", (id,))
        self.publish(Changed(frozenset(("drafts",))))

        def put_back() -> None:
            if draft is not None:
                with self._work.write():
                    self.outbox_table.drafts.put(draft, replaces)
                self.publish(Changed(frozenset(("drafts",))))

        return put_back

    def keep_template(self, template: Template) -> Template:
        """Save a template durably."""
        made = self.reserve.write(lambda: self.snippets.keep_template(template))
        self.publish(Changed(frozenset(("snippets",))))
        return made

    def keep_phrases(self, phrases: list[Phrase]) -> list[Phrase]:
        """Save phrases durably, all or none."""
        made = self.reserve.write(lambda: self.snippets.keep_phrases(phrases))
        self.publish(Changed(frozenset(("snippets",))))
        return made

    def drop(self, kind: Kind, id: str) -> None:
        """Throw a template or phrase away; `bring_back` undoes it."""
        self.snippets.drop(kind, id)
        self.publish(Changed(frozenset(("snippets",))))

    def put_phrases(self, wanted: Mapping[str, Phrase | None]) -> None:
        """Have phrases again as they were, by their ids; None for one that was not there."""
        self.reserve.write(lambda: self.snippets.put_phrases(wanted))
        self.publish(Changed(frozenset(("snippets",))))

    def bring_back(self, kind: Kind, id: str = "") -> str:
        """Undo the last `drop` of this kind, or that of `id`; the id of what is back, "" where there is nothing."""
        found = self.snippets.bring_back(kind, id)
        self.publish(Changed(frozenset(("snippets",))))
        return found

    def queue(self, draft: Draft) -> OutboxItem:
        """Put a draft into the outbox: from now on it is safe and will be sent.

        It is `rejected` at once where the case has changed since `Draft.based_on` in what the entry depends on.
        Raises `ActionRefused`, `AnswersRefused`, `UnknownProcedure`, `NoSuchCase`, `NoSuchSeat`.
        """
        item = self.reserve.write(lambda: self._desk_work.queue(draft))
        self.reflect("drafts")
        return item.shown()

    def act(
        self,
        desk: str,
        case_id: str,
        action: str,
        *,
        answers: dict[str, Any] | None = None,
        text: str = "",
        lang: str = "",
        target: str = "",
        attachments: list[dict[str, Any]] | None = None,
        seen: Seen | None = None,
    ) -> OutboxItem:
        """Queue an action without writing a draft first.

        `seen`: what the officer had in front of them, by default the case as it is here now.
        """
        from imi_tui.cache.outbox.draft import Draft

        seen = seen or Seen()
        return self.queue(
            Draft(
                id=self._new_ref(),
                desk=desk,
                procedure="",
                action=action,
                case_id=case_id,
                target=target,
                answers=answers or {},
                text=text,
                lang=lang,
                based_on=seen.version,
                after=list(seen.after),
                attachments=attachments or [],
            )
        )

    def foresee(self, numbers: Iterable[int], drafts: Sequence[Draft] = ()) -> Iterator[None]:
        """Read step by step what queueing something for these cases will need, while the question is looked at.

        `drafts`: what will be queued, but for what is still to be answered in them.
        """
        with suppress(CacheError):
            yield from self._bulk_queue.foresee(numbers, drafts)

    def go_on_behind(self, begin: Callable[[], None]) -> None:
        """From now on tell what was done with very many cases before they have their places in every order.

        `begin` is called then: it has to call `go_on` until nothing is left. What is read is right at once.
        """
        self._bulk_queue.behind = begin
        self._bulk_queue.failed = lambda: self._tell_of(())

    def go_on(self) -> bool:
        """Write a part of what is left to write, some milliseconds long; whether anything is left."""
        rest = self._cache.deferred
        if rest is not None:
            rest.step()
            return True
        # What stands for them is as safe; whoever needs them meets the error where it can be told.
        with suppress(CacheError):
            return self.outbox_table.write_out()
        return False

    def queue_alike(
        self, drafts: Sequence[Draft], numbers: Iterable[int] = ()
    ) -> tuple[list[Queued], list[tuple[Draft, ImiError | CacheError]], list[Draft]]:
        """`queue` drafts for very many cases at once, as far as they fare alike with all of a kind.

        What was queued, what was refused and why, and the drafts that are left for `queue_all`. No two may be for one
        case. `numbers`: of rows among which those of the cases are, which are then found at once. Fewer than `MANY` are
        left: nobody waits for them.
        """
        if len(drafts) < MANY:
            return [], [], list(drafts)
        try:
            made = self.reserve.write(lambda: self._bulk_queue.queue(drafts, numbers))
        except CacheError:
            # The outbox may be sound where the listing cannot be written: one by one they are queued all the same.
            return [], [], list(drafts)
        self._tell_of([(each.desk, each.case_id) for each in made[0]])
        return made

    def queue_all(self, drafts: Sequence[Draft]) -> tuple[list[OutboxItem], list[tuple[Draft, ImiError | CacheError]]]:
        """`queue` drafts for as many cases, in one transaction; what was queued, and what was refused and why."""
        items, refused = self.reserve.write(lambda: self._desk_work.queue_all(drafts))
        self.reflect("drafts")
        return [item.shown() for item in items], refused

    def outbox(self) -> list[OutboxItem]:
        """Entries the server has not taken, in order."""
        return [item.shown() for item in self.outbox_table.shown()]

    def untouched(self) -> list[Untouched]:
        """Entries that can be taken back, in order."""
        return self.outbox_table.untouched()

    def untouched_of(self, refs: Sequence[str]) -> list[Untouched]:
        """Those of these entries that can be taken back, in their order."""
        if len(refs) >= MANY and (found := self._bulk_queue.untouched(refs)) is not None:
            return found
        free = {each.client_ref: each for each in self.outbox_table.untouched()}
        return [free[ref] for ref in refs if ref in free]

    def is_untouched(self, refs: Sequence[str] | None = None) -> bool:
        """Whether any entry can be taken back, or any of these."""
        return self.outbox_table.is_untouched(refs)

    def take_back(self, refs: Sequence[str], keep: Callable[[Draft], bool], numbers: Iterable[int] = ()) -> list[Taken]:
        """Take queued entries back, in this order and all or none; only those drafts stay that `keep` says.

        `numbers`: of rows among which those of their cases are.
        Raises `AlreadyAttempted`, `LaterEntries`, `NoSuchItem`.
        """
        if len(refs) >= MANY:
            try:
                taken = self.reserve.write(lambda: self._bulk_queue.take_back(refs, keep, numbers))
            except CacheError:
                # One by one it is tried without the listing, and says why it does not work.
                pass
            else:
                self._tell_of([(each.desk, each.case_id) for each in taken])
                return taken
        taken = self._desk_work.undo_all(refs, keep)
        self.reflect("drafts")
        return taken

    def drafts_of(self, taken: Sequence[Taken]) -> list[Draft | None]:
        """What to queue for entries that were taken back, drafts as they are now; None where one was thrown away."""
        return self._desk_work.drafts_of(taken)

    def _tell_of(self, cases: Iterable[tuple[str, str]]) -> None:
        self.publish(Changed(frozenset(("outbox", "cases", "status", "drafts")), frozenset(cases)))

    def revise(self, client_ref: str) -> Draft:
        """A draft from a rejected entry; queueing it withdraws that one. Raises `NoSuchItem`."""
        draft = self._desk_work.revise(client_ref)
        self.publish(Changed(frozenset(("drafts",))))
        return draft

    def discard(self, client_ref: str) -> Callable[[], None]:
        """Throw away a rejected or never attempted entry; what brings it back.

        Raises `AlreadyAttempted`, `LaterEntries`, `NoSuchItem`.
        """
        item = self._desk_work.discard(client_ref)
        self.reflect()

        def put_back() -> None:
            self._desk_work.put_back(item)
            self.reflect()

        return put_back

    def reflect(self, *kinds: str) -> None:
        """Let the listing follow a commit to the outbox, and tell.

        What was committed counts, whatever becomes of the listing: a busy cache, or one on a full disk, follows with
        its next transaction, a damaged one is found so by whoever reads it.
        """
        cases: set[tuple[str, str]] = set()
        with suppress(CacheError), self.desks.kept(), self._cache.write():
            cases = self._projector.refresh(set())
        self.publish(Changed(frozenset(("outbox", "cases", "status", *kinds)), frozenset(cases)))  # type: ignore[arg-type]
