"""What commands share: opening the profile, asking for the passphrase, printing safely, errors as exit codes."""

from __future__ import annotations

import os
import sys

from imi_core.lean import TYPE_CHECKING, NamedTuple, contextmanager
from imi_core.text import clean, display
from imi_tui import commands, i18n
from imi_tui.i18n import _

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping
    from typing import Any

    from imi_core.case import Case
    from imi_core.procedure import Rules
    from imi_tui.cache.model import CaseDetail
    from imi_tui.cache.store import Store
    from imi_tui.config.settings import Settings
    from imi_tui.profile import Profile
    from imi_tui.sync.http import Http
    from imi_tui.sync.ports import Secrets, TokenSource

given_token = ""
"""The token from IMI_TUI_TOKEN or ``--token-fd``; the variable is taken out of the environment at start."""


class CommandError(Exception):
    """A command cannot go on; `text` is shown, `exit_code` returned."""

    def __init__(self, text: str, exit_code: int) -> None:
        super().__init__(text)
        self.text, self.exit_code = text, exit_code


def out(text: str) -> None:
    """One line of data. Whoever calls passes text from outside through `display` first. Raises as `written` does."""
    with written():
        sys.stdout.write(text + "\n")


@contextmanager
def written() -> Iterator[None]:
    """Around what writes data. Raises `CommandError` where it cannot be written, as on a full disk."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        write_no_more()
        why = display(error.strerror or str(error))
        text = _("The file {file} cannot be written: {why}").format(file="stdout", why=why)
        raise CommandError(text, commands.LOCAL) from error


def write_no_more() -> None:
    """What is still to be written goes nowhere: the interpreter must not complain when it ends."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)


def say(text: str) -> None:
    """One line of narration."""
    sys.stderr.write(display(text, "multi") + "\n")


def agreed(question: str) -> bool:
    """Ask at the terminal; whether the answer was yes. The end of the input is a no."""
    # Translators: the answer that agrees; its first letter is enough.
    yes = _("yes")
    sys.stderr.write(display(f"{question} [{yes}/{_('no')}] "))
    sys.stderr.flush()
    answer = sys.stdin.readline(100).strip().casefold()
    return answer != "" and yes.casefold().startswith(answer)


def out_json(data: Any) -> None:
    """Data as JSON, the same in every language."""
    import json

    out(json.dumps(clean(data), ensure_ascii=False, indent=2))


def languages() -> tuple[str, ...]:
    """In which languages labels are looked for, best first."""
    mine = i18n.language()
    return ("en",) if mine in ("en", i18n.PSEUDO) else (mine, "en")


class Client(NamedTuple):
    """An opened profile. `vault` describes how the key is kept, `vault_kind` is the one asked for ("" for none)."""

    profile: Profile
    settings: Settings
    key: bytes
    store: Store
    vault: str
    vault_kind: str
    options: argparse.Namespace

    @property
    def server(self) -> str:
        """The server to talk to: ``--server``, else that of the settings. Raises `CommandError`."""
        found = str(getattr(self.options, "server", "") or self.settings.server)
        if not found:
            from imi_tui import problems

            raise CommandError(problems.sentence("noServer"), commands.NOT_SIGNED_IN)
        return found


def profile_and_settings() -> tuple[Profile, Settings]:
    """Where this officer's files are, and the settings in them; slips in the settings are told."""
    from imi_tui.config import settings
    from imi_tui.profile import Profile

    profile = Profile.locate()
    found = settings.read(profile.file("config.toml"))
    for problem in found.problems:
        say(problem)
    return profile, found


@contextmanager
def opened(options: argparse.Namespace) -> Iterator[Client]:
    """The profile, unlocked. Raises `VaultError`, `CacheError`."""
    from imi_tui.cache.store import Store

    profile, settings = profile_and_settings()
    key, described = unlock(options, profile, settings)
    store = Store.open(profile, key)
    kind = str(getattr(options, "vault", "") or settings.vault).partition(":")[0]
    try:
        yield Client(profile, settings, key, store, described, kind, options)
    finally:
        store.close()


def unlock(options: argparse.Namespace, profile: Profile, settings: Settings) -> tuple[bytes, str]:
    """The key of the profile and how it is kept: as chosen, else the keyring, else a passphrase."""
    from imi_tui.cache.errors import VaultUnavailable
    from imi_tui.cache.storage.vault import open_vault

    kind, _colon, path = str(getattr(options, "vault", "") or settings.vault).partition(":")
    ask = _Passphrase(getattr(options, "passphrase_fd", None))
    if kind:
        vault = open_vault(kind, profile, ask, os.path.expanduser(path) if path else None)  # type: ignore[arg-type]
        return vault.key(), vault.describe()
    if not os.path.exists(profile.file("vault.json")):
        try:
            vault = open_vault("keyring", profile, ask)
            return vault.key(), vault.describe()
        except VaultUnavailable:
            say(_("There is no usable keyring on this machine, so a passphrase protects your data."))
    vault = open_vault("passphrase", profile, ask)
    return vault.key(), vault.describe()


class _Passphrase:
    """Answers the vault's questions: from a file descriptor, else at the terminal."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        self._read: str | None = None

    def __call__(self, question: str) -> str:
        if self._descriptor is not None:
            if self._read is None:
                self._read = read_line(self._descriptor)
            return self._read
        import getpass

        if not sys.stdin.isatty():
            raise EOFError
        asked = {"new": _("New passphrase: "), "again": _("The same passphrase again: ")}
        return getpass.getpass(asked.get(question, _("Passphrase: ")))


def read_line(descriptor: int) -> str:
    """The first line behind a file descriptor, at most 64 KiB. Raises `CommandError` where it cannot be read."""
    try:
        with os.fdopen(descriptor, "rb") as file:
            return file.readline(65536).decode("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        text = _("The file descriptor {number} cannot be read.").format(number=descriptor)
        raise CommandError(text, commands.USAGE) from error


def tokens(secrets: Secrets, http: Http) -> TokenSource:
    """The token given from outside, else those of the sign-in."""
    import datetime as dt

    from imi_tui.signin.tokens import GivenToken, StoredTokens

    if given_token:
        return GivenToken(given_token)
    return StoredTokens(secrets, http, lambda: dt.datetime.now(dt.UTC))


MOST_NUMBERED = 50
"""Cases looked at for the number of one."""


def find_case(store: Store, reference: str, desk: str = "") -> tuple[str, str]:
    """(desk, id) of the case with this reference or id. Raises `CommandError` where there is none, or several."""
    found = store.find(reference)
    if not found:
        found = [(seat.desk, reference) for seat in store.seats() if store.case(seat.desk, reference) is not None]
    if not found and reference.isdecimal():
        found = _numbered(store, reference)
    if desk:
        found = [pair for pair in found if pair[0] == desk]
    if not found:
        text = _("There is no case {reference} on this machine; synchronise first.").format(
            reference=display(reference)
        )
        raise CommandError(text, commands.NOT_FOUND)
    if len(found) > 1:
        text = _("Several of your desks have the case {reference}; add --desk with one of: {desks}").format(
            reference=display(reference), desks=", ".join(pair[0] for pair in found)
        )
        raise CommandError(text, commands.USAGE)
    return found[0]


def at_most(limit: int, most: int) -> int:
    """The `--limit` that was given. Raises `CommandError` where it is not from 1 to `most`."""
    if not 1 <= limit <= most:
        text = _("{name} has to be from {low} to {high}.").format(name="--limit", low=1, high=most)
        raise CommandError(text, commands.USAGE)
    return limit


def _numbered(store: Store, number: str) -> list[tuple[str, str]]:
    """(desk, id) of the case whose reference ends in this number, as one says it: "case 160".

    Raises `CommandError` where that may be several cases.
    """
    ending = f"-{int(number):06}"
    rows = [row for row in store.search(ending[1:], MOST_NUMBERED) if row.reference.endswith(ending)]
    references = sorted({row.reference for row in rows})
    if len(references) > 1:
        text = _("Which one is meant: {references}?").format(references=", ".join(references))
        raise CommandError(text, commands.USAGE)
    return [(row.desk, row.id) for row in rows]


def translations_are_new(store: Store, detail: CaseDetail) -> bool:
    """Whether a case has translations that are not here; from now on the next synchronisation brings them."""
    store.translations.look(detail.desk, detail.id, int(detail.case.get("translations", 0)))
    return store.translations.are_wanted(detail.desk, detail.id)


def rules_of(store: Store, case: Mapping[str, Any]) -> tuple[Rules, Case]:
    """The rules of a case and the case as they know it. Raises `UnknownProcedure`."""
    from imi_tui.cache.wire import to_case

    typed = to_case(case)
    return store.rules(typed.procedure, typed.procedure_version), typed


def state_label(rules: Rules, state: str) -> str:
    """A state's name in the officer's language; one nobody knows is shown raw."""
    known = rules.lifecycle.states.get(state)
    if known is None:
        return display(state)
    return display(rules.label(f"{rules.lifecycle.id}.state.{state}", known.label, languages()))


def action_label(rules: Rules, action: str) -> str:
    """An action's name in the officer's language; one nobody knows is shown raw."""
    known = rules.lifecycle.actions.get(action)
    if known is None:
        return display(action)
    return display(rules.label(f"{rules.lifecycle.id}.action.{action}", known.label, languages()))


def exit_code(code: str, *, local: bool) -> int:
    """The exit code for an error code; `local` errors (cache, vault) without one of their own are `LOCAL`."""
    return commands.BY_CODE.get(code, commands.LOCAL if local else commands.FAILED)
