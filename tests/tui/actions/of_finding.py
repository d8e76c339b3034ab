"""Proofs: drafts and the outbox, authorities, signing in, windows, the lock."""

from __future__ import annotations

from imi_tui.screens import routes
from imi_tui.viewmodel import signing_in
from imi_tui.widgets.authority_list import AuthorityFinder, AuthorityList
from imi_tui.widgets.entry import LineInput
from tests.tui.actions.of_lists import moved, place
from tests.tui.actions.proofs import Desk, Steps, proves
from tests.tui.actions.screens import there

# -- drafts and the outbox ---------------------------------------------------------------------------------------------


@proves("draft.open", keeps=True)
async def draft_open(desk: Desk) -> Steps:
    """Writing goes on."""
    await there(desk)
    await desk.press("down")
    id = desk.top.draft.id
    yield ()
    await desk.on("compose")
    await desk.calm()
    assert desk.top.work.draft.id == id, "another draft opens than the one under the cursor"


@proves("draft.discard", keeps=True)
async def draft_discard(desk: Desk) -> Steps:
    """The one under the cursor is gone."""
    await there(desk)
    await desk.press("down")
    id = desk.top.draft.id
    yield ()
    assert [draft.id for draft in desk.store.drafts()] not in ([], [id]), "not the one under the cursor is gone"
    assert len(desk.store.drafts()) == 1


def _refused(desk: Desk) -> list[str]:
    return [item.state for item in desk.store.outbox()]


@proves("outbox.open", keeps=True)
async def outbox_open(desk: Desk) -> Steps:
    """The case of the entry."""
    await there(desk)
    item = desk.store.outbox()[0]
    yield "show", item.reference
    await desk.on("case", item.reference)
    await desk.shows(item.reference)


@proves("outbox.compare", keeps=True)
async def compare(desk: Desk) -> Steps:
    """The entry beside what others did."""
    await there(desk)
    item = desk.store.outbox()[0]
    yield ()
    await desk.on("conflict")
    assert desk.top.item == item, "another entry is shown than the one under the cursor"
    await desk.shows("14")


@proves("outbox.again")
async def again(desk: Desk) -> Steps:
    """Queued anew."""
    row = desk.store.window("to_accept", "due", limit=1)[0]
    if desk.scope == "outbox":
        # One that nobody was faster with: a conflict is compared first.
        item = desk.store.act(row.desk, row.id, "accept", answers={"agreed_days": 14})
        desk.store.sync.begin([item.client_ref])
        desk.store.sync.settle({}, {item.client_ref: {"type": "forbidden"}})
        await desk.press("o")
    else:
        await there(desk)
    item = desk.store.outbox()[0]
    yield "outbox", "--retry", item.client_ref, "--no-sync"
    found = [(each.case_id, each.state) for each in desk.store.outbox()]
    assert found == [(item.case_id, "queued")], f"the outbox has {found}"
    assert desk.store.outbox()[0].client_ref != item.client_ref


@proves("outbox.undo")
async def take_back(desk: Desk) -> Steps:
    """The entry under the cursor."""
    rows = desk.store.window("to_accept", "due", limit=2)
    items = [desk.store.act(row.desk, row.id, "accept", answers={"agreed_days": 14}) for row in rows]
    desk.app.queued(items, "Accept", [row.n for row in rows])
    await desk.press("o", "down")
    item = desk.top.item
    yield "outbox", "--discard", item.client_ref, "--no-sync"
    left = [each.client_ref for each in desk.store.outbox()]
    assert len(left) == 1, "nothing is taken back, or all"
    assert item.client_ref not in left, "another entry is taken back than the one under the cursor"
    if not desk.commanded:
        assert (desk.row.id, desk.list.marked) == (item.case_id, {desk.row.n}), "the list below does not come back"
        await desk.press("y")
        assert len(desk.store.outbox()) == 2, "it is not done again"
        assert not desk.list.marked


@proves("outbox.revise", keeps=True)
async def revise(desk: Desk) -> Steps:
    """What was written, to go on."""
    await there(desk)
    item = desk.store.outbox()[0]
    yield ()
    await desk.on("act")
    assert desk.top._cases == [(item.desk, item.case_id)], "the form of another case opens"


@proves("outbox.discard", keeps=True)
async def discard(desk: Desk) -> Steps:
    """Gone, and there again."""
    await there(desk)
    item = desk.store.outbox()[0]
    yield "outbox", "--discard", item.client_ref, "--no-sync"
    assert desk.store.outbox() == [], "it is still there"
    if not desk.commanded:
        assert desk.here == "outbox", f"{desk.here!r} is on top, where nothing can be brought back"
        await desk.press("u")
        assert _refused(desk) == ["rejected"], "it does not come back"


# -- authorities -------------------------------------------------------------------------------------------------------


@proves("authority.open", keeps=True)
async def authority_open(desk: Desk) -> Steps:
    """The record of the one under the cursor."""
    await there(desk)
    hit = desk.top.query_one(AuthorityFinder).hit
    yield "authorities", hit.name
    await desk.shows(hit.name)
    await desk.on("authority", hit.name)


@proves("authority.record", keeps=True)
async def authority_record(desk: Desk) -> Steps:
    """The record of the one under the cursor."""
    await there(desk)
    await desk.press("down")
    hit = desk.top.query_one(AuthorityFinder).hit
    yield ()
    await desk.on("authority")
    await desk.shows(hit.name[:30])


@proves("authority.choose")
async def choose(desk: Desk) -> Steps:
    """The one under the cursor is the answer."""
    chosen: list[object] = []
    await desk.app.push_screen(routes.authorities(choose=True, area="pw"), chosen.append)
    await desk.calm()
    await desk.press("down")
    hit = desk.top.query_one(AuthorityFinder).hit
    yield ()
    assert chosen == [hit], f"the answer is {chosen}"


@proves("authority.request")
async def request(desk: Desk) -> Steps:
    """A new case to the one under the cursor."""
    await there(desk)
    if desk.scope == "authorities":
        desk.top.query_one("#words", LineInput).value = "finanzkontrolle"
        await desk.calm()
        wanted = desk.top.query_one(AuthorityFinder).hit.desk
    else:
        wanted = next(hit for hit in desk.store.authorities("finanzkontrolle", limit=9) if hit.desk).desk
    yield ()
    await desk.on("compose")
    await desk.calm()
    assert desk.top.work.draft.target == wanted, f"it goes to {desk.top.work.draft.target!r}, not to {wanted!r}"


@proves("authority.ask")
async def ask(desk: Desk) -> Steps:
    """Those who answer for a topic."""
    await there(desk)
    topic = next(each for each in desk.top.asking.topics() if each.area == "pw")
    yield "authorities", "--about", topic.key
    if not desk.commanded:
        await desk.on("menu")
        await desk.paste(topic.label)
        await desk.press("enter", "escape")
        assert desk.top.asking.topic == topic, "nothing is asked about"
        hits = desk.top.query_one(AuthorityFinder).query_one(AuthorityList)
        best = desk.top.asking.find("", "", "", 1).hits[0].id
        await desk.until(lambda: hits.items[0].id == best, "others are listed first", quick=True)
    else:
        assert len(desk.said.splitlines()) > 3, "hardly anybody is listed"


@proves("authority.narrow", keeps=True)
async def narrow(desk: Desk) -> Steps:
    """Only those of a country."""
    await there(desk)
    yield "authorities", "--country", "DE"
    if not desk.commanded:
        await desk.on("menu")
        await desk.paste("Germany")
        await desk.press("enter")
        assert desk.top.asking.narrowed == {"country": "DE"}, f"it is narrowed to {desk.top.asking.narrowed}"
    await desk.shows("Germany" if not desk.commanded else "DE")


@proves("authority.widen", keeps=True)
async def widen(desk: Desk) -> Steps:
    """All again."""
    await there(desk)
    desk.top.asking.narrow("country:DE")
    desk.top._again()
    await desk.calm()
    yield ()
    assert not desk.top.asking.line(), "it is still narrowed"


@proves("authority.remember", keeps=True)
async def remember(desk: Desk) -> Steps:
    """The one under the cursor."""
    await there(desk)
    id = desk.top._authority if desk.scope == "authority" else desk.top.query_one(AuthorityFinder).hit.id
    yield "authorities", "--remember", id
    assert desk.store.partners.remembered() == {id}, "it is not remembered"


# -- signing in --------------------------------------------------------------------------------------------------------


@proves("sign_in.browser", "sign_in.device", "sign_in.take", "sign_in.copy", "sign_in.stop")
async def sign_in(desk: Desk) -> Steps:
    """An attempt begins, says where to go, and ends."""
    assert desk.action is not None
    name = desk.action.id.partition(".")[2]
    begun_ways: list[str] = []
    stopped: list[bool] = []

    def starter(way: str, tell: object) -> object:
        begun_ways.append(way)
        tell(signing_in.Step("waiting", way, "https://example.eu/device"))  # type: ignore[operator]
        return lambda: stopped.append(True)

    desk.app.context.sign_in = starter
    await there(desk)
    if name in ("copy", "stop"):
        await desk.press("f8")
    yield "signin", *(("--device",) if name == "device" else ())
    match name:
        case "copy":
            assert desk.app.clipboard == "https://example.eu/device", "the clipboard does not have the address"
            desk.app.copy_to_clipboard("")
        case "stop":
            assert stopped == [True], "nobody is told to stop"
            assert desk.top.step.stage == "idle", "it still waits"
        case _:
            wanted = ["device" if name == "device" else "browser"]
            assert begun_ways == wanted, f"{begun_ways} begins"
            await desk.shows("https://example.eu/device")


# -- windows, the lock -------------------------------------------------------------------------------------------------


@proves("dialogue.cancel", "export.cancel")
async def close(desk: Desk) -> Steps:
    """The window is gone, and did nothing."""
    await there(desk)
    below = desk.app.screen_stack[-2]
    yield ()
    assert desk.app.screen is below, "the window is still there"
    assert desk.store.outbox() == []


@proves("dialogue.choose")
async def dialogue_choose(desk: Desk) -> Steps:
    """What is under the cursor happens."""
    await there(desk)
    if desk.scope == "confirm":
        await desk.choose("reference", enter=False)
    else:
        await desk.paste("Outbox")
    yield ()
    if desk.scope == "confirm":
        assert desk.inbox.sort == "reference", f"the order is {desk.inbox.sort!r}"
    else:
        await desk.on("outbox")


@proves("dialogue.up", "dialogue.down", "dialogue.page_up", "dialogue.page_down")
async def move(desk: Desk) -> Steps:
    """The list or page goes that way while typing goes on."""
    assert desk.action is not None
    await there(desk)
    await desk.press("pagedown")
    before = place(desk)
    yield ()
    moved(desk.action.id.replace("dialogue", "rows"), before, place(desk), desk.scope)
    assert isinstance(desk.app.focused, LineInput), "typing does not go on"


@proves("dialogue.turn")
async def turn(desk: Desk) -> Steps:
    """After acceptance."""
    await there(desk)
    await desk.shows("before it accepts")
    yield ()
    await desk.shows("after it accepts")


@proves("lock.open")
async def unlock(desk: Desk) -> Steps:
    """The list is there."""
    await there(desk)
    yield ()
    assert not desk.app.locked, "it is still locked"
    await desk.on("inbox")


@proves("lock.quit")
async def quit(desk: Desk) -> Steps:
    """The program ends."""
    await there(desk)
    yield ()
    assert desk.app._exit, "the program does not end"
