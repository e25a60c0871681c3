"""Passwords: one's own, forced, temporary."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.lockout import slots
from accounts.models import Session, SignInCounter, User
from portal.kit import clock, context
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from tests.accounts.helpers import NEW_PASSWORD, events, footprint, issued_password, sign_in, text_of
from tests.factories import PASSWORD, World, person, signed_in

Browser = Callable[[User], Client]
HERE = "127.0.0.1"  # Where the clients of the tests come from.


def _change(
    client: Client,
    current: str = PASSWORD,
    new: str = NEW_PASSWORD,
    repeat: str | None = None,
    url: str = "/me/password",
) -> Any:
    return client.post(url, {"current": current, "new": new, "repeat": new if repeat is None else repeat})


def _must_change(user: User) -> User:
    with context.system("a test"), writing():
        user.must_change_password = True
        user.save(update_fields=["must_change_password"])
    return user


def test_changing_it_ends_every_other_session_and_mails_the_owner(world: World) -> None:
    here, there = signed_in(world.clerk), signed_in(world.clerk)
    other = signed_in(world.manager)
    response = _change(here, url="/me/password?next=/")
    assert (response.status_code, response["Location"]) == (302, "/")
    assert here.get("/api/v1/auth/session").status_code == 200
    assert there.get("/api/v1/auth/session").status_code == 401
    assert other.get("/api/v1/auth/session").status_code == 200
    world.clerk.refresh_from_db()
    assert world.clerk.check_password(NEW_PASSWORD)
    assert world.clerk.password_changed_at is not None
    (mail,) = OutboundMessage.objects.all()
    assert (mail.address, mail.subject) == (world.clerk.email, "Your password was changed")
    assert world.clerk.name in mail.text
    assert "If it was not you" in mail.text
    assert NEW_PASSWORD not in mail.text
    (event,) = events("accounts.password.changed")
    assert (event.actor_id, event.target_id, event.data) == (world.clerk.pk, world.clerk.pk, {"sessions_ended": 1})
    assert NEW_PASSWORD not in str(vars(event))


def test_the_session_goes_on_under_a_new_token(world: World) -> None:
    client = signed_in(world.clerk)
    before = client.cookies[settings.SESSION_COOKIE_NAME].value
    _change(client)
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != before
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = before
    assert thief.get("/api/v1/auth/session").status_code == 401


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"current": "not it"}, "That is not your current password."),
        ({"new": PASSWORD}, "differs from the current password"),
        ({"new": "short"}, "at least 15 characters"),
        ({"new": "x" * 129}, "at most 128 characters"),
        ({"new": "1q2w3e4r5t6y7u8i9o0p"}, "too common"),
        ({"new": "Clerk-Clerkson-99"}, "from your name or address"),
        ({"repeat": "something else"}, "not the same as the new password"),
        ({"new": ""}, "This field is required"),
    ],
)
def test_a_weak_or_wrong_one_is_refused_with_its_reason(world: World, values: dict[str, str], says: str) -> None:
    user = person("Clerk Clerkson", username="clerk-clerkson")
    client, other = signed_in(user), signed_in(user)
    before = footprint(user)
    response = _change(client, **values)
    assert response.status_code == 422
    assert says in text_of(response)
    assert PASSWORD not in response.content.decode()
    assert footprint(user) == before
    assert other.get("/api/v1/auth/session").status_code == 200
    assert not events("accounts.password.changed")


def test_the_page_tells_the_rules(world: World) -> None:
    text = text_of(signed_in(world.clerk).get("/me/password"))
    for rule in (
        "at least 15 characters",
        "At most 128 characters",
        "Not built from your name",
        "No commonly used password",
    ):
        assert rule in text


def test_until_it_is_changed_nothing_else_answers(world: World) -> None:
    user = _must_change(world.root)
    client = signed_in(user)
    for url in ("/platform/people", "/platform/people/new", "/platform/audit", "/platform/jobs", "/"):
        response = client.get(url)
        assert (response.status_code, response["Location"]) == (302, "/me/password"), url
    fragment = client.get("/platform/people", headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment["HX-Redirect"], fragment.content) == (204, "/me/password", b"")
    before = footprint(world.clerk)
    assert client.post(f"/platform/people/{world.clerk.pk}/deactivate").status_code == 302
    assert footprint(world.clerk) == before
    refused = client.get("/api/v1/auth/session")
    assert (refused.status_code, refused.json()["code"]) == (403, "kit.password_change_required")
    info = client.get("/api/v1/users/me/session-info").json()
    assert info["user"]["must_change_password"] is True
    assert info["permissions"] == info["navigation"] == []


def test_after_the_forced_change_one_goes_where_one_wanted(world: World) -> None:
    _must_change(world.manager)
    client = Client()
    response = sign_in(client, world.manager.username, data={"next": "/platform/people"})
    assert response["Location"] == "/me/password?next=%2Fplatform%2Fpeople"
    page = client.get(response["Location"])
    assert "Choose your own password" in text_of(page)
    response = _change(client, url=response["Location"])
    assert response["Location"] == "/platform/people"
    assert client.get("/platform/people").status_code == 200


def test_a_temporary_password_is_shown_once_and_must_be_changed(world: World, browser_of: Browser) -> None:
    admin, victim = browser_of(world.admin), signed_in(world.clerk)
    response = admin.post(f"/platform/people/{world.clerk.pk}/password")
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    password = issued_password(response)
    assert victim.get("/api/v1/auth/session").status_code == 401
    assert password not in admin.get(f"/platform/people/{world.clerk.pk}").content.decode()
    assert password not in str(response.cookies) + str(response.headers)
    (mail,) = OutboundMessage.objects.all()
    assert mail.subject == "You were given a temporary password"
    assert password not in mail.text
    (event,) = events("accounts.password.issued")
    assert (event.actor_id, event.target_id, event.data["sessions_ended"]) == (world.admin.pk, world.clerk.pk, 1)
    assert password not in str(vars(event))
    client = Client()
    assert sign_in(client, world.clerk.username).status_code == 422
    assert sign_in(client, world.clerk.username, password)["Location"] == "/me/password"
    assert _change(client, current=password).status_code == 302
    assert not Session.objects.filter(user=world.clerk, user__must_change_password=True).exists()


def test_nobody_issues_a_temporary_password_to_oneself(world: World, browser_of: Browser) -> None:
    before = footprint(world.admin)
    client = browser_of(world.admin)
    response = client.post(f"/platform/people/{world.admin.pk}/password")
    assert response.status_code == 409
    assert "Change your own password on its page" in text_of(response)
    assert client.get("/api/v1/auth/session").status_code == 200
    assert footprint(world.admin)[:-4] == before[:-4]


def test_guesses_at_the_current_password_are_counted_and_lock_even_the_right_one(world: World) -> None:
    client = signed_in(world.clerk)
    wrong = [text_of(_change(client, current="not it")) for _ in range(5)]
    locked = _change(client)
    assert locked.status_code == 422
    assert {*wrong, text_of(locked)} == {wrong[0]}
    assert SignInCounter.objects.get(slot=slots(str(world.clerk.pk), HERE)[0][0]).failures == 5
    assert [event.outcome for event in events("accounts.session.doubted")] == ["denied"] * 6
    world.clerk.refresh_from_db()
    assert world.clerk.check_password(PASSWORD)
    assert not events("accounts.password.changed")
    with clock.at(clock.now() + timedelta(seconds=61)):
        assert _change(client).status_code == 302


def test_guesses_over_the_api_are_counted_as_well(world: World) -> None:
    client = signed_in(world.clerk)
    body = {"current": "not it", "new": NEW_PASSWORD}
    reply = client.post("/api/v1/auth/change-password", body, content_type="application/json")
    assert (reply.status_code, [error["field"] for error in reply.json()["errors"]]) == (422, ["current"])
    assert SignInCounter.objects.get(slot=slots(str(world.clerk.pk), HERE)[0][0]).failures == 1
    assert not events("accounts.password.changed")
