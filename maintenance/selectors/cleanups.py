"""Reads about clean-ups."""

from datetime import date, datetime, time, timedelta

from django.utils import timezone

from maintenance import cleaning
from maintenance.models import JobRun
from portal.kit import clock, ids


def last_cleanups() -> dict[str, JobRun]:
    """The newest run of each clean-up, by its name; one query."""
    rows = JobRun.objects.filter(name=cleaning.JOB).order_by("args__cleanup", "-id").distinct("args__cleanup")
    return {str(row.args["cleanup"]): row for row in rows}


def deleted_per_day(days: int) -> list[tuple[date, int]]:
    """How many rows all clean-ups deleted on each of the last `days`, today last; one query over the runs of that time."""
    today = timezone.localdate(clock.now())
    first = today - timedelta(days=days - 1)
    start = timezone.make_aware(datetime.combine(first, time.min))
    found = {first + timedelta(days=place): 0 for place in range(days)}
    # A run that is finished in that time may have been queued up to a day before it.
    rows = JobRun.objects.filter(
        name=cleaning.JOB, pk__gte=ids.first_of(start - timedelta(days=1)), finished_at__gte=start
    ).values_list("finished_at", "result__deleted")
    for finished_at, deleted in rows:
        day = timezone.localdate(finished_at)
        if day in found:
            found[day] += int(deleted or 0)
    return list(found.items())
