"""What a process of the client leaves behind: no core file, nothing for its neighbours to read, no value in a crash."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from imi_tui import cli, commands

MARKER = "Zxqvjkmarker"
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these files")


def _started(code: str, home: Path, **environment: str) -> subprocess.Popen[str]:
    """A process that runs `code` after a command of the client, then waits."""
    program = (
        "import sys; from imi_tui import cli; code = cli.main(['outbox', '--vault', 'file']);"
        f"{code}; print('there', flush=True); sys.stdin.read()"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "IMI_TUI_HOME": str(home), **environment},
    )


@LINUX
def test_neighbours_cannot_read_the_token_or_memory(home: Path) -> None:
    with _started("pass", home, IMI_TUI_TOKEN=MARKER) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "there\n"
            folder = Path(f"/proc/{process.pid}")
            assert MARKER.encode() not in (folder / "cmdline").read_bytes()
            assert "Max core file size        0                    0" in (folder / "limits").read_text()
            # A process that may be looked into belongs to its user, any other to the superuser.
            assert (folder / "environ").stat().st_uid == 0
            if os.geteuid() == 0:
                reader = pwd.getpwnam("nobody").pw_uid
                probe = f"import os; os.setuid({reader}); open('/proc/{process.pid}/environ').read()"
                assert subprocess.run([sys.executable, "-c", probe], capture_output=True).returncode != 0
            else:
                with pytest.raises(PermissionError):
                    (folder / "environ").read_bytes()
        finally:
            process.communicate()


@LINUX
def test_the_kernel_was_told(home: Path) -> None:
    asked = "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), flush=True)"
    with _started(asked, home) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "0\n"
        finally:
            process.communicate()


def test_a_mistake_of_the_program_prints_no_value(home: Path) -> None:
    program = (
        "import sys; from imi_tui import cli; from imi_tui.commands import outbox\n"
        f"def run(options): citizen = '{MARKER}'; raise RuntimeError(citizen)\n"
        "outbox.run = run; sys.exit(cli.main(['outbox', '--vault', 'file']))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env={**os.environ, "IMI_TUI_HOME": str(home)}
    )
    assert ended.returncode == commands.FAILED
    assert "Traceback" not in ended.stderr
    assert MARKER not in ended.stderr + ended.stdout
    assert len(ended.stderr.splitlines()) == 3
    [path] = (home / "incidents").iterdir()
    assert path.stat().st_mode & 0o077 == 0
    assert "RuntimeError" in path.read_text()
    assert MARKER not in path.read_text()


@pytest.mark.parametrize("path", ["/dev/full", ""], ids=["a full disk", "no output at all"])
@LINUX
def test_data_that_cannot_be_written_is_said_and_no_success(
    home: Path, path: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path(path or os.devnull).open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full if path else None)
        assert cli.main(["config", "path"]) == commands.LOCAL
        # What is left of it does not fail at the end of the program either.
        full.flush()
    assert "stdout cannot be written: " in capfd.readouterr().err
