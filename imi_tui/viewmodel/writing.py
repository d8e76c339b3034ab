"""The lines around a case being written: steps, what is missing, the review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from imi_core.answers import is_empty
from imi_tui.forms.form import LANG, MORE, TEXT
from imi_tui.i18n import _, ngettext
from imi_tui.i18n.joining import several, with_name
from imi_tui.i18n.phrasing import own_names
from imi_tui.viewmodel.blocks import Block
from imi_tui.viewmodel.cells import cut
from imi_tui.viewmodel.files import attached_line
from imi_tui.viewmodel.suspects import named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from imi_tui.cache.files.local_files import FileState
    from imi_tui.forms.compose import Composition, Gap, Step

    State = Callable[[dict[str, Any]], FileState]

NAMED = 4
"""Missing answers named in the line below the form; the review names all of them."""


def step_line(steps: Sequence[Step], current: Step, gaps: Sequence[Gap], names: Mapping[Step, str]) -> Text:
    """The steps with their numbers; the one at hand in brackets, how much is missing in parentheses."""
    out = Text()
    for number, step in enumerate(steps, 1):
        missing = sum(gap.step == step for gap in gaps)
        label = f"{number} {names[step]}" + (f" ({missing})" if missing else "")
        out.append(f"[{label}]" if step == current else f" {label} ", "bold" if step == current else "")
        out.append(" ")
    return out


def missing_line(gaps: Sequence[Gap], current: Step) -> str:
    """One sentence on what is missing, what belongs to the step at hand first."""
    if not gaps:
        return _("Nothing is missing; the case can be sent.")
    ordered = sorted(gaps, key=lambda gap: gap.step != current)
    labels = [cut(gap.label or gap.text, 32) for gap in ordered[:NAMED]]
    more = len(ordered) - len(labels)
    text = _("Still missing: {list}").format(list=several(labels))
    if more:
        text += " " + ngettext("and {count} more.", "and {count} more.", more).format(count=more)
    return text


def review(
    work: Composition,
    authority: Callable[[str], dict[str, Any] | None],
    notes: Sequence[Gap] = (),
    state: State | None = None,
) -> list[Block]:
    """Everything as it will be sent, with what is missing and the time limits that sending starts."""
    if work.rules is None or work.form is None:
        return [Block(gap.text, "alarm") for gap in work.gaps()]
    gaps = [*notes, *(gap for gap in work.gaps() if gap not in notes)]
    out = [*_heads(work, authority), Block("")]
    if gaps:
        out.append(Block(_("Still missing"), "heading"))
        out += [Block(f"- {with_name(gap.label, gap.text)}" if gap.label else f"- {gap.text}", "alarm") for gap in gaps]
    else:
        out.append(Block(_("Nothing is missing. Once sent, the case is queued and leaves at the next connection.")))
    out += [Block(line) for line in work.time_limits()]
    if work.rules.lifecycle.actions[work.draft.action].attachments:
        line = files_line(work, state) if state is not None else ""
        out.append(Block(line, remote=True) if line else Block(_("No file is attached."), "quiet"))
    out += [Block(""), Block(_("Form"), "heading"), *_answers(work)]
    questions = _questions(work)
    if questions:
        count = len(work.picked())
        title = ngettext("{count} question", "{count} questions", count).format(count=count)
        out += [Block(""), Block(title, "heading"), *questions]
    return out


def files_line(work: Composition, state: State) -> str:
    """The files of the case in one line; "" where there are none."""
    return attached_line(work.draft.attachments, state) if work.takes_files else ""


def _heads(work: Composition, authority: Callable[[str], dict[str, Any] | None]) -> list[Block]:
    assert work.rules is not None
    seat, target = work.seat, work.target
    out = [Block(work.labels.title, "heading"), Block(work.labels.basis, "quiet")]
    if seat is not None:
        out.append(Block(_("From: {country} {name}").format(country=seat.country, name=seat.authority_name)))
    if target is not None:
        out.append(Block(_("To: {country} {name}").format(country=target.country, name=named(target.name))))
        spoken = (authority(target.authority) or {}).get("languages", ())
        if spoken:
            out.append(Block(_("It works in: {languages}").format(languages=own_names(spoken)), "quiet"))
    if work.form is not None:
        out.append(Block(_("Written in: {language}").format(language=own_names((work.form.lang,))), "quiet"))
    return out


def _answers(work: Composition) -> list[Block]:
    form = work.form
    assert form is not None
    out: list[Block] = []
    for view in form.visible():
        if view.id == LANG or view.id.endswith(MORE):
            continue
        if view.id == TEXT:
            if form.entry_text.strip():
                out.append(Block(f"{view.label}:", aside=form.entry_text, aside_remote=True))
            continue
        if not is_empty(form.answers.get(view.id)):
            mark = " !" if view.personal else ""
            out.append(Block(f"{view.label}{mark}:", aside=form.shown_value(view.id), aside_remote=True))
    return out or [Block(_("Nothing is filled in yet."), "quiet")]


def _questions(work: Composition) -> list[Block]:
    assert work.rules is not None
    found = [question for id in work.picked() if (question := work.rules.procedure.question(id)) is not None]
    return [Block(f"{number}. {work.labels.question(question)}") for number, question in enumerate(found, 1)]
