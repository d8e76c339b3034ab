"""The registry's section on writing and finding: new case, authorities, outbox, drafts, signing in.

Plain rows that `imi_tui.actions` turns into actions, so that the registry stays one table to read.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from imi_tui.i18n import N_


class Row(NamedTuple):
    """One action; `flag` is the fact of the screen it depends on, `footer` its place there."""

    id: str
    label: str
    help: str
    keys: str
    group: Literal["case", "list", "form", "go", "app"]
    scopes: str
    run: str
    footer: int = 0
    flag: str = ""


WRITING: tuple[Row, ...] = (
    # A new case
    Row("compose.next", N_("Next step"), N_("Goes to the next step; the draft is saved."), "f7 ctrl+pagedown", "form",
        "compose", "step(1)", 2, "next"),
    Row("compose.previous", N_("Previous step"), N_("Goes back one step; nothing is lost."), "f6 ctrl+pageup", "form",
        "compose", "step(-1)", 3, "previous"),
    Row("compose.send", N_("Review and send"), N_("Shows all of it first; again on that page queues it for sending."),
        "f8 ctrl+s", "form", "compose", "send", 1),
    Row("compose.reuse", N_("Reuse a case"), N_("Copies the answers of an earlier case into empty fields."),
        "f3 ctrl+r", "form", "compose", "reuse", 20),
    Row("compose.discard", N_("Discard draft"), N_("Throws this draft away, after asking."), "", "form", "compose",
        "discard", 0, "saved"),
    # Authorities: looking round, and choosing one for something
    Row("authority.open", N_("Open"), N_("Shows the record of the authority."), "enter", "list", "authorities", "take",
        1, "current"),
    Row("authority.request", N_("New request to it"), N_("Starts a request to this authority."), "n f2", "go",
        "authorities authority", "request", 2, "current"),
    Row("authority.choose", N_("Choose"), N_("Takes the authority under the cursor."), "enter", "list",
        "choose_authority", "take", 1, "current"),
    Row("authority.record", N_("Record"), N_("Shows everything about the authority."), "f2 ctrl+o", "list",
        "choose_authority", "record", 2, "current"),
    # Files of a case, and of what is being written
    Row("file.read", N_("Read"), N_("Shows the text of the file; one that is not here is fetched."), "enter", "case",
        "case", "file_read", -4, "file"),
    Row("file.fetch", N_("Fetch"), N_("Fetches the file; it comes in parts, whatever the line does."), "space", "case",
        "case", "file_fetch", -3, "file_abroad"),
    Row("file.save", N_("Save"), N_("Saves the file in a folder; nothing is overwritten."), "f8 ctrl+s", "case",
        "case", "file_save", -2, "file"),
    Row("file.open", N_("Open with a program"), N_("Gives a copy of the file to the program of this machine for it."),
        "f3 ctrl+o", "case", "case", "file_open", -1, "file"),
    Row("file.drop", N_("Remove the copy"), N_("Removes the file from this machine; it stays on the server."), "delete",
        "case", "case", "file_drop", 0, "file_copy"),
    Row("file.attach", N_("Files"), N_("Attaches a file, or takes one out again."), "f4", "form", "act compose",
        "attach", 4, "takes_files"),
    # Outbox
    Row("outbox.open", N_("Open the case"), N_("Opens the case this entry belongs to."), "enter", "list",
        "outbox conflict", "open", 4, "case"),
    Row("outbox.compare", N_("Compare"), N_("Shows your refused entry beside what others did meanwhile."), "v f3",
        "list", "outbox", "compare", 1, "conflict"),
    Row("outbox.again", N_("Send again"), N_("Sends the same as a new entry on the case as it is now."), "g f8", "list",
        "outbox conflict", "again", 2, "again"),
    Row("outbox.undo", N_("Take back"), N_("Takes the entry back; what you wrote becomes a draft."), "u ctrl+z", "list",
        "outbox", "take_back", 1, "untouched"),
    Row("outbox.revise", N_("Correct it"), N_("Opens what you wrote, so that you can put it right and send it again."),
        "e f2", "list", "outbox conflict", "revise", 3, "refused"),
    Row("outbox.discard", N_("Discard"), N_("Throws a refused entry away, after asking."), "delete", "list",
        "outbox conflict", "discard", 5, "refused"),
    # Drafts
    Row("draft.open", N_("Continue"), N_("Goes on writing where you stopped."), "enter", "list", "drafts", "open", 1,
        "current"),
    Row("draft.discard", N_("Discard"), N_("Throws the draft away, after asking."), "delete", "list", "drafts",
        "discard", 2, "current"),
    # Signing in
    Row("sign_in.browser", N_("Sign in with the browser"), N_("Opens the sign-in page on this machine."), "f7", "form",
        "sign_in", "browser", 1, "idle"),
    Row("sign_in.device", N_("Sign in with a code"), N_("For SSH: shows an address and a code for another device."),
        "f8", "form", "sign_in", "device", 2, "idle"),
    Row("sign_in.take", N_("Begin"), N_("Begins the way of signing in under the cursor."), "enter", "form", "sign_in",
        "take", 4, "idle"),
    Row("sign_in.copy", N_("Copy"), N_("Copies the address to the clipboard."), "f2 ctrl+o", "form", "sign_in", "copy",
        1, "address"),
    Row("sign_in.stop", N_("Stop"), N_("Stops waiting for the sign-in."), "f6", "form", "sign_in", "stop", 3, "busy"),
)  # fmt: skip
