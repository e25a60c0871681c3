"""Summing up the days of the activity before its rows go."""

from datetime import timedelta

from audit.models import ActivityDay
from audit.selectors.activity_days import KNOWN_DAYS, day_summed
from portal.kit import clock, context
from portal.kit.services import writing

WHY = "Summing up the activity of a day"


def days_sum() -> int:
    """Write the sums of every whole day (UTC) that has none yet and of which all requests are known; returns how many.

    Harmless when repeated: a day is written once. Days before the first request are left out.
    """
    today = clock.now().date()
    first = today - timedelta(days=KNOWN_DAYS)
    with context.system(WHY), writing():
        known = set(ActivityDay.objects.filter(day__gte=first).values_list("day", flat=True))
        wanted = (first + timedelta(days=step) for step in range(KNOWN_DAYS))
        found = [row for day in wanted if day not in known and (row := day_summed(day)) is not None]
        ActivityDay.objects.bulk_create(found, ignore_conflicts=True)
    return len(found)
