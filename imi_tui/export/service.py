"""Exporting in steps, so that a screen never waits: gather (reads the cache), note (writes it), make (any thread).

Every export is noted before its file is written: what cannot be noted does not leave.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from imi_core.filenames import safe_name
from imi_core.text import clean
from imi_tui import i18n
from imi_tui.attachments import Listed, listed
from imi_tui.cache.errors import CacheError
from imi_tui.export import casefile, tables, translated
from imi_tui.export import mark as marks
from imi_tui.export.errors import NotExported
from imi_tui.i18n import N_
from imi_tui.outside.errors import NotHandedOut
from imi_tui.outside.saving import save
from imi_tui.viewmodel.assigning import outward
from imi_tui.viewmodel.view import View

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from imi_tui.cache.model import CaseDetail, Row, SortId, ViewId
    from imi_tui.cache.store import Store

Format = Literal["pdf", "csv", "xlsx", "json"]
CASE_FORMATS: tuple[Format, ...] = ("pdf", "json")
LIST_FORMATS: tuple[Format, ...] = ("xlsx", "csv", "json")
FORMAT_NAMES: dict[Format, str] = {
    "pdf": N_("PDF/A with its files embedded"),
    "xlsx": N_("Table (XLSX)"),
    "csv": N_("Table (CSV)"),
    "json": N_("Data (JSON)"),
}
MOST = 50_000
"""Rows of a list at most."""
PAGE = 1000
"""Rows that are read at a time."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be written, gathered from the cache; `what` says so in the log. `missing` counts files left out."""

    kind: Literal["case", "list"]
    format: Format
    name: str
    what: str
    cases: tuple[tuple[str, str], ...]
    mark: marks.Mark
    language: str
    document: Mapping[str, Any] = field(default_factory=dict)
    rows: Sequence[tuple[str, ...]] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    missing: int = 0

    def make(self) -> bytes:
        """The content of the file. For any thread; takes seconds for a long one. Raises `NotExported`."""
        with i18n.speaking(self.language):
            match self.format:
                case "pdf":
                    from imi_tui.export.pdf import pdf

                    return pdf(self.document, self.files, self.mark.at.isoformat())
                case "csv":
                    return tables.as_csv(self.rows[0], self.rows[1:], self.mark)
                case "xlsx":
                    return tables.as_xlsx(self.rows[0], self.rows[1:], self.mark)
                case "json":
                    return _json(self.document)


@dataclass(frozen=True, slots=True)
class Done:
    """Where the file is."""

    path: Path
    size: int
    sha256: str


def write(job: Job, folder: Path) -> Done:
    """Make the file and put it into `folder`, over no other one. For any thread. Raises `NotExported`."""
    data = job.make()
    try:
        path = save(data, folder, job.name, foreign=False)
    except NotHandedOut as error:
        raise NotExported(error.code) from error
    return Done(path, len(data), hashlib.sha256(data).hexdigest())


class Noted:
    """An entry of the log that is being filled."""

    def __init__(self, store: Store, number: int) -> None:
        self._store, self._number = store, number

    def done(self, done: Done) -> None:
        """The file is there."""
        self._store.exports.done(self._number, str(done.path), done.sha256)

    def failed(self) -> None:
        """There is no file."""
        self._store.exports.failed(self._number)


def note(store: Store, job: Job, folder: Path) -> Noted:
    """Note in the log what is about to be written. Raises `CacheError`."""
    files = len(job.files) - (casefile.DATA in job.files)
    path = str(folder / safe_name(job.name))
    return Noted(store, store.exports.begin(job.kind, job.format, job.what, job.cases, path, files=files))


@contextmanager
def noted(store: Store, job: Job, folder: Path) -> Iterator[Noted]:
    """`note`, taken back where writing raises."""
    entry = note(store, job, folder)
    try:
        yield entry
    except NotExported:
        entry.failed()
        raise


def export(store: Store, job: Job, folder: Path) -> Done:
    """All of it at once, for a command. Raises `NotExported`, `CacheError`."""
    with noted(store, job, folder) as entry:
        done = write(job, folder)
    entry.done(done)
    return done


def save_file(store: Store, detail: CaseDetail, file: Listed, data: bytes, folder: Path) -> Path:
    """One file of a case as it came, with its entry in the log. Raises `NotExported`, `CacheError`."""
    at = ((detail.desk, detail.id),)
    number = store.exports.begin("file", "", file.name, at, str(folder / file.name), files=1)
    entry = Noted(store, number)
    try:
        path = save(data, folder, file.name)
    except NotHandedOut as error:
        entry.failed()
        raise NotExported(error.code) from error
    entry.done(Done(path, len(data), hashlib.sha256(data).hexdigest()))
    return path


# --- a case -----------------------------------------------------------------------------------------------------------


def here(store: Store, detail: CaseDetail) -> list[Listed]:
    """The files of a case whose content is on this machine."""
    return [each for each in listed(detail) if store.files.state(each.file).where in ("here", "waiting", "sending")]


def read_files(store: Store, files: Sequence[Listed]) -> Iterator[tuple[int, bytes]]:
    """(number, content) of each of these files that can still be read, one at a time: each may be large."""
    for each in files:
        try:
            yield each.number, store.files.read(each.file)
        except CacheError:
            # It counts as missing, and is fetched anew.
            continue


def case(
    store: Store,
    detail: CaseDetail,
    format: Format,
    *,
    language: str,
    server: str,
    today: dt.date,
    files: Mapping[int, bytes] | None = None,
    shortened: bool = False,
    translations: bool = True,
) -> Job:
    """One case. `files` are the contents to embed, by number; `shortened`: it was made a summary before.

    With `translations` a document has those into its own language, data has all of them.

    Raises `UnknownProcedure`.
    """
    contents = files or {}
    rules = store.rules(detail.case["procedure"], detail.case.get("procedureVersion", 1))
    mark = marks.mark_of(store, detail.desk, server)
    reference = str(detail.case.get("reference") or detail.id)
    data = {"mark": mark.wire(), **_case_wire(detail, translations=translations)}
    given: dict[str, bytes] = {}
    document: Mapping[str, Any] = data
    if format == "pdf":
        languages = (language,) if language == "en" else (language, "en")
        with i18n.speaking(language):
            out = outward(detail, translations=translations)
            view = View(out, rules, languages, today, store.authority, shortened=shortened, reads=(language,))
            document = casefile.document(view, mark, contents)
        given = {casefile.DATA: _json(data)}
        given |= {casefile.path_of(each): contents[each.number] for each in listed(detail) if each.number in contents}
    return Job(
        "case",
        format,
        f"{reference}.{format}",
        reference,
        ((detail.desk, detail.id),),
        mark,
        language,
        document,
        files=given,
        missing=len(listed(detail)) - len(contents) if format == "pdf" else 0,
    )


def _case_wire(detail: CaseDetail, *, translations: bool = False) -> dict[str, Any]:
    detail = outward(detail, translations=translations)
    wire = {
        "desk": detail.desk,
        "id": detail.id,
        "case": detail.case,
        "entries": list(detail.entries),
        "pending": list(detail.pending),
    }
    return wire | {"translations": list(detail.translations)} if translations else wire


# --- a list -----------------------------------------------------------------------------------------------------------


def view_rows(store: Store, view: ViewId, sort: SortId, limit: int = MOST) -> Iterator[list[Row]]:
    """The rows of a view in its order, page by page."""
    after, left = None, limit
    while left > 0:
        page = store.window(view, sort, after=after, limit=min(PAGE, left))
        if not page:
            return
        yield page
        after, left = page[-1].key, left - len(page)


def rows(
    store: Store,
    found: Sequence[Row],
    format: Format,
    *,
    name: str,
    what: str,
    language: str,
    server: str,
    translations: bool = True,
) -> Job:
    """A list of cases: `name` begins the file's name, `what` says in the log which cases they are.

    With `translations`, subjects that are translated into `language` stand there too.
    """
    desks = {row.desk for row in found}
    mark = marks.mark_of(store, next(iter(desks)) if len(desks) == 1 else "", server)
    languages = (language,) if language == "en" else (language, "en")
    document: dict[str, Any] = {}
    table: list[tuple[str, ...]] = []
    with i18n.speaking(language):
        subjects = translated.subjects(store, found, language) if translations else {}
        if format == "json":
            document = {"mark": mark.wire(), "cases": [_row_wire(row, subjects) for row in found]}
        else:
            table = [tables.head(subjects), *tables.cells(store, found, languages, subjects)]
    return Job(
        "list",
        format,
        f"{name} {mark.at:%Y-%m-%d}.{format}",
        what,
        tuple((row.desk, row.id) for row in found),
        mark,
        language,
        document,
        rows=table,
    )


def _row_wire(row: Row, subjects: Mapping[translated.Case, translated.Translated]) -> dict[str, Any]:
    wire = row._asdict()
    wire.pop("key")
    wire["turnMine"] = wire.pop("turn_mine")
    if found := subjects.get((row.desk, row.id)):
        said = {name: found.wire.get(name, "") for name in ("lang", "engine", "officerName", "at")}
        wire["subjectTranslated"] = {"text": found.text, **said}
    return wire


def _json(data: Mapping[str, Any]) -> bytes:
    import json

    return (json.dumps(clean(data), ensure_ascii=False, indent=2) + "\n").encode()
