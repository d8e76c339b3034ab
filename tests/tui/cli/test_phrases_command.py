"""``imi-tui phrases``."""

from __future__ import annotations

import stat
from pathlib import Path

from imi_tui import commands
from imi_tui.forms import standard_texts
from imi_tui.forms.phrases import from_toml
from tests.tui.cli.conftest import Run


def test_phrases_go_in_and_out_as_a_file(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "mine.toml"
    source.write_text(
        '[[phrase]]\nabbreviation = "mfg"\nlang = "de"\ntext = "Mit freundlichen Grüßen\\n{officer}"\n\n'
        '[[phrase]]\nabbreviation = "kr"\nlang = "en"\ntext = "Kind regards"\n',
        encoding="utf-8",
    )
    done = run("phrases", "--import", str(source))
    assert (done.code, done.out) == (commands.OK, "")
    assert "2 phrases were taken." in done.err
    assert run("phrases").out.splitlines()[0] == "kr  en  Kind regards"
    assert [each["abbreviation"] for each in run("phrases", "--json", "--lang-of", "de").json["phrases"]] == ["mfg"]
    target = tmp_path / "out.toml"
    assert run("phrases", "--export", str(target)).code == commands.OK
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    again = run("phrases", "--export", str(target))
    assert again.code == commands.LOCAL, "nothing is written over"
    assert run("phrases", "--import", str(target)).code == commands.OK
    assert len(run("phrases", "--json").json["phrases"]) == 2


def test_a_file_that_cannot_be_used_changes_nothing(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "bad.toml"
    source.write_text('[[phrase]]\nabbreviation = "a"\nlang = "de"\ntext = "x"\n[[phrase]]\nlang = "de"\n')
    done = run("phrases", "--import", str(source))
    assert done.code == commands.USAGE
    assert "Phrase 2: An abbreviation is one word" in done.err
    assert run("phrases", "--json").json["phrases"] == []
    source.write_bytes(b"\xff\xfe")
    assert run("phrases", "--import", str(source)).code == commands.USAGE
    assert run("phrases", "--import", str(tmp_path / "none.toml")).code == commands.USAGE


def test_standard_texts_stand_behind_ones_own_and_go_into_no_file(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "mine.toml"
    source.write_text('[[phrase]]\nabbreviation = "kr"\nlang = "en"\ntext = "Kind regards"\n', encoding="utf-8")
    assert run("phrases", "--import", str(source)).code == commands.OK
    own, heading, *standard = run("phrases").out.splitlines()
    assert (own, heading) == ("kr  en  Kind regards", "Standard texts")
    assert len(standard) == len(standard_texts.TEXTS)
    assert any(line.startswith("Reply incomplete  en  Thank you for your reply.") for line in standard)
    found = run("phrases", "--json", "--lang-of", "de").json
    assert found["phrases"] == []
    assert [each["id"] for each in found["standard"]] == [each.id for each in standard_texts.TEXTS]
    last = found["standard"][-1]
    assert (last["title"], last["lang"]) == ("Reply incomplete", "de")
    assert last["text"] != standard_texts.TEXTS[-1].text
    target = tmp_path / "out.toml"
    assert run("phrases", "--export", str(target)).code == commands.OK
    assert [each.abbreviation for each in from_toml(target.read_text(encoding="utf-8"))] == ["kr"]
