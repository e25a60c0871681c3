"""What the page of a person says of its rights and of its sign-in."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import TotpDevice, User
from accounts.person_parts import PARTS, Part
from accounts.services import users
from accounts.services.memberships import membership_add, roles_by_code
from accounts.services.organisations import organisation_create
from portal.kit import clock, context, registry
from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.services import writing
from rbac.effective import effective_permissions
from rbac.models import INSTALLATION, Permission, Role, RolePermission
from rbac.services import binding_grant
from tests.accounts.helpers import sign_in, text_of
from tests.factories import World, actor_of, person

Browser = Callable[[User], Client]


def page(client: Client, user: User, tab: str, **query: str) -> Any:
    """A tab of the person's page."""
    return client.get(f"/platform/people/{user.pk}", {"tab": tab, **query})


def rights(reply: Any) -> dict[str, list[str]]:
    """The reasons of the tab by code."""
    return {row["code"]: row["why"] for group in reply.context["permissions"]["groups"] for row in group["rows"]}


def deny(user: User, code: str) -> None:
    """Give a person a role that denies a right."""
    with context.system("a test") as current, writing():
        role = Role.objects.create(catalogue="platform", code="barred", label="Barred", rank=1)
        permission = Permission.objects.get(code=code)
        RolePermission.objects.create(role=role, permission=permission, effect="deny")
        binding_grant(actor=current.actor, person_id=user.pk, role=role)


def test_every_right_is_shown_with_the_role_it_comes_from(world: World, browser_of: Browser) -> None:
    found = rights(page(browser_of(world.root), world.admin, "access"))
    assert found["user:admin"] == ["Admin on the whole installation"]
    assert found["user:read"] == ["Admin on the whole installation, by way of Manager"]
    assert "role:admin" not in found


def test_what_is_shown_is_what_the_decision_says(world: World) -> None:
    deny(world.manager, "job:read")
    for user in (world.root, world.admin, world.manager, world.clerk, world.stranger):
        shown = {held.code for held in effective_permissions(user.pk) if held.allowed_on(INSTALLATION)}
        with context.acting(actor_of(user)):
            assert shown == {spec.code for spec in registry.permissions if can(actor_of(user), spec.code)}


def test_a_right_that_a_role_denies_is_marked_and_says_which(world: World, browser_of: Browser) -> None:
    deny(world.manager, "job:read")
    reply = page(browser_of(world.admin), world.manager, "access", q="job:read")
    assert rights(reply) == {"job:read": ["denied by Barred on the whole installation"]}
    assert "Denied" in text_of(reply)


def test_rights_in_organisations_name_the_organisation(world: World, browser_of: Browser) -> None:
    with context.system("a test") as current:
        organisation = organisation_create(actor=current.actor, name="Lindenfeld", slug="lindenfeld")
        role = roles_by_code()["viewer"]
        membership_add(actor=current.actor, organisation=organisation, user=world.stranger, role=role)
    found = rights(page(browser_of(world.admin), world.stranger, "access"))
    assert found["member:read"] == ["Viewer on Lindenfeld"]
    (held,) = [one for one in effective_permissions(world.stranger.pk, [organisation.pk]) if one.code == "member:read"]
    assert (held.allowed_on(organisation.pk), held.allowed_on(INSTALLATION)) == (True, False)


def test_rights_are_found_by_word_and_by_code(world: World, browser_of: Browser) -> None:
    client = browser_of(world.root)
    assert set(rights(page(client, world.admin, "access", q="See people"))) == {"user:read"}
    assert set(rights(page(client, world.admin, "access", q="USER:"))) >= {"user:read", "user:admin"}
    assert "No right has that in its name." in text_of(page(client, world.admin, "access", q="\0nonsense<script>"))


def test_an_inactive_person_and_one_without_roles_may_nothing(world: World, browser_of: Browser) -> None:
    with context.acting(actor_of(world.root)):
        users.user_deactivate(actor=actor_of(world.root), user=world.manager)
    client = browser_of(world.root)
    for user in (world.manager, world.stranger):
        assert rights(page(client, user, "access")) == {}


def test_the_tab_of_security_says_how_the_account_is_kept(world: World, browser_of: Browser) -> None:
    with context.system("a test"), writing():
        User.objects.filter(pk=world.clerk.pk).update(factor_due_at=clock.now() - timedelta(days=1))
    for _ in range(5):
        sign_in(Client(), world.clerk.username, "wrong")
    client = browser_of(world.admin)
    reply = page(client, world.clerk, "security")
    text = text_of(reply)
    assert "None, and its time is over" in text
    assert "Locked for 1 minute" in text
    assert reply.context["failed"] == 5
    with context.system("a test"), writing():
        now = clock.now()
        TotpDevice.objects.create(
            user=world.clerk, name="app", confirmed=True, confirmed_at=now, key_id="k", sealed=b"x"
        )
    assert "Set up: authenticator app" in text_of(page(client, world.clerk, "security"))


def test_failures_of_others_and_of_yesterday_are_not_counted(world: World, browser_of: Browser) -> None:
    sign_in(Client(), world.manager.username, "wrong")
    with clock.at(clock.now() - timedelta(hours=25)):
        sign_in(Client(), world.clerk.username, "wrong")
    assert page(browser_of(world.admin), world.clerk, "security").context["failed"] == 0


@pytest.mark.parametrize("who", ["manager", "clerk"])
def test_the_tab_of_security_takes_the_right_to_administer(world: World, browser_of: Browser, who: str) -> None:
    assert page(browser_of(getattr(world, who)), person("Other"), "security").status_code == 403


def test_other_files_add_parts_which_may_have_nothing_to_say(
    world: World, browser_of: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def some(actor: Actor, user: User) -> dict[str, Any]:
        return {"people": [], "nothing": f"Nothing of {user}."}

    monkeypatch.setattr(
        "accounts.person_parts.PARTS",
        [*PARTS, Part("accounts/_security_people.html", some), Part("nowhere.html", lambda actor, user: None)],
    )
    reply = page(browser_of(world.admin), world.clerk, "security")
    assert [part["template"] for part in reply.context["parts"]] == [
        *(part.template for part in PARTS),
        "accounts/_security_people.html",
    ]
