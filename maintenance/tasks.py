"""The one Celery task, and the signs of life of a worker."""

import logging
import os
import socket
import threading
from typing import Any
from uuid import UUID

from celery import shared_task
from celery.signals import worker_ready, worker_shutting_down
from django.db import DatabaseError, connection

from maintenance import runner
from maintenance.services import heartbeats
from portal.kit import context

log = logging.getLogger("steward.worker")
_stop = threading.Event()


@shared_task(name="maintenance.run", ignore_result=True)
def run(run_id: str) -> None:
    """A run's row exists: claim it and work on it. A second message about it finds nothing to claim."""
    try:
        runner.execute(UUID(run_id))
    except (runner.DatabaseGone, DatabaseError):
        # The row keeps its lease or its place in the queue; the dispatcher announces it when the database is back.
        log.exception("The database went away during run %s; it will be taken up again.", run_id)
        connection.close()


@worker_ready.connect(weak=False)
def _start_heartbeat(**kwargs: Any) -> None:
    threading.Thread(target=_beat, name="heartbeat", daemon=True).start()


@worker_shutting_down.connect(weak=False)
def _stop_heartbeat(**kwargs: Any) -> None:
    _stop.set()


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
