"""The command ``imi-central``. Only argparse and the settings are imported until a command runs."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path

from imi_central.errors import EXIT_CODES, SETTINGS, CommandError
from imi_central.settings import Settings, SettingsError
from imi_core.errors import DefinitionError

_SETTINGS = (
    ("data", "DIR", "directory of the database and of config.toml"),
    ("database", "URL", "address of the database: sqlite:///FILE or postgresql+psycopg://..."),
)
_SERVING = (
    ("host", "HOST", "address to listen at (127.0.0.1)"),
    ("port", "PORT", "port to listen at (8460); 0 takes a free one and says which"),
    ("url", "URL", "address clients use, where a proxy stands in between"),
    ("certificate", "FILE", "PEM file for https"),
    ("key", "FILE", "PEM file of the certificate's key"),
    ("trusted-proxies", "ADDRESSES", "addresses whose X-Forwarded-For and -Proto count, with commas between"),
    ("writes-per-minute", "N", "entries and files an officer may send in a minute (1000)"),
    ("searches-per-minute", "N", "searches an officer may make in a minute (120)"),
    ("translator", "URL", "a translation service that speaks as LibreTranslate does (none)"),
    ("translator-key-file", "FILE", "a file with its key"),
    ("translator-name", "NAME", "what officers see it called (LibreTranslate)"),
    ("translator-personal", "on|off", "whether it is given fields that ask for personal data (off)"),
    ("translations-per-hour", "N", "translations an officer may ask it for in an hour (60)"),
    ("device-grant", "POLICY", "sign-in with a code for terminals without a browser: off, on, same_address"),
)
_BACKUPS = (("backups", "DIR", "a folder for a daily backup"),)
_MODULES = (("modules", "DIR", "a directory with more procedures"),)


def main(argv: list[str] | None = None) -> int:
    """Run one command; the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    given = None if arguments[:1] == ["demo"] else _parser().parse_args(arguments)
    try:
        if given is None:
            return int(importlib.import_module("imi_central.demo.cli").main(arguments[1:]) or 0)
        settings = Settings.load({name.replace("-", "_"): value for name, value in vars(given).items()}, os.environ)
        return _run(given, settings)
    except (SettingsError, DefinitionError) as error:
        return _fail(str(error), SETTINGS)
    except CommandError as error:
        return _fail(str(error), error.exit_code)
    except BrokenPipeError:
        # Whoever reads has seen enough; what is left in the buffer goes nowhere when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def _run(given: argparse.Namespace, settings: Settings) -> int:
    # Here and not above: these bring the server's libraries.
    from imi_central import commands, upkeep

    match given.command:
        case "init":
            commands.init(settings)
        case "serve":
            commands.serve(settings, given.ready_fd)
        case "token":
            commands.token(settings, given.login, given.minutes)
        case "officer add":
            commands.officer_add(settings, given.login, given.name, given.desk, given.language, given.password_fd)
        case "officer password":
            commands.officer_password(settings, given.login, given.password_fd)
        case "officer disable" | "officer enable":
            commands.officer_active(settings, given.login, given.command == "officer enable")
        case "officer show":
            commands.officer_show(settings, given.login)
        case "officer seat add":
            commands.seat_add(settings, given.login, given.desk)
        case "officer seat remove":
            commands.seat_remove(settings, given.login, given.desk)
        case "authorities import":
            commands.authorities_import(settings, given.file, given.report, tuple(given.area or ("pw", "pq")))
        case "jobs run":
            commands.jobs_run(settings)
        case "backup":
            upkeep.backup(settings, given.to)
        case "restore":
            upkeep.restore(settings, given.file, given.replace)
        case "verify":
            upkeep.verify(settings, given.copy)
        case "renew":
            upkeep.renew(settings)
        case "audit":
            upkeep.audit(settings, given.since, given.before, given.officer, given.case)
    return 0


def _fail(text: str, code: int) -> int:
    sys.stderr.write(f"imi-central: {text}\n")
    return code


def _parser() -> argparse.ArgumentParser:
    codes = "\n".join(f"  {code}  {meaning}" for code, meaning in EXIT_CODES.items())
    parser = argparse.ArgumentParser(
        prog="imi-central",
        description="The central server of the Internal Market Information System.",
        epilog=f"Settings may also stand in the environment (IMI_CENTRAL_PORT=...) or in config.toml in the data\n"
        f"directory (port = ...); a flag wins over both.\n\nExit codes:\n{codes}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _command(commands, "init", "make the database, or bring it to this program's version", _MODULES)
    serve = _command(commands, "serve", "listen until SIGTERM or Ctrl-C", (*_SERVING, *_MODULES))
    serve.add_argument("--ready-fd", type=int, metavar="N", help="write the address there once connections are taken")

    officer = commands.add_parser("officer", help="officers and their seats").add_subparsers(required=True)
    add = _command(officer, "officer add", "add an officer with seats and a password")
    add.add_argument("login", metavar="LOGIN")
    add.add_argument("--name", required=True, help="the person's name")
    add.add_argument(
        "--desk", action="append", required=True, metavar="DESK:ROLE,ROLE", help="a seat; may be given again"
    )
    add.add_argument("--language", default="en", help="language of the officer (en)")
    change = _command(officer, "officer password", "set a new password and sign the officer out everywhere")
    change.add_argument("login", metavar="LOGIN")
    for each in (add, change):
        each.add_argument("--password-fd", type=int, metavar="N", help="read the password there; else it is asked")
    for name, text in (("disable", "refuse an officer from now on"), ("enable", "let an officer in again")):
        _command(officer, f"officer {name}", text).add_argument("login", metavar="LOGIN")
    shown = _command(officer, "officer show", "print an officer's name, language and seats")
    shown.add_argument("login", metavar="LOGIN")
    seat = officer.add_parser("seat", help="seats of an officer").add_subparsers(required=True)
    given = _command(seat, "officer seat add", "give an officer seats, or other roles at a seat; at once")
    taken = _command(seat, "officer seat remove", "take seats away from an officer; at once")
    for each, metavar in ((given, "DESK:ROLE,ROLE"), (taken, "DESK")):
        each.add_argument("login", metavar="LOGIN")
        each.add_argument("desk", nargs="+", metavar=metavar)

    authorities = commands.add_parser("authorities", help="the register").add_subparsers(required=True)
    load = _command(authorities, "authorities import", "import public bodies from a CSV file (PublicBodies columns)")
    load.add_argument("file", type=Path, metavar="FILE.csv")
    load.add_argument("--report", type=Path, metavar="FILE", help="write what was not imported there, as CSV")
    load.add_argument("--area", action="append", metavar="AREA", help="a desk for each; pw and pq if none is given")

    token = _command(commands, "token", "print an access token for scripts; the audit trail shows it")
    token.add_argument("login", metavar="OFFICER")
    token.add_argument("--minutes", type=int, default=10, metavar="N", help="1 to 60 (10)")

    jobs = commands.add_parser("jobs", help="what has to be done every day").add_subparsers(required=True)
    _command(
        jobs, "jobs run", "block and erase closed cases, mark idle ones, delete what has expired, back up", _BACKUPS
    )

    copy = _command(commands, "backup", "copy the database while it is in use, and verify the copy")
    copy.add_argument("to", type=Path, metavar="FILE|FOLDER", help="a new file, or a folder in which one is made")
    back = _command(commands, "restore", "put a backup in the database's place; no server may run meanwhile")
    back.add_argument("file", type=Path, metavar="FILE")
    back.add_argument("--replace", action="store_true", help="even where there is a database; it is kept aside")
    check = _command(commands, "verify", "check change logs, the seals of all cases and the files; says what is broken")
    check.add_argument("--copy", metavar="URL", help="a database that a copy was put back into; it counts as a backup")
    _command(commands, "renew", "after other tools put the database back: verify it, a new epoch, end all sessions")
    trail = _command(commands, "audit", "print the audit trail as CSV: who did what when")
    trail.add_argument("--since", metavar="DAY", help="from this day on (2026-03-02, or 2026-03-02T09:00; UTC)")
    trail.add_argument("--before", metavar="DAY", help="before this day")
    trail.add_argument("--officer", metavar="LOGIN", default="", help="what this officer did")
    trail.add_argument("--case", metavar="REFERENCE", default="", help="what was done with this case and its files")
    commands.add_parser("demo", help="a believable Europe to try things in; see imi-central demo --help")
    return parser


def _command(
    parent: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    text: str,
    settings: tuple[tuple[str, str, str], ...] = (),
) -> argparse.ArgumentParser:
    parser = parent.add_parser(name.rpartition(" ")[2], help=text, description=f"{text[:1].upper()}{text[1:]}.")
    parser.set_defaults(command=name)
    for option, metavar, meaning in (*_SETTINGS, *settings):
        parser.add_argument(f"--{option}", metavar=metavar, help=meaning)
    return parser


if __name__ == "__main__":
    sys.exit(main())
