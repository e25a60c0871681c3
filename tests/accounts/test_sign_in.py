"""Signing in and out."""

import re
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client

from accounts.models import Session, SignInCounter, User
from portal.kit import clock, context, crypto
from portal.kit.services import writing
from tests.accounts.helpers import events, sealed, sign_in, text_of
from tests.factories import PASSWORD, World, signed_in

COOKIE = settings.SESSION_COOKIE_NAME


def test_user_name_or_address_in_any_case_signs_in(world: World) -> None:
    for identifier in (world.clerk.username, world.clerk.email, f" {world.clerk.email.upper()} "):
        client = Client()
        response = sign_in(client, identifier)
        assert (response.status_code, response["Location"]) == (302, "/")
        assert client.get("/api/v1/auth/session").json()["id"] == str(world.clerk.pk)
    started = events("accounts.session.started")
    assert [event.actor_id for event in started] == [world.clerk.pk] * 3
    assert started[0].session_id == Session.objects.order_by("id").values_list("id", flat=True)[0]


def test_the_cookie_is_a_token_that_only_the_browser_has(world: World) -> None:
    client = Client()
    response = sign_in(client, world.clerk.username)
    cookie = response.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie["expires"] == cookie["max-age"] == cookie["domain"] == ""
    session = Session.objects.get(user=world.clerk)
    assert bytes(session.digest) == crypto.digest(cookie.value)
    assert response["Cache-Control"] == "no-store"


def _failures(world: World) -> dict[str, dict[str, str]]:
    return {
        "unknown user name": {"identifier": "nobody-here", "password": PASSWORD},
        "unknown address": {"identifier": "nobody@example.com", "password": PASSWORD},
        "wrong password": {"identifier": world.clerk.username, "password": "wrong"},
        "no password yet": {"identifier": world.manager.username, "password": PASSWORD},
        "locked": {"identifier": world.admin.username, "password": PASSWORD},
        "empty": {"identifier": "", "password": ""},
        "not text": {"identifier": "a\0b", "password": "x"},
    }


def test_every_failure_looks_the_same_and_leaves_no_session(world: World) -> None:
    _lock(world.admin)
    _without_password(world.manager)
    pages = set()
    for values in _failures(world).values():
        client = Client()
        response = client.post("/sign-in", values)
        assert response.status_code == 422
        assert COOKIE not in response.cookies
        assert "do not match, or sign-in is locked" in text_of(response)
        # The one thing that differs is what was typed, and the form's token.
        pages.add(re.sub(r'\s*(value|hx-headers)=("[^"]*"|\'[^\']*\')', "", response.content.decode()))
    assert len(pages) == 1
    assert not Session.objects.exists()


def _lock(user: User) -> None:
    for _ in range(5):
        assert sign_in(Client(), user.username, "wrong").status_code == 422


def test_every_failure_costs_one_hash(world: World) -> None:
    _lock(world.admin)
    _without_password(world.manager)
    for name, values in _failures(world).items():
        if name in {"empty", "not text"}:
            continue
        with (
            mock.patch.object(
                Argon2PasswordHasher, "encode", autospec=True, side_effect=Argon2PasswordHasher.encode
            ) as encoded,
            mock.patch.object(
                Argon2PasswordHasher, "verify", autospec=True, side_effect=Argon2PasswordHasher.verify
            ) as verified,
        ):
            Client().post("/sign-in", values)
        assert encoded.call_count + verified.call_count == 1, name


def _without_password(user: User) -> User:
    with context.system("a test"), writing():
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


def test_a_password_is_never_shown_again_or_recorded(world: World) -> None:
    secret = "this-is-what-i-typed-wrongly"
    response = sign_in(Client(), world.clerk.username, secret)
    assert secret not in response.content.decode()
    (event,) = events("accounts.session.refused")
    assert (event.outcome, event.target_id, event.actor_kind) == ("denied", world.clerk.pk, "anonymous")
    assert secret not in str(vars(event)) + str(sealed(event))


def test_what_is_typed_for_an_unknown_account_is_not_kept(world: World) -> None:
    # People type passwords into the first field.
    typed = "hunter2-in-the-wrong-field"
    for _ in range(5):
        sign_in(Client(), typed, "x")
    kept = [counter.slot for counter in SignInCounter.objects.all()]
    assert len(kept) == 3
    assert not any(typed in slot for slot in kept)
    assert not any(
        typed in str(vars(event)) for event in events("accounts.session.refused") + events("accounts.session.locked")
    )


@pytest.mark.parametrize(
    ("wanted", "goes_to"),
    [
        ("/platform/people?q=a", "/platform/people?q=a"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("///evil.example/", "/"),
        (r"/\evil.example/", "/"),
        (r"\\evil.example/", "/"),
        ("/\t/evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("http:evil.example", "/"),
        ("http://testserver/platform/people", "/"),
        ("platform/people", "/"),
        ("/sign-out", "/"),
        ("/sign-in?next=/sign-in", "/"),
        ("", "/"),
    ],
)
def test_next_never_leads_off_the_site(world: World, wanted: str, goes_to: str) -> None:
    assert sign_in(Client(), world.clerk.username, data={"next": wanted})["Location"] == goes_to
    assert signed_in(world.clerk).get("/sign-in", {"next": wanted})["Location"] == goes_to


def test_the_wanted_page_survives_a_failed_attempt(world: World) -> None:
    page = Client().get("/platform/people", follow=True)
    assert page.redirect_chain == [("/sign-in?next=%2Fplatform%2Fpeople", 302)]
    failed = Client().post("/sign-in?next=/platform/people", {"identifier": "x", "password": "y"})
    assert 'name="next" value="/platform/people"' in failed.content.decode()


def test_a_sign_in_without_the_form_token_is_refused(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client, world.clerk.username).status_code == 403
    assert not Session.objects.exists()
    form = client.get("/sign-in").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token
    before = client.cookies[settings.CSRF_COOKIE_NAME].value
    response = sign_in(client, world.clerk.username, data={"csrfmiddlewaretoken": token.group(1)})
    assert response.status_code == 302
    assert client.cookies[settings.CSRF_COOKIE_NAME].value != before


def test_signing_in_again_ends_the_former_session_of_the_browser(world: World) -> None:
    client = signed_in(world.clerk)
    former = client.cookies[COOKIE].value
    sign_in(client, world.manager.username)
    assert client.get("/api/v1/auth/session").json()["id"] == str(world.manager.pk)
    assert not Session.objects.filter(digest=crypto.digest(former)).exists()
    assert [event.target_id for event in events("accounts.session.ended")] == [world.clerk.pk]


def test_sign_out_ends_the_session_in_the_database_too(world: World) -> None:
    client = signed_in(world.clerk)
    token = client.cookies[COOKIE].value
    assert client.get("/sign-out").status_code == 405
    response = client.post("/sign-out")
    assert response["Location"] == "/sign-in"
    assert response.cookies[COOKIE].value == ""
    assert not Session.objects.exists()
    assert [event.actor_id for event in events("accounts.session.ended")] == [world.clerk.pk]
    client.cookies[COOKIE] = token
    assert client.get("/api/v1/auth/session").status_code == 401


def test_a_made_up_or_mangled_cookie_is_nobody(world: World) -> None:
    for value in ("x" * 43, "", "é" * 43, "x" * 5000):
        client = Client()
        client.cookies[COOKIE] = value
        assert client.get("/api/v1/auth/session").status_code == 401


def test_a_session_ends_when_idle_and_in_any_case_at_its_absolute_end(world: World) -> None:
    start = clock.now()
    idle, absolute = settings.SESSION_IDLE_STAFF, settings.SESSION_ABSOLUTE_STAFF
    client = signed_in(world.admin)
    with clock.at(start + idle + timedelta(seconds=5)):
        assert client.get("/api/v1/auth/session").status_code == 401
    client = signed_in(world.admin)
    moment = start
    while moment < start + absolute - idle:
        moment += idle - timedelta(minutes=1)
        with clock.at(moment):
            assert client.get("/api/v1/auth/session").status_code == 200
    with clock.at(start + absolute + timedelta(seconds=5)):
        assert client.get("/api/v1/auth/session").status_code == 401
    assert idle < settings.SESSION_IDLE
    with clock.at(start + idle + timedelta(minutes=5)):
        session = Session.objects.get(pk=_session_of(signed_in(world.stranger)))
        assert session.idle == settings.SESSION_IDLE


def _session_of(client: Client) -> Any:
    return Session.objects.get(digest=crypto.digest(client.cookies[COOKIE].value)).pk
