"""The very first request of a cache: the session, the lists and what they need to be read, all in one stream.

A new officer on a slow line waits for one turn and a screenful of rows, not for three turns. Wherever this does not
work (no streams on this line, a server that does not know the method), the session is asked for by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imi_core.jmap import DIRECTORY
from imi_tui.sync import reading
from imi_tui.sync.errors import ReplyTooLarge, ServerMistake, StreamRefused
from imi_tui.sync.register import Register
from imi_tui.sync.taking import found

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imi_tui.cache.sync import SyncStore
    from imi_tui.sync.reading import Answer
    from imi_tui.sync.run import Asking, Run
    from imi_tui.sync.sessions import Sessions
    from imi_tui.sync.taking import Taking


class Opening:
    """Reads the first stream of one engine."""

    def __init__(
        self, store: SyncStore, asking: Asking, sessions: Sessions, taking: Taking, languages: Sequence[str]
    ) -> None:
        self._store = store
        self._asking = asking
        self._sessions = sessions
        self._taking = taking
        self._languages = languages

    def read(self, run: Run, urgent: Callable[[], bool]) -> list[str] | None:
        """The accounts that are not done; None where all of it is to be asked for in the ordinary way.

        Records are taken over in their order, and none before the session. Ends early when something is `urgent`.
        Raises `SyncError`.
        """
        register = Register(self._store, self._asking.ask, self._languages)
        lists = {"states": None, "maxChanges": run.page, "fetch": "heads", "joined": True}
        # Procedures before the rows: a row whose procedure is not here could be shown and not be acted on.
        calls = [["Session/get", {}, "n"], *register.calls(), ["Desk/sync", lists, "s"]]
        beginning: dict[str, Answer] = {}
        left: list[str] | None = None
        try:
            for answers in self._asking.records(calls):
                self._asking.count()
                if left is None:
                    left = self._session(run, answers)
                    if left is None:
                        return None
                elif "s" in answers:
                    again = self._page(run, answers["s"], left)
                    if again is None:
                        return left
                    left = again
                    if urgent():
                        return left
                else:
                    beginning |= answers
                    if len(beginning) == len(register.calls()):
                        register.take(beginning)
                        left = [each for each in left if each != DIRECTORY]
        except StreamRefused:
            return None
        except ReplyTooLarge:
            return self._taking.smaller(run, left or [])
        finally:
            self._taking.keep()
        return left

    def _session(self, run: Run, answers: dict[str, Answer]) -> list[str] | None:
        """Take over the session in the first record; None where the server does not give it so."""
        answer = answers.get("n")
        if answer is None:
            raise ServerMistake("a stream that does not begin with the session")
        if answer.error == "unknownMethod":
            return None
        if answer.error:
            raise answer.failed()

        def given() -> dict[str, Any]:
            return answer.arguments

        self._sessions.adopt(run, given)
        return list(self._sessions.held.accounts)

    def _page(self, run: Run, sync: Answer, left: list[str]) -> list[str] | None:
        """Take over a page of a desk; the accounts that are then left, None where the stream is of no more use."""
        if sync.error == "requestTooLarge":
            return None
        changed, failed = found(sync)
        account = next(iter([*changed, *failed]), "")
        if account not in left or account == DIRECTORY:
            raise ServerMistake("a record of an account that was not asked for")
        if account in failed:
            return None
        changes = reading.changes(changed[account])
        session, since = self._sessions.current, self._taking.at(account) or self._sessions.held.accounts[account][0]
        again = self._taking.record(run, account, since, changes, whole=False)
        if self._sessions.current is not session or self._taking.at(account) != changes.new_state:
            return None
        return [each for each in left if each != account] + again
