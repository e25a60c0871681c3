"""Reads about clean-ups: how each went last, what went each day, and all that ran."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from maintenance import cleaning
from maintenance.models import JobRun
from portal.kit import clock, ids, registry
from portal.kit.context import Actor
from portal.kit.errors import NotFound

RIGHT = "cleanup:execute"
GROUPS = 30  # Newest runs of several clean-ups that are looked through for the last of each.


@dataclass(frozen=True)
class Outcome:
    """What came of one clean-up in a run: the run, and the result of just this one (None while it has none)."""

    run: JobRun
    cleanup: str
    result: dict[str, Any] | None


def last_cleanups() -> dict[str, Outcome]:
    """The newest run of each clean-up, alone or among several, by its name; two queries."""
    runs = JobRun.objects.filter(name=cleaning.JOB)
    alone = runs.filter(args__has_key="cleanup").order_by("args__cleanup", "-id").distinct("args__cleanup")
    found = {str(row.args["cleanup"]): Outcome(row, str(row.args["cleanup"]), row.result) for row in alone}
    for row in runs.filter(args__has_key="items").order_by("-id")[:GROUPS]:
        for outcome in outcomes(row):
            if outcome.cleanup not in found or found[outcome.cleanup].run.pk < row.pk:
                found[outcome.cleanup] = outcome
    return found


def outcomes(run: JobRun) -> list[Outcome]:
    """What came of each clean-up of a run so far; also of one that was stopped or failed half way."""
    asked = [str(item["cleanup"]) for item in run.args.get("items") or [run.args]]
    results = {str(result["cleanup"]): dict(result) for result in _results(run)}
    return [Outcome(run, name, results.get(name)) for name in asked]


def _results(run: JobRun) -> list[dict[str, Any]]:
    if run.result is not None:
        whole = [{"cleanup": run.args.get("cleanup", ""), **run.result}]
        return list(run.result["items"]) if "items" in run.result else whole
    cursor = run.cursor or {}
    found = list(cursor.get("results", []))
    if (tally := cursor.get("tally")) is not None and not run.is_live:
        found.append({**tally, "cleanup": tally["name"], "keys_sha256": tally["hash"], "partial": True})
    return found


def deleted_per_day(days: int) -> list[tuple[date, int]]:
    """How many rows all clean-ups deleted on each of the last `days`, today last; one query over the runs of that time."""
    today = timezone.localdate(clock.now())
    first = today - timedelta(days=days - 1)
    start = timezone.make_aware(datetime.combine(first, time.min))
    found = {first + timedelta(days=place): 0 for place in range(days)}
    # A run that is finished in that time may have been queued up to a day before it.
    rows = JobRun.objects.filter(
        name=cleaning.JOB, pk__gte=ids.first_of(start - timedelta(days=1)), finished_at__gte=start
    ).values_list("finished_at", "result__deleted", "result__unit")
    for finished_at, deleted, unit in rows:
        day = timezone.localdate(finished_at)
        if day in found and unit != "tables":  # Of a vacuum: those that it went through.
            found[day] += int(deleted or 0)
    return list(found.items())


def history(actor: Actor, *, name: str = "") -> QuerySet[JobRun]:
    """Runs of clean-ups that `actor` may see, newest first; of one clean-up, also those where it was one of several."""
    rows = JobRun.objects.visible_to(actor, RIGHT).filter(name=cleaning.JOB)
    if name:
        rows = rows.filter(Q(args__cleanup=name) | Q(args__items__contains=[{"cleanup": name}]))
    return rows.order_by("-id")


def cleanup_run(actor: Actor, run_id: UUID) -> JobRun:
    """One run of clean-ups; `NotFound` when it is none that `actor` may see."""
    found = history(actor).filter(pk=run_id).first()
    if found is None:
        raise NotFound
    return found


def totals(actor: Actor, days: int) -> dict[str, int]:
    """Runs, failures, rows and bytes of the last `days`."""
    first = ids.first_of(clock.now() - timedelta(days=days))
    sums = {"runs": 0, "failed": 0, "deleted": 0, "bytes": 0, "returned": 0, "busy_ms": 0}
    for state, result in history(actor).filter(pk__gte=first).values_list("state", "result"):
        sums["runs"] += 1
        sums["failed"] += state == JobRun.State.FAILED
        for one in (result or {}).get("items", [result or {}]):
            for key in ("deleted", "bytes", "returned", "busy_ms"):
                sums[key] += int(one.get(key, 0))
    return sums


def labels() -> dict[str, str]:
    """The label of every declared clean-up by its name."""
    return {spec.name: str(spec.label) for spec in registry.cleanups}
