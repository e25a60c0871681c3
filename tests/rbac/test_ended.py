"""Roles and rights that have ended are listed as over, and go by the clean-up after their days."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import User
from maintenance import cleaning, runner
from maintenance.services import runs
from portal.kit import clock, context, registry
from portal.kit.services import writing
from rbac import services
from rbac.holders import Holder
from rbac.models import Binding, TeamGrant, UserGrant
from tests.accounts.organisation_world import House, make_house
from tests.factories import World, actor_of
from tests.rbac.roles_world import bind, make_resource, make_role, make_team

pytestmark = pytest.mark.django_db
NAMES = ("rbac.ended_bindings", "rbac.ended_user_grants", "rbac.ended_team_grants")


def _grants(house: House, days: int) -> None:
    """A right for a person and one for a team, ended so many days ago."""
    for holder in (Holder(person_id=house.viewer.pk), Holder(team=make_team(house))):
        with context.acting(house.inside(house.owner)) as current:
            made = services.grant_give(
                actor=current.actor, holder=holder, code="product/project:read", target=make_resource(house)
            )
        with context.system("a test"), writing():
            type(made)._default_manager.filter(pk=made.pk).update(expires_at=clock.now() - timedelta(days=days))


def test_each_clean_up_takes_what_ended_long_ago_and_nothing_else(world: World, settings: Settings) -> None:
    house = make_house()
    for days in (100, 89, -1):
        bind(house, house.viewer, make_role(house), expires_at=clock.now() - timedelta(days=days))
        _grants(house, days)
    before = Binding.objects.count()
    actor = actor_of(world.admin)
    for name in NAMES:
        with context.acting(actor):
            found = cleaning.preview(actor=actor, name=name)
            assert (name, found.count) == (name, 1)
            assert found.sample
            args = cleaning.confirmed(actor=actor, name=name, token=found.token)
            run_id = runs.run_enqueue(cleaning.JOB, actor=actor, args=args)
        runner.execute(run_id)
    assert Binding.objects.count() == before - 1
    edge = clock.now() - timedelta(days=90)
    for model, left in ((UserGrant, 2), (TeamGrant, 2)):
        rows = model._default_manager.all()
        assert (rows.count(), rows.filter(expires_at__lt=edge).count()) == (left, 0)


def test_the_age_is_a_setting(settings: Settings) -> None:
    assert {registry.cleanups.get(name).keep for name in NAMES} == {settings.STEWARD_ENDED_RIGHTS_KEEP}


def test_what_is_over_is_shown_as_over(browser_of: Callable[[User], Client]) -> None:
    house = make_house()
    bind(house, house.viewer, make_role(house, "member:read"), expires_at=clock.now() - timedelta(days=2))
    text = browser_of(house.owner).get(house.url("access")).content.decode()
    assert "ended" in text
    assert "Over" in text
