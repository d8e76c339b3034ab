"""``imi-tui demo``: the full screen on an invented Europe, signed in, in a throw-away home of its own.

The server is the program ``imi-central``, started as a process of its own; a second ``demo`` finds it running through
a small file. It ends with the last screen on it, unless ``--no-screen`` asked for it to stay. Nothing here touches the
officer's own profile.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imi_core.text import display
from imi_tui import commands
from imi_tui.commands import common
from imi_tui.commands.common import CommandError, say
from imi_tui.i18n import _
from imi_tui.profile import expanded

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

START_SECONDS = 180.0
IDLE_MINUTES = 60
END_SECONDS = 5.0
_STEP = 0.5


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--as", dest="seat", default="lyon", metavar="SEAT", help=_("whose place to take (lyon)"))
    parser.add_argument(
        "--cases", type=commands.whole_number, default=0, metavar="N", help=_("how many cases a new demo gets")
    )
    parser.add_argument("--tour", action="store_true", help=_("begin the tour from its beginning"))
    parser.add_argument("--no-screen", action="store_true", help=_("only synchronise; for trying the other commands"))
    parser.add_argument("--stop", action="store_true", help=_("end the demo's server"))


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    folder = demo_folder()
    state_file = folder / "server.json"
    if options.stop:
        return _stop(state_file)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # A demo that is begun from this one is the same.
    os.environ["IMI_TUI_DEMO"] = str(folder)
    with _used(folder / "in-use", state_file):
        return _run(options, folder, state_file)


def _run(options: argparse.Namespace, folder: Path, state_file: Path) -> int:
    server = _running(state_file) or _start(state_file, folder / "server", options.cases)
    tokens = server["tokens"]
    if options.seat not in tokens:
        text = _("The demo has no place {seat}; choose one of: {seats}")
        raise CommandError(text.format(seat=display(options.seat), seats=", ".join(tokens)), commands.USAGE)
    home = folder / f"home-{options.seat}"
    os.environ["IMI_TUI_HOME"] = str(home)
    options.vault, options.server = "file", str(server["url"])
    common.given_token = str(tokens[options.seat])
    if options.no_screen:
        from imi_tui.commands.syncing import synchronise

        _note(state_file, {**server, "stay": True})
        with common.opened(options) as client:
            synchronise(client)
        say(_("The demo's files are in {folder}; use them with:").format(folder=home))
        common.out(f"IMI_TUI_HOME={home} imi-tui list --vault file --server {server['url']}")
        return commands.OK
    from imi_tui.commands.tui import show

    return show(options, demo=True, tour=bool(options.tour))


def demo_folder() -> Path:
    """Where demos live: IMI_TUI_DEMO, else within IMI_TUI_HOME, else the platform's place for a user's caches."""
    if given := os.environ.get("IMI_TUI_DEMO"):
        return expanded(given).absolute()
    if home := os.environ.get("IMI_TUI_HOME"):
        return expanded(home).absolute() / "demo"
    from platformdirs import user_cache_path

    return user_cache_path("imi-tui", appauthor=False) / "demo"


@contextlib.contextmanager
def _used(file: Path, state_file: Path) -> Iterator[None]:
    """Inside, the demo's server is used; whoever is the last to use it ends it."""
    if sys.platform == "win32":
        # There it ends by itself, when nobody has asked it anything for an hour.
        yield
        return
    import fcntl

    with file.open("a") as using:
        fcntl.flock(using, fcntl.LOCK_SH)
        try:
            yield
        finally:
            # Held by others it stays as it is.
            with contextlib.suppress(OSError):
                fcntl.flock(using, fcntl.LOCK_EX | fcntl.LOCK_NB)
                found = _running(state_file)
                if found is not None and found.get("stay") is not True:
                    # It takes its time, and the shell shall not wait: a server that is begun meanwhile does (`_place`).
                    _begin_end(int(found["pid"]), state_file)


def _begin_end(pid: int, state_file: Path) -> None:
    import signal

    state_file.unlink(missing_ok=True)
    os.kill(pid, signal.SIGTERM)


def _end(pid: int, state_file: Path) -> None:
    """End the server, and wait for that."""
    _begin_end(pid, state_file)
    end = time.monotonic() + END_SECONDS
    while time.monotonic() < end and _alive(pid):
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        time.sleep(0.02)


def _running(state_file: Path) -> dict[str, Any] | None:
    """The server that a demo before this one started, if it still runs and answers."""
    found = _read(state_file)
    if found is None or not _alive(int(found["pid"])):
        return None
    import socket
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(str(found["url"]))
        # A connection is enough to know: the first screen should not wait for an HTTP library.
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=2).close()
    except (OSError, ValueError):
        return None
    return found


def _read(state_file: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(state_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if _sound(found) else None


def _sound(found: Any) -> bool:
    return (
        isinstance(found, dict)
        and isinstance(found.get("url"), str)
        and isinstance(found.get("pid"), int)
        and isinstance(found.get("tokens"), dict)
        and all(isinstance(token, str) for token in found["tokens"].values())
    )


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (OSError, OverflowError):
        return False
    return True


def _start(state_file: Path, data: Path, cases: int) -> dict[str, Any]:
    """Start the server, wait until it says where it listens, note that for the next demo. Raises `CommandError`."""
    program = _program()
    say(_("The demo is being prepared; the first time takes a moment."))
    reading, writing = os.pipe()
    command = [program, "demo", "--data", str(data), "--ready-fd", str(writing), "--stop-when-idle", str(IDLE_MINUTES)]
    if cases:
        command += ["--cases", str(cases)]
    log = data.with_name("server.log")
    place = _place(data.with_name("serving"))
    try:
        with log.open("ab") as errors:
            process = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                pass_fds=(writing, *place),
                start_new_session=True,
            )
    except OSError as error:
        os.close(reading)
        raise CommandError(_unstarted(log), commands.LOCAL) from error
    finally:
        for descriptor in (writing, *place):
            os.close(descriptor)
    line = _first_line(reading, process)
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if not _sound(found):
        process.terminate()
        raise CommandError(_unstarted(log), commands.LOCAL)
    assert isinstance(found, dict)
    if found.get("anew") is True:
        say(_("The demo was of another build of the program and is begun anew."))
        # What was fetched from it, and written into it, belongs to cases that are no more.
        for home in data.parent.glob("home-*"):
            shutil.rmtree(home, ignore_errors=True)
    _note(state_file, found)
    return found


def _place(file: Path) -> tuple[int, ...]:
    """What the server holds as long as it runs, for its process to inherit, once the one before it has ended."""
    if sys.platform == "win32":
        return ()
    import fcntl

    place = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    end = time.monotonic() + END_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        time.sleep(0.02)
    return (place,)


def _note(state_file: Path, found: dict[str, Any]) -> None:
    """Keep for the next demo which server runs."""
    part = state_file.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_text(json.dumps(found), encoding="utf-8")
    part.replace(state_file)


def _first_line(reading: int, process: subprocess.Popen[bytes]) -> str:
    """What the server writes once it takes connections; "" when it ends or stays silent."""
    end = time.monotonic() + START_SECONDS
    text = b""
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        while time.monotonic() < end and not text.endswith(b"\n"):
            if select.select([pipe], [], [], _STEP)[0]:
                part = pipe.read(65536)
                if not part:
                    break
                text += part
            elif process.poll() is not None:
                break
    return text.decode("utf-8", "replace").strip()


def _program() -> str:
    beside = Path(sys.executable).with_name("imi-central")
    found = str(beside) if beside.exists() else shutil.which("imi-central")
    if found is None:
        text = _("The demo needs the server program imi-central, which is not installed.")
        raise CommandError(text, commands.LOCAL)
    return found


def _unstarted(log: Path) -> str:
    return _("The demo's server did not start; what it said is in {file}.").format(file=log)


def _stop(state_file: Path) -> int:
    found = _running(state_file)
    if found is not None:
        _end(int(found["pid"]), state_file)
    state_file.unlink(missing_ok=True)
    say(_("The demo's server has ended.") if found is not None else _("No demo's server was running."))
    return commands.OK
