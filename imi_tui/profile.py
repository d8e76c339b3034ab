"""Where one officer's files are on this machine."""

from __future__ import annotations

import os

from imi_core.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def expanded(path: str) -> Path:
    """A path as somebody wrote it; "~" is their folder, "~name" that of a user. As for a shell, nobody's stays."""
    from pathlib import Path

    # `Path.expanduser` raises where there is no such user.
    return Path(os.path.expanduser(path))


class Profile:
    """A folder with the encrypted cache, its key's wrapping and the configuration.

    `folder` and `file` are names: what the first picture is read from is opened by name, as `pathlib` takes longer to
    load than that takes.
    """

    __slots__ = ("folder",)

    def __init__(self, home: Path | str) -> None:
        self.folder = os.fspath(home)

    @classmethod
    def locate(cls) -> Profile:
        """The folder in IMI_TUI_HOME, else the platform's place for a user's data."""
        if home := os.environ.get("IMI_TUI_HOME"):
            return cls(os.path.join(os.getcwd(), os.path.expanduser(home)))
        from platformdirs import user_data_path

        return cls(user_data_path("imi-tui", appauthor=False))

    def file(self, name: str) -> str:
        """The name of a file of the profile with its folder."""
        return os.path.join(self.folder, name)

    def make(self) -> None:
        """Make the folder where there is none. Raises OSError."""
        if not os.path.isdir(self.folder):
            self.home.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def home(self) -> Path:
        """The folder."""
        from pathlib import Path

        return Path(self.folder)

    @property
    def work_db(self) -> Path:
        """Drafts and outbox: what cannot be fetched again."""
        return self.home / "work.db"

    @property
    def cache_db(self) -> Path:
        """What the server told us; rebuilt when lost."""
        return self.home / "cache.db"

    @property
    def blobs(self) -> Path:
        """Encrypted attachments."""
        return self.home / "blobs"

    @property
    def config_file(self) -> Path:
        """The officer's settings."""
        return self.home / "config.toml"

    @property
    def key_file(self) -> Path:
        """The key, where the officer chose a key file."""
        return self.home / "key"

    @property
    def lock_file(self) -> Path:
        """Held by the one long-running writer."""
        return self.home / "lock"

    @property
    def runtime(self) -> Path:
        """Short-lived files of the running client."""
        return self.home / "run"
