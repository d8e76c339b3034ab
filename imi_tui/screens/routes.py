"""How screens open each other: one typed function a screen, importing it only when it is opened.

Whoever writes a screen edits its function here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.screen import Screen

    from imi_core.procedure import Field
    from imi_tui.actions import Action
    from imi_tui.cache.model import AuthorityHit, OutboxItem, Queued, Row, Seen
    from imi_tui.cache.personal.snippets import Phrase
    from imi_tui.forms.compose import Composition, Gap
    from imi_tui.outside.preview import Preview
    from imi_tui.viewmodel.blocks import Block
    from imi_tui.viewmodel.inserting import Insertion, Insertions
    from imi_tui.viewmodel.palette import Entry, Keyboard
    from imi_tui.viewmodel.translating import Foreign


def inbox() -> Screen[None]:
    """The list of cases."""
    from imi_tui.screens.inbox import InboxScreen

    return InboxScreen()


def case(desk: str, id: str, tab: str = "", *, beside: bool = False) -> Screen[None]:
    """One case; `tab` is the id of the tab to begin with. `beside`: on top of another case, not of a list."""
    from imi_tui.screens.case import CaseScreen

    return CaseScreen(desk, id, tab, beside=beside)


def act(
    cases: list[tuple[str, str]],
    action: str,
    target: str = "",
    draft_id: str = "",
    seen: dict[tuple[str, str], Seen] | None = None,
    note: str = "",
) -> Screen[list[OutboxItem | Queued]]:
    """The form of one action on cases of (desk, id); the result is what was queued.

    `seen`: what of each case was shown when the officer chose the action; without, it is what is here now. `note`
    stands below the heading.
    """
    from imi_tui.screens.act import ActScreen

    return ActScreen(cases, action, target, draft_id, seen, note)


def conflict(client_ref: str) -> Screen[None]:
    """A refused entry beside what others did meanwhile."""
    from imi_tui.screens.conflict import ConflictScreen

    return ConflictScreen(client_ref)


def ask_days(heading: str, label: str, field: Field, default: int) -> Screen[int]:
    """A one-line prompt for a number of days."""
    from imi_tui.screens.prompt import DaysPrompt

    return DaysPrompt(heading, label, field, default)


def ask_line(heading: str, label: str, value: str = "", *, check: Callable[[str], str] | None = None) -> Screen[str]:
    """Asks for a line of text; `check` says what is wrong with one, "" for nothing."""
    from imi_tui.screens.prompt import LinePrompt

    return LinePrompt(heading, label, value, check)


def write_translation(text: Foreign, lang: str) -> Screen[str]:
    """An own translation of a text into the language `lang`; the result is "" where nothing was written."""
    from imi_tui.screens.translating import WriteTranslation

    return WriteTranslation(text, lang)


def ask_name(heading: str, value: str, most: int) -> Screen[str]:
    """Asks for a name of at most so many characters."""
    from imi_tui.screens.naming import NamePrompt

    return NamePrompt(heading, value, most)


def ask_path(heading: str, value: str, *, folder: bool) -> Screen[str]:
    """Asks for the path of a file, or of a folder."""
    from imi_tui.screens.paths import PathPrompt

    return PathPrompt(heading, value, folder=folder)


def read_file(title: str, found: Preview) -> Screen[None]:
    """The text of a file."""
    from imi_tui.screens.reading import ReadingScreen

    return ReadingScreen(title, found)


def read_lines(title: str, lines: list[str]) -> Screen[None]:
    """Lines of the program's own."""
    from imi_tui.screens.reading import LinesScreen

    return LinesScreen(title, lines)


def choose(question: str, answers: list[tuple[str, str]], value: str = "") -> Screen[str]:
    """A question with (text, value) answers."""
    from imi_tui.screens.confirm import ChooseScreen

    return ChooseScreen(question, answers, value)


def pick(title: str, options: tuple[tuple[str, str], ...], chosen: str = "") -> Screen[str]:
    """One of many (value, text) options, narrowed by typing."""
    from imi_tui.widgets.picker import Picker

    return Picker(title, options, chosen)


def menu(found: Sequence[Entry], keys: Keyboard) -> Screen[Action]:
    """Everything a screen has, to search and choose from."""
    from imi_tui.screens.menu import MenuScreen

    return MenuScreen(found, keys)


def help(found: Sequence[Entry], keys: Keyboard, *, marks: bool, first: Sequence[Block] = ()) -> Screen[None]:
    """What works on one screen now, behind `first`; `marks`: it shows the list of cases."""
    from imi_tui.screens.help import HelpScreen

    return HelpScreen(found, keys, marks=marks, first=first)


def compose(
    draft_id: str = "", *, target: str = "", template: str = "", like: tuple[str, str] | None = None
) -> Screen[None]:
    """A new case, or the draft with this id; `target` is a desk; `template`, or the case `like`, fills it in."""
    from imi_tui.screens.compose import ComposeScreen

    return ComposeScreen(draft_id, target=target, template=template, like=like)


def insert(insertions: Insertions, typed: str) -> Screen[Insertion]:
    """Chooses a phrase or a known value to insert."""
    from imi_tui.screens.insert import InsertScreen

    return InsertScreen(insertions, typed)


def ask_text(heading: str, value: str = "") -> Screen[str]:
    """Asks for one line of text."""
    from imi_tui.screens.prompt import TextPrompt

    return TextPrompt(heading, value)


def templates() -> Screen[None]:
    """The officer's templates."""
    from imi_tui.screens.templates import TemplatesScreen

    return TemplatesScreen()


def phrases() -> Screen[None]:
    """The officer's phrases."""
    from imi_tui.screens.phrases import PhrasesScreen

    return PhrasesScreen()


def phrase(known: Phrase | None, lang: str) -> Screen[Phrase]:
    """One phrase to write; the result is what to keep."""
    from imi_tui.screens.phrases import PhraseForm

    return PhraseForm(known, lang)


def earlier_case() -> Screen[tuple[str, str]]:
    """Chooses a case of (desk, id) to copy from."""
    from imi_tui.screens.earlier import EarlierCases

    return EarlierCases()


def missing(gaps: list[Gap]) -> Screen[Gap]:
    """What still keeps a new case from being sent; the result is where to go."""
    from imi_tui.screens.missing import MissingScreen

    return MissingScreen(gaps)


def other_side(work: Composition) -> Screen[None]:
    """A new case as the authority asked will see it."""
    from imi_tui.screens.other_side import OtherSideScreen

    return OtherSideScreen(work)


def authorities(
    *, choose: bool = False, country: str = "", other_than: str = "", area: str = ""
) -> Screen[AuthorityHit]:
    """The authority search; with `choose` the result is the authority chosen.

    `country` restricts it to one country, `other_than` leaves one out, `area` is a legal area.
    """
    from imi_tui.screens.authorities import AuthoritiesScreen, ChooseAuthority

    if choose:
        return ChooseAuthority(country=country, area=area, other_than=other_than)
    return AuthoritiesScreen(country=country, area=area, other_than=other_than)


def authority(id: str) -> Screen[None]:
    """The record of one authority."""
    from imi_tui.screens.authority import AuthorityScreen

    return AuthorityScreen(id)


def outbox() -> Screen[None]:
    """What is queued and what was refused."""
    from imi_tui.screens.outbox import OutboxScreen

    return OutboxScreen()


def drafts() -> Screen[None]:
    """What the officer began to write."""
    from imi_tui.screens.drafts import DraftsScreen

    return DraftsScreen()


def sign_in() -> Screen[None]:
    """Signing in."""
    from imi_tui.screens.sign_in import SignInScreen

    return SignInScreen()


def lock() -> Screen[None]:
    """The page that hides everything while the screen is locked."""
    from imi_tui.screens.lock import LockScreen

    return LockScreen()


def export_case(desk: str, id: str) -> Screen[str]:
    """A case into a file; the result is its path."""
    from imi_tui.screens.export import ExportCase

    return ExportCase(desk, id)


def export_list(rows: Sequence[Row], name: str, what: str) -> Screen[str]:
    """A list of cases into a file called `name`; `what` says in the log which they are. The result is its path."""
    from imi_tui.screens.export import ExportList

    return ExportList(rows, name, what)


def unlock(attempt: Callable[[str], str]) -> Screen[bool]:
    """Asks for the passphrase; `attempt` returns "" when it was right, else an error code. True when unlocked."""
    from imi_tui.screens.unlock import UnlockScreen

    return UnlockScreen(attempt)
