"""Doing a run: claim, work in batches under the fence, stay alive, end in exactly one way."""

import logging
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import sentry_sdk
from django.db import DatabaseError, connection

from maintenance import draining, leases
from maintenance.errors import JobUnknown
from maintenance.models import JobRun
from maintenance.services import runs
from maintenance.services.runs import Claim, State
from portal.kit import clock, context, ids
from portal.kit.context import Actor, Context
from portal.kit.decision import authorise
from portal.kit.errors import StewardError
from portal.kit.jobs import Again
from portal.kit.services import writing

log = logging.getLogger("steward.runner")
BACK_OFF = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=5))
BEHIND = timedelta(seconds=15)  # Looked at again so often, unless the end of the run before wakes it up.


class FenceLost(Exception):
    """Another worker has claimed the run: whatever this one still had in hand is rolled back."""


class Drained(FenceLost):
    """The worker stops: the batch is committed, and the run is given back, to go on at its cursor somewhere else."""


class Cancelled(Exception):
    """Somebody asked the run to stop; the batch that noticed it is committed."""


class Handle:
    """What a job function works with (see `kit.registry.Run`)."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self.id: UUID = claim.run.pk
        self.args: Mapping[str, Any] = claim.run.args

    @property
    def run_id(self) -> UUID:
        """Of its row: what the work makes may name it."""
        return self._claim.run.pk

    @property
    def cursor(self) -> Any:
        """Where the work stands; committed with the batch that moved it."""
        return self._claim.run.cursor

    @cursor.setter
    def cursor(self, value: Any) -> None:
        """Move on; kept when the batch commits."""
        self._claim.run.cursor = value

    def phase(self, text: str) -> None:
        """Say what is being done now."""
        self._claim.run.phase = text[:200]

    def log(self, text: str) -> None:
        """Add a line to the run's log, with the time."""
        self._claim.run.log.append([clock.now().isoformat(timespec="seconds"), text[:500]])

    def progress(self, done: int, total: int | None) -> None:
        """Say how far it is."""
        self._claim.run.done, self._claim.run.total = done, total

    @contextmanager
    def batch(self) -> Iterator[None]:
        """One transaction: what the block writes, the cursor and the progress commit together, and only under our fence."""
        with writing():  # Behind the wall of who acts.
            yield
            state = runs.run_save_progress(claim=self._claim)
            if state is None:
                raise FenceLost
        if state == State.CANCELLING:
            raise Cancelled
        if draining.asked() and self.cursor is not None:
            raise Drained


def execute(run_id: UUID) -> None:
    """Work on a run if it can be claimed; used by the worker for every message. Never raises for a job's own failure."""
    worker = f"{socket.gethostname()}:{os.getpid()}"
    with context.use(Context(actor=Actor("system", None, "worker"), source="job", platform=True)):
        if runs.run_held(run_id=run_id):
            return
        claim = runs.run_claim(run_id=run_id, worker=worker)
    if claim is None:
        return
    run = claim.run
    with context.use(_context_of(run)), leases.kept(run.pk, claim.fence):
        try:
            _work(claim)
        except Drained:
            Handle(claim).log("Its worker stops; another one goes on from here.")
            # Where somebody cancelled it meanwhile, its lease runs out, and who claims it next ends it.
            runs.run_wait(claim=claim, wait=timedelta(0))
        except FenceLost:
            log.warning("Run %s was taken over by another worker; this one stops.", run_id)


def _work(claim: Claim) -> None:
    run, handle = claim.run, Handle(claim)
    if run.attempts > run.max_attempts:
        _given_up(claim, handle)
        return
    if run.state == State.RUNNING and runs.run_is_behind(run=run):
        handle.phase("Waits for the run before it")
        runs.run_wait(claim=claim, wait=BEHIND)
        return
    if run.attempts > 1:
        handle.log(f"Attempt {run.attempts} of {run.max_attempts}, from {'its cursor' if run.cursor else 'the start'}.")
    try:
        result = _do(claim, handle)
    except (FenceLost, DatabaseGone):
        raise
    except Again as again:
        if not runs.run_wait(claim=claim, wait=again.wait):
            _cancelled(claim, handle)
    except Cancelled:
        _cancelled(claim, handle)
    except Exception as error:  # noqa: BLE001 - whatever a job raises is its row's business, not the worker's
        _failed(claim, handle, error)
    else:
        handle.log("Done.")
        runs.run_finish(claim=claim, state=State.SUCCEEDED, result=result)


def _do(claim: Claim, handle: Handle) -> Mapping[str, Any]:
    if claim.run.state == State.CANCELLING:
        raise Cancelled
    job = runs.job_of(run=claim.run)
    # The rights of who started it, as they are now: a role lost since then stops the run before it does anything.
    authorise(context.actor(), job.permission)
    return job.function(handle)


def _given_up(claim: Claim, handle: Handle) -> None:
    handle.log(f"Given up: {claim.run.attempts - 1} attempts ended without a result.")
    runs.run_finish(
        claim=claim,
        state=State.FAILED,
        error="Its worker died on every attempt. Look at the worker's log, then retry.",
    )


def _cancelled(claim: Claim, handle: Handle) -> None:
    handle.log("Cancelled.")
    runs.run_finish(claim=claim, state=State.CANCELLED)


def _failed(claim: Claim, handle: Handle, error: Exception) -> None:
    run = claim.run
    if isinstance(error, DatabaseError) and not connection.is_usable():
        # Nothing can be written now. The lease runs out, and the run starts again at its cursor.
        connection.close()
        raise DatabaseGone from error
    error_id = ids.uuid7().hex[:20]
    told = (
        str(error.detail)
        if isinstance(error, StewardError)
        else f"{type(error).__name__}; the log has it under {error_id}."
    )
    handle.log(f"Failed: {told}")
    log.error("Run %s (%s) failed", run.pk, run.name, exc_info=error, extra={"error_id": error_id})
    sentry_sdk.capture_exception(error)
    # A typed error will not go away by itself; anything else gets its attempts, and so does a job of a newer version:
    # in the middle of an update the next worker may know it.
    lasting = isinstance(error, StewardError) and not isinstance(error, JobUnknown)
    if not lasting and run.attempts < run.max_attempts and run.state == State.RUNNING:
        wait = BACK_OFF[min(run.attempts, len(BACK_OFF)) - 1]
        handle.log(f"Trying again in {int(wait.total_seconds())} s.")
        if runs.run_requeue(claim=claim, wait=wait, error=told):
            return
    runs.run_finish(claim=claim, state=State.FAILED, error=told, error_id=error_id)


class DatabaseGone(Exception):
    """The database went away in the middle of a run."""


def _context_of(run: JobRun) -> Context:
    label = (
        run.actor_label
        if run.actor_kind != "system"
        else (f"schedule {run.schedule}" if run.schedule else run.actor_label)
    )
    # Who was let in by a key with chosen rights gets no others by having a job done.
    scopes = None if run.actor_scopes is None else frozenset(run.actor_scopes)
    return Context(
        actor=Actor(run.actor_kind, run.actor_id, label, run.organisation_id, scopes=scopes),  # type: ignore[arg-type]
        source="job",
        # Its permission was held on the installation when it names no organisation, and is asked for again at the start.
        platform=run.organisation_id is None,
        request_id=run.request_id,
        correlation_id=run.correlation_id,
    )
