"""Jobs and schedules of upkeep."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

import maintenance.cleanups  # noqa: F401 - declared before the schedules below are made of them
from maintenance import cleaning, night
from maintenance.backup import work
from maintenance.restore import work as restoring
from maintenance.services import backups, drills, nights, restores, sizes
from portal.kit import context
from portal.kit.registry import Job, Run, Schedule, Vacuum, cleanups, jobs, schedules

LONG = timedelta(hours=12)  # Of a terabyte at 25 MB a second.
NIGHTLY = "30 3 * * *"  # policy.md: after the backup of 02:30.
AFTERWARDS = "30 4 * * *"  # Space is made free when everything else has gone.
MORNING = "30 6 * * *"
# Places in the night that is run by hand, and their order by the clock.
BACKUP, VERIFY, DRILL, PRUNE, CLEANUPS, VACUUM, SIZES = 10, 20, 30, 40, 50, 60, 70

# policy.md: 02:30, then read what was made, then let go what no rule keeps.
for name, label, function, cron, place in (
    (backups.CREATE_JOB, _("Back up"), work.create_backup, "30 2 * * *", BACKUP),
    (backups.VERIFY_JOB, _("Verify a backup"), work.verify_backup, "50 2 * * *", VERIFY),
    (backups.PRUNE_JOB, _("Prune backups"), work.prune_backups, "10 3 * * *", PRUNE),
):
    jobs.add(Job(name, label, function, permission="backup:execute", time_limit=LONG))
    schedules.add(Schedule(name, label, job=name, cron=cron, night=place))

# After the backup and its verification, while both are in the machine's cache.
jobs.add(Job(restores.JOB, _("Restore a backup"), restoring.restore_backup, "backup:restore", time_limit=LONG))
jobs.add(Job(drills.JOB, _("Restore drill"), restoring.drill_restore, "backup:restore", time_limit=LONG))
schedules.add(Schedule(drills.JOB, _("Restore drill"), job=drills.JOB, cron="0 3 * * *", night=DRILL))

jobs.add(Job(cleaning.JOB, _("Clean up"), cleaning.run_cleanup, permission="cleanup:execute", max_attempts=5))
for cleanup in cleanups:  # Every room below has declared its own by now.
    last = isinstance(cleanup.how, Vacuum)
    schedules.add(
        Schedule(
            cleanup.name,
            cleanup.label,
            job=cleaning.JOB,
            cron=AFTERWARDS if last else NIGHTLY,
            args={"cleanup": cleanup.name},
            night=VACUUM if last else CLEANUPS,
        )
    )


def sample_sizes(run: Run) -> Mapping[str, Any]:
    """Note how large each table is today. Harmless when repeated: the day's sample is written over."""
    with run.batch():
        number = sizes.sizes_sample(actor=context.actor())
    run.log(f"{number} tables measured")
    return {"tables": number}


SAMPLE = "maintenance.sample_sizes"
jobs.add(Job(SAMPLE, _("Measure the tables"), sample_sizes, permission="cleanup:execute"))
schedules.add(Schedule(SAMPLE, _("Measure the tables"), SAMPLE, "50 4 * * *", night=SIZES))

jobs.add(Job(nights.NIGHT, _("Tonight’s maintenance"), night.run_night, permission="schedule:admin", max_attempts=10))
jobs.add(Job(nights.REPORT, _("Morning report"), night.report_night, permission="schedule:admin"))
schedules.add(Schedule(nights.REPORT, _("Morning report"), job=nights.REPORT, cron=MORNING))
