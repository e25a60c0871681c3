"""Endpoints: REST framework's requests and replies on our own way to the handler."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_a_reply_keeps_its_status_and_headers_and_is_json(routed: Client) -> None:
    reply = routed.get("/api/v1/test/told?a=1&b=2", headers={"Accept": "text/html"})

    assert (reply.status_code, reply["X-Own"], reply["Content-Type"]) == (202, "kept", "application/json")
    assert reply.json() == {"what": "told", "query": {"a": "1", "b": "2"}}


def test_a_body_is_read_as_json(routed: Client) -> None:
    reply = routed.post("/api/v1/test/x", '{"name": ["Ü", 1]}', content_type="application/json")

    assert reply.json() == {"body": {"name": ["Ü", 1]}}


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        ("{", "application/json", 400, "kit.body_malformed"),
        ("NaN", "application/json", 400, "kit.body_malformed"),
        ("a=1", "application/x-www-form-urlencoded", 415, "kit.not_json"),
    ],
)
def test_a_body_that_is_not_json_is_refused_with_a_problem(
    routed: Client, body: str, content_type: str, status: int, code: str
) -> None:
    reply = routed.post("/api/v1/test/x", body, content_type=content_type)

    assert (reply.status_code, reply["Content-Type"]) == (status, "application/problem+json")
    assert reply.json()["code"] == code


def test_a_crash_is_a_problem_that_tells_nothing_but_its_error_id(routed: Client) -> None:
    reply = routed.get("/api/v1/test/crash")

    assert (reply.status_code, reply.json()["code"]) == (500, "kit.error")
    assert len(reply.json()["error_id"]) == 20
    assert "planted" not in reply.content.decode()


def test_an_endpoint_demands_the_csrf_token_of_a_form() -> None:
    from django.test import Client as Browser

    reply = Browser(enforce_csrf_checks=True).post("/api/v1/auth/session", "{}", content_type="application/json")

    assert (reply.status_code, reply.json()["code"]) == (403, "kit.stale_form")


def test_head_is_answered_as_get_without_its_body(routed: Client) -> None:
    reply = routed.head("/api/v1/test/told")

    assert (reply.status_code, reply.content) == (202, b"")


def test_options_tell_the_endpoint(routed: Client) -> None:
    assert "name" in routed.options("/api/v1/test/told").json()
