"""The officer's phrases: write, change, throw away and bring back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from imi_tui import problems
from imi_tui.actions import Situation
from imi_tui.cache.errors import CacheError
from imi_tui.cache.personal.snippets import Phrase
from imi_tui.forms import phrases, standard_texts
from imi_tui.hints import hint
from imi_tui.i18n import _, pgettext
from imi_tui.i18n.joining import with_name
from imi_tui.i18n.languages import NAMES
from imi_tui.screens import routes
from imi_tui.screens.base import Dialogue, bindings
from imi_tui.screens.undoing import UndoActions, told
from imi_tui.undo import Change
from imi_tui.viewmodel.cells import cut, one_line
from imi_tui.widgets.choice import Choice
from imi_tui.widgets.entry import LineInput, LinesInput
from imi_tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from textual.app import ComposeResult

    Line = Phrase | str
    """A phrase, or a heading."""


class PhraseList(LineList["Line"]):
    """Abbreviation and language, and below how the text begins."""

    def key_of(self, item: Line) -> object:
        """Its id."""
        return item if isinstance(item, str) else item.id

    def is_item(self, item: Line) -> bool:
        """The cursor skips the heading."""
        return not isinstance(item, str)

    def lines_of(self, item: Line, width: int) -> list[Text]:
        """Two lines."""
        if isinstance(item, str):
            return [Text(cut(item, width), no_wrap=True)]
        return [
            Text(cut(f"{item.abbreviation}  {NAMES.get(item.lang, item.lang)}", width), no_wrap=True),
            Text(cut(f"    {one_line(item.text)}", width), "dim", no_wrap=True),
        ]


class PhrasesScreen(UndoActions):
    """Enter changes one; what is thrown away can be brought back. Standard texts are made one's own."""

    SCOPE = "phrases"
    CSS_PATH = ["base.tcss", "drafts.tcss"]
    BINDINGS = bindings("phrases")
    AUTO_FOCUS = "PhraseList"

    def __init__(self) -> None:
        super().__init__()
        self._aim = ""
        """The phrase on which the cursor comes to stand next."""

    def compose_body(self) -> ComposeResult:
        """The list, below a sentence where there is none of the officer's own."""
        yield Static(id="empty")
        yield PhraseList()

    def title_text(self) -> str:
        """What this screen is."""
        return _("Phrases")

    def title_note(self) -> str:
        """That they are nowhere else."""
        return _("only on this machine")

    def reload(self, kinds: frozenset[str]) -> None:
        """Read the phrases again."""
        if kinds and "snippets" not in kinds:
            return
        found = self.store.snippets.phrases()
        standard = standard_texts.phrases(self.context.languages[:1])
        aim, self._aim = self._aim, ""
        self.query_one(PhraseList).show([*found, _("Standard texts"), *standard], at=aim or None)
        empty = self.query_one("#empty", Static)
        empty.display = not found
        text = _("There are no phrases. Write one here ({new}), and insert it in any form with {insert}.")
        empty.update(Text(text.format(new=hint("phrase.new"), insert=hint("write.insert"))))

    @property
    def phrase(self) -> Phrase | None:
        """The phrase under the cursor."""
        found = self.query(PhraseList)
        item = found.first().item if found else None
        return None if isinstance(item, str) else item

    def situation(self) -> Situation:
        """Whether there is one under the cursor, and whether one can be brought back."""
        dropped = self.store.snippets.may_bring_back("phrase")
        flags = self.undo_flags() | ({"dropped"} if dropped else set())
        return Situation(self.SCOPE, current=self.phrase is not None, undo=self.imi.undo.possible, flags=flags)

    def on_line_list_moved(self, _event: LineList.Moved) -> None:
        """The keys depend on what is under the cursor."""
        self.refresh_frame()

    async def on_line_list_opened(self, _event: LineList.Opened) -> None:
        """A second click changes it."""
        await self.action_edit()

    async def action_new(self) -> None:
        """Write a new one."""
        await self._write(None)

    async def action_edit(self) -> None:
        """Change the one under the cursor; make a standard text one's own."""
        if (phrase := self.phrase) is not None:
            own = phrase._replace(id="", abbreviation="") if standard_texts.is_standard(phrase) else phrase
            await self._write(own)

    async def _write(self, known: Phrase | None) -> None:
        def written(phrase: Phrase | None) -> None:
            if phrase is None:
                return
            before = {each.id: each for each in self.store.snippets.phrases()}
            try:
                [kept] = self.store.keep_phrases([phrase])
            except CacheError as error:
                self.say(problems.sentence(error.code), problem=True)
                return
            self._aim = kept.id
            # One that has the same abbreviation made way for it.
            now = {each.id: each for each in self.store.snippets.phrases()}
            changed = [id for id in {**before, **now} if before.get(id) != now.get(id)]
            label = pgettext("phrase", "New") if known is None else _("Change")
            self._step(label, kept, {id: before.get(id) for id in changed}, {id: now.get(id) for id in changed})

        await self.app.push_screen(routes.phrase(known, self.context.language), written)

    def _step(
        self, label: str, phrase: Phrase, before: dict[str, Phrase | None], after: dict[str, Phrase | None]
    ) -> None:
        """Remember what was done as a step that can be taken back, and say it."""

        def put(wanted: dict[str, Phrase | None]) -> None:
            self._aim = next((id for id, each in wanted.items() if each is not None), "")
            self.store.put_phrases(wanted)

        what = with_name(label, phrase.abbreviation)
        self.imi.undo.did(Change(what, (), lambda: put(before), lambda: put(after)))
        self.say(told(what))

    def action_drop(self) -> None:
        """Throw away what is under the cursor."""
        if (phrase := self.phrase) is not None and standard_texts.is_standard(phrase):
            self.say(_("A standard text stays as it is; Enter makes one of your own from it."))
        elif phrase is not None:
            self.store.drop("phrase", phrase.id)
            self._step(_("Throw away"), phrase, {phrase.id: phrase}, {phrase.id: None})

    def action_bring_back(self) -> None:
        """Undo the last throwing away, of whichever day."""
        self._aim = self.store.bring_back("phrase")


class PhraseForm(Dialogue[Phrase]):
    """Abbreviation, language and text; the result is the phrase to keep, None after Escape."""

    SCOPE = "phrase"
    CSS_PATH = ["base.tcss", "phrases.tcss"]
    BINDINGS = bindings("phrase")
    AUTO_FOCUS = "LineInput"

    def __init__(self, known: Phrase | None, lang: str) -> None:
        super().__init__()
        lang = lang if lang in NAMES else "en"
        self._known = known or Phrase("", "", lang, "")
        self._lang = self._known.lang

    def compose(self) -> ComposeResult:
        """Three fields, what may stand in the text, and room for what is wrong."""
        with Vertical(classes="dialogue"):
            with Horizontal(classes="pair"):
                yield Static(_("Abbreviation"), classes="label", markup=False)
                yield LineInput(self._known.abbreviation, id="abbreviation")
            with Horizontal(classes="pair"):
                yield Static(_("Language"), classes="label", markup=False)
                yield Choice(tuple(NAMES.items()), (self._lang,), many=False)
            yield LinesInput(self._known.text, id="text")
            names = ", ".join(f"{{{name}}}" for name in phrases.PLACEHOLDERS)
            yield Static(
                _("Filled from the case: {names}, and fields of the request such as {field}").format(
                    names=names, field="{company}"
                ),
                id="names",
                markup=False,
            )
            yield Static(_("{keep}: keep   Esc: leave it").format(keep=hint("phrase.save")), id="problem", markup=False)

    def on_choice_pressed(self, event: Choice.Pressed) -> None:
        """Another language."""
        event.stop()
        self._take(event.option)

    async def on_choice_opened(self, event: Choice.Opened) -> None:
        """Show all languages."""
        from imi_tui.widgets.picker import Picker

        event.stop()

        def chosen(option: str | None) -> None:
            if option is not None:
                self._take(option)

        await self.app.push_screen(Picker(_("Language"), event.choice.options, self._lang), chosen)

    def _take(self, lang: str) -> None:
        self._lang = lang or self._lang
        self.query_one(Choice).update_chosen((self._lang,))

    def action_keep(self) -> None:
        """Close with the phrase, or say what is wrong."""
        short, text = self.query_one("#abbreviation", LineInput).value, self.query_one("#text", LinesInput).text
        try:
            self.dismiss(phrases.checked(short, self._lang, text, self._known.id))
        except phrases.PhraseProblem as problem:
            self.query_one("#problem", Static).update(problem.text)
