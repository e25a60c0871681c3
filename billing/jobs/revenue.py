"""Jobs and schedules: earning what was billed in advance, day by day."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.clock_steps import ClockStep, clock_steps
from billing.services import revenue
from portal.kit.registry import Job, Run, Schedule, jobs, schedules


def recognise_revenue(run: Run) -> Mapping[str, Any]:
    """Earn every day that is over, the oldest first, each in a transaction of its own; after days away all of them.
    Idempotent: what is earned is no longer due."""
    days = lines = journals = 0
    while True:
        with run.batch():
            day = revenue.first_day_due()
            if day is not None:
                run.phase(day.isoformat())
                done = revenue.day_earn(day=day)
                days, lines, journals = days + 1, lines + done.lines, journals + done.journals
        if day is None:
            break
    run.log(_("Earned: %(days)s days in %(journals)s journals.") % {"days": days, "journals": journals})
    return {"days": days, "lines": lines, "journals": journals}


RECOGNISE = "billing.recognise_revenue"
jobs.add(Job(RECOGNISE, gettext_lazy("Earn what was billed in advance"), recognise_revenue, permission="ledger:admin"))
# Twice, since the day of half of the world ends after midnight in UTC.
schedules.add(Schedule(RECOGNISE, gettext_lazy("Earn what was billed in advance"), RECOGNISE, "30 0,12 * * *"))
clock_steps.add(ClockStep("billing.revenue", 40, lambda _actor, customer: revenue.customer_earn(customer=customer)))
