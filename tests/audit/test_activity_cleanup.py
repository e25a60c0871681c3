"""Activity goes by whole days after thirty of them: previewed, dropped by the job, told by an event."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection

from audit.models import Activity, Event
from audit.services.activity import activity_days_ensure
from maintenance import cleaning, runner
from maintenance.services import runs
from portal.kit import context, errors, registry
from portal.kit.context import Actor
from tests.audit.support import ago, as_owner, plant_activity
from tests.factories import World, actor_of
from tests.maintenance.conftest import fresh

pytestmark = pytest.mark.usefixtures("own_database")
NAME = "audit.activity"


@pytest.fixture
def months(own_database: dict[str, str]) -> list[UUID]:
    """Requests of 45, 31, 29 days ago and of now."""
    activity_days_ensure(first=ago(days=45).date(), days=45)
    planted = [plant_activity(ago(days=days, minutes=1)) for days in (45, 31, 29, 0)]
    # What this connection has inserted is told to the statistics now, or it would be counted again after the look.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
    with as_owner(own_database) as owner:
        owner.execute("ANALYZE audit_activity")
    return planted


def confirmed(actor: Actor) -> UUID:
    """The clean-up, previewed, confirmed and queued."""
    with context.acting(actor):
        token = cleaning.preview(actor=actor, name=NAME).token
        args = cleaning.confirmed(actor=actor, name=NAME, token=token)
        return runs.run_enqueue(cleaning.JOB, actor=actor, args=args)


def partitions() -> int:
    """How many days there are."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_inherits WHERE inhparent = 'audit_activity'::regclass")
        return int(cursor.fetchone()[0])


def test_thirty_days_are_kept_as_the_policy_says() -> None:
    spec = registry.cleanups.get(NAME)
    assert (spec.keep, spec.least, spec.category) == (timedelta(days=30), timedelta(days=1), "activity-logs")


def test_days_that_are_over_go_as_a_whole_and_leave_an_event(world: World, months: list[UUID]) -> None:
    before, actor = partitions(), actor_of(world.admin)
    with context.acting(actor):
        assert cleaning.preview(actor=actor, name=NAME).count == 2
    assert list(Activity.objects.order_by("id").values_list("id", flat=True)) == months
    run_id = confirmed(actor)
    runner.execute(run_id)
    assert fresh(run_id).state == "succeeded"
    assert list(Activity.objects.order_by("id").values_list("id", flat=True)) == months[2:]
    assert before - partitions() in {15, 16}, "All days before the thirty; what a day is ends at midnight in UTC."
    event = Event.objects.get(code="maintenance.cleanup.finished")
    assert (event.data["cleanup"], event.data["deleted"], event.actor_id) == (NAME, 2, world.admin.pk)
    assert event.data["keys_sha256"]
    assert [text for _time, text in fresh(run_id).log if "Dropped audit_activity_" in text]


def test_who_may_not_clean_up_drops_nothing(world: World, months: list[UUID]) -> None:
    actor = actor_of(world.clerk)
    with pytest.raises(errors.Forbidden), context.acting(actor):
        cleaning.preview(actor=actor, name=NAME)
    assert Activity.objects.count() == 4
    assert not Event.objects.filter(code="maintenance.cleanup.finished").exists()
