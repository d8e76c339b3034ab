"""The languages the client can be shown in."""

from imi_core.languages import NAMES, PSEUDO

__all__ = ["NAMES", "PSEUDO"]
