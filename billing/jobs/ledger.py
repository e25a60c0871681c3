"""Jobs and schedules: the ledger."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.ledger import hold_expire_due
from billing.services.proofs import JOB as PROVE
from billing.services.proofs import proof_run
from portal.kit import clock, context
from portal.kit.registry import Job, Run, Schedule, jobs, schedules

BATCH = 500


def expire_holds(run: Run) -> Mapping[str, Any]:
    """Free what is held past its time, in batches. Harmless when repeated; nobody waits for it, since a hold past its time
    is not posted any more."""
    freed = 0
    while True:
        with run.batch():
            some = hold_expire_due(clock.now(), BATCH)
        freed += some
        if some < BATCH:
            break
    run.log(_("Freed: %(freed)s holds.") % {"freed": freed})
    return {"freed": freed}


EXPIRE = "billing.expire_holds"
jobs.add(Job(EXPIRE, gettext_lazy("Free holds whose time has passed"), expire_holds, permission="job:admin"))
schedules.add(Schedule(EXPIRE, gettext_lazy("Free holds whose time has passed"), EXPIRE, "*/10 * * * *"))


def prove(run: Run) -> Mapping[str, Any]:
    """Compare documents with the ledger, and tell of it where they differ. Reads everything, changes nothing."""
    with run.batch():
        made = proof_run(actor=context.actor())
    run.log(_("Differences: %(wrong)s.") % {"wrong": made.wrong})
    return {"differences": made.wrong}


jobs.add(Job(PROVE, gettext_lazy("Prove documents against the ledger"), prove, permission="ledger:admin"))
schedules.add(Schedule(PROVE, gettext_lazy("Prove documents against the ledger"), PROVE, "50 4 * * *"))
