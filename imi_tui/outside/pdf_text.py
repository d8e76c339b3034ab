"""The text of a PDF on standard input, for `imi_tui.outside.preview`, in a process that can do little harm.

Whatever a hostile file makes of it, the process has bounded memory and time and writes no file.
Output: "." or, where something was left out, "+"; then the text. Any other end means that there is none.
"""

from __future__ import annotations

import sys

MEMORY = 768 * 1024 * 1024
CPU_SECONDS = 10
PAGES = 50
CHARACTERS = 200_000


def main() -> int:
    """Read, extract, print; the exit code."""
    import io
    import logging

    import pypdf

    data = sys.stdin.buffer.read()
    _restrict()
    logging.disable(logging.CRITICAL)
    try:
        reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
        parts, size, more = [], 0, len(reader.pages) > PAGES
        for page in reader.pages[:PAGES]:
            parts.append(page.extract_text())
            size += len(parts[-1])
            if size > CHARACTERS:
                more = True
                break
    except Exception:  # noqa: BLE001
        # A parser of hostile files fails in every way there is; this process exists for that.
        return 1
    out = "\n\n".join(parts)[:CHARACTERS]
    sys.stdout.buffer.write((b"+" if more else b".") + out.encode("utf-8", errors="replace"))
    return 0


def _restrict() -> None:
    """Take away memory, time and files, where the system can."""
    try:
        import resource
    except ImportError:
        return
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _soft, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


if __name__ == "__main__":
    sys.exit(main())
