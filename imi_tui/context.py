"""What the full-screen client is given: the cache and a few callables. It never builds them itself."""

from __future__ import annotations

import datetime as dt

from imi_core.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from imi_tui.cache.store import Store
    from imi_tui.profile import Profile


def _nothing() -> None:
    return None


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _keep_nothing(_name: str, _value: str | bool) -> None:
    return None


class Context:
    """Everything a screen may use besides the cache's values.

    `store` belongs to the thread of the user interface. `start` is called once after the first paint (it starts the
    sync thread), `sync_now` wakes that thread, `stop` ends it. `sign_in` and `sign_out` are None where the client
    was started without them. `keymap` holds keys by action id; `setting` writes one value to the configuration.
    `meter` begins and ends sparing the line; both raise `NotWritten`. `notices` are sentences shown once at the start.
    `vault` is how the key is kept, as the settings name it. `screen_reader` says that the screen is read
    aloud, `reads_aloud` whether the next one will be.
    `server` is the address that exported files bear, "" where none is set; `use_server` then takes one, and says ""
    or the code of what is wrong with it.
    `spoken` hears that the officer chose another language.
    `unlock` tries a passphrase ("" or an error code); None where the data has none of its own. `lock_minutes`,
    `notify`, `notify_by`, `quiet_hours`, `reads` and `writes` are those of the settings.
    `after` is what the officer wants once the screen is closed ("tour": the demo with its tour).
    `extra` carries callables of single screens (such as the steps of signing in).
    """

    def __init__(
        self,
        store: Store,
        profile: Profile,
        *,
        vault: str = "",
        demo: bool = False,
        sync_now: Callable[[], None] = _nothing,
        meter: Callable[[bool], None] | None = None,
        spoken: Callable[[], None] = _nothing,
        start: Callable[[], None] = _nothing,
        stop: Callable[[], None] = _nothing,
        sign_in: Callable[..., Any] | None = None,
        sign_out: Callable[[], None] | None = None,
        use_server: Callable[[str], str] | None = None,
        language: str = "en",
        today: Callable[[], dt.date] = dt.date.today,
        now: Callable[[], dt.datetime] = _now,
        keyboard: str = "auto",
        theme: str = "terminal",
        keymap: Mapping[str, tuple[str, ...]] | None = None,
        mouse: bool = True,
        screen_reader: bool = False,
        open_personal: bool = False,
        server: str = "",
        unlock: Callable[[str], str] | None = None,
        lock_minutes: int = 0,
        notify: str = "off",
        notify_by: str = "both",
        quiet_hours: str = "",
        reads: str = "",
        writes: str = "",
        setting: Callable[[str, str | bool], None] = _keep_nothing,
        clipboard: bool = True,
        notices: tuple[str, ...] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        # Written out: what makes such classes brings the inspection of source code along, a tenth of the start.
        self.store, self.profile, self.vault, self.demo = store, profile, vault, demo
        self.sync_now, self.meter, self.start, self.stop = sync_now, meter, start, stop
        self.spoken = spoken
        self.sign_in, self.sign_out, self.use_server = sign_in, sign_out, use_server
        self.language, self.today, self.now = language, today, now
        self.keyboard, self.theme = keyboard, theme
        self.keymap: Mapping[str, tuple[str, ...]] = {} if keymap is None else keymap
        self.server, self.unlock, self.lock_minutes = server, unlock, lock_minutes
        self.notify, self.notify_by, self.quiet_hours = notify, notify_by, quiet_hours
        self.mouse, self.screen_reader = mouse, screen_reader
        self.reads_aloud = screen_reader
        self.open_personal, self.setting, self.notices = open_personal, setting, notices
        self.clipboard = clipboard
        self._reads, self._writes = reads, writes
        self.after = ""
        self.extra: Mapping[str, Any] = {} if extra is None else extra

    @property
    def reads(self) -> tuple[str, ...]:
        """The languages the officer reads, best first: those of the settings, else that of the program."""
        from imi_tui.viewmodel.translating import chosen

        return chosen(self._reads, self.language)

    @property
    def writes(self) -> str:
        """The language the officer writes in: that of the settings, else that of the program."""
        from imi_tui.viewmodel.translating import chosen

        return chosen(self._writes, self.language)[0]

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages in which to look for labels, best first."""
        return (self.language,) if self.language == "en" else (self.language, "en")
