"""The examples of docs/protocol-http.md: requests and answers as they travel, and how they are compared."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from tests.central.examples import differences

DOCUMENT = Path(__file__).parents[3] / "docs" / "protocol-http.md"
APPROVES = "<!-- the officer approves -->"
_BLOCK = re.compile(rf"^```http (request|response)\n(.*?)^```$|^{APPROVES}$", re.M | re.S)
_NAME = re.compile(r"\$[a-z][a-zA-Z0-9]*")


class Message(NamedTuple):
    """One block: its first line, its headers in lower case and its body; `line` in the document."""

    line: int
    start: str
    headers: dict[str, str]
    body: str


def read(text: str) -> list[tuple[Message, Message] | None]:
    """Requests with their answers in order, None where the officer approves. Raises ValueError for half an example."""
    out: list[tuple[Message, Message] | None] = []
    waiting: Message | None = None
    for found in _BLOCK.finditer(text):
        kind = found[1]
        line = text.count("\n", 0, found.start()) + 1
        if (kind == "response") != (waiting is not None):
            raise ValueError(f"line {line}: a request is followed by its response")
        if not kind:
            out.append(None)
            continue
        head, _, body = found[2].partition("\n\n")
        start, *headers = head.rstrip("\n").split("\n")
        message = Message(line, start, {k.lower(): v for k, _, v in (each.partition(": ") for each in headers)}, body)
        if waiting is None:
            waiting = message
        else:
            out.append((waiting, message))
            waiting = None
    if waiting is not None:
        raise ValueError(f"line {waiting.line}: a request without response")
    return out


def filled(text: str, known: dict[str, Any]) -> str:
    """`text` with every `$name` replaced by what it stood for before."""
    return _NAME.sub(lambda name: str(known.get(name[0], name[0])), text)


def wrong(printed: Message, real: httpx.Response, known: dict[str, Any]) -> list[str]:
    """Where an answer is not the printed one; headers that are not printed are not compared."""
    at = f"line {printed.line}"
    out = differences(int(printed.start), real.status_code, known, f"{at} status")
    for name, value in printed.headers.items():
        out += differences(filled(value, known), real.headers.get(name, ""), known, f"{at} {name}")
    kind = real.headers.get("content-type", "").partition(";")[0]
    return out + differences(_read(kind, printed.body), _read(kind, real.text), known, at)


def _read(kind: str, body: str) -> Any:
    """A body as what is compared."""
    lines = [line for line in body.split("\n") if line]
    match kind:
        case "application/json" | "application/problem+json":
            return json.loads(body or "null")
        case "application/x-ndjson":
            return [json.loads(line) for line in lines]
        case "text/event-stream":
            return [_field(line) for line in lines]
    return body.rstrip("\n")


def _field(line: str) -> list[Any]:
    """A line of an event stream as its name and value; data are JSON."""
    name, _, value = line.partition(": ")
    return [name, json.loads(value) if name == "data" else value]
