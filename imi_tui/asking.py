"""What an officer settles for the whole program by choosing from a list."""

from __future__ import annotations

from abc import abstractmethod

from imi_tui.failing import ReportingApp
from imi_tui.i18n import _
from imi_tui.screens import routes


class AskingApp(ReportingApp, inherit_bindings=False):
    """Asks, remembers in the settings, and lets the screens follow."""

    @abstractmethod
    def write_again(self) -> None:
        """Every text on every screen, in the language of now."""

    def ask_keyboard(self) -> None:
        """Let the officer say which layout the keyboard has."""

        def chosen(value: str | None) -> None:
            if value:
                self.context.keyboard = value
                self.context.setting("keyboard", value)

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
        from imi_tui import i18n

        def chosen(code: str | None) -> None:
            if code:
                i18n.install(code)
                self.context.language = code
                self.context.setting("language", code)
                self.context.spoken()
                self.write_again()

        own = [(f"{code}  {name}", code) for code, name in i18n.languages().items()]
        self.push_screen(routes.choose(_("Language of the program"), own, self.context.language), chosen)
