"""Why a file was not handed out, as codes to say a sentence by."""

from __future__ import annotations


class NotHandedOut(Exception):
    """Base: nothing was written, nothing was started. `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
