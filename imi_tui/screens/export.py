"""Choosing format, language and folder of an export, and writing it without making anybody wait."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.widgets import Static

from imi_core.errors import UnknownProcedure
from imi_tui import i18n, problems
from imi_tui.actions import Situation
from imi_tui.attachments import listed
from imi_tui.cache.errors import CacheError, NoSuchCase
from imi_tui.export import service
from imi_tui.export import translated as translations
from imi_tui.export.errors import NotExported
from imi_tui.i18n import _, ngettext
from imi_tui.profile import expanded
from imi_tui.screens import routes
from imi_tui.screens.base import Dialogue, bindings
from imi_tui.viewmodel import exporting
from imi_tui.widgets.choice_list import ChoiceList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from imi_tui.cache.model import CaseDetail, Row
    from imi_tui.export.service import Format, Job


class ExportScreen(Dialogue[str]):
    """One line a choice; Enter changes it. The result is the path of the file."""

    SCOPE = "export"
    CSS_PATH = ["base.tcss", "confirm.tcss", "export.tcss"]
    BINDINGS = bindings("export")
    AUTO_FOCUS = "ChoiceList"
    FORMATS: tuple[Format, ...] = service.LIST_FORMATS

    def __init__(self) -> None:
        super().__init__()
        self._busy = False

    def compose(self) -> ComposeResult:
        """What is exported, the choices, what follows from it."""
        with Vertical(classes="dialogue"):
            yield Static(self.heading(), id="heading", markup=False)
            yield ChoiceList()
            yield Static("", id="note", markup=False)
            yield Static(exporting.notice(), id="notice", markup=False)

    def on_mount(self) -> None:
        """Begin with the last choice; Enter takes it."""
        kept = self.store.remembered(exporting.MEMO)
        self.choice = exporting.Choice.remembered(kept, self.FORMATS, self.context.language, exporting.usual_folder())
        self._show("write")

    def situation(self) -> Situation:
        """Whether a file may be written now."""
        return Situation(self.SCOPE, flags=frozenset() if self._busy else frozenset({"ready"}))

    @abstractmethod
    def heading(self) -> str:
        """What is exported."""

    @abstractmethod
    async def job(self) -> Job:
        """What is to be written. Raises `UnknownProcedure`, `CacheError`."""

    def files(self) -> tuple[int, int]:
        """(on this machine, of all) of the files that belong to it."""
        return 0, 0

    def fetch(self) -> None:
        """Ask for the files that are not here."""

    def note(self) -> str:
        """What the officer should know about the choice."""
        return ""

    def on_cache_changed(self) -> None:
        """Files may have come, and texts in the language of the file."""
        self._show()

    def translated(self) -> bool:
        """Whether there are translations that could go along."""
        return False

    def _show(self, at: str | None = None) -> None:
        found = self.query_one(ChoiceList)
        rows = self.choice.rows(self.files(), translated=self.translated())
        found.styles.height = len(rows)
        found.show(rows, at=at or found.value)
        note = self.query_one("#note", Static)
        text = self.note()
        note.display = bool(text)
        note.update(text)

    async def action_change(self) -> None:
        """Change the line under the cursor, or write."""
        value = self.query_one(ChoiceList).value
        match value:
            case "format":
                answers = [(_(service.FORMAT_NAMES[format]), str(format)) for format in self.choice.formats]
                await self.app.push_screen(routes.choose(_("Format"), answers, self.choice.format), self._set_format)
            case "language":
                own = [(f"{code}  {name}", code) for code, name in i18n.languages().items()]
                heading = _("Language of the file")
                await self.app.push_screen(routes.choose(heading, own, self.choice.language), self._set_language)
            case "folder":
                heading = _("Export into the folder:")
                await self.app.push_screen(routes.ask_path(heading, self.choice.folder, folder=True), self._set_folder)
            case "translations":
                self.choice.translations = not self.choice.translations
                self._show()
            case "files":
                self.fetch()
                self._show()
            case "write":
                await self.action_write()

    def _set_format(self, value: str | None) -> None:
        for format in self.choice.formats:
            if format == value:
                self.choice.format = format
        self._show()

    def _set_language(self, value: str | None) -> None:
        self.choice.language = value or self.choice.language
        if self.choice.format != "json" and self.store.want_labels(self.choice.language):
            self.context.sync_now()
        self._show()

    def _set_folder(self, value: str | None) -> None:
        self.choice.folder = value or self.choice.folder
        self._show()

    async def action_write(self) -> None:
        """Note it, then write it in a thread."""
        if self._busy:
            return
        folder = expanded(self.choice.folder).absolute()
        self._busy = True
        try:
            job = await self.job()
            noted = service.note(self.store, job, folder)
            self.store.remember(exporting.MEMO, self.choice.memo(self.store.remembered(exporting.MEMO)))
        except (UnknownProcedure, CacheError) as error:
            self._busy = False
            self.say(problems.sentence(error.code), problem=True)
            return
        self.query_one("#notice", Static).update(_("Writing ..."))

        def work() -> None:
            try:
                done = service.write(job, folder)
            except NotExported as error:
                self.app.call_from_thread(self._failed, noted, error.code)
            else:
                self.app.call_from_thread(self._written, noted, done, job.missing)

        self.run_worker(work, thread=True, group="export")

    def _failed(self, noted: service.Noted, code: str) -> None:
        self._busy = False
        noted.failed()
        self.query_one("#notice", Static).update(exporting.notice())
        self.say(problems.sentence(code), problem=True)

    def _written(self, noted: service.Noted, done: service.Done, missing: int) -> None:
        self._busy = False
        noted.done(done)
        text = _("Exported: {path}").format(path=done.path)
        if missing:
            left = ngettext(
                "{count} file of the case is not in it.", "{count} files of the case are not in it.", missing
            )
            text += "  " + left.format(count=missing)
        self.say(text)
        if self.imi.desk_stack[-1:] == [self]:
            self.dismiss(str(done.path))

    def action_cancel(self) -> None:
        """Close; a file that is being written is waited for."""
        if not self._busy:
            self.dismiss(None)

    def action_app_quit(self) -> None:
        """Leave the program; a file that is being written is waited for."""
        if not self._busy:
            super().action_app_quit()


class ExportCase(ExportScreen):
    """One case."""

    FORMATS = service.CASE_FORMATS

    def __init__(self, desk: str, id: str) -> None:
        super().__init__()
        self._case = desk, id

    def heading(self) -> str:
        """Its reference."""
        detail = self._detail()
        reference = str(detail.case.get("reference") or "-") if detail is not None else "-"
        return _("Export the case {reference}").format(reference=reference)

    def _detail(self) -> CaseDetail | None:
        return self.store.case(*self._case)

    def files(self) -> tuple[int, int]:
        """Those whose content is here."""
        detail = self._detail()
        return (len(service.here(self.store, detail)), len(listed(detail))) if detail is not None else (0, 0)

    def fetch(self) -> None:
        """Ask for the rest; the list says when they are here."""
        detail = self._detail()
        if detail is None:
            return
        try:
            for each in listed(detail):
                if self.store.files.state(each.file).where in ("server", "failed"):
                    self.store.files.want(detail.desk, detail.id, each.file)
        except CacheError as error:
            self.say(problems.sentence(error.code), problem=True)
            return
        self.context.sync_now()
        self.say(_("The files are being fetched. You can go on working."))

    def note(self) -> str:
        """Whether the procedure's texts are here in that language."""
        detail = self._detail()
        if detail is None or self.choice.format != "pdf":
            return ""
        try:
            rules = self.store.rules(detail.case["procedure"], detail.case.get("procedureVersion", 1))
        except UnknownProcedure:
            return ""
        return exporting.labels_note(tuple(rules.labels), self.choice.language)

    def translated(self) -> bool:
        """Of data any, of a document those into its language."""
        detail = self._detail()
        language = self.choice.language if self.choice.format == "pdf" else ""
        return detail is not None and translations.count(detail, language) > 0

    async def job(self) -> Job:
        """The case with the files that are here."""
        detail = self._detail()
        if detail is None:
            raise NoSuchCase(*self._case)
        contents: dict[int, bytes] = {}
        if self.choice.format == "pdf":
            for number, data in service.read_files(self.store, service.here(self.store, detail)):
                contents[number] = data
                # Each may have 25 MiB: keys come in between.
                await asyncio.sleep(0)
        return service.case(
            self.store,
            detail,
            self.choice.format,
            language=self.choice.language,
            server=self.context.server,
            today=self.context.today(),
            files=contents,
            translations=self.choice.translations,
        )


class ExportList(ExportScreen):
    """A list of cases: `rows` gives them page by page, `what` says in the log which they are."""

    def __init__(self, rows: Sequence[Row], name: str, what: str) -> None:
        super().__init__()
        self._rows, self._called, self._what = rows, name, what
        self._translated: dict[str, bool] = {}

    def heading(self) -> str:
        """How many."""
        count = len(self._rows)
        text = ngettext("Export a list of {count} case", "Export a list of {count} cases", count)
        return text.format(count=count)

    def note(self) -> str:
        """Whether the texts of all procedures are here in that language."""
        if self.choice.format == "json":
            return ""
        return exporting.labels_note(exporting.spoken(self.store.procedures()), self.choice.language)

    def translated(self) -> bool:
        """Whether the subject of one of the cases is translated into the language of the file."""
        language = self.choice.language
        if language not in self._translated:
            self._translated[language] = bool(translations.subjects(self.store, self._rows, language))
        return self._translated[language]

    async def job(self) -> Job:
        """The rows in words."""
        return service.rows(
            self.store,
            self._rows,
            self.choice.format,
            name=self._called,
            what=self._what,
            language=self.choice.language,
            server=self.context.server,
            translations=self.choice.translations,
        )
