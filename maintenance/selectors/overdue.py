"""Work that nobody was told about, or whose message never came."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from portal.kit import clock

# The oldest first. A row that somebody holds is being claimed or cancelled just now.
_OVERDUE = """
SELECT id FROM maintenance_job_run
WHERE (state = 'queued' AND run_at <= %(due)s)
   OR (state IN ('running', 'cancelling') AND lease_until < clock_timestamp() - %(age)s)
ORDER BY run_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""


def run_overdue(age: timedelta) -> UUID | None:
    """A run that could have been claimed for at least `age` and was not; None when all are on their way. For the worker
    itself, which acts for nobody: what it claims is then done with the rights of who asked for it."""
    values: dict[str, Any] = {"due": clock.now() - age, "age": age}
    with connection.cursor() as cursor:
        cursor.execute(_OVERDUE, values)
        row = cursor.fetchone()
    return None if row is None else row[0]
