"""Instants as they are kept and compared: UTC, milliseconds, "Z"."""

from __future__ import annotations

import datetime as dt


def stamp(moment: dt.datetime) -> str:
    """An instant as text; later ones sort behind earlier ones."""
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant(text: str) -> dt.datetime | None:
    """The instant that a time stamp (RFC 3339) stands for, UTC where it names no zone; None for what is none."""
    try:
        # RFC 3339 allows the small letters, which Python does not read.
        found = dt.datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=dt.UTC)
