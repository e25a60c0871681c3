"""The three statements that every run costs, prepared once per connection; the services execute them.

Their values and results are in PostgreSQL's text form, which is all that `kit.postgres` needs to pass them on.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from django.db.models import DateTimeField, UUIDField

from maintenance.models import JobRun
from portal.kit import clock
from portal.kit.postgres.base import Statement

LOG_LINES = 500  # A run keeps its newest lines; a chatty job must not grow its row without end.
Values = list[str | None]

# Not waited for until it is on disk: what the run writes comes later in the log of the database, so its first durable
# batch makes the claim durable too, and a claim that a crash took away leaves a run that is queued as before.
# The row comes as JSON, so that the prepared statement outlives a migration that adds a column.
CLAIM = Statement("""
UPDATE maintenance_job_run SET
    state = CASE WHEN state = 'cancelling' THEN state ELSE 'running' END,
    fence = fence + 1, attempts = attempts + 1, worker = $2,
    started_at = coalesce(started_at, $3::timestamptz),
    lease_until = clock_timestamp() + make_interval(secs => $4::float8)
FROM (SELECT set_config('synchronous_commit', 'off', true) AS set) AS quick
WHERE id = $1::uuid AND quick.set = 'off' AND ((state = 'queued' AND run_at <= $3::timestamptz)
    OR (state IN ('running', 'cancelling') AND lease_until < clock_timestamp()))
RETURNING row_to_json(maintenance_job_run)
""")
SAVE = Statement("""
UPDATE maintenance_job_run SET phase = $3, done = $4::bigint, total = $5::bigint, log = $6::jsonb, cursor = $7::jsonb,
    lease_until = clock_timestamp() + make_interval(secs => $8::float8)
WHERE id = $1::uuid AND fence = $2::int AND state IN ('running', 'cancelling')
RETURNING state
""")
FINISH = Statement("""
UPDATE maintenance_job_run SET phase = $3, done = $4::bigint, total = $5::bigint, log = $6::jsonb,
    state = $7, finished_at = $8::timestamptz, lease_until = NULL, result = $9::jsonb, error = $10, error_id = $11
WHERE id = $1::uuid AND fence = $2::int AND state IN ('running', 'cancelling')
RETURNING state
""")


def claimed(run_id: UUID, worker: str) -> Values:
    """What `CLAIM` needs; it returns the row for `run_of`, or nothing."""
    return [str(run_id), worker, str(clock.now()), _lease()]


def saved(run: JobRun, fence: int) -> Values:
    """What `SAVE` needs; it returns the state, or nothing when the fence is lost."""
    return [*_told(run, fence), None if run.cursor is None else json.dumps(run.cursor), _lease()]


def finished(
    run: JobRun,
    fence: int,
    *,
    state: str,
    at: datetime,
    result: Mapping[str, Any] | None,
    error: str,
    error_id: str,
) -> Values:
    """What `FINISH` needs; it returns the state, or nothing when the fence is lost."""
    made = None if result is None else json.dumps(dict(result))
    return [*_told(run, fence), str(state), str(at), made, error, error_id]


def run_of(row: str) -> JobRun:
    """The run of a row in PostgreSQL's JSON."""
    found = json.loads(row)
    values: list[Any] = []
    for field in JobRun._meta.concrete_fields:
        value = found[str(field.column)]
        if value is not None and isinstance(field, DateTimeField):
            value = datetime.fromisoformat(value)
        elif value is not None and isinstance(field, UUIDField):
            value = UUID(value)
        values.append(value)
    return JobRun.from_db(DEFAULT_DB_ALIAS, [field.attname for field in JobRun._meta.concrete_fields], values)


def _told(run: JobRun, fence: int) -> Values:
    total = None if run.total is None else str(run.total)
    return [str(run.pk), str(fence), run.phase, str(run.done), total, json.dumps(run.log[-LOG_LINES:])]


def _lease() -> str:
    return str(settings.JOB_LEASE.total_seconds())
