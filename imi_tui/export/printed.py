"""A case on paper: the document of an export, whole or without personal data, handed to the printing command."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from imi_core import visibility
from imi_core.case import to_wire
from imi_tui.cache.wire import to_case
from imi_tui.export import service
from imi_tui.export.errors import NotExported
from imi_tui.outside.errors import NotHandedOut
from imi_tui.outside.printing import print_document

if TYPE_CHECKING:
    import datetime as dt

    from imi_tui.cache.model import CaseDetail
    from imi_tui.cache.store import Store
    from imi_tui.export.service import Job

Send = Callable[[bytes, str], str]


def job(
    store: Store,
    detail: CaseDetail,
    *,
    personal: bool,
    language: str,
    server: str,
    today: dt.date,
    translations: bool = True,
) -> Job:
    """What is to be printed, gathered from the cache. Raises `UnknownProcedure`, `BadObject`."""
    given = detail if personal else without_personal(store, detail)
    return service.case(
        store,
        given,
        "pdf",
        language=language,
        server=server,
        today=today,
        shortened=not personal and not _is_summary(detail),
        translations=translations and personal,
    )


def _is_summary(detail: CaseDetail) -> bool:
    return bool(detail.case.get("level", "full") != "full")


def without_personal(store: Store, detail: CaseDetail) -> CaseDetail:
    """The case as somebody sees it who may see its summary only: what was written freely may be about anybody."""
    rules = store.rules(detail.case["procedure"], detail.case.get("procedureVersion", 1))
    summary = to_wire(visibility.project(rules, to_case(detail.case), "summary"))
    hidden: dict[str, Any] = {"answers": {}, "text": None, "attachments": [], "redacted": _is_summary(detail)}
    return detail._replace(case=summary, entries=tuple({**entry, **hidden} for entry in detail.entries))


def begin(store: Store, what: Job) -> int:
    """Note what is about to be printed; the number of the entry in the log. Raises `CacheError`."""
    return store.exports.begin("print", "pdf", what.what, what.cases, "printer")


def send(what: Job, hand_over: Send = print_document) -> tuple[str, str]:
    """Make it and hand it over; (command, SHA-256). For any thread. Raises `NotExported`."""
    data = what.make()
    try:
        return hand_over(data, what.what), hashlib.sha256(data).hexdigest()
    except NotHandedOut as error:
        raise NotExported(error.code) from error
