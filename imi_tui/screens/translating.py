"""Having free text of a case translated, and writing one's own translation for the desk."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from textual.containers import Vertical
from textual.widgets import Static

from imi_core.errors import ImiError
from imi_tui import problems
from imi_tui.cache.errors import CacheError
from imi_tui.hints import hint
from imi_tui.i18n import _
from imi_tui.i18n.phrasing import language_name
from imi_tui.screens import routes
from imi_tui.screens.base import BaseScreen, Dialogue, bindings
from imi_tui.viewmodel.blocks import Block
from imi_tui.viewmodel.cells import cut
from imi_tui.widgets.document import Document
from imi_tui.widgets.entry import LinesInput

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from imi_tui.cache.outbox.draft import Draft
    from imi_tui.viewmodel.translating import Foreign
    from imi_tui.viewmodel.view import View

SHOWN = 60
"""Cells of a text where one is chosen."""


class TranslateActions(BaseScreen[None]):
    """The actions; a screen that shows a case inherits from it."""

    _view: View | None
    _translatable: tuple[View, frozenset[str]] | None = None

    def translating_flags(self) -> frozenset[str]:
        """What can be translated of the case that is shown."""
        from imi_tui.viewmodel import translating

        view = self._view
        if view is None or not view.detail.entries:
            return frozenset()
        # Asked with every key, and it reads all texts of the case.
        if self._translatable is None or self._translatable[0] is not view:
            found = {"foreign"} if translating.foreign(view) else set()
            found |= {"untranslated"} if translating.wanted(view) else set()
            found |= {"service"} if self.store.translations.engine() else set()
            self._translatable = (view, frozenset(found))
        return self._translatable[1]

    def action_translate(self) -> None:
        """Ask the server's service for what is not translated."""
        from imi_tui.viewmodel import translating

        if self._view is None or not (wishes := translating.wanted(self._view)):
            return
        if not self.store.translations.engine():
            self.say(problems.sentence("noService"), problem=True)
            return
        self.store.translations.ask(wishes)
        self.context.sync_now()
        self.say(_("A translation is asked for with the next synchronisation."))

    async def action_own_translation(self) -> None:
        """Choose a text, write its translation, queue it."""
        from imi_tui.viewmodel import translating

        if self._view is None or not (found := translating.foreign(self._view)):
            return
        detail, lang = self._view.detail, self._view.reads[0]

        async def write(number: str | None) -> None:
            if number is None:
                return
            text = found[int(number)]

            def written(translated: str | None) -> None:
                if translated:
                    self._queue_translation((detail.desk, detail.id), text, translated, lang)

            await self.app.push_screen(routes.write_translation(text, lang), written)

        if len(found) == 1:
            await write("0")
            return
        answers = [(cut(" ".join(each.text.split()), SHOWN), str(number)) for number, each in enumerate(found)]
        await self.app.push_screen(routes.choose(_("Which text?"), answers), write)

    def _queue_translation(self, case: tuple[str, str], text: Foreign, translated: str, lang: str) -> None:
        from imi_tui.cache.outbox.draft import own_translation

        try:
            item = self.store.queue(own_translation(secrets.token_hex(16), case, text[:3], translated, lang))
        except (CacheError, ImiError) as error:
            self.say(problems.sentence(error.code), problem=True)
            return
        self.imi.queued([item], _("Own translation"))
        self.refresh_frame()


async def go_on(screen: BaseScreen[Any], draft: Draft) -> None:
    """Go on with a translation that was taken back or refused."""
    from imi_tui.viewmodel.translating import Foreign

    part, translated = next(iter(draft.answers.items()), ("", ""))
    entry = screen.store.entry(draft.desk, draft.target) or {}
    original = (entry.get("text") or {}).get("text") if part == "text" else (entry.get("answers") or {}).get(part)

    def written(text: str | None) -> None:
        if not text:
            return
        draft.answers = {part: text}
        try:
            item = screen.store.queue(draft)
        except (CacheError, ImiError) as error:
            screen.say(problems.sentence(error.code), problem=True)
            return
        screen.imi.queued([item], _("Own translation"))
        screen.refresh_frame()

    found = Foreign(draft.target, part, "", str(original or ""), str(translated))
    await screen.app.push_screen(routes.write_translation(found, draft.lang), written)


class WriteTranslation(Dialogue[str]):
    """The original, and room for a translation; the result is None after Escape."""

    SCOPE = "phrase"
    CSS_PATH = ["base.tcss", "translating.tcss"]
    BINDINGS = bindings("phrase")
    AUTO_FOCUS = "LinesInput"

    def __init__(self, text: Foreign, lang: str) -> None:
        super().__init__()
        self._text, self._lang = text, lang

    def compose(self) -> ComposeResult:
        """The original above, the translation below it."""
        with Vertical(classes="dialogue"):
            yield Static(_("Own translation"), id="heading", markup=False)
            yield Document()
            yield Static(language_name(self._lang), classes="label", markup=False)
            yield LinesInput(self._text.translated, id="text")
            yield Static(_("{keep}: keep   Esc: leave it").format(keep=hint("phrase.save")), id="problem", markup=False)

    def on_mount(self) -> None:
        """Show the original; writing goes on behind what is there."""
        lang = language_name(self._text.lang) if self._text.lang else ""
        self.query_one(Document).show([Block(self._text.text, remote=True, lang=lang)])
        field = self.query_one(LinesInput)
        field.move_cursor(field.document.end)

    def action_keep(self) -> None:
        """Close with what was written; nothing written is no translation."""
        self.dismiss(self.query_one(LinesInput).text.strip())
