"""Every screen at 80 columns in every language: no text cut without a sign, none over another, none left in English.

One app runs on a real cache; its language is switched while it runs, as an officer may do.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.scrollbar import ScrollBar
from textual.widgets import Static

from imi_tui import asking, i18n
from imi_tui.app import ImiApp
from imi_tui.cache.register.countries import SPOKEN
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from imi_tui.outside.preview import Preview
from imi_tui.screens import routes
from imi_tui.screens.inbox import InboxScreen
from imi_tui.widgets.authority_list import AuthorityList
from imi_tui.widgets.document import Document
from imi_tui.widgets.entry import LineInput, LinesInput
from tests.effort import some, tries
from tests.system import layout
from tests.tui.keys import press
from tests.tui.languages import marked
from tests.tui.pictures.scenes import prepare
from tests.tui.screens import filled
from tests.tui.screens.test_inbox_screen import running, settled, text_of
from tests.tui.unpainted import unpainted

pytestmark = pytest.mark.anyio

LANGUAGES = tuple(
    code
    for code in i18n.languages()
    if code != "en" and any((folder / code / "LC_MESSAGES" / "imi_tui.mo").exists() for folder in i18n.locale_dirs())
)
"""Those with a catalogue; English is looked at with each."""
FEW = ("de", "el", "fi", "hu", "mt", "en-XA")
"""Those of `make test`, two of them on each part of the walk: the longest texts, long words, another alphabet. `make
test-faults` looks at all.
"""
LOOKED_AT = tries([each for each in LANGUAGES if each in FEW], list(LANGUAGES))
TO_COME = "Texts of procedures are in English until a synchronisation brings them in your language."
TEXTUAL = (
    "Search for commands",
    "No matches found",
    "Maximize",
    "Minimize",
    "Screenshot",
    "palette",
    "Select",
    "Must be a",
    "Must be between",
    "Press ctrl",
    "Change the current theme",
    "Show help",
    "Quit the application",
    "Loading",
)
"""What Textual says itself: its palette, prompts, validators and toasts."""


@dataclass
class Shot:
    """A screen as it stands, with marks as brackets."""

    where: str
    lines: list[str]
    columns: int = 80

    def __str__(self) -> str:
        return self.where


@dataclass
class Walk:
    """An app whose screens are looked at in all languages; `faults` says what was wrong."""

    app: ImiApp
    pilot: Pilot[None]
    languages: tuple[str, ...] = ("de",)
    faults: list[str] = field(default_factory=list)

    async def press(self, *keys: str) -> None:
        """Keys, and what they lead to."""
        await press(self.app, self.pilot, *keys)
        await self.calm()

    async def calm(self) -> None:
        """Until what was asked for is drawn: no waiting for a processor that others use as well."""
        for _ in range(3):
            await self.pilot.pause(0)

    async def speak(self, language: str) -> None:
        """Switch as the dialogue of languages does."""
        i18n.install(language)
        self.app.context.language = language
        self.app.write_again()
        await self.calm()

    async def look(
        self,
        name: str,
        scope: str,
        *,
        open: tuple[str, ...] | Callable[[], Awaitable[object]] = (),
        close: tuple[str, ...] = ("escape",),
    ) -> None:
        """Look at the screen in every language, English first; a dialogue is opened anew in each."""
        english: set[str] = set()
        for language in ("en", *self.languages):
            await self.speak(language)
            if callable(open):
                await open()
                await self.calm()
            elif open:
                await self.press(*open)
            where = f"{name} ({language})"
            if wrong := self._wrong(where, scope, language, english):
                # On a busy machine the screen may not be there yet: what is wrong then is right a moment later.
                await settled(self.pilot)
                wrong = self._wrong(where, scope, language, english)
            self.faults += wrong
            if language == "en":
                english |= marked.innermost(text_of(self.app))
            if callable(open):
                # A key pressed takes a tenth of a second.
                self.app.pop_screen()
                await self.calm()
            elif open:
                await self.press(*close)

    def _wrong(self, where: str, scope: str, language: str, english: set[str]) -> list[str]:
        """What is wrong with the screen as it stands; `english`: texts that stood there in English."""
        if (here := getattr(self.app.screen, "SCOPE", "")) != scope:
            return [f"{where}: this is the screen {here!r}"]
        text = text_of(self.app)
        found = layout.faults(Shot(where, marked.shown(whole(self.app, text)).splitlines()))  # type: ignore[arg-type]
        found += [f"{where}: {fault}" for fault in (*touching(text), *overlaps(self.app))]
        if language != "en":
            known = marked.LOAD(language)
            left = [each for each in english if marked.mark(each) in text and known.gettext(each) != each]
            found += [f"{where}: left in English: {each}" for each in left]
            found += [f"{where}: Textual says {each!r}" for each in TEXTUAL if each in text]
        return found


def touching(text: str) -> Iterator[str]:
    """Texts that run into what stands beside them."""
    for match in re.finditer(f"[^\\W_]{marked.BEGIN}|{marked.END}[^\\W_]", text):
        yield f"runs into another text: {marked.shown(text[max(0, match.start() - 20) : match.end() + 20])!r}"


def overlaps(app: ImiApp) -> Iterator[str]:
    """Widgets of one screen that lie over each other; a scroll bar is a part of the one it scrolls."""
    shown = [
        (widget, cells)
        for widget, (region, clip) in app.screen._compositor.visible_widgets.items()
        # What has no cells, such as a place in which nothing is said, lies over nothing.
        if (cells := region.intersection(clip))
        and not (widget.is_container or widget.children or isinstance(widget, ScrollBar))
        and (widget.styles.layer, widget.styles.overlay) == ("", "none")
    ]
    for (one, here), (other, there) in itertools.combinations(shown, 2):
        if here.overlaps(there):
            yield f"{one!r} lies over {other!r}"


@pytest.fixture
async def walk(store: Store, home: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Walk]:
    """The app, its texts marked."""
    monkeypatch.setattr(i18n, "load", marked.load)
    unpainted(monkeypatch)
    i18n.install("en")
    async with running(store, home, sign_in=lambda *_: None) as (app, pilot):
        yield Walk(app, pilot)


async def lists(walk: Walk) -> None:
    """The inbox with its dialogues."""
    await walk.press("space")
    await walk.look("inbox", "inbox")
    await walk.press("escape")
    await walk.look("order", "confirm", open=("b",))
    await walk.look("menu", "menu", open=("f9",))
    await walk.look("help", "help", open=("f1",))


async def case(walk: Walk) -> None:
    """A case, what can be done with it, and a reply."""
    await walk.press("2", "enter")
    await walk.look("case, overview", "case")
    await walk.press("5")
    await walk.look("case, people", "case")
    await walk.look("accept", "prompt", open=("a",))
    await walk.look("export", "export", open=("minus",))
    await walk.look("folder", "prompt", open=("minus", "up", "enter"), close=("escape", "escape"))
    await walk.press("escape", "3", "enter")
    await walk.press("2")
    await walk.look("case, questions", "case")
    await walk.press("r")
    await walk.look("reply", "act")
    await walk.look("file to attach", "prompt", open=("f4",))


async def writing(walk: Walk) -> None:
    """A new case step by step, and the lists of what was written."""
    await walk.press("n")
    await walk.look("new case, procedure", "compose")
    await walk.press("enter", "a", "enter")
    await walk.look("new case, form", "compose")
    await walk.look("insert", "menu", open=("f2",))
    await walk.look("as the other side sees it", "preview", open=("ctrl+o",))
    await walk.press("f7")
    await walk.look("new case, questions", "compose")
    await walk.press("f8")
    await walk.look("new case, review", "compose")
    await walk.press("escape", "d")
    await walk.look("drafts", "drafts")
    await walk.press("escape", "o")
    await walk.look("outbox", "outbox")
    await walk.press("escape", "w")
    await walk.look("authorities", "authorities")
    await walk.press("enter")
    await walk.look("authority", "authority")


async def kept(walk: Walk) -> None:
    """What is kept and what was refused, signing in, the lock."""
    store = walk.app.context.store
    prepare(store, filled.a_desk())
    [refused] = [item for item in store.outbox() if item.state == "rejected"]
    for name, screen in (
        ("phrases", routes.phrases()),
        ("templates", routes.templates()),
        ("conflict", routes.conflict(refused.client_ref)),
        ("sign_in", routes.sign_in()),
        ("lock", routes.lock()),
    ):
        await walk.app.push_screen(screen)
        await walk.calm()
        await walk.look(name, name)
        walk.app.pop_screen()
        await walk.calm()
    inbox = walk.app.screen
    assert isinstance(inbox, InboxScreen)
    number = store.exports.begin("list", "pdf", "To do", (), "/tmp")
    store.exports.done(number, "/tmp/done.pdf", "0" * 64)
    await walk.look("exported files", "help", open=inbox.action_exports)
    found = Preview("Bescheinigung\nA1", "cut")
    await walk.look("text of a file", "help", open=lambda: walk.app.push_screen(routes.read_file("a1.pdf", found)))


def whole(app: ImiApp, text: str) -> str:
    """The screen with the marks behind the last cell of a page's line, which fall to the scroll bar."""
    written = ("".join(piece for piece, _look in line) for page in app.screen.query(Document) for line in page._lines)
    known = {marked.plain(line).rstrip(): line for line in written}
    return "\n".join(known.get(marked.plain(line)[1:].rstrip(), line) for line in text.splitlines())


WALKS = [
    pytest.param(part, languages[at : at + 12], id=f"{part.__name__} {' '.join(languages[at : at + 12])}")
    for number, part in enumerate((lists, case, writing, kept))
    for languages in [some(LOOKED_AT, number, len(FEW) // 3)]
    for at in range(0, len(languages), 12)
]


@pytest.mark.parametrize(("part", "languages"), WALKS)
async def test_every_screen_holds_in_every_language(
    walk: Walk, part: Callable[[Walk], Awaitable[None]], languages: tuple[str, ...]
) -> None:
    walk.languages = languages
    await part(walk)
    assert not walk.faults, "\n".join(walk.faults)


def shot(*lines: str) -> list[str]:
    return layout.faults(Shot("a screen", [marked.shown(line) for line in (*lines, "", f" F1 {marked.mark('Help')}")]))  # type: ignore[arg-type]


def test_a_text_that_is_cut_without_a_sign_is_found() -> None:
    long = marked.mark("Waiting for others")
    assert shot(f"1 {long}  53") == []
    assert shot(f"1 {long[:12]}…  53") == []
    [fault] = shot(f"1 {long[:12]}  53")
    assert "cut without a mark" in fault


def test_texts_that_run_into_each_other_are_found() -> None:
    one, other = marked.mark("Due"), marked.mark("Reference")
    assert list(touching(f"{one} {other}: 3")) == []
    assert len(list(touching(f"{one}3"))) == 1
    assert len(list(touching(f"3{other}"))) == 1


async def test_what_is_typed_outlives_another_language(walk: Walk) -> None:
    await walk.press("3", "enter", "m", *"Eilt")
    await walk.speak("de")
    assert isinstance(walk.app.focused, LinesInput)
    assert walk.app.focused.text == "Eilt"
    await walk.press("space", *"sehr")
    assert walk.app.focused.text == "Eilt sehr"
    await walk.press("escape", "escape", "w", *"zoll")
    await walk.speak("en")
    assert isinstance(walk.app.focused, LineInput)
    assert walk.app.focused.value == "zoll"
    assert walk.app.screen.query_one(AuthorityList).items


async def test_the_language_chosen_is_kept_and_its_labels_are_fetched(store: Store, home: Path) -> None:
    heard: list[str] = []
    kept: dict[str, object] = {}
    more = {"spoken": lambda: heard.append(i18n.language()), "setting": kept.__setitem__}
    async with running(store, home, **more) as (app, pilot):
        app.ask_language()
        await pilot.pause()
        await pilot.press(*"suomi", "enter")
        assert (heard, kept, app.context.language) == (["fi"], {"language": "fi"}, "fi")


async def test_texts_that_are_still_to_come_in_a_language_are_spoken_of(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "LONG", 0.01)
    old = [msgspec.structs.replace(rules, labels={"de": rules.labels["de"]}) for rules in store.procedures()]
    store.sync.reset_account("directory")
    store.sync.apply("directory", Page("d2", procedures=[filled.procedure_wire(rules) for rules in old]))
    store.sync.set_secret(SPOKEN, "de,en")
    async with running(store, home) as (app, pilot):

        async def told(name: str) -> list[str]:
            app.clear_notifications()
            app.ask_language()
            await pilot.pause()
            await pilot.press(*name, "enter")
            await pilot.pause(0.3)
            return [note.message for note in app._notifications]

        assert await told("suomi") == [i18n.load("fi").gettext(TO_COME)]
        assert await told("deutsch") == [], "they are here"
        # What the synchronisation brought meanwhile needs no words, nor what no server has in this language.
        store.sync.set_secret(SPOKEN, "sv,en")
        assert await told("svenska") == []


async def test_widgets_that_lie_over_each_other_are_found(walk: Walk) -> None:
    assert list(overlaps(walk.app)) == []
    over = Static("over the list", markup=False)
    over.styles.position, over.styles.offset = "absolute", (0, 5)
    await walk.app.screen.mount(over)
    await walk.calm()
    assert any("CaseList" in fault and "Static" in fault for fault in overlaps(walk.app))


async def test_what_does_not_follow_the_language_is_found(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(InboxScreen, "refresh_frame", lambda screen: None)
    await walk.look("inbox", "inbox")
    assert any("left in English: Help" in fault for fault in walk.faults)


async def test_what_textual_says_itself_is_found(walk: Walk) -> None:
    await walk.app.screen.mount(Static("Press ctrl+q to quit the app", markup=False), before=0)
    await walk.look("inbox", "inbox")
    assert any("Textual says 'Press ctrl'" in fault for fault in walk.faults)


def test_marks_take_no_room_and_stay_at_the_text() -> None:
    assert marked.mark("  Due: ") == f"  {marked.BEGIN}Due:{marked.END} "
    assert cell_len(marked.mark("Due")) == 3
    assert marked.innermost(marked.mark(f"Inbox: {marked.mark('To do')} 3")) == {"To do"}
