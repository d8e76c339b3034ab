"""What an officer settles for the whole program from the inbox: signing in and out, the line, language and looks."""

from __future__ import annotations

from imi_tui.i18n import _
from imi_tui.screens import routes
from imi_tui.screens.base import BaseScreen
from imi_tui.viewmodel import views


class AccountActions(BaseScreen[None]):
    """The actions; a screen that offers them inherits from it."""

    async def action_app_sign_in(self) -> None:
        """Sign in."""
        await self.app.push_screen(routes.sign_in())

    async def action_app_removals(self) -> None:
        """Say what is on hold; the officer may let it go."""
        held = self.store.held()
        if not held:
            return

        def chosen(value: str | None) -> None:
            if value == "remove":
                self.store.allow_removals()
                self.context.sync_now()
                self.say(_("The cases on hold go with the next synchronisation."))

        answers = [(_("Keep them for now"), "keep"), (_("Let them go"), "remove")]
        await self.app.push_screen(routes.choose(views.on_hold(held, self.store.seats()), answers), chosen)

    def action_app_metered(self) -> None:
        """Spare the line, or stop sparing it."""
        if self.context.meter is None:
            return
        metered = not self.store.status().now.metered
        meter = self.context.meter
        if self.imi.keep_setting(lambda: meter(metered)):
            text = _("Only lists and what you open are fetched from now on.")
            self.say(text if metered else _("Everything is fetched again."))

    async def action_app_sign_out(self) -> None:
        """Sign out, after asking: getting back in costs a trip to the browser."""

        def chosen(value: str | None) -> None:
            if value == "out" and self.context.sign_out is not None:
                self.context.sign_out()
                self.say(_("You are signed out. What is on this machine stays."))

        answers = [(_("Stay signed in"), "stay"), (_("Sign out"), "out")]
        await self.app.push_screen(
            routes.choose(_("Sign out? Queued entries wait until you sign in again."), answers), chosen
        )

    def action_app_screen_reader(self) -> None:
        """Have the next start read well aloud, or no longer."""
        aloud = not self.context.reads_aloud
        if not self.imi.keep_setting(lambda: self.context.setting("screen_reader", aloud)):
            return
        self.context.reads_aloud = aloud
        self.say(
            _("From the next start on the screen is made for a screen reader.")
            if aloud
            else _("From the next start on the screen has its columns again.")
        )

    def action_app_colours(self) -> None:
        """Choose the colours."""
        self.imi.ask_colours()

    def action_app_keyboard(self) -> None:
        """Choose the keyboard layout."""
        self.imi.ask_keyboard()
