"""Completing a field from own cases: undertakings and persons that were asked about before. No Textual.

Looked at are only cases of the desk that writes, and of those only what its officer may see in full: another desk's
cases serve another purpose. A value comes from fields of the same name only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from imi_core.answers import is_empty
from imi_core.text import fold, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imi_core.procedure import Form
    from imi_tui.cache.model import Row, SortId, ViewId
    from imi_tui.cache.search.known_requests import KnownRequests

LOOKED_AT = 200
"""Cases looked at for one question, the latest first: a key waits for the answer."""
SHOWN = 8
Part = Literal["", "line", "value"]
"""What of a field is completed: nothing, each of its lines by itself, or all of it."""


class Cache(Protocol):
    """What is needed of the cache."""

    @property
    def known_requests(self) -> KnownRequests:
        """Requests of own cases."""

    def saying(self, said: str, limit: int) -> list[str]:
        """Ids of the newest cases in which these words were written."""

    def window(self, view: ViewId, sort: SortId, *, after: bytes | None = None, limit: int) -> list[Row]:
        """Cases in order."""


class Found(NamedTuple):
    """A value that stood in the same field before, with what stood beside it: answers by field id.

    `line`: it is one of several lines there.
    """

    value: str
    beside: dict[str, Any]
    line: bool = False


def completed(form: Form, field: str) -> Part:
    """What of this field holds names or the like that come again.

    One line of text that is not the subject does. Of several lines those about persons do, each by itself, and what
    says more about a name (see `companions`); the rest are somebody's own words.
    """
    found = next((each for each in form.fields if each.id == field), None)
    if found is None or found.id == "subject":
        return ""
    if found.type == "text":
        return "value"
    if found.type != "multiline":
        return ""
    named = (each.id for each in form.fields if each.type == "text")
    return "line" if found.personal else "value" if any(field.startswith(f"{name}_") for name in named) else ""


def companions(form: Form, field: str) -> tuple[str, ...]:
    """The fields that say more about what `field` names.

    Of an undertaking those that begin with its name (``company_address``), of a person the personal ones that follow.
    """
    if completed(form, field) == "line":
        # Nothing beside several persons is about one of them.
        return ()
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


def known(cache: Cache, desk: str, form: Form, field: str, typed: str, there: str = "") -> list[Found]:
    """What stood in `field` in the desk's cases and has every word of `typed`, most recent first, each value once.

    Lines that stand in `there`, the text of the field, are left out.
    """
    part = completed(form, field)
    if not part:
        return []
    wanted = words(typed)
    if wanted:
        ids = cache.saying(" ".join(wanted), LOOKED_AT)
    else:
        ids = [row.id for row in cache.window("all", "activity", limit=LOOKED_AT)]
    requests = cache.known_requests.of(desk, ids)
    beside = companions(form, field)
    out: list[Found] = []
    seen = {_key(line) for line in there.splitlines()} if part == "line" else set()
    for request, value in _values(requests, field, part):
        key = _key(value)
        folded = fold(value)
        if key in seen or not all(word in folded for word in wanted):
            continue
        seen.add(key)
        answers = {id: request[id] for id in beside if not is_empty(request.get(id))}
        out.append(Found(value, answers, part == "line"))
        if len(out) == SHOWN:
            break
    return out


def _values(requests: Sequence[dict[str, Any]], field: str, part: Part) -> Iterator[tuple[dict[str, Any], str]]:
    for request in requests:
        value = request.get(field)
        if isinstance(value, str):
            found = value.splitlines() if part == "line" else [value]
            yield from ((request, each.strip()) for each in found if each.strip())


def _key(value: str) -> str:
    return " ".join(words(value))
