"""The server asks a translation service: a real one on loopback that answers well, badly or not at all."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from imi_central.app import create_app
from imi_central.jobs.translating import Worker
from imi_central.jobs.translator import NoTranslation, Translator
from imi_central.settings import Settings
from imi_central.store import Asked, Service, Store
from imi_core.case import Entry, Translation
from tests.central import libretranslate
from tests.central.libretranslate import KEY, translated
from tests.central.world import LYON, REQUEST, ROSENHEIM, accept, ref


@pytest.fixture(scope="module")
def whole() -> Iterator[libretranslate.Service]:
    with libretranslate.running() as service:
        yield service


@pytest.fixture
def service(whole: libretranslate.Service) -> libretranslate.Service:
    whole.manner = "well"
    whole.asked.clear()
    return whole


@pytest.fixture
def translator(service: libretranslate.Service) -> Iterator[Translator]:
    made = Translator(service.address, seconds=0.4)
    yield made
    made.close()


def test_texts_come_back_by_part(service: libretranslate.Service, translator: Translator) -> None:
    texts = {"subject": "Siège", "text": "Merci."}
    found, source = translator.translate(texts, "fr", "de")
    assert found == {part: translated(text, "de") for part, text in texts.items()}
    assert source == "fr"
    assert service.asked == [{"q": ["Siège", "Merci."], "source": "fr", "target": "de", "format": "text"}]


def test_the_service_finds_out_the_language_and_is_given_its_key(service: libretranslate.Service) -> None:
    made = Translator(service.address, KEY)
    assert made.translate({"text": "Merci."}, "", "el") == ({"text": translated("Merci.", "el")}, "fr")
    made.close()
    assert (service.asked[0]["source"], service.asked[0]["api_key"]) == ("auto", KEY)


@pytest.mark.parametrize(
    ("manner", "reason", "again"),
    [
        ("hangs", "unreachable", True),
        ("drips", "unreachable", True),
        ("endless", "unusable", False),
        ("nonsense", "unusable", False),
        ("wrong shape", "unusable", False),
        ("fewer", "unusable", False),
        ("empty", "unusable", False),
        ("far too long", "unusable", False),
        ("another script", "unusable", False),
        ("redirects", "unusable", False),
        ("400", "refused", False),
        ("403", "unreachable", True),
        ("429", "unreachable", True),
        ("500", "unreachable", True),
    ],
)
def test_what_a_service_does_wrong_costs_one_translation(
    service: libretranslate.Service, translator: Translator, manner: str, reason: str, again: bool
) -> None:
    service.manner = manner
    with pytest.raises(NoTranslation) as none:
        translator.translate({"text": "Contrôle d'un chantier à Lyon."}, "fr", "de")
    assert (none.value.reason, none.value.again) == (reason, again)
    assert service.sent < 20 * 1024 * 1024, "the rest of an endless answer is not waited for"


def test_what_comes_back_as_it_was_is_no_translation_unless_it_may_be_names(
    service: libretranslate.Service, translator: Translator
) -> None:
    service.manner = "untranslated"
    with pytest.raises(NoTranslation) as none:
        translator.translate({"subject": "Contrôle d'un chantier", "text": "Merci de nous répondre vite."}, "fr", "de")
    assert none.value.reason == "unusable"
    assert translator.translate({"subject": "Alpbau GmbH, Rosenheim"}, "fr", "de")[0] == {
        "subject": "ALPBAU GMBH, ROSENHEIM "
    }
    service.manner = "well"
    kept = {"subject": "Alpbau Montage- und Baugesellschaft mbH", "text": "Merci."}
    assert translator.translate(kept, "fr", "de")[0]["text"] == translated("Merci.", "de")


def test_nobody_there() -> None:
    made = Translator("http://127.0.0.1:1")
    with pytest.raises(NoTranslation) as none:
        made.translate({"text": "Merci."}, "fr", "de")
    made.close()
    assert (none.value.reason, none.value.again) == ("unreachable", True)


def test_what_comes_back_is_cleaned(service: libretranslate.Service, translator: Translator) -> None:
    service.manner = "markup"
    found, _ = translator.translate({"text": "Contrôle d'un chantier à Lyon."}, "fr", "de")
    assert "\x1b" not in found["text"]
    assert "\u202e" not in found["text"]
    assert "<U+202E>" in found["text"]


def asked(store: Store) -> tuple[str, str]:
    """A translation that waits: its case and its id."""
    store.translations.service = Service("Test engine")
    given = Entry(action="send", procedure="pw.info", target=ROSENHEIM, answers=REQUEST, lang="fr", client_ref=ref())
    sent = store.commit_entry("lyon", LYON, given).entry
    accept(store, sent.case_id)
    made, _ = store.translate("rosenheim", ROSENHEIM, Asked(ref(), sent.id, "de"))
    return sent.case_id, made.id


def state(store: Store, id: str) -> Translation:
    with store.view("rosenheim") as view:
        [found] = view.translations(ROSENHEIM, [id], None)
    return found


def test_a_job_is_done_step_by_step(store: Store, service: libretranslate.Service, translator: Translator) -> None:
    _, id = asked(store)
    worker = Worker(store, translator)
    assert worker.step()
    assert not worker.step()
    found = state(store, id)
    assert (found.state, found.source) == ("done", "fr")
    assert found.texts["subject"] == translated(REQUEST["subject"], "de")
    assert all("Secret Person" not in each for each in service.asked[0]["q"])


def test_a_service_that_is_away_keeps_the_job_waiting(
    store: Store, service: libretranslate.Service, translator: Translator
) -> None:
    _, id = asked(store)
    service.manner = "500"
    worker = Worker(store, translator)
    assert worker.step()
    assert not worker.step(), "not asked again at once"
    assert state(store, id).state == "waiting"


def test_an_answer_that_is_no_translation_is_told(
    store: Store, service: libretranslate.Service, translator: Translator
) -> None:
    _, id = asked(store)
    service.manner = "nonsense"
    Worker(store, translator).step()
    assert (state(store, id).state, state(store, id).reason) == ("failed", "unusable")


def test_a_mistake_of_ours_does_not_end_the_thread(
    store: Store, translator: Translator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, id = asked(store)
    real, calls = translator.translate, []

    def once_wrong(*given: object) -> object:
        calls.append(given)
        if len(calls) == 1:
            # The job comes back when its lease is over, which another request does not wait for.
            raise ValueError("a mistake")
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(translator, "translate", once_wrong)
    worker = Worker(store, translator, pause=0.01)
    worker.start()
    try:
        _, other = asked(store)
        for _ in range(500):
            if state(store, other).state != "waiting":
                break
            store.translations.wake.set()
            time.sleep(0.01)
        assert state(store, other).state == "done"
        assert state(store, id).state == "waiting"
    finally:
        worker.stop()


def test_the_server_runs_it_and_gives_up_what_waits_where_there_is_none(
    store: Store, service: libretranslate.Service, tmp_path: Path
) -> None:
    import anyio

    (tmp_path / "key").write_text(f"{KEY}\n")
    settings = Settings(
        data=tmp_path, translator=service.address, translator_key_file=str(tmp_path / "key"), translator_name="In house"
    )

    async def run(settings: Settings, until: str) -> None:
        app = create_app(settings, url="http://127.0.0.1:1", store=store)
        async with app.router.lifespan_context(app):
            with anyio.fail_after(10):
                while state(store, id).state != until:
                    await anyio.sleep(0.01)

    _, id = asked(store)
    anyio.run(run, settings, "done")
    assert (store.translations.service, service.asked[0]["api_key"]) == (Service("In house"), KEY)
    _, id = asked(store)
    anyio.run(run, Settings(data=tmp_path), "failed")
    assert state(store, id).reason == "noService"
