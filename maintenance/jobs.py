"""Jobs and schedules of upkeep."""

from django.utils.translation import gettext_lazy as _

from maintenance import cleaning
from portal.kit.registry import Job, Schedule, cleanups, jobs, schedules

NIGHTLY = "30 3 * * *"  # policy.md: after the backup of 02:30.

jobs.add(Job(cleaning.JOB, _("Clean up"), cleaning.run_cleanup, permission="cleanup:execute", max_attempts=5))
for cleanup in cleanups:  # Every room below has declared its own by now.
    schedules.add(Schedule(cleanup.name, cleanup.label, job=cleaning.JOB, cron=NIGHTLY, args={"cleanup": cleanup.name}))
