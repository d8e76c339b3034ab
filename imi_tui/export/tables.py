"""A list of cases as CSV or XLSX in which nothing is ever a formula (T14; OWASP ASVS 5.0, 1.2.10)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from imi_core.errors import UnknownProcedure
from imi_core.text import display
from imi_tui.export import mark as marks
from imi_tui.i18n import _
from imi_tui.i18n.dates import local_day
from imi_tui.viewmodel.suspects import named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from imi_tui.cache.model import Row
    from imi_tui.cache.store import Store
    from imi_tui.export.translated import Case, Translated

    Subjects = Mapping[Case, Translated]

RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
"""First characters at which one of the programs that open tables begins to compute, in both widths."""
WIDEST = 60
"""Characters of the widest column of a sheet."""


def head(subjects: Subjects) -> tuple[str, ...]:
    """The names of the columns, in the language spoken now. `subjects`: translations of some, by case."""
    # Translators: heads of columns of a table of cases.
    more = (_("Subject, translated"), _("Translated by")) if subjects else ()
    return (
        _("Reference"),
        _("Subject"),
        _("State"),
        _("Procedure"),
        _("Country"),
        _("Authority"),
        _("Due"),
        _("Last activity"),
        _("Your turn"),
        _("Not sent yet"),
        _("Refused"),
        _("Files"),
        _("Desk"),
        *more,
    )


def cells(
    store: Store, rows: Sequence[Row], languages: tuple[str, ...], subjects: Subjects
) -> Iterator[tuple[str, ...]]:
    """The rows in words, one tuple a case, as wide as `head`."""
    words: dict[tuple[str, str], tuple[str, str]] = {}
    desks = {seat.desk: display(seat.authority_name) for seat in store.seats()}
    for row in rows:
        key = row.procedure, row.state
        if key not in words:
            words[key] = _words(store, row, languages)
        state, procedure = words[key]
        found = subjects.get((row.desk, row.id))
        more = (found.text, found.by) if found is not None else ("", "")
        yield (
            row.reference,
            row.subject,
            state,
            procedure,
            row.country,
            named(row.counterpart),
            row.due,
            local_day(row.activity),
            _("yes") if row.turn_mine else _("no"),
            str(row.pending or ""),
            str(row.rejected or ""),
            str(row.files or ""),
            desks.get(row.desk, row.desk),
            *(more if subjects else ()),
        )


def _words(store: Store, row: Row, languages: tuple[str, ...]) -> tuple[str, str]:
    try:
        rules = store.rules(row.procedure)
    except UnknownProcedure:
        return row.state, row.procedure
    title = rules.label(f"{rules.procedure.id}.title", rules.procedure.title, languages)
    known = rules.lifecycle.states.get(row.state)
    if known is None:
        return row.state, title
    return rules.label(f"{rules.lifecycle.id}.state.{row.state}", known.label, languages), title


def inert(value: str) -> str:
    """`value` as no program takes it for a formula, on one line and without control characters."""
    value = display(value)
    return f"'{value}" if value.lstrip(" \u00a0\u3000").startswith(RISKY) else value


def as_csv(head: Sequence[str], rows: Sequence[Sequence[str]], mark: marks.Mark) -> bytes:
    """RFC 4180 in UTF-8 with its mark, every cell quoted; the last column says whose copy it is, in every row."""
    import csv

    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    said = f"{mark.line()}. {marks.short_notice()}."
    writer.writerow([inert(name) for name in (*head, _("Origin"))])
    writer.writerows([inert(value) for value in (*row, said)] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(head: Sequence[str], rows: Sequence[Sequence[str]], mark: marks.Mark) -> bytes:
    """A workbook of text cells: the list, and a sheet that says whose copy it is."""
    import xlsxwriter

    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": marks.short_notice(), "author": mark.officer, "comments": mark.line()})
        strong = book.add_format({"bold": True, "bottom": 1})
        text = book.add_format({"num_format": "@", "valign": "top"})
        sheet = book.add_worksheet(_sheet_name(_("Cases")))
        widths = [len(name) for name in head]
        for column, name in enumerate(head):
            sheet.write_string(0, column, inert(name), strong)
        for number, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                sheet.write_string(number, column, inert(value), text)
                widths[column] = max(widths[column], len(value))
        for column, width in enumerate(widths):
            sheet.set_column(column, column, min(width, WIDEST) + 2)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(1, len(rows)), len(head) - 1)
        sheet.set_landscape()
        sheet.repeat_rows(0)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L" + _printed(mark.line()) + "&R&P / &N")
        origin = book.add_worksheet(_sheet_name(_("Origin")))
        origin.set_column(0, 0, 110)
        wrapped = book.add_format({"text_wrap": True, "num_format": "@"})
        for number, line in enumerate((mark.line(), *marks.notice())):
            origin.write_string(number, 0, inert(line), wrapped)
    return out.getvalue()


def _printed(text: str) -> str:
    """`text` for the foot of a printed page: a sign begins commands there, and 255 characters is all it holds."""
    return text.replace("&", "&&")[:200]


def _sheet_name(name: str) -> str:
    """A name that a sheet may have."""
    return "".join(" " if char in "[]:*?/\\'" else char for char in name)[:31]
