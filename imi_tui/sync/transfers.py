"""Uploads and downloads of files in parts, so that a broken line loses only the last part.

Each round takes a bounded time, so that entries never wait long for files. Progress is stored in the cache: the next
round resumes from there, whatever ended this one.
"""

from __future__ import annotations

import datetime as dt
import re
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from imi_core.jmap import CASE, CORE
from imi_tui.cache.errors import DamagedFile, DiskFull, NoSuchItem
from imi_tui.cache.files import sealed
from imi_tui.cache.files.transfers import OTHER, PART_HOURS
from imi_tui.sync import reading
from imi_tui.sync.errors import Offline, OverQuota, ProxyProblem, ServerMistake, Unavailable
from imi_tui.times import stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from imi_tui.cache.files.transfers import Download, FileMoves, Upload
    from imi_tui.cache.sync import SyncStore
    from imi_tui.sync.engine import Engine
    from imi_tui.sync.http import Part
    from imi_tui.sync.ports import Clock, FileTransport
    from imi_tui.sync.run import Report

SLICE = 5.0
"""Duration of a round in seconds; the current part is finished."""
PART_SECONDS = 8.0
"""Target duration of a part in seconds."""
SMALLEST, LARGEST = 256 * 1024, 1024 * 1024
RESTARTS = 2
"""Restarts of a download before it is reported as failed."""
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")


class Moved(NamedTuple):
    """The result of a round. `more`: more can be done at once. `ready`: an entry now has all its files on the server.

    `refused`: number of entries that cannot be sent because of their files.
    """

    more: bool
    ready: bool
    refused: int


def synchronise(engine: Engine, transfers: Transfers) -> Report:
    """Synchronise and transfer files until nothing is left. Returns the combined report; raises as both do."""
    report = engine.run_once()
    while True:
        moved = transfers.run()
        report.rejected += moved.refused
        if moved.ready:
            report = report.with_next(engine.run_once())
        elif not moved.more:
            return report


class Transfers:
    """Transfers files. `ticks`: a monotonic clock in seconds."""

    def __init__(
        self, store: SyncStore, files: FileMoves, transport: FileTransport, clock: Clock, ticks: Callable[[], float]
    ) -> None:
        self._store, self._files, self._transport = store, files, transport
        self._clock, self._ticks = clock, ticks
        self._part, self._most_sent = SMALLEST, LARGEST
        self._refused = 0

    def run(self, seconds: float = SLICE) -> Moved:
        """One round of about so many seconds: first uploads that entries wait for, then downloads.

        Raises `SyncError` or an error of the cache; progress until then is kept.
        """
        end, ready = self._ticks() + seconds, False
        self._refused = 0
        full: OverQuota | None = None
        while self._ticks() < end:
            if full is None and (upload := self._next_upload()) is not None:
                try:
                    ready |= self._send(upload)
                except OverQuota as error:
                    # What is to be fetched need not wait until the server has room again.
                    full = error
            elif ready:
                # Entries go before files are fetched.
                return Moved(True, True, self._refused)
            elif (download := self._files.wanted()) is not None:
                try:
                    self._fetch(download, end)
                except DiskFull:
                    # What is here of it would take the room of what the officer writes.
                    self._files.fail(download, DiskFull.code)
            elif full is not None:
                raise full
            else:
                return Moved(False, False, self._refused)
        return Moved(True, ready, self._refused)

    # --- sending ----------------------------------------------------------------------------------------------------

    def _next_upload(self) -> Upload | None:
        since = stamp(self._clock() - dt.timedelta(hours=PART_HOURS))
        return self._files.unsent(self._store.waiting_for_files(), since)

    def _send(self, upload: Upload) -> bool:
        """Send the next part or complete the file. Whether the server has the whole file now."""
        if (gap := upload.gap()) is None:
            return self._join(upload)
        start = gap[0]
        try:
            data = self._files.content(upload, start, min(start + min(self._part, self._most_sent), gap[1]))
        except DamagedFile:
            self._refuse(upload, {"type": "damagedFile"})
            return False
        began = self._ticks()
        try:
            answer = self._transport.upload(upload.desk, data)
        except ProxyProblem:
            if len(data) <= SMALLEST:
                raise
            # It may let smaller ones through.
            self._most_sent = SMALLEST
            return False
        if not answer:
            self._refuse(upload, {"type": "forbidden"})
            return False
        self._measure(len(data), began)
        self._files.sent_part(upload, start, len(data), answer["blobId"])
        return False

    def _join(self, upload: Upload) -> bool:
        new = {
            "clientRef": upload.id,
            "data": [{"blobId": blob_id} for _, _, blob_id in upload.parts],
            "type": upload.kind,
            "sha256": upload.sha256,
        }
        call = ["Blob/upload", {"accountId": upload.desk, "create": {"b": new}}, "b"]
        response = self._transport.call({"using": [CORE, CASE], "methodCalls": [call]})
        answer = reading.answers(response)["b"]
        if answer.error in reading.TRANSIENT:
            raise answer.failed()
        if answer.error:
            self._refuse(upload, {"type": "forbidden" if answer.error == "accountNotFound" else answer.error})
            return False
        made, refused = reading.member(answer, "created", "b"), reading.member(answer, "notCreated", "b")
        if made is not None and isinstance(made.get("id"), str) and made["id"] and made.get("sha256") == upload.sha256:
            self._files.uploaded(upload, made["id"])
            return True
        if refused is None:
            raise ServerMistake("a Blob/upload without an answer")
        if refused.get("type") in reading.TRANSIENT:
            raise Unavailable(str(refused["type"]))
        again = refused.get("type") in ("blobNotFound", "invalidProperties")
        if again and self._files.lost({"attachments": [_named(upload)]}):
            # What it says it has lost is sent once more; all of it where it has other bytes than were sent.
            missing = refused.get("notFound")
            named = {str(each) for each in missing} if isinstance(missing, list) else set()
            self._files.lost_parts(upload, [blob_id for _, _, blob_id in upload.parts if blob_id in named])
        else:
            self._refuse(upload, refused)
        return False

    def _refuse(self, upload: Upload, error: dict[str, Any]) -> None:
        """Mark the entry as refused because of this file; its text is kept."""
        # An officer may have taken the entry back while its file was on its way: then nothing is left to refuse.
        with suppress(NoSuchItem):
            self._refused += 1 - self._store.settle({}, {upload.client_ref: error})

    def _measure(self, size: int, began: float) -> None:
        rate = size / max(self._ticks() - began, 0.001)
        self._part = int(min(max(rate * PART_SECONDS, SMALLEST), LARGEST))

    # --- fetching ---------------------------------------------------------------------------------------------------

    def _fetch(self, download: Download, end: float) -> None:
        """Download one part of a file; after the last one, verify the file."""
        if not self._files.part_of(download).exists():
            if download.restarts == 0 and not self._files.finish(download):
                # The last run ended between giving the file its name and noting that it is here.
                return
            self._files.begin(download)
        with closing(sealed.Writer(self._files.part_of(download), download.key, download.size)) as writer:
            if not writer.complete:
                problem = self._receive(download, writer, end)
                if problem == OTHER:
                    self._again(download, problem)
                    return
                if problem:
                    self._files.fail(download, problem)
                    if problem == "fileGone":
                        # A server that was put back may have the same file under another id.
                        self._store.look_again(download.desk, download.case_id)
                    return
            if not writer.complete:
                return
            writer.finish()
        if problem := self._files.finish(download):
            self._again(download, problem)

    def _receive(self, download: Download, writer: sealed.Writer, end: float) -> str:
        """Read one part into the file. Returns "" on success, else a problem code such as `OTHER`."""
        start = writer.have
        stop = min(start + max(self._part // sealed.SEGMENT, 1) * sealed.SEGMENT, download.size)
        etag = f'"{download.sha256}"'
        began, got = self._ticks(), 0
        try:
            with self._transport.download(download.desk, download.id, start, stop, etag) as part:
                if problem := _unfit(part, etag, start, stop, download.size):
                    return problem
                for chunk in part.chunks:
                    got += len(chunk)
                    if got > stop - start:
                        return OTHER
                    writer.add(chunk)
                    if self._ticks() > end and writer.have > start:
                        break
        finally:
            writer.sync()
            self._files.received(download, writer.have)
        if got < stop - start and writer.have == start:
            # Where a proxy ends a body by closing, a cut looks like its end. To ask again at once would never end.
            raise Offline("a part that ended before a segment of it came")
        self._measure(got, began)
        return ""

    def _again(self, download: Download, problem: str) -> None:
        if download.restarts >= RESTARTS:
            self._files.fail(download, problem)
        else:
            self._files.restart(download)


def _unfit(part: Part, etag: str, start: int, stop: int, size: int) -> str:
    """A problem code if these are not the requested bytes, else ""."""
    if part.status == 404:
        return "fileGone"
    if part.etag != etag:
        return OTHER
    if part.status == 200 and (start, stop) == (0, size):
        return ""
    match = _RANGE.fullmatch(part.content_range)
    if part.status != 206 or match is None or tuple(int(each) for each in match.groups()) != (start, stop - 1, size):
        return OTHER
    return ""


def _named(upload: Upload) -> dict[str, str]:
    return {"blobId": f"ref:{upload.id}"}
