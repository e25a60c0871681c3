"""The demonstration: loaded once, removed in one step, never by a person."""

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count
from pytest_django.fixtures import Settings

from accounts.models import Invitation, Membership, Organisation, Session, User
from accounts.services import demo
from accounts.services.memberships import membership_add, roles_by_code
from audit.models import Event
from portal.kit import clock, context, errors
from portal.kit.models import Note, OutboundMessage
from rbac.models import Binding, Scope
from rbac.selectors import holders_of
from tests.factories import World, actor_of

pytestmark = pytest.mark.django_db


def test_the_demonstration_comes_and_goes_and_leaves_everybody_else_alone(world: World) -> None:
    before = set(User.objects.values_list("pk", flat=True))
    call_command("demo", "load")
    loaded = User.objects.exclude(pk__in=before)
    assert loaded.count() == 200
    assert all(address.endswith("@demo.example.com") for address in loaded.values_list("email", flat=True))
    assert loaded.filter(is_active=False).count() == 19
    assert len(set(loaded.values_list("name", flat=True))) == 200
    assert Event.objects.filter(code="accounts.user.created", target_id__in=loaded.values("pk")).count() == 200
    with pytest.raises(CommandError, match="loaded already"):
        call_command("demo", "load")
    call_command("demo", "remove")
    assert set(User.objects.values_list("pk", flat=True)) == before
    assert list(
        Event.objects.filter(code__startswith="accounts.demo").order_by("id").values_list("code", flat=True)
    ) == [
        "accounts.demo.loaded",
        "accounts.demo.removed",
    ]


def _loaded() -> None:
    with context.system("a test") as current:
        demo.demo_people_load(actor=current.actor)


def test_three_organisations_come_with_it_one_of_them_suspended(world: World) -> None:
    _loaded()
    states = dict(Organisation.objects.values_list("slug", "state"))
    assert states == {"demo-lindenfeld": "active", "demo-harbour-pine": "active", "demo-quarry-lane": "suspended"}
    for organisation in Organisation.objects.all():
        assert holders_of("owner", organisation.pk), organisation
    assert Membership.objects.filter(state="suspended").exists()
    assert Invitation.objects.filter(accepted_at=None, revoked_at=None, expires_at__gt=clock.now()).count() == 4
    everybody = [
        *OutboundMessage.objects.values_list("address", flat=True),
        *Invitation.objects.values_list("email", flat=True),
    ]
    assert {address.partition("@")[2] for address in everybody} == {"demo.example.com"}


def test_it_tells_of_some_weeks_and_not_of_the_future(world: World) -> None:
    _loaded()
    told = Event.objects.filter(code="accounts.session.started")
    days = {event.occurred_at.date() for event in told}
    assert len(days) >= 20
    assert max(event.occurred_at for event in Event.objects.all()) <= clock.now()
    assert told.count() == Session.objects.filter(user__email__endswith="@demo.example.com").count()
    seen = User.objects.filter(email__endswith="@demo.example.com").exclude(last_seen_at=None)
    assert 80 < seen.count() < 160
    codes = set(Event.objects.values_list("code", flat=True))
    assert {"accounts.user.deactivated", "accounts.organisation.suspended", "kit.note.added"} <= codes


def test_two_loads_tell_the_same(world: World) -> None:
    def shape() -> list[tuple[str, int]]:
        counts = Event.objects.values_list("code").annotate(n=Count("id")).order_by("code")
        return [(code, n) for code, n in counts if not code.startswith("accounts.demo")]

    start = shape()
    _loaded()
    first = shape()
    call_command("demo", "remove")
    _loaded()
    doubled = {code: 2 * n - dict(start).get(code, 0) for code, n in first}
    assert dict(shape()) == doubled


def test_nothing_but_events_is_left_of_it(world: World) -> None:
    models = (Organisation, Membership, Invitation, Session, Note, OutboundMessage, Binding, Scope)
    before = [model.objects.count() for model in models]
    _loaded()
    call_command("demo", "remove")
    assert [model.objects.count() for model in models] == before


def test_an_organisation_that_somebody_else_joined_stays(world: World) -> None:
    _loaded()
    organisation = Organisation.objects.get(slug="demo-lindenfeld")
    with context.system("a test") as current:
        membership_add(actor=current.actor, organisation=organisation, user=world.clerk, role=roles_by_code()["viewer"])
    call_command("demo", "remove")
    assert list(Organisation.objects.values_list("slug", flat=True)) == ["demo-lindenfeld"]
    assert list(Membership.objects.values_list("user_id", flat=True)) == [world.clerk.pk]
    with pytest.raises(CommandError, match="into an empty database"):
        call_command("demo", "load")
    assert not User.objects.filter(email__endswith="@demo.example.com").exists()


def test_no_person_loads_or_removes_it(world: World) -> None:
    count = User.objects.count()
    for act in (demo.demo_people_load, demo.demo_people_remove):
        with pytest.raises(errors.Forbidden), context.acting(actor_of(world.root)) as current:
            act(actor=current.actor)
    assert User.objects.count() == count


def test_it_does_not_load_in_production(settings: Settings) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="production"):
        call_command("demo", "load")
    assert not User.objects.filter(email__endswith="@demo.example.com").exists()
