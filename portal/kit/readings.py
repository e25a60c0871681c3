"""Series that are read when Prometheus asks, mostly from the database: declared by the rooms in their `metrics.py`.

What a process counts (requests, errors) is lost with it, and each process counts alone; the truth about jobs, schedules
and backups is in the database, where every web process finds the same. A reading that fails leaves its series out and
is counted in `steward_kit_scrape_errors`; the page answers all the same.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from django.db import InterfaceError, OperationalError, connection
from prometheus_client import Counter
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from portal.kit.registry import Registry
from portal.kit.tenancy import behind_the_wall

log = logging.getLogger("steward.metrics")
KEPT_SECONDS = 5.0  # However many ask, the database is asked so often.
STATEMENT_TIMEOUT = "2s"  # Prometheus gives up after 10 s; a locked or overloaded database must not hold its scrape.


@dataclass(frozen=True)
class Series:
    """One series. `name` is `steward_<room>_<noun>_<unit>`; a counter's is shown with `_total` behind it.

    Labels name things that are declared in code (jobs, schedules, states), never people, organisations or ids.
    """

    name: str
    kind: Literal["gauge", "counter", "histogram"]
    text: str
    labels: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The name under which Prometheus has it."""
        return f"{self.name}_total" if self.kind == "counter" else self.name


@dataclass(frozen=True)
class Distribution:
    """The value of a histogram: how many were at most so large, cumulative and ending with +Inf, and the sum of all."""

    upto: Sequence[tuple[str, float]]
    total: float


Sample = tuple[tuple[str, ...], float | Distribution]
Samples = Mapping[str, Iterable[Sample]]


@dataclass(frozen=True)
class Reading:
    """Series that are read together. `read` gives the samples (values of the labels, value) of each by its name."""

    name: str
    series: tuple[Series, ...]
    read: Callable[[], Samples]
    asks_database: bool = True


readings: Registry[Reading] = Registry("Reading", lambda item: item.name)
ERRORS = Counter("steward_kit_scrape_errors", "Readings that failed, so that their series are absent.", ["reading"])
_FAMILIES: dict[str, Any] = {
    "gauge": GaugeMetricFamily,
    "counter": CounterMetricFamily,
    "histogram": HistogramMetricFamily,
}


@contextmanager
def quickly() -> Iterator[Any]:
    """A cursor in one transaction behind the wall of who acts, in which no statement takes longer than 2 s."""
    with behind_the_wall(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'")
        yield cursor
        # Where this is a savepoint, the setting would outlive it.
        cursor.execute("SET LOCAL statement_timeout TO DEFAULT")


class Readings(Collector):
    """All declared readings, kept for some seconds; one thread of a process reads, the others wait for what it found."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: list[Metric] = []
        self._until = 0.0

    def collect(self) -> Iterable[Metric]:
        """The series of all readings that succeeded."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._kept = list(_read_all())
                self._until = time.monotonic() + KEPT_SECONDS
            return self._kept

    def forget(self) -> None:
        """Read anew the next time."""
        self._until = 0.0


def _read_all() -> Iterator[Metric]:
    away = False
    for reading in readings:
        if away and reading.asks_database:
            ERRORS.labels(reading.name).inc()  # Asking again would only wait for the same.
            continue
        try:
            yield from _families(reading)
        except Exception as error:  # whatever a room's reading raises, the others are shown
            ERRORS.labels(reading.name).inc()
            log.warning("The series of %s cannot be read.", reading.name, exc_info=error)
            away = away or isinstance(error, OperationalError | InterfaceError)
            if not connection.in_atomic_block:
                connection.close()


def _families(reading: Reading) -> list[Metric]:
    samples = dict(reading.read())
    families = []
    for series in reading.series:
        family = _FAMILIES[series.kind](series.name, series.text, labels=series.labels)
        for labels, value in samples.pop(series.name, ()):
            if isinstance(value, Distribution):
                family.add_metric(labels, buckets=list(value.upto), sum_value=value.total)
            else:
                family.add_metric(labels, value)
        families.append(family)
    if samples:
        raise KeyError(f"{reading.name} reads {', '.join(samples)} and does not declare it.")
    return families


collector = Readings()
