"""Reads for Prometheus: what the tables of upkeep tell about runs, schedules and processes, of all organisations.

Counters are those of the present day (UTC). Counted over a whole table they would fall with every clean-up, and
Prometheus, which takes a fall for a restart, would add what is left once more. Counted from midnight they never fall
within the day, whatever is cleaned or run again, and begin at zero each night, which `rate` and `increase` allow for.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from maintenance import cleaning
from maintenance.cron import next_slot
from maintenance.models import ScheduleState
from maintenance.services import heartbeats
from portal.kit import clock, ids

DEAD_LETTERS = timedelta(days=7)
# A run that ends today was asked for in this time. The key of a run is the moment of asking, so this is an index range.
LONGEST_LIFE = timedelta(days=7)


def _midnight() -> datetime:
    now = clock.now()
    return datetime.combine(now.date(), time.min, now.tzinfo)


def _rows(cursor: Any, sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    cursor.execute(sql, values)
    found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


_LIVE = """
SELECT CASE WHEN run_at > %(now)s THEN 'later' ELSE 'queued' END, count(*), extract(epoch FROM %(now)s - min(run_at))
FROM maintenance_job_run WHERE state = 'queued' GROUP BY 1
UNION ALL
SELECT state, count(*), 0 FROM maintenance_job_run WHERE state IN ('running', 'cancelling') GROUP BY 1
"""


def runs_live(cursor: Any) -> dict[str, tuple[int, float]]:
    """How many runs are queued (and could start now), wait for their time (`later`), are running or being cancelled;
    and for how many seconds the oldest of them could have started."""
    rows = _rows(cursor, _LIVE, {"now": clock.now()})
    return {state: (int(number), max(0.0, float(age))) for state, number, age in rows}


# From the trail, not from the runs: a failed run that is started again is no longer a failed one there, and a counter
# must not fall.
_ENDED = """
SELECT target_label, code, count(*) FROM audit_event
WHERE code IN ('maintenance.run.succeeded', 'maintenance.run.failed', 'maintenance.run.cancelled') AND id >= %(first)s
GROUP BY 1, 2
"""


def runs_ended(cursor: Any) -> dict[tuple[str, str], int]:
    """How many runs have ended today, by job and outcome (succeeded, failed, cancelled)."""
    rows = _rows(cursor, _ENDED, {"first": ids.first_of(_midnight())})
    return {(name, code.rpartition(".")[2]): int(number) for name, code, number in rows}


_DURATIONS = """
SELECT name, width_bucket(extract(epoch FROM finished_at - started_at)::float8, %(bounds)s::float8[]), count(*),
    sum(extract(epoch FROM finished_at - started_at))
FROM maintenance_job_run
WHERE id >= %(first)s AND state = 'succeeded' AND finished_at >= %(midnight)s
GROUP BY 1, 2
"""


def run_durations(cursor: Any, bounds: Sequence[float]) -> dict[str, tuple[list[int], float]]:
    """Of the runs that succeeded today, by job: how many took up to each of `bounds` seconds and how many longer (not
    cumulative, the last is longer than all), and the seconds of all."""
    midnight = _midnight()
    values = {"bounds": list(bounds), "first": ids.first_of(midnight - LONGEST_LIFE), "midnight": midnight}
    found: dict[str, tuple[list[int], float]] = {}
    for name, bucket, number, seconds in _rows(cursor, _DURATIONS, values):
        counts, total = found.get(name) or ([0] * (len(bounds) + 1), 0.0)
        counts[int(bucket)] += int(number)
        found[name] = counts, total + float(seconds)
    return found


_DEAD = "SELECT count(*) FROM maintenance_job_run WHERE state = 'failed' AND id >= %(first)s"


def dead_letters(cursor: Any) -> int:
    """Runs of the last seven days that failed for good and that nobody has started again."""
    rows = _rows(cursor, _DEAD, {"first": ids.first_of(clock.now() - DEAD_LETTERS)})
    return int(rows[0][0])


# One look-up for each name, as a constant: for a name that it does not know the planner takes all jobs to be as frequent,
# and walks back through the runs of the others.
_LAST_SUCCESS = """
(SELECT name, finished_at FROM maintenance_job_run WHERE name = %s AND state = 'succeeded' ORDER BY id DESC LIMIT 1)
"""


def jobs_succeeded(cursor: Any, names: Sequence[str]) -> dict[str, datetime]:
    """When the newest successful run of each job ended; jobs without one are absent."""
    cursor.execute("UNION ALL".join([_LAST_SUCCESS] * len(names)), list(names))
    return dict(cursor.fetchall())


# The waiting are found by the index of queued runs; asked schedule by schedule, all runs of each would be walked.
_SLOTS = """
WITH waiting AS MATERIALIZED (
    SELECT schedule, min(slot) AS slot FROM maintenance_job_run
    WHERE state = 'queued' AND slot IS NOT NULL AND started_at IS NULL GROUP BY 1
)
SELECT schedule.name,
    (SELECT finished_at FROM maintenance_job_run AS run
        WHERE run.schedule = schedule.name AND run.slot IS NOT NULL AND state = 'succeeded' ORDER BY slot DESC LIMIT 1),
    waiting.slot
FROM maintenance_schedule AS schedule LEFT JOIN waiting ON waiting.schedule = schedule.name
"""


def schedules_told(cursor: Any) -> dict[str, tuple[bool, float, datetime | None]]:
    """Of each schedule: whether it fires, for how many seconds a slot has been waiting for its run to start (0 when
    none has), and when its newest successful run ended."""
    now = clock.now()
    states = {state.name: state for state in ScheduleState.objects.all()}
    found = {}
    for name, succeeded, waiting in _rows(cursor, _SLOTS, {}):
        state = states.get(name)
        if state is not None:
            due = _due(state, now)
            oldest = min((slot for slot in (waiting, due) if slot is not None), default=now)
            found[name] = state.is_running, max(0.0, (now - oldest).total_seconds()), succeeded
    return found


def _due(state: ScheduleState, now: datetime) -> datetime | None:
    """The slot that should have been fired by now and was not."""
    if not state.is_running:
        return None
    try:
        slot = next_slot(state.cron, state.time_zone, state.last_slot)
    except Exception:  # noqa: BLE001 - an unreadable row concerns its schedule alone, whose page says what is wrong
        return None
    return slot if slot <= now else None


_CLEANED = """
SELECT coalesce(item->>'cleanup', args->>'cleanup'),
    sum((item->>'deleted')::bigint) FILTER (WHERE finished_at >= %(midnight)s), max(finished_at)
FROM maintenance_job_run
CROSS JOIN LATERAL jsonb_array_elements(coalesce(result->'items', jsonb_build_array(result))) AS item
WHERE name = %(job)s AND id >= %(first)s AND state = 'succeeded' AND result IS NOT NULL GROUP BY 1
"""


def cleanups_done(cursor: Any) -> dict[str, tuple[int, datetime]]:
    """Of each clean-up of the last week: rows deleted by its runs that succeeded today, and when the newest ended.

    A run of several has the result of each among its `items`.
    """
    midnight = _midnight()
    values = {"job": cleaning.JOB, "midnight": midnight, "first": ids.first_of(midnight - LONGEST_LIFE)}
    return {name: (int(rows or 0), ended) for name, rows, ended in _rows(cursor, _CLEANED, values) if name}


_HEARTBEATS = "SELECT kind, count(*) FROM maintenance_heartbeat WHERE seen_at > %(since)s GROUP BY 1"


def processes_alive(cursor: Any) -> dict[str, int]:
    """How many processes of each kind gave a sign of life lately."""
    rows = _rows(cursor, _HEARTBEATS, {"since": clock.now() - heartbeats.SILENT_AFTER})
    return {kind: int(number) for kind, number in rows}
