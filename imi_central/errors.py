"""What a command refuses, each with the exit code of the process. `imi-central --help` lists the codes."""

from __future__ import annotations

USAGE, SETTINGS, REFUSED, DATABASE, ADDRESS = 2, 3, 4, 5, 6

EXIT_CODES = {
    0: "done",
    1: "something unexpected went wrong",
    USAGE: "the command line is wrong",
    SETTINGS: "a setting or a definition of a procedure cannot be used",
    REFUSED: "refused: no such officer or desk, a weak password, a file that cannot be read, ...",
    DATABASE: "the database is missing, cannot be reached or is newer than this program",
    ADDRESS: "the address to listen at cannot be taken",
}


class CommandError(Exception):
    """A command ends without having done its work; the text says why and what to do."""

    exit_code = REFUSED


class DatabaseUnusable(CommandError):
    """There is no database, or it cannot be opened."""

    exit_code = DATABASE


class AddressTaken(CommandError):
    """The address to listen at cannot be taken."""

    exit_code = ADDRESS
