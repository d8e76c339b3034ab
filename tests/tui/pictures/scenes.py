"""Every screen of the client as an officer meets it, opened one after the other in one running app."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from textual.pilot import Pilot

from imi_core.authority import Seat
from imi_tui.app import ImiApp
from imi_tui.cache.shelf import Phrase
from imi_tui.cache.store import Store
from imi_tui.screens import routes
from imi_tui.screens.inbox import InboxScreen
from tests.tui.screens.test_case_screen import a_case


@dataclass
class Desk:
    """A running app with its cache."""

    app: ImiApp
    pilot: Pilot[None]
    store: Store
    seat: Seat

    async def press(self, *keys: str) -> None:
        """Press keys and let the screens follow."""
        await self.pilot.press(*keys)
        await self.calm()

    async def open(self, screen: Any) -> None:
        """Put a screen on top."""
        await self.app.push_screen(screen)
        await self.calm()

    async def calm(self) -> None:
        """As `settled`, without waiting for an idle processor: who looks at a screen looks again."""
        await self.pilot.pause(0)
        self.app._pass_on()
        await self.pilot.pause(0)
        if isinstance(self.app.screen, InboxScreen):
            self.app.screen._settle()
        await self.pilot.pause(0)

    async def home(self) -> None:
        """Back to the list, as it is at the start."""
        while len(self.app.screen_stack) > 2:
            self.app.pop_screen()
            await self.pilot.pause(0)
        await self.press("escape", "1", "home")


TRANSLATED = {
    "en": "During a check at a building site (place: Vejle) we met workers who are posted by the following undertaking:"
    " Vosges Échafaudages SAS. We have to establish whether the posting is genuine.",
    "de": "Bei einer Kontrolle auf einer Baustelle (Ort: Vejle) wurden Arbeitnehmer angetroffen, die von folgendem"
    " Unternehmen entsandt sind: Vosges Échafaudages SAS. Wir haben zu klären, ob es eine echte Entsendung ist.",
    "el": "Σε έλεγχο σε εργοτάξιο (τόπος: Vejle) βρέθηκαν εργαζόμενοι που έχουν αποσπαστεί από την εξής επιχείρηση:"
    " Vosges Échafaudages SAS. Πρέπει να διευκρινίσουμε αν πρόκειται για πραγματική απόσπαση.",
}
"""The reason of the request in the case to answer, as a colleague translated it."""


def prepare(store: Store, seat: Seat) -> None:
    """What the screens show beside cases: entries queued and refused, phrases, a text in a foreign language."""
    translate(store, seat)
    waits, refused = store.window("to_accept", "due", limit=3)[1:]
    for row in (waits, refused):
        item = store.act(row.desk, row.id, "accept", answers={"agreed_days": 14})
    store.sync.settle({}, {item.client_ref: {"type": "stale"}})
    store.keep_phrases([Phrase("", "ref", "en", "We refer to {reference} of {sent}."), Phrase("", "vg", "de", "Gruß")])


def translate(store: Store, seat: Seat) -> None:
    """What a colleague wrote for those who do not read Danish."""
    case = a_case(seat, "accepted")
    detail = store.case(seat.desk, case.id)
    assert detail is not None
    [entry] = [each for each in detail.entries if each["action"] == "send"]
    given = {"caseId": case.id, "entryId": entry["id"], "source": entry["lang"], "at": "2026-03-04T10:00:00Z"}
    given |= {"engine": "", "officerName": "Marie Blanchard"}
    made = [
        given | {"id": f"t-{lang}", "lang": lang, "texts": {"justification": text}} for lang, text in TRANSLATED.items()
    ]
    store.translations.follow(seat.desk, case.id)
    store.translations.took(seat.desk, {case.id: len(made)}, made)


async def inbox(_: Desk) -> None:
    """The list stands there already."""


async def search(desk: Desk) -> None:
    """A line that finds something, completion offered."""
    await desk.press("slash", *"country", "colon")


async def case(desk: Desk) -> None:
    """A case to answer."""
    found = a_case(desk.seat, "accepted")
    await desk.open(routes.case(desk.seat.desk, found.id))


async def case_whole(desk: Desk) -> None:
    """All of it."""
    await case(desk)
    await desk.press("6")


async def case_summary(desk: Desk) -> None:
    """A case before acceptance."""
    found = a_case(desk.seat, "awaiting_acceptance")
    await desk.open(routes.case(desk.seat.desk, found.id))


async def days(desk: Desk) -> None:
    """The prompt of Accept."""
    await case_summary(desk)
    await desk.press("a")


async def reply(desk: Desk) -> None:
    """The form of an answer."""
    found = a_case(desk.seat, "accepted")
    await desk.open(routes.act([(desk.seat.desk, found.id)], "reply"))


async def compose(desk: Desk) -> None:
    """A new case: which procedure."""
    await desk.open(routes.compose())


async def compose_form(desk: Desk) -> None:
    """A new case: its form."""
    await compose(desk)
    await desk.press("enter", *"finanzkontrolle", "enter")


async def authorities(desk: Desk) -> None:
    """Found authorities."""
    await desk.open(routes.authorities())
    await desk.press(*"zoll")


async def authority(desk: Desk) -> None:
    """The record of one."""
    await desk.open(routes.authority(desk.seat.authority))


async def outbox(desk: Desk) -> None:
    """One entry waits, one was refused."""
    await desk.open(routes.outbox())


async def conflict(desk: Desk) -> None:
    """What others did meanwhile."""
    [refused] = [item for item in desk.store.outbox() if item.state == "rejected"]
    await desk.open(routes.conflict(refused.client_ref))


async def phrases(desk: Desk) -> None:
    """Texts to insert."""
    await desk.open(routes.phrases())


async def templates(desk: Desk) -> None:
    """None are kept yet."""
    await desk.open(routes.templates())


async def drafts(desk: Desk) -> None:
    """None are there."""
    await desk.open(routes.drafts())


async def sign_in(desk: Desk) -> None:
    """The ways to sign in."""
    await desk.open(routes.sign_in())


async def menu(desk: Desk) -> None:
    """Everything the list can do."""
    await desk.press("f9")


async def help(desk: Desk) -> None:
    """What works in the list."""
    await desk.press("f1")


async def lock(desk: Desk) -> None:
    """Nothing is to be seen."""
    await desk.open(routes.lock())


async def grouped(desk: Desk) -> None:
    """The list in groups by deadline, the first one folded; the last scene with a list, for it stays so."""
    await desk.press("t", "down", "enter", "home", "ctrl+t")


Scene = Callable[[Desk], Awaitable[None]]
SCENES: tuple[Scene, ...] = (
    inbox,
    search,
    case,
    case_whole,
    case_summary,
    days,
    reply,
    compose,
    compose_form,
    authorities,
    authority,
    outbox,
    conflict,
    phrases,
    templates,
    drafts,
    sign_in,
    menu,
    help,
    grouped,
    lock,
)
OVER_THE_LIST: tuple[Scene, ...] = (menu, help)
"""Windows below which the list stays to be seen; they are opened anew at each size."""
