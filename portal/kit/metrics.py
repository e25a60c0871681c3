"""Prometheus series: our own, and the page that machines read them from.

The web server has several processes, and each counts for itself in small files (prometheus_client's multiprocess
mode); whichever process is asked adds all of them up. What the rooms read from the database comes beside it (`readings`).
"""

import hmac
import os
import struct
from collections.abc import Iterable
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, generate_latest, values
from prometheus_client.metrics_core import Metric
from prometheus_client.mmap_dict import _INITIAL_MMAP_SIZE, MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from portal.kit import errors, readings, traffic

# These parts of prometheus_client carry no types.
_values: Any = values
_collector: Any = MultiProcessCollector
_mapped_file: Any = MmapedDict

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
LOOPBACK = frozenset({"127.0.0.1", "::1"})
# Any of these says that a proxy of this machine passes on the request of somebody else.
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")

# All series of ours carry labels: their values are made at first use, after `prepare_directory` has chosen where.
ERRORS = Counter("steward_kit_errors", "Replies that told of an error, by its stable code.", ["code"])


def count_error(code: str) -> None:
    """Count one reply that told of the typed error `code`."""
    ERRORS.labels(code).inc()


class MetricsClosed(errors.StewardError):
    """/metrics was asked without the key."""

    code = "kit.metrics_closed"
    status = 403
    title = _("The metrics are closed")
    default_detail = _(
        "Send the value of STEWARD_METRICS_KEY as a bearer token; "
        "without that setting only this machine itself is answered."
    )


def metrics(request: HttpRequest) -> HttpResponse:
    """`/metrics`: all series of all web processes as Prometheus text; raises `MetricsClosed` for strangers."""
    if not _may_read(request):
        raise MetricsClosed
    read = _Read(readings.collector.collect())  # First, so that a failure is counted in this reply.
    registry = REGISTRY
    if DIRECTORY in os.environ:
        registry = CollectorRegistry()
        registry.register(Everything(Path(os.environ[DIRECTORY]).parent))
    traffic.flush()
    text = generate_latest(registry) + generate_latest(read)
    reply = HttpResponse(text, content_type=CONTENT_TYPE_LATEST)
    reply["Cache-Control"] = "no-store"
    return reply


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_KEY:
        scheme, _separator, given = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        same = hmac.compare_digest(given.strip().encode(), settings.METRICS_KEY.encode())
        return same and scheme.lower() == "bearer"
    meta = request.META
    return meta.get("REMOTE_ADDR") in LOOPBACK and not any(name in meta for name in FORWARDED)


class _Read(Collector):
    """Series that are at hand; `generate_latest` asks for no more than `collect`."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        """Them."""
        return self._families


class Everything(Collector):
    """What the processes of every part (web, worker) below `root` have counted, added up."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def collect(self) -> Iterable[Metric]:
        """The merged series; a file that is just being made is left for the next time."""
        files = [str(path) for path in sorted(self._root.glob("*/*.db")) if _readable(path)]
        merged: Iterable[Metric] = _collector.merge(files)
        return merged


def _readable(path: Path) -> bool:
    try:
        for _entry in _mapped_file.read_all_values_from_file(str(path)):
            pass
    except (OSError, RuntimeError, ValueError, struct.error):
        return False
    return True


def prepare_directory(part: str = "web") -> Path:
    """Let this process and its children count in `var/metrics/<part>`; call before they start.

    Raises CommandError when the folder cannot be made. The counters of an earlier run are dropped, unless somebody
    counts there already: several workers of one machine share the folder, also when they start at the same moment.
    Prometheus takes the fall to zero for the restart that it is.
    """
    path = Path(settings.STEWARD_VAR) / "metrics" / part
    try:
        path.mkdir(parents=True, exist_ok=True)
        # Held until this process ends, however it ends.
        lock = os.open(path / "in-use", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with suppress(BlockingIOError):
            flock(lock, LOCK_EX | LOCK_NB)
            for old in path.glob("*.db"):
                old.unlink(missing_ok=True)
        flock(lock, LOCK_SH)
    except OSError as error:
        raise CommandError(
            f"Steward cannot write to {path} ({error.strerror}). Make STEWARD_VAR writable for this account, "
            "or set it to a folder that is."
        ) from error
    os.environ[DIRECTORY] = str(path)
    # prometheus_client chose when it was imported, which is before any command runs.
    _values.MmapedDict = ReservedDict
    _values.ValueClass = _value_class()
    return path


def _value_class() -> Any:
    mapped: Any = _values.MultiProcessValue()

    def value(*args: Any, **kwargs: Any) -> Any:
        try:
            return mapped(*args, **kwargs)
        except OSError:  # disk full: this process counts a new series for itself, and the request goes on
            return _values.MutexValue(*args, **kwargs)

    return value


class ReservedDict(MmapedDict):
    """A counting file whose bytes exist on the disk before they are mapped.

    The original grows by `truncate`, which reserves nothing: on a full disk the next write kills the process (SIGBUS).
    """

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        if not read_mode:
            with Path(filename).open("ab") as stream:
                if os.fstat(stream.fileno()).st_size == 0:
                    os.posix_fallocate(stream.fileno(), 0, _INITIAL_MMAP_SIZE)
        super().__init__(filename, read_mode)  # type: ignore[no-untyped-call]

    def _init_value(self, key: str) -> None:
        # 4 bytes length, at most 8 of padding, 16 of value; see the layout in the base class.
        needed = self._used + len(key.encode()) + 28
        capacity = self._capacity
        while capacity < needed:
            capacity *= 2
        if capacity > self._capacity:
            os.posix_fallocate(self._f.fileno(), 0, capacity)
        super()._init_value(key)  # type: ignore[no-untyped-call]
