"""The peer: mbsync fetching from dovecot mails that hold the same texts as the cases."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Self

from bench.sync.line import SERVER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

PORT = 8143
NOBODY = 65534
"""dovecot reads no mail as root."""
_DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/dovecot.log
protocols = imap
listen = {address}
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail
mail_plugins = zlib
first_valid_uid = 0
last_valid_uid = 0
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
protocol imap {{
  mail_plugins = imap_zlib
}}
passdb {{
  driver = static
  args = password=bench
}}
userdb {{
  driver = static
  args = uid={user} gid={user} home={folder}
}}
"""
_MBSYNC = """
IMAPAccount peer
Host {address}
Port {port}
User bench
Pass bench
SSLType None
AuthMechs LOGIN

IMAPStore far
Account peer

MaildirStore near
Inbox {folder}/near
SubFolders Verbatim
Path {folder}/

Channel all
Far :far:INBOX
Near :near:INBOX
Create Near
SyncState *
"""


def missing() -> str:
    """What this machine lacks for the peer, or ""."""
    lacking = [name for name in ("mbsync", "dovecot", "doveadm") if not shutil.which(name) and not _sbin(name)]
    return f"the commands {', '.join(lacking)} (packages isync and dovecot-imapd)" if lacking else ""


def _sbin(name: str) -> str:
    found = Path("/usr/sbin") / name
    return str(found) if found.exists() else ""


class Mail:
    """A mailbox of mails behind dovecot while it is entered; `fetch` runs mbsync once."""

    def __init__(
        self,
        texts: Iterable[str],
        folder: Path,
        at: Callable[[str, Sequence[str]], list[str]],
        address: str = SERVER,
    ) -> None:
        self._folder, self._at, self._address = folder / "peer", at, address
        self._number = 0
        # dovecot's processes for signing in have users of their own.
        folder.chmod(0o755)
        for name in ("cur", "new", "tmp"):
            (self._folder / "mail" / name).mkdir(parents=True)
        for text in texts:
            self.deliver(text)

    def deliver(self, text: str) -> None:
        """One more mail."""
        self._number += 1
        mail = EmailMessage()
        mail["From"], mail["To"] = "officer@authority.example", "bench@office.example"
        mail["Subject"] = f"Case {self._number}"
        mail["Message-ID"] = f"<{self._number}@authority.example>"
        mail.set_content(text, charset="utf-8", cte="8bit")
        name = f"{1_700_000_000 + self._number}.M{self._number}.bench:2,"
        (self._folder / "mail" / "cur" / name).write_bytes(mail.as_bytes())

    def __enter__(self) -> Self:
        values = {"folder": self._folder, "address": self._address, "port": PORT}
        for path in (self._folder / "mail", *(self._folder / "mail").iterdir()):
            os.chown(path, NOBODY, NOBODY)
        (self._folder / "dovecot.conf").write_text(_DOVECOT.format(**values, user=NOBODY))
        (self._folder / "mbsyncrc").write_text(_MBSYNC.format(**values))
        dovecot = shutil.which("dovecot") or _sbin("dovecot")
        argv = [dovecot, "-F", "-c", str(self._folder / "dovecot.conf")]
        with (self._folder / "start.log").open("ab") as log:
            self._process = subprocess.Popen(self._at("server", argv), stdout=log, stderr=log)
        time.sleep(1.5)
        if self._process.poll() is not None:
            raise RuntimeError((self._folder / "start.log").read_text())
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(20)

    def prefetch(self) -> None:
        """Fetch everything at the far end itself, off the line."""
        argv = ["mbsync", "-c", str(self._folder / "mbsyncrc"), "all"]
        subprocess.run(self._at("server", argv), check=True, stdout=subprocess.DEVNULL)

    def fetch(self) -> float:
        """Seconds of one run of mbsync."""
        argv = ["mbsync", "-c", str(self._folder / "mbsyncrc"), "all"]
        started = time.monotonic()
        subprocess.run(self._at("client", argv), check=True, stdout=subprocess.DEVNULL)
        return time.monotonic() - started
