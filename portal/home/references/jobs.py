"""docs/jobs.md: what the worker does, and what starts by itself."""

from datetime import timedelta

from maintenance.presenters.cron_words import cron_words
from portal.home.references.tables import NAMES, ROOMS, generated, plain, room_of, table
from portal.kit import registry

_HEAD = """# Jobs and schedules

A job is work that a worker does: it has a row that everybody with the right can watch, with progress, log, cancel and *Run again*
([the walk of a job](architecture.md#the-walk-of-a-job)). A killed worker's run goes on at its cursor. A schedule is a job that
starts by itself; times are declared here and may be set otherwise on the page *Schedules* ([schedules](schedules.md)).

"""


def text() -> str:
    """The page."""
    parts = [_HEAD, generated("jobs"), "\n## Jobs\n"]
    for room in ROOMS:
        rows = [
            (f"`{job.name}`", plain(job.label), f"`{job.permission}`", job.max_attempts, _span(job.time_limit))
            for job in sorted(registry.jobs, key=lambda job: job.name)
            if room_of(job.name) == room
        ]
        if rows:
            head = ("job", "what it does", "right to see and start it", "attempts", "time limit")
            parts += [f"\n### {NAMES[room]}\n\n", table(head, rows)]
    return "".join([*parts, "\n## Schedules\n\n", _schedules()])


def _schedules() -> str:
    """In the order of the night, then by name."""
    ordered = sorted(registry.schedules, key=lambda one: (one.night is None, one.night or 0, one.name))
    rows = [
        (
            f"`{one.name}`",
            plain(one.label),
            f"`{one.job}`",
            f"`{one.cron}`",
            cron_words(one.cron),
            "" if one.night is None else one.night,
        )
        for one in ordered
    ]
    note = (
        "*Night* is the place in the night's maintenance, lowest first; times are of the installation's time zone.\n\n"
    )
    return note + table(("schedule", "what", "job", "cron", "when", "night"), rows)


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
