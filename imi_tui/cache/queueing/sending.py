"""The outbox on its way to the server: what may be sent, what became of it, what has to be offered once more."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from imi_tui.cache.errors import CacheBusy
from imi_tui.cache.ids import BESIDE, TRANSLATE
from imi_tui.cache.model import Changed
from imi_tui.cache.outbox import reoffered

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from imi_tui.cache.listing.projection import Projector
    from imi_tui.cache.model import OutboxItem
    from imi_tui.cache.outbox.outbox import Note, Outbox
    from imi_tui.cache.session import SessionTable
    from imi_tui.cache.storage.db import Database
    from imi_tui.cache.store import Store

_UNTOLD = "untold"


class Sending:
    """What of `SyncStore` is about the outbox."""

    def __init__(
        self, store: Store, cache: Database, outbox: Outbox, session: SessionTable, projector: Projector
    ) -> None:
        self._store = store
        self._cache = cache
        self._outbox = outbox
        self._session = session
        self._projector = projector
        self._looked = False

    def recover(self) -> None:
        """Before a run: whatever was on its way when the last one ended is queued again."""
        reflected = self._cache.one("select value from meta where name = 'generation'")[0]
        forgotten = self._outbox.work.one("select 1 from touched where generation <= ?", (reflected,)) is not None
        if forgotten:
            # The listing's file may lose its last moments with the power. What it reflects is forgotten once it cannot.
            self._cache.write_durably(
                "insert into meta values('hardened', 1) on conflict do update set value = value + 1"
            )
        with self._outbox.work.write():
            left = self._outbox.work.run("update outbox set state = 'queued' where state = 'sending'")
            if forgotten:
                self._outbox.work.run("delete from touched where generation <= ?", (reflected,))
        if left:
            self._store.publish(Changed(frozenset(("outbox", "status"))))

    def server_of_outbox(self) -> str:
        """Which server the entries that wait were written for; empty where none waits, or none is known."""
        return self._outbox.noted("server") if self._outbox.shown() else ""

    def officer_of_work(self) -> str:
        """Whose drafts and entries lie here; empty where there are none, or nobody is known."""
        return self._outbox.noted("officer") if self._outbox.live() or self._outbox.drafts.all() else ""

    def note_origin(self, server: str, officer: str) -> None:
        """Keep the ids of server and officer beside the outbox, where a lost cache does not take them along."""
        notes: tuple[tuple[Note, str], ...] = (("server", server), ("officer", officer))
        for name, value in notes:
            if self._outbox.noted(name) != value:
                with self._outbox.work.write():
                    self._outbox.note(name, value)

    def ready(self, limit: int, but: Container[str] = ()) -> list[OutboxItem]:
        """What may be sent now, in order; a rejected entry, or one of `but`, holds up its own case only.

        One whose payload is not what was frozen is refused here and now: nobody wrote that.
        """
        officer = str(self._session.officer().get("id", ""))
        while True:
            found = self._outbox.ready(officer, limit, but)
            damaged = [item.client_ref for item in found if not self._outbox.is_sound(item)]
            if not damaged:
                return [item.shown() for item in found]
            with self._outbox.work.write():
                for ref in damaged:
                    self._outbox.reject(ref, {"type": "damaged"})
            self._store.reflect()

    def begin(self, refs: Sequence[str]) -> None:
        """To be called before the first byte leaves. Raises `OutboxChanged` (then nothing was marked)."""
        with self._outbox.work.write():
            self._outbox.begin(refs)
        self._store.publish(Changed(frozenset(("outbox",))))

    def settle(
        self,
        acked: Mapping[str, Mapping[str, Any]],
        rejected: Mapping[str, Mapping[str, Any]],
        retry: Sequence[str] = (),
    ) -> int:
        """What became of what was sent: taken (with the server-set members), refused for good, to be tried again.

        How many of the refused ones wait all the same, because there is hope for them.
        """
        again = [ref for ref, error in rejected.items() if self._files_lost(ref, error)]
        past = {ref for ref, error in rejected.items() if reoffered.is_past(self._outbox.item(ref), error)}
        waiting = 0
        with self._outbox.work.write():
            for ref, created in acked.items():
                self._outbox.acknowledge(ref, created)
            for ref, error in rejected.items():
                if ref in again:
                    continue
                if ref in past:
                    self._outbox.remove(self._outbox.item(ref))
                    continue
                waits, noted = reoffered.judged(self._outbox.item(ref), error, self._store.stamp())
                waiting += waits
                (self._outbox.wait if waits else self._outbox.reject)(ref, noted)
            self._outbox.requeue([*retry, *again])
        for item in map(self._outbox.item, acked):
            if item.action == TRANSLATE:
                self._store.translations.follow(item.desk, item.case_id)
        self._store.reflect()
        self.confirm([(ref,) for ref in acked if self._is_here(ref)])
        self._store.activity.sent(len(acked))
        return waiting + len(again)

    def _files_lost(self, client_ref: str, error: Mapping[str, Any]) -> bool:
        """Whether an entry was refused for files that expired on the server and can be sent once more."""
        if error.get("type") != "blobNotFound":
            return False
        given = error.get("notFound")
        named = [each for each in given if isinstance(each, str)] if isinstance(given, list) else []
        return self._store.file_moves.lost(self._outbox.item(client_ref).content, named)

    def waiting_for_files(self) -> list[OutboxItem]:
        """Entries that cannot be sent before their files, in order."""
        officer = str(self._session.officer().get("id", ""))
        return [item.shown() for item in self._outbox.waiting_for_files(officer)]

    def _is_here(self, client_ref: str) -> bool:
        return self._projector.is_here(self._outbox.item(client_ref))

    def journal(self, account: str) -> list[OutboxItem]:
        """Acknowledged entries that are still kept, in order, for the case that the server is restored."""
        return [item.shown() for item in self._outbox.journal(account)]

    def reoffer(self, refs: Sequence[str]) -> None:
        """Queue acknowledged entries again: the server lost them. It knows them by their client refs."""
        with self._outbox.work.write():
            self._outbox.requeue(refs)
        self._store.reflect()

    def follow_epoch(self, epoch: str, desks: Sequence[str]) -> None:
        """Note the server's epoch; where it is another one, everything acknowledged there is queued again (P4).

        Both in one transaction, with that the server was restored (`is_restored`).
        """
        before = self._outbox.noted("epoch")
        if before == epoch:
            return
        # The log of such a server may look as before where it is not: a case has one translation, but another one.
        for desk in desks if before else ():
            self._store.translations.doubt(desk)
        with self._outbox.work.write():
            if before:
                self._outbox.requeue([item.client_ref for desk in desks for item in self._outbox.journal(desk)])
                self._outbox.note("restored", _UNTOLD)
            self._outbox.note("epoch", epoch)
        if before:
            self._store.reflect()

    def is_restored(self) -> bool:
        """Whether the server was restored and the officer was not told yet."""
        return self._outbox.noted("restored") == _UNTOLD

    def restored_is_told(self) -> None:
        """The officer was told."""
        with self._outbox.work.write():
            self._outbox.note("restored", "")

    def prune(self, account: str, safe: int) -> None:
        """Forget acknowledged entries that a verified backup of the server has (P4).

        One that is not among the confirmed entries may have been lost with a history of the server that nobody saw
        end, as when this machine lost its last pages too: it is offered once more, and forgotten when it was known.
        """
        if safe <= 0:
            return
        known = self._outbox.safe(account, safe)
        missing = [ref for ref in known if not self._is_here(ref)]
        if not known:
            return
        with self._outbox.work.write():
            again = self._outbox.doubt(missing)
            self._outbox.forget([ref for ref in known if ref not in again])
        if again:
            self._store.reflect()

    def confirm(self, refs: list[tuple[str]]) -> None:
        """Acknowledged entries that came back no longer need to be looked at."""
        if not refs or not any(item.state == "acked" for item in self._outbox.live()):
            return
        with contextlib.suppress(CacheBusy), self._outbox.work.write():
            sql = "update outbox set confirmed = 1 where client_ref = ? and state = 'acked'"
            self._outbox.work.many(sql, refs)

    def followed(self) -> None:
        """Every desk was followed to its end: what the server took has come by now, or is not this officer's to see.

        Or the server lost it with a history whose end nobody saw: it is offered once more. A case that was blocked
        before it could come back must not go on showing as it was sent.
        """
        there = [item for item in self._outbox.held_back() if self._projector.is_here(item)]
        if there:
            # A refused entry before them keeps them from being offered again, which would only say what is known.
            with self._outbox.work.write():
                self._outbox.take_as_sent(there)
            self._store.reflect()
        # With the power a machine may lose what it had read: once a process, everything kept is looked for.
        kept = self._outbox.kept() if not self._looked else self._outbox.live()
        self._looked = True
        self.confirm(
            [(item.client_ref,) for item in kept if item.action.startswith(BESIDE) and self._projector.is_here(item)]
        )
        left = [item for item in kept if item.state == "acked" and not self._projector.is_here(item)]
        if not left:
            return
        officer, seats = str(self._session.officer().get("id", "")), {seat.desk for seat in self._session.seats()}
        # Of a desk that went nothing can come back; offered there, what was sent would be shown as refused.
        asked = [item.client_ref for item in left if item.officer == officer and item.desk in seats]
        with self._outbox.work.write():
            again = self._outbox.doubt(asked)
            hidden = [item for item in left if item.client_ref not in again]
            self._outbox.work.many(
                "update outbox set confirmed = 1 where client_ref = ? and state = 'acked'",
                [(item.client_ref,) for item in hidden],
            )
            self._outbox.touch([(item.desk, item.case_id) for item in hidden])
        self._store.reflect()
