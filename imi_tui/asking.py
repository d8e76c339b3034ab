"""What an officer settles for the whole program by choosing from a list."""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from typing import TYPE_CHECKING

from imi_tui import i18n
from imi_tui.cache.errors import CacheError
from imi_tui.config import settings
from imi_tui.failing import ReportingApp
from imi_tui.i18n import _
from imi_tui.screens import routes

if TYPE_CHECKING:
    from collections.abc import Callable


LONG = 3.0
"""Seconds after which what a synchronisation still has to bring is worth a sentence."""


class AskingApp(ReportingApp, inherit_bindings=False):
    """Asks, remembers in the settings, and lets the screens follow."""

    def keep_setting(self, keep: Callable[[], object]) -> bool:
        """Let `keep` write to the officer's file; whether it did. Where it did not, that is said."""
        try:
            keep()
        except settings.NotWritten as error:
            self.notify(error.text, severity="warning", markup=False)
            return False
        return True

    @abstractmethod
    def write_again(self) -> None:
        """Every text on every screen, in the language of now."""

    def tell_of_texts(self) -> None:
        """Say why procedures read in English, where their texts in the officer's language are still to come."""
        language = self.context.language
        with contextlib.suppress(CacheError):
            if language != i18n.PSEUDO and self.context.store.lacks_labels(language):
                self.notify(
                    _("Texts of procedures are in English until a synchronisation brings them in your language."),
                    severity="warning",
                    markup=False,
                )

    def ask_keyboard(self) -> None:
        """Let the officer say which layout the keyboard has."""

        def chosen(value: str | None) -> None:
            if value:
                self.context.keyboard = value
                self.keep_setting(lambda: self.context.setting("keyboard", value))

        self.push_screen(
            routes.choose(
                _("Which keyboard do you use? Single-letter keys then work on it without switching to Latin letters."),
                [
                    (_("Bulgarian, BDS: Ф is on the key B"), "bds"),
                    (_("Bulgarian, phonetic: Ф is on the key F"), "phonetic"),
                    (_("Greek"), "greek"),
                    (_("None of these: letters stay what they are"), "off"),
                ],
                self.context.keyboard,
            ),
            chosen,
        )

    def ask_language(self) -> None:
        """Let the officer choose the language of the program."""

        def chosen(code: str | None) -> None:
            if code:
                i18n.install(code)
                self.context.language = code
                self.context.spoken()
                self.write_again()
                self.set_timer(LONG, self.tell_of_texts)
                self.keep_setting(lambda: self.context.setting("language", code))

        own = tuple((code, f"{code}  {name}") for code, name in i18n.languages().items())
        self.push_screen(routes.pick(_("Language of the program"), own, self.context.language), chosen)
