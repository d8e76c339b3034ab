"""Cases that have to do with another one: the same undertaking, person or number, or one names the other.

Looked at are only cases of the same desk, as another desk's serve another purpose, and of those only what its officer
may see. What a field holds is known by its name, which modules of all areas share.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from imi_core.text import words
from imi_tui.i18n import N_, _
from imi_tui.viewmodel.blocks import Block
from imi_tui.viewmodel.suspects import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imi_tui.cache.model import CaseDetail
    from imi_tui.cache.search.related import Related

Kind = Literal["undertaking", "number", "person", "names", "named"]
FIELDS: dict[str, Kind] = {
    "company": "undertaking",
    "provider": "undertaking",
    "company_vat": "number",
    "company_register": "number",
    "register_number": "number",
    "representative": "person",
}
"""Fields that say whom a case is about; besides, `family_name` with `first_names`, and `workers`, one a line."""
WHY: dict[Kind, str] = {
    "undertaking": N_("same undertaking"),
    "number": N_("same number"),
    "person": N_("same person"),
    "names": N_("named in this case"),
    "named": N_("names this case"),
}
LOOKED_AT = 60
"""Cases looked at, the newest of those that have the words."""
SHOWN = 20
_REFERENCE = re.compile(r"\b[A-Z]{2,4}-\d{2}-\d{6}\b")

Mark = tuple[Kind, frozenset[str]]


class Near(NamedTuple):
    """A related case and what it shares."""

    desk: str
    id: str
    reference: str
    subject: str
    state: str
    why: Kind

    @property
    def reason(self) -> str:
        """What it shares, in words."""
        return _(WHY[self.why])


class Cache(Protocol):
    """What is needed of the cache."""

    @property
    def related(self) -> Related:
        """Cases by words."""

    def case(self, desk: str, id: str) -> CaseDetail | None:
        """One case."""

    def find(self, reference: str) -> list[tuple[str, str]]:
        """Cases by reference."""


def related(cache: Cache, detail: CaseDetail) -> list[Near]:
    """What this desk has besides, those first that one of the two names, then the newest."""
    about = _about(detail.case.get("request", {}))
    mine = {mark for mark, _text in about}
    own = str(detail.case.get("reference") or "")
    named_here = _references(detail) - {own}
    # Those that one of the two names first: where there are many, the others need not be looked at.
    ids = [id for reference in sorted(named_here)[:SHOWN] for desk, id in cache.find(reference) if desk == detail.desk]
    ids += cache.related.having(detail.desk, [own], LOOKED_AT)
    ids += cache.related.having(detail.desk, [text for _mark, text in about], LOOKED_AT + 1)
    out: list[Near] = []
    for id in dict.fromkeys(ids):
        if len(out) == SHOWN:
            break
        other = cache.case(detail.desk, id) if id != detail.id else None
        if other is not None and (why := _why(other, mine, own, named_here)) is not None:
            case = other.case
            out.append(
                Near(
                    detail.desk,
                    id,
                    str(case.get("reference") or "-"),
                    " ".join(str(case.get("subject", "")).split()),
                    str(case.get("state", "")),
                    why,
                )
            )
    return sorted(out, key=lambda near: near.why not in ("names", "named"))


def _why(other: CaseDetail, mine: set[Mark], own: str, named_here: set[str]) -> Kind | None:
    if other.case.get("reference") in named_here:
        return "names"
    if own and own in _references(other):
        return "named"
    shared = {kind for (kind, value), _text in _about(other.case.get("request", {})) if (kind, value) in mine}
    order: tuple[Kind, ...] = ("person", "undertaking", "number")
    return next((kind for kind in order if kind in shared), None)


def _about(request: dict[str, Any]) -> list[tuple[Mark, str]]:
    """Whom a request is about: each as what can be compared, and as it was written."""
    return [((kind, found), text) for kind, text in _values(request) if (found := frozenset(words(text)))]


def _values(request: dict[str, Any]) -> Iterator[tuple[Kind, str]]:
    for field, kind in FIELDS.items():
        if isinstance(value := request.get(field), str):
            yield kind, value
    if request.get("family_name") and request.get("first_names"):
        yield "person", f"{request['first_names']} {request['family_name']}"
    for line in str(request.get("workers") or "").splitlines()[:SHOWN]:
        # One a line: name, date of birth, and more. A single word is nobody's full name.
        if len(words(name := line.split(",")[0])) > 1:
            yield "person", name


def _references(detail: CaseDetail) -> set[str]:
    """References that people wrote into the case."""
    said = [str((entry.get("text") or {}).get("text", "")) for entry in detail.entries]
    said += [str(value) for part in ("request", "answers") for value in detail.case.get(part, {}).values()]
    return {found for text in (str(detail.case.get("subject", "")), *said) for found in _REFERENCE.findall(text)}


def blocks(found: list[Near], partly: str = "") -> list[Block]:
    """The cases in lines; `partly` says where the search does not know all of them yet."""
    out = [Block(line(near), remote=True) for near in found]
    none = _("No other case of this desk on this machine shares a name, a number or a reference.")
    out = out or [Block(none, "quiet")]
    return [*out, Block(partly, "quiet")] if partly else out


def line(near: Near) -> str:
    """One case in a line."""
    return f"{near.reference}  {near.reason}  {named(near.subject)}"
