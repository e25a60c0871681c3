"""Runs that host products tell of: begun, carried on, ended, asked to stop, and lost when nobody hears of them.

A product may say everything twice: a run is known by its resource and the product's own id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from portal.kit import clock, errors, ids
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import NotFound
from portal.kit.record import diff, record
from portal.kit.services import writing
from rbac import decision
from rbac.errors import ModuleIsOff, RunEnded, RunLogFull, RunStateImpossible
from rbac.models import Resource, Run, RunLine
from rbac.tree_rules import check

LINES = 10_000  # In the log of one run.
TEXT = 2_000  # Characters of a line.
PAST, AHEAD = timedelta(days=366), timedelta(hours=1)  # What moment a line may name: clocks differ a little.
BATCH = 1_000  # Lines in one call, and runs that one transaction gives up.
State = Run.State
_ENDS = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED})
# What may follow. What is lost may be found again: the product was away and the run was not.
FOLLOWS: Mapping[str, frozenset[str]] = {
    State.QUEUED: frozenset({State.RUNNING, *_ENDS}),
    State.RUNNING: _ENDS,
    State.LOST: frozenset({State.RUNNING, *_ENDS}),
    **dict.fromkeys(_ENDS, frozenset()),
}
TOLD = ("name", "phase", "done", "total", "message")

_TALLY = """
INSERT INTO rbac_run_tally (id, organisation_id, type_id, day, started, succeeded, failed, seconds)
VALUES (%(id)s, %(organisation)s, %(type)s, %(day)s, %(started)s, %(succeeded)s, %(failed)s, %(seconds)s)
ON CONFLICT (organisation_id, type_id, day) DO UPDATE SET started = rbac_run_tally.started + excluded.started,
    succeeded = rbac_run_tally.succeeded + excluded.succeeded, failed = rbac_run_tally.failed + excluded.failed,
    seconds = rbac_run_tally.seconds + excluded.seconds
"""


@dataclass(frozen=True)
class Line:
    """One line of a log; without a moment it is of now."""

    text: str
    level: str = "info"
    at: datetime | None = None


def run_start(*, actor: Actor, resource: Resource, external_id: str, values: Mapping[str, Any]) -> tuple[Run, bool]:
    """Tell of a run of a resource (`resource:execute` on it): `values` are its name, phase, done, total, and the state
    `queued` or `running`. Returns it, and whether it is new: sent again, it is the one that is there, as it is.

    Event `rbac.run.started`. `Invalid` with fields; `ModuleIsOff` where the organisation has that part of the product
    switched off. Counted in the tally of the day.
    """
    _authorise(actor, resource)
    now = clock.now()
    state = values.get("state", State.RUNNING)
    if state not in Run.LIVE:
        raise errors.Invalid(fields={"state": [_("A run begins as queued or running.")]})
    row = Run(
        organisation_id=resource.organisation_id,
        resource=resource,
        external_id=external_id,
        state=state,
        started_by=actor.id,
        created_at=now,
        seen_at=now,
        started_at=now if state == State.RUNNING else None,
        **{name: values[name] for name in TOLD if name in values},
    )
    check(row, ("external_id", *TOLD))
    if not external_id:
        raise errors.Invalid(fields={"external_id": [_("Give the id that the product knows the run by.")]})
    with writing():
        # Held, so that it cannot go meanwhile; two that tell of the same run come one after the other.
        if not Resource.objects.select_for_update(no_key=True).filter(pk=resource.pk).exists():
            raise NotFound
        found = Run.objects.filter(resource=resource, external_id=external_id).first()
        if found is not None:
            return found, False
        if resource.type.module_id in decision.modules_off(actor):
            raise ModuleIsOff
        row.save(force_insert=True)
        _count(row, now, started=1)
        record("rbac.run.started", target=row, data=_about(row))
    return row, True


def run_report(*, actor: Actor, run: Run, values: Mapping[str, Any]) -> Run:
    """Carry a run on: state, name, phase, done, total and message; absent fields stay (`resource:execute` on its
    resource). That the product spoke of it is kept as well, so nothing at all says that it still lives.

    `RunStateImpossible` for a state that cannot follow; saying the present one again is no change. Event
    `rbac.run.finished` when it ends.
    """
    _authorise(actor, run.resource)
    with writing():
        run = _locked(run)
        now = clock.now()
        state = values.get("state", run.state)
        told = {name: values[name] for name in TOLD if name in values}
        changes = diff(run, told)
        if state != run.state and state not in FOLLOWS[run.state]:
            raise RunStateImpossible
        if changes and not run.is_live and state == run.state:
            raise RunEnded
        for name, (_before, after) in changes.items():
            setattr(run, name, after)
        check(run, TOLD)
        run.seen_at = now
        if state != run.state:
            _turn(run, state, now)
        run.save()
    return run


def run_cancel_ask(*, actor: Actor, run: Run) -> Run:
    """Ask the product to stop a run (`resource:execute` on its resource). The product reads that, and says when it has
    stopped. Event `rbac.run.asked_to_stop`; nothing when it was asked already. `RunEnded` for one that has ended."""
    _authorise(actor, run.resource)
    with writing():
        run = _locked(run)
        if not run.is_live:
            raise RunEnded
        if run.cancel_asked_at is None:
            run.cancel_asked_at, run.cancel_asked_by = clock.now(), actor.id
            run.save(update_fields=["cancel_asked_at", "cancel_asked_by"])
            record("rbac.run.asked_to_stop", target=run, data=_about(run))
    return run


def run_lines_add(*, actor: Actor, run: Run, lines: Sequence[Line]) -> Run:
    """Add up to 1,000 lines to the log of a run that has not ended (`resource:execute` on its resource).

    `RunLogFull` beyond 10,000 lines, of which then none is added; `RunEnded`; `Invalid`. No event.
    """
    _authorise(actor, run.resource)
    now = clock.now()
    _check_lines(lines, now)
    with writing():
        run = _locked(run)
        if not run.is_live and run.state != State.LOST:
            raise RunEnded
        if run.lines_count + len(lines) > LINES:
            raise RunLogFull
        rows = [
            RunLine(
                organisation_id=run.organisation_id,
                run=run,
                number=run.lines_count + place,
                level=line.level,
                text=line.text,
                written_at=line.at or now,
            )
            for place, line in enumerate(lines, start=1)
        ]
        RunLine.objects.bulk_create(rows)
        run.lines_count += len(lines)
        run.seen_at = now
        run.save(update_fields=["lines_count", "seen_at"])
    return run


def runs_lose(*, silent_since: datetime) -> int:
    """Give up to 1,000 runs up that nobody has heard of since then; called by the schedule, as the system. Event
    `rbac.run.lost` for each. How many those were."""
    with writing():
        rows = Run.objects.select_for_update(of=("self",), skip_locked=True, no_key=True).select_related(
            "resource__type"
        )
        found = list(rows.filter(state__in=Run.LIVE, seen_at__lt=silent_since).order_by("seen_at")[:BATCH])
        now = clock.now()
        for run in found:
            _turn(run, State.LOST, now)
            run.save(update_fields=["state", "finished_at", "started_at"])
    return len(found)


def _authorise(actor: Actor, resource: Resource) -> None:
    if actor.organisation_id != resource.organisation_id:
        raise NotFound
    authorise(actor, "resource:execute", resource)


def _check_lines(lines: Sequence[Line], now: datetime) -> None:
    if not 0 < len(lines) <= BATCH:
        raise errors.Invalid(fields={"items": [f"1 to {BATCH}"]})
    wrong: dict[str, list[str]] = {}
    for place, line in enumerate(lines):
        if not 0 < len(line.text) <= TEXT or "\0" in line.text:
            wrong[f"items.{place}.text"] = [_("Write 1 to 2,000 characters.")]
        if line.level not in RunLine.Level.values:
            wrong[f"items.{place}.level"] = [_("Write info, warning or error.")]
        if line.at is not None and not now - PAST < line.at < now + AHEAD:
            wrong[f"items.{place}.at"] = [_("A line is of the last year.")]
    if wrong:
        raise errors.Invalid(fields=wrong)


def _locked(run: Run) -> Run:
    rows = Run.objects.select_for_update(of=("self",), no_key=True).select_related("resource__type__application")
    found = rows.filter(pk=run.pk).first()
    if found is None:
        raise NotFound
    return found


def _turn(run: Run, state: str, now: datetime) -> None:
    """Bring a run into another state, with its moments, its event and its place in the tally."""
    run.state = state
    if state in Run.LIVE:
        run.started_at, run.finished_at = run.started_at or now, None
        return
    run.started_at = run.started_at or run.created_at
    run.finished_at = now
    if state != State.LOST:  # One that is lost may still be found, and is counted then.
        good = state == State.SUCCEEDED
        seconds = int((now - run.started_at).total_seconds())
        _count(run, now, succeeded=int(good), failed=int(not good), seconds=seconds)
    code = "rbac.run.lost" if state == State.LOST else "rbac.run.finished"
    record(code, target=run, outcome="failed" if state == State.FAILED else "ok", data=_about(run) | {"state": state})


def _count(run: Run, now: datetime, **more: int) -> None:
    """Add to the tally of the organisation, type and day; many runs at once wait for each other only here."""
    values: dict[str, Any] = {"started": 0, "succeeded": 0, "failed": 0, "seconds": 0} | more
    values |= {"id": ids.uuid7(), "organisation": run.organisation_id, "type": run.resource.type_id}
    with connection.cursor() as cursor:
        cursor.execute(_TALLY, values | {"day": now.astimezone(UTC).date()})


def _about(run: Run) -> dict[str, str]:
    return {"resource": run.resource.name, "resource_id": str(run.resource_id), "run": run.external_id}
