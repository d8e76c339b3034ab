"""Attaching files to what is being written: which file, is it personal, take one out again."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import Any

from imi_tui import problems
from imi_tui.attachments import held
from imi_tui.cache.errors import CacheError
from imi_tui.forms.form_history import Place
from imi_tui.i18n import _
from imi_tui.screens import routes
from imi_tui.screens.rewriting import Rewriting
from imi_tui.viewmodel.view import one_line

_ANOTHER = "another"


class Attaching(Rewriting):
    """For a screen that writes an entry."""

    def __init__(self) -> None:
        super().__init__()
        self._touched: set[str] = set()
        """Files that were attached or taken out here, which undo and redo may want again."""

    @abstractmethod
    def attached(self) -> list[dict[str, Any]]:
        """The attachments of the entry, the very list."""

    @abstractmethod
    def attached_to(self) -> tuple[str, str] | None:
        """The case (desk, id) that the files will belong to; None for a new one."""

    @abstractmethod
    def attachments_changed(self) -> None:
        """Show and save them."""

    async def action_attach(self) -> None:
        """Attach a file; with files there already, choose between another one and taking one out."""
        if not self.attached():
            await self._ask_path()
            return

        def chosen(value: str | None) -> None:
            if value == _ANOTHER:
                self.call_later(self._ask_path)
            elif value is not None:
                self._take_out(value)

        answers = [(_("Attach another file"), _ANOTHER)]
        for each in self.attached():
            answers.append((_("Take out: {name}").format(name=one_line(str(each["name"]))), str(each["blobId"])))
        await self.app.push_screen(routes.choose(_("Files of this entry"), answers), chosen)

    async def _ask_path(self) -> None:
        def chosen(path: str | None) -> None:
            if path is not None:
                self.call_later(self._ask_personal, path)

        await self.app.push_screen(routes.ask_path(_("File to attach (25 MiB at most):"), "~/", folder=False), chosen)

    async def _ask_personal(self, path: str) -> None:
        def chosen(value: str | None) -> None:
            if value is not None:
                self._take_in(path, personal=value == "personal")

        answers = [(_("Yes, it holds personal data"), "personal"), (_("No personal data"), "plain")]
        await self.app.push_screen(routes.choose(_("Is anybody named or shown in this file?"), answers), chosen)

    def _take_in(self, path: str, *, personal: bool) -> None:
        case = self.attached_to()
        detail = self.store.case(*case) if case is not None else None
        try:
            made = self.store.files.attach(
                Path(path), personal=personal, beside=self.attached(), held=held(self.store.files, detail)
            )
        except CacheError as error:
            self.say(problems.sentence(error.code), problem=True)
            return
        self._touched.add(blob_id := f"ref:{made.id}")
        self._changed_to(
            [*self.attached(), {"blobId": blob_id, "name": made.name, "personal": made.personal}], made.name
        )

    def _take_out(self, blob_id: str) -> None:
        self._touched.add(blob_id)
        name = next(str(each["name"]) for each in self.attached() if each["blobId"] == blob_id)
        self._changed_to([each for each in self.attached() if each["blobId"] != blob_id], name)

    def _changed_to(self, files: list[dict[str, Any]], name: str) -> None:
        self.close_step()
        self.attached()[:] = files
        self.note(Place(what=one_line(name)))
        self.attachments_changed()

    def forget_files(self) -> None:
        """Let go what is attached no more, once nothing can be taken back here."""
        for blob_id in self._touched - {str(each["blobId"]) for each in self.attached()}:
            with suppress(CacheError):
                self.store.files.detach(blob_id)
