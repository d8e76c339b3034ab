"""One line of the case list in cells: which columns there are at a width, and what stands in them.

Every state has a text mark: ``x`` refused by the server, ``!`` due today or overdue, ``~`` queued on this machine,
``*`` unread, ``+`` marked, ``>`` the row the keys act on.
"""

from __future__ import annotations

import datetime as dt

from imi_core.errors import UnknownProcedure
from imi_core.lean import TYPE_CHECKING, NamedTuple
from imi_tui.i18n import _, ngettext
from imi_tui.terminal.widths import cell_len
from imi_tui.viewmodel.cells import cut, fit, one_line
from imi_tui.viewmodel.suspects import narrow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Literal

    from imi_core.procedure import Rules
    from imi_tui.cache.model import Row

    ColumnId = Literal["marks", "due", "reference", "from", "subject", "state", "handler", "activity", "files"]

MARKS = 5
"""Cells of the marks column: cursor, marked, alarm, news, space."""
LEAST_SPOKEN = 10
"""Cells in which a name or a subject, read aloud, still begins to say something."""


class Column(NamedTuple):
    """A column and its width in cells; one space follows each column but the marks."""

    id: ColumnId
    width: int


def columns(width: int) -> tuple[Column, ...]:
    """The columns of a list `width` cells wide; what is left goes to sender and subject."""
    fixed: list[Column] = [Column("due", 8), Column("reference", 13)]
    # What is to be done is why one looks at the list: "zu beantworten" is not cut.
    tail: list[Column] = [Column("state", 14 if width >= 72 else 12)]
    if width >= 110:
        fixed[0] = Column("due", 10)
        tail = [Column("state", 18), Column("handler", 12)]
    if width >= 150:
        tail = [Column("state", 24), Column("handler", 14), Column("activity", 10), Column("files", 3)]
    room = width - MARKS - sum(column.width + 1 for column in (*fixed, *tail)) - 1
    sender = max(10, room * 49 // 100)
    subject = room - sender
    if subject < 8:
        # Too narrow for a sender: the subject alone says more.
        middle = (Column("subject", room + 1),) if room > 0 else ()
        return (Column("marks", MARKS), *fixed, *middle, *tail)
    return (Column("marks", MARKS), *fixed, Column("from", sender), Column("subject", subject), *tail)


def heading(columns: tuple[Column, ...]) -> str:
    """The line above the list."""
    names: dict[ColumnId, str] = {
        "marks": "",
        # Translators: the head of a column: the deadline; max-length:8.
        "due": _("Due"),
        # Translators: the head of a column: the number of a case; max-length:13.
        "reference": _("Reference"),
        # Translators: the head of a column: country and name of the other side, whoever asked.
        "from": _("Authority"),
        # Translators: the head of a column; max-length:12.
        "subject": _("Subject"),
        # Translators: the head of a column; max-length:14.
        "state": _("State"),
        # Translators: the head of a column: the officer who looks after the case; max-length:12.
        "handler": _("Handler"),
        # Translators: the head of a column: when something last happened; max-length:10.
        "activity": _("Activity"),
        "files": "",
    }
    return _join([(column, names[column.id]) for column in columns])


def marks(row: Row, today: dt.date, *, cursor: bool, marked: bool) -> str:
    """The four marks of a row."""
    alarm = "x" if row.rejected else "!" if is_due(row, today) else " "
    news = "~" if row.pending else "*" if row.unread else " "
    return f"{'>' if cursor else ' '}{'+' if marked else ' '}{alarm}{news}"


def is_due(row: Row, today: dt.date) -> bool:
    """Whether this desk has to act today or should have acted before."""
    return bool(row.due) and row.turn_mine and row.due <= today.isoformat()


def due_text(iso: str, today: dt.date) -> str:
    """A deadline as it stands in the list: "today", "2 d", "-3 d"; a date where it is far off."""
    if not iso:
        return ""
    try:
        days = (dt.date.fromisoformat(iso) - today).days
    except ValueError:
        # Of a deadline of a role that these rules do not know nothing was checked.
        return iso
    if days == 0:
        # Translators: at most 8 letters; stands in a narrow column; max-length:8.
        return _("today")
    if abs(days) > 99:
        return iso[2:]
    # Translators: "d" is short for days; at most 2 letters; max-length:8.
    return _("{days} d").format(days=days)


class Words:
    """State names of procedures in the officer's language, looked up once each.

    `known` are names of an earlier run, as `memo` gave them: with them a list is drawn without reading any rules.
    """

    def __init__(
        self, rules: Callable[[str], Rules], languages: tuple[str, ...], known: Mapping[str, str] | None = None
    ) -> None:
        self._rules, self._languages = rules, languages
        self._known: dict[str, str] = dict(known or {})

    def state(self, row: Row) -> str:
        """What the case waits for, as seen from this desk."""
        if row.until:
            # Translators: a case that was put off; the date is short, such as 12-31; max-length:10.
            return _("until {date}").format(date=row.until[5:])
        if row.rejected:
            # Translators: in the column of states: by the server; max-length:14.
            return _("refused")
        if row.pending > row.assigning:
            # Translators: in the column of states: waits to be sent; max-length:14.
            return _("queued")
        return self.of_state(row.procedure, row.state, mine=row.turn_mine)

    def of_state(self, procedure: str, state: str, *, mine: bool) -> str:
        """The word for a state: what this desk has to do, else the state's name."""
        key = f"{procedure} {state} {mine:d}"
        if key not in self._known:
            self._known[key] = self._look_up(procedure, state, mine)
        return self._known[key]

    def country(self, code: str) -> str:
        """The name of a country."""
        return self._named("country", code)

    def procedure(self, id: str) -> str:
        """The title of a procedure."""
        return self._named("procedure", id)

    def area(self, procedure: str) -> str:
        """The name of the legal area of a procedure."""
        return self._named("area", procedure)

    def memo(self) -> dict[str, str]:
        """The names used so far, each looked up again."""
        for key in self._known:
            procedure, state, mine = key.split(" ")
            self._known[key] = (
                self._name(state, mine) if not procedure else self._look_up(procedure, state, mine == "1")
            )
        return self._known

    def _named(self, kind: str, id: str) -> str:
        key = f" {kind} {id}"
        if key not in self._known:
            self._known[key] = self._name(kind, id)
        return self._known[key]

    def _name(self, kind: str, id: str) -> str:
        from imi_tui.names import area_name, country_name

        if kind == "country":
            return country_name(id, self._languages[0])
        try:
            found = self._rules(id).procedure
        except UnknownProcedure:
            return area_name(id.partition(".")[0]) if kind == "area" else id
        if kind == "area":
            return area_name(found.area)
        return self._rules(id).label(f"{id}.title", found.title, self._languages)

    def _look_up(self, procedure: str, state: str, mine: bool) -> str:
        try:
            rules = self._rules(procedure)
        except UnknownProcedure:
            return state
        found = rules.lifecycle.states.get(state)
        if found is None:
            return state
        base = f"{rules.lifecycle.id}.state.{state}"
        if mine and found.todo:
            return rules.label(f"{base}.todo", found.todo, self._languages)
        return rules.label(base, found.label, self._languages)


def texts(row: Row, columns: tuple[Column, ...], words: Words, today: dt.date) -> tuple[str, str]:
    """The due column and the rest of a row's line, without its marks, each in exactly the width of its columns."""
    values: dict[ColumnId, str] = {
        "due": due_text(row.due, today) if row.turn_mine or row.due else "",
        "reference": row.reference or "-",
        "from": f"{row.country:<2}  {narrow(row.counterpart)}",
        "subject": own(row) + row.subject,
        "state": words.state(row),
        "handler": narrow(row.handler_name),
        "activity": _local_day(row.activity) if any(column.id == "activity" for column in columns) else "",
        "files": str(row.files) if row.files else "",
    }
    cells = [(column, values[column.id]) for column in columns if column.id != "marks"]
    return _join(cells[:1]), _join(cells[1:])


def _local_day(iso: str) -> str:
    # Few lists are so wide, and the first picture does without it.
    from imi_tui.i18n.dates import local_day

    return local_day(iso)


def spoken(row: Row, words: Words, today: dt.date, *, marked: bool, width: int) -> str:
    """A row as one sentence for a screen reader: what it is about and what is to do first, no sign without a word.

    Where `width` cells are too few for all of it, the other side and the subject are shortened, so that both begin.
    """
    said = [
        _("marked") if marked else "",
        row.reference or "",
        words.state(row),
        due_words(row, today),
        _("unread") if row.unread and not row.pending else "",
    ]
    more = [
        _("tags {tags}").format(tags=" ".join(row.tags)) if row.tags else "",
        _("with a note") if row.noted else "",
        _("Looked after by {name}").format(name=narrow(row.handler_name)) if row.handler_name else "",
        ngettext("{count} file", "{count} files", row.files).format(count=row.files) if row.files else "",
    ]
    other, subject = one_line(f"{row.country} {narrow(row.counterpart)}"), one_line(row.subject)
    room = width - sum(cell_len(text) + 2 for text in (*said, *more) if text.strip()) - 2
    other = cut(other, max(room - cell_len(subject), room // 2, LEAST_SPOKEN))
    subject = cut(subject, max(room - cell_len(other), LEAST_SPOKEN))
    return ", ".join(one_line(text) for text in (*said, other, subject, *more) if text.strip())


def due_words(row: Row, today: dt.date) -> str:
    """A deadline in words; "" where there is none."""
    if not row.due:
        return ""
    days = (dt.date.fromisoformat(row.due) - today).days
    if days == 0:
        return _("due today")
    if days < 0:
        return ngettext("{count} day overdue", "{count} days overdue", -days).format(count=-days)
    return ngettext("due in {count} day", "due in {count} days", days).format(count=days)


def own(row: Row) -> str:
    """What stands in front of the subject: the officer's tags, and that there is a note."""
    # Translators: stands in a list for "there is a note"; as short as can be.
    signs = [f"#{tag}" for tag in row.tags] + ([_("(n)")] if row.noted else [])
    return "".join(f"{sign} " for sign in signs)


def _join(cells: list[tuple[Column, str]]) -> str:
    return " ".join(
        fit(text.replace("\n", " "), column.width) if column.id != "marks" else " " * (MARKS - 1)
        for column, text in cells
    )
