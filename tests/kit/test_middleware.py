"""What holds for every request: headers, ids, one transaction, evidence, and a sentence when the database is away."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.db import connection, connections
from django.test import Client
from prometheus_client import REGISTRY
from pytest_django import Settings

from accounts.models import Organisation, User
from audit.models import Event
from portal.kit import context, middleware, traffic
from portal.kit.mode import state as mode
from tests.factories import World
from tests.kit import routes

BrowserOf = Callable[[User], Client]
READ = "/api/v1/auth/session"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/test/nothing", 200),
        ("/test/empty", 204),
        ("/test/stream", 200),
        ("/sign-in", 200),
        ("/", 302),
        ("/no-such-page", 404),
        ("/test/write_then_crash", 500),
        ("/test/write_then_refuse", 409),
        ("/health/live", 200),
        (READ, 401),
        ("/api/v1/no-such-endpoint", 404),
        ("/api/v1/test/told", 202),
        ("/api/v1/test/crash", 500),
    ],
)
def test_every_reply_has_the_headers(routed: Client, address: str, status: int) -> None:
    reply = routed.get(address)

    assert reply.status_code == status
    assert {name: reply.headers.get(name) for name in middleware.HEADERS} == middleware.HEADERS
    assert reply["X-Request-ID"] == reply["X-Correlation-ID"]


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/test/nothing", "/api/v1/test/told"])
def test_a_wrong_method_is_refused_with_the_headers(routed: Client, address: str) -> None:
    reply = routed.put(address)

    assert reply.status_code == 405
    assert reply["Content-Security-Policy"] == middleware.CSP


def test_a_static_file_has_the_headers_and_keeps_its_own(client: Client) -> None:
    reply: Any = client.get(staticfiles_storage.url("kit/tokens.css"))

    assert reply.status_code == 200
    assert "immutable" in reply["Cache-Control"]
    assert reply["Content-Security-Policy"] == middleware.CSP
    assert reply["X-Content-Type-Options"] == "nosniff"
    sheet = b"".join(reply.streaming_content)
    assert b"--ink:" in sheet
    assert b"/*" not in sheet, "served without comments"


def test_the_library_of_the_pages_evaluates_nothing_and_writes_no_inline_style(client: Client) -> None:
    # Each of these defaults would make htmx do what the policy of contents refuses.
    page = client.get("/sign-in").content.decode()
    found = re.search(r'name="htmx-config"\s+content=\'([^\']+)\'', page)
    assert found
    chosen = json.loads(found[1])
    assert (chosen["allowEval"], chosen["includeIndicatorStyles"]) == (False, False)
    assert "style" not in chosen["attributesToSettle"]


@pytest.mark.parametrize("address", ["/sign-in", READ])
def test_a_wrong_host_is_refused_with_the_headers(client: Client, address: str) -> None:
    reply = client.get(address, headers={"Host": "evil.example"})

    assert reply.status_code == 400
    assert reply["Content-Security-Policy"] == middleware.CSP


def test_a_probe_may_name_the_host_by_its_address(client: Client) -> None:
    assert client.get("/health/live", headers={"Host": "10.1.2.3:8000"}).status_code == 200


def test_plain_http_is_led_to_https_with_the_headers_but_probes_are_answered(
    client: Client, settings: Settings
) -> None:
    settings.SECURE_SSL_REDIRECT = True

    reply = client.get("/sign-in?next=/a")

    assert (reply.status_code, reply["Location"]) == (301, "https://testserver/sign-in?next=/a")
    assert reply["Content-Security-Policy"] == middleware.CSP
    assert client.get("/health/live").status_code == 200


def test_https_alone_is_told_to_stay(client: Client, settings: Settings) -> None:
    settings.SECURE_HSTS_SECONDS = 60
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True

    assert "Strict-Transport-Security" not in client.get("/health/live")
    told = client.get("/health/live", secure=True)["Strict-Transport-Security"]
    assert told == "max-age=60; includeSubDomains; preload"


@pytest.mark.parametrize(
    ("given", "honoured"),
    [
        ("0123456789abcdef", True),
        ("A.request-id_1", True),
        ("short", False),
        ("x" * 65, False),
        ("with space 12", False),
        ('"},{"forged', False),
        ("line\nbreak12", False),
    ],
)
def test_a_request_id_is_honoured_or_replaced(client: Client, given: str, honoured: bool) -> None:
    reply = client.get("/health/live", headers={"X-Request-ID": given})

    assert (reply["X-Request-ID"] == given) is honoured
    assert reply["X-Correlation-ID"] == reply["X-Request-ID"]
    assert len(reply["X-Request-ID"]) >= 8


def test_requests_without_an_id_get_different_ones(client: Client) -> None:
    assert len({client.get("/health/live")["X-Request-ID"] for _ in range(20)}) == 20


def test_a_correlation_id_is_kept_beside_the_request_id(client: Client) -> None:
    reply = client.get("/health/live", headers={"X-Correlation-ID": "the-whole-story", "X-Request-ID": "this-part"})

    assert (reply["X-Correlation-ID"], reply["X-Request-ID"]) == ("the-whole-story", "this-part")
    assert client.get("/health/live", headers={"X-Correlation-ID": "a b"})["X-Correlation-ID"] != "a b"


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["nothing", "write_then_crash", "write_then_refuse"])
def test_the_context_ends_with_its_request(routed: Client, way: str) -> None:
    routed.get(f"/test/{way}", headers={"X-Request-ID": f"the-{way}"})

    (during,) = routes.seen
    assert during is not None
    assert during.request_id == f"the-{way}"
    assert context.current() is None


@pytest.mark.django_db
def test_a_request_leaves_one_line(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    client.get("/health/live?secret=1", headers={"X-Request-ID": "told-in-a-line"})

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "told-in-a-line" in line]
    assert len(lines) == 1
    assert (lines[0]["method"], lines[0]["path"], lines[0]["status"]) == ("GET", "/health/live", 200)
    assert "secret" not in json.dumps(lines)


def _counted(view: str, status: str) -> float:
    traffic.flush()
    name = "django_http_responses_total_by_status_view_method_total"
    return REGISTRY.get_sample_value(name, {"status": status, "view": view, "method": "GET"}) or 0.0


@pytest.mark.django_db
def test_every_request_is_counted(client: Client) -> None:
    before = _counted("api_session", "401")

    client.get(READ)

    assert _counted("api_session", "401") > before


# --- One transaction ---


def _written() -> bool:
    return Organisation.objects.filter(slug="written").exists()


def test_what_a_request_writes_is_committed_and_only_then_announced(
    own_database: dict[str, str], routed: Client
) -> None:
    assert routed.get("/test/write").status_code == 200

    connections.close_all()
    assert _written()
    assert routes.committed == ["written"]


@pytest.mark.parametrize(("way", "status"), [("write_then_crash", 500), ("write_then_refuse", 409), ("none", 500)])
def test_a_failed_request_leaves_nothing(own_database: dict[str, str], routed: Client, way: str, status: int) -> None:
    assert routed.get(f"/test/{way}").status_code == status

    assert not _written()
    assert routes.committed == []


def test_a_denial_is_recorded_after_the_rollback(
    own_database: dict[str, str], world: World, routed: Client, browser_of: BrowserOf
) -> None:
    browser = browser_of(world.clerk)

    reply = browser.get("/test/refused", headers={"X-Request-ID": "the-denied-one"})

    assert reply.status_code == 403
    assert not _written()
    event = Event.objects.get(request_id="the-denied-one")
    assert (event.code, event.actor_id, event.outcome) == ("kit.access.denied", world.clerk.pk, "denied")


def test_a_request_that_asks_nothing_opens_no_connection(own_database: dict[str, str], routed: Client) -> None:
    mode.state()  # Whether there is maintenance is read every two seconds, by whoever comes then.
    connections.close_all()

    assert routed.get("/test/nothing").status_code == 200

    assert connection.connection is None


# --- Messages ---


@pytest.mark.django_db
def test_a_message_waits_for_the_page_that_shows_it_and_goes_then(routed: Client) -> None:
    assert "messages" not in routed.get("/test/nothing").cookies
    assert routed.get("/test/message", follow=True).content == b"kept"
    assert routed.get("/test/messages").content == b""


# --- The database is away ---


@pytest.fixture
def no_database(own_database: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody answers where the database was."""
    connections.close_all()
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "PORT", "1")
        yield
    connections.close_all()


def test_without_the_database_pages_and_endpoints_say_so_and_the_probe_answers(
    no_database: None, routed: Client, settings: Settings
) -> None:
    page = routed.get("/test/query")
    routed.cookies[settings.SESSION_COOKIE_NAME] = "x" * 43
    endpoint = routed.get(READ)

    assert page.status_code == 503
    assert page["Content-Type"].startswith("text/html")
    assert endpoint.status_code == 503
    assert endpoint["Content-Type"] == "application/problem+json"
    assert endpoint.json()["code"] == "kit.unavailable"
    assert endpoint["Content-Security-Policy"] == middleware.CSP
    assert routed.get("/health/live").status_code == 200


def test_without_the_database_what_needs_none_is_still_answered(no_database: None, routed: Client) -> None:
    assert routed.get("/test/nothing").status_code == 200
