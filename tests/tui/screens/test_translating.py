"""Free text in another language on the case screen: the original with its translation beside it, at 120 and at 80."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from imi_core.case import Case
from imi_tui.cache.store import Store
from imi_tui.export import printed
from imi_tui.export.service import Job, _case_wire
from imi_tui.forms.form import LANG
from imi_tui.outside import printing
from imi_tui.screens import routes
from imi_tui.screens.act import ActScreen
from imi_tui.screens.compose import ComposeScreen
from imi_tui.screens.export import ExportCase
from imi_tui.screens.translating import WriteTranslation
from imi_tui.viewmodel import case as pages
from imi_tui.viewmodel import doing
from imi_tui.viewmodel.assigning import outward
from tests.tui.screens import filled
from tests.tui.screens.test_case_screen import a_case, opened
from tests.tui.screens.test_inbox_screen import footer, running, settled, text_of

pytestmark = pytest.mark.anyio
MADE = "Machine translation, not binding: Test engine, 2026-03-04"


def given(store: Store, seat: Any, engine: str = "Test engine") -> None:
    """The session of a server that has this service."""
    session = filled.session(seat)
    session["capabilities"] = {"urn:imi:case": {"translation": {"engine": engine}}}
    store.sync.set_session(session)


def foreign(store: Store, seat: Any) -> tuple[Case, dict[str, Any]]:
    """A case whose request is not in English, and the entry it began with."""
    case = a_case(seat, "accepted")
    detail = store.case(seat.desk, case.id)
    assert detail is not None
    [entry] = [each for each in detail.entries if each["action"] == "send"]
    assert entry["lang"] not in ("", "en")
    return case, entry


def take(store: Store, seat: Any, case: Case, entry: dict[str, Any], *more: dict[str, Any], **members: Any) -> None:
    """What the server has of it, and more of the same."""
    wire = {"id": "t1", "caseId": case.id, "entryId": entry["id"], "source": entry["lang"], "lang": "en"}
    wire |= {"engine": "Test engine", "at": "2026-03-04T10:00:00Z", **members}
    store.translations.follow(seat.desk, case.id)
    store.translations.took(seat.desk, {case.id: 1}, [wire, *(wire | each for each in more)])


async def test_it_is_asked_for_waits_and_stands_beside_the_original(store: Store, home: Path, seat: Any) -> None:
    given(store, seat)
    case, entry = foreign(store, seat)
    reason = entry["answers"]["justification"]
    async with running(store, home, (120, 50)) as (app, pilot):
        await opened(app, pilot, case, seat)
        assert "t Translate" in footer(app)
        await pilot.press("t")
        await settled(pilot)
        wishes = store.translations.unasked()
        assert (entry["id"], entry["lang"], "en") in [(each.entry, each.source, each.lang) for each in wishes]
        assert "A translation is asked for with the next synchronisation." in text_of(app)
        assert "t Translate" not in footer(app)
        for wish in wishes:
            store.translations.asked(wish)
        take(store, seat, case, entry, state="waiting")
        await settled(pilot)
        assert "A translation is being made." in text_of(app)
        take(store, seat, case, entry, texts={"justification": "The company did it."}, omitted=["workers"])
        await settled(pilot)
        lines = text_of(app).split("\n")
        beside = next(line for line in lines if "[English] The company did it." in line)
        assert reason[:20] in beside, "side by side"
        assert beside.index(reason[:20]) < beside.index("[English]")
        assert MADE in text_of(app)
        assert "No translation: Personal data is not given to the translation service." in text_of(app)
    async with running(store, home, (80, 60)) as (app, pilot):
        await opened(app, pilot, case, seat)
        lines = text_of(app).split("\n")
        below = next(number for number, line in enumerate(lines) if "[English] The company did it." in line)
        assert reason[:20] not in lines[below], "below it"
        assert any(reason[:20] in line for line in lines[below - 8 : below])


async def test_without_a_service_it_says_so_and_a_failure_is_told(store: Store, home: Path, seat: Any) -> None:
    given(store, seat, engine="")
    case, entry = foreign(store, seat)
    async with running(store, home, (120, 50)) as (app, pilot):
        await opened(app, pilot, case, seat)
        assert "t Translate" not in footer(app)
        await pilot.press("t")
        await settled(pilot)
        assert [each.message for each in app._notifications] == ["This server has no translation service."]
        assert store.translations.unasked() == []
        given(store, seat)
        await settled(pilot)
        assert "t Translate" in footer(app), "a service gained while the case is open"
        take(store, seat, case, entry, state="failed", reason="unusable")
        await settled(pilot)
        assert "No translation: The translation service gave no usable translation" in text_of(app)
        assert "t Translate" in footer(app), "it may be asked for again"


async def test_what_is_in_a_language_one_reads_is_left_as_it_is(store: Store, home: Path, seat: Any) -> None:
    given(store, seat)
    case, entry = foreign(store, seat)
    take(store, seat, case, entry, texts={"justification": "The company did it."})
    async with running(store, home, (120, 50), reads=f"en, {entry['lang']}", writes="sv") as (app, pilot):
        await opened(app, pilot, case, seat)
        assert "The company did it." not in text_of(app)
        # What is written in a form is in the language of the settings, unless another is chosen there.
        await app.push_screen(routes.act([(seat.desk, case.id)], "message"))
        await settled(pilot)
        assert isinstance(app.screen, ActScreen)
        assert app.screen.model.chosen(LANG) == ("sv",)
        assert "Written in: svenska. The other side works in: " in text_of(app)
        await pilot.press("G", "o", "d", "tab", "right", "f8")
        await settled(pilot)
        [item] = store.outbox()
        assert item.payload["text"] == {"lang": "bg", "text": "God"}
        await app.push_screen(routes.compose())
        await settled(pilot)
        assert isinstance(app.screen, ComposeScreen)
        assert app.screen.work.draft.lang == "sv"


async def test_a_colleagues_stands_before_a_machines_and_one_nobody_reads_is_not_shown(
    store: Store, home: Path, seat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(store, seat)
    paper: list[str] = []
    monkeypatch.setattr(printing, "find_command", lambda: "/usr/bin/lp")

    def send(job: Job) -> tuple[str, str]:
        paper.append(json.dumps(job.document))
        return "lp", "digest"

    monkeypatch.setattr(printed, "send", send)
    case, entry = foreign(store, seat)
    colleague = {"id": "t2", "engine": "", "officerName": "Anna Huber", "at": "2026-03-03T10:00:00Z"}
    colleague["texts"] = {"justification": "So it was."}  # type: ignore[assignment]
    latest = {"id": "t3", "lang": "fr", "at": "2026-03-04T12:00:00Z", "texts": {"justification": "Ainsi."}}
    take(store, seat, case, entry, colleague, latest, texts={"justification": "The company did it."})
    async with running(store, home, (120, 50)) as (app, pilot):
        await opened(app, pilot, case, seat)
        assert "[English] So it was." in text_of(app)
        assert "Translated at your desk by Anna Huber, 2026-03-03" in text_of(app)
        assert "The company did it." not in text_of(app)
        for keys in (("down",), ("down", "down")):
            await pilot.press("p")
            await settled(pilot)
            assert "Everything, but without translations" in text_of(app)
            await pilot.press(*keys, "enter")
            await app.workers.wait_for_complete()
        assert ["So it was." in each for each in paper] == [True, False]
        await app.push_screen(routes.export_case(seat.desk, case.id))
        await settled(pilot)
        assert "Translations: included" in text_of(app)
        await pilot.press("up", "enter")
        await settled(pilot)
        assert "Translations: left out" in text_of(app)
        assert isinstance(app.screen, ExportCase)
        assert "So it was." not in json.dumps((await app.screen.job()).document)
        await pilot.press("escape")
        take(store, seat, case, entry, texts={"justification": "Ainsi."}, lang="fr")
        await settled(pilot)
        assert "Ainsi." not in text_of(app)
        await app.push_screen(routes.export_case(seat.desk, case.id))
        await settled(pilot)
        assert "Translations" not in text_of(app), "there are none into the language of the file"


async def test_an_own_translation_is_written_shown_first_taken_back_and_gone_on_with(
    store: Store, home: Path, seat: Any
) -> None:
    given(store, seat)
    case, entry = foreign(store, seat)
    take(store, seat, case, entry, texts={"justification": "The company did it."})
    async with running(store, home, (120, 50)) as (app, pilot):
        screen = await opened(app, pilot, case, seat)
        await screen.action_own_translation()
        await settled(pilot)
        assert "Which text?" in text_of(app)
        number = next(
            at
            for at, (text, _value) in enumerate(app.screen._answers)
            if text.startswith(entry["answers"]["justification"][:20])
        )
        await pilot.press(*["down"] * number, "enter")
        await settled(pilot)
        assert isinstance(app.screen, WriteTranslation)
        assert "The company did it." in text_of(app), "it begins with what is there"
        await pilot.press("ctrl+end", "!", "f8")
        await settled(pilot)
        [item] = store.outbox()
        assert item.payload["texts"] == {"justification": "The company did it.!"}
        assert (item.payload["entryId"], item.payload["lang"]) == (entry["id"], "en")
        assert "[English] The company did it.!" in text_of(app)
        assert "Translated at your desk by Camille Martin, queued on this machine" in text_of(app)
        assert MADE not in text_of(app)
        await pilot.press("u")
        await settled(pilot)
        assert MADE in text_of(app)
        [draft] = store.drafts()
        await pilot.press("d")
        await settled(pilot)
        assert "Own translation" in text_of(app)
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(app.screen, WriteTranslation)
        assert "The company did it.!" in text_of(app)
        await pilot.press("f8")
        await settled(pilot)
        assert [each.payload["texts"] for each in store.outbox()] == [draft.answers]
        assert store.drafts() == []


def test_what_was_asked_further_has_its_translation_like_any_answer(store: Store, seat: Any) -> None:
    case, entry = foreign(store, seat)
    detail = store.case(seat.desk, case.id)
    assert detail is not None
    answers = {"ENF-12": "yes", "ENF-12-list": "Bødeforelæg."}
    wire = {"id": "t1", "entryId": "r", "lang": "en", "at": "2026-03-04T10:00:00Z", "texts": {"ENF-12-list": "A fine."}}
    detail = detail._replace(
        case={**detail.case, "procedure": "pw.info", "questions": ["ENF-12"], "answers": answers},
        entries=(*detail.entries, {**entry, "id": "r", "action": "reply", "answers": answers, "text": None}),
        translations=(wire,),
    )
    view = pages.View(detail, store.rules("pw.info"), ("en",), filled.TODAY, store.authority, reads=("en",))
    assert "[English] A fine." in [block.aside for block in pages.questions(view)]


def test_what_the_other_side_reads_is_known_from_the_register(store: Store, seat: Any) -> None:
    case, entry = foreign(store, seat)
    at, other = (seat.desk, case.id), store.authority(entry["authority"])
    assert other is not None
    assert doing.reader(store, [at]) == tuple(other["languages"])
    german = next(hit for hit in store.authorities("zoll", country="DE", area="pw", limit=1))
    assert doing.reader(store, [at], german.desk) == tuple((store.authority(german.id) or {})["languages"])
    assert doing.reader(store, [at, (seat.desk, "gone")]) == (), "of several cases only what is true for all"


def test_what_leaves_the_desk_has_no_translations(store: Store, seat: Any) -> None:
    case, entry = foreign(store, seat)
    take(store, seat, case, entry, texts={"justification": "The company did it."})
    detail = store.case(seat.desk, case.id)
    assert detail is not None
    assert detail.translations
    assert (outward(detail).translations, outward(detail).wishes) == ((), ())
    assert "translations" not in _case_wire(outward(detail._replace(case={**detail.case, "translations": 3})))
