"""Sets a case file as PDF/A-3 in a process of its own: what hostile words do to it ends with it.

Reads one MessagePack object {document, template, files, at} from standard input, writes the PDF to standard output.
Ends with 0, or with another code and no output.
"""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any

CPU_SECONDS = 120
STANDARDS = ("a-3a", "ua-1")
"""PDF/A-3 with tags (ISO 19005-3, level A) and PDF/UA-1 (ISO 14289-1)."""
MANY = 2000
"""Different characters that are looked up in the fonts; who has more of them gets marks for all that are unusual."""
_PROBE = b"""#set page(width: auto, height: auto)
#set document(title: "probe")
#set text(font: ("Libertinus Serif", "DejaVu Sans Mono"), fallback: false)
#sys.inputs.text"""


def main() -> int:
    """Read, set, write; the exit code."""
    import msgspec

    given = msgspec.msgpack.decode(sys.stdin.buffer.read())
    _restrict()
    sys.stdout.buffer.write(typeset(given))
    return 0


def typeset(given: dict[str, Any]) -> bytes:
    """The PDF. Raises `typst.TypstError`, `RuntimeError` of the library."""
    import msgspec
    import typst

    fonts = typst.Fonts(include_system_fonts=False)
    text = msgspec.json.encode(given["document"]).decode()
    missing = undrawable(set(text), fonts)
    if missing:
        table = {ord(char): f"<U+{ord(char):04X}>" for char in missing}
        text = text.translate(table)
    # Its type stubs do not know the form with several files in memory.
    compile_files: Any = typst.compile
    made = compile_files(
        {"main.typ": given["template"], "document.json": text.encode(), **given["files"]},
        format="pdf",
        font_paths=fonts,
        ignore_system_fonts=True,
        pdf_standards=list(STANDARDS),
        timestamp=dt.datetime.fromisoformat(given["at"]),
    )
    assert isinstance(made, bytes)
    return made


def undrawable(chars: set[str], fonts: Any) -> list[str]:
    """Those of `chars` that the fonts cannot draw; PDF/A allows no character without its shape."""
    # Nothing but ASCII stands in nearly every document's first half; the fonts have all of it.
    unusual = sorted(char for char in chars if char > "~")
    if len(unusual) > MANY:
        usual = [char for char in unusual if char < "\u0500" or "\u1e00" <= char < "\u2070"]
        return sorted({*unusual} - {*usual}) + _missing(usual, fonts)
    return _missing(unusual, fonts)


def _missing(chars: list[str], fonts: Any) -> list[str]:
    if not chars or _draws(chars, fonts):
        return []
    if len(chars) == 1:
        return chars
    half = len(chars) // 2
    return _missing(chars[:half], fonts) + _missing(chars[half:], fonts)


def _draws(chars: list[str], fonts: Any) -> bool:
    import typst

    try:
        typst.compile(
            _PROBE,
            format="pdf",
            font_paths=fonts,
            ignore_system_fonts=True,
            pdf_standards=["a-3u"],
            sys_inputs={"text": " ".join(chars)},
        )
    except typst.TypstError:
        return False
    return True


def _restrict() -> None:
    """Bounded time, no core files, where the system can."""
    try:
        import resource
    except ImportError:
        return
    for kind, most in ((resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        _soft, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


if __name__ == "__main__":
    sys.exit(main())
