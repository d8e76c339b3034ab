"""A real server with many cases at one desk, as a process at the far end of a line."""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import json
import os
import secrets
import shutil
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from bench.sync.line import SERVER
from imi_central import catalogue
from imi_central.database import open_store
from imi_central.demo import europe as demo
from imi_central.demo.cases import Plan, generate
from imi_central.settings import Settings
from imi_central.store import migrations
from imi_central.store.identity import Sessions
from imi_core.authority import Officer, Role
from imi_core.case import Entry, Text, to_wire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DATA = Path(__file__).parent.parent / ".data"
DESK = "fr-dreets-ara_pw"
OFFICER = "demo-lyon"
NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
PORT = 8460
BIN = Path(sys.executable).parent


def made(cases: int) -> Path:
    """The data folder of a server with `cases` cases at `DESK`; built where it is not there yet."""
    versions = sorted((Path(migrations.__path__[0]) / "versions").glob("rev_*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in versions)).hexdigest()[:10]
    folder = DATA / f"central-{cases}-{digest}"
    if not (folder / "done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        europe, rules = demo.load(), catalogue.load()
        store = open_store(Settings(data=folder))
        try:
            store.put_procedures(rules)
            store.put_authorities(europe.authorities)
            for officer in demo.officers():
                store.put_officer(officer, username=officer.id.removeprefix("demo-"))
            store.load_cases(generate(europe, rules, Plan(number=cases, now=NOW, focus={DESK: 1.0})))
        finally:
            store.close()
        (folder / "done").touch()
    return folder


def texts(cases: int) -> list[str]:
    """Every case with its entries as one JSON text each: what a full copy of the desk consists of."""
    europe, rules = demo.load(), catalogue.load()
    plan = Plan(number=cases, now=NOW, focus={DESK: 1.0})
    return [
        json.dumps({"case": to_wire(case), "entries": to_wire(entries)}, ensure_ascii=False, separators=(",", ":"))
        for case, entries in generate(europe, rules, plan)
    ]


class World:
    """The server while it is entered: a copy of the data folder, https where the line is not the machine itself."""

    def __init__(
        self,
        cases: int,
        folder: Path,
        at: Callable[[str, Sequence[str]], list[str]],
        *,
        tls: bool,
        host: str = SERVER,
    ) -> None:
        self._cases, self._folder, self._at, self._tls, self._host = cases, folder, at, tls, host
        self._data = folder / "central"
        self._written = 0
        self.url = f"{'https' if tls else 'http'}://{host}:{PORT}"
        self.environment = dict(os.environ)

    def __enter__(self) -> Self:
        shutil.copytree(made(self._cases), self._data)
        store = open_store(Settings(data=self._data))
        try:
            self.token = secrets.token_urlsafe(32)
            Sessions(store).script_token(OFFICER, self.token, dt.timedelta(hours=4))
        finally:
            store.close()
        flags = [f"--data={self._data}", f"--port={PORT}", f"--host={self._host}", f"--url={self.url}"]
        if self._tls:
            authority, certificate, key = _certificates(self._folder)
            flags += [f"--certificate={certificate}", f"--key={key}"]
            self.environment["SSL_CERT_FILE"] = str(authority)
        reading, writing = os.pipe()
        with (self._folder / "central.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._at("server", [str(BIN / "imi-central"), "serve", *flags, f"--ready-fd={writing}"]),
                pass_fds=(writing,),
                stdout=log,
                stderr=log,
            )
        os.close(writing)
        with os.fdopen(reading) as ready:
            if not ready.readline():
                raise RuntimeError((self._folder / "central.log").read_text())
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(20)

    def change(self, count: int) -> None:
        """Colleagues at the other end write a message in `count` cases that are under way."""
        store = open_store(Settings(data=self._data))
        try:
            with store.view(OFFICER) as view:
                held = [
                    case for case in view.cases(DESK, None, 100_000) if case.turn is not None and case.level == "full"
                ]
            chosen = [(case, other) for case in held if (other := case.counterpart(DESK)) is not None][:count]
            if len(chosen) < count:
                raise RuntimeError(f"only {len(chosen)} cases under way")
            desks: dict[str, tuple[Role, ...]] = {other.desk: ("viewer", "handler") for _, other in chosen}
            colleague = Officer(id="bench-colleague", name="Colleague", language="de", desks=desks)
            store.put_officer(colleague)
            for case, other in chosen:
                self._written += 1
                entry = Entry(
                    client_ref=str(uuid.uuid4()),
                    case_id=case.id,
                    action="message",
                    based_on=case.version,
                    text=Text(lang="de", text=_MESSAGES[self._written % len(_MESSAGES)].format(number=self._written)),
                )
                store.commit_entry(colleague.id, other.desk, entry)
        finally:
            store.close()


_MESSAGES = (
    "Die Unterlagen zu Nr. {number} liegen uns jetzt vor; wir prüfen sie bis Ende der Woche und melden uns wieder.",
    "Bitte teilen Sie uns noch mit, ob der Einsatz am Ort Nr. {number} verlängert wurde.",
    "Das Unternehmen hat am Telefon bestätigt, dass {number} Personen vor Ort sind.",
    "Wir haben Ihre Frage Nr. {number} an die zuständige Kammer weitergegeben.",
)


def _certificates(folder: Path) -> tuple[Path, Path, Path]:
    """A certificate authority of the run's own, and certificate and key of the server."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    now = dt.datetime.now(dt.UTC)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())

    def begun(subject: str, public: Any) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name("bench root"))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=2))
        )

    root = begun("bench root", root_key.public_key())
    root = root.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    leaf = begun("bench server", key.public_key())
    leaf = leaf.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(SERVER))])
    leaf = leaf.add_extension(address, critical=False)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    leaf = leaf.add_extension(usage, critical=False)
    files = folder / "root.pem", folder / "server.pem", folder / "server.key"
    pem = serialization.Encoding.PEM
    files[0].write_bytes(root.sign(root_key, hashes.SHA256()).public_bytes(pem))
    files[1].write_bytes(leaf.sign(root_key, hashes.SHA256()).public_bytes(pem))
    plain = serialization.NoEncryption()
    files[2].write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return files
