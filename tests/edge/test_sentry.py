"""What leaves for Sentry: everything that helps, and never a planted secret."""

import logging
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import orjson
import pytest
import sentry_sdk
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from sentry_sdk.envelope import Envelope
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.django import _make_wsgi_request_event_processor as reader
from sentry_sdk.integrations.wsgi import _make_wsgi_event_processor as wsgi_reader
from sentry_sdk.transport import Transport

from portal.kit import context, sentry

PLANTED = "hunter2-planted-Zk9"
DSN = "https://public@sentry.invalid/1"


class Recorder(Transport):
    """Keeps what would go over the network."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        """Keep it."""
        self.sent.append(envelope.serialize())

    def only(self) -> dict[str, Any]:
        """The one event that was sent."""
        (raw,) = self.sent
        event: dict[str, Any] = orjson.loads(raw.rstrip().split(b"\n")[-1])
        return event


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """Sentry set up as in production, with a transport that keeps everything."""
    transport = Recorder()
    with sentry_sdk.isolation_scope():
        assert sentry.configure(DSN, "production", "1.2.3", transport=transport)
        try:
            yield transport
        finally:
            sentry_sdk.get_client().close()
            sentry_sdk.get_global_scope().set_client(None)


def _raise(message: str) -> None:
    raise ValueError(message)


def _capture(error: Exception) -> None:
    try:
        raise error
    except Exception as caught:  # noqa: BLE001 - whatever the test raises is what is reported
        sentry_sdk.capture_exception(caught)


def test_nothing_is_initialised_without_a_dsn() -> None:
    assert sentry.configure("", "production", "1.2.3") is False
    assert not sentry_sdk.get_client().is_active()


def test_a_report_names_environment_release_and_request(recorder: Recorder) -> None:
    person, organisation = uuid4(), uuid4()
    current = context.Context(
        actor=context.Actor("person", person, "Ada", organisation), request_id="req-1", correlation_id="cor-1"
    )
    with context.use(current), sentry_sdk.new_scope() as scope:
        scope.set_tag("error_id", "err-1")
        _capture(ValueError("wrong"))

    event = recorder.only()
    assert (event["environment"], event["release"]) == ("production", "steward@1.2.3")
    assert event["tags"] == {
        "error_id": "err-1",
        "request_id": "req-1",
        "correlation_id": "cor-1",
        "organisation_id": str(organisation),
        "source": "request",
    }
    assert event["user"] == {"id": str(person)}
    assert event["exception"]["values"][0]["value"] == "wrong"


def test_a_local_variable_never_leaves(recorder: Recorder) -> None:
    def sign_in() -> None:
        innocent = PLANTED
        raise ValueError(f"no {len(innocent)}")

    try:
        sign_in()
    except ValueError as error:
        sentry_sdk.capture_exception(error)

    frames = recorder.only()["exception"]["values"][0]["stacktrace"]["frames"]
    assert all("vars" not in frame for frame in frames)
    assert PLANTED.encode() not in recorder.sent[0]


@pytest.mark.parametrize(
    "message",
    [
        f"postgresql://steward:{PLANTED}@db/steward is away",
        f"Authorization: Bearer {PLANTED}",
        f"password={PLANTED}",
        f"sk_live_{PLANTED}",
    ],
)
def test_an_exception_message_leaves_without_its_credentials(recorder: Recorder, message: str) -> None:
    _capture(ValueError(message))

    assert PLANTED not in recorder.only()["exception"]["values"][0]["value"]


def test_a_message_made_of_a_secret_variable_leaves_without_its_value(recorder: Recorder) -> None:
    def sign_in(password: str) -> None:
        innocent = password
        _raise(f"cannot use {innocent}")

    try:
        sign_in(PLANTED)
    except ValueError as error:
        sentry_sdk.capture_exception(error)

    assert recorder.only()["exception"]["values"][0]["value"] == "cannot use ***"


def test_breadcrumbs_extra_tags_and_contexts_leave_without_secrets(recorder: Recorder) -> None:
    with sentry_sdk.new_scope() as scope:
        sentry_sdk.add_breadcrumb(
            message=f"password={PLANTED}", data={"token": PLANTED, "url": f"https://host/reset?code={PLANTED}", "n": 1}
        )
        logging.getLogger("steward.test").warning("cookie: %s", PLANTED)
        scope.set_extra("password", PLANTED)
        scope.set_extra("form", {"fields": [{"api_key": PLANTED, "name": "Ada"}]})
        scope.set_context("sign-in", {"secret": PLANTED})
        scope.set_tag("token", PLANTED)
        scope.set_user({"id": "7", "email": PLANTED, "ip_address": "192.0.2.1", "username": "ada"})
        _capture(ValueError("wrong"))

    event = recorder.only()
    sent = orjson.dumps({name: value for name, value in event.items() if name != "exception"})
    assert PLANTED.encode() not in sent
    assert b"192.0.2.1" not in sent
    assert event["extra"]["form"] == {"fields": [{"api_key": "***", "name": "Ada"}]}
    assert event["user"] == {"id": "7"}
    assert {"n": 1, "token": "***", "url": "https://host/reset"} in [
        crumb.get("data") for crumb in event["breadcrumbs"]["values"]
    ]


def _view(request: HttpRequest) -> HttpResponse:
    given = request.POST["password"]
    raise ValueError(f"cannot use {given} nor {request.headers['X-Strange']}")


def test_a_failing_request_leaves_without_header_cookie_form_and_query(recorder: Recorder) -> None:
    request = RequestFactory().post(
        f"/sign-in?token={PLANTED}1",
        {"password": f"{PLANTED}2", "identifier": "ada"},
        headers={
            "Authorization": f"Bearer {PLANTED}3",
            "Cookie": f"steward={PLANTED}4",
            "X-Api-Key": f"{PLANTED}5",
            "X-Strange": "plain",
            "User-Agent": "Browser/1",
        },
    )
    request.session_token = f"{PLANTED}6"  # type: ignore[attr-defined]
    with sentry_sdk.new_scope() as scope:
        scope.add_event_processor(wsgi_reader(request.META, False))
        scope.add_event_processor(reader(lambda: request, DjangoIntegration()))
        try:
            _view(request)
        except ValueError as error:
            sentry_sdk.capture_exception(error)

    event = recorder.only()
    for number in range(1, 7):
        assert f"{PLANTED}{number}".encode() not in recorder.sent[0]
    assert event["exception"]["values"][0]["value"] == "cannot use *** nor plain"
    assert event["request"]["url"] == "http://testserver/sign-in"
    assert set(event["request"]) <= {"url", "method", "headers"}
    assert event["request"]["headers"]["User-Agent"] == "Browser/1"
    assert "X-Strange" not in event["request"]["headers"]


def test_an_event_that_cannot_be_cleaned_is_not_sent(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("broken scrubber")

    monkeypatch.setattr("portal.kit.scrub.clean", fail)

    _capture(ValueError(PLANTED))

    assert recorder.sent == []


def test_before_send_takes_out_even_what_was_never_to_be_collected() -> None:
    event: Any = {
        "exception": {"values": [{"value": "x", "stacktrace": {"frames": [{"vars": {"a": PLANTED}}]}}]},
        "threads": {"values": [{"stacktrace": {"frames": [{"vars": {"a": PLANTED}}]}}]},
        "stacktrace": {"frames": [{"vars": {"a": PLANTED}}]},
        "request": {
            "url": f"https://a:{PLANTED}@host/x?q={PLANTED}",
            "data": {"a": PLANTED},
            "cookies": {"a": PLANTED},
            "env": {"REMOTE_ADDR": PLANTED},
            "query_string": PLANTED,
            "headers": {"X-Any": PLANTED, "Host": "host"},
        },
        "user": {"ip_address": PLANTED},
    }

    cleaned = sentry.before_send(event, {})

    assert PLANTED not in str(cleaned)
    assert cleaned is not None
    assert cleaned["request"] == {"url": "https://***@host/x", "headers": {"Host": "host"}}
