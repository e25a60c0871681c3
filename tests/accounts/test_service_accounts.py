"""Service accounts: made, changed and deleted by administrators of their organisation; no way in but a key."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.db import IntegrityError, transaction
from django.test import Client, RequestFactory

from accounts.errors import Erased, NotAPerson, Outranked
from accounts.models import Membership, ServiceAccount, Session, User
from accounts.selectors import address_of
from accounts.services import service_accounts as services
from accounts.services.links import password_link_make
from accounts.services.memberships import roles_by_code
from accounts.services.passwords import password_issue
from accounts.services.sessions import session_start
from audit.models import Event
from portal.kit import context, errors
from portal.kit.context import Actor
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from rbac.errors import CannotDelegate
from rbac.models import Binding
from tests.accounts.helpers import events, sign_in, text_of
from tests.accounts.key_world import call, make_key, make_service, row
from tests.accounts.organisation_world import House, codes_of, make_house, role_of
from tests.factories import PASSWORD, World, actor_of, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(world: World) -> House:
    return make_house("Harbour")


@pytest.fixture
def other(world: World) -> House:
    return make_house("Meadow")


def by(actor: Actor, act: Callable[..., Any], **values: Any) -> Any:
    with context.acting(actor):
        return act(actor=actor, **values)


def kept() -> tuple[Any, ...]:
    """What a refusal leaves as it is."""
    return (
        list(ServiceAccount.objects.order_by("pk").values()),
        list(User.objects.order_by("pk").values("pk", "name", "username", "is_active", "password")),
        list(Binding.objects.order_by("pk").values()),
        Membership.objects.count(),
        Session.objects.count(),
        OutboundMessage.objects.count(),
        Event.objects.exclude(code__in=["kit.access.denied", "accounts.session.refused"]).count(),
    )


def test_one_is_made_with_a_role_and_nothing_to_sign_in_with(house: House) -> None:
    service = make_service(house)
    user = service.user
    assert (user.kind, user.email, user.username) == ("service", "", f"deploy.{house.organisation.slug}")
    assert not user.has_usable_password()
    assert role_of(user, house.organisation) == ["editor"]
    (event,) = events("accounts.service_account.created")
    assert event.changes["role"] == [None, "editor"]
    assert (event.organisation_id, event.target_id) == (house.id, service.pk)
    assert address_of(user.pk) == ""


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"name": " "}),
        ("name", {"name": "Robot\x00"}),
        ("handle", {"handle": ""}),
        ("handle", {"handle": "Ro bot"}),
        ("handle", {"handle": "x" * 20}),
        ("handle", {"handle": "../admin"}),
        ("description", {"description": "x" * 301}),
        ("description", {"description": "one\ntwo"}),
    ],
)
def test_what_one_cannot_be_is_named_and_none_is_made(house: House, field: str, values: dict[str, str]) -> None:
    before = kept()
    wanted: dict[str, Any] = {"name": "Robot", "handle": "robot", "role": roles_by_code()["viewer"], **values}
    with pytest.raises(errors.Invalid) as refusal:
        by(house.inside(house.owner), services.service_account_create, organisation=house.organisation, **wanted)
    assert list(refusal.value.fields) == [field]
    assert kept() == before


def test_a_name_is_taken_once_and_tells_nothing_of_people(house: House, other: House) -> None:
    make_service(house)
    with pytest.raises(errors.Invalid):
        make_service(house)
    assert make_service(other).user.username == f"deploy.{other.organisation.slug}"
    taken = person("Deploy Person", username="robot")
    assert make_service(house, handle="robot").user.username != taken.username


def test_only_administrators_make_them_within_what_they_hold(house: House, other: House, world: World) -> None:
    values: dict[str, Any] = {"organisation": house.organisation, "name": "Robot", "handle": "robot"}
    roles = roles_by_code()
    before = kept()
    for actor, role, error in (
        (house.inside(house.editor), "viewer", errors.Forbidden),
        (house.inside(house.owner), "owner", CannotDelegate),
        (house.inside(house.admin), "owner", CannotDelegate),
        (other.inside(other.owner), "viewer", errors.NotFound),
        (actor_of(world.root), "viewer", errors.NotFound),
    ):
        with pytest.raises(error):
            by(actor, services.service_account_create, role=roles[role], **values)
    assert kept() == before


def test_it_has_a_page_of_its_own_and_is_no_member_to_people(house: House, browser_of: Any) -> None:
    service = make_service(house)
    page = text_of(browser_of(house.owner).get(house.url("members")))
    assert str(service.user) not in page
    assert str(service.user) in text_of(browser_of(house.editor).get(house.url("service-accounts")))


def test_it_never_signs_in_and_is_told_like_somebody_unknown(house: House, world: World) -> None:
    service = make_service(house)
    before = kept()
    known = sign_in(Client(), service.user.username, PASSWORD)
    unknown = sign_in(Client(), "nobody.at.all", PASSWORD)
    empty = sign_in(Client(), "", "")
    assert known.status_code == unknown.status_code == 422
    assert text_of(known).replace(service.user.username, "") == text_of(unknown).replace("nobody.at.all", "")
    assert empty.status_code == 422
    request = RequestFactory().post("/sign-in")
    request.axes_ip_address = "192.0.2.1"  # type: ignore[attr-defined]
    before = kept()
    with context.system("a test"):
        assert authenticate(request, username=service.user.username, password="!") is None
    with pytest.raises(NotAPerson), context.system("a test"):
        session_start(request=request, user=service.user)
    for act in (password_issue, password_link_make):
        with pytest.raises(NotAPerson):
            by(actor_of(world.root), act, user=service.user)
    assert kept() == before


@pytest.mark.parametrize(
    "values",
    [{"password": "argon2$x"}, {"email": "robot@example.com"}, {"must_change_password": True}, {"kind": "person"}],
)
def test_the_database_refuses_one_that_could_sign_in(house: House, values: dict[str, Any]) -> None:
    service = make_service(house)
    with pytest.raises(IntegrityError), transaction.atomic(), context.system("a test"), writing():
        User.objects.filter(pk=service.user_id).update(**values)


def test_two_of_them_have_no_address_and_people_keep_theirs_apart(house: House) -> None:
    make_service(house)
    make_service(house, handle="second")
    with pytest.raises(IntegrityError), transaction.atomic():
        person("Twin", email=house.owner.email.upper())
    with pytest.raises(IntegrityError), transaction.atomic():
        person("Nobody", email="")


def test_deactivated_it_is_refused_at_once_and_comes_back_with_its_keys(house: House) -> None:
    service = make_service(house)
    _key, secret = make_key(house.owner, house, service=service)
    path, actor = f"/api/v1/organisations/{house.id}", house.inside(house.admin)
    by(actor, services.service_account_deactivate, service=service, reason="A leak")
    shut = call(secret, path)
    assert (shut.status_code, shut.json()["code"]) == (403, "kit.account_inactive")
    assert call(secret).status_code == 403
    by(actor, services.service_account_deactivate, service=service)
    by(actor, services.service_account_activate, service=service)
    assert call(secret, path).status_code == 200
    assert codes_of(service.pk)[1:] == [
        "accounts.service_account.deactivated",
        "accounts.service_account.activated",
    ]
    assert events("accounts.service_account.deactivated")[0].reason == "A leak"


def test_deleted_its_keys_end_its_name_is_free_and_nothing_changes_it_any_more(house: House) -> None:
    service = make_service(house)
    key, secret = make_key(house.owner, house, service=service)
    actor = house.inside(house.owner)
    by(actor, services.service_account_delete, service=service, reason="Not needed")
    assert call(secret).status_code == 401
    assert row(key).revoked_at is not None
    assert role_of(service.user, house.organisation) == []
    assert [event.data for event in events("accounts.service_account.deleted")] == [{"keys_revoked": 1}]
    for act in (services.service_account_activate, services.service_account_delete):
        with pytest.raises(Erased):
            by(actor, act, service=service)
    assert make_service(house).user.username == f"deploy.{house.organisation.slug}"


def test_its_role_changes_within_what_one_may_give(house: House) -> None:
    service = make_service(house, "viewer")
    _key, secret = make_key(house.owner, house, service=service)
    path = f"/api/v1/organisations/{house.id}"
    assert call(secret, path, "PATCH", {"name": "Harbour Works"}).status_code == 403
    by(house.inside(house.owner), services.service_account_role_set, service=service, role=roles_by_code()["admin"])
    assert call(secret, path, "PATCH", {"name": "Harbour Works"}).status_code == 200
    before = kept()
    with pytest.raises(CannotDelegate):
        by(house.inside(house.owner), services.service_account_role_set, service=service, role=roles_by_code()["owner"])
    assert kept() == before


def test_its_name_and_purpose_change_and_nothing_else_does(house: House) -> None:
    service = make_service(house)
    actor = house.inside(house.admin)
    values = {"name": "Release robot", "description": "Ask Ines."}
    by(actor, services.service_account_update, service=service, values=values)
    by(actor, services.service_account_update, service=service, values=values)
    (event,) = events("accounts.service_account.updated")
    assert event.changes == {
        "name": ["Deployment robot", "Release robot"],
        "description": ["Rolls out new versions.", "Ask Ines."],
    }
    for wrong in ({"username": "root"}, {"is_active": False}, {"organisation_id": "x"}):
        with pytest.raises(errors.Invalid):
            by(actor, services.service_account_update, service=service, values=wrong)


def test_one_that_ranks_above_is_left_alone(house: House) -> None:
    service = make_service(house, "admin")
    with context.system("a test"), writing():
        Binding.objects.filter(user=service.user).update(role=roles_by_code()["owner"])
    before = kept()
    for act in (services.service_account_deactivate, services.service_account_delete):
        with pytest.raises(Outranked):
            by(house.inside(house.admin), act, service=service)
    assert kept() == before
