"""What a process keeps of one database for the next: statements that are compiled already.

Each test has a database of its own, and compiling its statements anew took longer than running them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imi_central.store import Store, dialect

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

_make = dialect.engines
_first: dict[tuple[str, str], Engine] = {}


def opened(url: str, **more: Any) -> Store:
    """As `Store.open`, with the statements of the first store of the kind.

    They share its dialect, too: who changes that of a store opens it with `Store.open`.
    """
    dialect.engines = _engines
    try:
        return Store.open(url, **more)
    finally:
        dialect.engines = _make


def _engines(url: str) -> tuple[Engine, Engine]:
    reader, writer = made = _make(url)
    for role, engine in (("read", reader), ("write", writer)):
        kind = engine.dialect.name, role
        known = _first.setdefault(kind, engine)
        # The version is asked for at the first connection; without it the dialect is not ready for others.
        if getattr(known.dialect, "server_version_info", None) is None:
            _first[kind] = engine
        else:
            engine.dialect, engine._compiled_cache = known.dialect, known._compiled_cache
    return made
