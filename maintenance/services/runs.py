"""The run row: queued, claimed, kept alive, finished. The row is the truth; the broker only wakes a worker up."""

import logging
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Model, Q
from django.db.models.functions import Greatest
from django.urls import reverse
from django.utils.translation import gettext as _

from maintenance import publisher
from maintenance import run_rows as rows
from maintenance.errors import JobUnknown, NotRetryable, NotRunning
from maintenance.models import JobRun
from maintenance.services.telling import run_told
from portal.kit import clock, context, errors, jobs, notices, registry
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.mode import gate, state
from portal.kit.postgres.base import ours
from portal.kit.record import Outcome, record
from portal.kit.services import writing

log = logging.getLogger("steward.runs")
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
    at: datetime = field(default_factory=clock.now)
    steady: float = field(default_factory=clock.steady)

    def present(self) -> datetime:
        """The present as it follows from the claim: a machine's clock that is set meanwhile makes no run hours long, and
        none that ended before it started."""
        now = clock.now() if clock.moved() else self.at + timedelta(seconds=clock.steady() - self.steady)
        return max(now, self.run.started_at or now)


def run_enqueue(
    name: str,
    *,
    actor: Actor,
    args: Mapping[str, Any] | None = None,
    key: str | None = None,
    run_at: datetime | None = None,
    schedule: str = "",
    slot: datetime | None = None,
    parent: UUID | None = None,
    about: Model | None = None,
) -> UUID:
    """Fill of the port `kit.jobs.enqueue`; `schedule` and `slot` are the dispatcher's. Event `maintenance.run.queued`.

    `parent` is a run that waits for this one: it is woken when this one ends, and has one child of a key for ever.
    """
    job = registry.jobs.get(name)
    authorise(actor, job.permission, about)
    kept = jobs.keep(name, actor=actor, args=args, key=key, run_at=run_at)
    if kept is not None:
        return kept
    now = clock.now()
    current = context.current()
    with writing():
        if key is not None and (existing := _same(name, key, parent)) is not None:
            return existing
        run = JobRun(
            name=name,
            args=dict(args or {}),
            key=key,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_label=actor.label,
            actor_scopes=None if actor.scopes is None else sorted(actor.scopes),
            organisation_id=actor.organisation_id,
            request_id=current.request_id if current else "",
            correlation_id=current.correlation_id if current else "",
            run_at=run_at or now,
            queued_at=now,
            max_attempts=job.max_attempts,
            schedule=schedule,
            slot=slot,
            parent_id=parent,
        )
        try:
            # Only one with a key can meet another's.
            with transaction.atomic() if key is not None else nullcontext():
                run.save(force_insert=True)
        except IntegrityError:
            # Two askers with one key at once: the other one's run serves both. A taken slot is the caller's affair.
            if key is not None and (existing := _same(name, key, parent)) is not None:
                return existing
            raise
        record("maintenance.run.queued", target=run)
        if run.run_at <= now:
            transaction.on_commit(lambda: publisher.announce(run.pk))
    return run.pk


def _same(name: str, key: str, parent: UUID | None) -> UUID | None:
    """The run that an asker with this key gets: the live one, or a parent's child of that key, ended or not."""
    if parent is None:
        return _live_with(name, key)
    return JobRun.objects.filter(parent_id=parent, key=key).values_list("pk", flat=True).first()


def _live_with(name: str, key: str) -> UUID | None:
    return JobRun.objects.filter(name=name, key=key, state__in=JobRun.LIVE).values_list("pk", flat=True).first()


def run_held(*, run_id: UUID) -> bool:
    """Whether maintenance keeps a run in the queue for now; asks the database only while the portal is closed."""
    window = state.in_force()
    if window is None or not window.closed:
        return False
    row = JobRun.objects.filter(pk=run_id).values("actor_kind", "actor_id", "actor_label", "schedule").first()
    return row is not None and gate.run_waits(
        kind=row["actor_kind"], actor_id=row["actor_id"], label=row["actor_label"], schedule=row["schedule"]
    )


def run_claim(*, run_id: UUID, worker: str) -> Claim | None:
    """Take a queued run, or one whose worker fell silent; None when somebody else has it or it is finished.

    One statement, so of many messages about one run exactly one claims it.
    """
    with writing():
        row = ours().write(rows.CLAIM, rows.claimed(run_id, worker))
    if row is None:
        return None
    run = rows.run_of(row)
    return Claim(run, run.fence)


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
    with writing():
        return ours().write(rows.SAVE, rows.saved(claim.run, claim.fence))


def run_finish(
    *, claim: Claim, state: JobRun.State, result: Mapping[str, Any] | None = None, error: str = "", error_id: str = ""
) -> bool:
    """End a run that is still our own. Event `maintenance.run.succeeded|failed|cancelled`; False when the fence is lost."""
    run = claim.run
    with writing():
        end = rows.finished(
            run, claim.fence, state=state, at=claim.present(), result=result, error=error[:2000], error_id=error_id
        )
        updated = ours().write(rows.FINISH, end)
        if updated:
            outcome: Outcome = "failed" if state == State.FAILED else "ok"
            record(
                ENDED[state],
                target=run,
                outcome=outcome,
                data={"attempts": run.attempts, "done": run.done},
            )
            _tell_starter(run, state, error)
            run_told(run=run, state=state, error=error)
            _wake(run)
    return bool(updated)


def _wake(run: JobRun) -> None:
    """Let those start again that wait for this run: its parent, and younger runs of its schedule.

    Rows that somebody holds are left alone: to wait for them could dead-lock, and they look again by themselves.
    """
    waiting = Q(pk=run.parent_id) if run.parent_id else Q()
    if run.schedule:
        waiting |= Q(schedule=run.schedule, pk__gt=run.pk)
    if not waiting:
        return
    held = JobRun.objects.select_for_update(skip_locked=True).filter(waiting, state=State.QUEUED, error="")
    found = list(held.values_list("pk", flat=True))
    JobRun.objects.filter(pk__in=found).update(run_at=clock.now())
    for run_id in found:
        transaction.on_commit(partial(publisher.announce, run_id))


def _tell_starter(run: JobRun, state: JobRun.State, error: str) -> None:
    """Behind the bell of the person who started it; who cancelled a run knows, and schedules have no bell. Of a run with
    children they hear once."""
    if run.parent_id is not None:
        return
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
            log=run.log[-rows.LOG_LINES :],
        )
    return bool(updated)


def run_wait(*, claim: Claim, wait: timedelta) -> bool:
    """Give a run back that waits for something else, or whose worker stops; the attempt does not count. False when it is
    to be cancelled, or no longer our own.

    No event: the run is as much on its way as before. The dispatcher announces it when its time has come.
    """
    run = claim.run
    with writing():
        updated = JobRun.objects.filter(pk=run.pk, fence=claim.fence, state=State.RUNNING).update(
            state=State.QUEUED,
            attempts=Greatest(F("attempts") - 1, 0),
            run_at=clock.now() + wait,
            queued_at=clock.now(),
            published_at=None,
            lease_until=None,
            phase=run.phase,
            log=run.log[-rows.LOG_LINES :],
        )
    return bool(updated)


def run_is_behind(*, run: JobRun) -> bool:
    """Whether an older run of the same schedule has not ended: two of them at once would work on the same things."""
    return (
        bool(run.schedule)
        and JobRun.objects.filter(schedule=run.schedule, pk__lt=run.pk, state__in=JobRun.LIVE).exists()
    )


def run_cancel(*, actor: Actor, run: JobRun) -> JobRun:
    """Ask a run to stop: a queued one ends at once, a running one at its next batch. Event `maintenance.run.cancelled`
    when it has ended. What it waits for is asked as well. `NotRunning` when it is finished."""
    authorise(actor, "job:admin", run)
    with writing():
        # Before the run itself is held: a child that ends holds itself first and then its parent, too.
        for child in JobRun.objects.filter(parent_id=run.pk, state__in=[State.QUEUED, State.RUNNING]):
            _cancel(child)
        run, ended = _cancel(run)
        if ended:
            raise NotRunning
    return run


def _cancel(run: JobRun) -> tuple[JobRun, bool]:
    """The run, held, and whether it had ended before anybody asked."""
    run = JobRun.objects.select_for_update().get(pk=run.pk)
    ended = not run.is_live
    if run.state == State.QUEUED:
        run.state, run.finished_at = State.CANCELLED, clock.now()
        run.save(update_fields=["state", "finished_at"])
        record("maintenance.run.cancelled", target=run)
        _wake(run)
    elif run.state == State.RUNNING:
        run.state = State.CANCELLING
        run.save(update_fields=["state"])
    return run, ended


def job_of(*, run: JobRun) -> registry.Job:
    """The declared job of a run; `JobUnknown` when this version has none of that name."""
    if run.name not in registry.jobs:
        raise JobUnknown(JobUnknown.sentence % {"job": run.name})
    return registry.jobs.get(run.name)


def run_retry(*, actor: Actor, run: JobRun) -> JobRun:
    """Queue a failed or cancelled run again, from its cursor, with fresh attempts. Event `maintenance.run.retried`."""
    authorise(actor, "job:admin", run)
    authorise(actor, job_of(run=run).permission)
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
