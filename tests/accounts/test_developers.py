"""The developer account and the developer role: inactive, given by itself, refused in production unless allowed."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.developer_selectors import allowed_now, developer_warning
from accounts.errors import DeveloperRoleApart, DeveloperRoleRefused
from accounts.models import DeveloperWindow, Session, User
from accounts.services import developers, roles, users
from accounts.services.bulk import roles_give_bulk
from portal.kit import clock, context, errors
from portal.kit.decision import can, list_subjects
from portal.kit.models.notices import Notice
from portal.kit.services import writing
from rbac import decision
from rbac.models import Binding, Role
from rbac.selectors import head_counts, roles_of
from tests.accounts.helpers import denials, events, issued_password, sign_in, text_of
from tests.factories import World, actor_of, person

Browser = Callable[[User], Client]
PAGE = "/platform/developer-role"


def codes(user: User) -> list[str]:
    """The roles that count for a person now."""
    return [role.code for role in roles_of(user.pk)]


def may(user: User) -> bool:
    """Whether a person may what a developer may."""
    with context.acting(actor_of(user)):
        return bool(can(actor_of(user), "user:admin"))


def give(world: World, user: User) -> None:
    """Give the developer role as the root administrator."""
    with context.acting(actor_of(world.root)):
        developers.developer_role_give(actor=actor_of(world.root), user=user, reason="night work")


def allow(world: World, hours: int = 24) -> DeveloperWindow:
    """Allow it in production."""
    with context.acting(actor_of(world.root)):
        return developers.developer_role_allow(actor=actor_of(world.root), reason="an incident", hours=hours)


@pytest.fixture
def production(settings: Any) -> Iterator[None]:
    """What this installation is."""
    settings.PRODUCTION = True
    decision.forget_everything()
    yield
    decision.forget_everything()


# --- the account ---


def test_the_account_is_made_once_inactive_and_its_password_shown_once(world: World, settings: Any) -> None:
    said = StringIO()
    call_command("developer", "ensure", stdout=said)
    assert (said.getvalue(), User.objects.filter(username="dev").exists()) == ("", False)
    settings.CREATE_DEV_USER = True
    call_command("developer", "ensure", stdout=said)
    user = User.objects.get(username="dev")
    assert (user.is_active, user.must_change_password, codes(user)) == (False, True, ["developer"])
    assert "SECURITY WARNING" in said.getvalue()
    password = said.getvalue().strip().rsplit(" ", 1)[1]
    assert user.check_password(password)
    (created,) = events("accounts.developer.created")
    assert (created.target_id, created.actor_kind) == (user.pk, "system")
    again = StringIO()
    call_command("developer", "ensure", stdout=again)
    assert again.getvalue() == ""
    assert len(events("accounts.developer.created")) == 1


def test_in_production_the_account_has_no_role_at_first(world: World, settings: Any, production: None) -> None:
    settings.CREATE_DEV_USER = True
    call_command("developer", "ensure", stdout=StringIO())
    user = User.objects.get(username="dev")
    assert not Binding.objects.filter(user=user).exists()


def test_only_the_system_makes_the_account(world: World) -> None:
    with context.acting(actor_of(world.root)), pytest.raises(errors.Forbidden):
        developers.developer_ensure(actor=actor_of(world.root))
    assert not User.objects.filter(username="dev").exists()


def test_its_failures_look_like_any_other(world: World, settings: Any) -> None:
    settings.CREATE_DEV_USER = True
    call_command("developer", "ensure", stdout=StringIO())
    shown = {text_of(sign_in(Client(), name, "wrong-password-of-somebody")) for name in ("dev", "nobody-at-all")}
    assert len(shown) == 1
    assert not Session.objects.exists()


# --- giving the role ---


@pytest.mark.parametrize("way", ["role", "new", "bulk", "api"])
def test_it_is_never_given_in_passing(world: World, browser_of: Browser, way: str) -> None:
    client = browser_of(world.root)
    new = {"name": "New", "username": "new", "email": "new@example.org", "role": "developer"}
    if way == "role":
        reply = client.post(f"/platform/people/{world.clerk.pk}/role", {"do": "give", "role": "developer"})
    elif way == "new":
        reply = client.post("/platform/people/new", new)
    elif way == "api":
        reply = client.post("/api/v1/users", new, content_type="application/json")
    else:
        with context.acting(actor_of(world.root)), pytest.raises(DeveloperRoleApart):
            role = Role.objects.get(catalogue="platform", code="developer")
            roles_give_bulk(actor=actor_of(world.root), ids=[world.clerk.pk], role=role)
        reply = None
    assert reply is None or reply.status_code == 422
    assert not Binding.objects.filter(role__code="developer").exists()
    assert not User.objects.filter(username="new").exists()


def test_it_is_given_on_the_persons_page_with_a_fresh_confirmation(world: World, browser_of: Browser) -> None:
    client = browser_of(world.root)
    where = f"/platform/people/{world.clerk.pk}/developer"
    with context.system("a test"), writing():
        Session.objects.update(confirmed_at=clock.now() - timedelta(minutes=11))
    assert client.post(where, {"reason": "x"})["Location"].startswith("/confirm?")
    assert codes(world.clerk) == ["user"]
    with context.system("a test"), writing():
        Session.objects.update(confirmed_at=clock.now())
    assert client.post(where, {"reason": "night work"}).status_code == 302
    assert codes(world.clerk) == ["developer", "user"]
    assert may(world.clerk)


@pytest.mark.parametrize("who", ["admin", "manager"])
def test_only_who_may_give_roles_gives_it(world: World, browser_of: Browser, who: str) -> None:
    reply = browser_of(getattr(world, who)).post(f"/platform/people/{world.clerk.pk}/developer", {"reason": "x"})
    assert reply.status_code == 403
    assert codes(world.clerk) == ["user"]


def test_a_developer_gives_it_to_nobody_and_does_not_reach_the_switch(world: World, browser_of: Browser) -> None:
    give(world, world.clerk)
    client = browser_of(world.clerk)
    assert client.post(f"/platform/people/{world.stranger.pk}/developer", {"reason": "x"}).status_code == 403
    for path in (PAGE, "/api/v1/admin/settings/dev-role-production"):
        assert client.get(path).status_code == 403
    assert client.post(f"{PAGE}/allow", {"hours": 24, "reason": "x"}).status_code == 403
    assert codes(world.stranger) == []
    assert not DeveloperWindow.objects.exists()
    assert client.post(f"/platform/people/{world.root.pk}/deactivate", {}).status_code == 403
    assert denials()[-1] == "accounts.root_protected"


# --- production ---


def test_in_production_it_is_refused(world: World, browser_of: Browser, production: None) -> None:
    reply = browser_of(world.root).post(f"/platform/people/{world.clerk.pk}/developer", {"reason": "x"})
    assert reply.status_code == 409
    assert "refused in production" in text_of(reply)
    assert not Binding.objects.filter(role__code="developer").exists()


def test_a_role_from_before_production_counts_for_nothing_there(world: World, settings: Any) -> None:
    give(world, world.clerk)
    assert may(world.clerk)
    settings.PRODUCTION = True
    decision.forget_everything()
    assert not may(world.clerk)
    assert codes(world.clerk) == ["user"]
    assert head_counts().get("developer", 0) == 0
    assert world.clerk.pk not in {one.person_id for one in list_subjects("user:admin").items}
    settings.ALLOW_DEV_ROLE_IN_PRODUCTION = True
    decision.forget_everything()
    assert may(world.clerk)
    assert codes(world.clerk) == ["developer", "user"]


def test_allowed_it_counts_until_the_end_and_not_a_moment_longer(world: World, production: None) -> None:
    window = allow(world)
    give(world, world.clerk)
    assert Binding.objects.get(role__code="developer").expires_at == window.ends_at
    with clock.at(window.ends_at - timedelta(seconds=1)):
        assert may(world.clerk)
        assert allowed_now() is not None
    with clock.at(window.ends_at):
        assert not may(world.clerk)
        assert codes(world.clerk) == ["user"]
        assert allowed_now() is None
        with pytest.raises(DeveloperRoleRefused):
            give(world, world.manager)


def test_given_again_after_its_end_it_begins_anew(world: World, production: None) -> None:
    first = allow(world)
    give(world, world.clerk)
    with clock.at(first.ends_at + timedelta(hours=1)):
        second = allow(world, hours=2)
        assert not may(world.clerk)
        give(world, world.clerk)
        assert may(world.clerk)
        assert Binding.objects.get(role__code="developer").expires_at == second.ends_at
    assert DeveloperWindow.objects.filter(ended_at=None).get() == second


def test_allowed_for_longer_its_holders_keep_it_for_longer(world: World, production: None) -> None:
    allow(world, hours=1)
    give(world, world.clerk)
    window = allow(world, hours=3)
    assert Binding.objects.get(role__code="developer").expires_at == window.ends_at
    (limited,) = events("rbac.binding.limited")
    assert limited.target_id == world.clerk.pk


def test_refused_before_its_time_it_is_over_at_once(world: World, browser_of: Browser, production: None) -> None:
    allow(world)
    give(world, world.clerk)
    theirs = browser_of(world.clerk)
    assert theirs.get("/platform/people").status_code == 200
    reply = browser_of(world.root).post(f"{PAGE}/refuse", {"reason": "done"})
    assert reply.status_code == 302
    assert theirs.get("/platform/people").status_code == 403
    assert not Binding.objects.filter(role__code="developer").exists()
    assert len(events("accounts.developer_role.refused")) == 1
    assert browser_of(world.root).post(f"{PAGE}/refuse", {}).status_code == 302
    assert len(events("accounts.developer_role.refused")) == 1


def test_allowing_is_told_to_every_administrator_and_recorded(
    world: World, browser_of: Browser, production: None
) -> None:
    reply = browser_of(world.root).post(f"{PAGE}/allow", {"hours": "24", "reason": "an incident"})
    assert reply.status_code == 302
    (allowed,) = events("accounts.developer_role.allowed")
    assert (allowed.severity, allowed.reason, allowed.data) == ("critical", "an incident", {"hours": 24})
    assert set(Notice.objects.values_list("person_id", flat=True)) == {world.root.pk, world.admin.pk}


@pytest.mark.parametrize(("hours", "reason"), [("0", "x"), ("73", "x"), ("24", "  "), ("24", "x" * 301), ("many", "x")])
def test_what_cannot_be_allowed(world: World, browser_of: Browser, production: None, hours: str, reason: str) -> None:
    assert browser_of(world.root).post(f"{PAGE}/allow", {"hours": hours, "reason": reason}).status_code == 422
    assert not DeveloperWindow.objects.exists()
    assert not Notice.objects.exists()


@pytest.mark.parametrize("who", ["admin", "manager", "stranger"])
def test_only_a_super_administrator_sees_the_switch(
    world: World, browser_of: Browser, production: None, who: str
) -> None:
    client = browser_of(getattr(world, who))
    for reply in (client.get(PAGE), client.post(f"{PAGE}/allow", {"hours": 1, "reason": "x"})):
        assert reply.status_code == 403
    assert not DeveloperWindow.objects.exists()


def test_the_banner_counts_down_for_administrators_and_developers_alone(
    world: World, browser_of: Browser, production: None
) -> None:
    allow(world)
    give(world, world.clerk)
    said = "The developer role is allowed in production."
    for user, shown in ((world.root, True), (world.admin, True), (world.clerk, True), (world.manager, False)):
        page = browser_of(user).get("/")
        assert (said in text_of(page)) is shown
        assert (b"data-until" in page.content) is shown
    found = developer_warning(actor_of(world.clerk))
    assert found is not None
    assert found.code == "developer_role_allowed"
    assert developer_warning(actor_of(world.manager)) is None


def test_lists_and_the_persons_page_mark_developers_in_production(
    world: World, browser_of: Browser, production: None
) -> None:
    allow(world)
    give(world, world.clerk)
    client = browser_of(world.admin)
    assert b'class="role warn"' in client.get("/platform/people").content
    assert "Developer in production" in text_of(client.get(f"/platform/people/{world.clerk.pk}"))


def test_the_setting_that_allows_it_altogether_is_told_on_every_page(
    world: World, browser_of: Browser, production: None, settings: Any
) -> None:
    settings.ALLOW_DEV_ROLE_IN_PRODUCTION = True
    page = text_of(browser_of(world.admin).get("/"))
    assert "ALLOW_DEV_ROLE_IN_PRODUCTION is set; it has no end." in page


def test_the_database_holds_one_open_time_with_a_reason_and_an_end(world: World) -> None:
    allow(world)
    now = clock.now()
    for values in (
        {"reason": "x", "starts_at": now, "ends_at": now + timedelta(hours=1)},
        {"reason": "", "starts_at": now, "ends_at": now + timedelta(hours=1), "ended_at": now},
        {"reason": "x", "starts_at": now, "ends_at": now, "ended_at": now},
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), context.system("a test"), writing():
            DeveloperWindow.objects.create(**values)


def test_the_role_is_taken_as_any_other(world: World) -> None:
    give(world, world.clerk)
    with context.acting(actor_of(world.root)):
        role = Role.objects.get(catalogue="platform", code="developer")
        roles.role_take(actor=actor_of(world.root), user=world.clerk, role=role)
    assert codes(world.clerk) == ["user"]


# --- over the API ---

SETTING = "/api/v1/admin/settings/dev-role-production"


def test_the_switch_over_the_api(world: World, browser_of: Browser, production: None) -> None:
    client = browser_of(world.root)
    assert client.get(SETTING).json() == {"allowed": False, "ends_at": None, "holders": 0}
    body: dict[str, Any] = {"allowed": True, "hours": 2, "reason": "an incident"}
    reply = client.put(SETTING, body, content_type="application/json")
    assert (reply.status_code, reply.json()["allowed"]) == (200, True)
    assert DeveloperWindow.objects.get(ended_at=None).reason == "an incident"
    give(world, world.clerk)
    assert client.get(SETTING).json()["holders"] == 1
    reply = client.put(SETTING, {"allowed": False, "reason": "done"}, content_type="application/json")
    assert reply.json() == {"allowed": False, "ends_at": None, "holders": 0}
    assert codes(world.clerk) == ["user"]


@pytest.mark.parametrize(
    "body",
    [
        {"allowed": True},
        {"allowed": True, "reason": ""},
        {"allowed": True, "reason": "x", "hours": 73},
        {"allowed": "perhaps", "reason": "x"},
        {"allowed": True, "reason": "x", "ends_at": "2099-01-01T00:00:00Z"},
        {},
    ],
)
def test_what_the_api_refuses(world: World, browser_of: Browser, production: None, body: dict[str, Any]) -> None:
    reply = browser_of(world.root).put(SETTING, body, content_type="application/json")
    assert reply.status_code == 422
    assert not DeveloperWindow.objects.exists()


def test_over_the_api_too_it_takes_a_right_and_a_fresh_confirmation(
    world: World, browser_of: Browser, production: None
) -> None:
    body = {"allowed": True, "reason": "x"}
    assert Client().put(SETTING, body, content_type="application/json").status_code == 401
    for user in (world.admin, world.stranger):
        assert browser_of(user).put(SETTING, body, content_type="application/json").status_code == 403
    client = browser_of(world.root)
    with context.system("a test"), writing():
        Session.objects.update(confirmed_at=clock.now() - timedelta(minutes=11))
    reply = client.put(SETTING, body, content_type="application/json")
    assert (reply.status_code, reply.json()["code"]) == (403, "kit.confirmation_required")
    assert not DeveloperWindow.objects.exists()


def test_a_temporary_password_issued_to_the_inactive_account_lets_nobody_in(world: World, browser_of: Browser) -> None:
    user = person("Dev", username="dev", is_active=False)
    password = issued_password(browser_of(world.admin).post(f"/platform/people/{user.pk}/password"))
    client = Client()
    sign_in(client, "dev", password)
    assert client.get("/platform/people").status_code != 200
    with context.acting(actor_of(world.admin)):
        users.user_activate(actor=actor_of(world.admin), user=user)
