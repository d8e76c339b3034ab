"""Actions of the files of a case, and of what is being written."""

from __future__ import annotations

from imi_tui.actions.kinds import Action, action, flag
from imi_tui.i18n import N_

ACTIONS: tuple[Action, ...] = (
    action(
        "file.read",
        N_("Read"),
        N_("Shows the text of the file; one that is not here is fetched."),
        "enter",
        "case",
        "case",
        run="file_read",
        when=flag("file"),
        footer=-4,
    ),
    action(
        "file.fetch",
        N_("Fetch"),
        N_("Fetches the file; it comes in parts, whatever the line does."),
        "space",
        "case",
        "case",
        run="file_fetch",
        when=flag("file_abroad"),
        footer=-3,
    ),
    action(
        "file.save",
        N_("Save"),
        N_("Saves the file in a folder; nothing is overwritten."),
        "f8 ctrl+s",
        "case",
        "case",
        run="file_save",
        when=flag("file"),
        footer=-2,
        command="save --to",
    ),
    action(
        "file.open",
        N_("Open with a program"),
        N_("Gives a copy of the file to the program of this machine for it."),
        "f3 ctrl+o",
        "case",
        "case",
        run="file_open",
        when=flag("file"),
        footer=-1,
    ),
    action(
        "file.drop",
        N_("Remove the copy"),
        N_("Removes the file from this machine; it stays on the server."),
        "delete",
        "case",
        "case",
        run="file_drop",
        when=flag("file_copy"),
    ),
    action(
        "file.attach",
        N_("Files"),
        N_("Attaches a file, or takes one out again."),
        "f4",
        "form",
        "act compose",
        run="attach",
        when=flag("takes_files"),
        footer=4,
    ),
)
