"""The usual way to show a list in Textual: a DataTable with as many rows as the first argument says."""

import sys

from textual.app import App, ComposeResult
from textual.widgets import DataTable


class Table(App[None]):
    def compose(self) -> ComposeResult:
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.add_columns("Due", "Reference", "CC", "From", "Subject", "State")
        rows = int(sys.argv[1])
        table.add_rows(
            (
                "2026-12-01",
                f"PW-26-{n:06}",
                "DE",
                "Hauptzollamt Rosenheim",
                "Establishment of an undertaking",
                "to accept",
            )
            for n in range(rows)
        )
        table.focus()


if __name__ == "__main__":
    Table().run()
