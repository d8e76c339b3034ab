"""The command of CI: both halves run, the first failure tells, and pytest's summary stays in sight."""

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
  test) echo "== 3 passed, 1 failed in 2.31s =="; exit {test};;
  check) echo "All checks passed!"; exit {check};;
esac
"""


@pytest.mark.parametrize(
    ("test", "check", "status", "said"),
    [
        (0, 0, 0, ""),
        (2, 0, 2, "make test failed (2)"),
        (0, 3, 3, "make check failed (3)"),
        (2, 3, 2, "make check failed"),
    ],
)
def test_ci_runs_both_and_tells_the_first_failure(
    test: int, check: int, status: int, said: str, tmp_path: Path
) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci")
    (tmp_path / "bin").mkdir()
    stub = tmp_path / "bin" / "make"
    stub.write_text(MAKE.format(test=test, check=check))
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
    assert "make check, CI=true" in lines
    assert "somebody typed" not in done.stdout
    assert "3 passed, 1 failed in 2.31s" in "\n".join(lines[-3:])
    assert said in done.stdout
