"""Months: made ahead and once, by the job; what fits none is kept and told."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from audit import health, selectors
from audit.services import partitions_ensure
from portal.kit import clock, context, ids, registry
from portal.kit.context import Actor
from portal.kit.health import AwayError, run
from tests.audit.support import ago, as_application, as_owner, id_at, plant

SYSTEM = Actor("system", None, "system")
Own = dict[str, str]


def ensure(first: str, months: int | None) -> int:
    """Call the function of the database as the application."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_ensure_partitions(%s::date, %s)", [first, months])
        return int(cursor.fetchone()[0])


def partition_of(event_id: UUID) -> str:
    """Where an event lies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM audit_event WHERE id = %s", [event_id])
        return str(cursor.fetchone()[0])


@pytest.mark.django_db
def test_making_partitions_twice_makes_them_once() -> None:
    assert ensure("2040-11-15", 3) == 3
    assert ensure("2040-11-01", 4) == 1
    assert ensure("2040-11-30", 4) == 0
    assert partition_of(plant(datetime(2041, 1, 31, 23, 59, 59, 999000, tzinfo=UTC))) == "audit_event_2041_01"
    assert partition_of(plant(datetime(2041, 2, 1, tzinfo=UTC))) == "audit_event_2041_02"


@pytest.mark.django_db
def test_next_year_stands_from_the_first_day() -> None:
    assert partitions_ensure() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("months", [0, -1, 121, None])
def test_a_senseless_number_of_months_is_refused(months: int | None) -> None:
    with pytest.raises(DatabaseError, match="1 to 120"), transaction.atomic():
        ensure("2040-01-01", months)


@pytest.mark.django_db
@pytest.mark.parametrize("first", ["1999-12-31", "2200-01-01", "0001-01-01", "infinity", "-infinity"])
def test_a_senseless_month_is_refused(first: str) -> None:
    with pytest.raises(DatabaseError, match="2000 to 2199"), transaction.atomic():
        ensure(first, 1)


@pytest.mark.django_db
def test_the_first_id_of_a_month_is_the_same_in_the_database_and_in_python() -> None:
    moments = [datetime(2026, 2, 28, 23, 59, 59, 999000, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_first_id(moment) FROM unnest(%s::timestamptz[]) AS row (moment)", [moments])
        assert [row[0] for row in cursor.fetchall()] == [ids.first_of(moment) for moment in moments]


@pytest.mark.django_db
def test_all_is_well_on_a_fresh_installation() -> None:
    check = registry.health.get("audit_partitions")
    assert not check.vital
    assert run(check).state == "ok"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "moment", [datetime(1999, 5, 5, tzinfo=UTC), datetime(2150, 5, 5, tzinfo=UTC)], ids=["past", "future"]
)
def test_an_event_outside_every_month_is_kept_and_the_health_check_says_so(moment: datetime) -> None:
    event_id = plant(moment)
    assert partition_of(event_id) == "audit_event_other"
    assert selectors.event(SYSTEM, event_id).id == event_id
    result = run(registry.health.get("audit_partitions"))
    assert result.state == "degraded"
    assert "audit_event_other" in result.detail


@pytest.mark.django_db
@pytest.mark.parametrize("month", [11, 12], ids=["in November", "over the end of the year"])
def test_a_missing_next_month_is_told_and_the_job_cures_it(month: int) -> None:
    with clock.at(datetime(2060, month, 20, tzinfo=UTC)):
        with pytest.raises(AwayError, match=r"audit\.ensure_partitions"):
            health.partitions()
        ensure("2060-12-01", 2)
        assert health.partitions()


@pytest.mark.django_db
def test_a_month_that_fell_beside_does_not_hold_up_the_others() -> None:
    plant(datetime(2070, 6, 5, tzinfo=UTC))
    assert ensure("2070-05-01", 3) == 2
    assert partition_of(plant(datetime(2070, 6, 6, tzinfo=UTC))) == "audit_event_other"
    assert partition_of(plant(datetime(2070, 7, 6, tzinfo=UTC))) == "audit_event_2070_07"


def test_making_a_partition_does_not_wait_for_those_who_write(own_database: Own) -> None:
    with as_application(own_database) as writer, as_application(own_database) as maker, writer.transaction():
        writer.execute(
            "INSERT INTO audit_event (id, occurred_at, code, category, severity, outcome, actor_kind) "
            "VALUES (%s, now(), 'a.b.c', 'data', 'info', 'ok', 'system')",
            [id_at(ago(seconds=1))],
        )
        maker.execute("SET statement_timeout = '10s'")
        row = maker.execute("SELECT audit_ensure_partitions('2045-01-01', 1) AS made").fetchone()
    assert row == {"made": 1}


def test_two_makers_at_once_make_each_partition_once(own_database: Own) -> None:
    with as_application(own_database) as first, as_application(own_database) as second:
        with first.transaction():
            first.execute("SELECT audit_ensure_partitions('2045-01-01', 2)")
            second.execute("SET lock_timeout = '100ms'")
            # The second stands behind the first instead of failing on its half-made tables.
            with pytest.raises(psycopg.errors.LockNotAvailable):
                second.execute("SELECT pg_advisory_xact_lock(hashtext('audit_ensure_partitions'))")
        row = second.execute("SELECT audit_ensure_partitions('2045-01-01', 2) AS made").fetchone()
    assert row == {"made": 0}


def test_the_function_cannot_be_led_astray_by_objects_of_the_caller(own_database: Own) -> None:
    with as_application(own_database) as application:
        row = application.execute(
            "SELECT pg_get_userbyid(proowner) AS owner, prosecdef, proconfig FROM pg_proc "
            "WHERE proname = 'audit_ensure_partitions'"
        ).fetchone()
        assert row is not None
        assert (row["owner"], row["prosecdef"]) == ("steward_owner", True)
        assert "search_path=pg_catalog, public, pg_temp" in row["proconfig"]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute("CREATE TABLE public.mine (id int)")
    with as_owner(own_database) as owner:
        row = owner.execute(
            "SELECT has_function_privilege('steward_readonly', 'audit_ensure_partitions(date, integer)', 'execute') "
            "AS may"
        ).fetchone()
    assert row == {"may": False}


class Watched:
    """A run that only counts its batches."""

    id = UUID(int=1)
    args: Mapping[str, Any] = {}
    cursor: Any = None

    def __init__(self) -> None:
        self.batches = 0
        self.lines: list[str] = []

    def phase(self, text: str) -> None:
        """Nothing to show."""

    def log(self, text: str) -> None:
        """Keep the line."""
        self.lines.append(text)

    def progress(self, done: int, total: int | None) -> None:
        """Nothing to show."""

    @contextmanager
    def batch(self) -> Iterator[None]:
        """One transaction."""
        self.batches += 1
        with transaction.atomic():
            yield


@pytest.mark.django_db
def test_the_job_keeps_the_coming_months_ready_and_is_scheduled_nightly() -> None:
    job = registry.jobs.get("audit.ensure_partitions")
    watched = Watched()
    with context.system("a test"):
        assert job.function(watched) == {"made": 0}
    assert (watched.batches, watched.lines) == (1, ["0 partitions made"])
    assert job.permission in registry.permissions
    schedules = [schedule for schedule in registry.schedules if schedule.job == job.name]
    assert [schedule.cron for schedule in schedules] == ["20 0 * * *"]


@pytest.mark.django_db
def test_the_months_made_ahead_reach_over_a_year() -> None:
    ahead = datetime.now(UTC) + timedelta(days=365)
    assert partition_of(plant(ahead)) == f"audit_event_{ahead:%Y_%m}"
