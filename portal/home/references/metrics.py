"""docs/metrics.md: every series that Prometheus finds."""

from typing import Any

from portal.home.references.tables import NAMES, ROOMS, generated, plain, table
from portal.kit import activity, metrics, readings

_HEAD = """# Series for Prometheus

[Monitoring](monitoring.md) tells how they are read and which alerts look at them. Labels name what is declared in code, never a person,
an organisation or an id.

"""
_OURS: tuple[Any, ...] = (metrics.ERRORS, readings.ERRORS, activity.DROPPED)
_COUNTED = """
## Counted by each web server

These begin at zero when a web server starts.

"""
_DJANGO = """
Requests are counted beside them under the names of django-prometheus: `django_http_requests_*`, `django_http_responses_*` (by status,
view and method) and the times `django_http_requests_latency_*`.
"""


def text() -> str:
    """The page."""
    parts = [_HEAD, generated("metrics"), "\n## Read when Prometheus asks\n\n", _NOTE]
    for room in (*ROOMS, "kpi"):
        rows = [
            (f"`{series.shown}`", series.kind, _labels(series.labels), plain(series.text))
            for reading in readings.readings
            for series in reading.series
            if series.name.split("_")[1] == room
        ]
        if rows:
            name = "Key figures" if room == "kpi" else NAMES[room]
            parts += [f"\n### {name}\n\n", table(("series", "type", "labels", "meaning"), rows)]
    return "".join([*parts, _COUNTED, _counted(), _DJANGO])


_NOTE = """Counters that are read from the database are those of the present day (UTC): they begin at zero at midnight, which `rate` and
`increase` take for the restart of a counter. So they survive restarts of any process, and no clean-up lowers them.
"""


def _counted() -> str:
    rows = [
        (f"`{one._name}_total`", "counter", _labels(one._labelnames), one._documentation)
        for one in sorted(_OURS, key=lambda one: str(one._name))
    ]
    return table(("series", "type", "labels", "meaning"), rows)


def _labels(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)
