"""Jobs and schedules: use and what a plan entitles to."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.services import quotas
from portal.kit import context
from portal.kit.registry import Job, Run, Schedule, jobs, schedules


def check_quotas(run: Run) -> Mapping[str, Any]:
    """Tell organisations of limits that are nearly used up, each in a batch of its own. Harmless when repeated: an
    alert is written once in a period."""
    with run.batch():
        found = quotas.organisations_changed()
    told = 0
    for place, organisation_id in enumerate(found, 1):
        with run.batch():
            told += quotas.quotas_check(actor=context.actor(), organisation_id=organisation_id)
            run.progress(place, len(found))
    run.log(_("Organisations: %(number)s. New alerts: %(told)s.") % {"number": len(found), "told": told})
    return {"organisations": len(found), "alerts": told}


jobs.add(Job(quotas.JOB, gettext_lazy("Compare use with limits"), check_quotas, permission="job:admin"))
schedules.add(Schedule(quotas.JOB, gettext_lazy("Compare use with limits"), quotas.JOB, "*/5 * * * *"))
