"""The web server's application answers as Django's own handler does, with less work."""

import io
import sys
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest
from django.conf import settings as project
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core import signals
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from pytest_django import Settings

from portal.kit.application import Application
from tests.factories import World, signed_in

Answer = tuple[str, list[tuple[str, str]], bytes]
OWN = {"x-request-id", "x-correlation-id", "x-error-id", "content-length"}  # Of each request, or only ours.


@pytest.fixture
def application(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Application]:
    """The application; what it changes for its process is put back."""
    settings.ROOT_URLCONF = "tests.kit.routes"
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    monkeypatch.setattr(signals.request_started, "receivers", list(signals.request_started.receivers))
    monkeypatch.setattr(signals.request_finished, "receivers", list(signals.request_finished.receivers))
    yield Application()
    signals.request_started.sender_receivers_cache.clear()
    signals.request_finished.sender_receivers_cache.clear()


def _environ(path: str, method: str) -> dict[str, Any]:
    address, _, query = path.partition("?")
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": address,
        "QUERY_STRING": query,
        "SCRIPT_NAME": "",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
    }


def _ask(
    handler: Callable[..., Any], path: str, method: str = "GET", more: Mapping[str, Any] = MappingProxyType({})
) -> Answer:
    told: list[Any] = []
    body = handler({**_environ(path, method), **more}, lambda status, headers: told.extend((status, headers)))
    try:
        content = b"".join(body)
    finally:
        if hasattr(body, "close"):
            body.close()
    return told[0], told[1], content


def _comparable(answer: Answer) -> tuple[str, list[tuple[str, str]], int]:
    status, headers, body = answer
    shown = [
        (name.lower(), value.split(";")[0].split("=")[0].strip()) for name, value in headers if name.lower() not in OWN
    ]
    return status, sorted(shown), len(body)


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/test/nothing", "GET"),
        ("/test/nothing", "HEAD"),
        ("/test/empty", "GET"),
        ("/test/stream", "GET"),
        ("/test/cookies", "GET"),
        ("/test/query", "GET"),
        ("/test/template", "GET"),
        ("/test/broken_template", "GET"),
        ("/test/none", "GET"),
        ("/test/write_then_crash", "GET"),
        ("/test/write_then_refuse", "GET"),
        ("/sign-in?next=%2Fplatform", "GET"),
        ("/", "GET"),
        ("/no-such-page", "GET"),
        ("/api/v1/test/told?a=1", "GET"),
        ("/api/v1/test/crash", "GET"),
        ("/api/v1/no-such-endpoint", "GET"),
        ("/sign-in", "DELETE"),
        ("/caf%C3%A9/ü", "GET"),
    ],
)
def test_it_answers_as_djangos_handler_does(
    own_database: dict[str, str], application: Application, path: str, method: str
) -> None:
    expected = _comparable(_ask(WSGIHandler(), path, method))

    assert _comparable(_ask(application, path, method)) == expected
    assert _comparable(_ask(application, path, method)) == expected  # with its route remembered


@pytest.mark.django_db
def test_a_whole_reply_tells_its_length_and_an_empty_one_does_not(application: Application) -> None:
    status, headers, body = _ask(application, "/test/nothing")

    assert (status, body, dict(headers)["Content-Length"]) == ("200 OK", b"nothing", "7")
    assert "Content-Length" not in dict(_ask(application, "/test/empty")[1])


@pytest.mark.django_db
def test_a_reply_is_closed_once_it_was_taken(application: Application) -> None:
    closed: list[object] = []

    def note(**kwargs: object) -> None:
        closed.append(kwargs["sender"])

    signals.request_finished.connect(note)
    for path in ("/test/nothing", "/test/stream"):
        _ask(application, path)

    assert closed == [Application, Application]


def test_a_static_file_goes_through_the_servers_file_wrapper(application: Application) -> None:
    wrapped: list[Any] = []

    def wrapper(stream: Any, size: int) -> Any:
        wrapped.append(stream)
        return iter(lambda: stream.read(size), b"")

    path = staticfiles_storage.url("kit/tokens.css")
    _status, headers, body = _ask(application, path, more={"wsgi.file_wrapper": wrapper})

    assert len(wrapped) == 1
    assert int(dict(headers)["Content-Length"]) == len(body) > 100
    wrapped[0].close()


@pytest.mark.django_db
def test_routes_of_unknown_addresses_are_not_remembered_as_found(application: Application) -> None:
    for _ in range(2):
        assert _ask(application, "/platform/people/no-such")[0].startswith("404")


def test_a_failed_connection_is_replaced_before_the_next_request(
    own_database: dict[str, str], world: World, application: Application
) -> None:
    name = project.SESSION_COOKIE_NAME
    cookie = f"{name}={signed_in(world.manager).cookies[name].value}"
    connection.ensure_connection()
    broken: Any = connection.connection
    broken.pgconn.finish()
    connection.errors_occurred = True

    status, _headers, _body = _ask(application, "/api/v1/auth/session", more={"HTTP_COOKIE": cookie})

    assert status == "200 OK"
    assert connection.connection is not broken
