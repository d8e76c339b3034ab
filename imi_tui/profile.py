"""Where one officer's files are on this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple


class Profile(NamedTuple):
    """A folder with the encrypted cache, its key's wrapping and the configuration."""

    home: Path

    @classmethod
    def locate(cls) -> Profile:
        """The folder in IMI_TUI_HOME, else the platform's place for a user's data."""
        if home := os.environ.get("IMI_TUI_HOME"):
            return cls(Path(home).expanduser().absolute())
        from platformdirs import user_data_path

        return cls(user_data_path("imi-tui", appauthor=False))

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
