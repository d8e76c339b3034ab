"""The commands as a person types them, on a real database."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from imi_central.catalogue import BUILT_IN
from imi_central.cli import main
from imi_central.demo.cli import _build
from imi_central.identity import passwords
from imi_central.store import Store, lookup
from imi_central.store.identity import Sessions
from imi_central.store.tables import audit
from imi_core.authority import Authority, Desk
from tests.shared import once

PASSWORD = "correct horse battery"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def run(data: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """One command on the test's data directory: exit code, output, errors."""

    def go(*arguments: str, password: str | None = None) -> tuple[int, str, str]:
        more = ["--data", str(data)]
        if password is not None:
            reading, writing = os.pipe()
            os.write(writing, f"{password}\n".encode())
            os.close(writing)
            more += ["--password-fd", str(reading)]
        try:
            code = main([*arguments, *more])
        except SystemExit as stop:
            code = int(str(stop.code or 0))
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return go


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory as `init` makes it, with one authority, to be copied."""

    def make(folder: Path) -> None:
        assert main(["init", "--data", str(folder)]) == 0
        store = Store.open(f"sqlite:///{folder}/central.db")
        desks = (Desk(id="fr-a_pw", area="pw"),)
        store.put_authorities([Authority(id="fr-a", formal_name="A", country="FR", desks=desks)])
        store.close()

    return once(tmp_path_factory, "begun", make)


@pytest.fixture
def ready(begun: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> Store:
    shutil.copytree(begun, data)
    capsys.readouterr()
    return Store.open(f"sqlite:///{data}/central.db")


def test_init_makes_a_database_for_its_owner_alone(run: Run, data: Path) -> None:
    code, out, _ = run("init")
    assert code == 0
    assert "Procedures: 4, new or changed: 4." in out
    assert data.stat().st_mode & 0o077 == 0
    assert "new or changed: 0." in run("init")[1]


def test_a_database_in_a_folder_that_others_read_is_for_its_owner_alone(run: Run, data: Path) -> None:
    data.mkdir(mode=0o755)
    before = os.umask(0o022)
    try:
        assert run("init")[0] == 0
    finally:
        os.umask(before)
    assert data.stat().st_mode & 0o777 == 0o755, "a folder somebody made is left as it is"
    found = {each.name: each.stat().st_mode & 0o077 for each in data.glob("central.db*")}
    assert found == dict.fromkeys(found, 0) != {}


def test_a_demo_of_a_newer_program_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/central.db")
    with store.writing() as conn:
        conn.execute(sa.text("update alembic_version set version_num = '9999'"))
    store.close()
    (tmp_path / "demo.json").write_text(json.dumps({"cases": 1, **_build()}))
    assert main(["demo", "--data", str(tmp_path)]) == 5
    assert "install the newer program" in capsys.readouterr().err


def test_a_place_where_nothing_can_be_made_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--data", "/proc/nowhere"]) == 5
    assert "/proc/nowhere" in capsys.readouterr().err


def test_without_a_database_nothing_is_made(run: Run, data: Path) -> None:
    code, _, err = run("token", "lyon")
    assert code == 5
    assert "imi-central init" in err
    assert not data.exists()


def test_an_officer_is_added_and_can_sign_in(run: Run, ready: Store) -> None:
    seats = ("--desk", "fr-a_pw:handler, viewer", "--name", "Léa Petit", "--language", "fr")
    code, out, err = run("officer", "add", "Lea.Petit", *seats, password=PASSWORD)
    assert (code, err) == (0, "")
    assert PASSWORD not in out
    officer_id = passwords.sign_in(Sessions(ready), "lea.petit", PASSWORD, "127.0.0.1")
    with ready.reading() as conn:
        found = lookup.officer_by_username(conn, "lea.petit")
    assert found is not None
    assert (found[0].id, found[0].name, found[0].language) == (officer_id, "Léa Petit", "fr")
    assert found[0].desks == {"fr-a_pw": ("handler", "viewer")}
    assert run("officer", "add", "lea.petit", *seats, password=PASSWORD)[0] == 4


@pytest.mark.parametrize(
    ("login", "desk", "password", "says"),
    [
        ("léa", "fr-a_pw:handler", PASSWORD, "a-z 0-9"),
        ("lea", "fr-b_pw:handler", PASSWORD, "there is no desk 'fr-b_pw'; import its authority first"),
        ("lea", "a_pw:handler", PASSWORD, "there is no desk 'a_pw'; there are: fr-a_pw"),
        ("lea", "fr-a_pw:boss", PASSWORD, "allowed: basic, viewer, handler"),
        ("lea", "fr-a_pw", PASSWORD, "DESK:ROLE,ROLE"),
        ("lea", "fr-a_pw:handler", "short", "12 to 256"),
    ],
)
def test_a_wrong_officer_is_refused(run: Run, ready: Store, login: str, desk: str, password: str, says: str) -> None:
    code, _, err = run("officer", "add", login, "--name", "Léa", "--desk", desk, password=password)
    assert code == 4
    assert says in err
    assert ready.officer_id("lea") is None


def test_without_a_terminal_a_password_comes_from_a_descriptor(
    run: Run, ready: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\n{PASSWORD}\n"))
    code, _, err = run("officer", "add", "lea", "--name", "Léa", "--desk", "fr-a_pw:handler")
    assert code == 4
    assert "--password-fd" in err


def test_a_token_for_scripts_is_in_the_audit_trail(run: Run, ready: Store) -> None:
    run("officer", "add", "lea", "--name", "Léa", "--desk", "fr-a_pw:handler", password=PASSWORD)
    code, out, _ = run("token", "lea", "--minutes", "5")
    assert code == 0
    held = Sessions(ready).bearer(out.strip())
    assert held is not None
    with ready.reading() as conn:
        actions = [(row.officer, row.action) for row in conn.execute(sa.select(audit))]
    assert (held.officer, "sign-in-script") in actions
    assert run("token", "lea", "--minutes", "600")[0] == 4
    assert run("token", "nobody")[0] == 4
    assert run("officer", "disable", "lea")[0] == 0
    held = Sessions(ready).bearer(out.strip())
    assert held is None
    assert run("token", "lea")[0] == 4
    assert run("officer", "enable", "lea")[0] == 0
    assert run("token", "lea")[0] == 0


def test_seats_are_given_changed_and_taken_away(run: Run, ready: Store) -> None:
    more = [Authority(id="fr-b", formal_name="B", country="FR", desks=(Desk(id="fr-b_pw", area="pw"),))]
    ready.put_authorities(more)
    run("officer", "add", "lea", "--name", "Léa", "--desk", "fr-a_pw:handler", "--language", "fr", password=PASSWORD)
    officer_id = ready.officer_id("lea")
    assert officer_id is not None
    state = ready.heads()["directory"]
    assert run("officer", "seat", "add", "lea", "fr-b_pw:viewer,handler", "fr-a_pw:basic")[0] == 0
    # What listens is told by the change of the directory.
    assert ready.heads()["directory"] > state
    with ready.view(officer_id) as view:
        roles = {desk: set(place.seat.roles) for desk, place in view.places.items()}
    assert roles == {"fr-a_pw": {"basic"}, "fr-b_pw": {"viewer", "handler"}}
    shown = run("officer", "show", "lea")[1].splitlines()
    assert shown == ["lea: Léa, fr, enabled", "fr-a_pw:basic", "fr-b_pw:handler,viewer"]
    assert "Nothing changed" in run("officer", "seat", "add", "lea", "fr-a_pw:basic")[1]
    assert run("officer", "seat", "remove", "lea", "fr-a_pw")[0] == 0
    with ready.view(officer_id) as view:
        assert set(view.places) == {"fr-b_pw"}
    # Who was signed in still is.
    assert passwords.sign_in(Sessions(ready), "lea", PASSWORD, "127.0.0.1") == officer_id
    with ready.reading() as conn:
        noted = [
            (row.desk, row.action, row.object_id)
            for row in conn.execute(sa.select(audit).where(audit.c.officer == officer_id).order_by(audit.c.id))
            if row.action.startswith("seat")
        ]
    assert noted == [
        ("fr-a_pw", "seat", "handler"),
        ("fr-a_pw", "seat", "basic"),
        ("fr-b_pw", "seat", "handler viewer"),
        ("fr-a_pw", "seat-removed", ""),
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("add", "lea", "fr-x_pw:handler"), "no desk 'fr-x_pw'"),
        (("add", "lea", "fr-a_pw:king"), "no role 'king'"),
        (("add", "leo", "fr-a_pw:handler"), "no officer 'leo'"),
        (("remove", "lea", "fr-x_pw"), "there are: fr-a_pw"),
    ],
)
def test_a_wrong_seat_is_refused(run: Run, ready: Store, arguments: tuple[str, ...], says: str) -> None:
    run("officer", "add", "lea", "--name", "Léa", "--desk", "fr-a_pw:handler", password=PASSWORD)
    code, _, err = run("officer", "seat", *arguments)
    assert (code, says in err) == (4, True), err


def test_a_new_password_replaces_the_old_one(run: Run, ready: Store) -> None:
    run("officer", "add", "lea", "--name", "Léa", "--desk", "fr-a_pw:handler", password=PASSWORD)
    assert run("officer", "password", "lea", password="another long password")[0] == 0
    with pytest.raises(passwords.WrongPassword):
        passwords.sign_in(Sessions(ready), "lea", PASSWORD, "127.0.0.1")
    assert passwords.sign_in(Sessions(ready), "lea", "another long password", "127.0.0.1")


def test_jobs_run(run: Run, ready: Store) -> None:
    code, out, _ = run("jobs", "run")
    assert code == 0
    assert "Blocked 0 cases, erased 0" in out


def test_a_changed_definition_in_use_is_refused(run: Run, ready: Store, tmp_path: Path) -> None:
    module = (BUILT_IN / "modules" / "pw" / "urgent.toml").read_text("utf-8").replace("pw.urgent", "sd.info")
    (tmp_path / "mine").mkdir()
    file = tmp_path / "mine" / "sd.toml"
    file.write_text(module, "utf-8")
    assert "Procedures: 5, new or changed: 1." in run("init", "--modules", str(file.parent))[1]
    file.write_text(module.replace("amount = 2", "amount = 3"), "utf-8")
    code, _, err = run("init", "--modules", str(file.parent))
    assert code == 4
    assert "raise its version" in err
    file.write_text(module.replace("amount = 2", 'amount = "x"'), "utf-8")
    code, _, err = run("init", "--modules", str(file.parent))
    assert code == 3
    assert "sd.toml: deadlines[0].amount" in err


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "sqlite://", "postgresql+psycopg://localhost:1/none"])
def test_a_database_that_cannot_be_used(run: Run, url: str) -> None:
    code, _, err = run("init", "--database", url)
    assert code == 5
    assert "Traceback" not in err


def test_the_command_line_is_checked_first(run: Run, data: Path) -> None:
    assert run("frobnicate")[0] == 2
    assert run("serve", "--port", "x")[0] == 3
    assert not data.exists()


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["officer", "add", "--help"]])
def test_help_imports_no_framework(arguments: list[str]) -> None:
    program = (
        "import sys; from imi_central.cli import main\n"
        f"try: main({arguments!r})\nexcept SystemExit: pass\n"
        "heavy = {'starlette', 'sqlalchemy', 'uvicorn', 'authlib', 'alembic', 'jinja2', 'cryptography', 'anyio'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "usage: imi-central" in done.stdout
    assert "sigterm" not in done.stdout, "names keep their capitals"


@pytest.mark.parametrize("arguments", [["token", "lyon"], ["officer", "show", "lyon"], ["jobs", "run"], ["verify"]])
def test_a_command_on_a_database_imports_nothing_that_serves_or_migrates(
    template: Path, tmp_path: Path, arguments: list[str]
) -> None:
    (tmp_path / "central.db").write_bytes(template.read_bytes())
    program = (
        "import sys; from imi_central.cli import main\n"
        f"code = main({[*arguments, '--data', str(tmp_path)]!r})\n"
        "heavy = {'starlette', 'uvicorn', 'authlib', 'alembic', 'jinja2', 'mako', 'pygments', 'psycopg'}\n"
        "heavy.add('sqlalchemy.dialects.postgresql')\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
