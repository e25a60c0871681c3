"""Organisations: created, changed, suspended, closed, handed over; and who may not."""

from collections.abc import Callable

import pytest

from accounts.errors import MemberInactive, OrganisationClosed
from accounts.models import Invitation, Organisation
from accounts.services import memberships, organisations
from accounts.services.invitations import invitations_create
from accounts.services.memberships import roles_by_code
from audit.models import Event
from portal.kit import context, errors
from portal.kit.models import OutboundMessage
from rbac.models import Scope
from tests.accounts.organisation_world import codes_of, make_house, role_of, traces
from tests.factories import World, actor_of, person

pytestmark = pytest.mark.django_db


def test_staff_creates_an_organisation_with_its_owner(world: World) -> None:
    owner = person("Olga Owner")
    with context.acting(actor_of(world.admin)) as current:
        made = organisations.organisation_create(actor=current.actor, name=" Acme ", slug=" ACME ", owner=owner)

    assert (made.name, made.slug, made.state) == ("Acme", "acme", "active")
    assert Scope.objects.get(pk=made.pk).kind == "organisation"
    assert role_of(owner, made) == ["owner"]
    assert codes_of(made.pk) == ["accounts.organisation.created"]
    event = Event.objects.get(target_id=made.pk)
    assert (event.organisation_id, event.actor_id) == (made.pk, world.admin.pk)
    assert event.changes == {"name": [None, "Acme"], "slug": [None, "acme"]}


def test_events_of_an_owner_given_from_outside_belong_to_the_organisation(world: World) -> None:
    owner = person()
    with context.acting(actor_of(world.admin)) as current:
        made = organisations.organisation_create(actor=current.actor, name="Acme", slug="acme", owner=owner)

    codes = set(Event.objects.filter(organisation_id=made.pk).values_list("code", flat=True))
    assert codes == {"accounts.organisation.created", "accounts.membership.added", "rbac.binding.granted"}


@pytest.mark.parametrize("who", ["manager", "clerk", "stranger"])
def test_others_create_no_organisation(world: World, who: str) -> None:
    before, count = traces(), Organisation.objects.count()
    with pytest.raises(errors.Forbidden), context.acting(actor_of(getattr(world, who))) as current:
        organisations.organisation_create(actor=current.actor, name="Acme", slug="acme")
    assert (traces(), Organisation.objects.count()) == (before, count)


@pytest.mark.parametrize(
    ("name", "slug", "field"),
    [
        ("", "acme", "name"),
        ("Ac\u202eme", "acme", "name"),
        ("x" * 121, "acme", "name"),
        ("Acme", "", "slug"),
        ("Acme", "ac me", "slug"),
        ("Acme", "-acme", "slug"),
        ("Acme", "new", "slug"),
        ("Acme", "x" * 41, "slug"),
    ],
)
def test_unfit_names_are_refused_by_field(world: World, name: str, slug: str, field: str) -> None:
    before = traces()
    with pytest.raises(errors.Invalid) as caught, context.acting(actor_of(world.admin)) as current:
        organisations.organisation_create(actor=current.actor, name=name, slug=slug)
    assert set(caught.value.fields) == {field}
    assert traces() == before


def test_a_short_name_exists_once(world: World) -> None:
    house = make_house()
    with pytest.raises(errors.Invalid) as caught, context.acting(actor_of(world.admin)) as current:
        organisations.organisation_create(actor=current.actor, name="Other", slug=house.organisation.slug)
    assert set(caught.value.fields) == {"slug"}


def test_an_administrator_of_the_organisation_renames_it_and_only_differences_are_recorded() -> None:
    house = make_house()
    with context.acting(house.inside(house.admin)) as current:
        for _ in range(2):
            values = {"name": "Acme & Sons", "slug": house.organisation.slug}
            organisations.organisation_update(actor=current.actor, organisation=house.organisation, values=values)

    event = Event.objects.get(target_id=house.id, code="accounts.organisation.updated")
    assert event.changes == {"name": ["Acme", "Acme & Sons"]}


@pytest.mark.parametrize("who", ["editor", "viewer"])
def test_lower_roles_change_nothing(who: str) -> None:
    house = make_house()
    before = traces()
    with pytest.raises(errors.Forbidden), context.acting(house.inside(getattr(house, who))) as current:
        organisations.organisation_update(actor=current.actor, organisation=house.organisation, values={"name": "Mine"})
    assert traces() == before
    assert Organisation.objects.get(pk=house.id).name == "Acme"


def test_an_owner_of_one_organisation_does_not_reach_another() -> None:
    here, there = make_house("Acme"), make_house("Other")
    inside = here.inside(here.owner)
    before = traces()
    acts: list[Callable[[], object]] = [
        lambda: organisations.organisation_update(actor=inside, organisation=there.organisation, values={"name": "X"}),
        lambda: organisations.organisation_close(actor=inside, organisation=there.organisation),
        lambda: organisations.ownership_transfer(
            actor=inside, organisation=there.organisation, to=there.membership(there.admin)
        ),
        lambda: organisations.ownership_transfer(
            actor=inside, organisation=here.organisation, to=there.membership(there.admin)
        ),
        lambda: memberships.membership_remove(actor=inside, membership=there.membership(there.viewer)),
        lambda: memberships.membership_suspend(actor=inside, membership=there.membership(there.viewer)),
        lambda: memberships.membership_role_set(
            actor=inside, membership=there.membership(there.viewer), role=roles_by_code()["editor"]
        ),
        lambda: invitations_create(
            actor=inside, organisation=there.organisation, addresses=["x@example.com"], role=roles_by_code()["viewer"]
        ),
    ]
    for act in acts:
        with pytest.raises(errors.NotFound), context.acting(inside):
            act()
    assert traces() == before


def test_fields_that_are_not_offered_are_refused(world: World) -> None:
    house = make_house()
    with pytest.raises(errors.Invalid) as caught, context.acting(house.inside(house.owner)) as current:
        organisations.organisation_update(
            actor=current.actor, organisation=house.organisation, values={"state": "closed", "id": "x"}
        )
    assert set(caught.value.fields) == {"state", "id"}


def test_suspending_and_resuming_is_staffs_and_on_record(world: World) -> None:
    house = make_house()
    with pytest.raises(errors.Forbidden), context.acting(house.inside(house.owner)) as current:
        organisations.organisation_suspend(actor=current.actor, organisation=house.organisation)
    with context.acting(actor_of(world.admin)) as current:
        for _ in range(2):
            organisations.organisation_suspend(actor=current.actor, organisation=house.organisation, reason="unpaid")
        organisations.organisation_resume(actor=current.actor, organisation=house.organisation)

    assert codes_of(house.id)[1:] == ["accounts.organisation.suspended", "accounts.organisation.resumed"]
    assert Organisation.objects.get(pk=house.id).state == "active"


def test_closing_withdraws_invitations_and_ends_every_change() -> None:
    house = make_house()
    with context.acting(house.inside(house.owner)) as current:
        invitations_create(
            actor=current.actor,
            organisation=house.organisation,
            addresses=["new@example.com"],
            role=roles_by_code()["viewer"],
        )
        organisations.organisation_close(actor=current.actor, organisation=house.organisation, reason="merged")
        with pytest.raises(OrganisationClosed):
            memberships.membership_remove(actor=current.actor, membership=house.membership(house.viewer))

    assert Invitation.objects.get(organisation=house.organisation).revoked_at is not None
    assert codes_of(house.id)[-1] == "accounts.organisation.closed"


@pytest.mark.parametrize("who", ["admin", "editor", "viewer"])
def test_only_owners_close_and_hand_over(who: str) -> None:
    house = make_house()
    before = traces()
    inside = house.inside(getattr(house, who))
    with pytest.raises(errors.Forbidden), context.acting(inside):
        organisations.organisation_close(actor=inside, organisation=house.organisation)
    with pytest.raises(errors.Forbidden), context.acting(inside):
        organisations.ownership_transfer(
            actor=inside, organisation=house.organisation, to=house.membership(house.viewer)
        )
    assert traces() == before
    assert Organisation.objects.get(pk=house.id).state == "active"


def test_handing_over_makes_the_other_owner_and_oneself_an_administrator() -> None:
    house = make_house()
    with context.acting(house.inside(house.owner)) as current:
        organisations.ownership_transfer(
            actor=current.actor, organisation=house.organisation, to=house.membership(house.viewer)
        )

    assert role_of(house.viewer, house.organisation) == ["owner"]
    assert role_of(house.owner, house.organisation) == ["admin"]
    assert "accounts.organisation.transferred" in codes_of(house.id)
    assert OutboundMessage.objects.get(person_id=house.viewer.pk).subject.startswith("Your role in Acme")


def test_staff_names_an_owner_and_takes_nothing_from_the_others(world: World) -> None:
    house = make_house()
    with context.acting(actor_of(world.admin)) as current:
        organisations.ownership_transfer(
            actor=current.actor, organisation=house.organisation, to=house.membership(house.admin)
        )
    assert role_of(house.admin, house.organisation) == ["owner"]
    assert role_of(house.owner, house.organisation) == ["owner"]


def test_nobody_is_made_owner_who_cannot_act(world: World) -> None:
    house = make_house()
    with context.acting(house.inside(house.owner)) as current:
        memberships.membership_suspend(actor=current.actor, membership=house.membership(house.viewer))
        before = traces()
        with pytest.raises(MemberInactive):
            organisations.ownership_transfer(
                actor=current.actor, organisation=house.organisation, to=house.membership(house.viewer)
            )
    assert traces() == before
