"""The programs that are measured beside the client: how each gets its data, starts, and shows where its cursor is.

neomutt and aerc are taken from PATH. posting and harlequin need other versions of libraries than the client, so each is
installed into a folder of its own from the hash-locked list beside this file (``python -m bench peers
--install-peers``), or taken from PATH.
"""

from __future__ import annotations

import email.utils
import re
import shutil
import sqlite3
import subprocess
import sys
import venv
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench.cache import DATA

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pyte

HERE = Path(__file__).parent
ITEMS = 10_000
REQUESTS = 300
"""Requests in posting's collection: it reads a file for each, and nobody has ten thousand."""
ROW = re.compile(rb"[A-Z]{2}-\d\d-\d{6}")
"""What is in every row of every program."""
_TEXT_ROW = re.compile(r"[A-Z]{2}-\d\d-\d{6}")
FIRST_DAY = 1_790_000_000


class Absent(Exception):
    """A peer cannot be measured here; the message says why."""


@dataclass(frozen=True)
class Peer:
    """A program on a 120x40 terminal.

    `rows` rows of its list fill the screen (0: the launch shows no list, but `frame`). `key` moves its cursor.
    `typed` is answered first after a launch, `answered` says that it was; by default these are `key` and a cursor on
    another row. `prepare` are the texts that bring a running program to its list, sent one after the other.
    """

    name: str
    items: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    rows: int = 30
    frame: bytes = b""
    key: bytes = b"\x1b[B"
    typed: bytes = b""
    answered: Callable[[pyte.Screen], bool] | None = None
    prepare: tuple[bytes, ...] = ()


def standing(screen: pyte.Screen) -> int | None:
    """The line of the row that looks different from the other rows: where the cursor is."""
    looks: dict[tuple[str, bool], list[int]] = {}
    for number, line in enumerate(screen.display):
        if found := _TEXT_ROW.search(line):
            cell = screen.buffer[number][found.start()]
            looks.setdefault((cell.bg, cell.reverse), []).append(number)
    alone = [lines[0] for lines in looks.values() if len(lines) == 1]
    return alone[0] if len(looks) == 2 and len(alone) == 1 else None


def neomutt(folder: Path) -> Peer:
    """neomutt on a maildir with its header cache. Raises `Absent`."""
    program = _on_path("neomutt", "apt install neomutt")
    mail = _maildir(folder)
    settings = folder / "muttrc"
    settings.write_text(
        f'set folder="{mail.parent}"\nset spoolfile="{mail}"\nset mbox_type=Maildir\n'
        f'set header_cache="{folder}/hcache"\n'
        "set sleep_time=0\nset sort=reverse-date\nset use_domain=no\nset hostname=example.eu\n"
    )
    argv = (program, "-n", "-F", str(settings), "-f", str(mail))
    return Peer("neomutt", f"{ITEMS} mails", argv, _home(folder), rows=36, key=b"j")


def aerc(folder: Path) -> Peer:
    """aerc on the same maildir. Raises `Absent`."""
    program = _on_path("aerc", "apt install aerc")
    mail = _maildir(folder)
    env = _home(folder)
    accounts = Path(env["XDG_CONFIG_HOME"]) / "aerc" / "accounts.conf"
    accounts.parent.mkdir(parents=True, exist_ok=True)
    accounts.touch(mode=0o600)
    accounts.write_text(
        f"[lyon]\nsource = maildir://{mail.parent}\ndefault = {mail.name}\nfrom = Lyon <lyon@example.eu>\n"
    )
    return Peer("aerc", f"{ITEMS} mails", (program,), env, rows=36, key=b"j")


def posting(folder: Path) -> Peer:
    """posting with its list of requests. Raises `Absent`."""
    program = _installed("posting")
    collection = folder / f"requests-{REQUESTS}"
    if not collection.exists():
        collection.mkdir()
        for number in range(REQUESTS):
            (collection / f"{_reference(number)}.posting.yaml").write_text(
                f"name: {_reference(number)} Establishment\nurl: https://example.eu/{number}\n"
            )
    env = _home(folder)
    settings = Path(env["XDG_CONFIG_HOME"]) / "posting" / "config.yaml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("heading:\n  visible: false\nfocus:\n  on_startup: collection\n")
    return Peer("posting", f"{REQUESTS} requests", (program, "--collection", str(collection)), env)


def harlequin(folder: Path) -> Peer:
    """harlequin on a SQLite table: its launch shows the frame and the catalogue, a query the rows. Raises `Absent`."""
    program = _installed("harlequin")
    path = folder / "cases.db"
    if not path.exists():
        with sqlite3.connect(path) as database:
            database.execute("create table cases(reference primary key, due, country, authority, subject, state)")
            database.executemany(
                "insert into cases values(?, '2026-12-01', 'DE', 'Zollamt Rosenheim', 'Establishment', 'accepted')",
                ((_reference(number),) for number in range(ITEMS)),
            )
        database.close()
    return Peer(
        "harlequin",
        f"{ITEMS} rows",
        (program, "-a", "sqlite", str(path)),
        _home(folder),
        rows=0,
        frame=b"Data Catalog",
        typed=b"x",
        answered=lambda screen: any(" x " in line for line in screen.display),
        prepare=(b"select * from cases", b"\n", b"\x1b[15~"),
    )


def datatable(_folder: Path) -> Peer:
    """The usual way to show a list in Textual."""
    argv = (sys.executable, str(HERE / "datatable.py"), str(ITEMS))
    return Peer("DataTable", f"{ITEMS} rows", argv, rows=35)


ALL: dict[str, Callable[[Path], Peer]] = {
    "neomutt": neomutt,
    "aerc": aerc,
    "posting": posting,
    "harlequin": harlequin,
    "DataTable": datatable,
}


def install(name: str) -> None:
    """posting or harlequin from its hash-locked list, in a folder of its own below the bench's data."""
    folder = DATA / "peers" / f"venv-{name}"
    venv.create(folder, with_pip=True, clear=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", str(HERE / f"{name}.txt")], check=True)


def _installed(name: str) -> str:
    own = DATA / "peers" / f"venv-{name}" / "bin" / name
    return str(own) if own.exists() else _on_path(name, "python -m bench peers --install-peers")


def _on_path(name: str, hint: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Absent(f"{name} is not installed ({hint})")
    return found


def _reference(number: int) -> str:
    return f"PW-26-{number:06}"


def _home(folder: Path) -> dict[str, str]:
    """A home of the peer's own, so that nobody's settings count."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local"),
        "XDG_CACHE_HOME": str(home / ".cache"),
    }


def _maildir(folder: Path) -> Path:
    mail = folder / "mail" / "inbox"
    if not mail.exists():
        for part in ("cur", "new", "tmp"):
            (mail / part).mkdir(parents=True)
        for number in range(ITEMS):
            moment = FIRST_DAY + number * 600
            (mail / "cur" / f"{moment}.{number}.bench:2,S").write_text(
                f"From: Hauptzollamt Rosenheim <desk{number}@example.eu>\nTo: lyon@example.eu\n"
                f"Subject: {_reference(number)} Establishment of an undertaking\n"
                f"Date: {email.utils.formatdate(moment)}\nMessage-ID: <{number}@example.eu>\n\n"
                "Is the undertaking established?\n"
            )
    return mail
