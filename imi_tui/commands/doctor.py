"""``imi-tui doctor``: what works on this machine and what does not. Prints no case data and no secret."""

from __future__ import annotations

import datetime as dt
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from imi_core.text import display
from imi_tui import __version__, commands, i18n, problems
from imi_tui.commands import common
from imi_tui.commands.common import out, out_json
from imi_tui.commands.syncing import MAX_SKEW
from imi_tui.commands.tables import table
from imi_tui.i18n import N_, _

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from imi_tui.profile import Profile
    from imi_tui.settings import Settings

Result = Literal["ok", "warning", "problem"]
_WORDS: dict[Result, str] = {"ok": N_("ok"), "warning": N_("warning"), "problem": N_("problem")}


@dataclass(frozen=True, slots=True)
class Finding:
    """One check. `name` and `code` are stable; `message` with `values` is what was found; `code` is "" when it is fine.

    `data` is in English; `row` is in the language of the process.
    """

    name: str
    result: Result
    message: str
    code: str = ""
    values: Mapping[str, object] = field(default_factory=dict)

    def data(self) -> dict[str, str]:
        """For scripts."""
        value = self.message.format(**self.values)
        return {"name": self.name, "result": self.result, "value": value, "code": self.code}

    def row(self) -> tuple[str, str, str]:
        """For people."""
        return _(_WORDS[self.result]), _(self.name), _(self.message).format(**self.values)


def _plain(name: str, result: Result, value: str, code: str = "") -> Finding:
    """A check whose value is the same in every language."""
    return Finding(name, result, "{value}", code, {"value": value})


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
        out_json({"result": worst, "checks": [each.data() for each in findings]})
    else:
        for line in table([each.row() for each in findings]):
            out(line)
        for each in findings:
            if each.code:
                common.say(f"{_(each.name)}: {problems.sentence(each.code)}")
    return commands.FAILED if any(each.result == "problem" for each in findings) else commands.OK


def _program(profile: Profile, settings: Settings) -> Iterator[Finding]:
    yield _plain(N_("version"), "ok", f"imi-tui {__version__}, Python {sys.version.split()[0]}, {sys.platform}")
    yield _plain(N_("files"), "ok", str(profile.home))
    count = len(settings.problems)
    told = {"count": count, "file": profile.config_file.name}
    yield Finding(N_("settings"), "warning" if count else "ok", N_("problems in {file}: {count}"), values=told)
    found = next((str(each) for each in i18n.locale_dirs() if (each / i18n.language()).is_dir()), "")
    missing = not found and i18n.language() != "en"
    message = N_("{language}, catalogues: {found}") if found else N_("{language}, no catalogues")
    told = {"language": i18n.language(), "found": found}
    yield Finding(N_("language"), "warning" if missing else "ok", message, values=told)
    size = os.get_terminal_size() if sys.stdout.isatty() else None
    encoding = (sys.stdout.encoding or "").lower()
    narrow = size is not None and (size.columns < 80 or size.lines < 24)
    sound = encoding.replace("-", "") == "utf8" and not narrow
    about = f"TERM={os.environ.get('TERM', '')}, COLORTERM={os.environ.get('COLORTERM', '')}, {encoding}"
    shown = f"{size.columns}x{size.lines}" if size else ""
    message = "{size}, {about}" if size else N_("no terminal, {about}")
    told = {"size": shown, "about": display(about)}
    yield Finding(N_("terminal"), "ok" if sound else "warning", message, values=told)


def _data(options: argparse.Namespace, profile: Profile, settings: Settings) -> Iterator[Finding]:
    """Vault, cipher, cache, outbox. A profile that does not exist yet is not made by looking at it."""
    from imi_tui.cache.db import require_cipher
    from imi_tui.cache.errors import CacheError, VaultError
    from imi_tui.cache.store import Store

    try:
        require_cipher()
    except CacheError as error:
        yield _plain(N_("cipher"), "problem", error.message, error.code)
        return
    yield _plain("cipher", "ok", "ChaCha20-Poly1305")
    if not profile.work_db.exists():
        yield Finding(N_("cache"), "warning", N_("there is no data on this machine yet"))
        return
    try:
        key, described = common.unlock(options, profile, settings)
        yield _plain("vault", "ok", described)
        store = Store.open(profile, key)
    except (VaultError, CacheError) as error:
        name = N_("vault") if isinstance(error, VaultError) else "cache"
        yield _plain(name, "problem", error.message, error.code)
        return
    try:
        yield from _cache(store)
    except CacheError as error:
        yield _plain("cache", "problem", error.message, error.code)
    finally:
        store.close()


def _cache(store: Any) -> Iterator[Finding]:
    counts, status = store.counts(), store.status()
    yield Finding(
        "cache",
        "ok",
        N_("cases: {cases}, authorities: {authorities}, to index: {left}"),
        values={"cases": counts.get("all", 0), "authorities": store.authority_count(), "left": store.indexing()},
    )
    told = {"queued": status.queued, "refused": status.rejected}
    message = N_("waiting: {queued}, refused: {refused}")
    yield Finding(N_("outbox"), "warning" if status.rejected else "ok", message, values=told)
    message = N_("last worked {when}") if status.last_ok else N_("never worked")
    worked = {"when": status.last_ok}
    yield Finding(N_("sync"), "warning" if status.problem else "ok", message, status.problem, worked)
    sent, received = store.activity.traffic(dt.datetime.now().astimezone().date())
    bytes_ = {"sent": sent, "received": received}
    yield Finding(N_("line"), "ok", N_("about {sent} bytes sent and {received} received today"), values=bytes_)


def _server(server: str) -> Iterator[Finding]:
    if not server:
        yield Finding(N_("server"), "warning", N_("none is set"), "noServer")
        return
    from imi_tui.signin.oauth import METADATA_PATH, discover
    from imi_tui.sync.errors import SyncError
    from imi_tui.sync.http import Http

    shown = display(server)[:200]
    try:
        http = Http(server)
    except SyncError as error:
        yield _plain("server", "problem", shown, error.code)
        return
    try:
        skew = http.get(METADATA_PATH).skew
        discover(http)
    except SyncError as error:
        yield _plain("server", "problem", f"{shown}: {error.detail}", error.code)
        return
    finally:
        http.close()
    yield _plain("server", "ok", shown)
    if skew is not None:
        far = abs(skew) > MAX_SKEW
        told = {"seconds": f"{skew:+.0f}"}
        message = N_("{seconds} s from the server")
        yield Finding(N_("clock"), "warning" if far else "ok", message, "clockSkew" if far else "", told)
