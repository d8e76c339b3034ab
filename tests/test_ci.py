"""The command of CI: all parts run, the first failure tells, and pytest's summary stays in sight."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MAKE = """#!/usr/bin/env bash
echo "make $1, CI=$CI"
if read -r line; then echo "somebody typed $line"; fi
case $1 in
  test-faults) echo "== 7 passed in 9.87s =="; exit {faults};;
  test) echo "== 3 passed, 1 failed in 2.31s =="; exit {test};;
  check) echo "All checks passed!"; exit {check};;
esac
"""


@pytest.mark.parametrize(
    ("test", "faults", "check", "status", "said"),
    [
        (0, 0, 0, 0, ""),
        (2, 0, 0, 2, "make test failed (2)"),
        (0, 0, 3, 3, "make check failed (3)"),
        (2, 0, 3, 2, "make check failed"),
        (0, 4, 0, 4, "make test-faults failed (4)"),
        (0, 4, 3, 4, "make check failed"),
        (2, 4, 0, 2, "make test-faults failed"),
    ],
)
def test_ci_runs_all_and_tells_the_first_failure(
    test: int, faults: int, check: int, status: int, said: str, tmp_path: Path
) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci")
    (tmp_path / "bin").mkdir()
    stub = tmp_path / "bin" / "make"
    stub.write_text(MAKE.format(test=test, faults=faults, check=check))
    stub.chmod(0o755)
    done = subprocess.run(
        [tmp_path / ".ci" / "run"],
        env={"PATH": f"{stub.parent}:/usr/bin:/bin", "CI": "true"},
        input="y\n",
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert done.returncode == status, done.stdout + done.stderr
    assert lines[:1] == ["make test, CI=true"]
    assert "make test-faults, CI=true" in lines
    assert "make check, CI=true" in lines
    assert lines.index("make test-faults, CI=true") < lines.index("make check, CI=true")
    assert "somebody typed" not in done.stdout
    assert "3 passed, 1 failed in 2.31s" in lines[-1]
    assert "7 passed in 9.87s" in lines[-2]
    assert said in done.stdout
