"""The same clean-up twice at once is one run: the one that started later leaves it to the other.

A run knows itself by a mark in its cursor, which is in its row since its first batch.
"""

import json
from uuid import UUID

from django.db import connection

_OTHER = """
SELECT other.id FROM maintenance_job_run other, maintenance_job_run mine
WHERE mine.name = %(job)s AND mine.state IN ('running', 'cancelling') AND mine.cursor->>'mark' = %(mark)s
  AND other.name = %(job)s AND other.state IN ('running', 'cancelling')
  AND (other.started_at, other.id) < (mine.started_at, mine.id)
  AND (other.args->>'cleanup' = %(cleanup)s OR other.args->'items' @> %(item)s::jsonb)
ORDER BY other.started_at LIMIT 1
"""


def other_run(job: str, mark: str, cleanup: str) -> UUID | None:
    """The run that is at `cleanup` since before the one that bears `mark`; None when there is none."""
    item = json.dumps([{"cleanup": cleanup}])
    with connection.cursor() as cursor:
        cursor.execute(_OTHER, {"job": job, "mark": mark, "cleanup": cleanup, "item": item})
        row = cursor.fetchone()
    return UUID(str(row[0])) if row else None
