"""The run row: queued, claimed, kept alive, finished. The row is the truth; the broker only wakes a worker up."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _

from maintenance import publisher
from maintenance.errors import NotRetryable, NotRunning
from maintenance.models import JobRun
from portal.kit import clock, context, errors, notices, registry
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.record import Outcome, record
from portal.kit.services import writing

log = logging.getLogger("steward.runs")
LOG_LINES = 500  # A run keeps its newest lines; a chatty job must not grow its row without end.
ANNOUNCE_LIMIT = 500  # Rows that one tick of the dispatcher announces.
State = JobRun.State
ENDED = {
    State.SUCCEEDED: "maintenance.run.succeeded",
    State.FAILED: "maintenance.run.failed",
    State.CANCELLED: "maintenance.run.cancelled",
}


@dataclass(frozen=True)
class Claim:
    """The right to work on a run, until somebody claims it with a higher fence."""

    run: JobRun
    fence: int


def run_enqueue(
    name: str,
    *,
    actor: Actor,
    args: Mapping[str, Any] | None = None,
    key: str | None = None,
    run_at: datetime | None = None,
    schedule: str = "",
    slot: datetime | None = None,
) -> UUID:
    """Fill of the port `kit.jobs.enqueue`; `schedule` and `slot` are the dispatcher's. Event `maintenance.run.queued`."""
    job = registry.jobs.get(name)
    authorise(actor, job.permission)
    now = clock.now()
    current = context.current()
    with writing():
        if key is not None and (existing := _live_with(name, key)) is not None:
            return existing
        run = JobRun(
            name=name,
            args=dict(args or {}),
            key=key,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_label=actor.label,
            organisation_id=actor.organisation_id,
            request_id=current.request_id if current else "",
            correlation_id=current.correlation_id if current else "",
            run_at=run_at or now,
            queued_at=now,
            max_attempts=job.max_attempts,
            schedule=schedule,
            slot=slot,
        )
        try:
            with transaction.atomic():
                run.save(force_insert=True)
        except IntegrityError:
            # Two askers with one key at once: the other one's run serves both. A taken slot is the caller's affair.
            if key is not None and (existing := _live_with(name, key)) is not None:
                return existing
            raise
        record("maintenance.run.queued", target=run)
        if run.run_at <= now:
            transaction.on_commit(lambda: publisher.announce(run.pk))
    return run.pk


def _live_with(name: str, key: str) -> UUID | None:
    return JobRun.objects.filter(name=name, key=key, state__in=JobRun.LIVE).values_list("pk", flat=True).first()


_CLAIM = """
UPDATE maintenance_job_run SET
    state = CASE WHEN state = 'cancelling' THEN state ELSE 'running' END,
    fence = fence + 1, attempts = attempts + 1, worker = %(worker)s,
    started_at = coalesce(started_at, %(now)s), lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
WHERE id = %(id)s AND ((state = 'queued' AND run_at <= %(now)s)
    OR (state IN ('running', 'cancelling') AND lease_until < clock_timestamp()))
RETURNING fence
"""


def run_claim(*, run_id: UUID, worker: str) -> Claim | None:
    """Take a queued run, or one whose worker fell silent; None when somebody else has it or it is finished.

    One statement, so of many messages about one run exactly one claims it.
    """
    with writing(), connection.cursor() as cursor:
        cursor.execute(
            _CLAIM, {"id": run_id, "worker": worker, "now": clock.now(), "lease": settings.JOB_LEASE.total_seconds()}
        )
        row = cursor.fetchone()
        return Claim(JobRun.objects.get(pk=run_id), int(row[0])) if row else None


def lease_extend(*, run_id: UUID, fence: int) -> bool:
    """Say that the worker is alive; False when the run is no longer its own."""
    with writing(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE maintenance_job_run SET lease_until = clock_timestamp() + make_interval(secs => %s) "
            "WHERE id = %s AND fence = %s AND state IN ('running', 'cancelling')",
            [settings.JOB_LEASE.total_seconds(), run_id, fence],
        )
        return bool(cursor.rowcount)


def run_save_progress(*, claim: Claim) -> str | None:
    """Keep phase, progress, cursor and log of the run inside the batch's transaction; its state, or None if the fence is lost.

    The update holds the row until the batch commits, so a successor cannot claim it in between.
    """
    run = claim.run
    with writing():
        updated = JobRun.objects.filter(
            pk=run.pk, fence=claim.fence, state__in=[State.RUNNING, State.CANCELLING]
        ).update(
            phase=run.phase,
            done=run.done,
            total=run.total,
            cursor=run.cursor,
            log=run.log[-LOG_LINES:],
            lease_until=Now() + settings.JOB_LEASE,
        )
        return JobRun.objects.values_list("state", flat=True).get(pk=run.pk) if updated else None


def run_finish(
    *, claim: Claim, state: JobRun.State, result: Mapping[str, Any] | None = None, error: str = "", error_id: str = ""
) -> bool:
    """End a run that is still our own. Event `maintenance.run.succeeded|failed|cancelled`; False when the fence is lost."""
    run = claim.run
    with writing():
        updated = JobRun.objects.filter(
            pk=run.pk, fence=claim.fence, state__in=[State.RUNNING, State.CANCELLING]
        ).update(
            state=state,
            finished_at=clock.now(),
            lease_until=None,
            phase=run.phase,
            done=run.done,
            total=run.total,
            log=run.log[-LOG_LINES:],
            result=dict(result) if result is not None else None,
            error=error[:2000],
            error_id=error_id,
        )
        if updated:
            outcome: Outcome = "failed" if state == State.FAILED else "ok"
            record(
                ENDED[state],
                target=run,
                outcome=outcome,
                data={"attempts": run.attempts, "done": run.done},
            )
            _tell_starter(run, state, error)
    return bool(updated)


def _tell_starter(run: JobRun, state: JobRun.State, error: str) -> None:
    """Behind the bell of the person who started it; who cancelled a run knows, and schedules have no bell."""
    if run.actor_kind != "person" or run.actor_id is None or state == State.CANCELLED:
        return
    from maintenance.presenters.runs import title_of

    failed = state == State.FAILED
    notices.tell(
        [run.actor_id],
        category="job",
        tone="bad" if failed else "ok",
        title=(_("“%(job)s” failed") if failed else _("“%(job)s” finished")) % {"job": title_of(run)},
        text=error,
        url=reverse("maintenance:job", args=[run.pk]),
    )


def run_requeue(*, claim: Claim, wait: timedelta, error: str) -> bool:
    """Give a run back after a failure that may pass; it starts again where its cursor stands."""
    run = claim.run
    with writing():
        updated = JobRun.objects.filter(pk=run.pk, fence=claim.fence, state=State.RUNNING).update(
            state=State.QUEUED,
            run_at=clock.now() + wait,
            queued_at=clock.now(),
            published_at=None,
            lease_until=None,
            error=error[:2000],
            log=run.log[-LOG_LINES:],
        )
    return bool(updated)


def run_cancel(*, actor: Actor, run: JobRun) -> JobRun:
    """Ask a run to stop: a queued one ends at once, a running one at its next batch. Event `maintenance.run.cancelled`
    when it has ended. `NotRunning` when it is finished."""
    authorise(actor, "job:admin", run)
    with writing():
        run = JobRun.objects.select_for_update().get(pk=run.pk)
        if run.state == State.QUEUED:
            run.state, run.finished_at = State.CANCELLED, clock.now()
            run.save(update_fields=["state", "finished_at"])
            record("maintenance.run.cancelled", target=run)
        elif run.state == State.RUNNING:
            run.state = State.CANCELLING
            run.save(update_fields=["state"])
        elif run.state != State.CANCELLING:
            raise NotRunning
    return run


def run_retry(*, actor: Actor, run: JobRun) -> JobRun:
    """Queue a failed or cancelled run again, from its cursor, with fresh attempts. Event `maintenance.run.retried`."""
    authorise(actor, "job:admin", run)
    authorise(actor, registry.jobs.get(run.name).permission)
    with writing():
        run = JobRun.objects.select_for_update().get(pk=run.pk)
        if run.state not in {State.FAILED, State.CANCELLED}:
            raise NotRetryable
        if run.key is not None and _live_with(run.name, run.key) is not None:
            raise errors.Conflict("Another run of the same work is queued or running; watch that one.")
        now = clock.now()
        changes = {"state": (run.state, State.QUEUED)}
        run.state, run.finished_at, run.error, run.error_id = State.QUEUED, None, "", ""
        run.run_at = run.queued_at = now
        run.published_at, run.attempts, run.result = None, 0, None
        run.save()
        record("maintenance.run.retried", target=run, changes=changes)
        transaction.on_commit(lambda: publisher.announce(run.pk))
    return run


_ANNOUNCE = """
UPDATE maintenance_job_run SET published_at = %(now)s WHERE id IN (
    SELECT id FROM maintenance_job_run
    WHERE (state = 'queued' AND run_at <= %(now)s AND coalesce(published_at, queued_at) < %(stale)s)
       OR (state IN ('running', 'cancelling') AND lease_until < clock_timestamp())
    ORDER BY run_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
) RETURNING id
"""


def runs_dispatch() -> int:
    """Announce again what is queued for too long (its message may be lost) and what lost its worker; returns how many."""
    now = clock.now()
    with writing(), connection.cursor() as cursor:
        cursor.execute(_ANNOUNCE, {"now": now, "stale": now - settings.JOB_REPUBLISH, "limit": ANNOUNCE_LIMIT})
        found = [row[0] for row in cursor.fetchall()]
    for run_id in found:
        publisher.announce(run_id)
    return len(found)
