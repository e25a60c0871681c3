"""Jobs: customers and subscriptions that ran elsewhere before."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.services import customer_imports
from portal.kit import context
from portal.kit.registry import Job, Run, jobs


def import_customers(run: Run) -> Mapping[str, Any]:
    """Put a confirmed import in, a row a batch: cancelled or killed, what is in stays, and it goes on from the next row.
    Idempotent by the external id of each row."""
    actor, key = context.actor(), UUID(str(run.args["import"]))
    cursor = dict(run.cursor or {"next": 0, "done": 0})
    run.phase(_("Importing customers"))
    with run.batch():
        rows = customer_imports.import_rows(actor=actor, import_id=key)
    for place in range(int(cursor["next"]), len(rows)):
        line, values = rows[place]
        with run.batch():
            done = customer_imports.import_row(actor=actor, import_id=key, line=line, values=values)
            cursor = {"next": place + 1, "done": cursor["done"] + done}
            run.cursor = cursor
            run.progress(place + 1, len(rows))
            if not done:
                run.log(_("Line %(line)d was refused; the page of the import says why.") % {"line": line})
    with run.batch():
        failed = customer_imports.import_finish(actor=actor, import_id=key, done=cursor["done"])
    return {"imported": cursor["done"], "failed": failed}


jobs.add(Job(customer_imports.JOB, gettext_lazy("Import customers"), import_customers, permission="subscription:admin"))
