"""A wheel carries the compiled catalogues and not their sources."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from imi_tui.i18n import build


def test_the_wheel_has_every_catalogue(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=build.ROOT, check=True, capture_output=True, timeout=120)
    [wheel] = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    languages = {path.parts[-3] for path in build.LOCALES.glob("*/LC_MESSAGES/imi_tui.po")} | {build.PSEUDO}
    assert {f"imi_tui/locales/{language}/LC_MESSAGES/imi_tui.mo" for language in languages} <= names
    assert not [name for name in names if name.endswith((".po", ".pot"))]
