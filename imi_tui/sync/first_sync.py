"""The first request for an empty cache: session, lists and procedures in one stream.

On a slow line a new officer waits for one round trip instead of three. If that is not possible (no streams on this
line, a server without the method), the session is requested on its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imi_core.jmap import DIRECTORY
from imi_tui.sync import reading
from imi_tui.sync.change_applier import found
from imi_tui.sync.errors import ReplyTooLarge, ServerMistake, StreamRefused
from imi_tui.sync.register import Register

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imi_tui.cache.sync import SyncStore
    from imi_tui.sync.change_applier import ChangeApplier
    from imi_tui.sync.reading import Answer
    from imi_tui.sync.run import Requests, Run
    from imi_tui.sync.sessions import Sessions


class FirstSync:
    """Reads the first stream for one engine."""

    def __init__(
        self, store: SyncStore, requests: Requests, sessions: Sessions, applier: ChangeApplier, languages: Sequence[str]
    ) -> None:
        self._store = store
        self._requests = requests
        self._sessions = sessions
        self._applier = applier
        self._languages = languages

    def read(self, run: Run, urgent: Callable[[], bool]) -> list[str] | None:
        """Returns the accounts that are not done; None if everything has to be requested in the ordinary way.

        Records are applied in order, none before the session. Ends early when something is `urgent`. Raises
        `SyncError`.
        """
        register = Register(self._store, self._requests.ask, self._languages)
        lists = {"states": None, "maxChanges": run.page, "fetch": "heads", "joined": True}
        # Procedures before the rows: a row whose procedure is not here could be shown and not be acted on.
        calls = [["Session/get", {}, "n"], *register.calls(), ["Desk/sync", lists, "s"]]
        beginning: dict[str, Answer] = {}
        left: list[str] | None = None
        try:
            for answers in self._requests.records(calls):
                self._requests.count()
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
            return self._applier.smaller(run, left or [])
        finally:
            self._applier.keep()
        return left

    def _session(self, run: Run, answers: dict[str, Answer]) -> list[str] | None:
        """Apply the session in the first record; None if the server does not support that."""
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
        """Apply a page of a desk. Returns the remaining accounts, None if the rest of the stream cannot be used."""
        if sync.error == "requestTooLarge":
            return None
        changed, failed = found(sync)
        account = next(iter([*changed, *failed]), "")
        if account not in left or account == DIRECTORY:
            raise ServerMistake("a record of an account that was not asked for")
        if account in failed:
            return None
        changes = reading.changes(changed[account])
        session, since = self._sessions.current, self._applier.at(account) or self._sessions.held.accounts[account][0]
        again = self._applier.record(run, account, since, changes, whole=False)
        if self._sessions.current is not session or self._applier.at(account) != changes.new_state:
            return None
        return [each for each in left if each != account] + again
