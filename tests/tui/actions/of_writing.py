"""Proofs: forms, new cases, and what is kept for writing."""

from __future__ import annotations

import json

from imi_tui.cache.personal.snippets import Phrase
from imi_tui.forms.compose import Composition, Step
from imi_tui.screens import routes
from imi_tui.widgets.entry import LineInput, LinesInput
from imi_tui.widgets.form_view import FormView
from tests.tui.actions.proofs import Desk, Steps, proves
from tests.tui.actions.screens import begun, beside_texts, there

# -- forms -------------------------------------------------------------------------------------------------------------


@proves("act.send")
async def send(desk: Desk) -> Steps:
    """What was written is in the outbox."""
    row = desk.store.window("to_answer", "due", limit=1)[0]
    await there(desk)
    await desk.press(*"Please")
    yield "act", row.reference, "message", "--text", "Please", "--no-sync"
    found = [(item.case_id, item.payload["text"]["text"]) for item in desk.store.outbox()]
    assert found == [(row.id, "Please")], f"the outbox has {found}"


@proves("act.cancel")
async def cancel(desk: Desk) -> Steps:
    """What was written is a draft."""
    await there(desk)
    await desk.press(*"Half")
    yield ()
    assert desk.here == "inbox", "the form is still there"
    assert [draft.text for draft in desk.store.drafts()] == ["Half"], "what was written is not kept"


@proves("write.insert")
async def insert(desk: Desk) -> Steps:
    """The phrase whose abbreviation stands there."""
    desk.store.keep_phrases([Phrase("", "vg", "en", "With kind regards")])
    await there(desk)
    await desk.press(*"vg")
    yield ()
    assert _line(desk) == "With kind regards", f"there stands {_line(desk)!r}"


@proves("write.undo")
async def undo(desk: Desk) -> Steps:
    """The phrase, then what was typed before it."""
    desk.store.keep_phrases([Phrase("", "vg", "en", "With kind regards")])
    await there(desk)
    await desk.press(*"vg", "f2")
    assert _line(desk) == "With kind regards"
    beside_texts(desk)
    yield ()
    assert _line(desk) == "vg", f"there stands {_line(desk)!r}"
    await desk.press("ctrl+z")
    assert _line(desk) == "", f"there stands {_line(desk)!r}"


@proves("write.redo")
async def redo(desk: Desk) -> Steps:
    """What was taken back stands there again, and in the draft."""
    await there(desk)
    await desk.press(*"Please", "ctrl+z")
    assert _line(desk) == "", "it is not taken back"
    beside_texts(desk)
    yield ()
    assert _line(desk) == "Please", f"there stands {_line(desk)!r}"
    desk.top.keep()
    [draft] = desk.store.drafts()
    assert "Please" in (draft.text, draft.answers.get("subject")), "the draft does not follow"


def _line(desk: Desk) -> str:
    field = desk.app.focused
    assert isinstance(field, LineInput | LinesInput), f"nobody writes any more: {field!r} has the focus"
    return field.value if isinstance(field, LineInput) else field.text


@proves("file.attach")
async def attach(desk: Desk) -> Steps:
    """The file is a part of what is written."""
    file = desk.home / "letter.txt"
    file.write_text("A letter.", "utf-8")
    await there(desk)
    yield ()
    await desk.paste(str(file))
    await desk.press("enter")
    await desk.calm()
    await desk.choose("plain")
    await desk.calm()
    assert [each["name"] for each in desk.top.attached()] == ["letter.txt"], "the file is not attached"
    # Undo and redo know it, too, also once it was taken out again.
    await desk.press("ctrl+z")
    assert desk.top.attached() == [], "attaching it is not taken back"
    await desk.press("ctrl+y")
    [id] = [str(each["blobId"]) for each in desk.top.attached()]
    await desk.press("f4")
    await desk.choose(id)
    await desk.calm()
    assert desk.top.attached() == [], "it is not taken out"
    await desk.press("ctrl+z")
    assert [each["blobId"] for each in desk.top.attached()] == [id], "taking it out is not taken back"
    await desk.press("ctrl+y", "escape")
    await desk.until(
        lambda: not desk.store.files.state({"blobId": id}).size, "what is taken out stays on the disk", quick=True
    )


# -- new cases ---------------------------------------------------------------------------------------------------------


async def _whole(desk: Desk, step: str = "") -> Composition:
    """A new case that lacks nothing, at a step of it."""
    await desk.open(routes.compose(begun(desk)))
    if step:
        await desk.top._go(step)
        await desk.calm()
    work: Composition = desk.top.work
    return work


@proves("compose.next", "compose.previous")
async def step(desk: Desk) -> Steps:
    """The next step, or the one before."""
    by = 1 if desk.action is not None and desk.action.id == "compose.next" else -1
    begin: Step = "questions" if by > 0 else "review"
    work = await _whole(desk, begin)
    at = work.steps().index(begin)
    yield ()
    assert desk.top._step == work.steps()[at + by], f"the step {desk.top._step!r} is shown"


@proves("compose.send")
async def compose_send(desk: Desk) -> Steps:
    """From the review into the outbox."""
    work = await _whole(desk, "review")
    answers, target = dict(work.draft.answers), work.draft.target
    file = desk.home / "answers.json"
    file.write_text(json.dumps(answers), "utf-8")
    yield "new", work.draft.procedure, "--to", target, "--answers", str(file), "--no-sync"
    found = [(item.payload["procedure"], item.payload["answers"]) for item in desk.store.outbox()]
    assert found == [("pw.info", answers)], f"the outbox has {found}"


@proves("compose.reuse")
async def reuse(desk: Desk) -> Steps:
    """The answers of an earlier case."""
    await desk.open(routes.compose())
    yield ()
    await desk.on("menu")
    newest = desk.store.window("all", "activity", limit=1)[0]
    await desk.press("enter")
    if desk.here == "confirm":
        await desk.choose("plain")
    await desk.on("compose")
    case = desk.store.case(newest.desk, newest.id)
    assert case is not None
    wanted = {name: case.case["request"].get(name) for name in ("company", "subject")}
    found = {name: desk.top.work.draft.answers.get(name) for name in wanted}
    assert found == wanted, f"the answers are {found}, not {wanted}"


@proves("compose.missing", keeps=True)
async def missing(desk: Desk) -> Steps:
    """What is missing, and there."""
    await there(desk)
    yield ()
    await desk.on("confirm")
    await desk.press("enter")
    form = desk.top.query_one(FormView)
    assert form.field == "subject", f"it leads to {form.field!r}"


@proves("compose.other_side")
async def other_side(desk: Desk) -> Steps:
    """What is written, as others see it."""
    work = await _whole(desk, "questions")
    yield ()
    await desk.on("preview")
    await desk.shows(str(work.draft.answers["company"]))


@proves("compose.template")
async def keep_template(desk: Desk) -> Steps:
    """Under a name."""
    await _whole(desk, "questions")
    yield ()
    await desk.on("prompt")
    await desk.press(*"Checks", "enter")
    if desk.here == "confirm":
        await desk.choose("plain")
    assert [each.name for each in desk.store.snippets.templates()] == ["Checks"], "it is not kept"


@proves("compose.discard")
async def compose_discard(desk: Desk) -> Steps:
    """It is gone, and can be brought back below."""
    await _whole(desk)
    yield ()
    assert desk.store.drafts() == [], "the draft is still there"
    await desk.press("u")
    assert len(desk.store.drafts()) == 1, "it does not come back"


# -- what is kept ------------------------------------------------------------------------------------------------------


@proves("template.use", keeps=True)
async def use(desk: Desk) -> Steps:
    """A new case with its answers."""
    await there(desk)
    name = desk.top.template.name
    yield ()
    await desk.on("compose")
    await desk.calm()
    assert desk.top.work.draft.answers.get("subject") == name, "its answers are not there"


@proves("template.rename", keeps=True)
async def rename(desk: Desk) -> Steps:
    """Another name."""
    await there(desk)
    id = desk.top.template.id
    yield ()
    await desk.on("prompt")
    await desk.paste("Posting")
    await desk.press("enter")
    found = desk.store.snippets.template(id)
    assert found is not None
    assert found.name == "Posting", "it has its old name"


@proves("phrase.edit", "phrase.new", keeps=True)
async def edit(desk: Desk) -> Steps:
    """A phrase is written, or written anew."""
    await there(desk)
    before = {phrase.text for phrase in desk.store.snippets.phrases()}
    shown = desk.top.phrase
    new = desk.action is not None and desk.action.id == "phrase.new"
    yield ()
    await desk.on("phrase")
    if new:
        await desk.press(*"ef")
    text = desk.top.query_one("#text", LinesInput)
    assert (text.text == shown.text) is not new, "another phrase is changed than the one under the cursor"
    text.text = "Quite new"
    await desk.press("f8")
    wanted = before | {"Quite new"} if new else before - {shown.text} | {"Quite new"}
    assert {phrase.text for phrase in desk.store.snippets.phrases()} == wanted, "it is not kept"


@proves("phrase.save")
async def save(desk: Desk) -> Steps:
    """Kept."""
    await there(desk)
    await desk.press(*"ef")
    desk.top.query_one("#text", LinesInput).text = "Quite new"
    file = desk.home / "phrases.toml"
    file.write_text('[[phrase]]\nabbreviation = "ef"\nlang = "en"\ntext = "Quite new"\n', "utf-8")
    yield "phrases", "--import", str(file)
    await desk.on("phrases")
    assert "Quite new" in {phrase.text for phrase in desk.store.snippets.phrases()}, "it is not kept"


def _snippets_listed(desk: Desk) -> list[str]:
    snippets = desk.store.snippets
    return [each.id for each in (snippets.phrases() if desk.scope == "phrases" else snippets.templates())]


@proves("shelf.drop", keeps=True)
async def drop(desk: Desk) -> Steps:
    """What is under the cursor is gone."""
    await there(desk)
    await desk.press("home", "down")
    before = _snippets_listed(desk)
    yield ()
    assert _snippets_listed(desk) == before[:1], "not the one under the cursor is gone"


@proves("shelf.bring_back", keeps=True)
async def bring_back(desk: Desk) -> Steps:
    """What was thrown away is there again."""
    await there(desk)
    before = _snippets_listed(desk)
    await desk.press("delete")
    yield ()
    assert sorted(_snippets_listed(desk)) == sorted(before), "it does not come back"
