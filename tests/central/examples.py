"""The examples of docs/protocol-examples.md: what a block of JSON means, and how an answer is compared with one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

DOCUMENT = Path(__file__).parents[2] / "docs" / "protocol-examples.md"
REST = "…"
_BLOCK = re.compile(r"^```json (request|response)(?: ([a-z-]+))?\n(.*?)^```$", re.M | re.S)
_NAME = re.compile(r"\$[a-z][a-zA-Z0-9]*")


class Example(NamedTuple):
    """The calls an officer sends and the answers printed below them; `line` of the request in the document."""

    line: int
    officer: str
    calls: list[Any]
    answers: list[Any]


def read(text: str) -> list[Example]:
    """All examples of a document in order. Raises ValueError for a block without its counterpart."""
    out: list[Example] = []
    waiting: tuple[int, str, list[Any]] | None = None
    for found in _BLOCK.finditer(text):
        kind, officer, body = found.groups()
        line = text.count("\n", 0, found.start()) + 1
        if (kind == "request") != (waiting is None) or (kind == "request") != bool(officer):
            raise ValueError(f"line {line}: a request names its officer and is followed by its response")
        if waiting is None:
            waiting = line, officer, json.loads(f"[{body}]")
        else:
            out.append(Example(*waiting, json.loads(f"[{body}]")))
            waiting = None
    if waiting is not None:
        raise ValueError(f"line {waiting[0]}: a request without response")
    return out


def fill(value: Any, known: dict[str, Any]) -> Any:
    """`value` with every `$name` replaced by what it stood for before; keys too."""
    if isinstance(value, dict):
        return {fill(key, known): fill(each, known) for key, each in value.items()}
    if isinstance(value, list):
        return [fill(each, known) for each in value]
    return known.get(value, value) if isinstance(value, str) else value


def differences(printed: Any, real: Any, known: dict[str, Any], at: str = "") -> list[str]:
    """Where an answer is not the printed one.

    ``"…"`` stands for any value; as a member or the last of a list, for any further ones; at the end of a text, for its
    rest. ``"$name"`` stands for what it stood for before, at first for anything.
    """
    if printed == REST:
        return []
    if isinstance(printed, str) and _NAME.fullmatch(printed):
        return [] if known.setdefault(printed, real) == real else [f"{at}: {real!r} is not {printed}"]
    if isinstance(printed, dict) and isinstance(real, dict):
        return _members(printed, real, known, at)
    if isinstance(printed, list) and isinstance(real, list):
        open_end = bool(printed) and printed[-1] == REST
        wanted = printed[:-1] if open_end else printed
        if len(real) < len(wanted) or (len(real) > len(wanted) and not open_end):
            return [f"{at}: {len(real)} values, printed are {len(wanted)}"]
        pairs = enumerate(zip(wanted, real, strict=False))
        return [each for n, (one, other) in pairs for each in differences(one, other, known, f"{at}/{n}")]
    if isinstance(printed, str) and isinstance(real, str) and printed.endswith(REST):
        return [] if real.startswith(printed[:-1]) else [f"{at}: {real!r} does not start so"]
    same = type(printed) is type(real) and printed == real
    return [] if same else [f"{at}: {real!r}, printed is {printed!r}"]


def _members(printed: dict[str, Any], real: dict[str, Any], known: dict[str, Any], at: str) -> list[str]:
    wanted = {fill(key, known): each for key, each in printed.items() if key != REST}
    out = [f"{at}/{key} is missing" for key in wanted.keys() - real.keys()]
    if REST not in printed:
        out += [f"{at}/{key} is not printed" for key in real.keys() - wanted.keys()]
    for key in [key for key in wanted if key in real]:
        out += differences(wanted[key], real[key], known, f"{at}/{key}")
    return out
