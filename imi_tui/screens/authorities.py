"""Finding an authority, offline, while typing; alone or to choose one for something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imi_core.authority import COUNTRIES
from imi_tui.actions import Situation
from imi_tui.i18n import _, ngettext
from imi_tui.screens import routes
from imi_tui.screens.base import BaseScreen, bindings
from imi_tui.widgets.authority_list import AuthorityFinder

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from imi_tui.cache.model import AuthorityHit

FEW = 60
"""Authorities asked for at once; four times as many where one country is left out afterwards."""


class FinderScreen(BaseScreen["AuthorityHit"]):
    """What both screens share."""

    CSS_PATH = ["base.tcss", "authorities.tcss"]
    AUTO_FOCUS = "#words"

    def __init__(self, *, country: str = "", area: str = "", other_than: str = "") -> None:
        super().__init__()
        self._country, self._area, self._other_than = country, area, other_than
        self._total = ""

    def compose_body(self) -> ComposeResult:
        """The search."""
        areas = sorted({rules.procedure.area for rules in self.store.procedures()})
        yield AuthorityFinder(
            self._search,
            language=self.context.language,
            country=self._country,
            area=self._area,
            other_than=self._other_than,
            areas=tuple(areas),
            total=lambda: self._total,
        )

    def _search(self, words: str, country: str, area: str) -> list[AuthorityHit]:
        limit = FEW * (4 if self._other_than else 1) + 1
        return self.store.authorities(words, country=country, area=area, languages=self.context.languages, limit=limit)

    def on_mount(self) -> None:
        """Count what there is once the first results are on screen."""
        self.call_after_refresh(self._count)

    def _count(self) -> None:
        countries = sum(bool(self.store.authorities("", country=country, limit=1)) for country in COUNTRIES)
        self._total = total_text(self.store.authority_count(), countries, self.store.register_share())
        self.query_one(AuthorityFinder).find()

    def situation(self) -> Situation:
        """Whether there is an authority under the cursor."""
        found = self.query(AuthorityFinder)
        current = bool(found) and found.first().hit is not None
        return Situation(self.SCOPE, current=current, flags=frozenset({"current"} if current else ()))

    def on_authority_finder_moved(self, _event: AuthorityFinder.Moved) -> None:
        """The keys depend on whether there is anything under the cursor."""
        self.refresh_frame()

    def reload(self, kinds: frozenset[str]) -> None:
        """Search again when the directory changed."""
        if "directory" in kinds:
            self._count()

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
