"""What every exported file bears: who took it out, when, from which server, and that it is about people."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

from imi_core.text import display
from imi_tui.i18n import _
from imi_tui.i18n.dates import local_time

if TYPE_CHECKING:
    from imi_tui.cache.store import Store

CLASSIFICATION = "personal data; purpose limited"
"""What every file is marked as, in every language alike."""


class Mark(NamedTuple):
    """Who exported, for which authority, when (with its zone) and the server the data came from ("" if unknown)."""

    officer: str
    authority: str
    at: dt.datetime
    server: str

    def line(self) -> str:
        """One sentence for the foot of a page or the end of a row."""
        text = _("Exported by {officer} ({authority}) on {when} from {server}")
        return text.format(
            officer=self.officer or "-",
            authority=self.authority or "-",
            when=stamp(self.at),
            server=self.server or "-",
        )

    def wire(self) -> dict[str, str]:
        """The same for JSON, in every language alike."""
        return {
            "exportedBy": self.officer,
            "authority": self.authority,
            "exportedAt": self.at.isoformat(timespec="seconds"),
            "server": self.server,
            "classification": CLASSIFICATION,
        }


def mark_of(store: Store, desk: str, server: str, now: dt.datetime | None = None) -> Mark:
    """The mark of the officer of this profile; `desk` "" stands for all of the officer's desks."""
    seats = [seat for seat in store.seats() if not desk or seat.desk == desk]
    names = list(dict.fromkeys(display(seat.authority_name) for seat in seats))
    officer = display(str(store.officer().get("name") or store.officer().get("id") or ""))
    at = (now or dt.datetime.now(dt.UTC)).astimezone().replace(microsecond=0)
    return Mark(officer, ", ".join(names[:3]) + (" …" if len(names) > 3 else ""), at, display(server))


def short_notice() -> str:
    """The classification in a few words."""
    return _("Personal data: only for those who need it for this procedure")


def notice(block_on: str = "") -> list[str]:
    """What whoever holds the copy has to know, a paragraph each.

    Regulation (EU) No 1024/2012, Article 14(1): blocked as a rule at most six months after the formal closure.
    """
    out = [
        _(
            "This file may hold personal data. Keep it with those who need it for this procedure, and use it for"
            " nothing else."
        ),
        _(
            "It is a copy outside the system: what is corrected, blocked or erased there stays as it is here. Your"
            " authority answers for this copy and has to delete it in time."
        ),
    ]
    if block_on:
        out.append(
            _(
                "In the system this case is blocked on {date} (Regulation (EU) No 1024/2012, Article 14); this copy"
                " should be gone by then."
            ).format(date=block_on)
        )
    else:
        out.append(
            _(
                "In the system a case is blocked at the latest six months after its formal closure, as a rule"
                " (Regulation (EU) No 1024/2012, Article 14); this copy should be gone by then."
            )
        )
    return out


def moment(iso: str) -> str:
    """A time stamp of the server as `stamp` writes it, on this machine's clock; what is none as it stands."""
    found = local_time(iso)
    return stamp(found) if found is not None else display(iso)


def stamp(at: dt.datetime) -> str:
    """A moment with its distance from UTC: 2026-03-05 14:07 +01:00."""
    zone = at.strftime("%z")
    return at.strftime("%Y-%m-%d %H:%M") + (f" {zone[:3]}:{zone[3:5]}" if zone else "")
