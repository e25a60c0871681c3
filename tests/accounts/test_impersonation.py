"""Seeing the console as somebody else: who may, of whom, what stays closed, and how it ends."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts.errors import ViewsNested
from accounts.models import Session, User
from accounts.services import users
from accounts.services.impersonation import impersonation_start
from audit.models import Event
from portal.kit import clock, context
from portal.kit.errors import Forbidden
from portal.kit.models.notices import Notice
from portal.kit.services import writing
from rbac import services as rbac
from rbac.models import Role
from tests.accounts.helpers import denials, events, footprint, sealed, text_of
from tests.factories import World, actor_of, person

Browser = Callable[[User], Client]
COOKIE = settings.SESSION_COOKIE_NAME


def view_as(client: Client, user: User, **values: str) -> Any:
    """Press the button on the person's page."""
    return client.post(f"/platform/people/{user.pk}/view", {"reason": "Ticket 4711", **values})


def views() -> list[Session]:
    """Every view that there is."""
    return list(Session.objects.exclude(impersonator=None))


def own_session(user: User) -> Session:
    """The session of the person's own."""
    return Session.objects.get(user=user, impersonator=None)


@pytest.fixture
def looking(world: World, browser_of: Browser) -> Client:
    """The administrator's browser, in which the console is the manager's."""
    client = browser_of(world.admin)
    reply = view_as(client, world.manager)
    assert (reply.status_code, reply["Location"]) == (302, "/")
    return client


def test_the_console_is_the_persons_and_every_page_says_so(world: World, looking: Client) -> None:
    assert looking.get("/api/v1/auth/session").json()["id"] == str(world.manager.pk)
    for path in ("/", "/platform/people", "/me/organisations"):
        page = text_of(looking.get(path))
        assert f"You see the console as {world.manager}." in page
        assert "You can look, and change nothing." in page
        assert "Leave view" in page


def test_it_is_a_session_of_its_own_that_lasts_half_an_hour_below_the_administrators(
    world: World, looking: Client
) -> None:
    (view,) = views()
    assert (view.user, view.impersonator, view.parent) == (world.manager, world.admin, own_session(world.admin))
    assert (view.read_only, view.reason, view.method) == (True, "Ticket 4711", "impersonation")
    assert view.expires_at == view.ends_at
    assert timedelta(minutes=29) < view.ends_at - clock.now() <= timedelta(minutes=30)
    with clock.at(view.ends_at + timedelta(seconds=1)):
        assert looking.get("/platform/people").status_code == 302


def test_both_names_stand_on_what_is_recorded_meanwhile(world: World, looking: Client) -> None:
    looking.get("/me/password")
    (refused,) = events("kit.access.denied")
    assert (refused.actor_id, refused.behalf_id) == (world.admin.pk, world.manager.pk)
    assert {"actor": str(world.admin), "behalf": str(world.manager)}.items() <= sealed(refused).items()


def test_the_person_learns_of_it_and_the_trail_has_the_reason(world: World, looking: Client) -> None:
    (started,) = events("accounts.impersonation.started")
    assert (started.actor_id, started.target_id, started.reason) == (world.admin.pk, world.manager.pk, "Ticket 4711")
    assert started.data == {"minutes": 30, "write": False}
    notice = Notice.objects.get(person=world.manager)
    assert notice.title == "An administrator saw the console as you"
    assert str(world.admin) in notice.text
    assert "Ticket 4711" in notice.text


def test_nothing_can_be_changed(world: World, looking: Client) -> None:
    before = footprint(world.clerk)
    reply = looking.post(
        f"/platform/people/{world.clerk.pk}/edit", {"name": "X", "username": "x", "email": "x@example.org"}
    )
    assert reply.status_code == 403
    assert "This view is read-only" in text_of(reply)
    api = looking.patch(f"/api/v1/users/{world.clerk.pk}", {"name": "X"}, content_type="application/json")
    assert (api.status_code, api.json()["code"]) == (403, "kit.read_only_session")
    assert footprint(world.clerk) == before


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/me/password"),
        ("post", "/me/password"),
        ("post", "/me/theme"),
        ("get", "/me/notifications"),
        ("get", "/api/v1/users/me/preferences"),
        ("patch", "/api/v1/users/me/preferences"),
    ],
)
def test_what_is_the_persons_own_stays_closed(world: World, looking: Client, method: str, path: str) -> None:
    before = footprint(world.manager)
    reply = getattr(looking, method)(path, content_type="application/json")
    assert reply.status_code == 403
    if not path.startswith("/api/"):
        assert "This belongs to the person alone" in text_of(reply)
    assert denials() == ["kit.somebody_elses"]
    assert footprint(world.manager) == before


def test_leaving_gives_the_own_session_back_with_a_new_token(world: World, looking: Client) -> None:
    token = looking.cookies[COOKIE].value
    reply = looking.post("/leave-view")
    assert (reply.status_code, reply["Location"]) == (302, f"/platform/people/{world.manager.pk}")
    assert looking.get("/api/v1/auth/session").json()["id"] == str(world.admin.pk)
    assert views() == []
    old = Client()
    old.cookies[COOKIE] = token
    assert old.get("/api/v1/auth/session").status_code == 401
    (ended,) = events("accounts.impersonation.ended")
    assert (ended.actor_id, ended.behalf_id, ended.target_id) == (world.admin.pk, world.manager.pk, world.manager.pk)


def test_the_former_token_of_the_administrator_is_worth_nothing_meanwhile(world: World, browser_of: Browser) -> None:
    client = browser_of(world.admin)
    former = client.cookies[COOKIE].value
    view_as(client, world.manager)
    other = Client()
    other.cookies[COOKIE] = former
    assert other.get("/api/v1/auth/session").status_code == 401


def test_leaving_after_the_own_session_has_ended_leads_to_sign_in(world: World, looking: Client) -> None:
    with context.system("a test"), writing():
        own_session(world.admin).delete()
    assert views() == []
    assert looking.get("/").status_code == 302
    assert looking.post("/leave-view").status_code == 302
    assert looking.get("/api/v1/auth/session").status_code == 401


def test_it_ends_with_the_administrators_session_also_when_that_one_is_cleaned_away_by_sql(
    world: World, looking: Client
) -> None:
    with context.system("a test"), writing(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_session WHERE user_id = %s", [world.admin.pk])
    assert views() == []
    assert looking.get("/api/v1/auth/session").status_code == 401


def test_it_ends_when_the_administrator_is_deactivated(world: World, looking: Client) -> None:
    with context.acting(actor_of(world.root)):
        users.user_deactivate(actor=actor_of(world.root), user=world.admin)
    assert looking.get("/api/v1/auth/session").status_code == 401


def test_it_ends_when_the_right_is_lost(world: World, looking: Client) -> None:
    with context.system("a test") as system:
        role = Role.objects.get(catalogue="platform", code="admin")
        rbac.binding_revoke(actor=system.actor, person_id=world.admin.pk, role=role)
    assert looking.get("/platform/people").status_code == 302
    assert looking.get("/sign-in").status_code == 200
    assert views() == []
    assert events("accounts.impersonation.ended")[-1].reason == "right lost"


def test_it_ends_when_the_person_rises_above_the_administrator(world: World, looking: Client) -> None:
    with context.system("a test") as system:
        role = Role.objects.get(catalogue="platform", code="super_admin")
        rbac.binding_grant(actor=system.actor, person_id=world.manager.pk, role=role)
    assert looking.get("/sign-in").status_code == 200
    assert views() == []
    assert events("accounts.impersonation.ended")[-1].reason == "accounts.outranked"


def test_it_ends_when_it_is_switched_off(world: World, looking: Client, settings: Any) -> None:
    settings.STEWARD_IMPERSONATION = False
    assert looking.get("/sign-in").status_code == 200
    assert views() == []


def test_it_ends_when_the_person_is_signed_out_everywhere(world: World, looking: Client, browser_of: Browser) -> None:
    browser_of(world.root).post(f"/platform/people/{world.manager.pk}?tab=sessions", {"do": "end-all"})
    assert looking.get("/api/v1/auth/session").status_code == 401


def test_signing_out_in_a_view_ends_both_sessions(world: World, looking: Client) -> None:
    assert looking.post("/sign-out").status_code == 302
    assert not Session.objects.filter(user__in=[world.admin, world.manager]).exists()


@pytest.mark.parametrize("who", ["root", "admin", "super", "inactive"])
def test_whom_nobody_may_see_the_console_as(world: World, browser_of: Browser, who: str) -> None:
    target = {
        "root": world.root,
        "admin": world.admin,
        "super": person("Super", role="super_admin"),
        "inactive": person("Inactive", is_active=False),
    }[who]
    client = browser_of(world.admin)
    reply = view_as(client, target)
    assert reply.status_code == (409 if who in {"admin", "inactive"} else 403)
    assert views() == []
    assert not Notice.objects.exists()
    assert events("accounts.impersonation.started") == []
    assert client.get("/api/v1/auth/session").json()["id"] == str(world.admin.pk)


@pytest.mark.parametrize("who", ["manager", "clerk", "stranger"])
def test_who_may_not(world: World, browser_of: Browser, who: str) -> None:
    assert view_as(browser_of(getattr(world, who)), world.stranger).status_code == 403
    assert views() == []


def test_a_reason_is_needed(world: World, browser_of: Browser) -> None:
    for reason in ("", "  ", "x" * 301):
        assert view_as(browser_of(world.admin), world.manager, reason=reason).status_code == 422
    assert views() == []


def test_who_did_not_just_prove_who_it_is_confirms_first(world: World, browser_of: Browser) -> None:
    client = browser_of(world.admin)
    with context.system("a test"), writing():
        Session.objects.update(confirmed_at=clock.now() - timedelta(minutes=11))
    reply = view_as(client, world.manager)
    assert reply["Location"].startswith("/confirm?")
    assert views() == []


def test_changing_things_takes_a_right_of_its_own_and_says_so(world: World, browser_of: Browser) -> None:
    assert view_as(browser_of(world.admin), world.manager, write="on").status_code == 403
    assert views() == []
    chief = person("Chief", role="super_admin")
    client = browser_of(chief)
    assert view_as(client, world.manager, write="on").status_code == 302
    assert "What you change is recorded with both names." in text_of(client.get("/"))
    values = {"name": "Renamed", "username": world.clerk.username, "email": world.clerk.email}
    assert client.post(f"/platform/people/{world.clerk.pk}/edit", values).status_code == 302
    (updated,) = events("accounts.user.updated")
    assert (updated.actor_id, updated.behalf_id) == (chief.pk, world.manager.pk)
    assert client.post("/me/password", {}).status_code == 403


def test_a_view_cannot_begin_within_a_view(world: World, browser_of: Browser) -> None:
    chief = person("Chief", role="super_admin")
    client = browser_of(chief)
    view_as(client, world.admin, write="on")
    reply = view_as(client, world.clerk)
    assert reply["Location"].startswith("/confirm?")
    assert client.get(reply["Location"]).status_code in {403, 404}
    assert [view.user for view in views()] == [world.admin]


def test_a_service_call_outside_of_a_browser_is_refused(world: World) -> None:
    with context.acting(actor_of(world.admin)), pytest.raises(ViewsNested):
        impersonation_start(actor=actor_of(world.admin), user=world.manager, reason="from a script")
    with context.acting(actor_of(world.manager)), pytest.raises(Forbidden):
        impersonation_start(actor=actor_of(world.manager), user=world.clerk, reason="no right")
    assert views() == []


def test_switched_off_it_is_refused_and_the_button_says_why(world: World, browser_of: Browser, settings: Any) -> None:
    settings.STEWARD_IMPERSONATION = False
    client = browser_of(world.admin)
    assert view_as(client, world.manager).status_code == 409
    assert views() == []
    assert "Nobody sees the console as somebody else here" in text_of(
        client.get(f"/platform/people/{world.manager.pk}")
    )


def test_a_second_view_from_the_same_session_takes_the_place_of_the_first(world: World, browser_of: Browser) -> None:
    client = browser_of(world.admin)
    view_as(client, world.manager)
    client.post("/leave-view")
    view_as(client, world.clerk)
    assert [view.user for view in views()] == [world.clerk]


def test_leaving_takes_a_view(world: World, browser_of: Browser) -> None:
    assert browser_of(world.admin).post("/leave-view").status_code == 404
    assert Client().post("/leave-view").status_code == 302
    assert not Event.objects.filter(code="accounts.impersonation.ended").exists()


def test_the_database_knows_no_view_without_reason_or_session_above(world: World, browser_of: Browser) -> None:
    browser_of(world.admin)
    own = own_session(world.admin)
    wrong: list[dict[str, Any]] = [
        {"impersonator": world.root},
        {"impersonator": world.root, "reason": "why"},
        {"reason": "why"},
        {"read_only": True},
        {"parent": own},
    ]
    for values in wrong:
        with pytest.raises(IntegrityError), transaction.atomic(), context.system("a test"), writing():
            Session.objects.filter(pk=own.pk).update(**values)
