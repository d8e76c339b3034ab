"""Actions of the inbox and of every list."""

from __future__ import annotations

from imi_tui.actions.kinds import Action, action, flag, on_line
from imi_tui.i18n import N_

_UNGROUPED = N_("The list is not in groups; put it in groups first.")


def _view(number: int) -> Action:
    return action(
        f"view.{number}",
        N_("View by number"),
        N_("Shows the view with this number."),
        str(number % 10),
        "list",
        "inbox",
        run=f"view({number})",
        command="list --view",
    )


ACTIONS: tuple[Action, ...] = (
    # Inbox
    action(
        "list.open",
        N_("Open"),
        N_("Opens the case."),
        "enter",
        "list",
        "inbox",
        when=on_line,
        footer=20,
        command="show",
    ),
    action(
        "list.search",
        N_("Search"),
        N_("Searches the cases on this machine."),
        "slash f3 ctrl+f",
        "list",
        "inbox",
        footer=11,
        command="list --search",
    ),
    action(
        "list.mark",
        N_("Mark"),
        N_("Marks the case; actions then apply to all marked cases."),
        "space",
        "list",
        "inbox",
        when=on_line,
        footer=14,
    ),
    action(
        "list.leave",
        N_("End search or marks"),
        N_("Ends the search, else takes all marks away."),
        "escape",
        "list",
        "inbox",
    ),
    action(
        "list.sort",
        N_("Sort"),
        N_("Changes the order of the list."),
        "b f8",
        "list",
        "inbox",
        footer=30,
        command="list --sort",
    ),
    action(
        "list.group",
        N_("Group the list"),
        N_("Puts the list in groups: by deadline, country, authority, legal area, procedure, state or colleague."),
        "t",
        "list",
        "inbox",
    ),
    action(
        "group.fold",
        # Translators: to hide the cases of a group, or show them again.
        N_("Fold group"),
        N_("Hides the cases of the group under the cursor, or shows them again."),
        "ctrl+t delete",
        "list",
        "inbox",
        when=flag("grouped"),
        why=_UNGROUPED,
    ),
    action(
        "group.fold_all",
        N_("Fold all groups"),
        N_("Hides the cases of all groups, or shows them all again."),
        "",
        "list",
        "inbox",
        when=flag("grouped"),
        why=_UNGROUPED,
    ),
    action(
        "group.next",
        N_("Next group"),
        N_("Goes to the first case of the next group."),
        "ctrl+pagedown",
        "list",
        "inbox",
        when=flag("grouped"),
        why=_UNGROUPED,
    ),
    action(
        "group.previous",
        N_("Previous group"),
        N_("Goes to the first case of the group, then of the group before."),
        "ctrl+pageup",
        "list",
        "inbox",
        when=flag("grouped"),
        why=_UNGROUPED,
    ),
    action(
        "view.keep",
        N_("Keep as view"),
        N_("Keeps the search as a view of your own, on this machine."),
        "",
        "list",
        "inbox",
        when=flag("searching"),
        why=N_("Search for something first; the search can then be kept as a view."),
    ),
    action(
        "view.rename",
        N_("Rename view"),
        N_("Gives your view another name."),
        "",
        "list",
        "inbox",
        when=flag("own_view"),
        why=N_("This view is not one of your own."),
    ),
    action(
        "view.delete",
        N_("Delete view"),
        N_("Deletes your view, not its cases; undo brings it back."),
        "",
        "list",
        "inbox",
        when=flag("own_view"),
        why=N_("This view is not one of your own."),
    ),
    action("view.next", N_("Next view"), N_("Shows the next view."), "tab right", "list", "inbox"),
    action("view.previous", N_("Previous view"), N_("Shows the view before."), "shift+tab left", "list", "inbox"),
    *(_view(number) for number in range(1, 11)),
    # The search line
    action(
        "search.complete",
        N_("Complete"),
        N_("Completes the term with what is offered, and again with the next one."),
        "tab",
        "list",
        "search",
        run="complete(1)",
    ),
    action(
        "search.complete_back",
        N_("Complete with the one before"),
        N_("Completes the term with what is offered before it."),
        "shift+tab",
        "list",
        "search",
        run="complete(-1)",
    ),
    # The list itself, wherever it stands
    action("rows.up", N_("Up"), N_("Goes one row up."), "up k", "list", "rows", run="move(-1)"),
    action("rows.down", N_("Down"), N_("Goes one row down."), "down j", "list", "rows", run="move(1)"),
    action("rows.page_up", N_("Page up"), N_("Goes one page up."), "pageup", "list", "rows", run="page(-1)"),
    action("rows.page_down", N_("Page down"), N_("Goes one page down."), "pagedown", "list", "rows", run="page(1)"),
    action("rows.first", N_("First"), N_("Goes to the first row."), "home", "list", "rows", run="first"),
    action("rows.last", N_("Last"), N_("Goes to the last row."), "end", "list", "rows", run="last"),
)
