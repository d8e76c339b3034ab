"""Filters of the /query methods."""

from __future__ import annotations

from collections.abc import Iterable

from imi_central.api.context import Arguments
from imi_core.jmap import MethodError

_MAX_TEXT = 200


def text_filter(arguments: Arguments, names: Iterable[str], others: Iterable[str] = ()) -> dict[str, str]:
    """The text conditions of ``filter``; `others` are conditions the caller reads. Raises `MethodError`."""
    given = arguments.get("filter")
    if given is None:
        return {}
    known = tuple(names)
    if not isinstance(given, dict) or "operator" in given or set(given) - {*known, *others}:
        allowed = ", ".join((*known, *others))
        raise MethodError("unsupportedFilter", f"the conditions are {allowed}, without operators")
    texts = {name: given[name] for name in known if name in given}
    if not all(isinstance(value, str) and len(value) <= _MAX_TEXT for value in texts.values()):
        raise MethodError("invalidArguments", f"conditions are text of at most {_MAX_TEXT} characters")
    return texts
