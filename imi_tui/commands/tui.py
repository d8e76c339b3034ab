"""``imi-tui`` without a command: builds what the full screen is given, then opens it."""

from __future__ import annotations

import os
import sys

from imi_core.lean import TYPE_CHECKING, cast
from imi_tui import commands, i18n
from imi_tui.commands import common
from imi_tui.commands.common import CommandError, languages, opened, tokens
from imi_tui.config import settings
from imi_tui.i18n import _

if TYPE_CHECKING:
    import argparse
    import threading
    from collections.abc import Callable

    from imi_tui.commands.common import Client
    from imi_tui.config.keyboard import Layout
    from imi_tui.context import Context
    from imi_tui.early.first_paint import Early
    from imi_tui.ending import Ending
    from imi_tui.sync.worker import SyncWorker
    from imi_tui.viewmodel.signing_in import Tell, Way


ENOUGH = 0.2
"""Seconds that the sync thread gets to end once its line is cut: an officer who leaves waits for the shell."""
TOUR = "tour"
"""Under which name the profile keeps how far the tour is (`imi_tui.viewmodel.tour`)."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing but the common ones."""


def run(options: argparse.Namespace) -> int:
    """Open the full screen."""
    return show(options, demo=False)


def show(options: argparse.Namespace, *, demo: bool, tour: bool = False) -> int:
    """Open the full screen on the profile; `tour`: with the tour from its beginning.

    Raises `AlreadyRunning`, errors of vault and cache.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        text = _("The full screen needs a terminal; see imi-tui --help for commands.")
        raise CommandError(text, commands.USAGE)
    from imi_tui.cache.storage.lock import lock_profile
    from imi_tui.early import first_paint
    from imi_tui.outside.copies import forget_copies

    # The thread that writes to the terminal and the one that synchronises share the interpreter with the screen.
    sys.setswitchinterval(0.0005)
    # Textual waits up to a frame before it paints; at its own 60 a second that is most of what a page down takes.
    os.environ.setdefault("TEXTUAL_FPS", "250")
    if (sys.stdout.encoding or "").lower() not in ("utf-8", "utf8"):
        from imi_tui.terminal.charset import keep_cells

        for stream in (sys.stdout, sys.stderr):
            keep_cells(stream)
    with opened(options) as client, lock_profile(client.profile):

        def clear() -> None:
            forget_copies(client.profile.file("run"))

        # What a killed client left.
        clear()
        if tour:
            client.store.keep(TOUR, "")
        client.store.shrink_page_cache(little=True)
        context = context_of(client, demo=demo)
        try:
            with first_paint.shown(context) as picture:
                code = _run_screen(context, picture, clear)
        finally:
            clear()
    return _demo_with_tour() if context.after == "tour" else code


def _demo_with_tour() -> int:
    """Go on as ``imi-tui demo --tour``: a program of its own, in which nothing of this officer is."""
    command = [sys.executable, "-m", "imi_tui.cli", "demo", "--tour", "--lang", i18n.language()]
    if os.name == "posix":
        os.execv(sys.executable, command)  # noqa: S606
    import subprocess

    return subprocess.run(command, check=False).returncode  # noqa: S603


TRACES = ("TEXTUAL", "TEXTUAL_LOG", "TEXTUAL_DEVTOOLS_HOST", "TEXTUAL_DEVTOOLS_PORT", "TEXTUAL_PRESS")
"""With these the framework writes what happens, keys included, into a file or to another program."""


def _run_screen(context: Context, picture: Early, clear: Callable[[], None]) -> int:
    from imi_tui.ending import heard

    with heard(clear, picture.mode) as ending:
        return _run_app(context, picture, ending)


def _run_app(context: Context, picture: Early, ending: Ending) -> int:
    for name in TRACES:
        os.environ.pop(name, None)
    from imi_tui import process

    process.report_silently(context.profile.home / "incidents", f"Python {sys.version.split()[0]}")
    from imi_tui.app import run

    return run(context, picture, ending)


def context_of(client: Client, *, demo: bool) -> Context:
    """What the screens are given."""
    from imi_tui.context import Context

    wiring = Wiring(client)
    config = client.profile.file("config.toml")
    keymap: dict[str, tuple[str, ...]] = {}
    notices: list[str] = []
    if client.settings.keys:
        from imi_tui.config.keymap import read_keymap

        keymap, slips = read_keymap(client.settings.keys, cast("Layout", client.settings.keyboard))
        if wrong := [slip for slip in slips if not slip.used]:
            text = settings.look(config).text
            notices = [
                settings.Slip(slip.id, settings.line_of(text, slip.id, "keys"), slip.text).sentence(
                    os.path.basename(config)
                )
                for slip in wrong
            ]
    return Context(
        store=client.store,
        profile=client.profile,
        vault=client.vault_kind,
        demo=demo,
        sync_now=wiring.sync_now,
        meter=wiring.meter,
        spoken=wiring.spoken,
        start=wiring.start,
        stop=wiring.stop,
        sign_in=None if common.given_token else wiring.sign_in,
        sign_out=None if common.given_token else wiring.sign_out,
        use_server=wiring.use_server,
        language=i18n.language(),
        keyboard=client.settings.keyboard,
        theme=client.settings.theme or ("none" if os.environ.get("NO_COLOR") else "terminal"),
        keymap=keymap,
        mouse=client.settings.mouse,
        screen_reader=client.settings.screen_reader,
        open_personal=client.settings.open_personal,
        clipboard=client.settings.clipboard,
        server=str(getattr(client.options, "server", "") or client.settings.server),
        unlock=unlocking(client),
        lock_minutes=client.settings.lock_minutes,
        notify=client.settings.notify,
        notify_by=client.settings.notify_by,
        quiet_hours=client.settings.quiet_hours,
        reads=client.settings.reads,
        writes=client.settings.writes,
        setting=lambda name, value: settings.write(client.profile.config_file, name, value),
        notices=(*client.settings.problems, *notices),
    )


def unlocking(client: Client) -> Callable[[str], str] | None:
    """How a passphrase is tried at the lock of the screen; None where the data has none of its own."""
    if client.vault_kind not in ("", "passphrase") or not (client.profile.home / "vault.json").exists():
        return None

    def attempt(given: str) -> str:
        import hmac

        from imi_tui.cache.errors import CacheError, VaultError
        from imi_tui.cache.storage.vault import PassphraseVault

        try:
            found = PassphraseVault(client.profile, lambda _question: given).key()
        except (CacheError, VaultError) as error:
            return error.code
        return "" if hmac.compare_digest(found, client.key) else "wrongPassphrase"

    return attempt


class Wiring:
    """The sync thread and the sign-in threads behind the callables of the context."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._worker: SyncWorker | None = None
        self._metered = client.settings.metered

    def start(self) -> None:
        """Begin synchronising; without a server there is nothing to begin."""
        from imi_tui import process
        from imi_tui.sync.worker import SyncWorker

        process.close_to_others()
        try:
            server = self._client.server
        except CommandError:
            self._client.store.sync.set_problem("noServer")
            return
        poll = self._client.settings.poll_minutes * 60.0
        self._worker = SyncWorker(
            self._client.profile,
            self._client.key,
            server,
            tokens,
            languages=languages(),
            poll=poll,
            file_budget=self._client.settings.files_mib * 1024 * 1024,
            metered=self._metered,
            events=self._client.settings.events != "off",
        )
        self._worker.start()

    def sync_now(self) -> None:
        """Wake the sync thread, or begin it where it could not begin before."""
        if self._worker is not None and self._worker.alive:
            self._worker.poke()
        else:
            self.start()

    def meter(self, metered: bool) -> None:
        """Begin or end sparing the line; kept in the settings. Raises `NotWritten`: then it holds until the end."""
        self._metered = metered
        if self._worker is not None:
            self._worker.metered = metered
        self._client.store.activity.meter(metered)
        self.sync_now()
        settings.write(self._client.profile.config_file, "metered", metered)

    def spoken(self) -> None:
        """Fetch labels in the language that was chosen."""
        if self._worker is not None:
            self._worker.languages = languages()
        self.sync_now()

    def stop(self) -> None:
        """End the sync thread, or leave it behind: whatever it is at is undone or done again at the next start."""
        if self._worker is not None:
            self._worker.stop(ENOUGH)
            self._worker = None

    def use_server(self, address: str) -> str:
        """Talk to this server from now on; "" or the code of what is wrong with the address."""
        from imi_tui.sync.errors import InsecureServer
        from imi_tui.sync.http import checked_address

        try:
            self._client.options.server = checked_address(address)
        except InsecureServer as error:
            return error.code
        return ""

    def sign_out(self) -> None:
        """Forget the tokens at once, tell the server from a thread."""
        import threading

        from imi_tui import signin
        from imi_tui.signin import tokens as kept

        found = kept.kept(self._client.store.sync)
        kept.keep(self._client.store.sync, None)
        self._client.store.sync.set_problem("notSignedIn")
        if found is not None:
            threading.Thread(target=signin.revoke, args=(found,), name="imi-sign-out", daemon=True).start()

    def sign_in(self, way: Way, tell: Tell) -> Callable[[], None]:
        """Begin one way of signing in on a thread (`imi_tui.viewmodel.signing_in.Starter`)."""
        import threading

        cancelled = threading.Event()
        thread = threading.Thread(target=self._sign_in, args=(way, tell, cancelled), name="imi-sign-in", daemon=True)
        thread.start()
        return cancelled.set

    def _sign_in(self, way: Way, tell: Tell, cancelled: threading.Event) -> None:
        from contextlib import suppress

        from imi_tui import signin
        from imi_tui.cache.errors import CacheError
        from imi_tui.cache.store import Store
        from imi_tui.signin.errors import SignInError
        from imi_tui.sync.errors import SyncError
        from imi_tui.viewmodel.signing_in import Step

        # Whatever ends this thread, the screen must not wait for it for ever.
        end = Step("failed", way, problem="internal")
        try:
            server = self._client.server
            # Connections belong to one thread each.
            store = Store.open(self._client.profile, self._client.key)
            try:
                if way == "device":
                    signin.sign_in_with_code(
                        server,
                        store.sync,
                        lambda code: tell(
                            Step("waiting", way, code.address, " ".join([code.code, code.number]).strip())
                        ),
                        cancelled=cancelled,
                    )
                else:
                    signin.sign_in_with_browser(
                        server,
                        store.sync,
                        lambda address: tell(Step("waiting", way, address)),
                        cancelled=cancelled,
                    )
            finally:
                store.close()
        except (SignInError, SyncError, CacheError) as error:
            end = Step("failed", way, problem=error.code)
        except CommandError:
            end = Step("failed", way, problem="noServer")
        else:
            end = Step("done", way)
            if server != self._client.settings.server:
                # Where it cannot be kept, whoever names the server again is signed in.
                with suppress(settings.NotWritten):
                    settings.write(self._client.profile.config_file, "server", server)
        finally:
            tell(end)
