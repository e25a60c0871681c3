"""An event commits and vanishes with its change."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit import personal
from audit.models import Event
from portal.kit import context
from portal.kit.record import record, record_many
from portal.kit.services import writing
from tests.audit.support import CODE, as_owner, count_of, told_of, unsaved
from tests.factories import actor_of, person


def test_an_event_commits_with_its_change(own_database: dict[str, str]) -> None:
    with context.system("a test"), transaction.atomic(), writing():
        user = unsaved()
        user.save(force_insert=True)
        record(CODE, target=user, changes={"is_active": (False, True)})
    connection.close()
    assert User.objects.get_queryset().filter(pk=user.pk).exists()
    assert Event.objects.get_queryset().get(target_id=user.pk).changes == {"is_active": [False, True]}


def test_a_rollback_leaves_neither_change_nor_event(own_database: dict[str, str]) -> None:
    user = unsaved()
    before = count_of(CODE)
    with context.system("a test"), transaction.atomic(), writing():
        user.save(force_insert=True)
        record(CODE, target=user, changes={"is_active": (False, True)})
        transaction.set_rollback(True)
    connection.close()
    assert not User.objects.get_queryset().filter(pk=user.pk).exists()
    assert count_of(CODE) == before


def test_a_failing_event_takes_its_change_with_it(own_database: dict[str, str]) -> None:
    user = unsaved()

    def change() -> None:
        with context.system("a test"), writing():
            user.save(force_insert=True)
            record(CODE, target=user, changes={"shoe_size": (41, 42)})

    with pytest.raises(ImproperlyConfigured):
        change()
    assert not User.objects.get_queryset().filter(pk=user.pk).exists()


def test_bulk_events_of_erased_people_cost_no_more(own_database: dict[str, str]) -> None:
    people = [unsaved(f"Person {index}") for index in range(30)]
    rows = [(user, {"name": (None, user.name)}) for user in people]
    with context.system("a test"):
        record_many(CODE, rows)
        with as_owner(own_database) as owner:
            owner.execute("UPDATE audit_personal_key SET sealed = NULL, destroyed_at = now()")
        personal.forget_everything()
        with writing(), CaptureQueriesContext(connection) as captured:
            record_many(CODE, rows)
    assert len(captured) <= 5


def test_a_known_person_costs_one_statement(own_database: dict[str, str]) -> None:
    user, by = person("Known"), actor_of(person("Actor"))
    told_of(user, by=by)
    with context.acting(by), writing(), CaptureQueriesContext(connection) as captured:
        record(CODE, target=user, changes={"name": ("a", "b")})
    assert len(captured) == 1
