"""Request series for Prometheus, under the names of django-prometheus, at a fraction of its cost.

A request leaves one tuple; a thread adds the tuples up and brings the sums into the series twice a second. Counting in
the request itself costs a fifth of an anonymous request: some fifteen series, each with a lock and a write into the
shared file.
"""

import os
import re
import threading
import time
from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django_prometheus.middleware import Metrics

from portal.kit.limits import PAGE_BODY_BYTES

INTERVAL_SECONDS = 0.5
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "OPTIONS", "CONNECT", "PATCH"})
INVENTED = "<invalid method>"  # Each invented method would be a series for ever.
UNNAMED = "<unnamed view>"
_NO_TYPE = ("", "")


# What requests are counted by: method, transport, view, status, content type, whether it streams.
_Kind = tuple[str, str, str, int, str, bool]
_Entry = tuple[_Kind, float, int, int]  # kind, seconds, bytes received, bytes sent
_waiting: deque[_Entry] = deque()
_arrived = threading.Event()
_flushing = threading.Lock()
_thread: threading.Thread | None = None


def _after_fork() -> None:
    global _thread, _flushing, _arrived
    _thread, _flushing, _arrived = None, threading.Lock(), threading.Event()
    _waiting.clear()  # the parent counts what it has seen


os.register_at_fork(after_in_child=_after_fork)


def count(request: HttpRequest, response: HttpResponseBase, seconds: float, *, secure: bool = False) -> None:
    """Count a finished request that took `seconds`, and came by https if `secure`."""
    method = request.method
    match = request.resolver_match
    streaming = response.streaming
    kind = (
        method if method in METHODS else INVENTED,
        "https" if secure else "http",
        match.view_name or UNNAMED if match is not None else UNNAMED,
        response.status_code,
        response.headers._store.get("content-type", _NO_TYPE)[1],
        streaming,
    )
    given = request.META.get("CONTENT_LENGTH")
    body = int(given) if given and len(given) < 18 and given.isascii() and given.isdigit() else 0
    if body > PAGE_BODY_BYTES:
        body = 0  # Refused unread, by its announced length, which may be any number and would drown the sum.
    _waiting.append((kind, seconds, body, 0 if streaming else len(response.content)))  # type: ignore[attr-defined]
    if not _arrived.is_set():
        _wake()


def count_exception(request: HttpRequest, error: BaseException) -> None:
    """Count an exception that a view raised."""
    series = _series()
    match = request.resolver_match
    series.exceptions_by_type.labels(type(error).__name__).inc()
    series.exceptions_by_view.labels(match.view_name or UNNAMED if match is not None else UNNAMED).inc()


def flush() -> None:
    """Bring everything counted so far into the series; the thread does it, and a test that reads them."""
    with _flushing:
        taken = [_waiting.popleft() for _ in range(len(_waiting))]
        if taken:
            _add(taken)


def _wake() -> None:
    global _thread  # noqa: PLW0603 - one per process
    _arrived.set()
    if _thread is None or not _thread.is_alive():
        _thread = threading.Thread(target=_run, name="traffic", daemon=True)
        _thread.start()


def _run() -> None:
    arrived = _arrived
    while True:
        arrived.wait()
        time.sleep(INTERVAL_SECONDS)  # What comes meanwhile is added up with it.
        arrived.clear()
        flush()


@cache
def _series() -> Any:
    return Metrics.get_instance()


def _add(taken: Sequence[_Entry]) -> None:
    series = _series()
    groups: dict[_Kind, list[float]] = defaultdict(list)
    for kind, seconds, _body, _sent in taken:
        groups[kind].append(seconds)
    for kind, took in groups.items():
        method, transport, view, status, content_type, streaming = kind
        series.requests_by_method.labels(method).inc(len(took))
        series.requests_by_transport.labels(transport).inc(len(took))
        series.requests_by_view_transport_method.labels(view, transport, method).inc(len(took))
        series.responses_by_status.labels(str(status)).inc(len(took))
        series.responses_by_status_view_method.labels(str(status), view, method).inc(len(took))
        series.responses_by_charset.labels(_charset(content_type)).inc(len(took))
        if streaming:
            series.responses_streaming.inc(len(took))
        _observe(series.requests_latency_by_view_method.labels(view, method), took)
    series.requests_total.inc(len(taken))
    series.responses_total.inc(len(taken))
    _observe(series.requests_latency_before, [entry[1] for entry in taken])
    _observe(series.requests_body_bytes, [entry[2] for entry in taken])
    _observe(series.responses_body_bytes, [entry[3] for entry in taken if not entry[0][5]])


def _charset(content_type: str) -> str:
    found = re.search(r"charset=\"?([\w.:-]{1,40})", content_type)
    return found[1].lower() if found else "utf-8"


def _observe(histogram: Any, amounts: Sequence[float]) -> None:
    """`histogram.observe` of many amounts at once, which the library does not offer."""
    buckets = Counter(bisect_left(histogram._upper_bounds, amount) for amount in amounts)
    for index, number in buckets.items():
        histogram._buckets[index].inc(number)
    histogram._sum.inc(sum(amounts))
