"""Real public bodies: imported, found by a mistyped name without a line, asked, and the answer closed."""

from __future__ import annotations

import io
import json
import os
import re
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from imi_central.cli import main
from tests.system.conftest import Seat, Server

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "publicbodies"
FILES = ("de.csv", "eu.csv", "se.csv")

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the public-bodies files are not beside the project")


@dataclass
class Central(Server):
    """`imi-central serve` on a database of its own."""

    what: str = "serve"

    def command(self, *arguments: str, password: str = "") -> str:
        """Run a command of the server in this process, as `main` does; its standard output."""
        reading, writing = os.pipe()
        os.write(writing, f"{password}\n".encode())
        os.close(writing)
        given = [f"--password-fd={reading}"] if password else []
        shown = io.StringIO()
        with redirect_stdout(shown):
            code = main([*arguments, *given, f"--data={self.data}"])
        if not password:
            os.close(reading)
        assert code == 0, arguments
        return shown.getvalue()

    def told(self, line: str) -> str:
        """The line is the address."""
        return line.strip()


def test_real_bodies_are_imported_found_asked_and_answered(tmp_path: Path) -> None:
    central = Central(tmp_path / "central")
    central.data.mkdir()
    central.command("init")
    told = [central.command("authorities", "import", str(DATA / name), "--area=pw") for name in FILES]
    numbers = [[int(number) for number in re.findall(r"\d+", line)] for line in told]
    assert sum(rows for rows, *_ in numbers) == 1784
    assert all(rows == new + changed + same + left for rows, new, changed, same, left in numbers)
    assert sum(left for *_, left in numbers) <= 1
    for name in FILES:
        again = central.command("authorities", "import", str(DATA / name), "--area=pw")
        assert " 0 new, 0 changed" in again

    for login, desk in (("bonn", "pb-de-hauptzollamt-aachen_pw"), ("solna", "pb-se-skatteverket_pw")):
        central.command("officer", "add", login, "--name=A B", f"--desk={desk}:handler", password="long enough, really")
        central.tokens[login] = central.command("token", login).strip()
    central.start()
    german, swedish = (Seat(tmp_path / login, central, login) for login in ("bonn", "solna"))
    try:
        german.run("sync")
        central.kill()

        found = json.loads(german.run("authorities", "skateverket", "--country", "SE", "--json"))["authorities"]
        assert found[0]["name"] == "Skatteverket"
        answers = tmp_path / "answers.json"
        answers.write_text(
            json.dumps(
                {
                    "subject": "Registration of Nordbygg AB",
                    "company": "Nordbygg AB",
                    "justification": "Inspection of a site",
                    "questions": ["EST-01"],
                }
            )
        )
        german.run("new", "pw.info", "--to", found[0]["desk"], "--answers", str(answers), "--no-sync")
        central.start()
        german.run("sync")
        reference = json.loads(german.run("list", "--view", "waiting", "--json"))["cases"][0]["reference"]
        swedish.run("sync")
        swedish.run("act", reference, "accept", "--answer", "agreed_days=10")
        swedish.run("act", reference, "reply", "--answer", "EST-01=yes", "--answer", "EST-01-since=2019-05-02")
        german.run("sync")
        german.run("act", reference, "close")
        swedish.run("sync")
        shown = json.loads(swedish.run("show", reference, "--json"))
    finally:
        central.kill()
    assert shown["case"]["state"] == "closed"
    assert shown["case"]["answers"]["EST-01"] == "yes"
