"""Extending the leases of the runs that this process works on, so that a long step (a dump, a slow statement) is not
taken for a dead worker. One thread per process: most runs end before it has anything to do."""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.conf import settings
from django.db import connection

from maintenance.services import runs
from portal.kit import context
from portal.kit.context import Actor, Context

log = logging.getLogger("steward.runner")


class _Keeper:
    """The runs in hand with their fences, and the thread that extends their leases three times in each."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._held: dict[UUID, int] = {}
        self._changed = threading.Condition()
        self._every = 0.0
        threading.Thread(target=self._keep, name="leases", daemon=True).start()

    def hold(self, run_id: UUID, fence: int) -> None:
        """Extend the lease of a run from now on."""
        every = settings.JOB_LEASE.total_seconds() / 3
        with self._changed:
            self._held[run_id] = fence
            if every != self._every:  # Otherwise the thread looks in time by itself, and a short run wakes nobody.
                self._every = every
                self._changed.notify()

    def release(self, run_id: UUID, fence: int) -> None:
        """Leave a run alone from now on, unless somebody holds it with another fence by now."""
        with self._changed:
            if self._held.get(run_id) == fence:
                del self._held[run_id]

    def _keep(self) -> None:
        while True:
            with self._changed:
                while self._changed.wait(self._every or None):
                    pass  # The time between two looks has changed.
                held = list(self._held.items())
            if held:
                self._extend(held)

    def _extend(self, held: list[tuple[UUID, int]]) -> None:
        try:
            with context.use(Context(actor=Actor("system", None, "worker"), source="job", platform=True)):
                for run_id, fence in held:
                    if not runs.lease_extend(run_id=run_id, fence=fence):
                        self.release(run_id, fence)
        except Exception as error:  # noqa: BLE001 - whatever it is, this thread must go on: other runs count on it
            log.warning("Leases could not be extended (%s); tried again in a third of one.", type(error).__name__)
        finally:
            connection.close()


_lock = threading.Lock()
_keeper: _Keeper | None = None


@contextmanager
def kept(run_id: UUID, fence: int) -> Iterator[None]:
    """Keep a claimed run's lease alive for the block."""
    global _keeper  # noqa: PLW0603 - one per process: threads are not there in a fork
    with _lock:
        if _keeper is None or _keeper.pid != os.getpid():
            _keeper = _Keeper()
        keeper = _keeper
    keeper.hold(run_id, fence)
    try:
        yield
    finally:
        keeper.release(run_id, fence)
