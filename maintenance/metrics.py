"""Series of upkeep: runs, queue, schedules, clean-ups, backups, drills and the processes that do the work."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from maintenance.selectors import measures, safety
from portal.kit import clock, context, registry
from portal.kit.readings import Distribution, Reading, Sample, Samples, Series, quickly, readings

OUTCOMES = ("succeeded", "failed", "cancelled")
STATES = ("queued", "later", "running", "cancelling")
KINDS = ("worker", "beat")
# Seconds: a mail, a page of a report, a clean-up, a backup of a large database.
BUCKETS = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0)

JOBS = (
    Series(
        "steward_maintenance_runs", "counter", "Runs of jobs that ended today (UTC), by outcome.", ("name", "outcome")
    ),
    Series(
        "steward_maintenance_run_duration_seconds",
        "histogram",
        "How long the runs took that succeeded today (UTC), from their first start to their end.",
        ("name",),
    ),
    Series(
        "steward_maintenance_job_last_success_timestamp_seconds",
        "gauge",
        "When the newest successful run of the job ended; absent when there is none.",
        ("name",),
    ),
    Series(
        "steward_maintenance_runs_live",
        "gauge",
        "Runs that are not finished: queued and ready to start, waiting for a later time, running, cancelling.",
        ("state",),
    ),
    Series(
        "steward_maintenance_queue_oldest_seconds",
        "gauge",
        "For how long the oldest queued run could have started; 0 when none is queued.",
    ),
    Series(
        "steward_maintenance_dead_letters_runs",
        "gauge",
        "Runs of the last seven days that failed for good and were not started again.",
    ),
    Series(
        "steward_maintenance_heartbeats_live",
        "gauge",
        "Processes that gave a sign of life in the last 20 seconds.",
        ("kind",),
    ),
)
SCHEDULES = (
    Series("steward_maintenance_schedule_enabled", "gauge", "1 while the schedule fires, else 0.", ("schedule",)),
    Series(
        "steward_maintenance_schedule_lag_seconds",
        "gauge",
        "For how long the oldest slot that has come waits for its run to start; 0 when none does.",
        ("schedule",),
    ),
    Series(
        "steward_maintenance_schedule_last_success_timestamp_seconds",
        "gauge",
        "When the newest successful run of the schedule ended; absent when there is none.",
        ("schedule",),
    ),
)
CLEANUPS = (
    Series(
        "steward_maintenance_cleanup_rows",
        "counter",
        "Rows that clean-ups deleted which ended today (UTC).",
        ("cleanup",),
    ),
    Series(
        "steward_maintenance_cleanup_last_success_timestamp_seconds",
        "gauge",
        "When the newest successful run of the clean-up ended; absent when there was none for a week.",
        ("cleanup",),
    ),
)

SAFETY = (
    Series(
        "steward_maintenance_backup_last_success_timestamp_seconds",
        "gauge",
        "The moment that the newest usable backup brings back; 0 when there is none.",
    ),
    Series(
        "steward_maintenance_backup_last_verified_timestamp_seconds",
        "gauge",
        "The same of the newest backup whose every byte was read and found good; 0 when there is none.",
    ),
    Series(
        "steward_maintenance_rpo_seconds",
        "gauge",
        "How much would be lost now: the age of that verified backup; absent when there is none.",
    ),
    Series("steward_maintenance_backup_size_bytes", "gauge", "Stored size of the newest usable backup, at one target."),
    Series("steward_maintenance_backup_duration_seconds", "gauge", "How long the newest usable backup took to make."),
    Series("steward_maintenance_backups_usable", "gauge", "Backups that could be restored, as far as is known."),
    Series("steward_maintenance_backup_failed", "gauge", "1 while the last backup that ended is a failed one, else 0."),
    Series(
        "steward_maintenance_drill_last_success_timestamp_seconds",
        "gauge",
        "When the newest restore drill that passed ended; 0 when there is none.",
    ),
    Series(
        "steward_maintenance_drill_rto_seconds",
        "gauge",
        "How long that drill took, from the first byte to the last check; absent when there is none.",
    ),
    Series("steward_maintenance_drill_failed", "gauge", "1 while the last drill that ended did not pass, else 0."),
)


def _moments(ended: Iterable[tuple[str, datetime | None]]) -> list[Sample]:
    return [((name,), moment.timestamp()) for name, moment in ended if moment is not None]


def _moment(found: datetime | None) -> float:
    return 0.0 if found is None else found.timestamp()


def _distribution(counts: Sequence[int], total: float) -> Distribution:
    upto, so_far = [], 0
    for bound, number in zip((*map(str, BUCKETS), "+Inf"), counts, strict=True):
        so_far += number
        upto.append((bound, float(so_far)))
    return Distribution(upto, total)


def _jobs() -> Samples:
    names = [job.name for job in registry.jobs]
    with context.system("metrics"), quickly() as cursor:
        ended = measures.runs_ended(cursor)
        durations = measures.run_durations(cursor, BUCKETS)
        succeeded = measures.jobs_succeeded(cursor, names)
        live = measures.runs_live(cursor)
        dead = measures.dead_letters(cursor)
        alive = measures.processes_alive(cursor)
    nothing = ([0] * (len(BUCKETS) + 1), 0.0)
    return {
        # A counter that first appears with its first event has no increase; so all are there from the start.
        "steward_maintenance_runs": [
            ((name, outcome), ended.get((name, outcome), 0)) for name in names for outcome in OUTCOMES
        ],
        "steward_maintenance_run_duration_seconds": [
            ((name,), _distribution(*durations.get(name, nothing))) for name in names
        ],
        "steward_maintenance_job_last_success_timestamp_seconds": _moments(succeeded.items()),
        "steward_maintenance_runs_live": [((state,), live.get(state, (0, 0.0))[0]) for state in STATES],
        "steward_maintenance_queue_oldest_seconds": [((), live.get("queued", (0, 0.0))[1])],
        "steward_maintenance_dead_letters_runs": [((), dead)],
        "steward_maintenance_heartbeats_live": [((kind,), alive.get(kind, 0)) for kind in KINDS],
    }


def _schedules() -> Samples:
    with context.system("metrics"), quickly() as cursor:
        told = measures.schedules_told(cursor)
    return {
        "steward_maintenance_schedule_enabled": [((name,), float(fires)) for name, (fires, _, _) in told.items()],
        "steward_maintenance_schedule_lag_seconds": [((name,), lag) for name, (_, lag, _) in told.items()],
        "steward_maintenance_schedule_last_success_timestamp_seconds": _moments(
            (name, succeeded) for name, (_, _, succeeded) in told.items()
        ),
    }


def _cleanups() -> Samples:
    with context.system("metrics"), quickly() as cursor:
        done = measures.cleanups_done(cursor)
    names = dict.fromkeys([cleanup.name for cleanup in registry.cleanups] + list(done))
    return {
        "steward_maintenance_cleanup_rows": [((name,), done[name][0] if name in done else 0) for name in names],
        "steward_maintenance_cleanup_last_success_timestamp_seconds": _moments(
            (name, ended) for name, (_, ended) in done.items()
        ),
    }


def _safety() -> Samples:
    with context.system("metrics"), quickly() as cursor:
        backups, drills = safety.backups_told(cursor), safety.drills_told(cursor)
    return {
        # 0 and not absent: an age that nothing is compared with would alarm nobody where no backup was ever made.
        "steward_maintenance_backup_last_success_timestamp_seconds": [((), _moment(backups.newest))],
        "steward_maintenance_backup_last_verified_timestamp_seconds": [((), _moment(backups.verified))],
        "steward_maintenance_rpo_seconds": []
        if backups.verified is None
        else [((), (clock.now() - backups.verified).total_seconds())],
        "steward_maintenance_backup_size_bytes": [((), backups.size)],
        "steward_maintenance_backup_duration_seconds": [((), backups.seconds)],
        "steward_maintenance_backups_usable": [((), backups.usable)],
        "steward_maintenance_backup_failed": [((), float(backups.failed))],
        "steward_maintenance_drill_last_success_timestamp_seconds": [((), _moment(drills.passed))],
        "steward_maintenance_drill_rto_seconds": [] if drills.passed is None else [((), drills.seconds)],
        "steward_maintenance_drill_failed": [((), float(drills.failed))],
    }


readings.add(Reading("maintenance.jobs", JOBS, _jobs))
readings.add(Reading("maintenance.schedules", SCHEDULES, _schedules))
readings.add(Reading("maintenance.cleanups", CLEANUPS, _cleanups))
readings.add(Reading("maintenance.safety", SAFETY, _safety))
