"""The beat: every second it fires what is due and announces what lies about. Any number of beats may run.

Not Celery's own beat: that keeps its schedule in a file of one machine, and two of them fire everything twice.
"""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, connection

from audit.services import kept_denials_record
from maintenance import publisher
from maintenance.services import heartbeats, runs, schedules
from portal.kit import context
from portal.kit.mail.services import sending_wake

log = logging.getLogger("steward.beat")
TICK_SECONDS = 1.0


def run() -> None:
    """Run until SIGTERM or SIGINT. A database that is away is waited for."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    name = f"beat {socket.gethostname()}:{os.getpid()}"
    log.info("The beat has started.")
    seen: float | None = None  # By a clock that nobody sets: two hours back must not mean two hours of silence.
    recovered = False
    while not stop.is_set():
        with context.system("beat"):
            recovered = recovered or _guarded(kept_denials_record)
            if _guarded(tick) and (seen is None or time.monotonic() - seen >= heartbeats.EVERY.total_seconds()):
                _guarded(lambda: heartbeats.heartbeat_write(name=name, kind="beat"))
                seen = time.monotonic()
        stop.wait(TICK_SECONDS)
    with context.system("beat"):
        _guarded(lambda: heartbeats.heartbeat_remove(name=name))
    publisher.drain(2)
    log.info("The beat has stopped.")


def tick() -> None:
    """One turn: due schedules, mail that is due, then queued and orphaned runs."""
    schedules.schedules_fire(actor=context.actor())
    # No schedule of its own: a run every minute for nothing would bury the trail, and a minute is long for a mail.
    sending_wake()
    runs.runs_dispatch()


def _guarded(work: Callable[[], object]) -> bool:
    try:
        work()
    except DatabaseError:
        log.warning("The database does not answer; trying again.", exc_info=True)
        connection.close()
        return False
    return True
