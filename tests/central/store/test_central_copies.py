"""Copies made by a database's own tools: PostgreSQL's databases are copied as templates, SQLite's files as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from imi_central.cli import main
from imi_central.store import Store
from tests.central.world import LYON, send

Copy = Callable[[Store], str]


@pytest.fixture
def copy(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Copy:
    """Copies the database of a store that is closed; the copy's address."""

    def go(store: Store) -> str:
        if kind == "postgresql":
            return str(request.getfixturevalue("cluster").twin(str(store._writer.url.database)))
        (tmp_path / "copy.db").write_bytes(Path(str(store._writer.url.database)).read_bytes())
        return f"sqlite:///{tmp_path}/copy.db"

    return go


def url(store: Store) -> str:
    return store._writer.url.render_as_string(hide_password=False)


def safe(address: str) -> int:
    store = Store.open(address)
    with store.view("lyon") as view:
        found = view.safe_seqs()[LYON]
    store.close()
    return found


def test_a_copy_counts_once_it_was_verified(store: Store, copy: Copy, capsys: pytest.CaptureFixture[str]) -> None:
    send(store)
    store.close()
    other = copy(store)
    again = Store.open(url(store))
    send(again)
    again.close()
    assert main(["verify", "--copy", other, "--database", url(store)]) == 0
    assert "counts as a backup" in capsys.readouterr().out
    assert safe(url(store)) == 2, "not what came after the copy"


def test_the_database_itself_is_no_copy(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    send(store)
    assert main(["verify", "--copy", url(store), "--database", url(store)]) != 0
    assert "the database itself" in capsys.readouterr().err
    assert safe(url(store)) == 0


@pytest.mark.parametrize("wrong", ["mysql://x/y", "nonsense", "sqlite:////nowhere/at.db"])
def test_a_copy_that_is_none(store: Store, wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--copy", wrong, "--database", url(store)]) == 5
    assert "Traceback" not in capsys.readouterr().err


def test_a_copy_that_is_broken_does_not_count(store: Store, copy: Copy, capsys: pytest.CaptureFixture[str]) -> None:
    send(store)
    store.close()
    other = Store.open(copy(store))
    with other.writing() as conn:
        conn.execute(sa.text("update change set kind = 'destroyed' where seq = 2"))
    other.close()
    assert main(["verify", "--copy", url(other), "--database", url(store)]) != 0
    assert "do not verify" in capsys.readouterr().err
    assert safe(url(store)) == 0


def test_a_database_that_was_put_back_is_renewed(store: Store, copy: Copy) -> None:
    send(store)
    before = store.identity()
    store.close()
    other = copy(store)
    assert main(["renew", "--database", other]) == 0
    again = Store.open(other)
    assert again.identity()[0] == before[0]
    assert again.identity()[1] != before[1]
    again.close()
    assert safe(other) == 2
    again = Store.open(other)
    with again.writing() as conn:
        conn.execute(sa.text("update change set kind = 'destroyed' where seq = 2"))
    again.close()
    assert main(["renew", "--database", other]) != 0
