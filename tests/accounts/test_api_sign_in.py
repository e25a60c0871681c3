"""Signing in without a browser: the same gate as the page, and tokens in place of a cookie."""

import json
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client

from accounts import tokens
from accounts.factor_selectors import totp_new
from accounts.models import PendingSignIn, Session, Token, User
from accounts.services.passwords import password_issue
from accounts.services.users import user_deactivate
from portal.kit import clock, context, crypto
from portal.kit.models import OutboundMessage
from rbac import services as rbac
from rbac.models import Role
from tests.accounts.factor_helpers import code_at, code_of, enrolled, wrong_code
from tests.accounts.helpers import NEW_PASSWORD, events, roles
from tests.accounts.tokens import call, login, opens, refresh, tokens_of
from tests.factories import PASSWORD, World, actor_of, person, signed_in

COOKIE = settings.SESSION_COOKIE_NAME


def verify(pending: str, code: str, **more: Any) -> Any:
    """Send the second factor of a pending sign-in."""
    return call("post", "auth/2fa/verify", {"pending_token": pending, "code": code, **more})


def test_a_password_buys_tokens_that_open_the_api_and_are_kept_as_digests_only(world: World) -> None:
    found = tokens_of(world.clerk, label="Backup script")
    assert (found["expires_in"], found["must_change_password"]) == (900, False)
    reply = call("get", "auth/session", token=found["access_token"])
    assert reply.json()["id"] == str(world.clerk.pk)

    session = Session.objects.get(user=world.clerk)
    assert (session.kind, session.label, session.method) == ("token", "Backup script", "password")
    kept = {bytes(token.digest): token.kind for token in Token.objects.filter(session=session)}
    assert kept == {
        crypto.digest(found["access_token"]): "access",
        crypto.digest(found["refresh_token"]): "refresh",
    }
    assert session.ends_at - session.created_at == settings.SESSION_ABSOLUTE_STAFF
    (event,) = events("accounts.session.started")
    assert (event.actor_id, event.session_id) == (world.clerk.pk, session.pk)
    assert found["access_token"] not in str(vars(event))


def test_a_client_gets_no_cookie_and_needs_none(world: World) -> None:
    reply = login(world.clerk.username)
    assert reply.status_code == 200
    assert COOKIE not in reply.cookies
    assert "session-ends-in" not in {name.lower() for name in reply.headers}
    assert reply["Cache-Control"] == "no-store"


def test_signing_in_by_the_api_leaves_the_session_of_the_same_browser_alone(world: World) -> None:
    browser = signed_in(world.manager)
    body = {"identifier": world.clerk.username, "password": PASSWORD}
    reply = call("post", "auth/login", body, client=browser)
    assert reply.status_code == 200
    assert browser.get("/api/v1/auth/session").json()["id"] == str(world.manager.pk)


def _failures(world: World) -> dict[str, tuple[str, str]]:
    for _ in range(5):
        login(world.admin.username, "wrong")
    return {
        "unknown": ("nobody-here", PASSWORD),
        "wrong": (world.clerk.username, "wrong"),
        "locked": (world.admin.username, PASSWORD),
        "inactive": (person(is_active=False).username, "wrong"),
    }


def test_every_failure_has_the_same_reply_and_costs_one_hash(world: World) -> None:
    replies = set()
    for name, (identifier, password) in _failures(world).items():
        with (
            mock.patch.object(
                Argon2PasswordHasher, "encode", autospec=True, side_effect=Argon2PasswordHasher.encode
            ) as encoded,
            mock.patch.object(
                Argon2PasswordHasher, "verify", autospec=True, side_effect=Argon2PasswordHasher.verify
            ) as verified,
        ):
            reply = login(identifier, password)
        assert encoded.call_count + verified.call_count == 1, name
        body = reply.json()
        del body["error_id"]
        replies.add((reply.status_code, json.dumps(body)))
    assert len(replies) == 1
    assert (replies.pop()[0], Token.objects.count(), Session.objects.count()) == (401, 0, 0)


def test_failures_by_the_api_are_counted_with_those_of_the_page(world: World) -> None:
    for _ in range(5):
        assert login(world.clerk.username, "wrong").status_code == 401
    page = Client().post("/sign-in", {"identifier": world.clerk.username, "password": PASSWORD})
    assert page.status_code == 422
    assert len(events("accounts.session.locked")) == 1
    assert [mail.category for mail in OutboundMessage.objects.all()] == ["security"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"identifier": "kaya"},
        {"identifier": "kaya", "password": ""},
        {"identifier": "a" * 255, "password": "x"},
        {"identifier": "kaya", "password": "x" * 1025},
        {"identifier": "kaya", "password": "x", "label": "l" * 81},
        {"identifier": ["kaya"], "password": {"a": 1}},
        {"identifier": "kaya", "password": "x", "is_root": True},
        {"identifier": "a\0b", "password": "x"},
    ],
)
def test_what_cannot_be_a_sign_in_is_refused_without_a_hash(world: World, body: dict[str, Any]) -> None:
    with mock.patch.object(Argon2PasswordHasher, "encode") as encoded:
        reply = call("post", "auth/login", body)
    assert reply.status_code in {400, 401, 422}
    assert not encoded.called
    assert not Session.objects.exists()


def test_an_inactive_person_is_told_so_only_with_the_right_password_and_gets_nothing(world: World) -> None:
    gone = person(is_active=False)
    reply = login(gone.username)
    assert (reply.status_code, reply.json()["code"]) == (403, "kit.account_inactive")
    assert login(gone.username, "wrong").json()["code"] == "accounts.sign_in_refused"
    assert not Session.objects.exists()


# --- the second factor ---


def test_who_has_a_second_factor_gets_a_pending_token_that_opens_nothing(world: World) -> None:
    enrolled(world.clerk)
    begun = login(world.clerk.username).json()
    assert set(begun) == {"second_factor_required", "pending_token", "expires_in"}
    assert begun["second_factor_required"] is True
    assert opens(begun["pending_token"]) == 401
    cookie = Client()
    cookie.cookies[COOKIE] = begun["pending_token"]
    assert cookie.get("/api/v1/auth/session").status_code == 401
    assert refresh(begun["pending_token"]).status_code == 401
    assert not Session.objects.exists()


def test_a_code_finishes_the_sign_in_once(world: World) -> None:
    enrolled(world.clerk)
    pending = login(world.clerk.username).json()["pending_token"]
    code = code_of(world.clerk)
    reply = verify(pending, code, label="Phone")
    assert reply.status_code == 200
    assert opens(reply.json()["access_token"]) == 200
    session = Session.objects.get()
    assert (session.method, session.label, session.kind) == ("password+totp", "Phone", "token")
    assert session.second_factor_at is not None
    assert verify(pending, code).json()["code"] == "accounts.sign_in_gone"
    again = login(world.clerk.username).json()["pending_token"]
    assert verify(again, code).json()["code"] == "accounts.sign_in_refused"
    assert Session.objects.count() == 1


def test_a_recovery_code_finishes_it_too(world: World) -> None:
    codes = enrolled(world.clerk)
    reply = verify(login(world.clerk.username).json()["pending_token"], codes[0])
    assert reply.status_code == 200
    assert Session.objects.get().method == "password+recovery"


def test_five_wrong_codes_send_one_back_to_the_password(world: World) -> None:
    enrolled(world.clerk)
    pending = login(world.clerk.username).json()["pending_token"]
    wrong = wrong_code(world.clerk)
    assert [verify(pending, wrong).json()["code"] for _ in range(5)] == ["accounts.sign_in_refused"] * 5
    assert verify(pending, code_of(world.clerk)).json()["code"] == "accounts.sign_in_gone"
    assert len(events("accounts.factor.refused")) == 5
    assert not Session.objects.exists()


@pytest.mark.parametrize("pending", ["x", "x" * 43, "x" * 300, "' OR 1=1 --", "\N{SNOWMAN}" * 43])
def test_a_made_up_pending_token_is_refused(world: World, pending: str) -> None:
    enrolled(world.clerk)
    login(world.clerk.username)
    assert verify(pending, code_of(world.clerk)).status_code == 401
    assert PendingSignIn.objects.count() == 1
    assert not Session.objects.exists()


def test_a_client_sets_up_a_second_factor_and_goes_on_with_new_tokens(world: World) -> None:
    first = tokens_of(world.clerk)
    made = call("post", "auth/2fa/setup", token=first["access_token"])
    assert made.status_code == 200, made.content
    assert f"secret={made.json()['key'].replace(' ', '')}" in made.json()["uri"]
    wrong = call("post", "auth/2fa/confirm", {"code": "abc"}, token=first["access_token"])
    assert wrong.status_code == 422
    code = _new_code(world.clerk)
    done = call("post", "auth/2fa/confirm", {"code": code}, token=first["access_token"]).json()
    assert len(done["recovery_codes"]) == 10
    assert (opens(first["access_token"]), opens(done["tokens"]["access_token"])) == (401, 200)
    assert refresh(first["refresh_token"]).status_code == 401
    info = call("get", "users/me/session-info", token=done["tokens"]["access_token"]).json()
    assert info["session"]["second_factor"] is True


def _new_code(user: User) -> str:
    device = totp_new(user.pk)
    assert device is not None
    return code_at(device.seed(), clock.now())


def test_who_signed_in_before_it_had_a_second_factor_cannot_replace_it(world: World) -> None:
    first = tokens_of(world.clerk)["access_token"]
    enrolled(world.clerk)
    for path, body in (("auth/2fa/setup", None), ("auth/2fa/confirm", {"code": "123456"})):
        reply = call("post", path, body, token=first)
        assert (reply.status_code, reply.json()["code"]) == (403, "kit.confirmation_required")


def test_dangerous_acts_need_a_sign_in_of_the_last_ten_minutes(world: World) -> None:
    first = tokens_of(world.clerk)["access_token"]
    with clock.at(clock.now() + timedelta(minutes=11)):
        reply = call("post", "auth/2fa/setup", token=first)
    assert (reply.status_code, reply.json()["code"]) == (403, "kit.confirmation_required")


# --- passwords and the end ---


def test_with_a_one_time_password_nothing_but_changing_it_answers(world: World) -> None:
    with context.acting(actor_of(world.admin)):
        issued = password_issue(actor=actor_of(world.admin), user=world.clerk)
    found = login(world.clerk.username, issued).json()
    assert found["must_change_password"] is True
    reply = call("get", "auth/session", token=found["access_token"])
    assert (reply.status_code, reply.json()["code"]) == (403, "kit.password_change_required")
    wrong = {"current": "wrong", "new": NEW_PASSWORD}
    assert call("post", "auth/change-password", wrong, token=found["access_token"]).status_code == 422
    body = {"current": issued, "new": NEW_PASSWORD}
    changed = call("post", "auth/change-password", body, token=found["access_token"])
    assert changed.status_code == 200
    assert opens(found["access_token"]) == 401
    assert opens(changed.json()["tokens"]["access_token"]) == 200
    assert refresh(found["refresh_token"]).status_code == 401


def test_a_changed_password_ends_every_other_sign_in_with_its_tokens(world: World) -> None:
    here, there, browser = tokens_of(world.clerk), tokens_of(world.clerk), signed_in(world.clerk)
    body = {"current": PASSWORD, "new": NEW_PASSWORD}
    assert call("post", "auth/change-password", body, token=here["access_token"]).status_code == 200
    assert opens(there["access_token"]) == 401
    assert refresh(there["refresh_token"]).status_code == 401
    assert browser.get("/api/v1/auth/session").status_code == 401
    assert Token.objects.count() == 2


def test_a_browser_changes_its_password_by_the_api_and_goes_on_under_a_new_cookie(world: World) -> None:
    browser = signed_in(world.clerk)
    former = browser.cookies[COOKIE].value
    body = json.dumps({"current": PASSWORD, "new": NEW_PASSWORD})
    reply = browser.post("/api/v1/auth/change-password", body, content_type="application/json")
    assert reply.json() == {"tokens": None}
    assert browser.cookies[COOKIE].value != former
    assert browser.get("/api/v1/auth/session").status_code == 200
    browser.cookies[COOKIE] = former
    assert browser.get("/api/v1/auth/session").status_code == 401


def test_signing_out_ends_the_tokens_and_nobody_elses(world: World) -> None:
    mine, other = tokens_of(world.clerk), tokens_of(world.clerk)
    assert call("post", "auth/logout", token=mine["access_token"]).status_code == 204
    assert opens(mine["access_token"]) == 401
    assert refresh(mine["refresh_token"]).json()["code"] == "accounts.refresh_refused"
    assert opens(other["access_token"]) == 200
    assert Token.objects.count() == 2
    assert [event.actor_id for event in events("accounts.session.ended")] == [world.clerk.pk]
    assert events("accounts.token.reused") == []


def test_an_inactive_person_may_still_sign_out(world: World) -> None:
    found = tokens_of(world.clerk)
    with context.acting(actor_of(world.admin)):
        user_deactivate(actor=actor_of(world.admin), user=world.clerk)
    reply = call("get", "auth/session", token=found["access_token"])
    assert (reply.status_code, reply.json()["code"]) == (403, "kit.account_inactive")
    refused = refresh(found["refresh_token"])
    assert (refused.status_code, refused.json()["code"]) == (403, "kit.account_inactive")
    body = {"current": PASSWORD, "new": NEW_PASSWORD}
    assert call("post", "auth/change-password", body, token=found["access_token"]).status_code == 403
    assert call("post", "auth/logout", token=found["access_token"]).status_code == 204
    assert not Token.objects.exists()


def test_a_role_that_was_taken_is_gone_with_the_next_call(world: World) -> None:
    found = tokens_of(world.manager)
    assert opens(found["access_token"], "users") == 200
    with context.system("a test") as current:
        role = Role.objects.get(catalogue="platform", code="manager")
        rbac.binding_revoke(actor=current.actor, person_id=world.manager.pk, role=role)
    assert roles(world.manager) == []
    assert opens(found["access_token"], "users") == 403


def test_a_token_is_recognised_by_its_form() -> None:
    made = tokens.make(tokens.ACCESS)
    assert tokens.well_formed(made, tokens.ACCESS)
    assert not tokens.well_formed(made, tokens.REFRESH)
    assert not tokens.well_formed(made[:-1] + ("0" if made[-1] != "0" else "1"), tokens.ACCESS)
    assert not tokens.well_formed(made + "\n", tokens.ACCESS)
    assert len({tokens.make(tokens.ACCESS) for _ in range(50)}) == 50
