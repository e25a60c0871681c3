"""Registration, forgotten passwords and verification over the API: the same services, no session, no other words."""

from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import User
from docs.build import ROOT
from portal.kit import context
from portal.kit.context import Context
from portal.kit.models import KeptRequest
from portal.kit.rest import render
from tests.accounts.helpers import NEW_PASSWORD, sign_in
from tests.accounts.registration_world import ADDRESS, PASSWORD, answered, kept, mails, token_to, traces
from tests.accounts.test_api_organisations import answer
from tests.factories import World, person, signed_in
from tests.home.test_api_reference import OPERATIONS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_broker")]
REGISTER, RESET, VERIFY = (f"/api/v1/auth/{name}" for name in ("register", "reset-password", "verify-email"))
OWN = "/api/v1/users/me/verify-email"
OWN_ADDRESS = ("/api/v1/users/me/address", "/api/v1/auth/object-email")
BY_INVITATION = (
    *("/api/v1/auth/invitation", "/api/v1/users/me/invitations"),
    "/api/v1/users/me/invitations/{invitation_id}/accept",
)


def call(method: str, path: str, body: Any, client: Client | None = None, **headers: str) -> Any:
    """A call of a client that has no form token; strict about it, as the real server is."""
    caller = client or Client(enforce_csrf_checks=True)
    reply = caller.generic(method, path, render(body), content_type="application/json", headers=headers)
    if reply.status_code < 400:
        answer(path, method, reply)
    return reply


def _account(token: str, **values: str) -> dict[str, str]:
    given = {"name": "Nina Okafor", "username": "nina", "organisation": "Harbour Works", "password": PASSWORD}
    return {"token": token, **given, **values}


def test_a_client_registers_by_the_token_of_the_mail_and_is_signed_in_nowhere() -> None:
    assert call("POST", REGISTER, {"email": ADDRESS}).status_code == 202
    answered()
    token = token_to(ADDRESS)
    reply = call("PUT", REGISTER, _account(token))
    assert reply.status_code == 201
    body = reply.json()
    assert (body["username"], body["organisation"]["slug"]) == ("nina", "harbour-works")
    assert reply.cookies == {}
    assert sign_in(Client(), "nina", PASSWORD).status_code == 302
    again = call("PUT", REGISTER, _account(token, username="other"))
    assert (again.status_code, again.json()["code"]) == (410, "accounts.link_gone")


def test_a_client_resets_a_password_and_every_session_ends(world: World) -> None:
    former = signed_in(world.clerk)
    assert call("POST", RESET, {"identifier": world.clerk.username}).status_code == 202
    answered()
    token = token_to(world.clerk.email)
    assert call("PUT", RESET, {"token": token, "password": NEW_PASSWORD}).status_code == 204
    assert former.get("/api/v1/auth/session").status_code == 401
    assert sign_in(Client(), world.clerk.username, NEW_PASSWORD).status_code == 302
    assert call("PUT", RESET, {"token": token, "password": PASSWORD}).status_code == 410


def test_a_client_has_a_verification_sent_and_uses_it(world: World) -> None:
    user = person("Fresh", email_verified_at=None)
    client = signed_in(user)
    assert call("POST", OWN, {}, client).status_code == 202
    reply = call("PUT", VERIFY, {"token": token_to(user.email)})
    assert (reply.status_code, reply.json()) == (200, {"done": True, "email": user.email})
    assert call("POST", OWN, {}, client).status_code == 202
    assert len(mails(user.email)) == 1, "a verified address is sent nothing"
    assert call("POST", OWN, {}).status_code in {401, 403}


@pytest.mark.parametrize(
    ("path", "known", "unknown"),
    [
        (RESET, lambda world: {"identifier": world.clerk.email}, {"identifier": "nobody@example.org"}),
        (REGISTER, lambda world: {"email": world.clerk.email}, {"email": "nobody@example.org"}),
    ],
)
def test_who_exists_is_told_neither_by_status_nor_by_body_nor_by_headers(
    world: World, path: str, known: Any, unknown: dict[str, str]
) -> None:
    replies = [call("POST", path, body) for body in (known(world), unknown)]
    told = [
        {name: value for name, value in reply.items() if not name.startswith(("X-", "RateLimit"))} for reply in replies
    ]
    assert replies[0].status_code == replies[1].status_code == 202
    assert told[0] == told[1]
    assert replies[0].content == replies[1].content == b""


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", REGISTER, _account("x" * 43), 410),
        ("PUT", REGISTER, _account("x" * 101), 422),
        ("PUT", REGISTER, {"token": "x" * 43}, 422),
        ("PUT", RESET, {"token": "x" * 43, "password": NEW_PASSWORD}, 410),
        ("PUT", RESET, {"token": "", "password": NEW_PASSWORD}, 422),
        ("PUT", VERIFY, {"token": "x" * 43}, 410),
        ("PUT", VERIFY, {"token": 7.5}, 410),
        ("POST", REGISTER, {"email": "x" * 255}, 422),
        ("POST", REGISTER, {"email": ADDRESS, "is_root": True}, 422),
        ("POST", RESET, {}, 422),
        ("POST", RESET, {"identifier": "a", "user": "b"}, 422),
        ("GET", RESET, {}, 405),
        ("DELETE", REGISTER, {}, 405),
    ],
)
def test_what_is_wrong_is_refused_as_a_problem_and_leaves_nothing(
    world: World, method: str, path: str, body: Any, status: int
) -> None:
    before = (traces(), kept())
    reply = call(method, path, body)
    assert reply.status_code == status, reply.content
    assert reply["Content-Type"] == "application/problem+json"
    assert (traces(), kept()) == before


def test_a_refused_password_is_named_as_the_body_names_it(world: World) -> None:
    call("POST", RESET, {"identifier": world.clerk.email})
    call("POST", REGISTER, {"email": ADDRESS})
    answered()
    for path, body in (
        (RESET, {"token": token_to(world.clerk.email), "password": "short"}),
        (REGISTER, _account(token_to(ADDRESS), password="short", organisation=" x ")),
    ):
        reply = call("PUT", path, body)
        assert reply.status_code == 422
        assert {error["field"] for error in reply.json()["errors"]} == {"password"}
    assert User.objects.filter(username="nina").count() == 0


@pytest.mark.parametrize("mode", ["invite-only", "off"])
def test_where_registration_is_closed_both_calls_say_so(settings: Settings, mode: str) -> None:
    settings.STEWARD_REGISTRATION = mode
    for method, body in (("POST", {"email": ADDRESS}), ("PUT", _account("x" * 43))):
        reply = call(method, REGISTER, body)
        assert (reply.status_code, reply.json()["code"]) == (403, "accounts.registration_closed")
    assert kept() == (0, 0)


def test_a_session_makes_no_difference_and_a_key_is_kept_for_nobody(world: World) -> None:
    client = signed_in(world.clerk)
    reply = call("POST", RESET, {"identifier": world.manager.email}, client)
    assert reply.status_code == 202
    for _ in range(2):
        call("POST", RESET, {"identifier": world.manager.email}, None, **{"Idempotency-Key": "the-same-key"})
    assert KeptRequest.objects.count() == 0
    answered()
    assert len(mails(world.manager.email)) == 3


def test_the_table_of_the_documentation_is_what_there_is() -> None:
    text = (ROOT / "docs" / "registration.md").read_text("utf-8")
    rows = [line.split("|")[1:3] for line in text.splitlines() if "| `/api/v1/" in line]
    written = {(method.strip(), path.strip().strip("`")) for method, path in rows}
    told = {REGISTER, RESET, VERIFY, OWN, *OWN_ADDRESS, *BY_INVITATION}
    there = {(method.upper(), path) for path, method, _ in OPERATIONS if path in told}
    assert written == there


def test_the_worker_answers_without_any_request() -> None:
    with context.use(Context()):
        assert answered() == 0
