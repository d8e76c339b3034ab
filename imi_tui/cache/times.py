"""Instants as they are kept and compared: UTC, milliseconds, "Z"."""

from __future__ import annotations

import datetime as dt


def stamp(moment: dt.datetime) -> str:
    """An instant as text; later ones sort behind earlier ones."""
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
