"""Where the database is, and what a driver says when it cannot be reached, in words without data."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from imi_central.store.errors import BadAddress, Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite address, None for any other database. Raises `BadAddress`."""
    try:
        address = sa.make_url(url)
    except ArgumentError as error:
        raise BadAddress from error
    return Path(address.database or "") if address.get_backend_name() == "sqlite" else None


@contextmanager
def reaching() -> Iterator[None]:
    """Around work on a store: what the database library raises becomes `Unreachable`."""
    try:
        yield
    except SQLAlchemyError as error:
        # The error's own text may hold a statement with data; the driver's has the reason.
        reason = str(error.orig) if isinstance(error, DBAPIError) and error.orig else type(error).__name__
        raise Unreachable(reason) from error
