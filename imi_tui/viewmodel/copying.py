"""What of a case can be copied to the clipboard, piece by piece, and how much care each piece needs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from imi_core.text import display
from imi_tui.i18n import _
from imi_tui.i18n.dates import moment
from imi_tui.viewmodel import case as pages
from imi_tui.viewmodel.assigning import outward
from imi_tui.viewmodel.view import answer_text

if TYPE_CHECKING:
    from imi_tui.viewmodel.blocks import Block
    from imi_tui.viewmodel.view import View

MOST = 20_000
"""Characters that are copied at most: terminals drop what is longer, and a clipboard is no archive."""


class Piece(NamedTuple):
    """A part of a case under its name. `personal`: it is, or may hold, personal data."""

    name: str
    text: str
    personal: bool


def pieces(view: View) -> list[Piece]:
    """What can be copied: single values first, then answers, what was written, the page as a whole."""
    view = replace(view, detail=outward(view.detail))
    case = view.case
    out = [
        Piece(_("Reference"), str(case.get("reference") or ""), False),
        Piece(_("Subject"), str(case.get("subject", "")), False),
        Piece(_("From whom to whom"), pages.way(view), False),
    ]
    for field in view.rules.procedure.request.fields:
        value = case.get("request", {}).get(field.id)
        if field.type == "questions" or field.id == view.rules.procedure.subject or value in (None, "", []):
            continue
        base = f"{view.rules.procedure.id}.field.{field.id}"
        text = answer_text(view, field.options, base, value)
        # Whatever somebody wrote freely may be about a person.
        out.append(Piece(view.field(field), text, field.personal or field.type == "multiline"))
    for number, id in enumerate(case.get("questions", ()), 1):
        out.append(Piece(f"{number} {view.question(id)}", _question(view, id), True))
    for entry in view.detail.entries:
        if said := (entry.get("text") or {}).get("text"):
            name = f"{moment(str(entry.get('at', '')))}  {view.action(str(entry.get('action', '')))}"
            out.append(Piece(name, str(said), True))
    out.append(Piece(_("The whole case as text"), plain([*_head(view), *pages.whole(view)]), not view.hidden))
    return [piece._replace(text=kept) for piece in out if (kept := cleaned(piece.text))]


def _head(view: View) -> list[Block]:
    from imi_tui.viewmodel.blocks import Block

    return [Block(pages.title(view)), Block(pages.way(view)), Block("")]


def _question(view: View, id: str) -> str:
    """The question and its answer."""
    page = pages.questions(view)
    at = next((n for n, block in enumerate(page) if block.text.endswith(f" {view.question(id)}")), None)
    if at is None:
        return view.question(id)
    end = next((n for n in range(at, len(page)) if not page[n].text and page[n].aside is None), len(page))
    return plain(page[at:end])


def plain(page: list[Block]) -> str:
    """A page as text without signs of the screen."""
    out = []
    for block in page:
        out.append(" " * block.indent + block.text)
        if block.aside:
            out += [f"  {line}" for line in block.aside.split("\n")]
    return "\n".join(out)


def cleaned(text: str) -> str:
    """`text` without control characters, cut where it is long."""
    found = display(text, "multi").strip()
    return found if len(found) <= MOST else found[: MOST - 1] + "…"


def warning(piece: Piece) -> str:
    """What to think of before personal data goes to the clipboard."""
    return _(
        "{name} may hold personal data. Other programs read the clipboard, and many keep what was in it. It is noted"
        " that you copied it, not what."
    ).format(name=piece.name)
