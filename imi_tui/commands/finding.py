"""One line of ``imi-tui doctor``: what was looked at, what was found, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from imi_core.text import display
from imi_tui import problems
from imi_tui.i18n import N_, _

if TYPE_CHECKING:
    from imi_tui.cache.errors import CacheError, VaultError

Result = Literal["ok", "warning", "problem"]
_WORDS: dict[Result, str] = {"ok": N_("ok"), "warning": N_("warning"), "problem": N_("problem")}


@dataclass(frozen=True, slots=True)
class Finding:
    """One check. `name` and `code` are stable; `message` with `values` is what was found; `code` is "" when it is fine.

    `todo` is what to do, where `code` does not say it. `data` is in English; `row` and `advice` are in the language of
    the process, `row` with `shown` in the place of the message where there is one.
    """

    name: str
    result: Result
    message: str
    code: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    todo: str = ""
    shown: str | None = None

    def data(self) -> dict[str, str]:
        """For scripts."""
        value = self.message.format(**self.values)
        todo = self.todo.format(**self.values) if self.todo else problems.english(self.code) if self.code else ""
        return {"name": self.name, "result": self.result, "value": value, "code": self.code, "todo": todo}

    def row(self) -> tuple[str, str, str]:
        """For people."""
        said = _(self.message).format(**self.values) if self.shown is None else self.shown
        return _(_WORDS[self.result]), _(self.name), said

    def advice(self) -> str:
        """What to do; empty where nothing is to be done."""
        if self.todo:
            return _(self.todo).format(**self.values)
        return problems.sentence(self.code) if self.code else ""


def plain(name: str, result: Result, value: str, code: str = "", todo: str = "") -> Finding:
    """A check whose value is the same in every language."""
    return Finding(name, result, "{value}", code, {"value": value}, todo)


def failed(name: str, error: CacheError | VaultError) -> Finding:
    """A check that an error ended: its message for scripts, what it is about for people, who read the rest below."""
    return Finding(name, "problem", "{value}", error.code, {"value": error.message}, shown=display(error.about))
