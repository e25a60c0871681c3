"""Roles for a while: asked, decided by somebody else, over by themselves."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import override_settings

from accounts.services.memberships import membership_remove
from audit.models import Event
from portal.kit import clock, context
from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.errors import Forbidden, Invalid, NotFound
from portal.kit.models import Notice, OutboundMessage
from portal.kit.services import writing
from rbac import services
from rbac.errors import CannotDelegate, HeldAlready, NotAMember, RoleElsewhere, SuperiorTouched
from rbac.govern_errors import (
    ElevationGone,
    ElevationOpen,
    ElevationRole,
    FromElevation,
    InPerson,
    SecondPersonNeeded,
)
from rbac.models import Binding, Elevation
from rbac.services import elevations
from tests.accounts.organisation_world import House, codes_of, join, make_house, traces
from tests.factories import World, actor_of, person
from tests.rbac.govern_world import REASON, act, approve, ask, ask_platform, banners_of, tidy
from tests.rbac.roles_world import bind, make_role, make_workspace, ready, scope_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(world: World) -> House:
    return make_house("Harbour")


def _may(house: House, user: object, code: str = "member:create") -> bool:
    with context.acting(house.inside(user)) as current:  # type: ignore[arg-type]
        return can(current.actor, code).allowed


def test_a_member_asks_somebody_else_approves_and_it_ends_by_itself(house: House) -> None:
    row = ask(house, house.viewer)
    assert row.state == "asked"
    assert not _may(house, house.viewer)
    told = OutboundMessage.objects.filter(person_id=house.owner.pk).get()
    assert REASON in told.text
    assert not OutboundMessage.objects.filter(person_id=house.editor.pk).exists(), "An editor cannot decide."
    row = approve(house, house.owner, row, "Until the crane runs")
    assert row.until is not None
    binding = Binding.objects.get(origin_id=row.pk)
    assert (binding.origin, binding.origin_id, binding.expires_at) == ("elevation", row.pk, row.until)
    assert _may(house, house.viewer)
    assert banners_of(house, house.viewer) == ["Admin"]
    assert banners_of(house, house.editor) == []
    assert OutboundMessage.objects.filter(person_id=house.viewer.pk).count() == 1, "One mail, not two."
    with clock.at(row.until + timedelta(seconds=1)):
        assert not _may(house, house.viewer), "Nobody has to clear it away first."
        assert banners_of(house, house.viewer) == []
        assert Elevation.objects.get().state_now == "ended"
        tidy()
    assert not Binding.objects.filter(origin_id=row.pk).exists()
    assert codes_of(row.pk) == ["rbac.elevation.asked", "rbac.elevation.approved", "rbac.elevation.ended"]
    ended = Elevation.objects.get()
    assert (ended.state, ended.decided_by_id, ended.words) == ("ended", house.owner.pk, "Until the crane runs")


def test_nobody_approves_or_refuses_what_they_asked_for(house: House) -> None:
    row = ask(house, house.admin, make_role(house, "member:read"))
    before = traces()
    for verb, more in (("approve", {}), ("refuse", {"words": "no"})):
        with pytest.raises(SecondPersonNeeded):
            act(house, house.admin, verb, row, **more)
    assert traces() == before
    assert act(house, house.owner, "approve", row).state == "approved"


def test_the_database_refuses_it_as_well(house: House) -> None:
    row = ask(house, house.viewer)
    with context.system("a test"), writing(), pytest.raises(IntegrityError), transaction.atomic():
        Elevation.objects.filter(pk=row.pk).update(
            state="refused", decided_by=house.viewer, decided_at=clock.now(), ended_at=clock.now()
        )
    assert Elevation.objects.get().state == "asked"


def test_neither_a_key_nor_a_service_account_nor_a_view_decides_or_asks(house: House) -> None:
    row = ask(house, house.viewer)
    owner = house.inside(house.owner)
    machine = person("Robot", kind="service", email="", password="!", email_verified_at=None)
    join(house.organisation, "admin", machine)
    with context.acting(owner) as current:
        current.through = Actor("key", house.owner.pk, "a key of one's own")
        with pytest.raises(InPerson):
            elevations.elevation_approve(actor=owner, elevation=row)
        current.through = actor_of(house.viewer)  # Who sees the console as the owner, and asked.
        with pytest.raises(InPerson):
            elevations.elevation_approve(actor=owner, elevation=row)
        with pytest.raises(InPerson):
            elevations.elevation_refuse(actor=owner, elevation=row, words="no")
    with pytest.raises(InPerson):
        approve(house, machine, row)
    with pytest.raises(InPerson):
        ask(house, machine, make_role(house, "member:read"))
    job = replace(owner, kind="job")
    with context.acting(job), pytest.raises(InPerson):
        elevations.elevation_approve(actor=job, elevation=row)
    assert Elevation.objects.get().state == "asked"
    assert approve(house, house.owner, row).state == "approved"


def test_who_could_not_give_the_role_cannot_approve_it(house: House) -> None:
    role = make_role(house, "organisation:delete", "organisation:transfer", rank=10)
    row = ask(house, house.viewer, role)
    before = traces()
    with pytest.raises(CannotDelegate):
        approve(house, house.admin, row)
    for who in (house.editor, house.viewer):
        with pytest.raises(Forbidden):
            approve(house, who, row)
    assert traces() == before
    assert approve(house, house.owner, row).state == "approved"


def test_who_lost_the_right_between_page_and_click_cannot_approve(house: House) -> None:
    row = ask(house, house.viewer, ready("editor"))
    with context.acting(house.inside(house.owner)):
        actor = house.inside(house.admin)
    with context.system("a test"), writing():
        Binding.objects.filter(user=house.admin).update(role=ready("editor"))
    with context.acting(actor), pytest.raises(Forbidden):
        elevations.elevation_approve(actor=actor, elevation=row)
    assert not Binding.objects.filter(origin="elevation").exists()


def test_who_holds_it_for_a_while_cannot_hand_it_on_for_longer(house: House) -> None:
    short = approve(house, house.owner, ask(house, house.editor, minutes=30))
    longer = ask(house, house.viewer, minutes=60)
    with pytest.raises(CannotDelegate):
        approve(house, house.editor, longer)
    act(house, house.viewer, "withdraw", longer)
    within = ask(house, house.viewer, minutes=15)
    assert approve(house, house.editor, within).until <= short.until  # type: ignore[operator]


def test_what_is_asked_for_is_checked_before_anything_is_written(house: House) -> None:
    other = make_house("Elsewhere")
    before = traces()
    with pytest.raises(ElevationRole):
        ask(house, house.viewer, ready("owner"))
    for role in (make_role(other, "member:read"), ready("manager", "platform")):
        with pytest.raises(RoleElsewhere):
            ask(house, house.viewer, role)
    with pytest.raises(HeldAlready):
        ask(house, house.viewer, ready("viewer"))
    for minutes in (0, -5, 481):
        with pytest.raises(Invalid):
            ask(house, house.viewer, minutes=minutes)
    with context.acting(house.inside(house.viewer)) as current:
        for reason in ("", "  ", "x" * 301, "two\nlines", "left\u202eright"):
            with pytest.raises(Invalid) as refused:
                elevations.elevation_ask(
                    actor=current.actor, role=ready("admin"), scope=scope_of(house), minutes=60, reason=reason
                )
            assert "reason" in refused.value.fields
        with pytest.raises(NotAMember):
            # A right on the organisation from elsewhere is no membership.
            stranger = person("Passer-by")
            bind(house, stranger, ready("viewer"))
            ask(house, stranger)
    with pytest.raises(Forbidden):
        ask(house, other.owner)
    assert Elevation.objects.count() == 0
    assert (traces().mails, traces().memberships) == (before.mails, before.memberships)


def test_the_same_is_asked_for_once_and_again_when_it_is_over(house: House) -> None:
    row = ask(house, house.viewer)
    with pytest.raises(ElevationOpen):
        ask(house, house.viewer, minutes=15)
    act(house, house.viewer, "withdraw", row)
    second = ask(house, house.viewer)
    with clock.at(second.expires_at):
        third = ask(house, house.viewer)
        assert Elevation.objects.get(pk=second.pk).state == "expired"
        assert third.state == "asked"


def test_a_request_that_nobody_answers_is_over(house: House) -> None:
    row = ask(house, house.viewer)
    with clock.at(row.expires_at):
        with pytest.raises(ElevationGone):
            approve(house, house.owner, row)
        tidy()
    assert Elevation.objects.get().state == "expired"
    assert codes_of(row.pk)[-1] == "rbac.elevation.expired"
    assert Notice.objects.filter(person_id=house.viewer.pk).count() == 1
    assert not Binding.objects.filter(origin="elevation").exists()


def test_a_refusal_says_why_and_gives_nothing(house: House) -> None:
    row = ask(house, house.viewer)
    with pytest.raises(Invalid):
        act(house, house.owner, "refuse", row, words=" ")
    act(house, house.owner, "refuse", row, words="Ask the editor instead")
    mail = OutboundMessage.objects.filter(person_id=house.viewer.pk).get()
    assert "Ask the editor instead" in mail.text
    assert not _may(house, house.viewer)
    for verb, who in (("approve", house.owner), ("withdraw", house.viewer), ("end", house.viewer)):
        with pytest.raises(ElevationGone):
            act(house, who, verb, row)
    assert codes_of(row.pk) == ["rbac.elevation.asked", "rbac.elevation.refused"]


def test_only_who_asked_withdraws(house: House) -> None:
    row = ask(house, house.viewer)
    with pytest.raises(NotFound):
        act(house, house.owner, "withdraw", row)
    act(house, house.viewer, "withdraw", row)
    with pytest.raises(ElevationGone):
        approve(house, house.owner, row)
    assert codes_of(row.pk)[-1] == "rbac.elevation.withdrawn"


def test_the_person_gives_it_back_and_who_approved_takes_it_back(house: House) -> None:
    row = approve(house, house.owner, ask(house, house.viewer))
    with pytest.raises(Forbidden):
        act(house, house.admin, "end", row)
    assert _may(house, house.viewer)
    act(house, house.viewer, "end", row)
    assert not _may(house, house.viewer)
    assert banners_of(house, house.viewer) == []
    again = approve(house, house.owner, ask(house, house.viewer))
    act(house, house.owner, "end", again)
    assert not _may(house, house.viewer)
    assert "ended it" in OutboundMessage.objects.filter(person_id=house.viewer.pk).latest("id").text
    with pytest.raises(ElevationGone):
        act(house, house.viewer, "end", again)


def test_whatever_takes_the_binding_ends_the_elevation(house: House) -> None:
    row = approve(house, house.owner, ask(house, house.viewer))
    binding = Binding.objects.get(origin_id=row.pk)
    with context.acting(house.inside(house.owner)) as current:
        with pytest.raises(FromElevation):
            services.access_limit(actor=current.actor, binding=binding, expires_at=None)
        services.access_take(actor=current.actor, binding=binding)
    assert Elevation.objects.get(pk=row.pk).state == "ended"
    row = approve(house, house.owner, ask(house, house.viewer, ready("editor")))
    with context.acting(house.inside(house.owner)) as current:
        membership_remove(actor=current.actor, membership=house.membership(house.viewer))
    assert Elevation.objects.get(pk=row.pk).state == "ended"


def test_a_role_that_becomes_a_lasting_one_is_no_elevation_any_more(house: House) -> None:
    row = approve(house, house.owner, ask(house, house.viewer, ready("editor")))
    with context.system("a test"):
        services.binding_put(person_id=house.viewer.pk, role=ready("editor"), scope_id=house.id, granted_by=None)
    assert Elevation.objects.get(pk=row.pk).state == "ended"
    binding = Binding.objects.get(user=house.viewer, role=ready("editor"))
    assert (binding.expires_at, binding.origin) == (None, "")


def test_it_can_be_asked_for_on_a_part_and_the_banner_stands_on_every_page(house: House) -> None:
    workspace = make_workspace(house)
    part = scope_of(house).__class__.objects.get(pk=workspace.pk)
    row = approve(house, house.owner, ask(house, house.viewer, ready("admin"), scope=part))
    assert row.place == workspace.name
    with context.acting(house.inside(house.viewer)) as current:
        assert can(current.actor, "resource:delete", workspace)
        assert not can(current.actor, "resource:delete")
    assert banners_of(house, house.viewer) == ["Admin"]


def test_the_place_and_the_role_may_go_while_it_waits(house: House) -> None:
    role = make_role(house, "member:read", "audit:read")
    row = ask(house, house.viewer, role)
    with context.acting(house.inside(house.owner)) as current:
        services.role_delete(actor=current.actor, role=role)
    with pytest.raises(ElevationGone):
        approve(house, house.owner, row)
    assert Elevation.objects.get().role_label == role.label


def test_nobody_raises_a_person_above_themselves(house: House) -> None:
    role = make_role(house, "member:read", "workspace:read")
    row = ask(house, house.owner, role)
    with pytest.raises(SuperiorTouched):
        approve(house, house.admin, row)


@override_settings(STEWARD_ELEVATION_MOST_MINUTES=10)
def test_a_setting_that_became_shorter_holds_for_what_was_asked_before(house: House) -> None:
    with override_settings(STEWARD_ELEVATION_MOST_MINUTES=480):
        row = ask(house, house.viewer, minutes=480)
    row = approve(house, house.owner, row)
    assert row.until == row.decided_at + timedelta(minutes=10)  # type: ignore[operator]


def test_staff_asks_for_a_role_of_the_installation_and_a_super_administrator_approves(world: World) -> None:
    row = ask_platform(world.clerk)
    assert row.organisation_id is None
    for who in (world.admin, world.manager):
        with context.acting(actor_of(who)) as current, pytest.raises(Forbidden):
            elevations.elevation_approve(actor=current.actor, elevation=row)
    with context.acting(actor_of(world.root)) as current:
        elevations.elevation_approve(actor=current.actor, elevation=row)
    with context.acting(actor_of(world.clerk)) as current:
        assert can(current.actor, "user:read")
    with context.acting(actor_of(world.clerk)) as current:
        elevations.elevation_end(actor=current.actor, elevation=row)
        assert not can(current.actor, "user:read")
    assert Event.objects.filter(target_id=row.pk, code="rbac.elevation.ended").exists()


def test_the_highest_role_is_for_nobody_for_a_while(world: World) -> None:
    for code in ("super_admin", "developer"):
        with pytest.raises(ElevationRole):
            ask_platform(world.clerk, code)
    with pytest.raises(Forbidden):
        ask_platform(world.stranger)
    assert not Elevation.objects.exists()


def test_a_request_of_another_organisation_is_not_found(house: House) -> None:
    row, there = ask(house, house.viewer), make_house("There")
    with context.acting(there.inside(there.owner)) as current, pytest.raises(NotFound):
        elevations.elevation_approve(actor=current.actor, elevation=row)
