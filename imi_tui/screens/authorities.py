"""Finding an authority, offline, while typing; alone or to choose one for something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.containers import Horizontal
from textual.widgets import Static

from imi_core.authority import COUNTRIES
from imi_core.collation import sort_key
from imi_tui.actions import Situation
from imi_tui.i18n import _, ngettext
from imi_tui.names import area_name
from imi_tui.screens import routes
from imi_tui.screens.base import BaseScreen, bindings
from imi_tui.viewmodel import asking
from imi_tui.viewmodel.asking import Asking
from imi_tui.widgets.authority_list import AuthorityFinder
from imi_tui.widgets.picker import Picker

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.timer import Timer

    from imi_tui.cache.model import AuthorityHit
    from imi_tui.messages import LanguageChanged
    from imi_tui.viewmodel.asking import Found

FEW = 60
"""Authorities asked for at once; four times as many where one country is left out afterwards."""
PAUSE = 0.2
"""Seconds without a key after which the facets beside the list are counted again."""


class FinderScreen(BaseScreen["AuthorityHit"]):
    """What both screens share."""

    CSS_PATH = ["base.tcss", "authorities.tcss"]
    AUTO_FOCUS = "#words"

    def __init__(self, *, country: str = "", area: str = "", other_than: str = "") -> None:
        super().__init__()
        self._country, self._area, self._other_than = country, area, other_than
        self._total = ""
        self._asking: Asking | None = None
        self._later: Timer | None = None

    @property
    def asking(self) -> Asking:
        """What is asked."""
        if self._asking is None:
            self._asking = Asking(self.store, self.context.language, self.context.languages)
            self._asking.read()
        return self._asking

    def compose_body(self) -> ComposeResult:
        """The search, and beside it where there is room how what was found is spread."""
        here = {rules.procedure.area for rules in self.store.procedures()}
        areas = sorted(here, key=lambda area: sort_key(area_name(area), self.context.language))
        with Horizontal():
            yield AuthorityFinder(
                self._search,
                language=self.context.language,
                country=self._country,
                area=self._area,
                other_than=self._other_than,
                areas=tuple(areas),
                total=lambda: self._total,
                partial=lambda: partial_text(self.store.register_share()),
                narrowed=self.asking.line,
                topic=lambda: self.asking.topic,
            )
            yield Static(id="facets")

    def _search(self, words: str, country: str, area: str) -> Found:
        found = self.asking.find(words, country, area, FEW * (4 if self._other_than else 1) + 1)
        if self.has_class("-vast"):
            if self._later is not None:
                self._later.stop()
            self._later = self.set_timer(PAUSE, self._spread)
        return found

    def _spread(self) -> None:
        """Count the facets beside the list."""
        facets = self.asking.facets()
        if facets is None:
            return
        text = Text()
        for name in asking.FACETS:
            values = getattr(facets, name)
            if values:
                text.append(f"{_(asking.TITLES[name])}\n", "bold")
                for key, count in values[:8]:
                    text.append(f"{count:>6}  {self.asking.value_label(name, key)}\n")
                text.append("\n")
        self.query_one("#facets", Static).update(text)

    def on_mount(self) -> None:
        """Count what there is once the first results are on screen."""
        self.call_after_refresh(self._count)

    def _count(self) -> None:
        countries = sum(bool(self.store.authorities("", country=country, limit=1)) for country in COUNTRIES)
        self._total = total_text(self.store.authority_count(), countries, self.store.register_share())
        self.query_one(AuthorityFinder).find()

    def situation(self) -> Situation:
        """Whether there is an authority under the cursor, and whether the search is narrowed."""
        found = self.query(AuthorityFinder)
        current = bool(found) and found.first().hit is not None
        flags = {"current"} if current else set()
        if self._asking is not None and self._asking.line():
            flags.add("narrowed")
        return Situation(self.SCOPE, current=current, flags=frozenset(flags))

    def on_authority_finder_moved(self, _event: AuthorityFinder.Moved) -> None:
        """The keys depend on whether there is anything under the cursor."""
        self.refresh_frame()

    def reload(self, kinds: frozenset[str]) -> None:
        """Search again when the directory changed."""
        if "directory" in kinds:
            self.asking.read()
            self._count()

    def on_language_changed(self, _message: LanguageChanged) -> None:
        """Write every text again; what was typed and what it was narrowed to stay."""
        before, self._asking = self._asking, None
        if before is not None:
            self.asking.narrowed = before.narrowed
            key = before.topic.key if before.topic is not None else ""
            self.asking.topic = next((topic for topic in self.asking.topics() if topic.key == key), None)
        self._count()
        self.query_one(AuthorityFinder).write_again(self.context.language)
        self.refresh_frame()

    async def on_authority_finder_chosen(self, event: AuthorityFinder.Chosen) -> None:
        """Enter in the search."""
        await self.taken(event.hit)

    async def action_take(self) -> None:
        """Enter in the list."""
        if (hit := self.query_one(AuthorityFinder).hit) is not None:
            await self.taken(hit)

    async def taken(self, hit: AuthorityHit) -> None:
        """What Enter does; override."""

    async def action_record(self) -> None:
        """Show the record of the authority under the cursor."""
        if (hit := self.query_one(AuthorityFinder).hit) is not None:
            await self.app.push_screen(routes.authority(hit.id))

    async def action_narrow(self) -> None:
        """Choose a country, area, language or town of what was found."""

        def chosen(option: str | None) -> None:
            if option is not None:
                self.asking.narrow(option)
                self._again()

        await self.app.push_screen(Picker(_("Narrow the search to"), tuple(self.asking.options())), chosen)

    def action_widen(self) -> None:
        """Search in everything again."""
        if self.asking.widen():
            self._again()

    async def action_ask(self) -> None:
        """Choose what a question is about, then in which country."""
        # What finds a topic besides its label stands behind its key.
        topics = {
            f"{topic.key} {topic.words}": topic
            for topic in self.asking.topics()
            if not self._area or topic.area == self._area
        }
        options = tuple((id, topic.label) for id, topic in topics.items())

        async def chosen(id: str | None) -> None:
            if id is None:
                return
            self.asking.topic = topics[id]
            self._again()
            if not self._country and not self.query_one(AuthorityFinder).country:
                await self._ask_where()

        await self.app.push_screen(Picker(_("Whom to ask about"), options), chosen)

    async def _ask_where(self) -> None:
        countries = [(id, label) for id, label in self.asking.options() if id.startswith("country:")]
        everywhere = ("country:", _("All countries"))

        def chosen(option: str | None) -> None:
            if option is not None:
                self.asking.narrow(option)
                self._again()

        await self.app.push_screen(Picker(_("In which country"), (everywhere, *countries)), chosen)

    def action_remember(self) -> None:
        """Keep the authority under the cursor on top, or no longer."""
        if (hit := self.query_one(AuthorityFinder).hit) is not None:
            toggle(self, hit.id, remembered=hit.remembered)

    def _again(self) -> None:
        self.query_one(AuthorityFinder).find()
        self.refresh_frame()


def toggle(screen: BaseScreen[AuthorityHit] | BaseScreen[None], id: str, *, remembered: bool) -> None:
    """Remember an authority, or no longer, and say that no other machine knows."""
    if remembered:
        screen.store.partners.forget(id)
        screen.say(_("No longer remembered."))
    else:
        screen.store.partners.remember(id)
        screen.say(_("Remembered: it comes first from now on. Only this machine knows."))


class AuthoritiesScreen(FinderScreen):
    """Looking round: Enter opens the record, N starts a request."""

    SCOPE = "authorities"
    BINDINGS = bindings("authorities")

    def title_text(self) -> str:
        """What this screen is."""
        return _("Authorities")

    async def taken(self, hit: AuthorityHit) -> None:
        """Open the record."""
        await self.app.push_screen(routes.authority(hit.id))

    async def action_request(self) -> None:
        """Start a request to the authority under the cursor."""
        if (hit := self.query_one(AuthorityFinder).hit) is not None:
            await self.app.push_screen(routes.compose(target=hit.desk))


class ChooseAuthority(FinderScreen):
    """Choosing an authority for something; the result is the hit, None after Escape."""

    SCOPE = "choose_authority"
    BINDINGS = bindings("choose_authority")

    def title_text(self) -> str:
        """What this screen wants."""
        return _("Choose an authority")

    async def taken(self, hit: AuthorityHit) -> None:
        """Close with this authority; one without a desk in the area cannot be addressed."""
        if hit.desk:
            self.dismiss(hit)
        else:
            self.say(_("This authority has no desk in this area."), problem=True)


def partial_text(share: tuple[int, int]) -> str:
    """That the search knows only a part of the register so far; empty where it knows all."""
    here, all = share
    if here >= all:
        return ""
    return _("Only {here} of {all} countries are on this machine so far.").format(here=here, all=all)


def total_text(authorities: int, countries: int, share: tuple[int, int] = (0, 0)) -> str:
    """What this machine knows: "640 authorities of 30 countries", or how much of the register has come so far."""
    here, all = share
    if here < all:
        text = _("{authorities} authorities; {here} of {all} countries are on this machine so far")
        return text.format(authorities=authorities, here=here, all=all)
    if not authorities:
        return _("No authorities are on this machine yet; synchronise first.")
    of = ngettext("{count} country", "{count} countries", countries).format(count=countries)
    text = ngettext("{count} authority of {countries}", "{count} authorities of {countries}", authorities)
    return text.format(count=authorities, countries=of)
