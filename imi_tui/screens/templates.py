"""The officer's templates: begin a case with one, rename, throw away and bring back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import Static

from imi_core.errors import UnknownProcedure
from imi_tui import problems
from imi_tui.actions import Situation
from imi_tui.cache.errors import CacheError
from imi_tui.forms.beginning import MAX_NAME
from imi_tui.i18n import _, ngettext
from imi_tui.i18n.joining import with_name
from imi_tui.labels import Labels
from imi_tui.screens import routes
from imi_tui.screens.base import bindings
from imi_tui.screens.undoing import UndoActions, told
from imi_tui.undo import Change
from imi_tui.viewmodel.cells import cut, one_line
from imi_tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from imi_tui.cache.personal.snippets import Template


class TemplateList(LineList["Template"]):
    """Its name, and below the procedure it is for."""

    def __init__(self) -> None:
        super().__init__()
        self.titles: dict[str, str] = {}

    def key_of(self, item: Template) -> object:
        """Its id."""
        return item.id

    def lines_of(self, item: Template, width: int) -> list[Text]:
        """Two lines."""
        title = self.titles.get(item.procedure, item.procedure)
        return [
            Text(cut(one_line(item.name), width), no_wrap=True),
            Text(cut(f"    {title}", width), "dim", no_wrap=True),
        ]


class TemplatesScreen(UndoActions):
    """Enter begins a case; what is thrown away can be brought back."""

    SCOPE = "templates"
    CSS_PATH = ["base.tcss", "drafts.tcss"]
    BINDINGS = bindings("templates")
    AUTO_FOCUS = "TemplateList"

    def compose_body(self) -> ComposeResult:
        """The list, or a sentence where it is empty."""
        yield Static(id="empty")
        yield TemplateList()

    def title_text(self) -> str:
        """What this screen is."""
        return _("Templates")

    def title_note(self) -> str:
        """That they are nowhere else."""
        return _("only on this machine")

    def reload(self, kinds: frozenset[str]) -> None:
        """Read the templates again."""
        if kinds and not kinds & {"snippets", "directory"}:
            return
        found = self.store.snippets.templates()
        shown = self.query_one(TemplateList)
        shown.titles = {each.procedure: self._title(each.procedure) for each in found}
        shown.show(found)
        self.show_list(shown, shown=bool(found))
        empty = self.query_one("#empty", Static)
        empty.display = not found
        empty.update(Text(_("There are no templates. Keep one from the menu (F9) while you write a new case.")))

    def _title(self, procedure: str) -> str:
        try:
            return Labels(self.store.rules(procedure), self.context.languages).title
        except UnknownProcedure:
            return procedure

    @property
    def template(self) -> Template | None:
        """The template under the cursor."""
        found = self.query(TemplateList)
        return found.first().item if found else None

    def situation(self) -> Situation:
        """Whether there is one under the cursor, and whether one can be brought back."""
        dropped = self.store.snippets.may_bring_back("template")
        flags = self.undo_flags() | ({"dropped"} if dropped else set())
        return Situation(self.SCOPE, current=self.template is not None, undo=self.imi.undo.possible, flags=flags)

    def on_line_list_moved(self, _event: LineList.Moved) -> None:
        """The keys depend on what is under the cursor."""
        self.refresh_frame()

    async def on_line_list_opened(self, _event: LineList.Opened) -> None:
        """A second click begins a case."""
        await self.action_use()

    async def action_use(self) -> None:
        """Begin a case with the template under the cursor."""
        if (template := self.template) is not None:
            await self.app.push_screen(routes.compose(template=template.id))

    async def action_rename(self) -> None:
        """Ask for another name."""
        if (template := self.template) is None:
            return

        def named(name: str | None) -> None:
            if not name:
                return
            store = self.store
            try:
                after = store.keep_template(template._replace(name=name[:MAX_NAME]))
            except CacheError as error:
                self.say(problems.sentence(error.code), problem=True)
                return
            what = with_name(_("Rename"), one_line(after.name))
            back, again = (lambda: store.keep_template(template)), (lambda: store.keep_template(after))
            self.imi.undo.did(Change(what, (), back, again))
            self.say(told(what))

        await self.app.push_screen(routes.ask_text(_("Name of the template:"), template.name), named)

    def action_drop(self) -> None:
        """Throw away what is under the cursor."""
        if (template := self.template) is not None:
            store, id, what = self.store, template.id, with_name(_("Throw away"), one_line(template.name))
            store.drop("template", id)
            self.imi.undo.did(
                Change(what, (), lambda: store.bring_back("template", id), lambda: store.drop("template", id))
            )
            self.say(told(what))

    def action_bring_back(self) -> None:
        """Undo the last throwing away, of whichever day."""
        if self.store.bring_back("template"):
            count = len(self.store.snippets.templates())
            self.say(ngettext("{count} template.", "{count} templates.", count).format(count=count))
