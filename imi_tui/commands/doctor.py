"""``imi-tui doctor``: what works on this machine and what does not. Prints no case data and no secret."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from imi_tui import __version__, commands, i18n, problems
from imi_tui.commands import common
from imi_tui.commands.common import out, out_json
from imi_tui.commands.syncing import MAX_SKEW
from imi_tui.commands.tables import table
from imi_tui.i18n import N_, _

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from imi_tui.profile import Profile
    from imi_tui.settings import Settings

Result = Literal["ok", "warning", "problem"]
_WORDS: dict[Result, str] = {"ok": N_("ok"), "warning": N_("warning"), "problem": N_("problem")}


@dataclass(frozen=True, slots=True)
class Finding:
    """One check. `name` and `code` are stable; `value` is what was found, in English; `code` is "" when it is fine."""

    name: str
    result: Result
    value: str
    code: str = ""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--json", action="store_true", help=_("print JSON"))
    parser.add_argument("--offline", action="store_true", help=_("do not ask the server"))


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    profile, settings = common.profile_and_settings()
    findings = [*_program(profile, settings), *_data(options, profile, settings)]
    if not options.offline:
        findings += _server(str(getattr(options, "server", "") or settings.server))
    if options.json:
        worst = "problem" if any(each.result == "problem" for each in findings) else "ok"
        out_json({"result": worst, "checks": [asdict(each) for each in findings]})
    else:
        for line in table([(_(_WORDS[each.result]), each.name, each.value) for each in findings]):
            out(line)
        for each in findings:
            if each.code:
                common.say(f"{each.name}: {problems.sentence(each.code)}")
    return commands.FAILED if any(each.result == "problem" for each in findings) else commands.OK


def _program(profile: Profile, settings: Settings) -> Iterator[Finding]:
    yield Finding("version", "ok", f"imi-tui {__version__}, Python {sys.version.split()[0]}, {sys.platform}")
    yield Finding("files", "ok", str(profile.home))
    count = len(settings.problems)
    yield Finding("settings", "warning" if count else "ok", f"{count} problems in {profile.config_file.name}")
    found = next((str(each) for each in i18n.locale_dirs() if (each / i18n.language()).is_dir()), "")
    missing = not found and i18n.language() != "en"
    yield Finding("language", "warning" if missing else "ok", f"{i18n.language()}, catalogues: {found or 'none'}")
    size = os.get_terminal_size() if sys.stdout.isatty() else None
    shown = f"{size.columns}x{size.lines}" if size else "no terminal"
    encoding = (sys.stdout.encoding or "").lower()
    narrow = size is not None and (size.columns < 80 or size.lines < 24)
    sound = encoding.replace("-", "") == "utf8" and not narrow
    value = f"{shown}, TERM={os.environ.get('TERM', '')}, COLORTERM={os.environ.get('COLORTERM', '')}, {encoding}"
    yield Finding("terminal", "ok" if sound else "warning", value)


def _data(options: argparse.Namespace, profile: Profile, settings: Settings) -> Iterator[Finding]:
    """Vault, cipher, cache, outbox. A profile that does not exist yet is not made by looking at it."""
    from imi_tui.cache.db import require_cipher
    from imi_tui.cache.errors import CacheError, VaultError
    from imi_tui.cache.store import Store

    try:
        require_cipher()
    except CacheError as error:
        yield Finding("cipher", "problem", error.message, error.code)
        return
    yield Finding("cipher", "ok", "ChaCha20-Poly1305")
    if not profile.work_db.exists():
        yield Finding("cache", "warning", "there is no data on this machine yet")
        return
    try:
        key, described = common.unlock(options, profile, settings)
        yield Finding("vault", "ok", described)
        store = Store.open(profile, key)
    except (VaultError, CacheError) as error:
        name = "vault" if isinstance(error, VaultError) else "cache"
        yield Finding(name, "problem", error.message, error.code)
        return
    try:
        yield from _cache(store)
    except CacheError as error:
        yield Finding("cache", "problem", error.message, error.code)
    finally:
        store.close()


def _cache(store: Any) -> Iterator[Finding]:
    counts, status = store.counts(), store.status()
    yield Finding(
        "cache",
        "ok",
        f"{counts.get('all', 0)} cases, {store.authority_count()} authorities, {store.indexing()} to index",
    )
    yield Finding(
        "outbox", "warning" if status.rejected else "ok", f"{status.queued} waiting, {status.rejected} refused"
    )
    value = f"last worked {status.last_ok or 'never'}"
    yield Finding("sync", "warning" if status.problem else "ok", value, status.problem)


def _server(server: str) -> Iterator[Finding]:
    if not server:
        yield Finding("server", "warning", "none is set", "noServer")
        return
    from imi_core.text import display
    from imi_tui.signin.oauth import METADATA_PATH, discover
    from imi_tui.sync.errors import SyncError
    from imi_tui.sync.http import Http

    shown = display(server)[:200]
    try:
        http = Http(server)
    except SyncError as error:
        yield Finding("server", "problem", shown, error.code)
        return
    try:
        skew = http.get(METADATA_PATH).skew
        discover(http)
    except SyncError as error:
        yield Finding("server", "problem", f"{shown}: {error.detail}", error.code)
        return
    finally:
        http.close()
    yield Finding("server", "ok", shown)
    if skew is not None:
        far = abs(skew) > MAX_SKEW
        yield Finding("clock", "warning" if far else "ok", f"{skew:+.0f} s from the server", "clockSkew" if far else "")
