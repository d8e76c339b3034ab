"""Translations of free text: asked for, written by a colleague, made by a machine, read, forgotten.

Each belongs to one entry and one desk; no other desk hears of it. The entry itself is not touched. As with assignments
the desk's own change log says that the case was updated, and the case's `translations` has risen.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec
import sqlalchemy as sa

from imi_central.store import changes, register
from imi_central.store.changes import Change
from imi_central.store.codec import decode_case, decode_entry, encode, ms
from imi_central.store.commit import case_at, content_hash, id_of
from imi_central.store.errors import AlreadyExists, EntryRefused
from imi_central.store.sight import Sight, batches
from imi_central.store.tables import cases, desk_case, entries, translation
from imi_central.store.trail import note
from imi_core import translating
from imi_core.case import Translation

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sqlalchemy.engine import Connection

    from imi_core.authority import Seat
    from imi_core.case import Entry
    from imi_core.translating import FreeText

PER_ENTRY = 20
"""Translations of one entry that a desk may have."""
LEASE = dt.timedelta(minutes=5)
"""After so long a process that asked the machine and said nothing since is taken for dead."""
WAITS = (dt.timedelta(seconds=30), dt.timedelta(minutes=5), dt.timedelta(hours=1))
"""How long a machine that cannot answer is left alone before it is asked again; then the translation has failed."""
Reason = Literal["noService", "unreachable", "refused", "unusable"]
"""Why there is none: there is no machine any more; it did not answer; it does not take this text or language; what it
answered is no translation."""
_SOME = 20
"""Translations that are fetched at once."""
decode = msgspec.json.Decoder(Translation).decode


class Service(NamedTuple):
    """The machine that the operator set. `personal`: whether it is given what personal data is asked for in."""

    engine: str
    personal: bool = False
    per_hour: int = 60


class Asked(NamedTuple):
    """What a client may say: `texts` of its author, or none, which asks the machine. `source` "": as the entry says."""

    client_ref: str
    entry_id: str
    lang: str
    source: str = ""
    texts: Mapping[str, str] = {}


class Job(NamedTuple):
    """What the machine is to be asked: texts by part, from `source` ("" unknown) into `lang`."""

    id: str
    source: str
    lang: str
    texts: dict[str, str]


def take(
    conn: Connection,
    now: dt.datetime,
    officer_id: str,
    desk: str,
    asked: Asked,
    received: object,
    service: Service | None,
) -> tuple[Translation, int]:
    """The translation that was asked for or written, and a change of the desk by which it is logged (P4).

    Raises `NoSeat`, `EntryRefused`, `AlreadyExists`.
    """
    sight = Sight(conn, officer_id)
    seat = sight.seat(desk)
    if known := _repeat(conn, desk, asked.client_ref, received):
        return known, changes.head(conn, desk).seq
    entry, texts = _readable(sight, seat, asked.entry_id)
    if known := _repeat(conn, desk, asked.client_ref, received):
        # The same came twice at once, and this one has waited for the case.
        return known, changes.head(conn, desk).seq
    source = asked.source or translating.language(entry)
    if source == asked.lang or not texts:
        raise EntryRefused("invalidProperties", "there is nothing to translate", properties=("lang",))
    if unknown := sorted(asked.texts.keys() - {each.part for each in texts}):
        raise EntryRefused("invalidProperties", f"these are no texts of it: {unknown}", properties=("texts",))
    held = _held(conn, desk, entry)
    made = Translation(
        id=id_of(conn, "translation", desk, asked.client_ref),
        case_id=entry.case_id,
        entry_id=entry.id,
        source=source,
        lang=asked.lang,
        texts=dict(asked.texts),
        at=_whole(now),
    )
    if asked.texts:
        made = msgspec.structs.replace(made, officer=officer_id, officer_name=seat.officer_name)
    else:
        for before in held:
            if before.engine and before.lang == asked.lang and before.state != "failed":
                return before, changes.head(conn, desk).seq
        made = _for_machine(conn, now, officer_id, made, texts, service)
    if len(held) >= PER_ENTRY:
        raise EntryRefused("overQuota", f"at most {PER_ENTRY} translations of one entry")
    _insert(conn, desk, officer_id, asked.client_ref, made, content_hash(made.id, received))
    note(conn, ms(now), officer_id, desk, "translate", made.id)
    _log(conn, now, desk, entry.case_id)
    return made, changes.head(conn, desk).seq


def load(conn: Connection, now: dt.datetime, given: Iterable[tuple[str, Translation]]) -> int:
    """Write translations that were made elsewhere, one of an entry into a language; how many there were."""
    count = 0
    for desk, each in given:
        client_ref = f"{each.entry_id}.{each.lang}"
        made = msgspec.structs.replace(each, id=id_of(conn, "translation", desk, client_ref), at=_whole(each.at))
        _insert(conn, desk, made.officer, client_ref, made, b"-")
        _log(conn, now, desk, made.case_id)
        count += 1
    return count


def _readable(sight: Sight, seat: Seat, entry_id: str) -> tuple[Entry, tuple[FreeText, ...]]:
    """An entry whose texts the officer reads, its case locked, and these texts. Raises `EntryRefused`."""
    unknown = EntryRefused("notFound", "there is no such entry at this desk")
    data = sight.conn.scalar(sa.select(entries.c.data).where(entries.c.id == entry_id))
    if data is None:
        raise unknown
    entry = decode_entry(data)
    case = case_at(sight, seat, entry.case_id)
    if sight.levels(seat.desk, [case.id]).get(case.id) != "full":
        raise unknown
    rules = sight.rules(case.procedure, case.procedure_version)
    return entry, translating.free_texts(rules, case, entry)


def _whole(moment: dt.datetime) -> dt.datetime:
    """A moment in whole milliseconds."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _for_machine(
    conn: Connection,
    now: dt.datetime,
    officer_id: str,
    made: Translation,
    texts: tuple[FreeText, ...],
    service: Service | None,
) -> Translation:
    """The same, waiting for the machine. Raises `EntryRefused`."""
    if service is None:
        raise EntryRefused("noService", "this server has no translation service")
    given = [each for each in texts if service.personal or not each.personal]
    if not given:
        raise EntryRefused("personalData", "personal data is not given to the translation service")
    if sum(len(each.text) for each in given) > translating.MAX_TOGETHER:
        raise EntryRefused("tooLarge", f"at most {translating.MAX_TOGETHER} characters are translated at once")
    mine = (translation.c.by == officer_id, translation.c.at > ms(now - dt.timedelta(hours=1)))
    lately = conn.scalar(sa.select(sa.func.count()).where(*mine, translation.c.machine.is_(True))) or 0
    if lately >= service.per_hour:
        raise EntryRefused("rateLimit", f"at most {service.per_hour} translations in an hour")
    left = tuple(each.part for each in texts if each not in given)
    return translating.waiting(made, service.engine, left)


def _repeat(conn: Connection, desk: str, client_ref: str, received: object) -> Translation | None:
    where = (translation.c.desk == desk, translation.c.client_ref == client_ref)
    row = conn.execute(sa.select(translation).where(*where)).one_or_none()
    if row is None:
        return None
    if bytes(row.content_hash) != content_hash(row.id, received):
        raise AlreadyExists(row.id, "translation")
    return decode(row.data)


def _held(conn: Connection, desk: str, entry: Entry) -> list[Translation]:
    where = (translation.c.case_id == entry.case_id, translation.c.desk == desk, translation.c.entry_id == entry.id)
    return [decode(data) for data in conn.scalars(sa.select(translation.c.data).where(*where))]


def _insert(conn: Connection, desk: str, by: str, client_ref: str, made: Translation, hash: bytes) -> None:
    conn.execute(
        sa.insert(translation).values(
            id=made.id,
            desk=desk,
            client_ref=client_ref,
            case_id=made.case_id,
            entry_id=made.entry_id,
            lang=made.lang,
            machine=bool(made.engine),
            by=by,
            at=ms(made.at),
            waits_until=ms(made.at) if made.state == "waiting" else None,
            tries=0,
            content_hash=hash,
            data=encode(made),
        )
    )


def _log(conn: Connection, now: dt.datetime, desk: str, case_id: str) -> None:
    where = (desk_case.c.desk == desk, desk_case.c.case_id == case_id)
    conn.execute(sa.update(desk_case).where(*where).values(translations=desk_case.c.translations + 1))
    changes.append(conn, ms(now), {desk: [Change("Case", case_id, "updated")]})


def stored(sight: Sight, desk: str, ids: Iterable[str] | None, case_ids: Iterable[str] | None) -> Iterator[bytes]:
    """The stored form of those of these ids, or of these cases, whose texts this officer may read; oldest first.

    They come as they are read: texts are long, and whoever asks stops where they are too many. Raises `NoSeat`.
    """
    column, wanted = (translation.c.id, ids) if ids is not None else (translation.c.case_id, case_ids or ())
    sight.seat(desk)
    for batch in batches(wanted):
        mine = (translation.c.desk == desk, column.in_(batch))
        levels = sight.levels(desk, set(sight.conn.scalars(sa.select(translation.c.case_id).where(*mine).distinct())))
        full = [case_id for case_id, level in levels.items() if level == "full"]
        rows = sa.select(translation.c.data).where(*mine, translation.c.case_id.in_(full))
        ordered = rows.order_by(translation.c.at, translation.c.id).execution_options(yield_per=_SOME)
        with sight.conn.execute(ordered) as found:
            yield from found.scalars()


def forget(conn: Connection, case_id: str) -> None:
    """Drop all translations of a case, at every desk."""
    conn.execute(sa.delete(translation).where(translation.c.case_id == case_id))


class Translations:
    """The store's side of the machine, for the worker that asks it. Reached as `Store.translations`."""

    def __init__(
        self,
        reading: Callable[[], AbstractContextManager[Connection]],
        writing: Callable[[], AbstractContextManager[Connection]],
        now: Callable[[], dt.datetime],
    ) -> None:
        self._reading, self._writing, self._now = reading, writing, now
        self.service: Service | None = None
        self.wake = threading.Event()
        """Set when the machine was asked something in this process."""

    def next(self) -> Job | None:
        """What to ask the machine now; another process does not get the same meanwhile. Raises `Unavailable`."""
        due = sa.select(translation.c.id).where(translation.c.waits_until <= ms(self._now()))
        with self._reading() as conn:
            # Nearly always there is nothing, and nobody has to wait for that.
            if conn.scalar(due.limit(1)) is None:
                return None
        with self._writing() as conn:
            now = self._now()
            id = conn.scalar(due.order_by(translation.c.waits_until).limit(1).with_for_update(skip_locked=True))
            if id is None:
                return None
            later = sa.update(translation).where(translation.c.id == id)
            conn.execute(later.values(waits_until=ms(now + LEASE), tries=translation.c.tries + 1))
            made = decode(conn.execute(sa.select(translation.c.data).where(translation.c.id == id)).scalar_one())
            return Job(id, made.source, made.lang, _original(conn, made))

    def done(self, id: str, texts: Mapping[str, str], source: str) -> None:
        """The machine's translation is here; `source` is the language it takes the text for. Raises `Unavailable`."""
        self._settle(id, lambda made, at: translating.done(made, texts, source, at))

    def failed(self, id: str, reason: Reason, *, again: bool) -> None:
        """There is none: for good, or (`again`) the machine is asked once more later. Raises `Unavailable`."""
        with self._writing() as conn:
            tries = conn.scalar(sa.select(translation.c.tries).where(translation.c.id == id)) or 0
            if again and tries <= len(WAITS):
                until = ms(self._now() + WAITS[tries - 1])
                conn.execute(sa.update(translation).where(translation.c.id == id).values(waits_until=until))
                return
        self._settle(id, lambda made, at: translating.failed(made, reason, at))

    def give_up(self) -> int:
        """There is no machine any more: what waits for it has failed; how many that were. Raises `Unavailable`."""
        with self._reading() as conn:
            left = conn.scalars(sa.select(translation.c.id).where(translation.c.waits_until.is_not(None))).all()
        for id in left:
            self.failed(id, "noService", again=False)
        return len(left)

    def _settle(self, id: str, change: Callable[[Translation, dt.datetime], Translation]) -> None:
        with self._writing() as conn:
            now = self._now()
            mine = translation.c.id == id
            # The case first, as with an entry: in another order each would wait for what the other holds.
            its = sa.select(translation.c.case_id).where(mine).scalar_subquery()
            conn.execute(sa.select(cases.c.id).where(cases.c.id == its).with_for_update())
            row = conn.execute(sa.select(translation).where(mine).with_for_update()).one_or_none()
            # Meanwhile the case may have been blocked, or another process was faster.
            if row is None or row.waits_until is None:
                return
            made = change(decode(row.data), _whole(now))
            conn.execute(sa.update(translation).where(mine).values(waits_until=None, data=encode(made)))
            _log(conn, now, row.desk, row.case_id)


def _original(conn: Connection, made: Translation) -> dict[str, str]:
    """What the machine is given, by part."""
    entry = decode_entry(conn.execute(sa.select(entries.c.data).where(entries.c.id == made.entry_id)).scalar_one())
    case = decode_case(conn.execute(sa.select(cases.c.data).where(cases.c.id == made.case_id)).scalar_one())
    rules = register.rules(conn, case.procedure, case.procedure_version)
    found = translating.free_texts(rules, case, entry) if rules is not None else ()
    return {each.part: each.text for each in found if each.part not in made.omitted}
