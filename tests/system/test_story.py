"""One request travels from one authority to another and back, by keys alone, with the line cut on the way."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from bench.terminal import NotSeen

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.terminal import Terminal
    from tests.system.conftest import Seat, Server

REFERENCE = re.compile(r"PW-26-\d{6}")


def find(terminal: Terminal, words: str) -> None:
    """Open the only case with these words through the search."""
    terminal.press("f3")
    terminal.type(words)
    terminal.wait_for("1 hit")
    terminal.press("enter")
    terminal.wait_for("Questions")


def synchronise(terminal: Terminal, done: Callable[[str], bool]) -> None:
    """Press F5 until the screen shows that what was waited for has come."""
    for _ in range(60):
        if done(terminal.text()):
            return
        terminal.press("f5")
        terminal.settle(0.2, 1)
    raise NotSeen(terminal.text())


def ask(german: Terminal) -> None:
    """Write a request to Lyon and send it."""
    german.press("n")
    german.wait_for("1 Procedure")
    german.press("enter")
    german.wait_for("Nobody is addressed yet")
    german.type("dreets auvergn")
    german.wait_for("1 found")
    german.press("enter")
    german.wait_for("▌ Subject")
    german.type("Niederlassung Quarzbau")
    german.press("tab")
    german.wait_for("▌ Undertaking")
    german.type("Quarzbau GmbH")
    german.press("f7")
    german.wait_for("[ ] Is the undertaking registered")
    german.press("space", "f7")
    german.wait_for("Reason for the request: An answer is needed")
    german.press("f8")
    german.wait_for("▌ Reason for the request")
    german.type("Kontrolle auf der Baustelle")
    german.press("f8")
    german.wait_gone("Still missing")
    german.press("f8")
    german.wait_for("Inbox: To do")


def accept_and_answer(french: Terminal) -> None:
    """Accept the case on screen and reply to its one question, whatever the line does."""
    french.press("a")
    french.wait_for("Calendar days in which you expect to answer")
    french.press("enter")
    french.wait_for("1 queued")
    french.wait_for("r Reply")
    french.press("r")
    french.wait_for("+ needed to send")
    french.press("right")
    french.wait_for("(x) Yes")
    french.press("f8")
    french.wait_for("2 queued")


def actions(seat: Seat, reference: str) -> list[str]:
    """What was done in a case, as this seat's cache has it; no entry stands twice."""
    entries = json.loads(seat.run("show", reference, "--json"))["entries"]
    assert len({entry["id"] for entry in entries}) == len(entries)
    return [entry["action"] for entry in entries]


def test_one_request_travels_there_and_back(server: Server, lyon: Seat, rosenheim: Seat) -> None:
    with rosenheim.open() as german, lyon.open() as french:
        for terminal in (german, french):
            terminal.wait_for("-26-", 30)
            terminal.wait_for(lambda lines: "sync" in lines[0] and "never" not in lines[0], 30)
        ask(german)
        synchronise(german, lambda text: "queued" not in text)

        synchronise(french, lambda text: "Niederlassun" in text)
        find(french, "quarzbau")
        assert "Personal data and files open once you accept" in french.text()
        reference = reference_of(french)
        server.kill()
        accept_and_answer(french)
        assert actions(rosenheim, reference) == ["send"]
        server.start()
        synchronise(french, lambda text: "queued" not in text)
        assert actions(lyon, reference) == ["send", "accept", "reply"]

        synchronise(german, lambda text: "Niederlassun" in text and "to close" in text)
        find(german, "quarzbau")
        german.press("tab")
        german.wait_for("Yes")
        german.press("c")
        german.wait_for("Was the reply timely?")
        german.press("f8")
        german.wait_for("queued")
        synchronise(german, lambda text: "queued" not in text)
    assert actions(rosenheim, reference) == ["send", "accept", "reply", "close"]


def reference_of(terminal: Terminal) -> str:
    """The reference the case screen shows, once its first line is drawn."""
    terminal.wait_for(lambda lines: REFERENCE.search(lines[0]) is not None)
    found = REFERENCE.search(terminal.text())
    assert found, terminal.text()
    return found.group()
