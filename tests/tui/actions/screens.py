"""How each screen is opened as an officer opens it, filled so that something can be done there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from imi_tui.cache.outbox.draft import Draft
from imi_tui.cache.personal.snippets import Phrase, Template
from imi_tui.forms.compose import Composition
from imi_tui.forms.form import LANG
from imi_tui.screens import routes
from imi_tui.widgets.form_view import FormView
from tests.tui.actions.desk import Desk
from tests.tui.screens2.test_composition import complete


async def inbox(_: Desk) -> None:
    """It is there."""


async def case(desk: Desk) -> None:
    """The case under the cursor, with one before it and one after it."""
    await desk.press("down", "enter")


async def act(desk: Desk) -> None:
    """The form of a message on a case to answer, begun."""
    row = desk.store.window("to_answer", "due", limit=1)[0]
    await desk.open(routes.act([(row.desk, row.id)], "message"))


def begun(desk: Desk, *, whole: bool = True) -> str:
    """A draft of a new case; its id. `whole`: nothing is missing."""
    work: Composition = complete(desk.store)
    if not whole:
        work.draft.answers.pop("company", None)
    work.save()
    return work.draft.id


async def compose(desk: Desk) -> None:
    """A new case, at its form."""
    desk.store.save_draft(Draft("d" * 32, desk.seat.desk, "pw.info", "send", target=_other(desk)))
    await desk.open(routes.compose("d" * 32))
    assert desk.top.query(FormView), "the form of a new case is not there"


def _other(desk: Desk) -> str:
    hit = next(hit for hit in desk.store.authorities("finanzkontrolle", limit=9) if hit.desk)
    return str(hit.desk)


def two_drafts(desk: Desk) -> None:
    """One of yesterday, one of the day before."""
    for number in range(2):
        answers = {"subject": f"Draft {number}"}
        saved = f"2026-03-0{number + 1}T08:00:00Z"
        desk.store.save_draft(
            Draft(str(number) * 32, desk.seat.desk, "pw.info", "send", answers=answers, saved_at=saved)
        )


async def drafts(desk: Desk) -> None:
    """Two."""
    two_drafts(desk)
    await desk.press("d")


async def outbox(desk: Desk) -> None:
    """One entry that was refused."""
    desk.refuse()
    await desk.press("o")


async def conflict(desk: Desk) -> None:
    """A refused entry beside what others did."""
    await outbox(desk)
    await desk.press("v")


async def authorities(desk: Desk) -> None:
    """All of them."""
    await desk.press("w")


async def choose_authority(desk: Desk) -> None:
    """Choosing one."""
    await desk.open(routes.authorities(choose=True, area="pw"))


async def authority(desk: Desk) -> None:
    """The record of one that can be asked."""
    hit = next(hit for hit in desk.store.authorities("finanzkontrolle", limit=9) if hit.desk)
    await desk.open(routes.authority(hit.id))


PHRASES = (Phrase("", "ab", "en", "With kind regards"), Phrase("", "cd", "en", "We refer to {reference}."))


def two_phrases(desk: Desk) -> None:
    """Those of `PHRASES`."""
    desk.store.keep_phrases(list(PHRASES))


async def phrases(desk: Desk) -> None:
    """Two."""
    two_phrases(desk)
    await desk.open(routes.phrases())


def two_templates(desk: Desk) -> None:
    """For one procedure."""
    for name in ("Site checks", "Wages"):
        desk.store.keep_template(Template("", name, "pw.info", answers={"subject": name}))


async def templates(desk: Desk) -> None:
    """Two."""
    two_templates(desk)
    await desk.open(routes.templates())


async def sign_in(desk: Desk) -> None:
    """The ways to sign in."""
    await desk.open(routes.sign_in())


async def phrase(desk: Desk) -> None:
    """A new phrase."""
    await phrases(desk)
    await desk.press("n")


async def menu(desk: Desk) -> None:
    """The menu of the list."""
    await desk.press("f9")


async def help(desk: Desk) -> None:
    """The help of the list."""
    await desk.press("f1")


async def confirm(desk: Desk) -> None:
    """A question: the order of the list."""
    await desk.press("b")


async def prompt(desk: Desk) -> None:
    """A line to write: tags."""
    await desk.press("g")


async def preview(desk: Desk) -> None:
    """A new case as the other side sees it."""
    await desk.open(routes.compose(begun(desk)))
    await desk.press("ctrl+o")


async def export(desk: Desk) -> None:
    """A case into a file."""
    await case(desk)
    await desk.press("minus")


async def lock(desk: Desk) -> None:
    """Over everything."""
    desk.app.lock()
    await desk.calm()


OPENED: dict[str, Callable[[Desk], Awaitable[None]]] = {
    each.__name__: each
    for each in (
        inbox,
        case,
        act,
        compose,
        drafts,
        outbox,
        conflict,
        authorities,
        choose_authority,
        authority,
        phrases,
        templates,
        sign_in,
        phrase,
        menu,
        help,
        confirm,
        prompt,
        preview,
        export,
        lock,
    )
}
"""By their scope."""


FILLED: dict[str, Callable[[Desk], object]] = {
    "drafts": two_drafts,
    "outbox": lambda desk: desk.refuse(),
    "phrases": two_phrases,
    "templates": two_templates,
}
"""What has to be there again on a screen that was emptied."""


async def there(desk: Desk) -> None:
    """The screen that the proof is on; one that the last proof left as it was is used again."""
    if desk.base is None:
        await OPENED[desk.scope](desk)
        await desk.on(desk.scope)
        desk.base = desk.top
    elif desk.scope in FILLED:
        FILLED[desk.scope](desk)
        await desk.calm()
        await desk.press("home")
    for finder in desk.top.query("AuthorityFinder"):
        # Letters are keys in the list, and are typed in the line above it.
        finder.query_one("#hits" if desk.way.typed else "#words").focus()
    if desk.action is not None and desk.action.group != "form":
        beside_texts(desk)


def beside_texts(desk: Desk) -> None:
    """Where a letter is the way, out of the text that is being written: to the language it is in."""
    for form in desk.top.query(FormView):
        if desk.way.typed:
            form.focus_field(LANG)
