"""What people and organisations do to themselves over the API: profile, roles, handing over, leaving, closing."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Invitation, Membership, Organisation, User
from portal.kit import clock
from portal.kit.models import OutboundMessage
from tests.accounts.factor_helpers import enrolled, set_session
from tests.accounts.helpers import events
from tests.accounts.organisation_world import House, make_house
from tests.accounts.test_api_organisations import call, invited
from tests.cases.api import NOWHERE
from tests.factories import World, signed_in

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(minutes=11)


@pytest.fixture
def house(world: World) -> House:
    return make_house("Harbour")


def _stale(client: Client) -> Client:
    set_session(client, confirmed_at=clock.now() - LONG_AGO)
    return client


def _role(house: House, user: User) -> str:
    (found,) = (row["role"] for row in _members(house, signed_in(house.owner)) if row["user_id"] == str(user.pk))
    return str(found)


def _members(house: House, client: Client) -> list[Any]:
    return list(call(client, "GET", f"/api/v1/organisations/{house.id}/members", to=house).json()["items"])


def test_one_changes_ones_own_profile_and_nobody_elses(world: World) -> None:
    client = signed_in(world.clerk)
    path = "/api/v1/users/me/profile"
    before = call(client, "GET", path).json()
    assert (before["id"], before["username"]) == (str(world.clerk.pk), world.clerk.username)
    after = call(client, "PATCH", path, {"name": "Clara Clerk"}).json()
    assert after == before | {"name": "Clara Clerk"}
    for body in ({"username": world.admin.username}, {"email": "me@example.com"}, {"name": ""}, {"is_root": True}):
        assert call(client, "PATCH", path, body).status_code == 422
    assert call(client, "GET", path).json() == after
    assert len(events("accounts.user.updated")) == 1
    assert Client().get(path).status_code == 401


def test_roles_of_the_installation_are_given_and_taken(world: World) -> None:
    root = signed_in(world.root)
    path = f"/api/v1/users/{world.clerk.pk}/roles"
    before = len(events("rbac.binding.granted"))
    given = call(root, "POST", path, {"role": "manager", "reason": "Leads support"})
    assert (given.status_code, "manager" in given.json().get("roles", [])) == (200, True), given.content
    assert call(root, "POST", path, {"role": "manager"}).json()["roles"] == given.json()["roles"]
    assert len(events("rbac.binding.granted")) == before + 1
    for who, role, status in (
        (root, "no-such-role", 422),
        (signed_in(world.manager), "manager", 403),
        (_stale(signed_in(world.root)), "manager", 403),
    ):
        assert call(who, "POST", path, {"role": role}).status_code == status, role
    assert call(root, "POST", f"/api/v1/users/{NOWHERE}/roles", {"role": "manager"}).status_code == 404
    assert call(root, "DELETE", f"{path}/no-such-role").status_code == 404
    assert call(root, "DELETE", f"{path}/manager").status_code == 204
    assert "manager" not in call(root, "GET", path.removesuffix("/roles")).json()["roles"]
    assert len(events("rbac.binding.revoked")) == 1


def test_an_organisation_is_handed_over(house: House) -> None:
    owner = signed_in(house.owner)
    member = Membership.objects.get(organisation=house.organisation, user=house.editor)
    path = f"/api/v1/organisations/{house.id}/transfer"
    body = {"membership_id": str(member.pk)}
    for who, sent, status in (
        (_stale(signed_in(house.owner)), body, 403),
        (signed_in(house.admin), body, 403),
        (owner, {"membership_id": NOWHERE}, 404),
        (owner, {}, 422),
    ):
        assert call(who, "POST", path, sent, to=house).status_code == status
    assert not events("accounts.organisation.transferred")
    assert call(owner, "POST", path, body, to=house).status_code == 204
    assert (_role(house, house.editor), _role(house, house.owner)) == ("owner", "admin")
    assert len(events("accounts.organisation.transferred")) == 1


def test_one_leaves_and_the_last_owner_stays(house: House) -> None:
    path = f"/api/v1/organisations/{house.id}/leave"
    refused = call(signed_in(house.owner), "POST", path, {}, to=house)
    assert (refused.status_code, refused.json()["code"]) == (409, "rbac.last_owner")
    assert call(signed_in(house.viewer), "POST", path, {"reason": "A new job"}, to=house).status_code == 204
    assert not Membership.objects.filter(organisation=house.organisation, user=house.viewer).exists()
    assert call(signed_in(house.viewer), "POST", path, {}, to=house).status_code in {403, 404}
    assert len(events("accounts.membership.left")) == 1


def test_an_organisation_is_closed_when_its_name_was_typed(house: House) -> None:
    owner = signed_in(house.owner)
    path = f"/api/v1/organisations/{house.id}/close"
    slug = house.organisation.slug
    for who, sent, status in (
        (owner, {"confirm": "other"}, 422),
        (owner, {}, 422),
        (signed_in(house.admin), {"confirm": slug}, 403),
        (_stale(signed_in(house.owner)), {"confirm": slug}, 403),
    ):
        assert call(who, "POST", path, sent, to=house).status_code == status
    assert Organisation.objects.get(pk=house.id).state == "active"
    closed = call(owner, "POST", path, {"confirm": slug, "reason": "Moved"}, to=house)
    assert (closed.status_code, closed.json()["state"]) == (200, "closed")
    assert len(events("accounts.organisation.closed")) == 1


def test_an_invitation_is_mailed_again(house: House) -> None:
    admin = signed_in(house.admin)
    first = invited(house, admin)
    path = f"/api/v1/organisations/{house.id}/invitations/{first.pk}/resend"
    mails = OutboundMessage.objects.count()
    assert call(signed_in(house.viewer), "POST", path, to=house).status_code == 404
    again = call(admin, "POST", path, to=house)
    assert (again.status_code, again.json()["id"]) == (200, str(first.pk))
    assert (len(events("accounts.invitation.resent")), OutboundMessage.objects.count() >= mails) == (1, True)
    assert call(admin, "DELETE", path.removesuffix("/resend"), to=house).status_code == 204
    gone = call(admin, "POST", path, to=house)
    assert gone.status_code in {404, 409}
    assert Invitation.objects.get(pk=first.pk).revoked_at is not None


def test_recovery_codes_are_made_anew_and_the_app_is_removed(world: World) -> None:
    former = enrolled(world.stranger)
    client = signed_in(world.stranger)
    made = call(client, "POST", "/api/v1/auth/2fa/recovery-codes")
    assert (made.status_code, len(made.json()["recovery_codes"]), made["Cache-Control"]) == (201, 10, "no-store")
    assert not set(made.json()["recovery_codes"]) & set(former)
    assert call(_stale(signed_in(world.stranger)), "DELETE", "/api/v1/auth/2fa/app").status_code == 403
    assert call(client, "DELETE", "/api/v1/auth/2fa/app").status_code == 204
    assert len(events("accounts.factor.removed")) == 1
    gone = call(client, "DELETE", "/api/v1/auth/2fa/app")
    assert (gone.status_code, gone.json()["code"]) == (409, "accounts.no_factor")
    assert call(client, "POST", "/api/v1/auth/2fa/recovery-codes").json()["code"] == "accounts.no_factor"
