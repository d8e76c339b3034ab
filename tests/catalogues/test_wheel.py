"""A wheel carries the compiled catalogues and not their sources; what a wheel is built from has what that needs."""

from __future__ import annotations

import gettext
import io
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from catalogues.domains import DOMAINS, LOCALES, ROOT


def built(source: Path, kind: str, target: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(target)]
    subprocess.run(command, cwd=source, check=True, capture_output=True, timeout=120)
    [made] = target.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Built from the sdist, as an installer does it: nothing compiled is in that."""
    folder = tmp_path_factory.mktemp("built")
    with tarfile.open(built(ROOT, "sdist", folder / "sdist")) as packed:
        names = packed.getnames()
        packed.extractall(folder / "source", filter="data")
    assert not [name for name in names if name.endswith(".mo")]
    [source] = (folder / "source").iterdir()
    return zipfile.ZipFile(built(source, "wheel", folder / "wheel"))


def test_the_wheel_has_every_catalogue(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    expected = {
        f"{DOMAINS[path.stem].package}/locales/{path.parts[-3]}/LC_MESSAGES/{path.stem}.mo"
        for path in LOCALES.glob("*/LC_MESSAGES/*.po")
    }
    assert {*expected, "imi_tui/locales/en-XA/LC_MESSAGES/imi_tui.mo"} == {name for name in names if "locales/" in name}


def test_the_catalogues_in_the_wheel_speak(wheel: zipfile.ZipFile) -> None:
    compiled = wheel.read("imi_central/locales/de/LC_MESSAGES/imi_central.mo")
    assert gettext.GNUTranslations(io.BytesIO(compiled)).gettext("Password") == "Passwort"
