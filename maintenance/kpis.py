"""Key figures of running the installation: whether it is up, and whether its jobs succeed."""

from collections.abc import Sequence
from fractions import Fraction

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from maintenance.services.heartbeats import UP
from portal.kit import registry
from portal.kit.kpis import Figure, Kpi, Part, Span, kpis, ratio
from portal.kit.tallies import counted

_JOBS = """
SELECT name, count(*) FILTER (WHERE state = 'succeeded'), count(*) FROM maintenance_job_run
WHERE state IN ('succeeded', 'failed') AND finished_at >= %(start)s AND finished_at < %(end)s
GROUP BY name ORDER BY 1.0 * count(*) FILTER (WHERE state = 'succeeded') / count(*), count(*) DESC, name
"""


def _ended(span: Span) -> list[tuple[str, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_JOBS, {"start": span.start, "end": span.end})
        found: list[tuple[str, int, int]] = cursor.fetchall()
    return found


def _jobs(span: Span) -> Figure:
    rows = _ended(span)
    return ratio(sum(row[1] for row in rows), sum(row[2] for row in rows), none=_("no job ended"))


def _jobs_parts(span: Span) -> Sequence[Part]:
    return [
        Part(
            _label(name), Fraction(done, ended), None, _("%(done)s of %(ended)s runs") % {"done": done, "ended": ended}
        )
        for name, done, ended in _ended(span)
    ]


def _label(name: str) -> str:
    return str(registry.jobs.get(name).label) if name in registry.jobs else name


def _uptime(span: Span) -> Figure:
    found = counted([UP], *span.days, span.end)
    if found is None or not found.minutes:
        return Figure(None, missing=_("a sign of life of the beat in that time"))
    return Figure(min(Fraction(1), Fraction(found.numbers.get(UP, 0), found.minutes)))


kpis.add(
    Kpi(
        "uptime",
        gettext_lazy("Uptime"),
        "share",
        "product",
        "up",
        gettext_lazy(
            "Minutes in which the beat gave a sign of life and the database took it / minutes of the span's days (UTC), "
            "from the first one ever known. A web server that fails by itself is not seen by it."
        ),
        _uptime,
    )
)
kpis.add(
    Kpi(
        "jobs_succeeded",
        gettext_lazy("Jobs succeeded"),
        "share",
        "product",
        "up",
        gettext_lazy(
            "Runs of jobs that succeeded / runs that succeeded or failed for good, of those that ended in the span. Retries "
            "are no runs of their own; cancelled ones do not count; runs are kept for 90 days."
        ),
        _jobs,
        _jobs_parts,
    )
)
