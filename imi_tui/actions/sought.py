"""Under which other words an action is looked for by somebody who does not know what it is called here.

Each is one message: words of the officer's language, never shown, and not translated word for word.
"""

from __future__ import annotations

from imi_tui.i18n import NP_, pgettext

SOUGHT: dict[str, str] = {
    # Translators: words under which somebody may look for an action in help or menu, separated by spaces; never shown.
    # What one would type in your language for this, in any number; not a word that is in the action's name already.
    "case.put_off": NP_("sought", "snooze later postpone remind reminder wait"),
    "case.export": NP_("sought", "save download excel spreadsheet pdf"),
    "case.print": NP_("sought", "printer paper"),
    "case.assign": NP_("sought", "delegate hand give colleague"),
    "here.assign": NP_("sought", "delegate hand give colleague"),
    "case.tag": NP_("sought", "label star favourite flag category"),
    "case.note": NP_("sought", "comment memo remark"),
    "view.keep": NP_("sought", "save filter search favourite folder"),
    "list.leave": NP_("sought", "cancel clear remove unmark"),
    "list.mark": NP_("sought", "select tick choose"),
    "list.search": NP_("sought", "find filter lookup"),
    "app.undo": NP_("sought", "cancel revert recall withdraw mistake"),
    "app.sync": NP_("sought", "refresh update connection network offline server send receive"),
    "app.colours": NP_("sought", "theme dark bright appearance contrast"),
    "app.lock": NP_("sought", "password break pause away"),
    "app.quit": NP_("sought", "exit close leave end"),
    "app.sign_in": NP_("sought", "login log password account user"),
    "app.sign_out": NP_("sought", "logout log account user"),
    "tour.begin": NP_("sought", "tutorial introduction beginner learn"),
    "go.new": NP_("sought", "create write compose ask"),
    "go.outbox": NP_("sought", "sent queue waiting error"),
    "go.authorities": NP_("sought", "address contact phone directory who"),
    "file.attach": NP_("sought", "attach attachment upload document add"),
    "compose.discard": NP_("sought", "delete cancel remove"),
}


def sought(id: str) -> str:
    """The words for this action in the officer's language and in English; "" where it has none."""
    words = SOUGHT.get(id, "")
    return f"{pgettext('sought', words)} {words}" if words else ""
