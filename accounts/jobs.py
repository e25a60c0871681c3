"""Jobs over people."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.services import imports
from portal.kit import context
from portal.kit.registry import Job, Run, jobs


def import_people(run: Run) -> Mapping[str, Any]:
    """Put a confirmed import in: one batch, all of it or nothing. Idempotent by the import's own state."""
    run.phase(_("Creating people"))
    with run.batch():
        created = imports.import_apply(actor=context.actor(), import_id=UUID(str(run.args["import_id"])))
        run.progress(created, created)
        run.log(_("Created: %(count)s people.") % {"count": f"{created:,}"})
    return {"created": created}


jobs.add(Job(imports.JOB, gettext_lazy("Import people"), import_people, permission="user:admin"))
