"""The people of the demonstration: told step by step, the same each time, removed in one step, never by a person."""

from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from accounts import demo_story as story
from accounts.models import Membership, Organisation, User
from accounts.services import demo
from accounts.services.demo_removal import demo_people_remove
from accounts.services.memberships import membership_add, roles_by_code
from audit.models import Event
from portal.kit import clock, context, errors
from tests.factories import World, actor_of
from tests.home.demo_world import NOW, TODAY, rows, shorten, tell


def test_the_story_is_the_same_each_time_and_hangs_together() -> None:
    for number in range(story.PEOPLE):
        arrives, leaves = story.arrives(number), story.leaves(number)
        assert 0 <= arrives < story.DAYS
        assert leaves is None or arrives < leaves < story.DAYS
        assert (leaves is not None) == (number % story.LEFT_EVERY == 0)
    days = [day for month in range(story.MONTHS) for day in story.days_of(month)]
    assert days == list(range(story.DAYS))
    assert len({story.row(number)[0] for number in range(story.PEOPLE)}) == story.PEOPLE
    for company in story.COMPANIES:
        owners = [place for place in range(len(company.places)) if story.role_of(place) == "owner"]
        assert owners[0] < story.FOUNDERS
        assert all(not story.rests(place) and story.leaves(company.places[place]) is None for place in owners)
        assert all(company.day <= story.joins(company, place) < story.DAYS for place in range(len(company.places)))


def test_people_sign_in_on_working_days_and_seldom_at_weekends() -> None:
    def share(weekday: int) -> int:
        return sum(story.signs_in(number, day, weekday) for number in range(story.PEOPLE) for day in range(40))

    assert 5 * share(5) < share(1)
    assert share(1) > 40 * story.PEOPLE // 6


@pytest.mark.django_db
def test_it_goes_altogether_and_leaves_nothing_but_events(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    shorten(monkeypatch)
    before = rows()
    with clock.at(NOW):
        tell([0, 1, TODAY])
        assert User.objects.filter(email__endswith="@demo.example.com").count() > 80
        with context.system("a test") as current:
            assert demo_people_remove(actor=current.actor) > 80
    assert rows() == before
    codes = Event.objects.filter(code__startswith="accounts.demo").order_by("id").values_list("code", flat=True)
    assert list(codes) == ["accounts.demo.loaded", "accounts.demo.removed"]


@pytest.mark.django_db
def test_an_organisation_that_somebody_else_joined_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    shorten(monkeypatch)
    with clock.at(NOW):
        tell([0])
        organisation = Organisation.objects.get(slug="demo-lindenfeld")
        with context.system("a test") as current:
            role = roles_by_code()["viewer"]
            membership_add(actor=current.actor, organisation=organisation, user=world.clerk, role=role)
            demo_people_remove(actor=current.actor)
            assert list(Organisation.objects.values_list("slug", flat=True)) == ["demo-lindenfeld"]
            assert list(Membership.objects.values_list("user_id", flat=True)) == [world.clerk.pk]
            with pytest.raises(errors.Conflict, match="into an empty database"):
                demo.demo_people_check(actor=current.actor)


@pytest.mark.django_db
def test_one_signs_in_as_somebody_of_it_and_as_nobody_else(
    world: World, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    shorten(monkeypatch)
    with clock.at(NOW - timedelta(days=story.DAYS)):
        tell([0], NOW - timedelta(days=story.DAYS))
    owner = User.objects.get(username=story.row(story.COMPANIES[0].places[0])[1])
    assert owner.factor_due_at is not None
    assert owner.factor_due_at < NOW
    with clock.at(NOW), context.system("a test") as current:
        password = demo.demo_sign_in(actor=current.actor, username=owner.username)
        for username in (world.root.username, world.clerk.username, "nobody", ""):
            with pytest.raises(errors.NotFound):
                demo.demo_sign_in(actor=current.actor, username=username)
    owner.refresh_from_db()
    assert owner.check_password(password)
    assert owner.factor_due_at is not None
    assert owner.factor_due_at > NOW
    assert Event.objects.get(code="accounts.demo.opened").target_id == owner.pk
    assert not User.objects.get(pk=world.clerk.pk).check_password(password)
    settings.PRODUCTION = True
    with context.system("a test") as current, pytest.raises(errors.Conflict):
        demo.demo_sign_in(actor=current.actor, username=owner.username)
    owner.refresh_from_db()
    assert owner.check_password(password)


@pytest.mark.django_db
def test_no_person_tells_or_removes_it_or_signs_in_by_it(world: World) -> None:
    count = User.objects.count()
    with context.acting(actor_of(world.root)) as current:
        for step in demo.demo_people_steps():
            with pytest.raises(errors.Forbidden):
                step.tell(current.actor, NOW)
        for act in (demo_people_remove, demo.demo_people_check, demo.demo_people_finish):
            with pytest.raises(errors.Forbidden):
                act(actor=current.actor)
        with pytest.raises(errors.Forbidden):
            demo.demo_sign_in(actor=current.actor, username="ada.novak")
    assert User.objects.count() == count
