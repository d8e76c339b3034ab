"""The demo Europe: plain data files, so their rules are checked here and not at run time."""

import csv
import re
import string
import tomllib
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[2] / "imi_central" / "demo" / "data"
COUNTRIES = [
    "AT",
    "BE",
    "BG",
    "CY",
    "CZ",
    "DE",
    "DK",
    "EE",
    "EL",
    "ES",
    "FI",
    "FR",
    "HR",
    "HU",
    "IE",
    "IS",
    "IT",
    "LI",
    "LT",
    "LU",
    "LV",
    "MT",
    "NL",
    "NO",
    "PL",
    "PT",
    "RO",
    "SE",
    "SI",
    "SK",
]
LANGUAGES = [
    "bg",
    "cs",
    "da",
    "de",
    "el",
    "en",
    "es",
    "et",
    "fi",
    "fr",
    "ga",
    "hr",
    "hu",
    "it",
    "lt",
    "lv",
    "mt",
    "nl",
    "pl",
    "pt",
    "ro",
    "sk",
    "sl",
    "sv",
]
ALL_LANGUAGES = [*LANGUAGES, "nb", "is"]
AREAS = {"pq", "pw", "pr"}
KINDS = {
    "competent_authority",
    "national_coordinator",
    "regional_coordinator",
    "area_coordinator",
    "delegated_coordinator",
    "eu_body",
}
COLUMNS = ["id", "formal_name", "kind", "region", "town", "areas", "topics", "languages"]
MINIMUM = {
    "DE": 60, "FR": 40, "IT": 40, "ES": 40, "PL": 30, "AT": 25, "BE": 20, "NL": 20, "SE": 20, "FI": 20,
    "RO": 20, "CZ": 20, "PT": 20, "EL": 20, "HU": 20,
}  # fmt: skip
REQUIRED = {
    "fr-dreets-ara": ("Lyon", {"pw"}),
    "de-fks-rosenheim": ("Rosenheim", {"pw"}),
    "at-aerztekammer": ("Wien", {"pq", "pr"}),
    "el-isa": ("Αθήνα", {"pq", "pr"}),
}
PLACEHOLDERS = {"company", "person", "town", "profession", "date", "number"}
REQUEST_KEYS = ("subject", "justification", "remark")
TEXT_KEYS = {
    "pq.info": REQUEST_KEYS,
    "pw.info": REQUEST_KEYS,
    "pw.urgent": REQUEST_KEYS,
    "pr.info": REQUEST_KEYS,
    "reply": ("text", "cannot", "partial"),
    "clarification": ("ask", "answer"),
    "message": ("text",),
    "reason": ("withdraw", "forward", "refuse", "change_date"),
}
PEOPLE = {"given": 20, "family": 30, "companies": 12, "towns": 10, "streets": 8}
PEOPLE_OPTIONAL = {"given_f", "family_f"}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        head, *body = list(reader)
    for row in body:
        assert len(row) == len(head), (path.name, row)
        assert all(cell == cell.strip() for cell in row), (path.name, row)
    return [dict(zip(head, row, strict=True)) for row in body]


@cache
def authorities(country: str) -> list[dict[str, str]]:
    return rows(DATA / "authorities" / f"{country}.tsv")


def everyone() -> list[dict[str, str]]:
    return [row for country in COUNTRIES for row in authorities(country)]


@cache
def topics() -> list[dict[str, str]]:
    return rows(DATA / "topics.tsv")


@cache
def toml(folder: str, name: str) -> dict:
    return tomllib.loads((DATA / folder / f"{name}.toml").read_text(encoding="utf-8"))


def listed(cell: str) -> list[str]:
    parts = cell.split(",")
    assert len(parts) == len(set(parts)), cell
    return parts


def fields(text: str) -> set[str]:
    return {name for _, name, spec, conversion in string.Formatter().parse(text) if name is not None}


# ------------------------------------------------------------------ every file


def test_the_set_of_files_is_exact() -> None:
    def stems(folder: str, suffix: str) -> set[str]:
        found = list((DATA / folder).iterdir())
        assert all(path.suffix == suffix for path in found)
        return {path.stem for path in found}

    assert stems("authorities", ".tsv") == set(COUNTRIES)
    assert stems("people", ".toml") == set(COUNTRIES)
    assert stems("texts", ".toml") == set(ALL_LANGUAGES)


@pytest.mark.parametrize(
    "path",
    sorted(p for p in DATA.rglob("*") if p.suffix in {".tsv", ".toml"}),
    ids=lambda p: f"{p.parent.name}/{p.name}",
)
def test_text_is_clean(path: Path) -> None:
    raw = path.read_bytes()
    assert raw.endswith(b"\n")
    assert b"\r" not in raw
    text = raw.decode("utf-8", errors="strict")
    assert text == unicodedata.normalize("NFC", text)
    for line_number, line in enumerate(text.split("\n"), 1):
        for char in line:
            if char == "\t" and path.suffix == ".tsv":
                continue
            category = unicodedata.category(char)
            where = f"{path.name}:{line_number} U+{ord(char):04X}"
            assert category[0] != "C", f"control, format or unassigned character: {where}"
            assert category not in {"Zl", "Zp", "So", "Sk"}, f"separator or symbol: {where}"
            assert ord(char) < 0x2E80, f"emoji or wide character: {where}"
            assert category[0] != "M", f"loose combining mark: {where}"
    assert not re.search(r"[^\s@]+@[^\s@]+", text), "no e-mail addresses"
    assert not re.search(r"(?:\+|\b00)\d{2}[ \d]{6,}", text), "no telephone numbers"


def scripts(word: str) -> set[str]:
    return {
        name
        for char in word
        if char.isalpha()
        for name in [unicodedata.name(char).split()[0]]
        if name in {"LATIN", "GREEK", "CYRILLIC"}
    }


def test_no_word_mixes_scripts() -> None:
    for path in DATA.rglob("*"):
        if path.suffix in {".tsv", ".toml"}:
            for word in re.findall(r"\w+", path.read_text(encoding="utf-8")):
                assert len(scripts(word)) <= 1, (path.name, word)


# ------------------------------------------------------------------ topics


def test_topics_are_complete() -> None:
    head = (DATA / "topics.tsv").read_text(encoding="utf-8").split("\n", 1)[0].split("\t")
    assert head == ["id", *LANGUAGES]
    assert len(topics()) >= 45
    ids = [row["id"] for row in topics()]
    assert len(ids) == len(set(ids))
    for row in topics():
        assert re.fullmatch(r"[a-z][a-z-]{1,40}", row["id"])
        for language in LANGUAGES:
            label = row[language]
            assert 0 < len(label) <= 40, (row["id"], language, label)
            assert label[0].isupper(), (row["id"], language, label)
            assert "," not in label, (row["id"], language, label)  # the title is "<label>, <region>"


@pytest.mark.parametrize("language", LANGUAGES)
def test_topic_labels_can_be_told_apart(language: str) -> None:
    labels = Counter(row[language].casefold() for row in topics())
    assert [label for label, count in labels.items() if count > 1] == []


def test_every_topic_is_used() -> None:
    used = {topic for row in everyone() for topic in row["topics"].split(",")}
    assert used == {row["id"] for row in topics()}


# ------------------------------------------------------------------ authorities


def test_the_register_is_large_enough() -> None:
    assert len(everyone()) >= 640
    for country in COUNTRIES:
        assert len(authorities(country)) >= MINIMUM.get(country, 10), country


def test_ids_are_unique_over_all_files() -> None:
    ids = Counter(row["id"] for row in everyone())
    assert [name for name, count in ids.items() if count > 1] == []


@pytest.mark.parametrize("country", COUNTRIES)
def test_rows_are_well_formed(country: str) -> None:
    head = (DATA / "authorities" / f"{country}.tsv").read_text(encoding="utf-8").split("\n", 1)[0].split("\t")
    assert head == COLUMNS
    known_topics = {row["id"] for row in topics()}
    names = Counter(row["formal_name"] for row in authorities(country))
    assert [name for name, count in names.items() if count > 1] == []
    for row in authorities(country):
        assert re.fullmatch(r"[a-z]{2}-[a-z0-9]+(-[a-z0-9]+)*", row["id"]), row["id"]
        assert row["id"].startswith(country.lower() + "-")
        assert len(row["id"]) <= 60
        assert 2 <= len(row["formal_name"]) <= 160, row
        assert row["town"], row
        assert row["kind"] in KINDS, row
        assert set(listed(row["areas"])) <= AREAS, row
        assert set(listed(row["topics"])) <= known_topics, row
        assert set(listed(row["languages"])) <= set(ALL_LANGUAGES), row


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_country_is_covered(country: str) -> None:
    def count(area: str) -> int:
        return sum(area in row["areas"].split(",") for row in authorities(country))

    assert count("pq") >= 3
    assert count("pw") >= 2
    assert count("pr") >= 1
    national = [row for row in authorities(country) if row["kind"] == "national_coordinator"]
    assert len(national) == 1
    assert set(national[0]["areas"].split(",")) == AREAS
    assert national[0]["topics"].split(",")[0] == "national-coordination"
    for area in ("pq", "pw"):
        assert any(
            row["kind"] == "area_coordinator" and area in row["areas"].split(",") for row in authorities(country)
        ), area
    for row in authorities(country):
        if row["kind"] == "regional_coordinator":
            assert row["region"], row
            assert "regional-coordination" in row["topics"].split(","), row


def test_federal_and_autonomous_states() -> None:
    for country, number in (("DE", 16), ("ES", 19)):
        regions = {r["region"] for r in authorities(country) if r["kind"] == "regional_coordinator"}
        assert len(regions) == number
    assert [r["formal_name"] for r in authorities("DE") if r["kind"] == "national_coordinator"] == [
        "Bundesverwaltungsamt"
    ]


def test_the_authorities_of_the_story_exist() -> None:
    known = {row["id"]: row for row in everyone()}
    for name, (town, areas) in REQUIRED.items():
        assert known[name]["town"] == town
        assert set(known[name]["areas"].split(",")) == areas


# ------------------------------------------------------------------ people


@pytest.mark.parametrize("country", COUNTRIES)
def test_people(country: str) -> None:
    data = toml("people", country)
    assert set(PEOPLE) <= set(data) <= set(PEOPLE) | PEOPLE_OPTIONAL
    for key, values in data.items():
        assert len(values) == len(set(values)), key
        assert all(v and v == v.strip() for v in values), key
        assert len(values) == PEOPLE.get(key, len(values)), key
        assert all(len(v) <= 50 for v in values), key
    assert ("given_f" in data) >= ("family_f" in data)
    for street in data["streets"]:
        assert not re.search(r"\d+\s*$", street), street


def test_company_names_are_not_shared() -> None:
    names = Counter(name for country in COUNTRIES for name in toml("people", country)["companies"])
    assert [name for name, count in names.items() if count > 1] == []


# ------------------------------------------------------------------ texts


@pytest.mark.parametrize("language", ALL_LANGUAGES)
def test_texts_have_every_key(language: str) -> None:
    data = toml("texts", language)
    assert set(data) == {*TEXT_KEYS, "professions"}
    assert set(data["professions"]) == {"names"}
    for section, keys in TEXT_KEYS.items():
        assert set(data[section]) == set(keys), section
        for key in keys:
            variants = data[section][key]
            assert 3 <= len(variants) <= 5, (section, key)
            assert len(set(variants)) == len(variants), (section, key)
            for text in variants:
                assert text == text.strip(), text
                assert "  " not in text, text
                assert len(text) >= 10, text
                assert fields(text) <= PLACEHOLDERS, text
                assert not re.search(r"\{\w*[!:}]", re.sub(r"\{\w+\}", "", text)), text
                if key != "subject":
                    assert text[-1] in ".?;", text  # the Greek question mark looks like a semicolon


@pytest.mark.parametrize("language", ALL_LANGUAGES)
def test_subjects_are_short_and_name_no_person(language: str) -> None:
    data = toml("texts", language)
    longest = {
        "company": max((c for cc in COUNTRIES for c in toml("people", cc)["companies"]), key=len),
        "profession": max(data["professions"]["names"], key=len),
    }
    for section in ("pq.info", "pw.info", "pw.urgent", "pr.info"):
        wanted = "company" if section.startswith("pw") else "profession"
        for subject in data[section]["subject"]:
            assert fields(subject) == {wanted}, subject
            assert len(subject.format_map(longest)) <= 70, subject


@pytest.mark.parametrize("language", ALL_LANGUAGES)
def test_twelve_professions(language: str) -> None:
    names = toml("texts", language)["professions"]["names"]
    assert len(names) == len(set(names)) == 12
    assert all(name and len(name) <= 40 and name == name.strip() for name in names)


def test_every_text_says_the_same_with_the_same_placeholders() -> None:
    reference = toml("texts", "en")
    for language in ALL_LANGUAGES:
        data = toml("texts", language)
        for section, keys in TEXT_KEYS.items():
            for key in keys:
                ours = [fields(text) for text in data[section][key]]
                assert ours == [fields(text) for text in reference[section][key]], (language, section, key)
