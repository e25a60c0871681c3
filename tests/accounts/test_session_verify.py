"""What a host product learns of a session that somebody showed to it, and what it never does."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import Session, User
from accounts.services.users import user_deactivate
from portal.kit import clock, context, crypto
from portal.kit.services import writing
from tests.accounts.factor_helpers import enrolled
from tests.accounts.helpers import denials, view_by
from tests.accounts.organisation_world import House, join, make_house
from tests.accounts.tokens import tokens_of
from tests.factories import World, actor_of, signed_in

COOKIE = settings.SESSION_COOKIE_NAME
NOBODY = {"active": False}


def ask(client: Client, token: str, **more: Any) -> Any:
    """What the host product's own client is told of a token."""
    named = {"Steward-Organisation": more.pop("inside")} if "inside" in more else {}
    body = json.dumps({"token": token, **more})
    return client.post("/api/v1/session/verify", body, content_type="application/json", headers=named)


def cookie_of(user: User) -> str:
    """The cookie of a new session of a person."""
    return str(signed_in(user).cookies[COOKIE].value)


@pytest.fixture
def house(world: World) -> House:
    return make_house("Harbour")


@pytest.fixture
def host(world: World) -> Client:
    """The backend of a host product of the whole installation."""
    return signed_in(world.admin)


def test_a_cookie_and_an_access_token_tell_whose_they_are(world: World, host: Client) -> None:
    for token in (cookie_of(world.manager), tokens_of(world.manager)["access_token"]):
        found = ask(host, token).json()
        assert found["active"] is True
        assert found["person"] == {
            "id": str(world.manager.pk),
            "username": world.manager.username,
            "email": world.manager.email,
            "name": world.manager.name,
        }
        assert (found["roles"], found["organisation"]) == (["manager"], None)
        assert (found["read_only"], found["impersonator_id"]) == (False, None)
        assert found["session_id"] in {str(key) for key in Session.objects.values_list("id", flat=True)}
        assert found["expires_at"] <= found["ends_at"]


def test_in_an_organisation_it_tells_of_its_members_with_their_roles_there(house: House, host: Client) -> None:
    token = cookie_of(house.editor)
    found = ask(host, token, organisation_id=str(house.id)).json()
    assert found["organisation"]["id"] == str(house.id)
    assert found["roles"] == ["editor"]
    other = make_house("Zanzibar")
    assert ask(host, token, organisation_id=str(other.id)).json() == NOBODY


def test_who_asks_for_an_organisation_learns_of_its_members_and_of_nobody_else(world: World, house: House) -> None:
    asking, inside, other = signed_in(house.admin), str(house.id), make_house("Zanzibar")
    assert ask(asking, cookie_of(house.viewer), inside=inside).json()["roles"] == ["viewer"]
    for stranger in (world.manager, other.owner):
        assert ask(asking, cookie_of(stranger), inside=inside).json() == NOBODY
    token = cookie_of(join(other.organisation, "viewer", house.viewer))
    assert ask(asking, token, inside=inside, organisation_id=str(other.id)).json() == NOBODY


def test_it_needs_the_right_and_tells_the_trail_when_it_is_missing(world: World, house: House) -> None:
    token = cookie_of(world.clerk)
    assert ask(signed_in(world.manager), token).status_code == 403
    assert ask(signed_in(house.viewer), token, inside=str(house.id)).status_code == 403
    assert ask(Client(), token).status_code == 401
    assert denials() == ["kit.forbidden"] * 2


@pytest.mark.parametrize(
    "token",
    ["", "x", "x" * 39, "x" * 43, "x" * 60, "x" * 300, "st_at_" + "x" * 49, "\N{SNOWMAN}" * 43, "' OR 1=1 --" * 4],
)
def test_every_token_that_lets_nobody_in_has_the_same_reply(world: World, host: Client, token: str) -> None:
    reply = ask(host, token)
    assert (reply.status_code, reply.content) in {(200, b'{"active":false}'), (422, reply.content)}
    assert reply.status_code == (422 if not token else 200)


def test_it_is_silent_about_why_a_session_counts_no_more(world: World, host: Client) -> None:
    refreshing = tokens_of(world.clerk)["refresh_token"]
    gone, ended, due = cookie_of(world.clerk), cookie_of(world.manager), cookie_of(world.stranger)
    with context.acting(actor_of(world.admin)):
        user_deactivate(actor=actor_of(world.admin), user=world.clerk)
    with context.system("a test"), writing():
        Session.objects.filter(digest=crypto.digest(ended)).update(expires_at=clock.now())
        User.objects.filter(pk=world.stranger.pk).update(must_change_password=True)
    for token in (refreshing, gone, ended, due):
        assert ask(host, token).content == b'{"active":false}'


def test_a_second_factor_that_is_overdue_counts_as_nobody(world: World, host: Client) -> None:
    token = cookie_of(world.manager)
    with context.system("a test"), writing():
        User.objects.filter(pk=world.manager.pk).update(factor_due_at=clock.now() - timedelta(hours=1))
        Session.objects.filter(digest=crypto.digest(token)).update(second_factor_at=None)
    assert ask(host, token).json() == NOBODY


def test_it_tells_whether_a_second_factor_was_proved_and_who_looks_as_the_person(world: World, host: Client) -> None:
    token = cookie_of(world.stranger)
    assert ask(host, token).json()["second_factor"] is True
    enrolled(world.stranger)
    view = view_by(world.admin)
    with context.system("a test"), writing():
        Session.objects.filter(digest=crypto.digest(token)).update(second_factor_at=None, **view)
    found = ask(host, token).json()
    assert (found["second_factor"], found["read_only"]) == (False, True)
    assert found["impersonator_id"] == str(world.admin.pk)


def test_asking_keeps_no_session_alive_unless_the_person_did_something(world: World, host: Client) -> None:
    token = cookie_of(world.clerk)
    row = Session.objects.get(digest=crypto.digest(token))
    with clock.at(row.created_at + timedelta(minutes=10)):
        before = ask(host, token).json()["expires_at"]
        assert Session.objects.get(pk=row.pk).expires_at == row.expires_at
        assert ask(host, token, seen=True).json()["expires_at"] > before
        assert Session.objects.get(pk=row.pk).expires_at > row.expires_at


def test_a_token_is_never_repeated_in_a_reply_or_a_problem(world: World, host: Client) -> None:
    token = cookie_of(world.clerk)
    assert token not in ask(host, token).content.decode()
    secret = "s3cret" * 60
    refused = ask(host, secret)
    assert refused.status_code == 422
    assert secret not in refused.content.decode()
