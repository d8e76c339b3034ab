"""Importing public bodies: every row in or reported, again without a change, uneven data made even."""

from __future__ import annotations

import csv
import unicodedata
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from imi_central.directory import publicbodies
from imi_central.directory.publicbodies import Outcome, UnusableFile, authority_id
from imi_central.store import Store, lookup
from imi_central.store.tables import change
from imi_core.authority import Authority
from imi_core.jmap import DIRECTORY

COLUMNS = [
    *("id", "name", "abbreviation", "other_names", "description", "classification", "parent_id", "founding_date"),
    *("dissolution_date", "image", "url", "jurisdiction_code", "phone", "email", "address", "contact", "tags"),
    "source_url",
]
REAL = Path(__file__).parents[4] / "shared" / "data" / "publicbodies"

ROWS: list[dict[str, str]] = [
    {
        "id": "de/zoll-rosenheim",
        "name": 'Hauptzollamt\u00a0Rosenheim, "Süd"\nAußenstelle',
        "abbreviation": "HZA",
        "other_names": "Zoll Rosenheim; HZA",
        "classification": "Andere",
        "tags": "Zoll, Schwarzarbeit,, HZA",
        "description": "Erste Zeile.\r\n\r\n\r\nZweite\u00a0Zeile.",
        "jurisdiction_code": "DE",
        "url": "www.zoll.de",
        "address": "Münchner Str.\u00a01\n83022 Rosenheim, Freistaat Bayern\nDeutschland\nTelefon:\u00a0\n+49 1\na@b.c",
    },
    {
        "id": "se/malmo",
        "name": unicodedata.normalize("NFD", "Malmö stad"),
        "jurisdiction_code": "se",
        "classification": "7.0",
    },
    {"id": "gr/ika", "name": "ΙΚΑ", "jurisdiction_code": "GR"},
    {"id": "eu/ela", "name": "European Labour Authority", "jurisdiction_code": "EU", "tags": "policy_agency"},
    {"id": "de/straßen-,-bau", "name": "Straßenbau", "jurisdiction_code": "DE"},
    {"id": "de/strassen-bau", "name": "Anderer Straßenbau", "jurisdiction_code": "DE"},
    {"id": "de/leer", "name": "\u00a0 \n", "jurisdiction_code": "DE"},
    {"id": "de/alt", "name": "Altes Amt", "jurisdiction_code": "DE", "dissolution_date": "2019-12"},
    {"id": "de/bald", "name": "Bald Altes Amt", "jurisdiction_code": "DE", "dissolution_date": "2099-01-01"},
    {"id": "gb/hmrc", "name": "HMRC", "jurisdiction_code": "GB"},
    {"id": "", "name": "Ohne Nummer", "jurisdiction_code": "DE"},
    {"id": "se/malmo", "name": "Ett annat Malmö", "jurisdiction_code": "SE"},
    {"id": "de/böse", "name": "A\u202eB\x1b[31m", "jurisdiction_code": "DE", "url": "javascript:alert(1)"},
]


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def load(store: Store, path: Path, areas: tuple[str, ...] = ("pw", "pq")) -> Outcome:
    return publicbodies.put(store, publicbodies.read(path), areas)


def stored(store: Store, *sources: str) -> list[Authority]:
    with store.reading() as conn:
        found = lookup.authorities(conn, [authority_id(source) for source in sources])
    return [found[authority_id(source)] for source in sources]


def changes(store: Store) -> int:
    with store.reading() as conn:
        return conn.scalar(sa.select(sa.func.count()).select_from(change).where(change.c.account == DIRECTORY)) or 0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "bodies.csv", ROWS)


def test_every_row_is_in_or_reported(store: Store, file: Path, tmp_path: Path) -> None:
    done = load(store, file)
    assert done.rows == len(ROWS) == done.new + len(done.left_out)
    assert [(left.row, left.id) for left in done.left_out] == [
        (8, "de/leer"),
        (9, "de/alt"),
        (11, "gb/hmrc"),
        (12, ""),
        (13, "se/malmo"),
    ]
    reasons = [left.reason for left in done.left_out]
    for said, wanted in zip(reasons, ("no name", "dissolved on 2019-12", "'GB'", "no id", "row 3"), strict=True):
        assert wanted in said
    publicbodies.write_report(tmp_path / "report.csv", done.left_out)
    with (tmp_path / "report.csv").open(newline="", encoding="utf-8") as report:
        assert [tuple(row.values()) for row in csv.DictReader(report)] == [
            (str(left.row), left.id, left.reason) for left in done.left_out
        ]


def test_importing_again_changes_nothing(store: Store, file: Path) -> None:
    first = load(store, file)
    before = changes(store)
    again = load(store, file)
    assert (again.new, again.changed, again.same) == (0, 0, first.new)
    assert again.left_out == first.left_out
    assert changes(store) == before


def test_uneven_text_becomes_even(store: Store, file: Path) -> None:
    load(store, file)
    zoll, malmo, ika, ela = stored(store, "de/zoll-rosenheim", "se/malmo", "gr/ika", "eu/ela")
    assert zoll.formal_name == 'Hauptzollamt Rosenheim, "Süd" Außenstelle'
    assert zoll.titles == {"de": "HZA, Zoll Rosenheim, Zoll, Schwarzarbeit"}
    assert zoll.descriptions == {"de": "Erste Zeile.\n\nZweite Zeile."}
    assert (zoll.town, zoll.region) == ("Rosenheim", "Freistaat Bayern")
    assert zoll.address == "Münchner Str. 1\n83022 Rosenheim, Freistaat Bayern\nDeutschland"
    assert zoll.website == "http://www.zoll.de"
    assert malmo.formal_name == unicodedata.normalize("NFC", "Malmö stad")
    assert (malmo.country, malmo.titles, malmo.languages) == ("SE", {}, ("sv",))
    assert (ika.country, ika.languages) == ("EL", ("el",))
    assert (ela.country, ela.kind, ela.titles) == ("EU", "eu_body", {"en": "policy agency"})
    assert [desk.id for desk in ela.desks] == ["pb-eu-ela_pw", "pb-eu-ela_pq"]


def test_hostile_text_is_cleaned(store: Store, file: Path) -> None:
    load(store, file)
    (evil,) = stored(store, "de/böse")
    assert not set(evil.formal_name) & {"\u202e", "\x1b"}
    assert evil.website == ""


def test_ids_never_meet_and_are_safe() -> None:
    sources = [row["id"] for row in ROWS if row["id"]] + ["de/a-b", "de-a/b", "de/a_b", "x" * 300, "x" * 301, "/", "…"]
    ids = {authority_id(source) for source in sources}
    assert len(ids) == len(set(sources))
    assert all(set(id) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") and 0 < len(id) < 200 for id in ids)
    assert authority_id("de/zoll-rosenheim") == "pb-de-zoll-rosenheim"


def test_what_the_file_does_not_tell_stays(store: Store, file: Path, tmp_path: Path) -> None:
    load(store, file)
    (zoll,) = stored(store, "de/zoll-rosenheim")
    desks = (msgspec.structs.replace(zoll.desks[0], coordinator=True, default_reply_days=5), zoll.desks[1])
    kept = msgspec.structs.replace(
        zoll, kind="area_coordinator", topics=("wages",), titles={**zoll.titles, "fr": "Douane"}, desks=desks
    )
    store.put_authorities([kept])
    renamed = [{**ROWS[0], "name": "Hauptzollamt München"}, *ROWS[1:]]
    done = load(store, write(tmp_path / "new.csv", renamed), ("pw", "pr"))
    (after,) = stored(store, "de/zoll-rosenheim")
    assert done.new == 0
    assert after.formal_name == "Hauptzollamt München"
    assert (after.kind, after.topics, after.titles["fr"]) == ("area_coordinator", ("wages",), "Douane")
    assert [desk.area for desk in after.desks] == ["pw", "pq", "pr"]
    assert (after.desks[0].coordinator, after.desks[0].default_reply_days) == (True, 5)


def test_a_body_that_is_dissolved_later_takes_no_more_letters(store: Store, file: Path, tmp_path: Path) -> None:
    load(store, file)
    gone = [{**ROWS[0], "dissolution_date": "2020-01-01"}]
    done = load(store, write(tmp_path / "gone.csv", gone))
    assert len(done.left_out) == 1
    (after,) = stored(store, "de/zoll-rosenheim")
    assert after.status == "suspended"
    target = store.target("pb-de-zoll-rosenheim_pw")
    assert target is not None
    assert not target.active
    before = changes(store)
    load(store, tmp_path / "gone.csv")
    assert changes(store) == before


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "'id' is missing"),
        (b"id,name\n", "'jurisdiction_code' is missing"),
        (b"id,name,jurisdiction_code\nde/a,\xff,DE\n", "is not UTF-8"),
        (b'id,name,jurisdiction_code\nde/a,"A"x,DE\n', "not CSV"),
        (b'id,name,jurisdiction_code\nde/a,"' + b"x" * 200_000 + b'",DE\n', "not CSV"),
    ],
)
def test_a_file_that_cannot_be_imported(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(UnusableFile, match=r"x\.csv") as refused:
        publicbodies.read(path)
    assert says in str(refused.value)


def test_a_row_of_another_length_is_reported(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"\xef\xbb\xbfid,name,jurisdiction_code\nde/a,A,DE\nde/b,B\nde/c,C,DE,more\n\n")
    done = load(store, path)
    assert (done.rows, done.new) == (4, 1)
    assert [left.row for left in done.left_out] == [3, 4, 5]
    assert "has 2 fields, the header has 3" in done.left_out[0].reason


@pytest.mark.skipif(not REAL.is_dir(), reason="the PublicBodies data is not at ../shared/data/publicbodies")
@pytest.mark.parametrize(("name", "rows"), [("de", 1003), ("se", 652), ("eu", 129)])
def test_the_real_register(store: Store, name: str, rows: int) -> None:
    first = load(store, REAL / f"{name}.csv")
    assert first.rows == rows == first.new + len(first.left_out)
    assert len(first.left_out) <= 1
    before = changes(store)
    again = load(store, REAL / f"{name}.csv")
    assert (again.new, again.changed, again.same) == (0, 0, first.new)
    assert changes(store) == before
