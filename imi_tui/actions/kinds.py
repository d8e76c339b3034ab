"""What an action is, and when it is possible."""

from __future__ import annotations

from imi_core.lean import TYPE_CHECKING, NamedTuple
from imi_tui.i18n import _, pgettext

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    Group = Literal["tour", "case", "list", "form", "go", "app"]
    When = Callable[["Situation"], bool]
    Why = str | Callable[["Situation"], str]


class Situation(NamedTuple):
    """What the registry needs to know about the moment: on which screen, with what under the cursor.

    `offered` are the lifecycle actions possible now, `flags` facts only one screen knows (such as "dirty").
    """

    scope: str
    current: bool = False
    marked: int = 0
    undo: bool = False
    offered: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()


def always(_now: Situation) -> bool:
    """For actions that are always possible."""
    return True


def on_current(now: Situation) -> bool:
    """For actions on what stands under the cursor."""
    return now.current


def on_line(now: Situation) -> bool:
    """For actions on a case or on the heading of a folded group."""
    return now.current or "heading" in now.flags


def flag(name: str) -> When:
    """For actions that depend on a fact of one screen."""
    return lambda now: name in now.flags


class Action(NamedTuple):
    """One thing an officer can do.

    `label` and `help` are message ids (translated when shown; `translated` says that they already are). `keys` are
    Textual key names. `footer` orders the footer: the smallest comes first, 0 is never shown there. `why` (a message
    id, or what finds one where there are several reasons) is said when its key is pressed while it is not possible.
    `context`: that of the label, where it has one.
    `command` is the plain command that does the same without the screen, with the options that make it so
    ("keep --tag"); "" where there is none.
    """

    id: str
    label: str
    help: str
    keys: tuple[str, ...]
    group: Group
    scopes: frozenset[str]
    run: str = ""
    when: When = always
    footer: int = 0
    translated: bool = False
    why: Why = ""
    context: str = ""
    command: str = ""

    @property
    def name(self) -> str:
        """The label in the officer's language."""
        if self.translated:
            return self.label
        return pgettext(self.context, self.label) if self.context else _(self.label)

    def reason(self, now: Situation) -> str:
        """Why it is not possible, in the officer's language; "" where nothing particular is to be said."""
        why = self.why if isinstance(self.why, str) else self.why(now)
        return _(why) if why else ""

    @property
    def method(self) -> str:
        """The action as Textual names it."""
        return self.run or self.id.replace(".", "_")


def action(
    id: str,
    label: str,
    help: str,
    keys: str,
    group: Group,
    scopes: str,
    *,
    run: str = "",
    when: When = always,
    footer: int = 0,
    why: Why = "",
    context: str = "",
    command: str = "",
) -> Action:
    """An action as a section of the registry writes it: keys and scopes are separated by spaces."""
    found = tuple(keys.split()), group, frozenset(scopes.split())
    return Action(id, label, help, *found, run, when, footer, why=why, context=context, command=command)
