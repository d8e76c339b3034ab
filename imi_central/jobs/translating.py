"""A thread that takes what waits for the translation service and keeps what comes back.

Any number of processes may run one: the store gives a job to one of them at a time.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from imi_central.jobs.translator import NoTranslation, Translator
from imi_central.store import Unavailable

if TYPE_CHECKING:
    from imi_central.store import Store

log = logging.getLogger("imi_central.translating")

PAUSE = 5.0
"""Seconds after which a thread looks whether another process was asked something, or a service is to be asked again."""


class Worker:
    """Runs until it is stopped. What it is at then is taken up by the next one."""

    def __init__(self, store: Store, translator: Translator, *, pause: float = PAUSE) -> None:
        self._store, self._translator, self._pause = store, translator, pause
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="imi-translating", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        """End; a service that hangs is not waited for."""
        self._stopping.set()
        self._store.translations.wake.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        wake = self._store.translations.wake
        try:
            while not self._stopping.is_set():
                wake.clear()
                try:
                    while not self._stopping.is_set() and self.step():
                        pass
                except Unavailable as error:
                    log.warning("translating waits for the database: %s", type(error).__name__)
                except Exception as error:  # noqa: BLE001 - the top of the thread
                    # Without its text, which may hold what was to be translated; its lease gives the job back.
                    log.error("translating: %s", type(error).__name__)
                wake.wait(self._pause)
        finally:
            self._translator.close()

    def step(self) -> bool:
        """Do one job; whether there was one. Raises `Unavailable`."""
        translations = self._store.translations
        job = translations.next()
        if job is None:
            return False
        try:
            texts, source = self._translator.translate(job.texts, job.source, job.lang)
        except NoTranslation as error:
            log.warning("no translation: %s", error.reason)
            translations.failed(job.id, error.reason, again=error.again)
        else:
            translations.done(job.id, texts, source)
        return True
