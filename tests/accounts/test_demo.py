"""The demonstration: loaded once, removed in one step, never by a person."""

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from accounts.models import User
from accounts.services import demo
from audit.models import Event
from portal.kit import context, errors
from tests.factories import World, actor_of

pytestmark = pytest.mark.django_db


def test_the_demonstration_comes_and_goes_and_leaves_everybody_else_alone(world: World) -> None:
    before = set(User.objects.values_list("pk", flat=True))
    call_command("demo", "load")
    loaded = User.objects.exclude(pk__in=before)
    assert loaded.count() == 120
    assert all(address.endswith("@demo.example.com") for address in loaded.values_list("email", flat=True))
    assert loaded.filter(is_active=False).count() == 14
    assert len(set(loaded.values_list("name", flat=True))) == 120
    assert Event.objects.filter(code="accounts.user.created", target_id__in=loaded.values("pk")).count() == 120
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
