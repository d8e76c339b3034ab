"""The command ``imi-tui``. Only the standard library is imported until a command runs; Textual only for the screen."""

from __future__ import annotations

import os
import sys

from imi_core.lean import TYPE_CHECKING, cast
from imi_tui import __version__

if TYPE_CHECKING:
    import argparse
    from types import ModuleType
    from typing import NoReturn

    from imi_core.errors import ImiError
    from imi_tui.cache.errors import CacheError, VaultError
    from imi_tui.signin.errors import SignInError
    from imi_tui.sync.errors import SyncError

    Refusal = ImiError | SyncError | SignInError | CacheError | VaultError

TOKEN_VARIABLE = "IMI_TUI_TOKEN"  # noqa: S105
FREE = ("--search", "--text", "--note")
"""Options whose value somebody writes as they like, also with a "-" before it."""


def main(argv: list[str] | None = None) -> int:
    """Run one command; the exit code (docs/commands.md)."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    # A token must not be inherited by a browser or any other program started from here.
    token = os.environ.pop(TOKEN_VARIABLE, "")
    if arguments[:1] == ["--version"]:
        sys.stdout.write(f"imi-tui {__version__}\n")
        return 0
    import gc

    from imi_tui import i18n

    # What is loaded up to the first paint stays; looking for garbage in it costs a twentieth of the start.
    gc.disable()
    i18n.install(i18n.detect(_wanted_language(arguments)))
    _make_printable()
    options, command = _parsed(arguments)
    try:
        return _run(command, options, token)
    except KeyboardInterrupt:
        from imi_tui.commands import INTERRUPTED

        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has had enough.
        from imi_tui.commands import common

        common.write_no_more()
        return 0
    except Exception as error:  # noqa: BLE001
        # Neither message nor locals: they may hold what a citizen wrote.
        return _incident(error)


def _incident(error: BaseException) -> int:
    """A mistake of the program: say so without printing a single value, keep where it happened."""
    from imi_tui import commands, process
    from imi_tui.commands.common import say
    from imi_tui.i18n import _
    from imi_tui.profile import Profile

    incident, path = process.report(error, Profile.locate().home / "incidents", f"Python {sys.version.split()[0]}")
    say(_("The program made a mistake and has to end. Everything queued or drafted is kept."))
    say(_("Incident {incident}.").format(incident=incident))
    if path is not None:
        say(_("A report without any content of cases is in {path}.").format(path=path))
    return commands.FAILED


def _run(command: str, options: argparse.Namespace, token: str) -> int:
    import gc

    from imi_tui import i18n, process
    from imi_tui.commands import common
    from imi_tui.config import settings
    from imi_tui.profile import Profile

    process.no_core_dumps()
    if token or command not in ("", "demo"):
        # The full screen does this behind its first paint.
        process.close_to_others()
    configured = settings.read(Profile.locate().file("config.toml")).language
    chosen = getattr(options, "lang", "") or ""
    i18n.install(i18n.detect(chosen, configured))
    try:
        _check_language("--lang", chosen)
        if not chosen and not configured:
            _check_language("IMI_TUI_LANG", os.environ.get("IMI_TUI_LANG", ""))
        if (descriptor := getattr(options, "token_fd", None)) is not None:
            token = common.read_line(descriptor)
        common.given_token = token
        if command not in ("", "demo"):
            gc.enable()
        code = _module(command).run(options)
        with common.written():
            sys.stdout.flush()
        return int(code)
    except common.CommandError as error:
        common.say(error.text)
        return error.exit_code
    except _refusals() as error:
        return _refused(error)


def _check_language(name: str, code: str) -> None:
    """Raises `CommandError` where somebody asked for a language there is not; `name`: where they asked."""
    from imi_tui import i18n

    if code and not i18n.normalise(code):
        from imi_tui.commands import USAGE
        from imi_tui.commands.common import CommandError

        text = i18n._("{name} has to be one of {allowed}.").format(name=name, allowed=", ".join(i18n.languages()))
        raise CommandError(text, USAGE)


def _refusals() -> tuple[type[Refusal], ...]:
    """What a command may end with besides `CommandError`. Asked for when something was raised: a start loads none."""
    from imi_core.errors import ImiError
    from imi_tui.cache.errors import CacheError, VaultError
    from imi_tui.signin.errors import SignInError
    from imi_tui.sync.errors import SyncError

    return (ImiError, SyncError, SignInError, CacheError, VaultError)


def _refused(error: Refusal) -> int:
    """Say why a command could not be done; the exit code."""
    from imi_core.errors import AnswersRefused
    from imi_core.text import display
    from imi_tui import problems
    from imi_tui.cache.errors import CacheError, VaultError
    from imi_tui.commands import common

    common.say(problems.sentence(error.code))
    if isinstance(error, AnswersRefused):
        for each in error.problems:
            # What would be right are ids of the definition: the same in every language.
            allowed = f" ({each.allowed})" if each.code in ("unknown", "option", "question") and each.allowed else ""
            common.say(f"  {each.field}: {problems.answer_problem(each.code, each.allowed)}{allowed}")
    if isinstance(error, CacheError | VaultError):
        if error.about:
            common.say(f"  {display(error.about)}")
        return common.exit_code(error.code, local=True)
    return common.exit_code(error.code, local=False)


def _module(command: str) -> ModuleType:
    from imi_tui.commands import MODULES

    name = f"imi_tui.commands.{MODULES.get(command, command) or 'tui'}"
    __import__(name)
    return sys.modules[name]


def _wanted_language(arguments: list[str]) -> str:
    """The value of ``--lang``, needed before the texts of the parser are made."""
    for at, argument in enumerate(arguments):
        if argument.startswith("--lang="):
            return argument.removeprefix("--lang=")
        if argument == "--lang" and at + 1 < len(arguments):
            return arguments[at + 1]
    return ""


def _parsed(arguments: list[str]) -> tuple[argparse.Namespace, str]:
    """The options and the command in `arguments`."""
    if not arguments:
        # Nearly every start: there is nothing to parse, nor a parser to load.
        from types import SimpleNamespace

        return cast("argparse.Namespace", SimpleNamespace()), ""
    arguments = _with_values(arguments)
    parser, command = _parser(arguments)
    return parser.parse_args(arguments), command


def _with_values(arguments: list[str]) -> list[str]:
    """The arguments, such a value tied to its option: argparse takes ``-state:closed`` for an option itself."""
    out: list[str] = []
    for argument in arguments:
        is_value = argument.startswith("-") and not argument.startswith("--") and argument != "-h"
        if is_value and out and out[-1] in FREE:
            out[-1] += f"={argument}"
        else:
            out.append(argument)
    return out


def _parser(arguments: list[str]) -> tuple[argparse.ArgumentParser, str]:
    """The parser and the command named in `arguments`; only that command's own arguments are known to it."""
    import argparse

    from imi_tui.commands import COMMANDS, whole_number
    from imi_tui.i18n import _, ngettext

    # argparse looks its own texts up under these names; they are listed in imi_tui/i18n/usage.py.
    vars(argparse).update(_=_, ngettext=ngettext)
    formatter = argparse.RawDescriptionHelpFormatter

    class Parser(argparse.ArgumentParser):
        def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
            if message:
                from imi_core.text import display

                # It repeats what was typed or pasted.
                message = display(message, "multi")
            super().exit(status, message)

    def common(parser: argparse.ArgumentParser, title: str) -> None:
        group = parser.add_argument_group(title)
        group.add_argument("-h", "--help", action="help", help=_("show this help and end"))
        add = group.add_argument
        skip = argparse.SUPPRESS
        add("--server", metavar="URL", default=skip, help=_("address of the central server"))
        add("--vault", metavar="KIND", default=skip, help=_("where the key is: keyring, passphrase, file:PATH, memory"))
        add(
            "--passphrase-fd",
            metavar="N",
            type=whole_number,
            default=skip,
            help=_("read the passphrase from this descriptor"),
        )
        add(
            "--token-fd",
            metavar="N",
            type=whole_number,
            default=skip,
            help=_("read an access token from this descriptor"),
        )
        add("--lang", metavar="CODE", default=skip, help=_("language of the program, such as fr"))

    parser = Parser(
        prog="imi-tui",
        description=_("The case officer's client of the Internal Market Information System."),
        epilog=_("Without a command the full screen opens. Files are kept in IMI_TUI_HOME, where that is set."),
        formatter_class=formatter,
        add_help=False,
    )
    common(parser, _("options"))
    parser.add_argument_group(_("more")).add_argument(
        "--version", action="version", version=f"imi-tui {__version__}", help=_("show the version and end")
    )
    chosen = next((argument for argument in arguments if argument in COMMANDS), "")
    if not chosen and all(argument.startswith("--") and argument != "--help" for argument in arguments):
        # The full screen: its start does not wait for the parsers of every command.
        return parser, chosen
    subparsers = parser.add_subparsers(title=_("commands"), metavar=_("COMMAND"), dest="command", required=False)
    for name, help in COMMANDS.items():
        sub = subparsers.add_parser(name, help=_(help), description=_(help), formatter_class=formatter, add_help=False)
        if name == chosen:
            _module(name).arguments(sub)
            common(sub, _("options of every command"))
    return parser, chosen


def _make_printable() -> None:
    """Characters a terminal's encoding lacks are written as escapes instead of ending the program.

    Python has no stream where a descriptor is closed: what is told then goes nowhere, data cannot be written.
    """
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main())
