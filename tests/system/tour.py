"""A walk through every screen of the client on one terminal, in any language."""

from __future__ import annotations

import gettext
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bench.terminal import KEYS, Terminal
from catalogues import files
from catalogues.domains import DOMAINS
from catalogues.entries import PARTS as PLACEHOLDERS
from tests.system.conftest import Seat, Server
from tests.system.liar import Liar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

GREEK = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "ΑΒΨΔΕΦΓΗΙΞΚΛΜΝΟΠΘΡΣΤΫΩΏΧΥΖάβψδέφγήίξκλμνόπθρστύωώχυζ"
)

HELP = "What works here now. Type to search; arrows to scroll; Esc to leave"
"""How every help begins."""


def greek(text: str) -> str:
    """`text` in Greek letters: labels of one word twice as long, sentences half as long again, as languages are."""
    parts = PLACEHOLDERS.split(text)
    written = "".join(part if PLACEHOLDERS.fullmatch(part) else part.translate(GREEK) for part in parts)
    bare = written.strip()
    more = len(bare) if len(bare) < 12 else len(bare) // 2
    end = written[len(written.rstrip()) :]
    return written[: len(written) - len(written.lstrip())] + f"⟦{bare}{'ω' * more}⟧{end}" if bare else text


def catalogues(folder: Path) -> Path:
    """The pseudo-language and long Greek of the texts: the template says what the source says now, or a test fails."""
    template = files.read(DOMAINS["imi_tui"].template)
    for language, change in (("en-XA", files.pseudo), ("el", greek)):
        catalogue = files.empty(language)
        for message in template:
            if isinstance(message.id, tuple | list):
                catalogue.add(message.id, tuple(change(each) for each in message.id), context=message.context)
            elif message.id:
                catalogue.add(message.id, change(message.id), context=message.context)
        path = folder / language / "LC_MESSAGES" / "imi_tui.mo"
        path.parent.mkdir(parents=True)
        files.write(path, catalogue)
    return folder


@dataclass(frozen=True)
class Visitor(Seat):
    """A seat whose client reads what is on the machine: without a token, so that nothing moves by itself."""

    locales: str = ""
    program: tuple[str, ...] = ()
    url: str = ""

    @property
    def env(self) -> dict[str, str]:
        """Its environment, with the catalogues of the test."""
        # A lone Escape is told from the beginning of a sequence by time alone; there is no line to wait for here.
        env = {**super().env, "LANG": "C.UTF-8", "ESCDELAY": "10"}
        return {**env, "IMI_TUI_LOCALEDIR": self.locales} if self.locales else env

    @property
    def argv(self) -> list[str]:
        """Another program around the client, where one is given."""
        return list(self.program) or super().argv

    @property
    def flags(self) -> list[str]:
        """The server may be one that lies."""
        return [f"--server={self.url or self.server.url}", f"--vault=file:{self.home / 'key'}"]

    def copy(self, home: Path, **changes: object) -> Visitor:
        """The same cases in a profile of its own: a profile is open once."""
        shutil.copytree(self.home, home)
        return replace(self, home=home, **changes)  # type: ignore[arg-type]

    def signed_out(self, columns: int, rows: int) -> Terminal:
        """The full screen without a token: everything can be read and written, nothing is sent or fetched."""
        return Terminal([*self.argv, *self.flags], columns, rows, {**self.env, "IMI_TUI_TOKEN": ""}, synchronised=True)

    def rows(self, view: str) -> list[dict[str, str]]:
        """The cases of a view."""
        found: list[dict[str, str]] = json.loads(self.run("list", "--view", view, "--json"))["cases"]
        return found


class Words:
    """Texts of the program in the language of a visitor, for knowing where one is."""

    def __init__(self, visitor: Visitor) -> None:
        path = f"{visitor.locales}/{visitor.language}/LC_MESSAGES/imi_tui.mo"
        if visitor.locales and visitor.language != "en":
            with open(path, "rb") as file:
                self._catalogue: gettext.NullTranslations = gettext.GNUTranslations(file)
        else:
            self._catalogue = gettext.NullTranslations()

    def __getitem__(self, text: str) -> str:
        return self._catalogue.gettext(text)


class Tour:
    """Goes from screen to screen; iterating gives the name of each screen once it stands still."""

    def __init__(self, visitor: Visitor, terminal: Terminal) -> None:
        self.terminal, self.words = terminal, Words(visitor)

    def see(self, *texts: str, missing: str = "") -> None:
        """Wait until all of these texts of the program are on screen; cut ones count by their beginning."""
        wanted = [self._begin(text) for text in texts]
        gone = self._begin(missing)

        def there(lines: list[str]) -> bool:
            shown = "\n".join(lines)
            return all(text in shown for text in wanted) and not (gone and gone in shown)

        self.terminal.wait_for(there, 15)
        self.terminal.settle(0.1, 3)

    def press(self, *keys: str) -> None:
        """Keys, each answered before the next."""
        for key in keys:
            self.type(KEYS.get(key) or key.encode())

    def type(self, data: bytes | str) -> None:
        """Type something and wait for what follows; nothing may follow."""
        self.terminal.send(data.encode() if isinstance(data, str) else data)
        if self.terminal.read(0.4) is not None:
            self.terminal.settle(0.1, 3)

    def go(self, key: str, *texts: str, missing: str = "") -> None:
        """A key, and what it leads to."""
        self.press(key)
        self.see(*texts, missing=missing)

    def title(self, text: str) -> Callable[[list[str]], bool]:
        """The first line begins with this, behind the program's name where there is room for it."""
        return lambda lines: lines[0].strip().removeprefix("IMI  ").startswith(self._begin(text))

    def _begin(self, text: str) -> str:
        return self.words[text].partition("{")[0][:9].strip()

    def at(self, text: str) -> None:
        """Wait for a screen by its title."""
        self.terminal.wait_for(self.title(text), 15)
        self.terminal.settle(0.1, 3)

    def home(self) -> None:
        """Wait for the inbox."""
        self.at("Inbox: {view} {count}")

    # -- parts of the walk --------------------------------------------------------------------------------------------

    def inbox(self) -> Iterator[str]:
        """Views, search, order, menu, help, language, a toast."""
        self.terminal.wait_for("-26-", 30)
        self.terminal.settle(0.3, 5)
        yield "inbox"
        for number in "2345678":
            self.press(number)
            yield f"view {number}"
        self.press("space")
        yield "marked"
        self.press("escape")
        self.press("f5")
        yield "toast"
        self.press("/")
        self.see("Words or country:DE; Tab completes, F1 explains")
        yield "search, empty"
        self.type("a")
        yield "search, hits"
        self.type("qqqqq")
        self.see("No case on this machine has these words. Esc ends the search.")
        yield "search, none"
        self.press("escape")
        self.go("b", "Order of the list")
        yield "order"
        self.press("escape")
        self.go("f9", "Type to search; arrows and Enter to choose; Esc to leave")
        yield "menu"
        self.type(self.words["Language"])
        self.go("enter", "Language of the program")
        yield "language"
        self.press("escape")
        self.press("f1")
        self.see(HELP)
        yield "help"
        self.press("pagedown")
        yield "help, further"
        self.press("escape")
        self.press("1")

    def case(self) -> Iterator[str]:
        """The five tabs of two cases, help of the case, prompt and form."""
        self.press("8")
        self.go("enter", "Overview")
        for number in "12345":
            self.press(number)
            yield f"case, tab {number}"
        self.press("pagedown")
        yield "case, further"
        self.press("f1")
        self.see(HELP)
        yield "case, help"
        self.press("escape")
        self.press("escape")
        self.home()
        self.press("2", "enter")
        self.see("Overview")
        for number in "12345":
            self.press(number)
            yield f"case to accept, tab {number}"
        self.go("a", "Enter: queue   Esc: leave it")
        yield "prompt"
        self.type("x")
        self.press("enter")
        self.see("Write a whole number of days from {low} to {high}.")
        yield "prompt, refused"
        self.press("escape")
        self.press("escape")
        self.home()
        yield from self.reply()

    def reply(self) -> Iterator[str]:
        """The form of a reply: fields, what is missing, text area."""
        self.press("3", "enter")
        self.see("Overview")
        for number in "12345":
            self.press(number)
            yield f"case to answer, tab {number}"
        self.go("r", "Send", "+ needed to send")
        yield "act"
        self.press("f8")
        yield "act, problems"
        for number in range(4):
            self.press("tab")
            yield f"act, field {number}"
        self.press("right")
        yield "act, answered"
        self.press("escape")
        self.press("escape")
        self.home()
        self.press("1")

    def compose(self) -> Iterator[str]:
        """Every step of a new case, copying an earlier one, discarding; the draft that stays."""
        self.press("n")
        self.see("Procedure")
        yield "compose, procedure"
        self.go("enter", "Nobody is addressed yet.")
        yield "compose, authority"
        self.type("a")
        self.terminal.settle(0.3, 3)
        yield "compose, hits"
        self.press("enter")
        self.see("* needed to save", missing="Nobody is addressed yet.")
        yield "compose, form"
        self.type("Quarz")
        for number in range(6):
            self.press("tab")
            yield f"compose, field {number}"
        self.press("f7")
        yield "compose, questions"
        self.press("space")
        yield "compose, picked"
        self.press("f8")
        yield "compose, review"
        self.press("f8")
        yield "compose, missing"
        self.go("f3", "Copy the answers of which case?")
        yield "compose, earlier cases"
        self.type("a")
        yield "compose, earlier cases found"
        self.press("escape")
        self.press("f1")
        self.see(HELP)
        yield "compose, help"
        self.press("escape", "f9")
        self.type(self.words["Discard draft"])
        self.press("enter")
        self.home()
        yield "compose, discard"
        self.press("u")
        self.home()
        yield "draft saved"
        self.press("d")
        self.at("Drafts")
        yield "drafts"
        self.press("delete")
        self.see("There are no drafts. What you write is saved here by itself until it is sent.")
        yield "drafts, discard"
        self.press("u", "f1")
        self.see(HELP)
        yield "drafts, help"
        self.press("escape", "escape")
        self.home()

    def outgoing(self) -> Iterator[str]:
        """Outbox with what waits and what was refused."""
        self.press("o")
        self.at("Outbox")
        yield "outbox"
        self.press("end")
        yield "outbox, last"
        self.press("home")
        yield "outbox, first"
        self.press("delete")
        yield "outbox, discard"
        self.press("u", "f1")
        self.see(HELP)
        yield "outbox, help"
        self.press("escape", "escape")
        self.home()

    def authorities(self) -> Iterator[str]:
        """Search, country, record."""
        self.press("w")
        self.at("Authorities")
        self.see("All countries")
        yield "authorities"
        self.type("a")
        self.terminal.settle(0.3, 3)
        yield "authorities, found"
        self.go("f1", HELP)
        yield "authorities, help"
        self.press("escape")
        self.press("enter")
        self.at("Authority")
        yield "authority"
        self.press("pagedown")
        yield "authority, further"
        self.press("escape")
        self.at("Authorities")
        self.type("qqqqqqqqq")
        self.see("Nothing found. Try fewer letters, another country or another word for what it does.")
        yield "authorities, none"
        self.press("tab")
        yield "authorities, country"
        self.press("enter")
        yield "authorities, countries"
        self.press("escape")
        self.press("escape")
        self.home()

    def signing_in(self) -> Iterator[str]:
        """Sign-in page, and the code for another device."""
        # The key is offered once the sync thread found no token.
        self.see("not signed in")
        self.press("i")
        self.at("Sign in")
        yield "sign in"
        self.press("f8")
        self.see("Code: {code}")
        self.terminal.settle(0.2, 3)
        yield "sign in, code"
        self.press("f1")
        self.see(HELP)
        yield "sign in, help"
        self.press("escape", "f6", "escape")
        self.home()

    def all(self) -> Iterator[str]:
        """Everywhere."""
        for part in PARTS:
            yield from getattr(self, part)()


TOGETHER = (("inbox", "signing_in"), ("case", "authorities"), ("compose", "outgoing"))
"""The parts of the walk, each of which begins and ends in the inbox; those that one client goes through."""
PARTS = tuple(part for parts in TOGETHER for part in parts)


@dataclass(frozen=True)
class Shot:
    """One screen as it stood: its lines, and where the tour was."""

    visitor: Visitor
    name: str
    columns: int
    lines: list[str]

    def __str__(self) -> str:
        return f"{self.name} ({self.visitor.language}, {self.columns} columns)"


@dataclass(frozen=True)
class Walked:
    """What a walk saw: the screens as they stood, every picture on the way, and every byte the client wrote."""

    shots: list[Shot]
    pictures: list[Shot]
    written: bytes


def walk(visitor: Visitor, parts: tuple[str, ...], columns: int, rows: int) -> Walked:
    """The screens of some parts of the tour, one after the other."""
    with visitor.signed_out(columns, rows) as terminal:
        tour = Tour(visitor, terminal)
        if parts[0] != "inbox":
            terminal.wait_for("-26-", 30)
            terminal.settle(0.4, 5)
        names = (name for part in parts for name in getattr(tour, part)())
        shots = [Shot(visitor, name, columns, terminal.lines()) for name in names]
        assert terminal.process.poll() is None, terminal.text()
        terminal.stop()
        pictures = [Shot(visitor, f"picture {n}", columns, lines) for n, lines in enumerate(terminal.pictures(), 1)]
        return Walked(shots, pictures, bytes(terminal.output))


def walks(
    visitor: Visitor, folder: Path, combinations: list[tuple[str, int, int]], parts: tuple[str, ...] = PARTS
) -> list[Walked]:
    """The whole tour for each (language, columns, rows), several at a time, each on a profile of its own.

    Two parts share a client: its start is the dearest step.
    """
    shared = [each for pair in TOGETHER if (each := tuple(part for part in pair if part in parts))]
    jobs = [
        (visitor.copy(folder / f"{language}-{columns}-{pair[0]}", language=language), pair, columns, rows)
        for language, columns, rows in combinations
        for pair in shared
    ]
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda job: walk(*job), jobs))


@contextmanager
def prepared(
    made_demo: Path, folder: Path, login: str = "lyon", lie: Callable[[str, Any, Any], Any] | None = None
) -> Iterator[Visitor]:
    """A visitor of a real demo behind a server that may lie, with cases fetched and something in the outbox."""
    shutil.copytree(made_demo, folder / "server")
    server = Server(folder / "server")
    server.start()
    try:
        with Liar(server.url, lie or (lambda _path, _asked, told: told)) as liar:
            visitor = Visitor(folder / "home", server, login, locales=str(catalogues(folder / "locales")), url=liar.url)
            visitor.run("sync")
            fill_outbox(visitor, liar)
            yield visitor
    finally:
        server.kill()


def fill_outbox(visitor: Visitor, liar: Liar) -> None:
    """One entry that the server refuses, and one that waits."""
    first, second = (row["id"] for row in visitor.rows("to_close")[-2:])
    visitor.run("act", first, "close", "--no-sync")
    liar.refuse = True
    visitor.run("sync", code=4)
    liar.refuse = False
    visitor.run("act", second, "close", "--no-sync")
