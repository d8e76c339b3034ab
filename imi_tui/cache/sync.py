"""The sync engine's side of the cache: confirmed tables, states, and the outbox on its way to the server."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from imi_core.case import MARK
from imi_tui.cache.confirmed.page_writer import Page, PageWriter
from imi_tui.cache.confirmed.soundness import sound_part
from imi_tui.cache.content.contents import OPENED, REST, Wanted
from imi_tui.cache.content.indexing import Indexing
from imi_tui.cache.errors import BadObject, CacheError
from imi_tui.cache.listing.alphabet import Alphabet
from imi_tui.cache.listing.projection import Arrival
from imi_tui.cache.model import ASIDE, Changed
from imi_tui.cache.queueing.sending import Sending
from imi_tui.cache.register.countries import RegisterParts
from imi_tui.cache.register.former_handlers import Histories
from imi_tui.cache.session import SERVER_TIME, seats_of
from imi_tui.times import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imi_tui.cache.content.contents import Contents
    from imi_tui.cache.content.documents import Documents
    from imi_tui.cache.listing.projection import Projector
    from imi_tui.cache.outbox.outbox import Outbox
    from imi_tui.cache.register.directory import Directory
    from imi_tui.cache.session import SessionTable
    from imi_tui.cache.storage.db import Database
    from imi_tui.cache.store import Store

__all__ = ["Page", "SyncStore"]
DIRECTORY = "directory"
_COMPARING = "comparing:"
_UNFINISHED = "select name from meta where name >= ?1 and name < ?1 || char(1114111) order by name"
_REGISTER = ("authority", "authority_desk", "register_part", "register_wanted", "register_index", "register_stale")
OF_THE_LINE = frozenset(
    ("offline", "noAnswer", "captivePortal", "proxy", "tls", "unavailable", "rateLimited", "notSignedIn", "disabled")
)
"""Problems that any answer of the server disproves."""


class SyncStore(Sending):
    """Reached as `Store.sync`."""

    def __init__(
        self,
        store: Store,
        cache: Database,
        outbox: Outbox,
        directory: Directory,
        session: SessionTable,
        documents: Documents,
        projector: Projector,
        contents: Contents,
    ) -> None:
        super().__init__(store, cache, outbox, session, projector)
        self._directory = directory
        self._documents = documents
        self._contents = contents
        self._page_writer = PageWriter(store, cache, directory, session, documents, projector, contents, self.confirm)
        self._indexing = Indexing(cache, documents)
        self._histories = Histories(cache)
        self.register = RegisterParts(store.publish, cache, directory, session)
        self.alphabet = Alphabet(cache, self.register.index, store.publish)
        self.deletion_guard = store.deletion_guard
        self.translations = store.translations

    # --- session, states, secrets ---------------------------------------------------------------------------

    def session(self) -> dict[str, Any] | None:
        """The session resource as last stored."""
        return self._session.session()

    def set_session(self, session: dict[str, Any]) -> None:
        """Store the session. What the cache holds of desks the officer no longer sits at is removed.

        Raises `BadObject` where it is no session.
        """
        try:
            desks = {seat.desk for seat in seats_of(session)}
            complete = DIRECTORY in session["accounts"]
        except (AttributeError, TypeError, LookupError) as error:
            raise BadObject("Session", "", str(error)) from error
        if not complete:
            # What is no session must not look like one in which every seat was lost.
            raise BadObject("Session", "", "there is no directory account")
        with self._store.desks.kept(), self._cache.write():
            self._set_meta("session", json.dumps(session, ensure_ascii=False))
            lost = [id for (id,) in self._cache.rows("select id from desk") if id not in desks]
            for desk in lost:
                self._forget(desk)
            self._projector.refresh(set())
            self._store.file_moves.forget_gone()
        kinds = {"session", "cases"} if lost else {"session"}
        self._store.publish(Changed(frozenset(kinds)))  # type: ignore[arg-type]

    def state(self, account: str) -> str:
        """The state token of an account; empty before its first sync."""
        found = self._cache.one("select state from account where id = ?", (account,))
        return found[0] if found is not None else ""

    def desk_states(self) -> dict[str, str]:
        """The state token of each desk that was synchronised."""
        return {id: state for id, state in self._cache.rows("select id, state from account") if id != DIRECTORY}

    def secret(self, name: str) -> str | None:
        """A secret kept encrypted with everything else (a token)."""
        found = self._cache.one("select value from secret where name = ?", (name,))
        return found[0] if found is not None else None

    def set_secret(self, name: str, value: str | None) -> None:
        """Keep a secret, or forget it."""
        if value is None:
            self._cache.run("delete from secret where name = ?", (name,))
        else:
            self._cache.run("insert or replace into secret values(?, ?)", (name, value))

    def swap_secret(self, name: str, old: str, new: str | None) -> bool:
        """Where a secret is `old` at this moment, keep `new` or forget it; whether it was."""
        if new is None:
            return self._cache.run("delete from secret where name = ? and value = ?", (name, old)) > 0
        return self._cache.run("update secret set value = ? where name = ? and value = ?", (new, name, old)) > 0

    def set_problem(self, code: str) -> None:
        """Why synchronising does not work just now; empty when it does."""
        self._set_meta("problem", code)
        self._store.publish(Changed(frozenset(("status",))))

    def answered(self) -> None:
        """The server answered: what was wrong with the line is over, though the run still goes on."""
        found = self._cache.one("select value from meta where name = 'problem'")
        if found is not None and found[0] in OF_THE_LINE:
            self.set_problem("")

    def set_ok(self, at: dt.datetime, skew: float | None = None) -> None:
        """When it last worked; `skew`: seconds the server's clock is ahead of this machine's, None where unknown."""
        self._set_meta("last_ok", at.isoformat(timespec="seconds"))
        if skew is not None:
            self._set_meta(SERVER_TIME, stamp(at + dt.timedelta(seconds=skew)))
        self._set_meta("problem", "")
        self._cache.run(
            "delete from meta where name = 'first' and not exists (select 1 from account where filling is not null)"
            " and not exists (select 1 from wanted where priority < ?)",
            (ASIDE,),
        )
        # What cannot be written today is tidied tomorrow; the synchronisation worked.
        with contextlib.suppress(CacheError):
            self._store.tidy()
        self._store.publish(Changed(frozenset(("status",))))

    def _set_meta(self, name: str, value: str) -> None:
        self._cache.run("insert or replace into meta values(?, ?)", (name, value))

    # --- what the server says -------------------------------------------------------------------------------

    def take(self, account: str, page: Page) -> None:
        """Write a page; contents and entries of a wrong shape are left out and fetched by themselves (`Page.again`).

        Raises `BadObject` where that leaves nothing that makes sense: then nothing was written.
        """
        try:
            self.apply(account, page)
        except BadObject:
            sound = sound_part(page)
            if sound is None:
                raise
            self.apply(account, sound)

    def apply(self, account: str, page: Page) -> None:
        """Write a page and its state in one transaction. Raises `BadObject`: then nothing was written."""
        self._page_writer.apply(account, page)

    def index_pending(self, limit: int, *, late: bool = True) -> int:
        """Index about so many cases, and clean up when none is left; what is still to do (0: nothing).

        Those whose content is still to come are put off to the end, or (`late` false) left for another time. Names
        are put into the order of another alphabet first: the officer has just asked for it.
        """
        if self.alphabet.step():
            return 1
        return self._indexing.pending(limit, late=late)

    def index_little(self) -> None:
        """Index what came last, if that is quickly done: for the time between two questions to the server."""
        self._indexing.little()

    # --- contents -------------------------------------------------------------------------------------------

    def unknown(self, account: str, ids: Sequence[str]) -> list[str]:
        """Those of these cases that are not here."""
        number = self._store.desks.number(account)
        sql = "select 1 from listing l join confirmed c on c.n = l.n where l.desk = ? and l.id = ?"
        return [id for id in ids if self._cache.one(sql, (number, id)) is None]

    def wanted(self, limit: int, *, opened: bool = False) -> list[Wanted]:
        """Cases whose contents are to be fetched, the most urgent first; `opened`: only those somebody looks at."""
        found = self._contents.next(limit, OPENED if opened else REST)
        return [Wanted(self._store.desks.id(desk), id, whole) for desk, id, whole in found]

    def put_contents(
        self, account: str, cases: Sequence[dict[str, Any]], entries: Sequence[dict[str, Any]], *, whole: bool
    ) -> None:
        """Keep contents (or whole cases) with all their entries; the account's state stays. Raises `BadObject`."""
        found = self._cache.one("select filling from account where id = ?", (account,))
        state, filling = self.state(account), found[0] if found is not None else None
        if whole:
            self.apply(account, Page(state, cases=cases, entries=entries, filling=filling))
        else:
            self.apply(account, Page(state, contents=cases, entries=entries, filling=filling))

    def look_again(self, account: str, id: str) -> None:
        """What an entry of this case names is not there: its content is fetched once more, like one just opened."""
        with self._cache.write():
            self._contents.want_again(self._store.desks.number(account), [id], OPENED)

    def histories_wanted(self, limit: int) -> dict[str, list[str]]:
        """By desk, cases of which it is not known who looked after them before."""
        out: dict[str, list[str]] = {}
        for desk, id in self._histories.wanted(limit):
            out.setdefault(self._store.desks.id(desk), []).append(id)
        return out

    def put_histories(
        self, account: str, asked: Sequence[str], histories: Mapping[str, Sequence[dict[str, Any]]]
    ) -> None:
        """Keep who looked after these cases; none of those asked for is asked for again before it changes."""
        number = self._store.desks.number(account)
        if number is None:
            return
        with self._cache.write():
            self._histories.keep(number, histories)
            self._histories.served(number, asked)
        if histories:
            named = frozenset((account, id) for id in histories)
            self._store.publish(Changed(frozenset(("cases",)), named))

    def is_filling(self, account: str) -> bool:
        """Whether the first sync of an account is not over, or has not begun."""
        return self._page_writer.is_filling(account)

    def give_up(self, account: str, ids: Sequence[str]) -> None:
        """The server did not give these contents: not asked for again until something says so."""
        if not ids:
            return
        with self._cache.write():
            self._contents.give_up(self._store.desks.number(account), ids)

    def put_aside(self, account: str, ids: Sequence[str], until: dt.datetime) -> None:
        """The server gives these contents in a form that cannot be used: not asked for again before `until`.

        Or as soon as their heads change. Screens say so.
        """
        if not ids:
            return
        with self._cache.write():
            self._contents.put_aside(self._store.desks.number(account), ids, int(until.timestamp()))
        self._store.publish(Changed(frozenset(("cases", "status")), frozenset((account, id) for id in ids)))

    def ask_again(self, now: dt.datetime) -> None:
        """Want what was put aside until now."""
        if self._contents.has_aside():
            with self._cache.write():
                self._contents.ask_again(int(now.timestamp()))

    def size(self, account: str) -> int:
        """How many confirmed cases a desk has."""
        sql = "select count(*) from listing l where l.desk = ? and exists (select 1 from confirmed c where c.n = l.n)"
        found: int = self._cache.one(sql, (self._store.desks.number(account),))[0]
        return found

    # --- recovery -------------------------------------------------------------------------------------------

    def known(self, account: str, prefix: str = "") -> list[tuple[str, int, str, str]]:
        """(id, version, level, mark) of the confirmed cases of an account whose ids start so, in id order.

        To the mark belongs how a case is assigned and whether it has translations at the desk, as in the server's.
        """
        sql = (
            "select l.id, c.version, c.level, substr(coalesce(cast(c.wire as text) ->> 'head', ''), 1, ?4)"
            " || coalesce('.' || coalesce(cast(c.wire as text) ->> '$.assignment.officer', '')"
            " || '.' || (cast(c.wire as text) ->> '$.assignment.version'), '')"
            " || coalesce('.t' || nullif(cast(c.wire as text) ->> '$.translations', 0), '')"
            " from listing l join confirmed c on c.n = l.n"
            " where l.desk = ?1 and l.id >= ?2 and l.id < ?3 order by l.id"
        )
        return self._cache.rows(sql, (self._store.desks.number(account), prefix, prefix + "\U0010ffff", MARK))

    def entries_of(self, account: str, cases: Sequence[str]) -> list[str]:
        """Ids of the confirmed entries that are here of these cases."""
        sql = (
            "select e.id from json_each(?) j cross join listing l on l.desk = ? and l.id = j.value"
            " cross join entry e on e.n = l.n and e.n > 0"
        )
        return [id for (id,) in self._cache.rows(sql, (json.dumps(cases), self._store.desks.number(account)))]

    def unfinished(self) -> list[str]:
        """Accounts whose comparison took something over and did not come to its end: their states tell too little."""
        return [name.removeprefix(_COMPARING) for (name,) in self._cache.rows(_UNFINISHED, (_COMPARING,))]

    def begin_comparison(self, account: str) -> None:
        """From now on the account is `unfinished`, until `end_comparison`."""
        self._set_meta(_COMPARING + account, "yes")

    def end_comparison(self, account: str) -> None:
        """Everything that a comparison found is here, with its state."""
        self._cache.run("delete from meta where name = ?", (_COMPARING + account,))

    def drop(self, account: str, ids: Sequence[str], state: str) -> None:
        """Remove cases that, as a complete comparison showed, are no longer in this account, which is then at `state`.

        Both at once: a server that comes back to the state of before would not name them again.
        """
        found = self._cache.one("select filling from account where id = ?", (account,))
        self.apply(account, Page(state, destroyed={"Case": ids}, filling=found[0] if found is not None else None))

    def reset_account(self, account: str) -> None:
        """Forget everything the server said of an account, its state included. The outbox is not concerned."""
        with self._cache.write():
            if account == DIRECTORY:
                for table in (*_REGISTER, "procedure", "officer"):
                    self._cache.run(f"delete from {table}")  # noqa: S608
                self._directory.changed()
                self._cache.run("update meta set value = value + 1 where name = 'register_index'")
                self._cache.run("delete from account where id = ?", (account,))
            else:
                self._forget(account)
            self._projector.refresh(set())
            self._store.file_moves.forget_gone()
        self._page_writer.truncate_log()
        self._store.publish(Changed(frozenset(("cases", "directory", "status"))))

    def _forget(self, desk: str) -> None:
        """Inside: remove everything confirmed of a desk."""
        number = self._store.desks.number(desk)
        if number is not None:
            rows = self._cache.rows("select n, id from listing where desk = ?", (number,))
            for n, _ in rows:
                self._documents.remove(n)
            self._cache.run("delete from entry where desk = ?", (number,))
            self._projector.refresh({(desk, id) for _, id in rows}, {(desk, id): Arrival(None) for _, id in rows})
            self._documents.need_scrub()
        self._cache.run("delete from account where id = ?", (desk,))
