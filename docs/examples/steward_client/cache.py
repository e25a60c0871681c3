"""Decisions kept for a while, under their version, until the feed of changes tells that they may be others.

Only what is allowed is kept: a refusal may end by what no version tells of, such as a thing that is registered. How
stale an answer can be is how seldom `refresh` is called; where that is too much, ask without the cache.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from docs.examples.steward_client.shapes import Change, Changes, Decision, Question

LIMIT = 100_000  # Decisions kept; beyond that all of them are dropped.


@dataclass(frozen=True, slots=True)
class Kept:
    """A decision, and until when it holds by the clock of `time.monotonic`."""

    decision: Decision
    until: float


class DecisionCache:
    """Decisions of one organisation, for any number of threads.

    `read` gives a part of the feed behind a cursor. What the feed told up to a moment says nothing about decisions that
    are asked for at that moment; so while it is read, what comes in from before is not kept.
    """

    def __init__(self, read: Callable[[str], Changes], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._read, self._monotonic = read, monotonic
        self._lock = threading.Lock()
        self._kept: dict[Question, Kept] = {}
        self._cursor = ""
        self._round = 0

    @property
    def round(self) -> int:
        """How often the feed was read; note it before asking and hand it to `keep`."""
        return self._round

    def get(self, question: Question) -> Decision | None:
        """What is kept of a question; None when it has to be asked."""
        if question.circumstances is not None:
            return None
        found = self._kept.get(question)
        return None if found is None or found.until <= self._monotonic() else found.decision

    def keep(self, question: Question, decision: Decision, asked_in: int) -> None:
        """Keep an answer, if it may be kept and the feed was not read since it was asked for."""
        if not decision.allowed or decision.keep_seconds <= 0 or question.circumstances is not None:
            return
        with self._lock:
            if asked_in != self._round or not self._cursor:
                return
            if len(self._kept) >= LIMIT:
                self._kept.clear()
            self._kept[question] = Kept(decision, self._monotonic() + decision.keep_seconds)

    def refresh(self) -> None:
        """Read the feed to its end and drop what it tells of. Call it every second or so, from one thread.

        Whatever goes wrong, nothing is kept any more: without the feed nobody knows what still holds.
        """
        try:
            more = True
            while more:
                found = self._read(self._cursor)
                with self._lock:
                    self._round += 1
                    if not self._cursor:
                        self._kept.clear()
                    for change in found.items:
                        self._drop(change)
                    self._cursor, more = found.next_cursor, found.more
        except BaseException:
            self.clear()
            raise

    def clear(self) -> None:
        """Forget everything, also where the feed was."""
        with self._lock:
            self._round += 1
            self._kept.clear()
            self._cursor = ""

    def _drop(self, change: Change) -> None:
        if change.part == "subject":
            names = {change.subject_id, *change.external_ids}
            old = [question for question in self._kept if _whose(question) in names]
        else:
            place = 0 if change.part == "installation" else 1
            old = [
                question
                for question, kept in self._kept.items()
                if int(kept.decision.version.split(".")[place]) < change.version
            ]
        for question in old:
            del self._kept[question]


def _whose(question: Question) -> str:
    return question.subject.id or question.subject.external_id
