"""How much keys are used, on its way to the database: counted in the process, written every few seconds.

A call adds to a number and pays for nothing else. There are as many numbers as keys in use, so a flood of calls is one
row more or less. What comes while the database is away waits; a killed process takes its last seconds with it, a stop
hands them on.
"""

import atexit
import logging
import os
import threading
import time
from functools import lru_cache
from multiprocessing.util import Finalize

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections

from accounts.services.key_use import Used, key_uses_add
from portal.kit import clock, context
from portal.kit.identity import Identity

INTERVAL_SECONDS = 3.0
PAUSE_SECONDS = 10.0  # After a failure, before the next try.
STOP_SECONDS = 5.0  # What a stop waits for what is just being written.
MOST = 10_000  # Keys in use in one process between two writes; more are not counted, and said to be.

log = logging.getLogger("steward.keys")
_counted: dict[tuple[object, object], Used] = {}
_counting = threading.Lock()
_flushing = threading.Lock()
_arrived = threading.Event()
_thread: threading.Thread | None = None


def _after_fork() -> None:
    global _counting, _flushing, _arrived, _thread
    _counting, _flushing, _arrived, _thread = threading.Lock(), threading.Lock(), threading.Event(), None
    _counted.clear()  # The parent hands on what it has seen.


os.register_at_fork(after_in_child=_after_fork)


def note(who: Identity, status: int) -> None:
    """Fill of the port `kit.identity.key_used`: one call more."""
    if not settings.STEWARD_KEY_USE:
        return
    now, current = clock.now(), context.current()
    slot = (who.session_id, now.date())
    with _counting:
        used = _counted.get(slot)
        if used is None:
            if len(_counted) >= MOST:
                return
            used = _counted[slot] = Used(who.session_id, now.date(), now, None)
        used.moment, used.address = now, current.address if current else None
        used.calls += 1
        used.refused += 400 <= status < 500
        used.failed += status >= 500
    if not _arrived.is_set():
        _wake()


def flush() -> bool:
    """Write what was counted; False when it could not be, and is kept. For the thread, stops and tests."""
    if not _flushing.acquire(timeout=STOP_SECONDS):
        return False
    try:
        with _counting:
            taken = dict(_counted)
            _counted.clear()
        try:
            key_uses_add(used=list(taken.values()))
        except (OperationalError, InterfaceError) as error:
            log.warning("The use of %s keys waits for the database (%s).", len(taken), type(error).__name__)
            _put_back(taken)
            return False
        except Exception:
            # Again it would fail again.
            log.exception("The use of %s keys was refused by the database and is not counted.", len(taken))
        return True
    finally:
        _flushing.release()


def _put_back(taken: dict[tuple[object, object], Used]) -> None:
    with _counting:
        for slot, used in taken.items():
            newer = _counted.setdefault(slot, used)
            if newer is not used:
                newer.calls += used.calls
                newer.refused += used.refused
                newer.failed += used.failed


def _wake() -> None:
    global _thread  # noqa: PLW0603 - one per process
    _arrived.set()
    if _thread is None or not _thread.is_alive():
        _thread = threading.Thread(target=_run, args=(_arrived,), name="key-use", daemon=True)
        _hooked(os.getpid())
        _thread.start()


@lru_cache(maxsize=8)
def _hooked(process: int) -> None:
    atexit.register(_stop, process)
    # A process of the web server is forked and ends without `atexit`, but not without these.
    Finalize(None, _stop, args=(process,), exitpriority=10)


def _stop(process: int) -> None:
    """Hand on what waits when the process ends; a child that inherited the hook of its parent has its own."""
    if process == os.getpid() and _counted:
        flush()
        connections.close_all()


def _run(arrived: threading.Event) -> None:
    pause = INTERVAL_SECONDS
    while True:
        arrived.wait()
        time.sleep(pause)  # What comes meanwhile goes along.
        arrived.clear()
        connections[DEFAULT_DB_ALIAS].close_if_unusable_or_obsolete()
        done = flush()
        pause = INTERVAL_SECONDS if done else PAUSE_SECONDS
        if not done:
            arrived.set()
