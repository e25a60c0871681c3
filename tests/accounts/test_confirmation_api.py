"""Confirming who one is without a browser: what is taken, what the tokens become, what a refusal leaves."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Session, SignInCounter, User
from portal.kit import clock, context
from portal.kit.services import writing
from tests.accounts.factor_helpers import COOKIE, code_of, enrolled, session_of, set_session, wrong_code
from tests.accounts.helpers import events
from tests.accounts.tokens import call, login, opens, refresh, tokens_of
from tests.factories import PASSWORD, World, signed_in

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(minutes=10, seconds=1)


def _stale() -> None:
    with context.system("a test"), writing():
        Session.objects.update(confirmed_at=clock.now() - LONG_AGO)


def _confirm(token: str, **body: str) -> Any:
    return call("post", "auth/confirm", body, token=token)


def _with_factor(user: User) -> dict[str, Any]:
    """The tokens of a client whose person has an authenticator app."""
    enrolled(user)
    pending = login(user.username).json()["pending_token"]
    found: dict[str, Any] = call("post", "auth/2fa/verify", {"pending_token": pending, "code": code_of(user)}).json()
    return found


def test_a_client_confirms_by_code_goes_on_with_new_tokens_and_the_act_is_done(world: World) -> None:
    tokens = _with_factor(world.admin)
    _stale()
    act = f"users/{world.clerk.pk}/reset-password"
    refused = call("post", act, token=tokens["access_token"])
    assert (refused.status_code, refused.json()["code"]) == (403, "kit.confirmation_required")
    with clock.at(clock.now() + timedelta(seconds=60)):
        reply = _confirm(tokens["access_token"], code=code_of(world.admin))
        fresh = reply.json()["tokens"]
        assert (reply.status_code, set(fresh)) == (
            200,
            set(tokens) - {"second_factor_required", "must_change_password"},
        )
        assert opens(tokens["access_token"]) == 401
        assert refresh(tokens["refresh_token"]).status_code == 401
        assert call("post", act, token=fresh["access_token"]).status_code == 202
    (event,) = events("accounts.session.confirmed")
    assert (event.actor_id, event.data) == (world.admin.pk, {"kind": "totp"})


def test_who_has_no_second_factor_confirms_by_password(world: World) -> None:
    tokens = tokens_of(world.clerk)
    _stale()
    before = Session.objects.get().confirmed_at
    fresh = _confirm(tokens["access_token"], password=PASSWORD).json()["tokens"]
    assert (opens(tokens["access_token"]), opens(fresh["access_token"])) == (401, 200)
    assert Session.objects.get().confirmed_at > before


def test_a_browser_confirms_and_gets_another_cookie(world: World) -> None:
    client = signed_in(world.clerk, second_factor=False)
    set_session(client, confirmed_at=clock.now() - LONG_AGO)
    former, session = client.cookies[COOKIE].value, session_of(client)
    reply = client.post("/api/v1/auth/confirm", {"password": PASSWORD}, content_type="application/json")
    assert (reply.status_code, reply.json()) == (200, {"tokens": None})
    assert client.cookies[COOKIE].value != former
    assert (session_of(client).pk, session_of(client).confirmed_at > session.confirmed_at) == (session.pk, True)


def test_a_wrong_proof_confirms_nothing_and_counts_for_the_lock(world: World) -> None:
    tokens = _with_factor(world.admin)["access_token"]
    _stale()
    for body in ({"password": PASSWORD}, {}, {"password": PASSWORD, "code": ""}):
        assert _confirm(tokens, **body).status_code == 422
    assert not SignInCounter.objects.exists()
    reply = _confirm(tokens, code=wrong_code(world.admin))
    assert (reply.status_code, reply.json()["code"]) == (422, "accounts.confirmation_refused")
    assert (SignInCounter.objects.exists(), len(events("accounts.factor.refused"))) == (True, 1)
    assert opens(tokens) == 200
    assert call("post", f"users/{world.clerk.pk}/reset-password", token=tokens).status_code == 403
    clerk = tokens_of(world.clerk)["access_token"]
    reply = _confirm(clerk, password="not the password")
    assert (reply.status_code, len(events("accounts.session.doubted"))) == (422, 1)
    assert not events("accounts.session.confirmed")


def test_after_five_wrong_ones_the_right_one_is_not_taken_for_a_while(world: World) -> None:
    token = tokens_of(world.clerk)["access_token"]
    for _ in range(5):
        _confirm(token, password="not the password")
    assert _confirm(token, password=PASSWORD).status_code == 422
    with clock.at(clock.now() + timedelta(minutes=2)):
        assert _confirm(token, password=PASSWORD).status_code == 200


def test_nobody_confirms_without_being_somebody(world: World) -> None:
    assert call("post", "auth/confirm", {"password": PASSWORD}, client=Client()).status_code == 401
