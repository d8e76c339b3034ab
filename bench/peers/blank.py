"""The limit for every launch: a Textual app with one line of text that answers a key."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class Blank(App[None]):
    BINDINGS = [("down", "answer", "Answer")]

    def compose(self) -> ComposeResult:
        yield Static("painted", id="line")

    def action_answer(self) -> None:
        self.query_one("#line", Static).update("answered")


if __name__ == "__main__":
    Blank().run()
