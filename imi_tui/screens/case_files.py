"""The files tab of a case: fetch, read, save, open with a program, do without the copy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from imi_tui import problems
from imi_tui.cache.errors import CacheError
from imi_tui.i18n import _
from imi_tui.screens import routes
from imi_tui.screens.own import OwnActions
from imi_tui.widgets.file_list import FileList

if TYPE_CHECKING:
    from imi_tui.cache.model import CaseDetail
    from imi_tui.outside.preview import Preview
    from imi_tui.viewmodel.files import Shown

ABROAD = ("server", "failed", "wanted", "loading")
"""Where a file is that has to be fetched first."""


class FilesTab(OwnActions):
    """Actions on the file under the cursor. The case screen says which case it is."""

    _detail: CaseDetail | None
    _reading: object = None
    """What was asked for last and is not shown yet: names are not unique, and the officer may have gone on."""

    @property
    def file(self) -> Shown | None:
        """The file under the cursor, None on another tab."""
        found = self.query(FileList)
        return found.first().item if found and found.first().display else None

    def file_flags(self) -> set[str]:
        """Facts about the file under the cursor for the registry."""
        file = self.file
        if file is None:
            return set()
        flags = {"file"}
        flags |= {"file_abroad"} if file.state.where in ("server", "failed") else set()
        flags |= {"file_here"} if file.state.where not in ABROAD else set()
        flags |= {"file_copy"} if file.state.where in ("here", "wanted", "loading") else set()
        return flags

    def on_line_list_moved(self, _event: FileList.Moved) -> None:
        """The keys depend on the file."""
        self.refresh_frame()

    def on_line_list_opened(self, _event: FileList.Opened) -> None:
        """A second click reads the file."""
        self.action_file_read()

    def action_file_fetch(self) -> None:
        """Ask for the file; it comes in parts, whatever the line does."""
        file = self.file
        if file is None or self._detail is None or file.state.where not in ("server", "failed"):
            return
        try:
            self.store.files.want(self._detail.desk, self._detail.id, file.listed.file)
        except CacheError as error:
            self.say(problems.sentence(error.code), problem=True)
            return
        self.context.sync_now()
        self.say(_("The file is being fetched. You can go on working."))

    def action_file_read(self) -> None:
        """Show the text of the file; one that is not here is asked for."""
        if (file := self.file) is None:
            return
        if file.state.where in ABROAD:
            self.action_file_fetch()
            return
        data = self._content(file)
        if data is None:
            return
        asked = self._reading = object()

        def work() -> None:
            from imi_tui.outside.preview import preview

            # A PDF may take seconds: the screen does not wait for it.
            found = preview(data)
            self.app.call_from_thread(self._show_text, asked, file.listed.name, found)

        self.run_worker(work, thread=True, exclusive=True, group="preview")

    def _show_text(self, asked: object, name: str, found: Preview) -> None:
        if not self.is_current or self._reading is not asked:
            return
        if not found.text:
            self.say(problems.sentence(found.note))
            return
        self.app.push_screen(routes.read_file(name, found))

    async def action_file_save(self) -> None:
        """Save the file in a folder."""
        if (file := self.file) is None:
            return
        if file.state.where in ABROAD:
            self.action_file_fetch()
            return

        def chosen(folder: str | None) -> None:
            data = self._content(file) if folder is not None else None
            if folder is None or data is None or self._detail is None:
                return
            from imi_tui.export.errors import NotExported
            from imi_tui.export.service import save_file

            try:
                path = save_file(self.store, self._detail, file.listed, data, Path(folder).absolute())
            except (NotExported, CacheError) as error:
                self.say(problems.sentence(error.code), problem=True)
                return
            self.say(_("Saved: {path}").format(path=path))

        from imi_tui.viewmodel.exporting import usual_folder

        heading = _("Save {name} in the folder:").format(name=file.listed.name)
        await self.app.push_screen(routes.ask_path(heading, usual_folder(), folder=True), chosen)

    def action_file_open(self) -> None:
        """Show the file with another program of this machine."""
        if (file := self.file) is None:
            return
        if file.listed.personal and not self.context.open_personal:
            self.say(problems.sentence("filePersonal"), problem=True)
            return
        if file.state.where in ABROAD:
            self.action_file_fetch()
            return
        data = self._content(file)
        if data is None:
            return
        from imi_tui.outside.errors import NotHandedOut
        from imi_tui.outside.opening import open_with

        try:
            open_with(data, file.listed.name, self.context.profile.runtime)
        except NotHandedOut as error:
            self.say(problems.sentence(error.code), problem=True)
            return
        self.say(_("{name} is given to the program for it.").format(name=file.listed.name))

    def action_file_drop(self) -> None:
        """Do without the copy on this machine."""
        file = self.file
        if file is None or file.state.where not in ("here", "wanted", "loading"):
            return
        try:
            self.store.files.cancel(file.listed.file)
        except CacheError as error:
            self.say(problems.sentence(error.code), problem=True)

    def _content(self, file: Shown) -> bytes | None:
        try:
            return self.store.files.read(file.listed.file)
        except CacheError as error:
            self.say(problems.sentence(error.code), problem=True)
            return None
