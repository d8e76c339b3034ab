"""Where the database is, and what a driver says when it cannot be reached, in words without data."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from imi_central.store.errors import BadAddress, Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator


class Address(NamedTuple):
    """What a database address names: the kind of database ("sqlite", "postgresql") and its file or name."""

    backend: str
    database: str


def parse(url: str) -> Address:
    """`url` taken apart. Raises `BadAddress`."""
    try:
        address = sa.make_url(url)
    except ArgumentError as error:
        raise BadAddress from error
    return Address(address.get_backend_name(), address.database or "")


@contextmanager
def reaching() -> Iterator[None]:
    """Around work on a store: what the database library raises becomes `Unreachable`."""
    try:
        yield
    except SQLAlchemyError as error:
        # The error's own text may hold a statement with data; the driver's has the reason.
        reason = str(error.orig) if isinstance(error, DBAPIError) and error.orig else type(error).__name__
        raise Unreachable(reason) from error
