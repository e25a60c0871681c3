"""Request series: what is counted, under which labels, and that nothing of a client's invention becomes a series."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.conf import settings as project
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory
from django.urls import resolve
from prometheus_client import REGISTRY

from portal.kit import traffic

VIEW = {"view": "api_session", "method": "GET"}


@pytest.fixture(autouse=True)
def _nothing_waits() -> Iterator[None]:
    traffic.flush()
    yield
    traffic.flush()


def _value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"django_http_{name}", labels) or 0.0


def _count(reply: HttpResponseBase, *, method: str = "GET", seconds: float = 0.004, body: bytes = b"") -> None:
    request = RequestFactory().generic(method, "/api/v1/auth/session", body)
    request.resolver_match = resolve("/api/v1/auth/session")
    traffic.count(request, reply, seconds)


def test_a_request_is_in_every_series_once() -> None:
    names = {
        "requests_before_middlewares_total": {},
        "responses_before_middlewares_total": {},
        "requests_total_by_method_total": {"method": "GET"},
        "requests_total_by_transport_total": {"transport": "http"},
        "requests_total_by_view_transport_method_total": {**VIEW, "transport": "http"},
        "responses_total_by_status_total": {"status": "418"},
        "responses_total_by_status_view_method_total": {**VIEW, "status": "418"},
        "responses_total_by_charset_total": {"charset": "iso-8859-1"},
        "requests_latency_including_middlewares_seconds_count": {},
        "requests_latency_seconds_by_view_method_count": VIEW,
        "requests_body_total_bytes_count": {},
        "responses_body_total_bytes_count": {},
    }
    before = {name: _value(name, **labels) for name, labels in names.items()}

    _count(HttpResponse("tea", status=418, content_type="text/plain; charset=iso-8859-1"))
    traffic.flush()

    assert {name: _value(name, **labels) - before[name] for name, labels in names.items()} == dict.fromkeys(names, 1.0)


@pytest.mark.parametrize("announced", ["12000001", "9" * 17, "9" * 30, "-5", "1e9", "\N{SUPERSCRIPT TWO}"])
def test_a_length_that_is_only_announced_does_not_drown_the_sum(announced: str) -> None:
    traffic.flush()
    before = _value("requests_body_total_bytes_sum")
    request = RequestFactory().get("/")
    request.META["CONTENT_LENGTH"] = announced
    traffic.count(request, HttpResponse(), 0.001, secure=False)
    traffic.flush()

    assert _value("requests_body_total_bytes_sum") == before


def test_sums_and_buckets_are_those_of_the_single_requests() -> None:
    def state() -> list[float]:
        name = "requests_latency_seconds_by_view_method"
        return [
            _value(f"{name}_sum", **VIEW),
            _value(f"{name}_bucket", **VIEW, le="0.01"),
            _value(f"{name}_bucket", **VIEW, le="0.1"),
            _value(f"{name}_bucket", **VIEW, le="+Inf"),
            _value("requests_body_total_bytes_sum"),
            _value("responses_body_total_bytes_sum"),
        ]

    before = state()
    for seconds in (0.004, 0.05, 0.05, 1000.0):
        _count(HttpResponse("12345"), seconds=seconds, body=b"123")
    traffic.flush()

    assert [round(now - then, 3) for now, then in zip(state(), before, strict=True)] == [1000.104, 1, 3, 4, 12, 20]


def test_a_streamed_reply_has_no_size() -> None:
    before = _value("responses_streaming_total"), _value("responses_body_total_bytes_count")

    _count(StreamingHttpResponse(iter([b"x"])))
    traffic.flush()

    assert (_value("responses_streaming_total"), _value("responses_body_total_bytes_count")) == (
        before[0] + 1,
        before[1],
    )


def test_an_invented_method_makes_no_series() -> None:
    _count(HttpResponse("x"), method="INVENTED")
    traffic.flush()

    methods = {
        sample.labels["method"]
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if "method" in sample.labels
    }
    assert "INVENTED" not in methods
    assert traffic.INVENTED in methods


@pytest.mark.parametrize("length", ["-5", "1e3", "²", "x", ""])
def test_a_length_that_is_no_number_counts_as_none(length: str) -> None:
    before = _value("requests_body_total_bytes_sum")
    request = RequestFactory().get("/api/v1/auth/session", CONTENT_LENGTH=length)

    traffic.count(request, HttpResponse("x"), 0.001)
    traffic.flush()

    assert _value("requests_body_total_bytes_sum") == before
    assert _value("responses_total_by_status_view_method_total", status="200", view=traffic.UNNAMED, method="GET") > 0


def test_an_exception_is_counted_by_its_type_and_view() -> None:
    request = RequestFactory().get("/api/v1/auth/session")
    request.resolver_match = resolve("/api/v1/auth/session")
    before = _value("exceptions_total_by_type_total", type="ZeroDivisionError")

    traffic.count_exception(request, ZeroDivisionError())

    assert _value("exceptions_total_by_type_total", type="ZeroDivisionError") == before + 1
    assert _value("exceptions_total_by_view_total", view="api_session") > 0


FORK = """
import os, time
import django
django.setup()
from django.http import HttpResponse
from django.test import RequestFactory
from portal.kit import metrics, traffic

metrics.prepare_directory()
def ask(times):
    for _ in range(times):
        traffic.count(RequestFactory().get("/x"), HttpResponse("x"), 0.001)
ask(3)
child = os.fork()
if child == 0:
    ask(4)
    deadline = time.monotonic() + 20
    while traffic._waiting and time.monotonic() < deadline:  # its own thread does it
        time.sleep(0.01)
    traffic.flush()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
traffic.flush()
print(metrics.metrics(RequestFactory().get("/metrics")).content.decode())
"""


def test_each_process_counts_what_it_has_seen_and_no_request_twice(tmp_path: object) -> None:
    told = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORK],
        cwd=project.BASE_DIR,
        env={**os.environ, "STEWARD_VAR": str(tmp_path), "STEWARD_METRICS_KEY": ""},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout

    assert "django_http_requests_before_middlewares_total 7.0" in told
