"""Labels in other languages: only of the English text that the definition has, and found beside a new procedure."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalogues import files
from catalogues.domains import DOMAINS
from imi_central.catalogue import BUILT_IN, load, translations
from imi_core.errors import DefinitionError
from imi_core.procedure import label_ids

MODULE = (BUILT_IN / "modules" / "pw" / "urgent.toml").read_text("utf-8").replace('"pw.urgent"', '"sd.info"')
PO = r"""# Comment
msgid ""
msgstr "Language: fr\n"

msgctxt "sd.info.field.subject"
msgid "Subject"
msgstr "Ob"
"jet \"A\" é"

#, fuzzy
msgctxt "sd.info.field.company"
msgid "Undertaking"
msgstr "Peut-être"

msgctxt "sd.info.field.urgency"
msgid "Reason for the hurry"
msgstr "Texte périmé"
msgctxt "sd.info.field.representative"
msgid "Representative"
msgstr "Représentant"

msgctxt "request.action.send"
msgid "Send"
msgstr ""
#~ msgctxt "old"
#~ msgid "Old"
#~ msgstr "Vieux"
"""


def test_labels_stand_beside_a_procedure_added_at_run_time(tmp_path: Path) -> None:
    (tmp_path / "info.toml").write_text(MODULE, "utf-8")
    (tmp_path / "info.fr.po").write_text(PO, "utf-8")
    (rules,) = (rules for rules in load(tmp_path) if rules.procedure.id == "sd.info")
    assert rules.labels == {
        "fr": {"sd.info.field.subject": 'Objet "A" é', "sd.info.field.representative": "Représentant"}
    }
    assert rules.label("sd.info.field.company", "Undertaking", ("fr", "en")) == "Undertaking"


def test_the_template_brings_every_label_back() -> None:
    expected = {label: (text, "") for rules in load() for label, text in label_ids(rules).items()}
    assert translations.read_po(DOMAINS["imi_catalogue"].template) == expected


def test_built_in_procedures_are_translated_from_the_locales(tmp_path: Path) -> None:
    path = files.path_of("fr", "imi_catalogue", tmp_path)
    path.parent.mkdir(parents=True)
    texts = files.empty("fr", DOMAINS["imi_catalogue"])
    texts.add("Send", "Envoyer", context="request.action.send")
    texts.add("Accept, but of another text", "Périmé", context="request.action.accept")
    files.write(path.with_suffix(".mo"), texts)
    known = translations.built_in(tmp_path)
    assert all(
        translations.translated(rules, known).labels == {"fr": {"request.action.send": "Envoyer"}} for rules in load()
    )


def test_a_broken_catalogue_of_the_built_in_procedures_leaves_them_in_english(tmp_path: Path) -> None:
    path = tmp_path / "fr" / "LC_MESSAGES" / "imi_catalogue.mo"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no catalogue")
    assert translations.translated(load()[0], translations.built_in(tmp_path)).labels == {}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("info.fr.po", b'msgctxt "a"\nmsgstr unquoted\n', "line 2"),
        ("info.fr.po", b'"floating"\n', "line 1"),
        ("info.fr.po", b"\xff", "UTF-8"),
        ("info.x_y.po", b"", "no language code"),
    ],
)
def test_a_broken_translation_is_named(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / "info.toml").write_text(MODULE, "utf-8")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DefinitionError) as refused:
        load(tmp_path)
    assert str(tmp_path / name) in str(refused.value)
    assert says in str(refused.value)
