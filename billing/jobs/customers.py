"""Jobs and schedules: who buys and who sells."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import offices
from billing.services import clocks, tax_ids
from portal.kit.jobs import Again
from portal.kit.registry import Job, Run, jobs

ASKED_AGAIN = timedelta(hours=6)
TIMES = 8  # In two days an office that is well has answered.


def advance_clock(run: Run) -> Mapping[str, Any]:
    """Take a test clock where it was sent, a batch for each step. Idempotent: it goes on from where the clock stands, and
    the fence of each batch lets only one run move it."""
    organisation_id, clock_id = UUID(str(run.args["organisation"])), UUID(str(run.args["clock"]))
    cursor = dict(run.cursor or {"steps": 0, "done": 0})
    run.phase(_("Moving the clock"))
    while True:
        with run.batch():
            found, done = clocks.clock_step(clock_id=clock_id, organisation_id=organisation_id)
            cursor = {"steps": cursor["steps"] + 1, "done": cursor["done"] + done}
            run.cursor = cursor
            left = (found.advancing_to - found.at) // clocks.STEP + 1 if found.advancing_to else 0
            run.progress(cursor["steps"], cursor["steps"] + left)
        if found.advancing_to is None:
            return cursor


def check_tax_id(run: Run) -> Mapping[str, Any]:
    """Ask a tax office about a number and keep what it says. Away: asked again later, and after that left unasked.
    Idempotent: the answer of today takes the place of an earlier one."""
    tax_id, organisation_id = UUID(str(run.args["tax_id"])), UUID(str(run.args["organisation"]))
    with run.batch():
        asked = tax_ids.tax_id_ask(tax_id=tax_id, organisation_id=organisation_id)
    office = offices.office_for(asked[0]) if asked else None
    if asked is None or office is None:
        return {"asked": False}
    try:
        answer = office.ask(asked[1], by=asked[2])
    except offices.OfficeAway as error:
        return _away(run, str(error))
    with run.batch():
        tax_ids.tax_id_answered(tax_id=tax_id, organisation_id=organisation_id, answer=answer)
        run.progress(1, 1)
    return {"asked": True, "valid": answer.valid}


def _away(run: Run, why: str) -> Mapping[str, Any]:
    tries = int(run.cursor or 0) + 1
    with run.batch():
        run.cursor = tries
        run.log(_("The office is away: %(why)s") % {"why": why})
    if tries >= TIMES:
        return {"asked": False}
    raise Again(ASKED_AGAIN)


# A run acts with the rights of who asked: staff's and members' are different ones, so each has a name of its own.
for job, right in ((clocks.JOB, "invoice:admin"), (clocks.OWN_JOB, "billing:admin")):
    jobs.add(
        Job(job, gettext_lazy("Move a test clock"), advance_clock, permission=right, time_limit=timedelta(hours=6))
    )
for job, right in ((tax_ids.JOB, "invoice:admin"), (tax_ids.OWN_JOB, "billing:admin")):
    jobs.add(Job(job, gettext_lazy("Ask a tax office"), check_tax_id, permission=right))
