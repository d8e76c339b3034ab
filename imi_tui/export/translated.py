"""Translations of what people wrote, as they leave the desk: below the original, with who made them.

The original is what counts; a translation never takes its place, and binds nobody (`docs/protocol.md`, "Translation").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from imi_core.errors import UnknownProcedure
from imi_core.text import display
from imi_tui.export import mark as marks
from imi_tui.i18n import _
from imi_tui.i18n.phrasing import language_name
from imi_tui.viewmodel import translating
from imi_tui.viewmodel.suspects import named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imi_tui.cache.model import CaseDetail, Row
    from imi_tui.cache.store import Store
    from imi_tui.viewmodel.view import View

Wire = dict[str, Any]
Case = tuple[str, str]


class Translated(NamedTuple):
    """A text in another language: who made it and when in words, and the wire object it is from."""

    text: str
    by: str
    wire: Wire


def count(detail: CaseDetail, language: str = "") -> int:
    """How many translations of a case are here, into one language or ("") into all."""
    return sum(bool(each.get("texts")) and language in ("", each.get("lang")) for each in detail.translations)


def beside(view: View, entry: Wire, part: str, authority: str) -> Wire:
    """The members that a text of a document gets where it is translated: how it is headed, and the translation."""
    made = translating.best(view, entry, part)
    if made is None:
        return {}
    lang, source = str(made["lang"]), translating.source(view, entry, made)
    told = {"value": str(made["texts"][part]), "by": by(made, authority), "lang": lang}
    # Translators: stands above a text in a document; {language} is the name of a language.
    told["head"] = _("Translation: {language}").format(language=language_name(lang))
    # Translators: stands above a text in a document that has its translation below it.
    original = _("Original")
    if source:
        # Translators: stands above a text in a document; {language} is the name of a language.
        original = _("Original: {language}").format(language=language_name(source))
    return {"head": original, "translated": told}


def by(made: Wire, authority: str) -> str:
    """Who made a translation, for readers anywhere. `authority` is that of the desk it belongs to."""
    when = marks.moment(str(made["at"])) if made.get("at") else _("not sent yet")
    if made.get("engine"):
        text = _("Machine translation, not binding: {engine}, {when}")
        return text.format(engine=named(str(made["engine"])), when=when)
    name = named(str(made.get("officerName") or made.get("officer", "")))
    whose = f"{name} ({display(authority)})" if authority else name
    return _("Translation by an officer, not binding: {name}, {when}").format(name=whose, when=when)


def subjects(store: Store, rows: Sequence[Row], language: str) -> dict[Case, Translated]:
    """The subjects of these cases that are translated into a language, as far as the translation is of what stands."""
    wanted = {(row.desk, row.id): row for row in rows}
    desks = {seat.desk: seat.authority_name for seat in store.seats()}
    found: dict[Case, Wire] = {}
    for desk, id, entry, made in store.translations.into(language):
        row = wanted.get((desk, id))
        part = _subject(store, row.procedure) if row is not None else ""
        if row is None or part not in (made.get("texts") or {}):
            continue
        # A request that was changed since has an entry of its own.
        if (entry.get("answers") or {}).get(part) != row.subject:
            continue
        if (desk, id) not in found or translating.rank(made) > translating.rank(found[desk, id]):
            found[desk, id] = made
    return {
        (desk, id): Translated(
            str(made["texts"][_subject(store, wanted[desk, id].procedure)]), by(made, desks.get(desk, "")), made
        )
        for (desk, id), made in found.items()
    }


def _subject(store: Store, procedure: str) -> str:
    """The field of a procedure that names its cases, "" where its rules are not here."""
    try:
        return store.rules(procedure).procedure.subject
    except UnknownProcedure:
        return ""
