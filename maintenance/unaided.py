"""A worker whose broker fails it: away, hung, full, emptied, or a connection that has gone deaf.

The queue is a table, so the worker can do without being told. It looks at the table from time to time; work that is
overdue while it has nothing to do is the one sure sign that messages do not arrive, whatever the reason. Then it claims
runs itself, one after the other, by the same claim. Slower than with a broker, but nothing waits for ever.

A consumer that leaves messages lying although it is idle will not mend by itself (celery 8030, 8091, 10205): its worker
ends, and whoever keeps it running (the supervisor, systemd) starts a new one.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import redis
from celery.worker import state
from django.conf import settings
from django.db import DatabaseError, connection
from redis.backoff import NoBackoff
from redis.retry import Retry

from maintenance import runner
from maintenance.selectors.overdue import run_overdue
from portal.kit import context

log = logging.getLogger("steward.worker")
QUEUE = "steward"
SOON = timedelta(seconds=1)  # What waits so long is taken once we know that no message comes.
DEAF_TURNS = 12  # Looks in a row at an idle worker with messages lying about; a minute with the default setting.
REDIS_SECONDS = 1.0
END_SECONDS = 10.0


class Unaided:
    """Looks after the queue of one worker process until `stop` is set. `end` ends the worker."""

    def __init__(self, stop: threading.Event, end: Callable[[], None] | None = None) -> None:
        self.stop = stop
        self.alone = False
        self._end = end or self._end_process
        self._received = 0
        self._idle_since = time.monotonic()
        self._deaf = 0

    def run(self) -> None:
        """Look every few seconds; a database that is away is waited for."""
        while not self.stop.wait(self._pause()):
            try:
                with context.system("a worker without messages"):
                    self.look()
            except (runner.DatabaseGone, DatabaseError):
                log.warning("The database does not answer; trying again.", exc_info=True)
                connection.close()
        connection.close()

    def _pause(self) -> float:
        return SOON.total_seconds() if self.alone else settings.JOB_UNAIDED.total_seconds() / 3

    def look(self) -> None:
        """One turn: work on what is overdue as long as nothing arrives."""
        received = sum(state.total_count.values())
        if state.reserved_requests or received != self._received:
            self._received, self._deaf, self._idle_since = received, 0, time.monotonic()
            if self.alone:
                log.warning("Messages arrive again.")
                self.alone = False
            return
        self._listen()
        if time.monotonic() - self._idle_since < settings.JOB_UNAIDED.total_seconds():
            return  # Just started, or just done with something: the message may be on its way.
        while not self.stop.is_set() and not state.reserved_requests:
            run_id = run_overdue(SOON if self.alone else settings.JOB_UNAIDED)
            if run_id is None:
                return
            if not self.alone:
                log.error("Run %s is overdue and no message came: this worker goes on without the broker.", run_id)
                self.alone = True
            runner.execute(run_id)

    def _listen(self) -> None:
        """Count how often messages lay about; too often means that the consumer is deaf."""
        self._deaf = self._deaf + 1 if self._lying() else 0
        if self._deaf >= DEAF_TURNS:
            log.critical("Messages lie in the broker and this worker does not take them: it ends, to be started anew.")
            self._end()

    @staticmethod
    def _lying() -> bool:
        client = redis.Redis.from_url(
            settings.REDIS_URL or "redis://127.0.0.1:1/0",
            socket_timeout=REDIS_SECONDS,
            socket_connect_timeout=REDIS_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        try:
            return bool(client.llen(QUEUE))
        except redis.RedisError:
            return False  # Away or hung: that is not the consumer's fault.
        finally:
            client.close()

    def _end_process(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        deadline = time.monotonic() + END_SECONDS
        if not self.stop.wait(max(0.0, deadline - time.monotonic())):
            os._exit(1)  # Not even that is heard. Its pool ends with it.
