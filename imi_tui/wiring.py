"""From a profile to the full screen: vault, key, cache, sync thread, screens. The only place that knows them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from imi_tui.cache.lock import lock_profile
from imi_tui.cache.store import Store
from imi_tui.cache.vault import VaultKind, open_vault
from imi_tui.context import Context
from imi_tui.i18n import N_, _, install
from imi_tui.settings import Settings, write

if TYPE_CHECKING:
    from pathlib import Path

    from imi_tui.profile import Profile
    from imi_tui.sync.worker import SyncWorker, Tokens

VAULT_NOTES: dict[str, str] = {
    "file": N_("key in a file"),
    "memory": N_("nothing is kept"),
}
"""What the status line says of vaults that keep the key less well than a keyring or a passphrase."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line decided. `tokens` makes the source of access tokens in the sync thread; None: offline.

    `ask` puts the questions of the passphrase vault ("new", "again", "open"). `sign_in` and `sign_out` are passed to
    the screens.
    """

    profile: Profile
    vault: VaultKind
    ask: Callable[[str], str]
    language: str = "en"
    server: str = ""
    key_path: Path | None = None
    demo: bool = False
    settings: Settings = field(default_factory=Settings)
    tokens: Tokens | None = None
    sign_in: Callable[..., Any] | None = None
    sign_out: Callable[[], None] | None = None


def run(options: Options) -> int:
    """Open everything, show the full screen until the officer leaves it, close everything. Returns the exit code.

    Raises `CacheError` and `VaultError` before anything is drawn.
    """
    from imi_tui import app

    install(options.language)
    with lock_profile(options.profile):
        vault = open_vault(options.vault, options.profile, options.ask, options.key_path)
        key = vault.key()
        store = Store.open(options.profile, key)
        try:
            return app.run(context(options, store, key))
        finally:
            store.close()


def context(options: Options, store: Store, key: bytes) -> Context:
    """What the screens get. The sync thread is made here and started by the app after the first paint."""
    from imi_tui import keymap

    keys, strange = keymap.read_keymap(options.settings.keys)
    notices = [*options.settings.problems]
    notices += [_("There is no action {name} to give a key to.").format(name=name) for name in strange]
    link = _Link(options, store, key)
    return Context(
        store,
        options.profile,
        vault_note=_(VAULT_NOTES[options.vault]) if options.vault in VAULT_NOTES else "",
        demo=options.demo,
        sync_now=link.poke,
        start=link.start,
        stop=link.stop,
        sign_in=options.sign_in,
        sign_out=options.sign_out,
        language=options.language,
        keyboard=options.settings.keyboard,
        keymap=keys,
        mouse=options.settings.mouse,
        setting=lambda name, value: write(options.profile.config_file, name, value),
        notices=tuple(notices),
    )


class _Link:
    """The sync thread, where there is a server to talk to."""

    def __init__(self, options: Options, store: Store, key: bytes) -> None:
        self._options, self._store, self._key = options, store, key
        self._worker: SyncWorker | None = None

    def start(self) -> None:
        """Start it; without a server the status line says why nothing moves."""
        options = self._options
        if options.tokens is None:
            return
        if not options.server:
            self._store.sync.set_problem("noServer")
            return
        from imi_tui.sync.worker import SyncWorker

        languages = (options.language,) if options.language == "en" else (options.language, "en")
        self._worker = SyncWorker(
            options.profile,
            self._key,
            options.server,
            options.tokens,
            languages=languages,
            poll=options.settings.poll_minutes * 60.0,
        )
        self._worker.start()

    def poke(self) -> None:
        """Synchronise now."""
        if self._worker is not None:
            self._worker.poke()

    def stop(self) -> None:
        """End it."""
        if self._worker is not None:
            self._worker.stop()
