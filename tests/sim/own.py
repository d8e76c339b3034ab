"""What officers do at their own desk in a history: who looks after a case, and translations of what was written."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from imi_core.errors import ActionRefused, AnswersRefused, UnknownProcedure
from imi_tui.cache.errors import (
    AlreadyAttempted,
    DiskFull,
    FileRefused,
    LaterEntries,
    NoSuchCase,
    NoSuchSeat,
)
from imi_tui.cache.ids import ASSIGN
from imi_tui.cache.model import Wish
from imi_tui.cache.outbox.draft import Draft, own_translation
from tests.sim.truth import Truth
from tests.sim.world import Machine

Refused = (
    ActionRefused,
    AnswersRefused,
    AlreadyAttempted,
    LaterEntries,
    NoSuchCase,
    NoSuchSeat,
    UnknownProcedure,
    DiskFull,
    FileRefused,
)


class AtTheDesk(Truth):
    """Steps of a history that no other desk hears of."""

    numbers: Iterator[int]

    def _interruptible(self, who: str, work: Callable[[], None]) -> None:
        """Something the officer does: it counts when it came back; a refusal or a full disk changes nothing."""
        try:
            work()
        except Refused as error:
            self.counted[type(error).__name__] += 1

    def _assign(self, who: str, machine: Machine, number: int) -> None:
        """Give a case to oneself, a colleague or nobody."""
        rows = machine.open().window("all", "reference", limit=40)
        if not rows:
            return
        row = rows[number % len(rows)]
        known = [each.id for each in machine.open().handlers.of(row.desk)]
        to = ["", *known][number // 7 % (len(known) + 1)]
        draft = Draft(
            id="",
            desk=row.desk,
            procedure="",
            action=ASSIGN,
            case_id=row.id,
            target=to,
            based_on=-1 if number % 3 else 0,
        )
        self._interruptible(who, lambda: self._remember(who, machine.open().queue(draft), ""))

    def _translate(self, who: str, machine: Machine, number: int) -> None:
        """Write a translation of one's own for the desk."""
        if found := self._text_of(machine, number):
            desk, id, entry, part = found
            mark = f"words{next(self.numbers)}"
            draft = own_translation(f"draft-{mark}", (desk, id), (entry, part, ""), mark, "de")
            self._interruptible(who, lambda: self._remember(who, machine.open().queue(draft), mark))

    def _have_translated(self, who: str, machine: Machine, number: int) -> None:
        """Ask the server's service, or look whether somebody did."""
        if found := self._text_of(machine, number):
            desk, id, entry, _part = found
            if number % 2:
                self._interruptible(who, lambda: machine.open().translations.ask([Wish(desk, id, entry, "", "de")]))
            else:
                self._interruptible(who, lambda: self._look(machine, desk, id))

    def _look(self, machine: Machine, desk: str, id: str) -> None:
        detail = machine.open().case(desk, id)
        assert detail is not None
        machine.open().translations.look(desk, id, int(detail.case.get("translations", 0)))

    def _text_of(self, machine: Machine, number: int) -> tuple[str, str, str, str] | None:
        """(desk, case, entry, part) of one of the texts here that can be translated."""
        rows = machine.open().window("all", "reference", limit=40)
        detail = machine.open().case(rows[number % len(rows)].desk, rows[number % len(rows)].id) if rows else None
        out = []
        for entry in detail.entries if detail is not None else ():
            part = "text" if entry.get("text") else "justification"
            written = entry.get("text") or (entry.get("answers") or {}).get(part)
            if entry.get("id") and written and entry.get("clientRef") not in detail.pending:
                out.append((detail.desk, detail.id, str(entry["id"]), part))
        return out[number // 7 % len(out)] if out else None

    def _service(self, who: str, machine: Machine, number: int) -> None:
        """The translation service takes what waits for it; now and then it cannot."""
        translations = self.server.store.translations
        while (job := translations.next()) is not None:
            if number % 4:
                translations.done(job.id, {part: f"[{job.lang}] {text}" for part, text in job.texts.items()}, "en")
            else:
                translations.failed(job.id, "unreachable", again=number % 8 == 0)
