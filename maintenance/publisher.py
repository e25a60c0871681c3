"""Telling the broker that a run exists, off the request path.

A hung or absent Redis must not hold up a page: a thread of this process publishes, and whatever it cannot deliver is
dropped here, because the dispatcher announces every row that stays queued.
"""

import logging
import os
import queue
import threading
from uuid import UUID

from celery import current_app

log = logging.getLogger("steward.publisher")
TASK = "maintenance.run"
_WAITING = 1000  # More than that only waits for the dispatcher.
_queue: queue.Queue[UUID] = queue.Queue(_WAITING)
_started_in = 0
_lock = threading.Lock()


def announce(run_id: UUID) -> None:
    """Have the run's id published soon; returns at once and never fails."""
    _ensure_thread()
    try:
        _queue.put_nowait(run_id)
    except queue.Full:
        log.warning("The broker is slow; the dispatcher will announce run %s.", run_id)


def drain(timeout: float) -> None:
    """Wait until everything announced was handed to the broker or given up, at most `timeout` seconds."""
    waiter = threading.Thread(target=_queue.join, daemon=True)
    waiter.start()
    waiter.join(timeout)


def _ensure_thread() -> None:
    global _started_in, _queue
    with _lock:
        if _started_in != os.getpid():
            _started_in, _queue = os.getpid(), queue.Queue(_WAITING)
            threading.Thread(target=_publish_for_ever, args=(_queue,), name="publisher", daemon=True).start()


def _publish_for_ever(waiting: "queue.Queue[UUID]") -> None:
    while True:
        run_id = waiting.get()
        try:
            current_app.send_task(TASK, args=[str(run_id)], ignore_result=True)
        except Exception as error:  # noqa: BLE001 - whatever it is, this thread must go on, and the dispatcher makes up for it
            log.warning("Run %s could not be announced (%s); the dispatcher will.", run_id, type(error).__name__)
        finally:
            waiting.task_done()
