"""The write door and its guard."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction

from accounts.models import User
from portal.kit import context
from portal.kit.jobs import enqueue
from portal.kit.models import OutboundMessage
from portal.kit.notify import notify
from portal.kit.services import UnguardedWrite, in_writing, writing
from tests.factories import World, person

pytestmark = pytest.mark.django_db


def test_nobody_writes_outside_a_request_a_job_or_a_command() -> None:
    with pytest.raises(UnguardedWrite, match="Nobody is acting"), writing():
        pass


def test_a_write_outside_the_door_is_refused_and_leaves_nothing(world: World) -> None:
    with context.system("a test"), pytest.raises(UnguardedWrite, match="outside writing"), transaction.atomic():
        User.objects.filter(pk=world.clerk.pk).update(name="Sneaky")
    assert User.objects.get(pk=world.clerk.pk).name == world.clerk.name


def test_bulk_and_raw_writes_are_refused_too(world: World) -> None:
    with context.system("a test"):
        with pytest.raises(UnguardedWrite), transaction.atomic():
            User.objects.bulk_create([User(username="bulk", email="bulk@example.com", name="Bulk")])
        with pytest.raises(UnguardedWrite), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("  update accounts_user set name = 'raw'")
        with pytest.raises(UnguardedWrite), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("WITH x AS (SELECT 1) INSERT INTO accounts_user (name) VALUES ('cte')")


def test_the_door_marks_its_transaction_for_the_database_and_closes_again() -> None:
    with context.system("a test"):
        with writing(), writing():
            assert in_writing()
            with connection.cursor() as cursor:
                cursor.execute("SELECT current_setting('steward.write') = pg_current_xact_id()::text")
                assert cursor.fetchone() == (True,)
        assert not in_writing()


def test_a_failure_inside_the_door_closes_it_and_undoes_the_write(world: World) -> None:
    with context.system("a test"), pytest.raises(RuntimeError), writing():
        User.objects.filter(pk=world.clerk.pk).update(name="Half")
        raise RuntimeError
    assert not in_writing()
    assert User.objects.get(pk=world.clerk.pk).name == world.clerk.name


def test_a_notice_is_written_with_its_change_or_not_at_all() -> None:
    somebody = person("Somebody")
    with context.system("a test"):
        with pytest.raises(RuntimeError), transaction.atomic():
            notify(somebody.pk, "security", "password_issued", {"user": somebody})
            raise RuntimeError
        assert not OutboundMessage.objects.exists()
        mail = notify(somebody.pk, "security", "password_issued", {"user": somebody})
    assert mail is not None
    assert mail.address == somebody.email
    assert mail.subject
    assert "\n" not in mail.subject
    assert "{{" not in mail.text


def test_a_notice_to_nobody_is_no_row() -> None:
    with context.system("a test"):
        assert notify("", "security", "password_issued", {"user": None}) is None
    assert not OutboundMessage.objects.exists()


def test_the_system_says_why_it_acts() -> None:
    with pytest.raises(ValueError, match="why"), context.system(""):
        pass


def test_an_undeclared_job_is_not_queued(world: World) -> None:
    with context.system("a test") as current, pytest.raises(ImproperlyConfigured):
        enqueue("no.such_job", actor=current.actor)
