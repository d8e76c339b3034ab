"""Translations in what leaves the desk: below the original, in the language of the file, and left out on request."""

from __future__ import annotations

import io
import json
from typing import Any

import pypdf

from imi_core.case import Case
from imi_tui.cache.model import Row
from imi_tui.cache.outbox.draft import own_translation
from imi_tui.cache.store import Store
from imi_tui.export import printed, service, translated
from tests.tui.screens import filled
from tests.tui.screens.test_translating import foreign, take

MACHINE, OFFICER = "Die Firma war es.", "So war es wirklich."


def made(store: Store, seat: Any) -> tuple[Case, dict[str, Any]]:
    """A case with a machine's translation, a colleague's of one of its texts, and one that waits in the outbox."""
    case, entry = foreign(store, seat)
    colleague = {"id": "t2", "engine": "", "officerName": "Anna Huber", "at": "2026-03-03T10:00:00Z"}
    colleague |= {"texts": {"justification": OFFICER}}  # type: ignore[dict-item]
    texts = {"justification": MACHINE, "subject": "Der Betreff"}
    waiting = {"id": "t3", "state": "waiting", "lang": "fr", "texts": {}}
    take(store, seat, case, entry, colleague, waiting, texts=texts, lang="de", omitted=["workers"])
    store.queue(own_translation("d", (seat.desk, case.id), (entry["id"], "justification", ""), "Αυτό.", "el"))
    return case, entry


def job(store: Store, seat: Any, case: Case, format: Any, language: str, **more: Any) -> service.Job:
    detail = store.case(seat.desk, case.id)
    assert detail is not None
    return service.case(store, detail, format, language=language, server="", today=filled.TODAY, **more)


def texts(job: service.Job) -> str:
    """All that its document says, as data."""
    return json.dumps(job.document, ensure_ascii=False)


def test_a_case_file_has_those_into_its_language_below_the_originals(store: Store, seat: Any) -> None:
    case, entry = made(store, seat)
    original = entry["answers"]["justification"]
    reader = pypdf.PdfReader(io.BytesIO(job(store, seat, case, "pdf", "de").make()), strict=True)
    text = " ".join(" ".join(page.extract_text().split()) for page in reader.pages).replace("\u200b", "")
    assert text.index(original[:30]) < text.index(OFFICER), "below the original"
    assert MACHINE not in text, "a colleague's comes before a machine's"
    # A line may end behind any hyphen of a name.
    assert f"Anna Huber ({seat.authority_name}), 2026-03-03" in text.replace("- ", "-")
    assert "Der Betreff" in text
    assert "Test engine, 2026-03-04" in text
    data = json.loads(reader.attachments["case.json"][0])
    assert {each["id"] for each in data["translations"]} >= {"t1", "t2"}, "the data has all that were made"
    assert "t3" not in {each["id"] for each in data["translations"]}
    assert "translations" not in data["case"]
    assert "Αυτό." in texts(job(store, seat, case, "pdf", "el")), "one that is not sent yet, too"
    for other in (job(store, seat, case, "pdf", "fr"), job(store, seat, case, "pdf", "de", translations=False)):
        assert "translated" not in texts(other)
        assert "Translation" not in texts(other)
    without = job(store, seat, case, "pdf", "de", translations=False)
    assert OFFICER not in str(without.files), "neither in the data that goes along"


def test_it_says_that_the_original_counts_where_there_is_a_translation(store: Store, seat: Any) -> None:
    case, entry = foreign(store, seat)
    bare = job(store, seat, case, "pdf", "en").document["notice"]
    take(store, seat, case, entry, texts={"justification": "The company did it."})
    notice = job(store, seat, case, "pdf", "en").document["notice"]
    assert [each for each in notice if each not in bare] == [
        "Translations stand below the originals and say who made them. They bind nobody: the original counts."
    ]


def test_a_summary_on_paper_has_none_and_all_of_it_only_where_wanted(store: Store, seat: Any) -> None:
    case, _entry = made(store, seat)
    detail = store.case(seat.desk, case.id)
    assert detail is not None

    def on_paper(**more: bool) -> str:
        made = printed.job(store, detail, language="de", server="", today=filled.TODAY, **more)  # type: ignore[arg-type]
        return texts(made) + str(made.files)

    assert OFFICER in on_paper(personal=True)
    assert OFFICER not in on_paper(personal=True, translations=False)
    summary = on_paper(personal=False)
    assert OFFICER not in summary
    assert "Der Betreff" not in summary


def test_a_list_has_the_subject_in_its_language_in_columns_of_their_own(store: Store, seat: Any) -> None:
    case, entry = made(store, seat)
    found: list[Row] = store.window("all", "due", limit=500)
    at = next(number for number, row in enumerate(found) if row.id == case.id)

    def listed(format: Any, language: str, **more: Any) -> service.Job:
        return service.rows(store, found, format, name="all", what="all", language=language, server="", **more)

    made_of = listed("csv", "en").rows
    width = len(made_of[0])
    german = listed("csv", "de").rows
    assert {len(row) for row in german} == {width + 2}
    assert german[at + 1][-2] == "Der Betreff"
    assert "Test engine" in german[at + 1][-1]
    assert {row[-2:] for row in german[1:] if row[0] != case.reference} == {("", "")}
    assert {len(row) for row in listed("xlsx", "de", translations=False).rows} == {width}
    [wire] = [each for each in listed("json", "de").document["cases"] if "subjectTranslated" in each]
    assert (wire["id"], wire["subjectTranslated"]["text"]) == (case.id, "Der Betreff")
    take(store, seat, case, entry | {"id": "another"}, texts={"subject": "Der Betreff"}, lang="de")
    assert translated.subjects(store, found, "de") == {}, "of an entry that is not here"
