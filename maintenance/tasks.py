"""The one Celery task, and what lives beside it in a worker: signs of life, and care for a broker that fails."""

import logging
import os
import socket
import threading
from typing import Any
from uuid import UUID

from celery import bootsteps, current_app, shared_task
from celery.signals import worker_shutting_down
from django.db import DatabaseError, connection

from maintenance import draining, runner
from maintenance.services import heartbeats
from maintenance.unaided import Unaided
from portal.kit import context

log = logging.getLogger("steward.worker")
JOIN_SECONDS = 15.0  # Below what the supervisor waits before it kills.
_stop = threading.Event()


@shared_task(name="maintenance.run", ignore_result=True)
def run(run_id: str) -> None:
    """A run's row exists: claim it and work on it. A second message about it finds nothing to claim."""
    connection.close_if_unusable_or_obsolete()
    try:
        runner.execute(UUID(run_id))
    except (runner.DatabaseGone, DatabaseError):
        # The row keeps its lease or its place in the queue; the dispatcher announces it when the database is back.
        log.exception("The database went away during run %s; it will be taken up again.", run_id)
        connection.close()


@worker_shutting_down.connect(weak=False)
def _drain(**kwargs: Any) -> None:
    draining.ask()
    _stop.set()


class Beside(bootsteps.StartStopStep):
    """Two threads of the worker's main process. A step and not the signal `worker_ready`, which waits for the broker:
    a worker without one lives, works and says so. After the pool, so that no thread is there when it is forked."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self.threads: list[threading.Thread] = []

    def start(self, parent: Any) -> None:
        """Begin with both."""
        for name, work in (("heartbeat", _beat), ("unaided", Unaided(_stop).run)):
            self.threads.append(threading.Thread(target=work, name=name, daemon=True))
            self.threads[-1].start()

    def stop(self, parent: Any) -> None:
        """Let them finish what they do."""
        _drain()
        for thread in self.threads:
            thread.join(JOIN_SECONDS)


current_app.steps["worker"].add(Beside)


def _beat() -> None:
    name = f"worker {socket.gethostname()}:{os.getpid()}"
    with context.system("heartbeat"):
        while True:
            try:
                heartbeats.heartbeat_write(name=name, kind="worker")
            except DatabaseError:
                connection.close()
            if _stop.wait(heartbeats.EVERY.total_seconds()):
                break
        try:
            heartbeats.heartbeat_remove(name=name)
        except DatabaseError:
            log.info("The database is gone; the heartbeat fades by itself.")
        connection.close()
