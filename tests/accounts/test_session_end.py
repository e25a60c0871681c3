"""When a session ends: by itself, by a changed right, and never later because a page refreshes itself."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.factor_selectors import totp_new
from accounts.models import Session, User
from accounts.services.memberships import membership_remove
from accounts.services.passwords import password_issue
from accounts.services.users import user_deactivate
from portal.kit import clock, context, crypto
from portal.kit.services import writing
from rbac import services as rbac
from rbac.models import Role
from tests.accounts.factor_helpers import code_at, enrolled
from tests.accounts.helpers import NEW_PASSWORD, events, view_by
from tests.accounts.organisation_world import make_house
from tests.accounts.tokens import call, opens, tokens_of
from tests.factories import PASSWORD, World, actor_of, signed_in

COOKIE = settings.SESSION_COOKIE_NAME
READ = "/api/v1/auth/session"
IDLE = settings.SESSION_IDLE_STAFF
HTMX = {"HX-Request": "true"}


def session_of(client: Client) -> Session:
    """The session of a browser."""
    return Session.objects.get(digest=crypto.digest(client.cookies[COOKIE].value))


def shortened(client: Client, idle: timedelta) -> Client:
    """The same browser, whose session ends sooner when nothing is done."""
    row = session_of(client)
    with context.system("a test"), writing():
        Session.objects.filter(pk=row.pk).update(idle=idle, expires_at=row.created_at + idle)
    return client


def left(reply: Any) -> int:
    """The seconds that a reply says are left."""
    return int(reply["Session-Ends-In"])


# --- what keeps it alive ---


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/me/notifications/count", {}),
        ("/me/session", {}),
        ("/platform/system/live", HTMX),
        ("/platform/system/logs/live", HTMX),
        ("/platform/audit/tail", HTMX),
    ],
)
def test_a_page_that_refreshes_itself_does_not_keep_its_session_alive(
    world: World, path: str, headers: dict[str, str]
) -> None:
    client, start = signed_in(world.root), clock.now()
    minutes = int(IDLE.total_seconds()) // 60
    for minute in range(1, minutes, 5):
        with clock.at(start + timedelta(minutes=minute)):
            assert client.get(path, headers=headers).status_code in {200, 204}, path
    assert session_of(client).seen_at == session_of(client).created_at
    with clock.at(start + IDLE + timedelta(seconds=1)):
        assert client.get(READ).status_code == 401


def test_what_somebody_does_keeps_it_alive(world: World) -> None:
    client, start = signed_in(world.admin), clock.now()
    for path, minute in (("/platform/people", 20), (READ, 40), ("/me/notifications", 60)):
        with clock.at(start + timedelta(minutes=minute)):
            reply = client.get(path)
            assert reply.status_code == 200
            assert left(reply) == IDLE.total_seconds()
    with clock.at(start + timedelta(minutes=60) + IDLE + timedelta(seconds=1)):
        assert client.get(READ).status_code == 401


def test_an_address_that_nobody_owns_keeps_nothing_alive(world: World) -> None:
    client, start = signed_in(world.admin), clock.now()
    with clock.at(start + timedelta(minutes=20)):
        assert client.get("/no/such/page").status_code == 404
    assert session_of(client).seen_at == session_of(client).created_at


def test_a_session_with_a_short_idle_end_is_seen_more_often_than_once_a_minute(world: World) -> None:
    client, start = shortened(signed_in(world.clerk), timedelta(seconds=60)), session_start_of(world.clerk)
    for seconds in (30, 80, 130):
        with clock.at(start + timedelta(seconds=seconds)):
            assert client.get(READ).status_code == 200
    with clock.at(start + timedelta(seconds=191)):
        assert client.get(READ).status_code == 401


def session_start_of(user: User) -> Any:
    """When the one session of a person began."""
    return Session.objects.get(user=user).created_at


# --- what its pages are told ---


def test_every_reply_tells_how_long_the_session_lasts_without_making_it_last(world: World) -> None:
    client = signed_in(world.admin)
    start = session_of(client).created_at
    with clock.at(start + timedelta(seconds=30)):
        assert left(client.get("/")) == IDLE.total_seconds() - 30
        state = client.get("/me/session").json()
    assert (state["seconds"], state["person"]) == (IDLE.total_seconds() - 30, str(world.admin.pk))
    page = client.get("/").content.decode()
    assert f'data-person="{world.admin.pk}"' in page
    assert 'data-warning="120"' in page
    assert "Session-Ends-In" not in Client().get("/sign-in")


def test_near_its_absolute_end_that_is_what_is_told(world: World) -> None:
    client = signed_in(world.stranger)
    row = session_of(client)
    with clock.at(row.ends_at - timedelta(seconds=90)), context.system("a test"), writing():
        Session.objects.filter(pk=row.pk).update(expires_at=row.ends_at, seen_at=row.ends_at - timedelta(hours=1))
    with clock.at(row.ends_at - timedelta(seconds=90)):
        assert left(client.get(READ)) == 90
        assert client.post("/me/session/stay").json()["seconds"] == 90


def test_who_says_to_stay_stays(world: World) -> None:
    client = signed_in(world.admin)
    start = session_of(client).created_at
    with clock.at(start + IDLE - timedelta(seconds=100)):
        assert client.get("/me/session").json()["seconds"] == 100
        assert client.post("/me/session/stay").json()["seconds"] == IDLE.total_seconds()
    with clock.at(start + IDLE + timedelta(minutes=10)):
        assert client.get(READ).status_code == 200


def test_staying_works_a_few_seconds_after_the_last_request_as_well(world: World) -> None:
    client = signed_in(world.admin)
    with clock.at(session_of(client).created_at + timedelta(seconds=5)):
        assert client.post("/me/session/stay").json()["seconds"] == IDLE.total_seconds()


def test_an_ended_session_is_told_of_as_none_and_cannot_stay(world: World) -> None:
    client = signed_in(world.admin)
    with clock.at(session_of(client).created_at + IDLE + timedelta(seconds=1)):
        assert client.get("/me/session").status_code == 302
        assert client.post("/me/session/stay").status_code == 302
    assert session_of(client).seen_at == session_of(client).created_at


def test_staying_needs_the_form_token(world: World) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = signed_in(world.admin).cookies
    assert strict.post("/me/session/stay").status_code == 403
    token = strict.get("/me/session").json()["token"]
    assert strict.post("/me/session/stay", headers={"X-CSRFToken": token}).status_code == 200


# --- the token of the cookie changes with every privilege ---


def _password(client: Client, user: User) -> None:
    values = {"current": PASSWORD, "new": NEW_PASSWORD, "repeat": NEW_PASSWORD}
    assert client.post("/me/password", values).status_code == 302


def _confirmation(client: Client, user: User) -> None:
    assert client.post("/confirm", {"code": PASSWORD, "password": PASSWORD, "with": "password"}).status_code == 302


def _enrolment(client: Client, user: User) -> None:
    client.post("/me/second-factor/app", {"do": "begin"})
    seed = made_by(user)
    assert client.post("/me/second-factor/app", {"code": code_at(seed, clock.now())}).status_code == 200


def made_by(user: User) -> bytes:
    """The seed of the app that a person is setting up."""
    device = totp_new(user.pk)
    assert device is not None
    return device.seed()


def _sign_in(client: Client, user: User) -> None:
    assert client.post("/sign-in", {"identifier": user.username, "password": PASSWORD}).status_code == 302


@pytest.mark.parametrize("change", [_password, _confirmation, _enrolment, _sign_in])
def test_the_token_of_the_session_changes_at_every_change_of_privilege(
    world: World, change: Callable[[Client, User], None]
) -> None:
    client = signed_in(world.stranger)
    former = client.cookies[COOKIE].value
    change(client, world.stranger)
    assert client.cookies[COOKIE].value != former
    assert client.get(READ).json()["id"] == str(world.stranger.pk)
    thief = Client()
    thief.cookies[COOKIE] = former
    assert thief.get(READ).status_code == 401


# --- and what others do takes effect with the next request ---


def test_somebody_deactivated_finds_every_door_shut_with_the_next_request(world: World) -> None:
    here, there, token = signed_in(world.clerk), signed_in(world.clerk), tokens_of(world.clerk)["access_token"]
    with context.acting(actor_of(world.admin)):
        user_deactivate(actor=actor_of(world.admin), user=world.clerk)
    for client in (here, there):
        assert client.get("/")["Location"] == "/inactive"
        assert client.get(READ).json()["code"] == "kit.account_inactive"
    assert call("get", "auth/session", token=token).json()["code"] == "kit.account_inactive"


def test_a_password_that_was_issued_ends_every_session_and_token(world: World) -> None:
    client, token = signed_in(world.clerk), tokens_of(world.clerk)["access_token"]
    with context.acting(actor_of(world.admin)):
        password_issue(actor=actor_of(world.admin), user=world.clerk)
    assert (client.get(READ).status_code, opens(token)) == (401, 401)


def test_a_role_that_was_taken_is_gone_in_every_browser_and_client(world: World) -> None:
    client, token = signed_in(world.manager), tokens_of(world.manager)["access_token"]
    assert (client.get("/platform/people").status_code, opens(token, "users")) == (200, 200)
    with context.system("a test") as current:
        role = Role.objects.get(catalogue="platform", code="manager")
        rbac.binding_revoke(actor=current.actor, person_id=world.manager.pk, role=role)
    assert (client.get("/platform/people").status_code, opens(token, "users")) == (403, 403)


def test_a_membership_that_ended_is_over_in_every_browser_and_client(world: World) -> None:
    house = make_house("Harbour")
    client, token = signed_in(house.editor), tokens_of(house.editor)["access_token"]
    path = f"organisations/{house.id}/members"
    assert client.get(house.url()).status_code == 200
    assert call("get", path, token=token, organisation=house.id).status_code == 200
    owner = house.inside(house.owner)
    with context.acting(owner):
        membership_remove(actor=owner, membership=house.membership(house.editor))
    assert client.get(house.url()).status_code == 404
    assert call("get", path, token=token, organisation=house.id).status_code == 404


def test_a_session_from_before_the_second_factor_does_not_count_as_proved_by_it(world: World) -> None:
    token = tokens_of(world.stranger)["access_token"]
    enrolled(world.stranger)
    info = call("get", "users/me/session-info", token=token).json()
    assert info["session"]["second_factor"] is False


# --- what a client is told of its session ---


def test_session_info_tells_who_in_which_organisation_with_which_roles_and_until_when(world: World) -> None:
    house = make_house("Harbour")
    client = signed_in(house.editor)
    path = "/api/v1/users/me/session-info"
    inside = client.get(path, headers={"Steward-Organisation": str(house.id)}).json()
    assert inside["organisation"] == {"id": str(house.id), "slug": house.organisation.slug, "name": "Harbour"}
    assert inside["roles"] == ["editor"]
    row = session_of(client)
    assert inside["session"]["id"] == str(row.pk)
    assert (inside["session"]["kind"], inside["session"]["read_only"]) == ("browser", False)
    assert inside["session"]["ends_at"] == json.loads(json.dumps(row.ends_at.isoformat().replace("+00:00", "Z")))
    assert (inside["impersonator"], inside["warnings"]) == (None, [])
    outside = client.get(path).json()
    assert (outside["organisation"], outside["roles"]) == (None, [])


def test_session_info_names_who_looks_as_the_person(world: World) -> None:
    client, view = signed_in(world.clerk), view_by(world.admin)
    with context.system("a test"), writing():
        Session.objects.filter(user=world.clerk).update(**view)
    info = client.get("/api/v1/users/me/session-info").json()
    assert info["impersonator"] == {"id": str(world.admin.pk), "label": str(world.admin)}
    assert info["session"]["read_only"] is True
    assert events("accounts.session.ended") == []
