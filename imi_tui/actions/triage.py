"""Actions on marked cases, and what an officer keeps about a case on this machine."""

from __future__ import annotations

from imi_tui.actions.kinds import Action, action, flag, on_current, on_line
from imi_tui.i18n import N_


def _assign(id: str, key: str, scope: str) -> Action:
    return action(
        id,
        N_("Assign…"),
        N_("Gives the case, or all marked ones, to a colleague at your desk. The other side is not told."),
        key,
        "case",
        scope,
        run="case_assign",
        command="assign --to",
        when=on_current,
    )


def _take(id: str, key: str, scope: str) -> Action:
    return action(
        id,
        # Translators: to become the officer who looks after a case.
        N_("Take on"),
        N_("You look after the case, or all marked ones, from now on. The other side is not told."),
        key,
        "case",
        scope,
        run="case_take",
        command="assign --me",
        when=on_current,
    )


ACTIONS: tuple[Action, ...] = (
    action(
        "list.mark_range",
        N_("Mark up to here"),
        N_("Marks every case from the one marked last to this one; from the first one on where none is marked."),
        "v",
        "list",
        "inbox",
        when=on_line,
    ),
    action(
        "list.mark_matching",
        N_("Mark what matches"),
        N_("Marks every case of this view that a search finds."),
        "p",
        "list",
        "inbox",
    ),
    action("list.mark_all", N_("Mark all"), N_("Marks every case of this list."), "", "list", "inbox"),
    action(
        "list.read",
        N_("Mark as read"),
        N_("Takes the sign for news from the case, or from all marked ones."),
        "",
        "list",
        "inbox",
        when=on_current,
        command="keep --read",
    ),
    action(
        "case.tag",
        N_("Tags"),
        N_("Gives the case tags of your own, or takes them away. They stay on this machine."),
        "g",
        "case",
        "inbox case",
        when=on_current,
        command="keep --tag",
    ),
    action(
        "case.note",
        N_("Note"),
        N_("Keeps a note of your own about the case. It stays on this machine."),
        "x",
        "case",
        "inbox case",
        when=on_current,
        command="keep --note",
    ),
    _assign("case.assign", "full_stop", "inbox"),
    _take("case.take", "comma", "inbox"),
    # In a case these keys go to the next one and the one before.
    _assign("here.assign", "h", "case"),
    _take("here.take", "i", "case"),
    action(
        "case.put_off",
        N_("Put off"),
        N_("Takes the case out of what is to be done until a day you choose, or until something new happens in it."),
        "z",
        "case",
        "inbox case",
        when=on_current,
        command="keep --until",
    ),
    action(
        "app.redo",
        N_("Redo"),
        N_("Does again what was taken back last."),
        "y ctrl+y",
        "case",
        "inbox case drafts outbox templates phrases",
        run="redo",
        when=flag("redo"),
        footer=4,
        why=N_("There is nothing to do again: nothing was taken back."),
    ),
)
