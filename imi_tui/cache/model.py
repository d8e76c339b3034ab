"""What screens and commands read from the cache and write to it: plain values, no SQL, no wire."""

from __future__ import annotations

from imi_core.lean import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Literal

    ViewId = Literal[
        "todo",
        "to_accept",
        "to_answer",
        "to_close",
        "waiting",
        "open",
        "closed",
        "all",
        "due_soon",
        "overdue",
        "alerts",
        "sent",
        "put_off",
        "mine",
    ]
    SortId = Literal["due", "activity", "reference", "authority"]
    GroupId = Literal["due", "country", "authority", "area", "procedure", "state", "handler"]
    OutboxState = Literal["queued", "sending", "acked", "rejected"]
else:
    ViewId = SortId = GroupId = OutboxState = str

VIEWS: tuple[ViewId, ...] = (
    "todo",
    "to_accept",
    "to_answer",
    "to_close",
    "waiting",
    "open",
    "closed",
    "all",
    "due_soon",
    "overdue",
    "alerts",
    "sent",
    "put_off",
    "mine",
)
"""Built-in views, mutually overlapping: `todo` is every open case in which this desk has to act.

`due_soon` and `overdue` are the part of `todo` that is due within `SOON` days from today on, or was due before;
`alerts` are open cases of procedures that are alerts, `sent` all that this desk started. `put_off` are those in which
this desk has to act but that the officer put off: they are in no other view of what is to be done. `mine` are open
cases that this officer looks after.
"""
DATED: tuple[ViewId, ...] = ("due_soon", "overdue")
"""Views that depend on the day: they are read as ranges of `todo` and always by deadline."""
SOON = 7
"""Days from today on in which something is due soon."""

SORTS: tuple[SortId, ...] = ("due", "activity", "reference", "authority")
GROUPINGS: tuple[GroupId, ...] = ("due", "country", "authority", "area", "procedure", "state", "handler")
"""What a list can be put in groups by; groups by deadline are always in the order of deadlines."""


ASIDE = 3
"""Behind all priorities of contents that are to come: those that came in a form that cannot be used."""
FILE_BUDGET = 500 * 1024 * 1024
"""Bytes of downloaded files that are kept; the ones looked at longest ago make room."""


class Row(NamedTuple):
    """One line of a case list: the confirmed case with this officer's pending entries applied.

    `key` is where the row stands in its view and sort order (opaque, for the next window). Dates are ISO strings,
    empty where there is none: a row never says "overdue", the screen compares. `pending` counts entries of the
    outbox that are applied here, `rejected` those the server refused. `turn_mine` is true where this desk has to act.
    `handler` is the id of the officer who looks after it at this desk, "" for nobody.
    Of what is `pending`, `assigning` say no more than that.
    `tags`, `noted` and `until` (the day a case that was put off comes back) are the officer's own. `n` is the number of
    the case in this cache: no other case ever has it.
    """

    desk: str
    id: str
    key: bytes
    reference: str
    procedure: str
    state: str
    subject: str
    country: str
    counterpart: str
    due: str
    activity: str
    level: str
    turn_mine: bool
    unread: bool
    pending: int
    rejected: int
    files: int
    tags: tuple[str, ...] = ()
    noted: bool = False
    until: str = ""
    asleep: bool = False
    n: int = 0
    handler: str = ""
    handler_name: str = ""
    assigning: int = 0


class Hits(NamedTuple):
    """What a search found, in the order `by`. `whole`: all cases were looked at, or as many as there is room for
    found; else the line asks for something so rare that only the newest ones were compared. `ranked`: so few of the
    newest are put in order of how well they fit, as more would take too long here; 0: as many as ever are."""

    rows: Sequence[Row]
    by: SortId
    whole: bool
    ranked: int = 0


class Seen(NamedTuple):
    """What an officer has in front of them: the version of a case that the server has confirmed, and the entries of
    this outbox (client refs) that are applied on top of it."""

    version: int = 0
    after: tuple[str, ...] = ()


class Colleague(NamedTuple):
    """An officer of a desk whom its cases can be given to."""

    id: str
    name: str


class Mine(NamedTuple):
    """What an officer keeps about a case on this machine only.

    `until` is the day (ISO) on which a case that was put off comes back, or "", `version` what the case's was then.
    """

    tags: tuple[str, ...] = ()
    note: str = ""
    until: str = ""
    version: int = 0


class Wish(NamedTuple):
    """A translation of an entry that was asked for here. `source`: "" where the entry says it, or nobody does.

    `problem`: why the server did not take it, a code; "" as long as it was not asked.
    """

    desk: str
    case_id: str
    entry: str
    source: str
    lang: str
    problem: str = ""


class CaseDetail(NamedTuple):
    """All the cache holds of one case. `case` and `entries` are wire objects with pending entries applied.

    `pending` are the client refs of entries not confirmed yet, in order; their entries stand at the end of `entries`.
    `fetching`: request, answers and entries are not here yet, or older than the rest (see `Store.want`). `refused`
    counts entries of this machine for it that the server refused. `aside`: what it lacks came in a form that cannot be
    used; it is asked for again later. `seen` is what somebody who looks at the case bases an entry on,
    `assigned` the same of an assignment, of which `assigning` wait; `handler` is the name of who looks after the case,
    `assigner` of who said so. `assignments` are all that the server has, as far as they are here, in order, with `name`
    and `other` for whom they name. `mine` is what the officer keeps about it. `translations` are
    wire objects of the desk, oldest first, `wishes` what was asked for and the server does not know.
    """

    desk: str
    id: str
    case: dict[str, Any]
    entries: tuple[dict[str, Any], ...]
    pending: tuple[str, ...]
    actions: tuple[str, ...]
    fetching: bool = False
    refused: int = 0
    aside: bool = False
    seen: Seen = Seen()
    mine: Mine = Mine()
    assigned: Seen = Seen()
    assigning: int = 0
    handler: str = ""
    assigner: str = ""
    assignments: tuple[dict[str, Any], ...] = ()
    translations: tuple[dict[str, Any], ...] = ()
    wishes: tuple[Wish, ...] = ()


class AuthorityHit(NamedTuple):
    """One line of an authority search. `why` is what matched: "name", "title", "topic", "town" or "description".

    `missing` are words that it does not have. `cases`: how many of this officer's desks had with it. Of a question
    about a matter, `competent` are its fields of work that fit, and `coordinates` says whether it coordinates the area.
    """

    id: str
    desk: str
    country: str
    name: str
    title: str
    town: str
    area: str
    why: str
    matched: str
    missing: tuple[str, ...] = ()
    cases: int = 0
    remembered: bool = False
    competent: tuple[str, ...] = ()
    coordinates: bool = False


class OutboxItem(NamedTuple):
    """One entry on its way to the server. `error` holds the set error (wire) of a rejected item."""

    client_ref: str
    desk: str
    case_id: str
    action: str
    payload: dict[str, Any]
    state: OutboxState
    attempts: int
    queued_at: str
    reference: str = ""
    subject: str = ""
    error: dict[str, Any] | None = None
    server_at: str = ""
    """The server's time when it was last read before this was queued, perhaps long before; "" where it never was."""


class Queued(NamedTuple):
    """An entry that was put into the outbox just now; `state` is "rejected" where its case has changed meanwhile."""

    client_ref: str
    desk: str
    case_id: str
    action: str
    state: OutboxState
    reference: str
    subject: str


class Untouched(NamedTuple):
    """An entry of the outbox that was never tried: it can be taken back."""

    client_ref: str
    desk: str
    case_id: str
    reference: str
    subject: str
    queued_at: str


class Seat(NamedTuple):
    """A desk this officer sits at, as the last session said."""

    desk: str
    authority: str
    authority_name: str
    country: str
    area: str
    roles: tuple[str, ...]
    coordinator: bool


class Now(NamedTuple):
    """What the sync thread of this process does; `next_at` is when it begins again (ISO 8601), "" when it is at work.

    `spent`: bytes over the line today, both directions. `sending`: of how many entries of the outbox how many are sent;
    it begins anew when the outbox was empty in between.
    """

    doing: Literal["", "syncing", "indexing"] = ""
    next_at: str = ""
    metered: bool = False
    spent: int = 0
    sending: tuple[int, int] = (0, 0)


MANY = 10_000
"""Cases that the search knows in part are counted up to here."""


class SyncStatus(NamedTuple):
    """One honest line: when it last worked, what waits, why it does not move (`problem` is an error code or "").

    `filling` is the share of all lists of a first sync that is here, 0 to 1, or None; `wanted` counts cases of the
    `listed` ones whose content comes by itself; `register` is how many countries of how many are here as a whole.
    `first` says that contents of a first sync are among them. `aside` are the references of cases that the server gave
    in a form that cannot be used.
    """

    last_ok: str
    queued: int
    rejected: int
    problem: str
    filling: float | None
    wanted: int = 0
    listed: int = 0
    register: tuple[int, int] = (0, 0)
    now: Now = Now()
    aside: tuple[str, ...] = ()
    first: bool = False


class Held(NamedTuple):
    """Removals on hold: the server would take `cases` of the desk's `total` away."""

    desk: str
    cases: int
    total: int


class DeskProgress(NamedTuple):
    """How far a desk is: cases listed here, the share of its first sync that is done (None when it is over), and
    how many of the cases listed lack their content."""

    desk: str
    listed: int
    filling: float | None
    wanted: int


class Changed(NamedTuple):
    """What the cache announces after a commit: which kinds of thing changed, so that a screen reads again.

    `cases` is empty when too many changed to name.
    """

    kinds: frozenset[
        Literal["cases", "directory", "outbox", "drafts", "status", "session", "files", "wanted", "views", "snippets"]
    ]
    cases: frozenset[tuple[str, str]] = frozenset()
