"""Actions of an open case."""

from __future__ import annotations

from imi_tui.actions.kinds import Action, Situation, action, flag
from imi_tui.i18n import N_

_ALL_READ = N_("Everything here is in a language you read, or is translated.")


def _untranslatable(now: Situation) -> str:
    return N_("This server has no translation service.") if "untranslated" in now.flags else _ALL_READ


def _tab(number: int) -> Action:
    return action(
        f"tab.{number}",
        N_("Tab by number"),
        N_("Shows the tab with this number."),
        str(number),
        "case",
        "case",
        run=f"tab({number})",
    )


ACTIONS: tuple[Action, ...] = (
    action("tab.next", N_("Next tab"), N_("Shows the next tab."), "tab right ctrl+pagedown", "case", "case", footer=40),
    action(
        "tab.previous", N_("Previous tab"), N_("Shows the tab before."), "shift+tab left ctrl+pageup", "case", "case"
    ),
    action(
        "case.next",
        N_("Next case"),
        N_("Opens the next case of the list."),
        "full_stop",
        "case",
        "case",
        when=flag("next"),
        why=N_("This is the last case of the list."),
        footer=45,
    ),
    action(
        "case.previous",
        N_("Previous case"),
        N_("Opens the case before."),
        "comma",
        "case",
        "case",
        when=flag("previous"),
        why=N_("This is the first case of the list."),
    ),
    action(
        "case.translate",
        # Translators: an action: has free text translated; max-length:20.
        N_("Translate"),
        N_("Asks for a translation of the free text that others wrote in a language you do not read."),
        "t",
        "case",
        "case",
        run="translate",
        when=lambda now: {"untranslated", "service"} <= now.flags,
        why=_untranslatable,
        footer=44,
        command="translate",
    ),
    action(
        "case.own_translation",
        # Translators: an action and its window: the officer translates a text.
        N_("Own translation"),
        N_("Writes a translation of a text for your desk; the other side does not see it."),
        "",
        "case",
        "case",
        run="own_translation",
        when=flag("foreign"),
        why=_ALL_READ,
        command="translate --own",
    ),
    action(
        "case.original",
        N_("Original wording"),
        N_("Shows questions, answers and labels as they were written, beside their translation; again: no longer."),
        "n",
        "case",
        "case",
        run="original",
        when=flag("translated"),
        why=N_("There is no translation: the questions and labels stand here as they were written."),
    ),
    action(
        "case.related",
        N_("Related cases"),
        N_("Lists cases of your desk with the same undertaking, person or number, or that name each other."),
        "v",
        "case",
        "case",
        run="related",
        when=lambda now: now.current,
        footer=46,
        command="show",
    ),
    action(
        "case.copy",
        N_("Copy"),
        N_("Copies a part of the case to the clipboard; asks first where it may hold personal data."),
        "b",
        "case",
        "case",
        run="copy",
        when=lambda now: now.current,
    ),
    action(
        "case.print",
        N_("Print"),
        N_("Prints the case, whole or without personal data."),
        "p",
        "case",
        "case",
        run="print",
        when=lambda now: now.current,
        command="print",
    ),
    *(_tab(number) for number in range(1, 7)),
)
