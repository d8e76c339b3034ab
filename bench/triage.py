"""Sixty cases of the demo by keys alone, against its real server on a real terminal: keys and seconds for each case.

The same sixty are done twice, each time on a server and a client of its own: as somebody does it who knows the
program (marked together where one answer fits several, the next case under the cursor), and case by case, each looked
up by its reference. At the end a client that has seen nothing of it fetches what the server holds, and every case has
to have the entry that was meant for it.

Seconds are the machine's: from a key to the last byte of what it changes on screen. Reading and thinking are not in it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench.terminal import KEYS, NotSeen, Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

BIN = Path(sys.executable).parent
CASES, SEED = 2000, 7
QUIET, STILL = 0.04, 0.2
"""Seconds without output after which a letter has been taken, and after which a screen stands."""
REFERENCE = re.compile(r"P[A-Z]-\d\d-\d{6}")
TOGETHER, READ, FORWARD, REPLY, CLARIFY, CLOSE, PUT_OFF, TAG = 12, 4, 6, 14, 6, 8, 4, 6
"""How many cases of each kind: accepted together, read and accepted, forwarded, answered, and so on; sixty in all."""
TEXT = "See the file."
MEANT = {
    "accept together": "accept",
    "read, accept": "accept",
    "forward": "forward",
    "reply": "reply",
    "ask clarification": "ask_clarification",
    "close": "close",
}
"""The entry that each kind leaves in the case; what is put off and tagged stays on the machine."""


class Europe:
    """A demo server as a process of its own, and clients of Lyon's desk."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def __enter__(self) -> Europe:
        reading, writing = os.pipe()
        with (self.data / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [BIN / "imi-central", "demo", f"--data={self.data}", "--port=0", f"--ready-fd={writing}"],
                pass_fds=(writing,),
                stdout=log,
                stderr=log,
            )
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8") as ready:
            told = json.loads(ready.readline())
        self.url, self._token = str(told["url"]), str(told["tokens"]["lyon"])
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()

    def flags(self, home: Path) -> list[str]:
        """What every command needs to be told."""
        return [f"--server={self.url}", f"--vault=file:{home / 'key'}"]

    def env(self, home: Path) -> dict[str, str]:
        """The environment of a client."""
        return {"IMI_TUI_HOME": str(home), "IMI_TUI_TOKEN": self._token, "IMI_TUI_LANG": "en"}

    def run(self, home: Path, *arguments: str) -> str:
        """A command without the full screen; its standard output. Raises `CalledProcessError`."""
        return subprocess.run(
            [BIN / "imi-tui", *arguments, *self.flags(home)],
            env={**os.environ, **self.env(home)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    def entries(self, home: Path, reference: str) -> list[dict[str, Any]]:
        """The entries of a case, as the cache in `home` has them."""
        found: list[dict[str, Any]] = json.loads(self.run(home, "show", reference, "--json"))["entries"]
        return found


@dataclass
class Spent:
    """What the cases of one kind took."""

    cases: list[str] = field(default_factory=list)
    keys: int = 0
    deciding: int = 0
    seconds: float = 0.0


class Officer:
    """Presses keys, counts them and the time until the screen has followed.

    Deciding keys say what shall become of a case: the action, its answers, its texts, and that it shall go. All others
    only lead there.
    """

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.spent: dict[str, Spent] = defaultdict(Spent)
        self.kind = ""

    def go(self, *keys: str, see: str | Callable[[list[str]], bool] = "") -> None:
        """Keys that lead somewhere, and what the last one has to show."""
        self._press(keys, see, deciding=False)

    def decide(self, *keys: str, see: str | Callable[[list[str]], bool] = "") -> None:
        """Keys that decide, and what the last one has to show."""
        self._press(keys, see, deciding=True)

    def _press(self, keys: tuple[str, ...], see: str | Callable[[list[str]], bool], *, deciding: bool) -> None:
        spent = self.spent[self.kind]
        for at, key in enumerate(keys):
            sent = self.terminal.send(KEYS.get(key) or key.encode())
            arrived = self.terminal.read(1)
            leading = see and at == len(keys) - 1
            last = self._settled(arrived or sent, STILL if leading else QUIET)
            while leading and not self._shown(see):
                last = self._settled(self.terminal.wait_for(see, 15), STILL)
            spent.keys += 1
            spent.deciding += deciding
            spent.seconds += last - sent

    def _settled(self, last: float, quiet: float) -> float:
        """Read until nothing comes for so long; when the last byte came."""
        while (arrived := self.terminal.read(quiet)) is not None:
            last = arrived
        return last

    def _shown(self, see: str | Callable[[list[str]], bool]) -> bool:
        lines = self.terminal.lines()
        return see in "\n".join(lines) if isinstance(see, str) else see(lines)

    def current(self) -> str:
        """The reference under the cursor of the list, or of the open case."""
        lines = self.terminal.lines()
        line = next((line for line in lines[1:] if line.startswith(">") and REFERENCE.search(line)), lines[0])
        found = REFERENCE.search(line)
        if found is None:
            raise NotSeen(self.terminal.text())
        return found.group()

    def did(self, *references: str) -> None:
        """These cases are done."""
        self.spent[self.kind].cases += references

    # -- what is done with a case under the cursor ------------------------------------------------------------------

    def accept(self) -> None:
        """Accept with the days that are offered."""
        self.decide("a", see="Calendar days in which you expect")
        self.decide("enter", see=_home)

    def forward(self) -> None:
        """To the labour inspection of Annecy, without a message."""
        self.decide("f", see="Choose an authority")
        self.decide(*"annec", see="1 found")
        self.decide("enter", see=_begun("Forward: "))
        self.decide("f8", see=_home)

    def reply(self) -> None:
        """Yes to every question, a word where words are asked for."""
        self.decide("r", see=_begun("Reply: "))
        self._fill()

    def clarify(self) -> None:
        """The first question again, with a word why."""
        self.decide("l", see=_begun("Ask for clarification: "))
        self._fill()

    def close(self) -> None:
        """With what is asked about the answer, where that is needed."""
        self.decide("c", see=_begun("Accept reply and close: "))
        self._fill()

    def _fill(self) -> None:
        """Answer the field at hand and press F8, which sends or leads to the next one that is needed."""
        for _each_field in range(40):
            shown = _field(self.terminal.lines())
            if "+" in shown and "(x)" not in shown:
                self._answer(shown)
                shown = _field(self.terminal.lines())
            self.decide("f8", see=_led_on(shown))
            if _home(self.terminal.lines()):
                return
        raise NotSeen(self.terminal.text())

    def _answer(self, shown: str) -> None:
        if "( )" in shown:
            self.decide("right", see="(x)")
        elif "[Space]" in shown:
            self.decide("right")
        elif "┃[ ]" in shown:
            self.decide("space")
        elif re.search(r"day|date|\d{4}-\d\d", shown.casefold()) and "period" not in shown:
            self.decide(*"2026-12-01")
        else:
            self.decide(*TEXT)


def _home(lines: list[str]) -> bool:
    """The list with its cursor, or the open case, whole and with nothing before it."""
    listed = any(line.startswith(">") and REFERENCE.search(line) for line in lines)
    return "F8" not in lines[-1] and not _asking(lines) and (listed or any("[Overview]" in line for line in lines))


def _form(lines: list[str]) -> bool:
    """A form with its current field."""
    return "F8 Send" in lines[-1] and any(line.startswith("▌") for line in lines)


def _field(lines: list[str]) -> str:
    """What is written at the current field of a form."""
    return "\n".join(line for line in lines if line.startswith("▌"))


def _led_on(before: str) -> Callable[[list[str]], bool]:
    """Another field than `before` is the current one, or the form is gone."""
    return lambda lines: _home(lines) or (_form(lines) and _field(lines) != before)


def _begun(title: str) -> Callable[[list[str]], bool]:
    """The form of this action; a message about the one before may still name it."""
    return lambda lines: lines[0].lstrip().startswith(title) and _form(lines)


def _asking(lines: list[str]) -> bool:
    """A box before the screen."""
    return any(line.lstrip().startswith("╭──") or " ╭──" in line for line in lines)


def _title(text: str) -> Callable[[list[str]], bool]:
    return lambda lines: text in lines[0]


def expert(one: Officer) -> None:
    """As somebody does it who knows the program."""
    one.kind = "accept together"
    one.go("2", see=_title("To accept"))
    marked = []
    for _case in range(TOGETHER):
        marked.append(one.current())
        one.go("space")
    one.decide("a", see=f"{TOGETHER} of {TOGETHER} cases")
    one.decide("enter", see=_home)
    one.did(*marked)
    one.go("escape")
    one.kind = "read, accept"
    one.go("home")
    one.go("enter", see="[Overview]")
    for number in range(READ):
        reference = one.current()
        one.accept()
        one.did(reference)
        if number < READ - 1:
            one.go(".", see=lambda lines, before=reference: before not in lines[0])  # type: ignore[misc]
    one.go("escape", see=_title("To accept"))
    one.kind = "forward"
    _each(one, FORWARD, one.forward)
    one.kind = "reply"
    one.go("3", see=_title("To answer"))
    _each(one, REPLY, one.reply)
    one.kind = "put off"
    for _case in range(PUT_OFF):
        reference = one.current()
        one.decide("z", see="Put off: ")
        one.decide("enter", see=_home)
        one.did(reference)
    one.kind = "tag"
    marked = []
    for _case in range(TAG):
        marked.append(one.current())
        one.go("space")
    one.decide("g", see="Tags: ")
    one.decide(*"visit")
    one.decide("enter", see=_home)
    one.did(*marked)
    one.go("escape")
    one.kind = "ask clarification"
    one.go("4", see=_title("To close"))
    _each(one, CLARIFY, one.clarify)
    one.kind = "close"
    _each(one, CLOSE, one.close)


def _each(one: Officer, count: int, act: Callable[[], None]) -> None:
    """The same with the first cases of the list, one after the other: what is done leaves the list by itself."""
    for _case in range(count):
        reference = one.current()
        act()
        one.did(reference)


def naive(one: Officer, cases: dict[str, list[str]]) -> None:
    """Every case looked up by its reference, opened, done, left."""
    acts: dict[str, Callable[[], None]] = {
        "accept together": one.accept,
        "read, accept": one.accept,
        "forward": one.forward,
        "reply": one.reply,
        "ask clarification": one.clarify,
        "close": one.close,
        "put off": lambda: _alone(one, "z", "Put off: "),
        "tag": lambda: _alone(one, "g", "Tags: ", "visit"),
    }
    for kind, references in cases.items():
        one.kind = kind
        for reference in references:
            one.go("/")
            one.go(*reference.casefold(), see="1 hit")
            one.go("enter")
            one.go("enter", see="[Overview]")
            acts[kind]()
            one.did(reference)
            one.go("escape")
            one.go("escape", see=_title("Inbox"))


def _alone(one: Officer, key: str, title: str, text: str = "") -> None:
    one.decide(key, see=title)
    one.decide(*text)
    one.decide("enter", see=_home)


def morning(data: Path, folder: Path, work: Callable[[Officer], None]) -> dict[str, Spent]:
    """One morning on a server of its own; checked at the server."""
    copy = folder / "data"
    shutil.copytree(data, copy)
    with Europe(copy) as europe:
        home = folder / "home"
        europe.run(home, "sync")
        with Terminal([str(BIN / "imi-tui"), *europe.flags(home)], 80, 24, europe.env(home)) as terminal:
            terminal.wait_for("-26-", 30)
            terminal.settle(1.5, 10)
            one = Officer(terminal)
            work(one)
            terminal.send(KEYS["f5"])
            terminal.wait_for(lambda lines: "queued" not in lines[0] and "sending" not in lines[0], 60)
        check(europe, folder, one.spent)
    return one.spent


def check(europe: Europe, folder: Path, spent: dict[str, Spent]) -> None:
    """Every case has what was meant: its entry at the server, its tag or day on this machine."""
    fresh = folder / "fresh"
    europe.run(fresh, "sync")
    for kind, action in MEANT.items():
        for reference in spent[kind].cases:
            done = [entry["action"] for entry in europe.entries(fresh, reference)]
            assert done.count(action) >= 1, (kind, reference, done)
    mine = {
        case["reference"]: case
        for view in ("all", "todo")
        for case in json.loads(europe.run(folder / "home", "list", "--view", view, "--limit", "2000", "--json"))[
            "cases"
        ]
    }
    assert all("visit" in mine[reference]["tags"] for reference in spent["tag"].cases)
    assert all(mine[reference]["until"] for reference in spent["put off"].cases)


def made() -> Path:
    """The demo both mornings begin with."""
    data = Path(tempfile.mkdtemp(prefix="imi-triage-"))
    subprocess.run(
        [BIN / "imi-central", "demo", f"--data={data}", f"--cases={CASES}", f"--seed={SEED}", "--make-only"],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    return data


def report() -> list[str]:
    """Both mornings, kind by kind."""
    data = made()
    try:
        with tempfile.TemporaryDirectory(prefix="imi-triage-") as folder:
            first = morning(data, _folder(folder, "expert"), expert)
            cases = {kind: spent.cases for kind, spent in first.items()}
            second = morning(data, _folder(folder, "naive"), lambda one: naive(one, cases))
    finally:
        shutil.rmtree(data)
    return list(_lines(first, second))


def _folder(folder: str, name: str) -> Path:
    path = Path(folder) / name
    path.mkdir()
    return path


def _lines(first: dict[str, Spent], second: dict[str, Spent]) -> Iterator[str]:
    yield "triage by keys alone (keys a case, in brackets those that decide; machine ms a case), beside case by case"
    total = [Spent(), Spent()]
    for kind in first:
        cells = []
        for sum, spent in zip(total, (first[kind], second[kind]), strict=True):
            sum.cases += spent.cases
            sum.keys += spent.keys
            sum.deciding += spent.deciding
            sum.seconds += spent.seconds
            cells.append(_cell(spent))
        yield f"  {kind:18} {len(first[kind].cases):3} cases  {cells[0]}   {cells[1]}"
    yield f"  {'all':18} {len(total[0].cases):3} cases  {_cell(total[0])}   {_cell(total[1])}"
    yield (
        f"  {total[0].keys} keys against {total[1].keys}: ratio {total[0].keys / total[1].keys:.2f}; least one by one "
        f"(no key but those that decide): {total[1].deciding}, ratio {total[0].keys / total[1].deciding:.2f}; "
        f"machine {total[0].seconds:.1f} s against {total[1].seconds:.1f} s; all found at the server"
    )


def _cell(spent: Spent) -> str:
    count = max(1, len(spent.cases))
    return f"{spent.keys / count:5.1f} ({spent.deciding / count:4.1f}) {spent.seconds * 1000 / count:6.0f} ms"
