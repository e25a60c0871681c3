"""Jobs of the record."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from audit import services
from audit.services import activity, activity_days, exports
from portal.kit import context
from portal.kit.registry import Job, Run, Schedule, jobs, schedules


def ensure_partitions(run: Run) -> Mapping[str, Any]:
    """Make the missing partitions of the coming months of the trail and days of the activity. Harmless when repeated."""
    with run.batch():
        made = services.partitions_ensure() + activity.activity_days_ensure()
    run.log(f"{made} partitions made")
    return {"made": made}


NAME = "audit.ensure_partitions"
jobs.add(Job(NAME, _("Prepare the audit trail for the coming months"), ensure_partitions, "job:admin"))
schedules.add(Schedule(NAME, _("Prepare the audit trail"), NAME, "20 0 * * *"))


def export_events(run: Run) -> Mapping[str, Any]:
    """Write the file of an export (see `exports.export_write`). Idempotent: goes on at its cursor, offers once."""
    return exports.export_write(actor=context.actor(), run=run)


def remove_exports(run: Run) -> Mapping[str, Any]:
    """Remove expired exports, their files, and files that belong to none. Harmless when repeated."""
    with run.batch():
        removed = exports.exports_remove(actor=context.actor())
    run.log(f"{removed} exports removed")
    return {"removed": removed}


REMOVE = "audit.remove_exports"
jobs.add(Job(exports.JOB, _("Export the audit trail"), export_events, exports.RIGHT, max_attempts=5))
jobs.add(Job(REMOVE, _("Remove old exports of the audit trail"), remove_exports, "job:admin"))
schedules.add(Schedule(REMOVE, _("Remove old exports"), REMOVE, "40 * * * *"))


def sum_days(run: Run) -> Mapping[str, Any]:
    """Sum up the days of the activity that are over. Harmless when repeated: a day is summed once."""
    with run.batch():
        summed = activity_days.days_sum()
    run.log(f"{summed} days summed")
    return {"days": summed}


SUM = "audit.sum_days"
jobs.add(Job(SUM, _("Sum up the activity of the days that are over"), sum_days, "job:admin"))
schedules.add(Schedule(SUM, _("Sum up the activity"), SUM, "25 0 * * *"))
