"""Jobs of the record."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from audit import services
from portal.kit.registry import Job, Run, Schedule, jobs, schedules


def ensure_partitions(run: Run) -> Mapping[str, Any]:
    """Make the missing partitions of the coming months. Harmless when repeated; writes nothing but empty tables."""
    with run.batch():
        made = services.partitions_ensure()
    run.log(f"{made} partitions made")
    return {"made": made}


NAME = "audit.ensure_partitions"
jobs.add(Job(NAME, _("Prepare the audit trail for the coming months"), ensure_partitions, "job:admin"))
schedules.add(Schedule(NAME, _("Prepare the audit trail, nightly"), NAME, "20 0 * * *"))
