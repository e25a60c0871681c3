"""What upkeep says about people."""

from django.utils.translation import gettext_lazy as _

from portal.kit.personal import rows_of
from portal.kit.registry import PersonalData, personal_data

personal_data.add(
    PersonalData(
        "jobs",
        _("Jobs"),
        _("Which jobs the person started, and how they ended."),
        _("90 days after their end."),
        ("maintenance.JobRun",),
        rows_of("maintenance.JobRun", "actor_id", "name", "state", "queued_at", "started_at", "finished_at"),
    )
)
