"""Everything that works without the full screen: one module a command, imported when that command runs.

A command module has ``arguments(parser)`` and ``run(options) -> int``. Standard output is data, standard error is
narration, exit codes are an interface (docs/commands.md).
"""

from __future__ import annotations

from imi_tui.i18n import N_, _

COMMANDS: dict[str, str] = {
    "list": N_("list cases"),
    "show": N_("show one case"),
    "files": N_("list the files of a case"),
    "save": N_("save a file of a case"),
    "export": N_("put a case or a list of cases into a file"),
    "print": N_("print a case"),
    "authorities": N_("find authorities"),
    "new": N_("start a case"),
    "act": N_("act on a case"),
    "assign": N_("say who at your desk looks after cases"),
    "translate": N_("have the free text of a case translated"),
    "phrases": N_("texts to insert while writing"),
    "keep": N_("keep tags, a note or a day for cases, on this machine"),
    "outbox": N_("what waits to be sent and what was refused"),
    "sync": N_("send what waits and fetch what is new"),
    "signin": N_("sign in"),
    "signout": N_("sign out"),
    "config": N_("show, check and change the settings"),
    "doctor": N_("check this installation"),
    "demo": N_("open the client on an invented Europe"),
}
"""Commands in the order of the help, with what they do."""

MODULES = {"list": "listing", "print": "printing", "signin": "signing", "signout": "signing_out", "sync": "syncing"}
"""Modules whose name is not the command's."""

OK = 0
USAGE = 2
NOT_FOUND = 3
REFUSED = 4
NOT_SIGNED_IN = 5
OFFLINE = 6
SERVER = 7
LOCAL = 8
RUNNING = 9
FAILED = 1
INTERRUPTED = 130
"""Exit codes; what they mean is in docs/commands.md."""

BY_CODE: dict[str, int] = {
    **dict.fromkeys(("unknownProcedure", "noSuchCase", "noSuchItem", "noSuchSeat", "notFound", "fileGone"), NOT_FOUND),
    **dict.fromkeys(
        (
            "notAvailable",
            "forbidden",
            "stale",
            "badTarget",
            "blocked",
            "erased",
            "invalidAnswers",
            "alreadyAttempted",
            "laterEntries",
            "fileTooLarge",
            "caseTooLarge",
            "filesTooMany",
            "fileTwice",
            "fileIsProgram",
            "filesNotTaken",
        ),
        REFUSED,
    ),
    **dict.fromkeys(
        (
            "notSignedIn",
            "disabled",
            "noServer",
            "otherOfficer",
            "deviceNotAllowed",
            "signIn",
            "signInRefused",
            "signInExpired",
        ),
        NOT_SIGNED_IN,
    ),
    **dict.fromkeys(
        ("offline", "captivePortal", "proxy", "tls", "insecureServer", "unavailable", "rateLimited"),
        OFFLINE,
    ),
    **dict.fromkeys(("serverMistake", "otherServer", "manyRemoved", "badObject", "quota"), SERVER),
    "fileUnreadable": USAGE,
    "signInCancelled": NOT_SIGNED_IN,
    "alreadyRunning": RUNNING,
    "diskFull": LOCAL,
}
"""Exit codes by error code; errors of the cache and the vault are `LOCAL`, anything else is `FAILED`."""


def whole_number(text: str) -> int:
    """The number of an argument; what is wrong with another text is said in the officer's language."""
    try:
        return int(text)
    except ValueError:
        import argparse

        raise argparse.ArgumentTypeError(_("{value} is not a whole number").format(value=repr(text))) from None
