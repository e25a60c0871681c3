"""Who needs a second factor, from when on, and what answers until it is set up."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.factor_selectors import factors_of
from accounts.models import Membership, User
from accounts.services import memberships, roles, roots
from accounts.services.erasure import user_anonymise
from portal.kit import clock, context
from portal.kit.services import writing
from rbac.models import Binding, Role
from tests.accounts.factor_helpers import COOKIE, begun, code_of, enrolled, send_code, session_of, set_session
from tests.accounts.helpers import sign_in, text_of
from tests.accounts.organisation_world import make_house
from tests.factories import PASSWORD, World, actor_of, person, signed_in

GRACE = timedelta(days=7)
Browser = Callable[[User], Client]


def _due(user: User) -> Any:
    user.refresh_from_db()
    return user.factor_due_at


def _set_due(user: User, moment: Any) -> None:
    with context.system("a test"), writing():
        User.objects.filter(pk=user.pk).update(factor_due_at=moment)


def _platform(code: str) -> Role:
    return Role.objects.get(catalogue="platform", code=code)


def test_the_grace_begins_with_the_first_role_and_ends_with_the_last(world: World) -> None:
    user, start = person("Newcomer"), clock.now()
    admin = actor_of(world.root)
    assert _due(user) is None
    with context.acting(admin):
        with clock.at(start):
            roles.role_give(actor=admin, user=user, role=_platform("user"))
        assert _due(user) == start + GRACE
        with clock.at(start + timedelta(days=3)):
            roles.role_give(actor=admin, user=user, role=_platform("manager"))
        assert _due(user) == start + GRACE  # It does not begin anew.
        roles.role_take(actor=admin, user=user, role=_platform("user"))
        assert _due(user) == start + GRACE
        roles.role_take(actor=admin, user=user, role=_platform("manager"))
    assert _due(user) is None


def test_owners_and_administrators_of_organisations_need_one_and_others_do_not(db: None) -> None:
    house = make_house("Harbour")
    assert _due(house.owner) is not None
    assert _due(house.admin) is not None
    assert _due(house.editor) is None
    assert _due(house.viewer) is None


def test_the_duty_follows_the_role_in_an_organisation(db: None) -> None:
    house = make_house("Harbour")
    actor = house.inside(house.owner)
    by_code = memberships.roles_by_code()
    with context.acting(actor):
        membership = house.membership(house.viewer)
        memberships.membership_role_set(actor=actor, membership=membership, role=by_code["admin"])
        assert _due(house.viewer) is not None
        memberships.membership_suspend(actor=actor, membership=membership)
        assert _due(house.viewer) is None
        memberships.membership_resume(actor=actor, membership=membership)
        assert _due(house.viewer) is not None
        memberships.membership_remove(actor=actor, membership=house.membership(house.viewer))
    assert _due(house.viewer) is None
    assert not Membership.objects.filter(user=house.viewer).exists()


def test_the_root_administrator_needs_one_from_the_first_start_on(db: None) -> None:
    with context.system("first start") as current:
        root, _password = roots.root_ensure(actor=current.actor, username="root", email="root@example.com")
    assert _due(root) is not None


def test_sign_in_finds_a_role_that_has_expired(world: World) -> None:
    with context.system("a test"), writing():
        Binding.objects.filter(user=world.clerk).update(expires_at=clock.now() - timedelta(minutes=1))
    assert _due(world.clerk) is not None
    sign_in(Client(), world.clerk.username)
    assert _due(world.clerk) is None


def test_sign_in_finds_a_duty_that_nobody_has_noted_yet(world: World) -> None:
    _set_due(world.clerk, None)
    sign_in(Client(), world.clerk.username)
    assert _due(world.clerk) is not None


def test_an_erased_person_has_no_duty(world: World) -> None:
    with context.acting(actor_of(world.root)):
        user_anonymise(actor=actor_of(world.root), user=world.clerk)
    assert _due(world.clerk) is None


def test_erasing_takes_the_second_factors_along(world: World) -> None:
    enrolled(world.clerk)
    with context.acting(actor_of(world.root)):
        user_anonymise(actor=actor_of(world.root), user=world.clerk)
    state = factors_of(world.clerk.pk)
    assert (state.lasting, state.recovery_codes) == (0, 0)


# --- what answers meanwhile ---


def test_during_the_grace_a_banner_counts_the_days(world: World) -> None:
    client = signed_in(world.clerk, second_factor=False)
    _set_due(world.clerk, clock.now() + timedelta(days=5, hours=3))
    page = client.get("/")
    assert "Your roles need a second factor. 5 days left to sign in with one." in text_of(page)
    assert 'href="/me/second-factor"' in page.content.decode()
    _set_due(world.clerk, clock.now() + timedelta(hours=3))
    assert "Soon nothing else opens without one." in text_of(client.get("/"))


def test_who_signed_in_with_one_sees_no_banner(world: World) -> None:
    assert "need a second factor" not in text_of(signed_in(world.clerk).get("/"))
    assert "need a second factor" not in text_of(signed_in(world.stranger, second_factor=False).get("/"))


def test_after_the_grace_nothing_answers_but_setting_one_up(world: World) -> None:
    client = signed_in(world.clerk, second_factor=False)
    _set_due(world.clerk, clock.now() - timedelta(seconds=1))
    for url in ("/", "/platform/people", "/me/organisations", "/me/security", "/me/notifications"):
        assert client.get(url)["Location"] == "/me/second-factor", url
    fragment = client.get("/platform/people", headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment["HX-Redirect"]) == (204, "/me/second-factor")
    refused = client.get("/api/v1/auth/session")
    assert (refused.status_code, refused.json()["code"]) == (403, "kit.second_factor_required")
    page = text_of(client.get("/me/second-factor"))
    assert "the time to set it up is over" in page
    assert "Later" not in page
    assert client.post("/sign-out")["Location"] == "/sign-in"


def test_the_admin_asks_for_it_too(world: World) -> None:
    client = signed_in(world.root, second_factor=False)
    assert client.get("/admin/").status_code == 200
    _set_due(world.root, clock.now() - timedelta(seconds=1))
    for url in ("/admin/", "/admin/accounts/user/", "/admin/jsi18n/"):
        assert client.get(url)["Location"] == "/me/second-factor", url
    assert client.get("/admin/login/").status_code == 403


def test_setting_one_up_opens_everything_again(world: World) -> None:
    _set_due(world.clerk, clock.now() - timedelta(days=1))
    client = Client()
    sign_in(client, world.clerk.username)
    client.post("/me/second-factor/app", {"do": "begin"})
    page = client.get("/me/second-factor/app")
    assert page.status_code == 200
    enrolled(world.clerk)  # Elsewhere, meanwhile: that other browser's proof is not this one's.
    assert client.get("/")["Location"] == "/me/second-factor"
    assert client.get("/me/second-factor")["Location"] == "/confirm?next=%2Fme%2Fsecurity"
    assert client.post("/confirm", {"password": PASSWORD}).status_code == 422
    former = client.cookies[COOKIE].value
    assert client.post("/confirm", {"code": code_of(world.clerk), "with": "totp"})["Location"] == "/"
    assert client.cookies[COOKIE].value != former
    assert client.get("/").status_code == 200


def test_a_session_from_before_does_not_count_as_proved(world: World) -> None:
    before = signed_in(world.clerk, second_factor=False)
    enrolled(world.clerk)
    _set_due(world.clerk, clock.now() - timedelta(seconds=1))
    assert session_of(before).second_factor_at is None
    assert before.get("/")["Location"] == "/me/second-factor"
    after = begun(world.clerk)
    send_code(after, code_of(world.clerk))
    assert after.get("/").status_code == 200


def test_a_password_change_comes_first_then_the_second_factor(world: World) -> None:
    client = signed_in(world.clerk, second_factor=False)
    with context.system("a test"), writing():
        User.objects.filter(pk=world.clerk.pk).update(must_change_password=True)
    _set_due(world.clerk, clock.now() - timedelta(seconds=1))
    assert client.get("/me/second-factor")["Location"] == "/me/password"
    assert client.get("/me/password").status_code == 200


@pytest.mark.parametrize("days", [0, 30])
def test_the_grace_is_a_setting(world: World, settings: Any, days: int) -> None:
    settings.STEWARD_FACTOR_GRACE = timedelta(days=days)
    start, user = clock.now(), person("Newcomer")
    with clock.at(start), context.acting(actor_of(world.root)):
        roles.role_give(actor=actor_of(world.root), user=user, role=_platform("user"))
    assert _due(user) == start + timedelta(days=days)
    client = signed_in(user, second_factor=False)
    assert (client.get("/").status_code == 302) is (days == 0)


def test_an_old_session_that_is_confirmed_goes_on(world: World) -> None:
    client = signed_in(world.clerk, second_factor=False)
    enrolled(world.clerk)
    set_session(client, second_factor_at=clock.now())
    _set_due(world.clerk, clock.now() - timedelta(seconds=1))
    assert client.get("/").status_code == 200
