"""What the commands do. Each takes settings that are checked already and raises `CommandError`."""

from __future__ import annotations

import datetime as dt
import getpass
import os
import re
import secrets
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

from imi_central import catalogue
from imi_central.database import open_store
from imi_central.directory import publicbodies
from imi_central.errors import CommandError, DatabaseUnusable
from imi_central.identity import passwords
from imi_central.identity.errors import WeakPassword
from imi_central.jobs import backup, retention
from imi_central.settings import Settings
from imi_central.store import ProcedureChanged, Store, StoreError, lookup
from imi_central.store.address import parse, reaching
from imi_central.store.errors import BackupRefused, BadAddress, Unreachable
from imi_central.store.identity import Sessions
from imi_core.authority import ROLES, Officer, Role
from imi_core.text import display

MAX_MINUTES = 60


def init(settings: Settings) -> None:
    """Make the database, or migrate it, and store the procedures."""
    rules = catalogue.load(settings.modules)
    with opened(settings, create=True) as store:
        new = store.put_procedures(rules)
    say(f"The database is ready: {settings.shown_database}. Procedures: {len(rules)}, new or changed: {new}.")


def serve(settings: Settings, ready_fd: int | None) -> None:
    """Listen until told to stop."""
    from imi_central import serve as serving

    _check_address(settings, create=True)
    with database_errors(settings):
        serving.serve(settings, lambda url: serving.announce(url, ready_fd))


def officer_add(
    settings: Settings, login: str, name: str, desks: list[str], language: str, password_fd: int | None
) -> None:
    """Add an officer with seats and a password."""
    login = _login(login)
    seats = _seats(desks)
    if not (name := display(name).strip()):
        raise CommandError("--name: a person has a name")
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]+)*", language):
        raise CommandError(f"--language: {language!r} is no language code; allowed: one like fr or pt-BR")
    with opened(settings) as store:
        _check_desks(store, seats)
        with store.reading() as conn:
            if lookup.officer_by_username(conn, login) is not None:
                raise CommandError(f"there is an officer {login!r} already")
        hashed = _new_password(login, password_fd)
        officer = Officer(id=secrets.token_hex(8), name=name, desks=seats, language=language)
        store.put_officer(officer, username=login)
        Sessions(store).set_password(officer.id, hashed)
    say(f"Officer {login} added with {len(seats)} seat(s).")


def officer_password(settings: Settings, login: str, password_fd: int | None) -> None:
    """Set a new password; every session of the officer ends."""
    with opened(settings) as store:
        officer, _ = _officer(store, login)
        Sessions(store).set_password(officer.id, _new_password(_login(login), password_fd))
    say(f"The password of {_login(login)} is changed; sign in again everywhere.")


def officer_active(settings: Settings, login: str, active: bool) -> None:
    """Refuse an officer from now on, or let them in again."""
    with opened(settings) as store:
        officer, _ = _officer(store, login)
        store.change_officer(officer.id, active=active)
        ended = 0 if active else Sessions(store).revoke_all(officer.id)
    say(
        f"Officer {_login(login)} is enabled."
        if active
        else f"Officer {_login(login)} is disabled; {ended} signed out."
    )


def officer_show(settings: Settings, login: str) -> None:
    """Print who an officer is, and each seat as `officer add` takes it."""
    with opened(settings) as store:
        officer, active = _officer(store, login)
    say(f"{_login(login)}: {officer.name}, {officer.language}, {'enabled' if active else 'disabled'}")
    for desk, roles in sorted(officer.desks.items()):
        say(f"{desk}:{','.join(roles)}")


def seat_add(settings: Settings, login: str, desks: list[str]) -> None:
    """Give an officer seats, or other roles at seats they have; it holds at once."""
    seats = _seats(desks)
    with opened(settings) as store:
        officer, _ = _officer(store, login)
        _check_desks(store, seats)
        changed = store.change_officer(officer.id, seats=seats)
        now = _officer(store, login)[0].desks
    say(f"Officer {_login(login)} has {len(now)} seat(s)." + ("" if changed else " Nothing changed."))


def seat_remove(settings: Settings, login: str, desks: list[str]) -> None:
    """Take seats away from an officer; it holds at once."""
    with opened(settings) as store:
        officer, _ = _officer(store, login)
        for desk in desks:
            if desk not in officer.desks:
                held = ", ".join(sorted(officer.desks)) or "none"
                raise CommandError(f"{_login(login)!r} has no seat at {desk!r}; there are: {held}")
        store.change_officer(officer.id, seats=dict.fromkeys(desks, ()))
        now = _officer(store, login)[0].desks
    say(f"Officer {_login(login)} has {len(now)} seat(s).")


def authorities_import(settings: Settings, file: Path, report: Path | None, areas: tuple[str, ...]) -> None:
    """Import a CSV file of public bodies; what was left out is reported row by row."""
    for area in areas:
        if not re.fullmatch(r"[a-z][a-z0-9]*", area):
            raise CommandError(f"--area: {area!r} is no area; allowed: small letters and digits, such as pw")
    try:
        rows = publicbodies.read(file)
        with opened(settings) as store:
            outcome = publicbodies.put(store, rows, areas)
        if report is not None:
            publicbodies.write_report(report, outcome.left_out)
    except publicbodies.UnusableFile as error:
        raise CommandError(str(error)) from error
    say(
        f"{outcome.rows} rows: {outcome.new} new, {outcome.changed} changed, {outcome.same} unchanged, "
        f"{len(outcome.left_out)} not imported."
    )
    if report is None:
        for left in outcome.left_out:
            sys.stderr.write(f"row {left.row} ({display(left.id, limit=200)}): {left.reason}\n")


def token(settings: Settings, login: str, minutes: int) -> None:
    """Print an access token for scripts."""
    if not 1 <= minutes <= MAX_MINUTES:
        raise CommandError(f"--minutes: {minutes} is not allowed; allowed: 1 to {MAX_MINUTES}")
    with opened(settings) as store:
        officer, active = _officer(store, login)
        if not active:
            raise CommandError(f"officer {_login(login)!r} is disabled")
        value = secrets.token_urlsafe(32)
        Sessions(store).script_token(officer.id, value, dt.timedelta(minutes=minutes))
    say(value)


def jobs_run(settings: Settings) -> None:
    """Do what is due today."""
    with opened(settings) as store:
        done = retention.run(store)
        Sessions(store).prune()
        say(
            f"Blocked {done.blocked} cases, erased {done.erased}, marked {done.idle} as idle; "
            f"deleted {done.files} files and {done.changes} old changes."
        )
        for case_id in done.left:
            say(f"Case {case_id} cannot be read.")
        if settings.backups is not None:
            if not settings.backups.is_dir():
                raise CommandError(f"backups: {settings.backups} is no folder; make it, or mount what it is on")
            say(f"Backed up to {backup.make(store, settings.database_url, settings.backups)}.")
    if done.left:
        raise CommandError(f"{len(done.left)} cases are damaged and were left as they are; see imi-central verify")


def say(text: str) -> None:
    """Print one line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@contextmanager
def opened(settings: Settings, create: bool = False) -> Iterator[Store]:
    """The database for one command. Raises `CommandError`."""
    _check_address(settings, create)
    with database_errors(settings):
        store = open_store(settings)
        try:
            yield store
        finally:
            store.close()


@contextmanager
def database_errors(settings: Settings) -> Iterator[None]:
    """Around work on the database: what the store refuses becomes a `CommandError`."""
    try:
        with reaching():
            yield
    except (BackupRefused, ProcedureChanged) as error:
        raise CommandError(str(error)) from error
    except Unreachable as error:
        raise DatabaseUnusable(f"the database {settings.shown_database} cannot be used: {error.reason}") from error
    except StoreError as error:
        raise DatabaseUnusable(str(error)) from error
    except ModuleNotFoundError as error:
        raise DatabaseUnusable(f"the driver of this database is not installed: {error.name}") from error


def _check_address(settings: Settings, create: bool) -> None:
    """Raise `DatabaseUnusable` for an address of another kind, and where nothing may be made and nothing is there."""
    allowed = "allowed: sqlite:///FILE, postgresql+psycopg://..."
    try:
        address = parse(settings.database_url)
    except BadAddress as error:
        raise DatabaseUnusable(f"the database's address cannot be read; {allowed}") from error
    match address.backend:
        case "postgresql":
            return
        case "sqlite" if address.database and address.database != ":memory:":
            if not create and not Path(address.database).is_file():
                raise DatabaseUnusable(
                    f"there is no database {settings.shown_database}; make one with: imi-central init"
                )
        case _:
            raise DatabaseUnusable(f"{settings.shown_database} is no database this program works with; {allowed}")


def _login(login: str) -> str:
    login = login.strip().casefold()
    if not re.fullmatch(r"[a-z0-9][a-z0-9._@-]{0,63}", login):
        raise CommandError(f"{login!r} is no name to sign in with; allowed: 1 to 64 of a-z 0-9 . _ @ -")
    return login


def _officer(store: Store, login: str) -> tuple[Officer, bool]:
    with store.reading() as conn:
        found = lookup.officer_by_username(conn, _login(login))
    if found is None:
        raise CommandError(f"there is no officer {_login(login)!r}")
    return found


def _check_desks(store: Store, desks: Iterable[str]) -> None:
    with store.reading() as conn:
        if missing := lookup.missing_desks(conn, desks):
            near = lookup.desks_like(conn, missing[0])
            hint = f"; there are: {', '.join(near)}" if near else "; import its authority first"
            raise CommandError(f"--desk: there is no desk {missing[0]!r}{hint}")


def _seats(desks: list[str]) -> dict[str, tuple[Role, ...]]:
    out: dict[str, tuple[Role, ...]] = {}
    for each in desks:
        desk, colon, roles = each.rpartition(":")
        named = tuple(dict.fromkeys(role.strip() for role in roles.split(",")))
        if not colon or not desk:
            raise CommandError(f"--desk: {each!r} is no seat; allowed: DESK:ROLE,ROLE")
        for role in named:
            if role not in ROLES:
                raise CommandError(f"--desk: there is no role {role!r}; allowed: {', '.join(get_args(Role))}")
        if desk in out:
            raise CommandError(f"--desk: {desk!r} stands twice")
        out[desk] = named  # type: ignore[assignment]
    return out


def _new_password(login: str, password_fd: int | None) -> str:
    """The hash of a password from a file descriptor or, typed twice, from the terminal."""
    if password_fd is not None:
        try:
            with os.fdopen(password_fd, encoding="utf-8") as given:
                password = given.readline().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"--password-fd: descriptor {password_fd} cannot be read") from error
    else:
        if not sys.stdin.isatty():
            raise CommandError("there is no terminal to ask for the password; give it with --password-fd N")
        password = getpass.getpass("Password: ")
        if getpass.getpass("Once more: ") != password:
            raise CommandError("the two passwords differ")
    try:
        passwords.check_strength(password, login)
    except WeakPassword as error:
        raise CommandError(str(error)) from error
    return passwords.hash_password(password)
