"""What a right that was taken away meanwhile still gives to others: nothing."""

from typing import Any

import pytest

from accounts.errors import InvitationGone
from accounts.models import Invitation, Membership
from accounts.services import invitations
from portal.kit import context
from portal.kit.services import writing
from rbac.models import Binding
from tests.accounts.organisation_world import make_house
from tests.factories import actor_of, person
from tests.rbac.roles_world import ready

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("lost", [True, False])
def test_an_invitation_gives_nothing_that_its_sender_has_lost(lost: bool) -> None:
    house, guest = make_house(), person("Guest", email="guest@example.org")
    with context.acting(house.inside(house.admin)) as current:
        invitations.invitations_create(
            actor=current.actor, organisation=house.organisation, addresses=[guest.email], role=ready("editor")
        )
    if lost:
        with context.system("a test"), writing():
            Binding.objects.filter(user=house.admin, scope_id=house.id).delete()
    key: Any = Invitation.objects.get().pk
    with context.acting(actor_of(guest)) as current:
        if lost:
            with pytest.raises(InvitationGone):
                invitations.invitation_accept_own(actor=current.actor, invitation_id=key)
        else:
            invitations.invitation_accept_own(actor=current.actor, invitation_id=key)
    assert Membership.objects.filter(user=guest).exists() is not lost
