"""Every screen of the client as an officer meets it, opened one after the other in one running app."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from textual.pilot import Pilot

from imi_core.authority import Seat
from imi_core.case import Attachment, Case, to_wire
from imi_tui.app import ImiApp
from imi_tui.cache.outbox.draft import Draft
from imi_tui.cache.personal.snippets import Phrase, Template
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from imi_tui.screens import routes
from imi_tui.screens.inbox import InboxScreen
from imi_tui.viewmodel import exporting
from imi_tui.widgets.case_list import CaseList
from tests.tui.keys import press
from tests.tui.screens import filled
from tests.tui.screens.test_case_screen import a_case
from tests.tui.screens.test_files_tab import CONTENT, arrive
from tests.tui.screens2.test_composition import complete

DIGEST = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Desk:
    """A running app with its cache."""

    app: ImiApp
    pilot: Pilot[None]
    store: Store
    seat: Seat

    async def press(self, *keys: str) -> None:
        """Press keys and let the screens follow."""
        await press(self.app, self.pilot, *keys)
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
        self.app.end_tour()
        while len(self.app.screen_stack) > 2:
            self.app.pop_screen()
            await self.pilot.pause(0)
        await self.press("escape")
        while len(self.app.screen_stack) > 1:
            self.app.pop_screen()
            await self.pilot.pause(0)
        await self.press("1", "home")
        if self.app.screen.query_one(CaseList).marked:
            await self.press("escape")


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
    """What the screens show beside cases: entries queued and refused, drafts, what is kept, a foreign text, files."""
    translate(store, seat)
    attach(store, seat)
    waits, refused = store.window("to_accept", "due", limit=3)[1:]
    for row in (waits, refused):
        item = store.act(row.desk, row.id, "accept", answers={"agreed_days": 14})
    store.sync.settle({}, {item.client_ref: {"type": "stale"}})
    store.keep_phrases([Phrase("", "ref", "en", "We refer to {reference} of {sent}."), Phrase("", "vg", "de", "Gruß")])
    for name in ("Site checks", "Wages of a whole team"):
        store.keep_template(Template("", name, "pw.info", answers={"subject": name}))
    shifts = {"subject": "Night shifts in Vejle"}
    store.save_draft(Draft("1" * 32, seat.desk, "pw.info", "send", answers=shifts, saved_at="2026-03-01T08:00:00Z"))
    answered = with_files(seat)
    store.save_draft(
        Draft("2" * 32, seat.desk, answered.procedure, "reply", case_id=answered.id, saved_at="2026-03-02T08:00:00Z")
    )
    store.remember(exporting.MEMO, '{"folder": "/srv/cases", "case": "pdf"}')


def with_files(seat: Seat) -> Case:
    """A case to answer that has files; not the one that most scenes show."""
    found = [case for case, _entries in filled.demo(seat, 120) if case.state == "accepted" and filled.mine(seat, case)]
    return found[-1]


def attach(store: Store, seat: Seat) -> None:
    """Two files that came with the last entry of a case: one is here, one is still to be fetched."""
    case = with_files(seat)
    names = ("A1 certificate Vejle.pdf", "Lønsedler for januar og februar 2026.pdf")
    files = tuple(
        Attachment(
            blob_id=f"{number:032x}",
            name=name,
            size=len(CONTENT) + number * 912_345,
            sha256=DIGEST,
            personal=number > 0,
        )
        for number, name in enumerate(names)
    )
    entries = next(found for other, found in filled.demo(seat, 120) if other.id == case.id)
    entry = msgspec.structs.replace(entries[-1], id="f" * 32, version=case.version + 1, attachments=files)
    case = msgspec.structs.replace(case, version=case.version + 1, files=len(files))
    store.sync.apply(seat.desk, Page(store.sync.state(seat.desk), cases=[to_wire(case)], entries=[to_wire(entry)]))
    store.files.want(seat.desk, case.id, to_wire(files[0]))
    arrive(store)


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


async def case_timeline(desk: Desk) -> None:
    """Who did what and when."""
    await case(desk)
    await desk.press("3")


async def case_files(desk: Desk) -> None:
    """One file is here, one on the server."""
    await desk.open(routes.case(desk.seat.desk, with_files(desk.seat).id, "files"))


async def case_people(desk: Desk) -> None:
    """Which authorities and officers have a part in it."""
    await case(desk)
    await desk.press("5")


async def export(desk: Desk) -> None:
    """A case with files into a file."""
    await desk.open(routes.export_case(desk.seat.desk, with_files(desk.seat).id))


async def bulk(desk: Desk) -> None:
    """What accepting all that is marked will do, and with which it is not possible."""
    await desk.press("8")
    assert isinstance(desk.app.screen, InboxScreen)
    desk.app.screen.action_list_mark_all()
    await desk.press("a")


async def tour(desk: Desk) -> None:
    """Its first step, over the list."""
    desk.app.go_on_with_tour(anew=True)
    await desk.calm()


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


async def compose_review(desk: Desk) -> None:
    """A new case: all of it, before it goes."""
    work = complete(desk.store)
    work.save()
    await desk.open(routes.compose(work.draft.id))


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
    """Two."""
    await desk.open(routes.templates())


async def drafts(desk: Desk) -> None:
    """Of a new case and of a reply, and what the scenes before left."""
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
    case_timeline,
    case_files,
    case_people,
    case_summary,
    days,
    bulk,
    reply,
    export,
    compose,
    compose_form,
    compose_review,
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
    tour,
    grouped,
    lock,
)
OVER_THE_LIST: tuple[Scene, ...] = (menu, help)
"""Windows below which the list stays to be seen; they are opened anew at each size."""
SAMPLE: tuple[Scene, ...] = (inbox, case, bulk, reply, export, menu)
"""Those with the longest texts in the least room."""
ALOUD: tuple[Scene, ...] = (inbox, case, reply, outbox)
"""What a screen reader meets most."""
