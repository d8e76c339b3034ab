"""The files of a case and of a draft, as screens and commands list them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NamedTuple

from imi_core.filenames import safe_name
from imi_tui.cache.errors import CacheError
from imi_tui.cache.ids import LOCAL
from imi_tui.profile import expanded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imi_tui.cache.files.local_files import Files
    from imi_tui.cache.model import CaseDetail


class Listed(NamedTuple):
    """One file of a case: its place in the list from 1 on, the attachment and the entry on the wire."""

    number: int
    file: dict[str, Any]
    entry: dict[str, Any]

    @property
    def name(self) -> str:
        """The name to show and to save under."""
        return safe_name(str(self.file.get("name", "")))

    @property
    def personal(self) -> bool:
        """Whether it is about a person; what nothing is said of is."""
        return bool(self.file.get("personal", True))


def listed(detail: CaseDetail) -> list[Listed]:
    """All files of a case in the order of its entries."""
    found = [(file, entry) for entry in detail.entries for file in entry.get("attachments", ())]
    return [Listed(number, file, entry) for number, (file, entry) in enumerate(found, 1)]


def held(files: Files, detail: CaseDetail | None) -> int:
    """Bytes of all files of a case, each counted once, with those that still wait to be sent.

    Where the entries are not here, the case itself says how much they carry.
    """
    if detail is None:
        return 0
    every = [each.file for each in listed(detail)]
    found = {str(file.get("blobId")): _size(files, file) for file in every}
    waiting = sum(size for id, size in found.items() if id.startswith(LOCAL))
    here = sum(found.values()) - waiting
    if len(every) < int(detail.case.get("files", 0)):
        # What waits is counted in the case, with the size it stands there with.
        counted = sum(int(file.get("size", 0) or 0) for file in every if str(file.get("blobId")).startswith(LOCAL))
        here = max(here, int(detail.case.get("fileBytes", 0)) - counted)
    return here + waiting


def _size(files: Files, file: dict[str, Any]) -> int:
    id = str(file.get("blobId", ""))
    own = files.attached(id) if id.startswith("ref:") else None
    return own.size if own is not None else int(file.get("size", 0) or 0)


def attach(files: Files, paths: Iterable[str], *, personal: bool, room_taken: int) -> list[dict[str, Any]]:
    """Copies of files for an entry. Raises `FileRefused`, `DiskFull`: then nothing stays attached."""
    out: list[dict[str, Any]] = []
    try:
        for path in paths:
            made = files.attach(expanded(path), personal=personal, beside=out, held=room_taken)
            out.append({"blobId": f"ref:{made.id}", "name": made.name, "personal": made.personal})
    except CacheError:
        for each in out:
            # What cannot be removed now goes within a day, as nothing names it.
            with contextlib.suppress(CacheError):
                files.detach(each["blobId"])
        raise
    return out
