"""Completing a field from own cases: undertakings and persons that were asked about before. No Textual.

Looked at are only cases of the desk that writes, and of those only what its officer may see in full: another desk's
cases serve another purpose. A value comes from fields of the same name only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from imi_core.answers import is_empty
from imi_core.text import fold, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imi_core.procedure import Form
    from imi_tui.cache.known import Known
    from imi_tui.cache.model import Row, SortId, ViewId

LOOKED_AT = 200
"""Cases looked at for one question, the latest first: a key waits for the answer."""
SHOWN = 8


class Cache(Protocol):
    """What is needed of the cache."""

    @property
    def known(self) -> Known:
        """Requests of own cases."""

    def search(self, text: str, limit: int = 50) -> list[Row]:
        """Cases by words, newest first."""

    def window(self, view: ViewId, sort: SortId, *, after: bytes | None = None, limit: int) -> list[Row]:
        """Cases in order."""


class Found(NamedTuple):
    """A value that stood in the same field before, with what stood beside it: answers by field id."""

    value: str
    beside: dict[str, Any]


def is_completed(form: Form, field: str) -> bool:
    """Whether this field holds a name or the like that comes again: one line of text that is not the subject."""
    found = next((each for each in form.fields if each.id == field), None)
    return found is not None and found.type == "text" and found.id != "subject"


def companions(form: Form, field: str) -> tuple[str, ...]:
    """The fields that say more about what `field` names.

    Of an undertaking those that begin with its name (``company_address``), of a person the personal ones that follow.
    """
    order = [each.id for each in form.fields]
    personal = {each.id: each.personal for each in form.fields}
    if not personal.get(field):
        return tuple(id for id in order if id.startswith(f"{field}_"))
    out: list[str] = []
    for id in order[order.index(field) + 1 :]:
        if not personal[id]:
            break
        out.append(id)
    return tuple(out)


def known(cache: Cache, desk: str, form: Form, field: str, typed: str) -> list[Found]:
    """What stood in `field` in the desk's cases and has every word of `typed`, most recent first, each value once."""
    if not is_completed(form, field):
        return []
    wanted = words(typed)
    rows = cache.search(" ".join(wanted), LOOKED_AT) if wanted else cache.window("all", "activity", limit=LOOKED_AT)
    requests = cache.known.requests(desk, [row.id for row in rows])
    return _distinct(requests, companions(form, field), field, wanted)


def _distinct(
    requests: Sequence[dict[str, Any]], beside: tuple[str, ...], field: str, wanted: list[str]
) -> list[Found]:
    out: dict[str, Found] = {}
    for request in requests:
        value = request.get(field)
        if not isinstance(value, str) or not value.strip():
            continue
        key = " ".join(words(value))
        folded = fold(value)
        if key in out or not all(word in folded for word in wanted):
            continue
        out[key] = Found(value, {id: request[id] for id in beside if not is_empty(request.get(id))})
        if len(out) == SHOWN:
            break
    return list(out.values())
