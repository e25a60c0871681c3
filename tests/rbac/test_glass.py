"""Breaking the glass: every right for a while, told to everybody at once, accounted for afterwards."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from audit.models import Event
from portal.kit import clock, context
from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.errors import Forbidden, Invalid, NotFound
from portal.kit.models import Notice, OutboundMessage
from portal.kit.services import writing
from rbac import services
from rbac.errors import CannotDelegate, HeldAlready, LastOwner
from rbac.govern_errors import GlassOpen, GlassStage, InPerson, SecondPersonNeeded
from rbac.holders import Holder
from rbac.models import Binding, GlassBreak
from rbac.selectors import owners
from rbac.services import glass
from tests.accounts.organisation_world import House, codes_of, join, make_house, traces
from tests.factories import World, actor_of, person
from tests.rbac.govern_world import banners_of, broken, tidy
from tests.rbac.roles_world import make_role, ready, scope_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(world: World) -> House:
    return make_house("Harbour")


def _may(house: House, user: object, code: str = "organisation:delete") -> bool:
    with context.acting(house.inside(user)) as current:  # type: ignore[arg-type]
        return can(current.actor, code).allowed


def _do(user: object, verb: str, row: GlassBreak, **more: object) -> GlassBreak:
    with context.acting(actor_of(user)) as current:  # type: ignore[arg-type]
        found: GlassBreak = getattr(glass, f"glass_{verb}")(actor=current.actor, glass=row, **more)
    return found


def test_it_gives_every_right_for_an_hour_and_everybody_is_told(world: World, house: House) -> None:
    other = person("Second", role="super_admin")
    assert not _may(house, world.root)
    row = broken(world.root, house)
    assert row.expires_at - row.started_at == timedelta(hours=1)
    assert _may(house, world.root)
    assert banners_of(house, world.root) == ["Owner"]
    event = Event.objects.get(code="rbac.glass.broken")
    assert (event.severity, event.target_id, event.organisation_id) == ("critical", row.pk, house.id)
    told = set(OutboundMessage.objects.filter(subject__contains="Emergency").values_list("person_id", flat=True))
    assert told == {world.root.pk, other.pk, house.owner.pk}
    assert set(Notice.objects.filter(tone="bad").values_list("person_id", flat=True)) == told
    with clock.at(row.expires_at):
        assert not _may(house, world.root), "Nobody has to take it away first."
        assert banners_of(house, world.root) == []
        tidy()
    assert not Binding.objects.filter(origin="glass").exists()
    assert codes_of(row.pk) == ["rbac.glass.broken", "rbac.glass.ended"]
    assert Notice.objects.filter(person_id=world.root.pk, title__startswith="Write what you did").exists()


def test_nobody_has_it_silently(world: World, house: House) -> None:
    """Neither a root administrator nor any other is past the decision: what they hold is what bindings say."""
    bare = world.root
    with context.system("a test"):
        services.bindings_purge(people=[bare.pk])
    assert bare.is_root
    assert not getattr(bare, "is_superuser", False)
    with context.acting(actor_of(bare)) as current:
        for code in ("installation:admin", "break_glass:execute", "organisation:read", "user:admin"):
            assert not can(current.actor, code), code
        assert not can(current.actor, "organisation:update", house.organisation)
    assert not bare.has_perm("installation:admin")
    assert not _may(house, bare, "member:read")


def test_only_who_may_and_only_in_person(world: World, house: House) -> None:
    before = traces()
    for who in (world.admin, world.manager, world.stranger, house.owner):
        with pytest.raises(Forbidden):
            broken(who, house)
    with context.acting(actor_of(world.root)) as current:
        current.through = Actor("key", world.root.pk, "a key")
        with pytest.raises(InPerson):
            glass.glass_break(actor=current.actor, organisation=house.organisation, reason="by a key")
    for reason in ("", " ", "x" * 301, "a\nb"):
        with pytest.raises(Invalid):
            broken(world.root, house, reason)
    assert traces() == before
    assert not GlassBreak.objects.exists()


def test_an_owner_needs_no_emergency(world: World, house: House) -> None:
    join(house.organisation, "owner", world.root)
    with pytest.raises(HeldAlready):
        broken(world.root, house)
    assert not GlassBreak.objects.exists()


def test_a_closed_organisation_has_none(world: World, house: House) -> None:
    house.organisation.state = "closed"
    with pytest.raises(NotFound):
        broken(world.root, house)


def test_it_makes_no_owner_and_hands_on_nothing_that_lasts(world: World, house: House) -> None:
    broken(world.root, house)
    assert list(owners().filter(scope_id=house.id).values_list("user_id", flat=True)) == [house.owner.pk]
    inside = house.inside(world.root)
    with context.acting(inside), pytest.raises(CannotDelegate):
        services.access_give(
            actor=inside,
            holder=Holder(person_id=house.viewer.pk),
            role=make_role(house, "audit:read"),
            scope=scope_of(house),
        )
    with context.system("a test"), pytest.raises(LastOwner):
        services.bindings_take(person_id=house.owner.pk, scope_id=house.id)


def test_once_at_a_time_and_not_again_before_the_note(world: World, house: House) -> None:
    row = broken(world.root, house)
    with pytest.raises(GlassOpen):
        broken(world.root, house)
    _do(world.root, "end", row)
    assert not _may(house, world.root)
    with pytest.raises(GlassOpen):
        broken(world.root, house)
    _do(world.root, "note", row, note="The owner's second factor\nwas reset.")
    assert broken(world.root, house).pk != row.pk


def test_it_can_be_ended_by_the_person_and_by_another_one(world: World, house: House) -> None:
    other = person("Second", role="super_admin")
    row = broken(world.root, house)
    for who in (world.admin, house.owner):
        with pytest.raises(Forbidden):
            _do(who, "end", row)
    assert _may(house, world.root)
    _do(other, "end", row)
    assert not _may(house, world.root)
    with pytest.raises(GlassStage):
        _do(world.root, "end", row)
    assert GlassBreak.objects.get().ended_by_id == other.pk


def test_a_note_is_owed_and_another_one_reviews_it(world: World, house: House) -> None:
    other = person("Second", role="super_admin")
    row = broken(world.root, house)
    with pytest.raises(GlassStage):
        _do(world.root, "note", row, note="Too early")
    with pytest.raises(GlassStage):
        _do(other, "review", row, verdict="justified")
    _do(world.root, "end", row)
    with pytest.raises(Forbidden):
        _do(other, "note", row, note="Not mine to write")
    for note in ("", " \n ", "x" * 4001):
        with pytest.raises(Invalid):
            _do(world.root, "note", row, note=note)
    row = _do(world.root, "note", row, note="Reset a second factor.")
    assert row.stage == "unreviewed"
    assert OutboundMessage.objects.filter(person_id=other.pk, subject__contains="waits for your review").exists()
    with pytest.raises(SecondPersonNeeded):
        _do(world.root, "review", row, verdict="justified")
    with pytest.raises(Forbidden):
        _do(world.admin, "review", row, verdict="justified")
    for verdict, words in (("perhaps", "x"), ("unjustified", "")):
        with pytest.raises(Invalid):
            _do(other, "review", row, verdict=verdict, words=words)
    row = _do(other, "review", row, verdict="unjustified", words="A call would have done")
    assert (row.stage, row.reviewed_by_id) == ("closed", other.pk)
    with pytest.raises(GlassStage):
        _do(other, "review", row, verdict="justified")
    assert codes_of(row.pk)[-2:] == ["rbac.glass.noted", "rbac.glass.reviewed"]


def test_the_database_refuses_a_review_of_ones_own(world: World, house: House) -> None:
    row = broken(world.root, house)
    with context.system("a test"), writing(), pytest.raises(IntegrityError), transaction.atomic():
        GlassBreak.objects.filter(pk=row.pk).update(
            note="x", noted_at=clock.now(), reviewed_by=world.root, reviewed_at=clock.now(), verdict="justified"
        )


def test_who_loses_the_role_loses_the_emergency(world: World, house: House) -> None:
    second = person("Second", role="super_admin")
    row = broken(second, house)
    with context.acting(actor_of(world.root)) as current:
        services.binding_revoke(actor=current.actor, person_id=second.pk, role=ready("super_admin", "platform"))
    assert not _may(house, second)
    assert GlassBreak.objects.get(pk=row.pk).ended_at is not None
