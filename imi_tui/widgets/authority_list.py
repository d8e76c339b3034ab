"""Finding an authority: words, country and area above, what fits below while somebody types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static

from imi_tui import names
from imi_tui.framework.closing import Leaving
from imi_tui.i18n import _
from imi_tui.i18n.joining import several
from imi_tui.matching import around, spans
from imi_tui.viewmodel.asking import Found, Topic, narrowing, reason, shown_line
from imi_tui.viewmodel.cells import cut, fit
from imi_tui.viewmodel.suspects import named
from imi_tui.widgets.choice import Choice
from imi_tui.widgets.entry import LineInput
from imi_tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from imi_tui.cache.model import AuthorityHit

SHOWN = 60
"""Authorities listed at most; one more word narrows better than more lines."""
NAME = 90
"""Cells of the column of names at most."""


def notes(hit: AuthorityHit, typed: str, topic: Topic | None, width: int) -> str:
    """What the list does not show anyway: whom the officer knows, why it fits, what it lacks."""
    parts = []
    if hit.remembered:
        parts.append(_("remembered"))
    elif hit.cases:
        # Translators: there were cases with this authority before.
        parts.append(_("past partner"))
    if text := reason(hit, topic):
        parts.append(text)
    if hit.missing:
        parts.append(_("without: {words}").format(words=", ".join(hit.missing)))
    if text := why(hit, typed, width - sum(cell_len(part) + 2 for part in parts)):
        parts.append(text)
    return several(parts)


def why(hit: AuthorityHit, typed: str, width: int) -> str:
    """Which part of the record matched, where the list does not show that part anyway."""
    match hit.why if typed.strip() else "":
        case "topic":
            # Translators: an authority was found because one of its fields of work contains what was typed.
            text = _("field of work: {matched}")
        case "description":
            text = _("description: {matched}")
        case _:
            return ""
    room = max(10, width - cell_len(text.format(matched="")))
    return text.format(matched=around(hit.matched, typed, room))


class AuthorityList(LineList["AuthorityHit"]):
    """Formal name and town, the informal title below, and why it was found; what matched is underlined."""

    DRIVEN = True

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.typed = ""
        self.topic: Topic | None = None

    def key_of(self, item: AuthorityHit) -> object:
        """Its id."""
        return item.id

    def lines_of(self, item: AuthorityHit, width: int) -> list[Text]:
        """Two lines, three where the match is in neither."""
        town = cut(item.town, max(8, width // 4))
        # On a wide terminal the town stays near the name it belongs to.
        room = min(NAME, width - 4 - (cell_len(town) + 2 if town else 0))
        first = f"{item.country:<2}  {fit(named(item.name), max(8, room))}  {town}".rstrip()
        lines = [self._marked(first, 4)]
        text = notes(item, self.typed, self.topic, width - 6)
        title, note = item.title, f"({text})" if text else ""
        if title and note and cell_len(title) + cell_len(note) + 6 <= width:
            title, note = f"{title}  {note}", ""
        lines += [self._marked("    " + cut(line, width - 4), 4) for line in (title, note) if line]
        return lines

    def _marked(self, line: str, start: int) -> Text:
        text = Text(line, no_wrap=True)
        for begin, end in spans(line, self.typed):
            if begin >= start:
                text.stylize("underline bold", begin, end)
        return text


class AuthorityFinder(Leaving, Vertical):
    """The whole search. `search(words, country, area)` finds; a country or area given from outside stays.

    `narrowed` says in words what else narrows the search, `topic` what it is about, `partial` that not all countries
    are here.
    """

    DEFAULT_CSS = """
    AuthorityFinder { height: 1fr; }
    AuthorityFinder .asked { height: 1; }
    AuthorityFinder .asked > Static { width: auto; padding: 0 1; }
    AuthorityFinder .asked > Choice { width: 1fr; }
    AuthorityFinder #words { width: 1fr; }
    AuthorityFinder #narrowed { width: 100%; height: auto; max-height: 2; padding: 0 1; text-style: bold; }
    AuthorityFinder #found { width: 100%; height: auto; max-height: 2; padding: 0 1; text-style: dim; }
    """

    BINDINGS: ClassVar = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]

    @dataclass
    class Chosen(Message):
        """Enter or a second click on an authority."""

        finder: AuthorityFinder
        hit: AuthorityHit

    @dataclass
    class Moved(Message):
        """Another authority, or none, is under the cursor."""

        finder: AuthorityFinder

    def __init__(
        self,
        search: Callable[[str, str, str], Found],
        *,
        language: str,
        country: str = "",
        area: str = "",
        other_than: str = "",
        areas: tuple[str, ...] = (),
        total: Callable[[], str] = str,
        partial: Callable[[], str] = str,
        narrowed: Callable[[], str] = str,
        topic: Callable[[], Topic | None] = lambda: None,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._search, self._total, self._language = search, total, language
        self._partial, self._narrowed, self._topic = partial, narrowed, topic
        self.country, self.area, self.other_than, self._areas = country, area, other_than, areas
        self._country_fixed, self._area_fixed = bool(country), bool(area)

    def compose(self) -> ComposeResult:
        """Words; country and area where they are free; what was found."""
        with Horizontal(classes="asked"):
            yield Static(classes="find")
            yield LineInput(id="words")
        with Horizontal(classes="asked"):
            yield Static(classes="country")
            yield Static(classes="fixed country") if self._country_fixed else Choice((), (), many=False, id="country")
            yield Static(classes="area")
            yield Static(classes="fixed area") if self._area_fixed else Choice((), (), many=False, id="area")
        yield Static(id="narrowed")
        yield AuthorityList(id="hits")
        yield Static(id="found")

    def on_mount(self) -> None:
        """Everything there is, by name."""
        self.write_again(self._language)

    def write_again(self, language: str) -> None:
        """Every text in another language; words, country, area and the cursor stay."""
        self._language = language
        countries = tuple(pair for pair in names.countries(language) if pair[0] != self.other_than)
        areas = tuple((area, names.area_name(area)) for area in self._areas)
        self._put(".find", _("Find"))
        self._put(".country", _("Country"))
        self._put(".area", _("Area"))
        if self._country_fixed:
            self._put(".country.fixed", names.country_name(self.country, language))
        else:
            self.query_one("#country", Choice).offer((("", _("All countries")), *countries), (self.country,))
        if self._area_fixed:
            self._put(".area.fixed", names.area_name(self.area))
        else:
            self.query_one("#area", Choice).offer((("", _("All areas")), *areas), (self.area,))
        self.find()

    def _put(self, where: str, text: str) -> None:
        self.query(where).first(Static).update(Text(text))

    @property
    def hit(self) -> AuthorityHit | None:
        """The authority under the cursor."""
        return self.query_one(AuthorityList).item

    def find(self) -> None:
        """Search again and show what was found."""
        typed = self.query_one("#words", LineInput).value
        answer = self._search(typed, self.country, self.area)
        hits = answer.hits
        if self.other_than:
            # One country's hits may fill a page on their own, so that one is left out after a larger search.
            hits = [hit for hit in hits if hit.country != self.other_than]
        found = self.query_one(AuthorityList)
        found.typed, found.topic = narrowing(typed)[0], self._topic()
        found.show(hits[:SHOWN], at=hits[0].id if hits and typed else None)
        narrowed = self._narrowed()
        line = self.query_one("#narrowed", Static)
        line.display = bool(narrowed)
        line.update(Text(narrowed))
        if not hits:
            note = _("Nothing found. Try fewer letters, another country or another word for what it does.")
        elif typed.strip() or narrowed:
            if self.other_than:
                answer = answer._replace(total=max(len(hits), SHOWN + 1) if len(hits) > SHOWN else len(hits))
            note = shown_line(answer, SHOWN)
        else:
            note = self._total()
        if (typed.strip() or narrowed) and (partial := self._partial()):
            note = f"{note} {partial}"
        self.query_one("#found", Static).update(Text(note))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search while typing."""
        event.stop()
        self.find()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter takes the authority under the cursor."""
        event.stop()
        self.take()

    def on_line_list_opened(self, event: LineList.Opened) -> None:
        """A second click."""
        event.stop()
        self.take()

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        """Textual ends a message at the widget whose doing it was, so it is sent on."""
        event.stop()
        self.post_message(self.Moved(self))

    def take(self) -> None:
        """Tell the screen which authority was chosen."""
        if (hit := self.hit) is not None:
            self.post_message(self.Chosen(self, hit))

    def on_choice_pressed(self, event: Choice.Pressed) -> None:
        """Another country or area."""
        event.stop()
        self._set(event.choice, event.option)

    async def on_choice_opened(self, event: Choice.Opened) -> None:
        """All countries or areas."""
        from imi_tui.widgets.picker import Picker

        event.stop()
        choice = event.choice

        def chosen(option: str | None) -> None:
            if option is not None:
                self._set(choice, option)

        title = _("Country") if choice.id == "country" else _("Area")
        await self.app.push_screen(Picker(title, choice.options, next(iter(choice.chosen), "")), chosen)

    def _set(self, choice: Choice, option: str) -> None:
        choice.update_chosen((option,))
        if choice.id == "country":
            self.country = option
        else:
            self.area = option
        self.find()

    def action_move(self, step: int) -> None:
        """Move in the list while the typing goes on."""
        self.query_one(AuthorityList).action_move(step)

    def action_page(self, step: int) -> None:
        """Page in the list while the typing goes on."""
        self.query_one(AuthorityList).action_page(step)
