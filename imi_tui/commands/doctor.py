"""``imi-tui doctor``: what works on this machine and what does not. Prints no case data and no secret."""

from __future__ import annotations

import contextlib
import datetime as dt
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from imi_core.text import display
from imi_tui import __version__, commands, i18n
from imi_tui.commands import common, machine
from imi_tui.commands.common import out, out_json
from imi_tui.commands.finding import Finding, Result, failed, plain
from imi_tui.commands.syncing import MAX_SKEW
from imi_tui.commands.tables import table
from imi_tui.i18n import N_, _

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from imi_tui.cache.store import Store
    from imi_tui.config.settings import Settings
    from imi_tui.profile import Profile
    from imi_tui.sync.http import Http


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--json", action="store_true", help=_("print JSON"))
    parser.add_argument("--offline", action="store_true", help=_("do not ask the server"))


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    profile, settings = common.profile_and_settings()
    findings = [*_program(profile, settings), *machine.looks(settings)]
    findings.append(machine.keyring(profile, settings, str(getattr(options, "vault", "") or "")))
    with _opened(options, profile, settings, findings) as store:
        if not options.offline:
            findings += _server(str(getattr(options, "server", "") or settings.server), settings, store)
    if options.json:
        worst = "problem" if any(each.result == "problem" for each in findings) else "ok"
        out_json({"result": worst, "checks": [each.data() for each in findings]})
    else:
        for line in table([each.row() for each in findings]):
            out(line)
        for each in findings:
            if advice := each.advice():
                common.say(f"{_(each.name)}: {advice}")
    return commands.FAILED if any(each.result == "problem" for each in findings) else commands.OK


def _program(profile: Profile, settings: Settings) -> Iterator[Finding]:
    yield plain(N_("version"), "ok", f"imi-tui {__version__}, Python {sys.version.split()[0]}, {sys.platform}")
    yield machine.files(profile)
    count = len(settings.problems)
    told = {"count": count, "file": profile.config_file.name}
    todo = N_("See what is wrong with: imi-tui config check") if count else ""
    yield Finding(
        N_("settings"), "warning" if count else "ok", N_("problems in {file}: {count}"), values=told, todo=todo
    )
    found = next((str(each) for each in i18n.locale_dirs() if (each / i18n.language()).is_dir()), "")
    missing = not found and i18n.language() != "en"
    message = N_("{language}, catalogues: {found}") if found else N_("{language}, no catalogues")
    told = {"language": i18n.language(), "found": found}
    todo = N_("Install the program with its catalogues, or choose another language: imi-tui config set language en")
    result: Result = "warning" if missing else "ok"
    yield Finding(N_("language"), result, message, values=told, todo=todo if missing else "")


@contextmanager
def _opened(
    options: argparse.Namespace, profile: Profile, settings: Settings, findings: list[Finding]
) -> Iterator[Store | None]:
    """Vault, cipher, cache, outbox. A profile that does not exist yet is not made by looking at it."""
    from imi_tui.cache.errors import CacheError, VaultError
    from imi_tui.cache.storage.db import require_cipher
    from imi_tui.cache.store import Store

    store = None
    try:
        require_cipher()
    except CacheError as error:
        findings.append(failed(N_("cipher"), error))
        yield None
        return
    findings.append(plain("cipher", "ok", "ChaCha20-Poly1305"))
    try:
        if profile.work_db.exists():
            key, described = common.unlock(options, profile, settings)
            findings.append(plain(N_("vault"), "ok", described))
            store = Store.open(profile, key)
            findings += _cache(store)
        else:
            todo = N_("Sign in and synchronise: imi-tui signin --server URL")
            findings.append(Finding(N_("cache"), "warning", N_("there is no data on this machine yet"), todo=todo))
    except (VaultError, CacheError) as error:
        name = "vault" if isinstance(error, VaultError) else "cache"
        findings.append(failed(name, error))
    try:
        yield store
    finally:
        if store is not None:
            store.close()


def _cache(store: Store) -> Iterator[Finding]:
    counts, status = store.counts(), store.status()
    yield Finding(
        "cache",
        "ok",
        N_("cases: {cases}, authorities: {authorities}, to index: {left}"),
        values={"cases": counts.get("all", 0), "authorities": store.authority_count(), "left": store.indexing()},
    )
    told = {"queued": status.queued, "refused": status.rejected}
    message = N_("waiting: {queued}, refused: {refused}")
    todo = N_("Look at what was refused: imi-tui outbox") if status.rejected else ""
    yield Finding(N_("outbox"), "warning" if status.rejected else "ok", message, values=told, todo=todo)
    message = N_("last worked {when}") if status.last_ok else N_("never worked")
    worked = {"when": status.last_ok}
    yield Finding(N_("sync"), "warning" if status.problem else "ok", message, status.problem, worked)
    sent, received = store.activity.traffic(dt.datetime.now().astimezone().date())
    bytes_ = {"sent": sent, "received": received}
    yield Finding(N_("line"), "ok", N_("about {sent} bytes sent and {received} received today"), values=bytes_)


def _server(server: str, settings: Settings, store: Store | None) -> Iterator[Finding]:
    if not server:
        yield Finding(N_("server"), "warning", N_("none is set"), "noServer")
        return
    from imi_tui.signin.oauth import METADATA_PATH, discover
    from imi_tui.sync.errors import SyncError
    from imi_tui.sync.http import Http

    yield machine.proxy(server)
    shown = display(server)[:200]
    try:
        http = Http(server)
    except SyncError as error:
        yield plain("server", "problem", shown, error.code)
        return
    try:
        skew = http.get(METADATA_PATH).skew
        discover(http)
        yield plain("server", "ok", shown)
        if skew is not None:
            far = abs(skew) > MAX_SKEW
            told = {"seconds": f"{skew:+.0f}"}
            message = N_("{seconds} s from the server")
            yield Finding(N_("clock"), "warning" if far else "ok", message, "clockSkew" if far else "", told)
        yield _events(http, settings, store)
    except SyncError as error:
        yield plain("server", "problem", f"{shown}: {error.detail}", error.code)
    finally:
        http.close()


HEARD = 6.0
"""Seconds in which the first event has to arrive: the server sends it at once."""


def _events(http: Http, settings: Settings, store: Store | None) -> Finding:
    """Whether events come through, or something between keeps them back. Renews no sign-in."""
    from imi_tui.signin.tokens import kept
    from imi_tui.sync.errors import SyncError
    from imi_tui.sync.events import ADDRESS, MAX_EVENT, events
    from imi_tui.sync.heads import TokenRefused

    name = N_("events")
    if settings.events == "off":
        return Finding(name, "ok", N_("switched off in the settings"))
    tokens = kept(store.sync) if store is not None else None
    token = common.given_token or (tokens.access if tokens is not None and tokens.server == http.server else "")
    if not token:
        return Finding(name, "ok", N_("not tried: nobody is signed in"))
    held = N_("kept back on this line, as some proxies do; the program asks every {minutes} minutes instead")
    todo = N_("Nothing has to be done; whoever runs the proxy can let text/event-stream through without collecting it.")
    told = {"minutes": settings.poll_minutes}
    try:
        with contextlib.closing(events(http.events(ADDRESS, token, HEARD, MAX_EVENT))) as heard:
            if next(heard, None) is not None:
                return Finding(name, "ok", N_("come through"))
    except TokenRefused:
        return Finding(name, "ok", N_("not tried: the sign-in has to be renewed first"))
    except SyncError as error:
        return Finding(name, "warning", held, values=told | {"code": error.code}, todo=todo)
    return Finding(name, "warning", held, values=told, todo=todo)
