"""What travels: cases, entries and attachments. These structs are the wire types of `docs/protocol.md`."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

import msgspec

from imi_core.authority import Wire

PartRole = Literal["initiator", "responder", "recipient", "coordinator", "observer", "system"]
Level = Literal["nothing", "summary", "full"]
Answers = dict[str, Any]
"""Answers by field id. `<id>.remark` is free text beside a question, `<id>.cannot` the reason for not answering."""


class Part(Wire, kw_only=True, frozen=True):
    """One desk's part in a case. `name` is the authority's formal name at the time it joined."""

    role: PartRole
    desk: str
    authority: str
    country: str
    name: str


class Deadline(Wire, kw_only=True, frozen=True):
    """A computed time limit: `code` says which rule, `on` the last day, `role` who has to act."""

    code: str
    on: dt.date
    role: PartRole
    basis: str = ""


class Text(Wire, kw_only=True, frozen=True):
    """Free text with the language its author wrote it in (BCP 47)."""

    lang: str
    text: str


CONTENT = ("request", "questions", "answers", "answered")
"""Members of a case that are its content; all the others are its head, which is enough for a list."""
FIXED = ("procedure", "procedureVersion", "reference", "parts", "subject", "lang")
"""Members of a head that change only together with `content_version`, if ever."""
MARK = 8
"""Characters of `Case.head` that lists and digests carry: two histories that reach one version differ in them."""
ID = 32
"""Characters of the id of a case."""
MAX_AFTER = 100
"""Earlier entries of the same outbox that an entry may name as known to its author."""
MAX_FILE = 25 * 1024 * 1024
"""Bytes of one file at most."""
MAX_CASE_FILES = 100 * 1024 * 1024
"""Bytes of all files of one case at most."""


class Attachment(Wire, kw_only=True, frozen=True):
    """A file of an entry. `sha256` is hex, `size` bytes."""

    blob_id: str
    name: str
    size: int
    sha256: str
    media_type: str = "application/octet-stream"
    personal: bool = True


class Entry(Wire, kw_only=True, frozen=True):
    """One action somebody took in a case: the timeline and the audit trail.

    A client creates an entry with `client_ref`, `case_id` (or `procedure` for the first one), `action`,
    `based_on`, `target`, `answers`, `lang`, `text` and `attachments`; everything else is set by the server. `lang` is
    the language of its answers where no text says it, one of the 24; empty where nobody said. `seal` and `prev` are
    hex digests of the case's chain, `digest` the salted digest of the content (see `imi_core.seal`). `redacted` is
    true where the reader's level hides the content.
    """

    id: str = ""
    case_id: str = ""
    client_ref: str = ""
    procedure: str = ""
    action: str
    based_on: int = 0
    target: str = ""
    answers: Answers = {}
    lang: str = ""
    text: Text | None = None
    attachments: tuple[Attachment, ...] = ()

    at: dt.datetime | None = None
    role: PartRole | None = None
    desk: str = ""
    authority: str = ""
    authority_name: str = ""
    officer: str = ""
    officer_name: str = ""
    from_state: str = ""
    to_state: str = ""
    version: int = 0
    redacted: bool = False
    salt: str = ""
    digest: str = ""
    prev: str = ""
    seal: str = ""


class Assignment(Wire, kw_only=True, frozen=True):
    """Who at the reader's desk looks after a case (see `imi_core.assigning`): no other desk is told.

    `officer` and `by`, who said so, are ids of officers; `officer` is "" where the case was given back. `version` rises
    with every change. An officer who is no active handler at the desk any more counts as nobody.
    """

    officer: str = ""
    version: int
    at: dt.datetime
    by: str


TranslationState = Literal["waiting", "done", "failed"]


class Translation(Wire, kw_only=True, frozen=True):
    """The free texts of one entry in another language, as the reader's desk has them (see `imi_core.translating`).

    `texts` are by part: ``text``, or the id of an answer as it stands in `Entry.answers`. `source` and `lang` are the
    languages it is from and in. Where a machine made it `engine` names it, else `officer` of this desk wrote it.
    `omitted` are parts that were not given to the machine, because they ask for personal data. `reason` says why
    a translation `failed`.
    """

    id: str
    case_id: str
    entry_id: str
    source: str = ""
    lang: str
    state: TranslationState = "done"
    reason: str = ""
    texts: dict[str, str] = {}
    omitted: tuple[str, ...] = ()
    engine: str = ""
    officer: str = ""
    officer_name: str = ""
    at: dt.datetime


class Assigned(Assignment, kw_only=True, frozen=True):
    """One of all the times a case was given to somebody at the reader's desk."""

    id: str
    case_id: str


class Case(Wire, kw_only=True, frozen=True):
    """A case as it stands: the fold of its entries.

    `version` rises with every entry, `content_version` only when the request, its addressee or the answers change.
    `turn` is the part that has to act now and `due` its earliest deadline. `request` holds the answers to the
    request form, `questions` the ids of the questions asked, `answers` the reply so far. `changed` says at which
    version a facet of the case (`imi_core.procedure.Facet`) last changed after the start, `answered` the same of each
    answer by field id: what the check for stale entries compares with. `level` is how much of the case its reader
    sees; at `summary`, `request` has only summary fields and `answers` is empty. `assignment` and `translations`
    alone follow from no entry, they are the reader's desk's own: `translations` rises whenever one of the case is made
    there, 0 where there was none.
    """

    id: str
    version: int = 1
    content_version: int = 1
    procedure: str
    procedure_version: int = 1
    reference: str = ""
    state: str
    level: Level = "full"
    parts: tuple[Part, ...] = ()
    subject: str = ""
    lang: str = ""
    request: Answers = {}
    questions: tuple[str, ...] = ()
    answers: Answers = {}
    changed: dict[str, int] = {}
    answered: dict[str, int] = {}
    deadlines: tuple[Deadline, ...] = ()
    turn: PartRole | None = None
    due: dt.date | None = None
    agreed_on: dt.date | None = None
    sent_at: dt.datetime | None = None
    last_activity: dt.datetime | None = None
    closed_at: dt.datetime | None = None
    block_on: dt.date | None = None
    erase_on: dt.date | None = None
    blocked: bool = False
    idle: bool = False
    files: int = 0
    file_bytes: int = 0
    entries: int = 0
    head: str = ""
    assignment: Assignment | None = None
    translations: int = 0

    def part(self, role: PartRole) -> Part | None:
        """The first part with this role."""
        for part in self.parts:
            if part.role == role:
                return part
        return None

    def part_of(self, desk: str) -> Part | None:
        """The part this desk plays; an acting part wins over an observing one."""
        observing = None
        for part in self.parts:
            if part.desk == desk:
                if part.role != "observer":
                    return part
                observing = observing or part
        return observing

    def counterpart(self, desk: str) -> Part | None:
        """The party on the other side as seen from `desk`: the responder for the initiator, else the initiator."""
        mine = self.part_of(desk)
        return self.part("responder" if mine is not None and mine.role == "initiator" else "initiator")


def to_wire(value: Any) -> Any:
    """Plain JSON-ready data (dicts, lists, strings) of a wire struct."""
    return msgspec.to_builtins(value)
