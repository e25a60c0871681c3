"""Asking for facts that may be slow, hidden or away: bounded in time, kept for a few seconds, never raising.

What asks the database runs in the open transaction, in a savepoint with timeouts. What asks a disk or another server
runs in a thread that is given up on: a folder of a dead file server hangs whoever looks at it, and cannot be interrupted.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar, cast

from django.db import DatabaseError, InterfaceError, connection, transaction

T = TypeVar("T")
log = logging.getLogger("steward.system")
SECONDS = 2.0  # How long one panel may take.
KEEP_SECONDS = 5.0
_TIMEOUTS = "SELECT set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true)"
Problem = Literal["", "slow", "hidden", "away"]


@dataclass(frozen=True)
class Answer(Generic[T]):
    """What was found, or why not: `slow` (no answer in time), `hidden` (not for this login), `away` (it failed)."""

    value: T | None
    problem: Problem = ""
    detail: str = ""


class NoAnswer(Exception):
    """A reader in a thread was given up on."""


_kept: dict[str, tuple[float, Answer[Any]]] = {}
_hanging: dict[str, threading.Thread] = {}
_lock = threading.Lock()


def forget_everything() -> None:
    """Ask anew next time; between tests."""
    with _lock:
        _kept.clear()


def ask_database(name: str, read: Callable[[], T], *, keep: float = KEEP_SECONDS) -> Answer[T]:
    """What `read` finds in the database within two seconds; the same answer for `keep` seconds."""
    return _remembered(name, keep, lambda: _in_savepoint(read))


def ask_aside(name: str, read: Callable[[], T], *, keep: float = KEEP_SECONDS) -> Answer[T]:
    """What `read` finds outside the database within two seconds; the same answer for `keep` seconds."""
    return _remembered(name, keep, lambda: _in_thread(name, read))


def _remembered(name: str, keep: float, answer: Callable[[], Answer[T]]) -> Answer[T]:
    now = time.monotonic()
    with _lock:
        known = _kept.get(name)
    if known is not None and known[0] > now:
        return known[1]
    found = answer()
    with _lock:
        _kept[name] = (time.monotonic() + keep, found)
    return found


def _in_savepoint(read: Callable[[], T]) -> Answer[T]:
    limit = str(int(SECONDS * 1000))
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
            before = cursor.fetchone()
            cursor.execute(_TIMEOUTS, [limit, limit])
            value = read()
            cursor.execute(_TIMEOUTS, list(before))
        return Answer(value)
    except (DatabaseError, InterfaceError) as error:
        return _failed(error)


def _failed(error: Exception) -> Answer[Any]:
    state = getattr(error.__cause__, "sqlstate", None)
    if state in {"57014", "55P03"}:  # query_canceled, lock_not_available
        return Answer(None, "slow")
    if state == "42501":  # insufficient_privilege
        return Answer(None, "hidden")
    log.warning("A fact of the system page could not be read", exc_info=error)
    return Answer(None, "away", type(error).__name__)


def _in_thread(name: str, read: Callable[[], T]) -> Answer[T]:
    still = _hanging.get(name)
    if still is not None and still.is_alive():
        return Answer(None, "slow")  # One thread hangs there; a second would join it.
    box: list[Answer[Any]] = []

    def work() -> None:
        try:
            box.append(Answer(read()))
        except Exception as error:  # noqa: BLE001 - whatever a disk or server raises is the finding
            box.append(Answer(None, "away", _sentence(error)))

    thread = threading.Thread(target=work, name=f"system {name}", daemon=True)
    thread.start()
    thread.join(SECONDS)
    if not box:
        _hanging[name] = thread
        return Answer(None, "slow")
    return cast(Answer[T], box[0])


def _sentence(error: Exception) -> str:
    # Never the error's own text: a driver may put an address with its password there.
    return type(error).__name__ if not isinstance(error, OSError) else (error.strerror or type(error).__name__)
