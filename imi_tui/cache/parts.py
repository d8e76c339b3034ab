"""What a store is put together from: two files, the hub, and a table or service for each thing it knows.

Only what reading windows needs is imported here; rules, types and the directory come with the first call for them.
"""

from __future__ import annotations

from imi_core.lean import TYPE_CHECKING, cached_property
from imi_tui.cache.confirmed.activity import Activity
from imi_tui.cache.confirmed.deletion_guard import DeletionGuard
from imi_tui.cache.ids import Random, first_of_many, uuid7
from imi_tui.cache.listing.rows import Desks, Listing
from imi_tui.cache.outbox.outbox import Outbox
from imi_tui.cache.session import SessionTable
from imi_tui.times import stamp

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from imi_tui.cache.bulk.bulk_queue import BulkQueue
    from imi_tui.cache.bulk.kinds import CaseKinds
    from imi_tui.cache.bulk.marking import Marking
    from imi_tui.cache.confirmed.translations import Translations
    from imi_tui.cache.content.contents import Contents
    from imi_tui.cache.content.documents import Documents
    from imi_tui.cache.files.local_files import Files
    from imi_tui.cache.files.transfers import FileMoves
    from imi_tui.cache.listing.projection import Projector
    from imi_tui.cache.model import Changed
    from imi_tui.cache.personal.export_log import Exports
    from imi_tui.cache.personal.saved_views import SavedViews
    from imi_tui.cache.personal.snippets import Snippets
    from imi_tui.cache.queueing.desk_work import DeskWork
    from imi_tui.cache.register.directory import Directory
    from imi_tui.cache.register.lookup import Register
    from imi_tui.cache.register.partners import Partners
    from imi_tui.cache.search.finding import Finding
    from imi_tui.cache.search.known_requests import KnownRequests
    from imi_tui.cache.search.related import Related
    from imi_tui.cache.storage.db import Database
    from imi_tui.cache.storage.hub import Hub
    from imi_tui.cache.storage.reserve import Reserve
    from imi_tui.profile import Profile


class Parts:
    """The parts of a `Store`, each made when it is first asked for."""

    def __init__(
        self, work: Database, cache: Database, hub: Hub, now: Callable[[], dt.datetime], rng: Random, profile: Profile
    ) -> None:
        self._work = work
        self._cache = cache
        cache.write_queue, cache.checkpointer = hub.write_queue, hub.checkpointer
        self._hub = hub
        self._now = now
        self._rng = rng
        self.outbox_table = Outbox(work, self._with_room)
        self.desks = Desks(cache)
        self._listing = Listing(cache, self.desks, self.today)
        self._session = SessionTable(cache)
        self._profile = profile
        self.deletion_guard = DeletionGuard(cache)
        self.activity = Activity(cache, hub, self.outbox_table, self._session)

    def close(self) -> None:
        """Give the files back."""
        self._cache.close()
        self._work.close()

    def shrink_page_cache(self, *, little: bool) -> None:
        """Keep few pages of the cache in memory, as while the client starts, or as many as usual."""
        self._cache.shrink_page_cache(little=little)

    def checkpoint_aside(self) -> None:
        """From now on have the log of the cache copied by a thread of its own: for a store that writes much."""
        self._cache.checkpoint_aside()

    def subscribe(self, callback: Callable[[Changed], None]) -> Callable[[], None]:
        """Hear of every commit of this process to this profile, in the committing thread; the result ends it."""
        return self._hub.subscribe(callback)

    def publish(self, changed: Changed) -> None:
        """Tell the subscribers."""
        self._hub.publish(changed)

    # --- parts that only some callers need ------------------------------------------------------------------------

    @cached_property
    def _directory(self) -> Directory:
        from imi_tui.cache.register.directory import Directory

        return Directory(self._cache)

    @cached_property
    def _register(self) -> Register:
        from imi_tui.cache.register.lookup import Register

        return Register(self._cache, self._directory)

    @cached_property
    def _contents(self) -> Contents:
        from imi_tui.cache.content.contents import Contents

        return Contents(self._cache)

    @cached_property
    def _documents(self) -> Documents:
        from imi_tui.cache.content.documents import Documents

        return Documents(self._cache)

    @cached_property
    def related(self) -> Related:
        """Cases that share words with another one."""
        from imi_tui.cache.search.related import Related

        return Related(self._cache, self.desks)

    @cached_property
    def finding(self) -> Finding:
        """The search over cases; `find` of a `Store` makes rows of it."""
        from imi_tui.cache.search.finding import Finding

        return Finding(self._cache, self._directory, self._documents, self.today, self._session.officer_id)

    @cached_property
    def saved(self) -> SavedViews:
        """The officer's own views."""
        from imi_tui.cache.model import Changed
        from imi_tui.cache.personal.saved_views import SavedViews

        return SavedViews(self._work, self.reserve, lambda: self.publish(Changed(frozenset(("views",)))))

    @cached_property
    def _projector(self) -> Projector:
        from imi_tui.cache.listing.projection import Projector

        return Projector(self._cache, self.desks, self.outbox_table, self._directory, self._session, self._documents)

    @cached_property
    def _desk_work(self) -> DeskWork:
        from imi_tui.cache.queueing.desk_work import DeskWork

        return DeskWork(
            self._cache,
            self.desks,
            self.outbox_table,
            self._directory,
            self._session,
            self._projector,
            self._new_ref,
            self.stamp,
        )

    @cached_property
    def _case_kinds(self) -> CaseKinds:
        from imi_tui.cache.bulk.kinds import CaseKinds

        return CaseKinds(self._cache, self.desks, self._directory, self._projector.folder)

    @cached_property
    def _bulk_queue(self) -> BulkQueue:
        from imi_tui.cache.bulk.bulk_queue import BulkQueue

        return BulkQueue(
            self._cache,
            self.desks,
            self.outbox_table,
            self._session,
            self._projector,
            self._desk_work.freezer,
            self._case_kinds,
            lambda: first_of_many(self._now(), self._rng),
            self.stamp,
        )

    @cached_property
    def marking(self) -> Marking:
        """Many cases at once."""
        from imi_tui.cache.bulk.marking import Marking

        return Marking(
            self._cache,
            self.desks,
            self._listing,
            self._case_kinds,
            self.finding,
            self._directory,
            self._session,
            self._desk_work.detail,
            self.publish,
        )

    @cached_property
    def reserve(self) -> Reserve:
        """Room for the last words on a full disk."""
        from imi_tui.cache.storage.reserve import Reserve

        return Reserve(self._profile)

    @cached_property
    def files(self) -> Files:
        """Attached files on this machine."""
        from imi_tui.cache.files.local_files import Files

        return Files(self._work, self._cache, self._profile.blobs, self._hub, self._new_ref, self.stamp)

    @cached_property
    def partners(self) -> Partners:
        """Authorities this officer knows."""
        from imi_tui.cache.register.partners import Partners

        return Partners(self._work, self._cache, self._directory, self.reserve, self._hub, self.stamp)

    @cached_property
    def exports(self) -> Exports:
        """The log of what left this machine."""
        from imi_tui.cache.personal.export_log import Exports

        return Exports(self._work, self.reserve, self._session.officer, self.stamp, self._profile.home)

    @cached_property
    def file_moves(self) -> FileMoves:
        """Attached files on their way, for the sync thread."""
        from imi_tui.cache.files.transfers import FileMoves

        return FileMoves(self._work, self._cache, self._profile.blobs, self._hub, self.stamp)

    def _with_room(self, write: Callable[[], bool]) -> bool:
        return self.reserve.write(write)

    def today(self) -> dt.date:
        """The day where this machine is: what deadlines are compared with."""
        return self._now().astimezone().date()

    @cached_property
    def snippets(self) -> Snippets:
        """Templates and phrases."""
        from imi_tui.cache.personal.snippets import Snippets

        return Snippets(self._work, self._new_ref, self.stamp)

    @cached_property
    def known_requests(self) -> KnownRequests:
        """What own cases say, to complete fields with."""
        from imi_tui.cache.search.known_requests import KnownRequests

        return KnownRequests(self._cache, self.desks)

    @cached_property
    def translations(self) -> Translations:
        """Free text in other languages."""
        from imi_tui.cache.confirmed.translations import Translations

        return Translations(
            self._cache, self.desks, self.outbox_table, self._session, self._documents, self.publish, self._new_ref
        )

    def _new_ref(self) -> str:
        return uuid7(self._now(), self._rng)

    def stamp(self) -> str:
        """The time as it is kept: UTC, milliseconds, "Z"."""
        return stamp(self._now())
