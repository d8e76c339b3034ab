"""Why nothing was exported, as codes to say a sentence by."""

from __future__ import annotations


class NotExported(Exception):
    """Nothing was written. `code` says why: "noPdf", or a code of `imi_tui.outside.errors`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
