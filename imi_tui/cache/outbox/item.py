"""One row of the outbox, and what tells its frozen payload from a damaged one."""

from __future__ import annotations

from functools import partial

from imi_core.lean import TYPE_CHECKING, NamedTuple, json
from imi_tui.cache.ids import ASSIGN, LOCAL
from imi_tui.cache.model import OutboxItem, OutboxState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any, TypeVar

    from imi_tui.cache.outbox.draft import Draft

    R = TypeVar("R", bound=tuple[Any, ...])


def maker(record: type[R]) -> Callable[[Iterable[Any]], R]:
    """What makes this kind of tuple of as many values as it has members, in half the time of its own `_make`.

    How many they are is not looked at.
    """
    return partial(tuple.__new__, record)


class Item(NamedTuple):
    """A row of the outbox. `payload`, `error` and `created` are JSON; `case_id` is where it belongs now.

    `queued_at` is this machine's clock, `server_at` the server's when it was last read before; neither orders anything.
    """

    pos: int
    client_ref: str
    officer: str
    desk: str
    case_id: str
    procedure: str
    action: str
    payload: str
    state: OutboxState
    attempts: int
    queued_at: str
    reference: str
    subject: str
    error: str | None
    created: str | None
    server_at: str = ""

    def shown(self) -> OutboxItem:
        """The item as screens and the engine know it."""
        return OutboxItem(
            client_ref=self.client_ref,
            desk=self.desk,
            case_id=self.case_id,
            action=self.action,
            payload=self.content,
            state=self.state,
            attempts=self.attempts,
            queued_at=self.queued_at,
            reference=self.reference,
            subject=self.subject,
            error=json.loads(self.error) if self.error else None,
            server_at=self.server_at,
        )

    @property
    def content(self) -> dict[str, Any]:
        """The payload; empty where it is damaged past reading."""
        try:
            found = json.loads(self.payload)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def parts(self) -> tuple[str, str]:
        """The payload in two: whose it is, as JSON, and what is the same in all entries of one action of the officer.

        An assignment is one of them. The latter is empty of what is no action of a case besides.
        """
        if self.action == ASSIGN:
            # Those of earlier versions name the officer first: they are not cut.
            at = self.payload.find(', "officer": ', self.payload.find(', "basedOn": '))
        else:
            at = self.payload.find(', "action": ')
        return (f"{self.payload[:at]}}}", self.payload[at:]) if at >= 0 else (self.payload, "")

    @property
    def said(self) -> str:
        """What of the payload is the same in all entries of one action of the officer."""
        return self.parts[1] or self.payload

    @property
    def starts(self) -> bool:
        """Whether this entry starts a case."""
        return bool(self.procedure)


class Entry(NamedTuple):
    """A row of the outbox as it is queued, for a case that is there."""

    client_ref: str
    officer: str
    desk: str
    case_id: str
    procedure: str
    action: str
    payload: str
    digest: str
    state: OutboxState
    attempts: int
    queued_at: str
    reference: str
    subject: str
    server_at: str

    def item(self) -> Item:
        """As it will be read; its position is not known yet."""
        return Item(0, *self[:7], *self[8:13], None, None, self.server_at)


class Taken(NamedTuple):
    """An entry that was taken back: whose it was, what it said, and the id of its draft where one stays."""

    client_ref: str
    desk: str
    case_id: str
    said: Item | Draft
    draft: str = ""


def local_files(payload: Mapping[str, Any]) -> Iterator[str]:
    """Ids of the files of this machine that an entry names."""
    for each in payload.get("attachments") or ():
        id = str(each.get("blobId", ""))
        if id.startswith(LOCAL):
            yield id.removeprefix(LOCAL)


def digest_of(payload: Mapping[str, Any]) -> str:
    """What tells a frozen payload from a damaged one, and from another under the same reference."""
    import hashlib

    from imi_tui.cache.wire import encode

    content = {name: value for name, value in payload.items() if name != "clientRef"}
    return hashlib.sha256(encode(content, order="sorted")).hexdigest()
