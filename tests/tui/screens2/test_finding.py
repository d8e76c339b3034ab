"""Finding authorities, the outbox, the drafts, signing in and unlocking: by keyboard, on a real cache."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len

from imi_core.text import clean
from imi_tui.cache.errors import AlreadyAttempted
from imi_tui.cache.model import AuthorityHit
from imi_tui.cache.store import Store
from imi_tui.cache.sync import Page
from imi_tui.commands.common import Client
from imi_tui.commands.tui import Wiring
from imi_tui.config.settings import Settings
from imi_tui.profile import Profile
from imi_tui.screens import routes
from imi_tui.screens.act import ActScreen
from imi_tui.screens.authorities import AuthoritiesScreen, total_text
from imi_tui.screens.authority import AuthorityScreen
from imi_tui.screens.compose import ComposeScreen
from imi_tui.screens.drafts import DraftsScreen
from imi_tui.screens.outbox import OutboxScreen
from imi_tui.screens.sign_in import SignInScreen
from imi_tui.viewmodel.conflict import conflict
from imi_tui.viewmodel.signing_in import Step, Tell, Way
from imi_tui.viewmodel.view import View
from imi_tui.widgets.authority_list import AuthorityFinder
from imi_tui.widgets.form_view import FormView
from tests.tui.screens import filled
from tests.tui.screens.test_inbox_screen import footer, running, settled, text_of
from tests.tui.undone import undone

pytestmark = pytest.mark.anyio


def a_case(store: Store, action: str) -> tuple[str, str]:
    """A case in which `action` is possible."""
    for row in store.window("all", "activity", limit=200):
        detail = store.case(row.desk, row.id)
        if detail is not None and action in detail.actions and not detail.pending:
            return row.desk, row.id
    raise AssertionError(action)


async def test_results_follow_every_key_and_say_why(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await app.push_screen(routes.authorities())
        await settled(pilot)
        assert f"{store.authority_count()} authorities of 30 countries" in text_of(app)
        await pilot.press(*"zoll")
        assert "Hauptzollamt" in text_of(app)
        await pilot.press(*"xyz")
        assert "Nothing found." in text_of(app)
        assert "Open" not in footer(app)
        await pilot.press("escape")
        assert not isinstance(app.screen, AuthoritiesScreen)


async def test_enter_opens_the_record_and_a_key_starts_a_request(store: Store, home: Path) -> None:
    async with running(store, home) as (app, pilot):
        await app.push_screen(routes.authorities(area="pw"))
        await settled(pilot)
        await pilot.press(*"finanzkontrolle", "enter")
        await settled(pilot)
        assert isinstance(app.screen, AuthorityScreen)
        shown = text_of(app)
        assert "Germany" in shown
        assert "Posting of workers" in shown
        await pilot.press("f2")
        await settled(pilot)
        assert isinstance(app.screen, ComposeScreen)
        assert app.screen.work.draft.target


async def test_choosing_leaves_a_country_out_and_returns_the_desk(store: Store, home: Path) -> None:
    chosen: list[AuthorityHit | None] = []
    async with running(store, home) as (app, pilot):
        await app.push_screen(routes.authorities(choose=True, other_than="FR", area="pw"), chosen.append)
        await settled(pilot)
        finder = app.screen.query_one(AuthorityFinder)
        await pilot.press(*"dreets")
        assert store.authorities("dreets")[0].country == "FR"
        assert finder.hit is None
        await pilot.press(*["backspace"] * 6)
        assert finder.hit is not None
        await pilot.press("down", "down")
        hit = finder.hit
        await pilot.press("enter")
        await settled(pilot)
    assert chosen == [hit]
    assert hit.desk.endswith("pw")
    assert hit.country != "FR"


async def test_names_of_several_lines_and_strange_letters_keep_the_list_in_order(store: Store, home: Path) -> None:
    hostile = "[bold]Zzz[/]\nline two\u202e\x1b[2J " + "é" * 200
    wire = {
        "id": "zz",
        "formalName": hostile,
        "country": "DE",
        "town": "A\nB",
        "titles": {"en": hostile},
        "desks": [{"id": "zz_pw", "area": "pw"}],
    }
    store.sync.apply("directory", Page("d2", authorities=[clean(wire)]))
    async with running(store, home) as (app, pilot):
        await app.push_screen(routes.authorities())
        await settled(pilot)
        await pilot.press(*"zzz")
        lines = text_of(app).split("\n")
        assert len(lines) == 24
        assert all(cell_len(line) == 80 for line in lines)
        assert lines[3].startswith("> DE  [bold]Zzz[/] line two<U+202E>␛[2J")
        assert lines[4].startswith("      [bold]Zzz[/] line two")
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(app.screen, AuthorityScreen)
        assert "[bold]Zzz[/]" in text_of(app)
        assert "\x1b" not in text_of(app)


def test_the_register_says_what_it_holds() -> None:
    assert total_text(640, 30) == "640 authorities of 30 countries"
    assert total_text(1, 1) == "1 authority of 1 country"
    assert "synchronise" in total_text(0, 0)


async def test_the_outbox_takes_back_what_has_not_left(store: Store, home: Path) -> None:
    desk, id = a_case(store, "message")
    store.act(desk, id, "message", text="Bonjour", lang="fr")
    async with running(store, home) as (app, pilot):
        await app.push_screen(routes.outbox())
        await settled(pilot)
        shown = text_of(app)
        assert "Message" in shown
        assert "waiting to be sent; queued: " in shown
        assert "Take back" in footer(app)
        await pilot.press("u")
        await settled(pilot)
        assert "Nothing waits to be sent" in text_of(app)
    assert [draft.text for draft in store.drafts()] == ["Bonjour"]


async def test_what_may_have_been_sent_cannot_be_taken_back(store: Store, home: Path) -> None:
    desk, id = a_case(store, "message")
    item = store.act(desk, id, "message", text="Bonjour", lang="fr")
    store.sync.begin([item.client_ref])
    async with running(store, home) as (app, pilot):
        await app.push_screen(routes.outbox())
        await settled(pilot)
        assert "being sent; queued: " in text_of(app)
        # Nobody heard what became of it: it waits again, and may be at the server all the same.
        for retried in (False, True):
            if retried:
                store.sync.settle({}, {}, [item.client_ref])
                await settled(pilot)
            assert "Take back" not in footer(app)
            await pilot.press("u", "delete", "e")
            await settled(pilot)
            assert isinstance(app.screen, OutboxScreen)
            assert [one.client_ref for one in store.outbox()] == [item.client_ref]
            with pytest.raises(AlreadyAttempted):
                undone(store, item.client_ref)


async def test_a_refused_entry_is_put_right_and_takes_its_place(store: Store, home: Path) -> None:
    desk, id = a_case(store, "message")
    item = store.act(desk, id, "message", text="Bonjour", lang="fr")
    store.sync.begin([item.client_ref])
    error = {"type": "invalidAnswers", "problems": [["text", "length", "10"]]}
    store.sync.settle({}, {item.client_ref: error}, [])
    async with running(store, home) as (app, pilot):
        await app.push_screen(routes.outbox())
        await settled(pilot)
        shown = text_of(app)
        assert "refused: Some answers are missing or wrong; correct them" in shown
        assert "- text: The text is longer than 10 characters." in shown
        await pilot.press("e")
        await settled(pilot)
        assert isinstance(app.screen, ActScreen)
        assert app.screen.query_one(FormView).model.entry_text == "Bonjour"
        await pilot.press("f8")
        await settled(pilot)
        assert isinstance(app.screen, OutboxScreen)
    (left,) = store.outbox()
    assert left.client_ref != item.client_ref
    assert left.state == "queued"
    assert store.drafts() == []


async def test_a_refused_entry_is_thrown_away_and_comes_back_in_its_place(store: Store, home: Path) -> None:
    desk, id = a_case(store, "message")
    item = store.act(desk, id, "message", text="Bonjour", lang="fr")
    store.sync.begin([item.client_ref])
    store.sync.settle({}, {item.client_ref: {"type": "forbidden"}}, [])
    async with running(store, home) as (app, pilot):
        await app.push_screen(routes.outbox())
        await settled(pilot)
        before = store.outbox()
        await pilot.press("delete")
        await settled(pilot)
        assert store.outbox() == []
        await pilot.press("u")
        await settled(pilot)
        assert store.outbox() == before
        assert "refused: " in text_of(app)


async def test_drafts_are_listed_with_what_they_are_about(store: Store, home: Path) -> None:
    desk, id = a_case(store, "message")
    draft = undone(store, store.act(desk, id, "message", text="Bonjour", lang="fr").client_ref)
    async with running(store, home) as (app, pilot):
        await app.push_screen(routes.drafts())
        await settled(pilot)
        detail = store.case(desk, id)
        assert detail is not None
        assert detail.case["reference"] in text_of(app)
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(app.screen, ActScreen)
        await pilot.press("escape")
        await settled(pilot)
        assert isinstance(app.screen, DraftsScreen)
        kept = store.draft(draft.id)
        await pilot.press("delete")
        await settled(pilot)
        assert "There are no drafts." in text_of(app)
        assert store.draft(draft.id) is None
        await pilot.press("u")
        await settled(pilot)
        assert store.draft(draft.id) == kept
        await pilot.press("y")
        await settled(pilot)
        assert store.draft(draft.id) is None


async def test_signing_in_with_a_code_shows_it_cleaned_and_goes_on_by_itself(store: Store, home: Path) -> None:
    tells: list[Tell] = []
    stopped: list[Way] = []

    def start(way: Way, tell: Tell) -> object:
        tells.append(tell)
        return lambda: stopped.append(way)

    synced: list[dt.datetime] = []

    def sync() -> None:
        synced.append(filled.NOW)

    wiring = Wiring(Client(Profile(home), Settings(), filled.KEY, store, "", "", argparse.Namespace()))
    use = wiring.use_server
    async with running(store, home, server="", sign_in=start, sync_now=sync, use_server=use) as (app, pilot):
        await app.push_screen(routes.sign_in())
        await settled(pilot)
        await pilot.press("f8", *(["backspace"] * 8), *"http://imi.example", "enter")
        await settled(pilot)
        assert "The address of the server has to begin with https" in text_of(app)
        assert not tells
        await pilot.press(*(["backspace"] * 18), *"imi.example/", "enter")
        assert (wiring._client.server, app.context.server) == ("https://imi.example",) * 2
        tells[0](Step("waiting", "device", "https://imi.example/device", "ABCD\x1b[2J"))
        await settled(pilot)
        shown = text_of(app)
        assert "https://imi.example/device" in shown
        assert "Code: ABCD␛[2J" in shown
        assert "Copy" in footer(app)
        await pilot.press("f6", "f8")
        assert stopped == ["device"]
        tells[0](Step("done", "device"))
        await settled(pilot)
        assert isinstance(app.screen, SignInScreen), "an attempt that was stopped says nothing any more"
        tells[1](Step("waiting", "device", "javascript:alert(1)", "X"))
        await settled(pilot)
        assert "javascript" not in text_of(app)
        tells[1](Step("failed", "device", problem="deviceNotAllowed"))
        await settled(pilot)
        assert "use the browser" in text_of(app)
        await pilot.press("f7")
        await settled(pilot)
        assert "https://imi.example" in text_of(app), "what was typed may be a slip, and can be put right"
        await pilot.press("enter")
        tells[2](Step("done", "browser"))
        await settled(pilot)
        assert not isinstance(app.screen, SignInScreen)
    assert synced


async def test_a_passphrase_is_never_shown(store: Store, home: Path) -> None:
    results: list[bool | None] = []
    secrets: list[str] = []

    def attempt(secret: str) -> str:
        secrets.append(secret)
        return "" if secret == "right" else "wrongPassphrase"

    async with running(store, home) as (app, pilot):
        await app.push_screen(routes.unlock(attempt), results.append)
        await settled(pilot)
        before = text_of(app)
        await pilot.press(*"wrong")
        assert text_of(app) == before, "not even its length"
        await pilot.press("enter")
        assert "The passphrase is not right; try again." in text_of(app)
        await pilot.press(*"right", "enter")
        await settled(pilot)
    assert secrets == ["wrong", "right"]
    assert results == [True]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_refused_entry_is_shown_beside_what_others_did(store: Store, home: Path, size: tuple[int, int]) -> None:
    desk, id = a_case(store, "message")
    item = store.act(desk, id, "message", text="Mine: [b]thirty[/] days")
    store.sync.settle({}, {item.client_ref: {"type": "notAvailable"}}, [])
    async with running(store, home, size) as (app, pilot):
        await app.push_screen(routes.outbox())
        await settled(pilot)
        assert "v Compare" in footer(app)
        assert "Send again" not in footer(app)
        await pilot.press("v")
        await settled(pilot)
        text = text_of(app)
        assert "Mine: [b]thirty[/] days" in text
        assert "This case moved on before your entry arrived." in text
        assert "g Send again" in footer(app)
        await pilot.press("g")
        await settled(pilot)
        [again] = store.outbox()
        assert (again.state, again.payload["text"]["text"]) == ("queued", "Mine: [b]thirty[/] days")
        assert again.client_ref != item.client_ref
        detail = store.case(desk, id)
        assert detail is not None
        assert again.payload["basedOn"] == detail.case["version"] - 1


async def test_what_waits_behind_a_refused_entry_says_so_and_so_does_its_case(store: Store, home: Path) -> None:
    desk, id = a_case(store, "message")
    first, second = (store.act(desk, id, "message", text=text) for text in ("one", "two"))
    store.sync.settle({}, {first.client_ref: {"type": "forbidden"}}, [])
    assert second.client_ref not in {item.client_ref for item in store.sync.ready(10)}, "it does wait"
    async with running(store, home, (120, 30)) as (app, pilot):
        await app.push_screen(routes.outbox())
        await settled(pilot)
        assert "waiting: an earlier entry of this case was refused; correct it or discard it." in text_of(app)
        await pilot.press("enter")
        await settled(pilot)
        assert "1 entry of this case was refused; see the outbox (o)." in text_of(app)
        await pilot.press("o", "delete")
        await settled(pilot)
        assert "waiting to be sent; queued" in text_of(app)
        await pilot.press("enter")
        await settled(pilot)
        assert "was refused" not in text_of(app)


async def test_what_was_written_for_a_case_that_is_gone_can_be_read(store: Store, home: Path) -> None:
    desk, id = a_case(store, "message")
    item = store.act(desk, id, "message", text="Bonjour\n[b]Grüße[/b]\n" + "weiter " * 400, lang="fr")
    store.sync.begin([item.client_ref])
    store.sync.settle({}, {item.client_ref: {"type": "notFound"}}, [])
    async with running(store, home) as (app, pilot):
        await app.push_screen(routes.outbox())
        await settled(pilot)
        assert "Bonjour" not in text_of(app), "the case shows it"
        store.sync.apply(desk, Page(new_state="gone", destroyed={"Case": [id]}))
        await settled(pilot)
        app.screen.reload(frozenset())  # type: ignore[attr-defined]
        await settled(pilot)
        shown = text_of(app)
        assert "refused: You no longer have access to this case." in shown
        assert "| Bonjour" in shown
        assert "| [b]Grüße[/b]" in shown
        assert f"imi-tui outbox --text {item.client_ref}" in " ".join(shown.replace("|", "").split())
        await pilot.press("e", "enter")
        await settled(pilot)
        assert isinstance(app.screen, OutboxScreen)
        assert "Open" not in footer(app)
    assert store.drafts() == []


def test_the_answers_of_a_refused_entry_are_called_as_in_their_form(store: Store) -> None:
    desk, id = a_case(store, "accept")
    queued = store.act(desk, id, "accept", answers={"agreed_days": 20})
    store.sync.settle({}, {queued.client_ref: {"type": "stale"}}, [])
    [item], detail = store.outbox(), store.case(desk, id)
    assert detail is not None
    rules = store.rules(detail.case["procedure"], detail.case["procedureVersion"])
    label = f"{rules.lifecycle.id}.form.{rules.lifecycle.actions['accept'].form}.agreed_days"
    named = msgspec.structs.replace(rules, labels={"xx": {label: "Dienas"}})
    page = conflict(View(detail, named, ("xx",), filled.TODAY, store.authority), item)
    assert any("Dienas: 20" in block.text for block in page)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_both_texts_of_one_number_are_shown_and_mine_becomes_a_new_entry(
    store: Store, home: Path, size: tuple[int, int]
) -> None:
    desk, id = a_case(store, "message")
    detail = store.case(desk, id)
    assert detail is not None
    first = detail.entries[-1]
    item = store.act(desk, id, "message", text="Autre chose", lang="fr")
    error = {"type": "alreadyExists", "existingId": first["id"]}
    store.sync.begin([item.client_ref])
    store.sync.settle({}, {item.client_ref: error}, [])
    async with running(store, home, size=size) as (app, pilot):
        await app.push_screen(routes.outbox())
        await settled(pilot)
        assert "compare both, then send this one again as a new one" in " ".join(text_of(app).split())
        await pilot.press("v")
        await settled(pilot)
        shown = text_of(app)
        assert "Sent before" in shown
        assert str(first["officerName"]) in shown.split("Yours now")[0]
        assert "Autre chose" in shown.split("Yours now")[1]
        assert "Send again" in footer(app)
        await pilot.press("g")
        await settled(pilot)
    [again] = store.outbox()
    assert (again.state, again.error) == ("queued", None)
    assert again.client_ref != item.client_ref
    assert again.payload["text"]["text"] == "Autre chose"
