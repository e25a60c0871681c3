"""What jobs and schedules need of a restored database."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.kit import clock
from portal.kit.registry import Aftercare, aftercare

_ENDED = "Cancelled: it was waiting or running when the backup was made that this database comes from."


def _runs_end(restored: Any, live: Any) -> int:
    """A run of the backup's time was done, or given up, since then; the dispatcher must not take it up again."""
    return int(
        restored.execute(
            "UPDATE maintenance_job_run SET state = 'cancelled', finished_at = %s, lease_until = NULL, error = %s "
            "WHERE state IN ('queued', 'running', 'cancelling')",
            [clock.now(), _ENDED],
        ).rowcount
    )


def _schedules_move_on(restored: Any, live: Any) -> int:
    """Slots between the backup and now are not made up for: what they did is gone, and tonight does it again."""
    return int(
        restored.execute(
            "UPDATE maintenance_schedule SET last_slot = %(now)s WHERE last_slot < %(now)s", {"now": clock.now()}
        ).rowcount
    )


aftercare.add(Aftercare("maintenance.runs", _("Jobs of the backup's time are not done again"), _runs_end))
aftercare.add(Aftercare("maintenance.schedules", _("Missed slots are not made up for"), _schedules_move_on))
