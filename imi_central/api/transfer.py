"""Uploads and downloads: what a Range asks for, and the headers that keep a file a file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from imi_central.api.errors import Problem
from imi_core import text

if TYPE_CHECKING:
    from imi_central.store import File, Store

_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,64}/[A-Za-z0-9!#$&^_.+-]{1,64}")
_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))")
PLAIN = "application/octet-stream"


class Part(NamedTuple):
    """Which bytes of a file to send; `status` 200 for all of it, 206 for a part, 304 for nothing new."""

    status: int
    start: int
    length: int


def media_type(given: str) -> str:
    """A media type without parameters; `PLAIN` for what is none."""
    name = given.partition(";")[0].strip().lower()
    return name if _MEDIA_TYPE.fullmatch(name) else PLAIN


def part(found: File, range_: str, if_range: str, if_none_match: str) -> Part:
    """What to send of `found`. One range only; several, or one that is not understood, mean the whole file.

    Raises `Problem` 416 for a range behind the end.
    """
    if etag(found) in (tag.strip() for tag in if_none_match.split(",")):
        return Part(304, 0, 0)
    match = _RANGE.fullmatch(range_.strip())
    if match is None or (if_range and if_range.strip() != etag(found)):
        return Part(200, 0, found.size)
    first, last, suffix = match.groups()
    if suffix is not None:
        start, end = max(0, found.size - int(suffix)), found.size
    else:
        start, end = int(first), min(int(last) + 1 if last else found.size, found.size)
    if last and int(last) < int(first):
        return Part(200, 0, found.size)
    if start >= end:
        headers = {"Content-Range": f"bytes */{found.size}"}
        raise Problem(416, "about:blank", f"the file has {found.size} bytes", headers=headers)
    return Part(206, start, end - start)


def etag(found: File) -> str:
    """A strong validator: the hash of the bytes."""
    return f'"{found.sha256}"'


def headers(found: File, wanted: Part, name: str, type_: str) -> dict[str, str]:
    """The headers of a download. A browser never shows, sniffs or runs it."""
    out = {
        "Content-Type": media_type(type_),
        "Content-Disposition": disposition(name),
        "ETag": etag(found),
        "Accept-Ranges": "bytes",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    if wanted.status != 304:
        # Said here, as a HEAD has the length of what a GET would bring.
        out["Content-Length"] = str(wanted.length)
    if wanted.status == 206:
        out["Content-Range"] = f"bytes {wanted.start}-{wanted.start + wanted.length - 1}/{found.size}"
    return out


def disposition(name: str) -> str:
    """Content-Disposition for a file name from outside (RFC 6266)."""
    shown = re.sub(r"[/\\:\n]", "_", text.display(name, limit=200)) or "file"
    plain = re.sub(r"[^A-Za-z0-9 ._-]", "_", shown)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(shown, safe='')}"


def load(store: Store, officer_id: str, desk: str, blob_id: str, wanted: Part | None) -> tuple[File, bytes] | None:
    """The file and the bytes wanted of it, where the officer may read it. Blocks: call it in a worker thread."""
    with store.view(officer_id) as view:
        found = view.file(desk, blob_id, store.now()) if desk in view.places else None
        if found is None:
            return None
        data = view.read_file(found, wanted.start, wanted.length) if wanted is not None and wanted.length else b""
    if data:
        store.note_download(officer_id, desk, blob_id)
    return found, data
