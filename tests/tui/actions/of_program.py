"""Proofs: what every screen has, ways from one to another, and what is settled for the whole program."""

from __future__ import annotations

import argparse

from imi_tui import i18n
from imi_tui.actions import ACTIONS
from imi_tui.cache.outbox.draft import Draft
from imi_tui.commands.common import Client
from imi_tui.commands.tui import Wiring
from imi_tui.config.settings import Settings
from imi_tui.i18n import _
from imi_tui.profile import Profile
from imi_tui.widgets.document import Document
from tests.tui.actions.proofs import Desk, Steps, proves
from tests.tui.actions.screens import there
from tests.tui.screens import filled


@proves("app.help", keeps=True)
async def help(desk: Desk) -> Steps:
    """What works on this screen."""
    await there(desk)
    own = next((each for each in reversed(ACTIONS) if desk.scope in each.scopes and each.keys), ACTIONS[0])
    yield ("--help",)
    await desk.on("help", "imi-tui")
    if not desk.commanded:

        def told() -> bool:
            lines = ("".join(piece for piece, _look in line) for line in desk.top.query_one(Document)._lines)
            return any(own.name in line for line in lines)

        await desk.until(told, f"the help does not know {own.id}", quick=True)


@proves("app.menu", keeps=True)
async def menu(desk: Desk) -> Steps:
    """What this screen has."""
    await there(desk)
    yield ()
    await desk.on("menu")
    have = {entry.action.id for entry in desk.top._found}
    own = {each.id for each in ACTIONS if desk.scope in each.scopes and not each.id[-1].isdigit()} - {"app.menu"}
    assert own <= have, f"the menu lacks {sorted(own - have)}"


@proves("app.sync", keeps=True)
async def sync(desk: Desk) -> Steps:
    """The sync thread is woken, and the officer told."""
    await there(desk)
    before = desk.woken
    yield ("sync",)
    assert desk.woken == before + 1, "nothing wakes the synchronisation"
    assert "Synchronising" in str([*desk.app._notifications][-1].message), "nothing is said"


@proves("app.undo", keeps=True)
async def undo(desk: Desk) -> Steps:
    """The last step."""
    await _a_step(desk)
    yield ()
    assert not _done(desk), "it is not taken back"


@proves("app.redo", keeps=True)
async def redo(desk: Desk) -> Steps:
    """The step that was taken back."""
    await _a_step(desk)
    await desk.press("u")
    assert not _done(desk), "it is not taken back"
    yield ()
    assert _done(desk), "it is not done again"


async def _a_step(desk: Desk) -> None:
    await there(desk)
    await desk.press({"inbox": "comma", "case": "i"}.get(desk.scope, "delete"))
    assert _done(desk), "there is no step to take back"


def _done(desk: Desk) -> bool:
    """Whether the step stands: a case was taken on, the refused entry or one of two others of its kind thrown away."""
    match desk.scope:
        case "drafts":
            return len(desk.store.drafts()) == 1
        case "templates":
            return len(desk.store.snippets.templates()) == 1
        case "phrases":
            return len(desk.store.snippets.phrases()) == 1
    return len(desk.store.outbox()) == (0 if desk.scope == "outbox" else 1)


@proves("app.back")
async def back(desk: Desk) -> Steps:
    """The screen below."""
    await there(desk)
    stack = desk.app.screen_stack
    yield ()
    assert desk.app.screen is stack[-2], f"the screen before does not come back, {desk.here!r} is on top"


@proves("app.quit", keeps=True)
async def quit(desk: Desk) -> Steps:
    """What waits to be sent is told first."""
    await there(desk)
    row = desk.store.window("to_accept", "due", limit=1)[0]
    desk.store.act(row.desk, row.id, "accept", answers={"agreed_days": 14})
    yield ()
    await desk.on("confirm")
    await desk.shows("1 entry waits to be sent")
    if desk.scope == "case" and desk.way.key != "f10":
        await desk.choose("stay")
        assert desk.here == desk.scope, "to stay is not to stay"
    elif desk.scope == "case":
        await desk.choose("quit")
        assert desk.app._exit, "the program does not end"


@proves("app.lock", keeps=True)
async def lock(desk: Desk) -> Steps:
    """Nothing is to be seen, and everything is there again."""
    await there(desk)
    yield ()
    assert desk.app.locked, "it is not locked"
    await desk.on("lock")
    await desk.press("enter")
    assert desk.here == desk.scope, "the screen does not come back"


@proves("app.language", keeps=True)
async def language(desk: Desk) -> Steps:
    """Every text, and kept."""
    await there(desk)
    yield "config", "set", "language", "el"
    if not desk.commanded:
        # One of many: found by typing.
        await desk.paste("el")
        await desk.press("enter")
    assert desk.settings.language == "el", "the language is not kept"
    if not desk.commanded:
        assert i18n.language() == "el", "another language is spoken"
        await desk.shows(_("Help"))
        assert _("Help") != "Help"


@proves("app.colours", keeps=True)
async def colours(desk: Desk) -> Steps:
    """The colours, and kept."""
    await there(desk)
    yield "config", "set", "theme", "dark"
    await desk.choose("dark")
    assert desk.settings.theme == "dark", "the colours are not kept"
    if not desk.commanded:
        assert desk.app.theme == "dark", "the colours stay as they are"
        desk.app.theme = desk.app.context.theme = "terminal"


@proves("app.keyboard", keeps=True)
async def keyboard(desk: Desk) -> Steps:
    """The layout, and kept."""
    yield "config", "set", "keyboard", "greek"
    await desk.choose("greek")
    assert desk.settings.keyboard == "greek", "the keyboard is not kept"
    if not desk.commanded:
        assert desk.app.context.keyboard == "greek", "the keyboard stays what it is"
        desk.app.context.keyboard = "auto"


@proves("app.screen_reader", keeps=True)
async def screen_reader(desk: Desk) -> Steps:
    """From the next start on."""
    yield "config", "set", "screen_reader", "true"
    assert desk.settings.screen_reader is True, "it is not kept"
    desk.app.context.reads_aloud = False
    desk._set("screen_reader", value=False)


def _wired(desk: Desk) -> Wiring:
    client = Client(Profile(desk.home), Settings(), filled.KEY, desk.store, "", "", argparse.Namespace())
    return Wiring(client)


@proves("app.metered")
async def metered(desk: Desk) -> Steps:
    """Kept, and shown."""
    desk.app.context.meter = _wired(desk).meter
    desk.inbox.reload(frozenset())
    yield "config", "set", "metered", "true"
    assert desk.settings.metered is True, "it is not kept"
    if not desk.commanded:
        await desk.shows("metered")
        desk.app.context.meter(False)
    desk._set("metered", value=False)


@proves("app.sign_out")
async def sign_out(desk: Desk) -> Steps:
    """After a question, nobody is signed in."""
    desk.app.context.sign_out = _wired(desk).sign_out
    desk.inbox.reload(frozenset())
    yield ("signout",)
    await desk.choose("out")
    assert desk.store.status().problem == "notSignedIn", "somebody is still signed in"
    desk.store.sync.set_ok(filled.NOW)


@proves("app.sign_in", keeps=True)
async def sign_in(desk: Desk) -> Steps:
    """The ways to sign in, where nobody is."""
    desk.store.sync.set_problem("notSignedIn")
    await desk.calm()
    yield ("signin",)
    await desk.on("sign_in")
    desk.store.sync.set_ok(filled.NOW)


@proves("app.removals")
async def removals(desk: Desk) -> Steps:
    """After a question, the server's removals are let go."""
    desk.store.deletion_guard.hold(desk.seat.desk, 40, 41)
    desk.inbox.reload(frozenset())
    yield "sync", "--accept-removals"
    await desk.choose("remove")
    assert desk.store.deletion_guard.allowed(desk.seat.desk, 40), "they are still on hold"


@proves("tour.begin")
async def tour(desk: Desk) -> Steps:
    """Its first step stands on the screen."""
    desk.app.context.demo = True
    await there(desk)
    yield "demo", "--tour"
    assert desk.app.tour is not None, "the tour does not begin"
    desk.app.end_tour()
    desk.app.context.demo = False


@proves("tour.skip", "tour.end", keeps=True)
async def in_the_tour(desk: Desk) -> Steps:
    """The next step, or none any more."""
    desk.app.context.demo = True
    await there(desk)
    desk.app.begin_tour()
    await desk.calm()
    running = desk.app.tour
    assert running is not None
    step = running.tour.step
    yield ()
    if desk.action is not None and desk.action.id == "tour.end":
        assert desk.app.tour is None, "the tour goes on"
    else:
        assert desk.app.tour is running, "the tour has ended"
        assert running.tour.step != step, "the tour stays where it is"
    desk.app.end_tour()
    desk.app.context.demo = False


@proves("go.new")
async def new(desk: Desk) -> Steps:
    """A new case."""
    yield ()
    await desk.on("compose")


@proves("go.outbox", keeps=True)
async def outbox(desk: Desk) -> Steps:
    """What waits and what was refused."""
    item = desk.refuse()
    await there(desk)
    yield ("outbox",)
    await desk.on("outbox")
    await desk.shows(item.reference)


@proves("go.drafts", keeps=True)
async def drafts(desk: Desk) -> Steps:
    """What was begun."""
    row = desk.store.window("to_answer", "due", limit=1)[0]
    desk.store.save_draft(Draft("e" * 32, row.desk, row.procedure, "message", row.id, text="half a sent"))
    await there(desk)
    yield "list", "--view", "drafts"
    await desk.on("drafts")
    await desk.shows(row.reference)


@proves("go.authorities", keeps=True)
async def authorities(desk: Desk) -> Steps:
    """The first ones."""
    await there(desk)
    yield "authorities", "finanzkontrolle aachen"
    await desk.on("authorities")
    await desk.paste("finanzkontrolle aachen")
    await desk.shows("Aachen")


@proves("go.templates", keeps=True)
async def templates(desk: Desk) -> Steps:
    """Those that are kept."""
    await there(desk)
    yield ()
    await desk.on("templates")


@proves("go.phrases", keeps=True)
async def phrases(desk: Desk) -> Steps:
    """Those that are kept."""
    from tests.tui.actions.screens import PHRASES

    desk.store.keep_phrases(list(PHRASES))
    await there(desk)
    yield ("phrases",)
    await desk.on("phrases")
    await desk.shows(PHRASES[0].text)
