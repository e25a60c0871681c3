"""There is one road in. Every other door leads to it, or lets nobody in."""

import re
from base64 import b64encode
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from rest_framework.settings import api_settings

from accounts.models import Session, User
from accounts.services.invitations import invitations_create
from accounts.services.links import password_link_make
from accounts.services.memberships import roles_by_code
from accounts.services.users import user_unlock
from portal.kit import context
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from tests.accounts.factor_helpers import COOKIE, enrolled
from tests.accounts.helpers import NEW_PASSWORD, sign_in
from tests.accounts.organisation_world import make_house
from tests.factories import PASSWORD, World, actor_of


@pytest.fixture
def mira(world: World) -> User:
    """The clerk, with an authenticator app."""
    enrolled(world.clerk)
    return world.clerk


def _in_the_mail(address: str) -> str:
    mail = OutboundMessage.objects.filter(address=address).order_by("-id")[0]
    found = re.search(r"https?://[^/\s]+(/\S+)", mail.text)
    assert found
    return found.group(1)


def test_the_sign_in_of_the_admin_is_the_one_of_the_portal(mira: User) -> None:
    client = Client()
    credentials = {"username": mira.username, "password": PASSWORD, "next": "/admin/"}
    for method in ("get", "post"):
        reply = getattr(client, method)("/admin/login/", credentials)
        assert reply.status_code == 302
        assert reply["Location"].startswith("/sign-in")
    assert not Session.objects.exists()


def test_the_api_takes_no_password_of_its_own(mira: User) -> None:
    assert api_settings.DEFAULT_AUTHENTICATION_CLASSES == []
    basic = "Basic " + b64encode(f"{mira.username}:{PASSWORD}".encode()).decode()
    for header in (basic, "Token " + "a" * 40, f"Bearer {PASSWORD}", "Bearer ", "Basic", "Digest x"):
        assert Client().get("/api/v1/auth/session", headers={"Authorization": header}).status_code == 401, header
    assert Client().get("/api/v1/auth/session", {"username": mira.username, "password": PASSWORD}).status_code == 401
    assert not Session.objects.exists()


def test_django_s_own_session_is_no_session(mira: User) -> None:
    assert "django.contrib.sessions" not in settings.INSTALLED_APPS
    client = Client()
    client.cookies["sessionid"] = "x" * 32
    assert client.get("/api/v1/auth/session").status_code == 401


def test_a_link_for_a_new_password_signs_nobody_in_and_spares_no_second_factor(mira: User, world: World) -> None:
    with context.acting(actor_of(world.root)):
        password_link_make(actor=actor_of(world.root), user=mira)
    client = Client()
    client.get(_in_the_mail(mira.email))
    reply = client.post("/password", {"new": NEW_PASSWORD, "repeat": NEW_PASSWORD})
    assert (reply.status_code, reply["Location"]) == (302, "/sign-in")
    assert not Session.objects.exists()
    assert COOKIE not in client.cookies
    assert sign_in(client, mira.username, NEW_PASSWORD)["Location"] == "/sign-in/code"
    assert not Session.objects.exists()


def test_an_invitation_signs_nobody_in(mira: User) -> None:
    house = make_house("Harbour")
    actor = house.inside(house.owner)
    with context.acting(actor):
        invitations_create(
            actor=actor, organisation=house.organisation, addresses=[mira.email], role=roles_by_code()["viewer"]
        )
    client = Client()
    client.get(_in_the_mail(mira.email), follow=True)
    client.post("/invitation", {"name": "x", "username": "mira2", "new": NEW_PASSWORD, "repeat": NEW_PASSWORD})
    assert not Session.objects.filter(user=mira).exists()
    assert client.get("/api/v1/auth/session").status_code == 401


def test_unlocking_lets_nobody_in(mira: User, world: World) -> None:
    for _ in range(5):
        sign_in(Client(), mira.username, "wrong")
    with context.acting(actor_of(world.root)):
        user_unlock(actor=actor_of(world.root), user=mira)
    assert not Session.objects.exists()
    assert sign_in(Client(), mira.username)["Location"] == "/sign-in/code"


def test_a_service_account_never_signs_in(world: World) -> None:
    with context.system("a test"), writing():
        User.objects.filter(pk=world.clerk.pk).update(
            kind=User.Kind.SERVICE, email="", password="!", must_change_password=False
        )
    assert sign_in(Client(), world.clerk.username).status_code == 422
    assert not Session.objects.exists()


# --- what people and programs send ---


def test_a_password_that_is_far_too_long_is_never_hashed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("accounts.services.sign_in.authenticate", lambda **values: asked.append(values))
    assert sign_in(Client(), world.clerk.username, "x" * 1001).status_code == 422
    assert sign_in(Client(), world.clerk.username, "x" * 2_000_000).status_code == 422
    assert asked == []


@pytest.mark.parametrize("password", ["a\x00b", "\x00", "a\r\nSet-Cookie: x=y", "\ud83d\ude00", "\u202eabc", "é" * 900])
def test_a_strange_password_is_just_a_wrong_one(world: World, password: str) -> None:
    reply = sign_in(Client(), world.clerk.username, password.encode("utf-16", "surrogatepass").decode("utf-16"))
    assert reply.status_code == 422
    assert not Session.objects.exists()
    assert "Set-Cookie" not in str(reply.headers)


@pytest.mark.parametrize(
    "written",
    [
        "{0}\r\n{0}",
        "{0}\x00",
        "{0}\u200b",  # A blank that nobody sees.
        "\uff4d{0}",  # A wide m before it.
        "сlеrk",  # Cyrillic letters that look like Latin ones.
        "{0} OR 1=1",
        "{0}%",
        "x" * 300,
    ],
)
def test_a_name_that_only_looks_like_somebodys_is_nobodys(world: World, written: str) -> None:
    assert sign_in(Client(), written.format(world.clerk.username)).status_code == 422
    assert not Session.objects.exists()


def test_the_same_letters_in_another_case_are_the_same_person_and_one_count(world: World) -> None:
    name = world.clerk.username
    assert sign_in(Client(), name.upper()).status_code == 302
    for written in (name, name.upper(), name.replace("k", "\u212a"), world.clerk.email.title(), f" {name} "):
        assert sign_in(Client(), written, "wrong").status_code == 422
    # Five failures, whatever the spelling: the sign of Kelvin is a k to every program that lowers letters.
    assert sign_in(Client(), name).status_code == 422
    assert Session.objects.count() == 1
