"""Activity behind the wall, asked in plain SQL: who reads and writes it, and how its days go."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.audit.support import ago, as_application, as_owner, plant_activity

Own = dict[str, str]
HERE, THERE = uuid4(), uuid4()
INSERT = (
    "INSERT INTO audit_activity (id, occurred_at, channel, method, route, status, family, duration_ms, actor_kind, "
    "organisation_id, request_id) VALUES (audit_first_id(now()), now(), 'page', 'GET', 'x', 200, 2, 1, 'anonymous', %s, 'r')"
)
TODAY = datetime.now(UTC).date()


@contextmanager
def standing(own: Own, organisation: object = "", *, platform: bool = False) -> Iterator[psycopg.Connection[Any]]:
    """A transaction of the application behind one of its walls."""
    with as_application(own) as connection, connection.transaction():
        if platform:
            connection.execute("SET LOCAL ROLE steward_platform")
        connection.execute("SELECT set_config('steward.organisation', %s, true)", [str(organisation)])
        yield connection


@pytest.fixture
def rows(own_database: Own) -> Own:
    """A request in each of two organisations and one in none, with sums; and days of the past."""
    with as_owner(own_database) as owner:
        owner.execute("SELECT audit_activity_ensure(%s, 40)", [TODAY - timedelta(days=40)])
        for whose in (HERE, THERE, None):
            owner.execute(
                "INSERT INTO audit_activity_hour VALUES (gen_random_uuid(), %s, now() - interval '35 days', 'page', 'x', 2, 1, 1, 1)",
                [whose],
            )
    for whose in (HERE, THERE, None):
        plant_activity(ago(minutes=1), organisation_id=whose)
        plant_activity(ago(days=35), organisation_id=whose)
    return own_database


def count(connection: psycopg.Connection[Any], table: str) -> int:
    """Rows that it sees."""
    row = connection.execute(f"SELECT count(*) AS n FROM {table}").fetchone()
    assert row is not None
    return int(row["n"])


@pytest.mark.parametrize(("table", "each"), [("audit_activity", 2), ("audit_activity_hour", 1)])
def test_an_organisation_sees_its_own_requests_the_platform_all_and_nobody_none(
    rows: Own, table: str, each: int
) -> None:
    with standing(rows, HERE) as here:
        assert count(here, table) == each
        row = here.execute(f"SELECT DISTINCT organisation_id FROM {table}").fetchall()
        assert [one["organisation_id"] for one in row] == [HERE]
        assert count(here, f"{table} WHERE organisation_id = '{THERE}'") == 0
    with standing(rows) as nobody:
        assert count(nobody, table) == 0
    with standing(rows, platform=True) as platform:
        assert count(platform, table) == 3 * each


# What is refused is tried in one database, one after the other: it leaves nothing, and a database costs a second or two.


def test_the_application_writes_none_by_itself(rows: Own, subtests: pytest.Subtests) -> None:
    for whose in (HERE, None):
        with subtests.test(whose=whose):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), standing(rows, HERE) as here:
                here.execute(INSERT, [whose])
            with standing(rows, platform=True) as platform:
                platform.execute(INSERT, [whose])


WAYS = (
    "UPDATE audit_activity SET route = 'y'",
    "DELETE FROM audit_activity",
    "DELETE FROM audit_activity_hour",
    "TRUNCATE audit_activity",
    "DROP TABLE audit_activity",
    f"SELECT * FROM audit_activity_{TODAY:%Y_%m_%d}",
    f"DROP TABLE audit_activity_{TODAY:%Y_%m_%d}",
    f"ALTER TABLE audit_activity DETACH PARTITION audit_activity_{TODAY:%Y_%m_%d}",
    "CREATE TABLE audit_activity_mine PARTITION OF audit_activity DEFAULT",
)


def test_nobody_changes_a_row_or_reaches_round_the_wall(rows: Own, subtests: pytest.Subtests) -> None:
    for platform, statement in product((False, True), WAYS):
        with (
            subtests.test(statement, platform=platform),
            pytest.raises(psycopg.errors.InsufficientPrivilege),
            standing(rows, HERE, platform=platform) as connection,
        ):
            connection.execute(statement)


# --- days go ---


def drop(own: Own, before: object) -> list[dict[str, Any]]:
    """Call the function as the platform."""
    with standing(own, platform=True) as platform:
        return platform.execute("SELECT * FROM audit_activity_drop(%s)", [before]).fetchall()


def partitions(own: Own) -> set[str]:
    """Which days there are."""
    with as_owner(own) as owner:
        found = owner.execute(
            "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'audit_activity'::regclass"
        )
        return {row["name"] for row in found.fetchall()}


def test_whole_days_go_and_the_others_stay(rows: Own) -> None:
    with as_owner(rows) as owner:
        owner.execute("ANALYZE audit_activity")
    before, days = TODAY - timedelta(days=30), partitions(rows)
    gone = drop(rows, before)
    assert [row["partition"] for row in gone] == [
        f"audit_activity_{TODAY - timedelta(days=back):%Y_%m_%d}" for back in range(40, 30, -1)
    ]
    assert sum(row["row_estimate"] for row in gone) == 3
    assert all(row["bytes"] > 0 for row in gone)
    assert partitions(rows) == days - {row["partition"] for row in gone}
    with standing(rows, platform=True) as platform:
        assert count(platform, "audit_activity") == 3
        assert count(platform, "audit_activity_hour") == 0, "The sums of those days go with them."
    assert drop(rows, before) == []


def test_a_young_or_senseless_day_is_refused_and_nothing_goes(rows: Own, subtests: pytest.Subtests) -> None:
    days = partitions(rows)
    for before in (TODAY, TODAY + timedelta(days=1), "infinity", "-infinity", "0001-01-01", "1999-12-31", None):
        with subtests.test(before=before):
            with pytest.raises(psycopg.errors.InvalidParameterValue, match="at least one day ago"):
                drop(rows, before)
            assert partitions(rows) == days


def test_a_text_that_is_no_day_is_refused(rows: Own, subtests: pytest.Subtests) -> None:
    for text in ("x'; DROP TABLE accounts_user; --", "2020-01-01'); DROP TABLE audit_event; --", ""):
        with subtests.test(text), pytest.raises(psycopg.errors.DataError):
            drop(rows, text)


def test_only_the_platform_may_let_days_go(rows: Own) -> None:
    days = partitions(rows)
    with pytest.raises(psycopg.errors.InsufficientPrivilege), standing(rows, HERE) as here:
        here.execute("SELECT * FROM audit_activity_drop(%s)", [TODAY - timedelta(days=30)])
    assert partitions(rows) == days


def test_no_name_of_a_table_is_believed(rows: Own) -> None:
    """A partition goes by its bound, whatever it is called; a table that is called like one stays."""
    hostile = 'x"; DROP TABLE accounts_user; --'
    with as_owner(rows) as owner:
        owner.execute("CREATE TABLE audit_activity_2001_01_01 (id uuid)")
        owner.execute("CREATE TABLE other (id uuid) PARTITION BY RANGE (id)")
        owner.execute(
            "CREATE TABLE audit_activity_2001_01_02 PARTITION OF other FOR VALUES "
            "FROM ('00000000-0000-7000-8000-000000000000') TO ('00000001-0000-7000-8000-000000000000')"
        )
        owner.execute(
            f"""ALTER TABLE "audit_activity_{TODAY - timedelta(days=35):%Y_%m_%d}" RENAME TO "{hostile.replace('"', '""')}" """
        )
        owner.execute(f"""ALTER TABLE "audit_activity_{TODAY:%Y_%m_%d}" RENAME TO audit_activity_2002_02_02""")
    assert hostile in [row["partition"] for row in drop(rows, TODAY - timedelta(days=30))]
    with as_owner(rows) as owner:
        found = owner.execute(
            "SELECT to_regclass('audit_activity_2001_01_01') IS NOT NULL AS a, "
            "to_regclass('audit_activity_2001_01_02') IS NOT NULL AS b, "
            "to_regclass('audit_activity_2002_02_02') IS NOT NULL AS c, to_regclass('accounts_user') IS NOT NULL AS d"
        ).fetchone()
    assert found == {"a": True, "b": True, "c": True, "d": True}


def test_a_table_of_the_caller_does_not_stand_in_for_ours(rows: Own) -> None:
    days = partitions(rows)
    with as_application(rows) as connection, connection.transaction():
        connection.execute("CREATE TEMPORARY TABLE audit_activity (id uuid) PARTITION BY RANGE (id)")
        connection.execute("SET LOCAL ROLE steward_platform")
        gone = connection.execute("SELECT * FROM audit_activity_drop(%s)", [TODAY - timedelta(days=30)]).fetchall()
    assert len(gone) == 10
    assert len(days - partitions(rows)) == 10


def test_a_reader_holds_a_drop_up_for_two_seconds_at_most(rows: Own) -> None:
    days = partitions(rows)
    with standing(rows, HERE) as reader:
        count(reader, "audit_activity")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            drop(rows, TODAY - timedelta(days=30))
    assert partitions(rows) == days


@pytest.mark.parametrize(
    ("name", "arguments"), [("audit_activity_ensure", "date, integer"), ("audit_activity_drop", "date")]
)
def test_the_functions_are_the_owners_with_a_path_of_their_own(own_database: Own, name: str, arguments: str) -> None:
    with as_owner(own_database) as owner:
        row = owner.execute(
            "SELECT pg_get_userbyid(proowner) AS owner, prosecdef, proconfig FROM pg_proc WHERE proname = %s", [name]
        ).fetchone()
        assert row is not None
        assert (row["owner"], row["prosecdef"]) == ("steward_owner", True)
        assert "search_path=pg_catalog, public, pg_temp" in row["proconfig"]
        may = owner.execute(
            "SELECT has_function_privilege('steward_readonly', %s, 'execute') AS may", [f"{name}({arguments})"]
        ).fetchone()
    assert may == {"may": False}


@pytest.mark.parametrize(
    ("first", "days"), [("2026-01-01", 0), ("2026-01-01", 401), ("1999-12-31", 1), ("infinity", 1)]
)
def test_senseless_days_are_not_made(own_database: Own, first: str, days: int) -> None:
    with as_application(own_database) as application, pytest.raises(psycopg.errors.RaiseException):
        application.execute("SELECT audit_activity_ensure(%s, %s)", [first, days])
