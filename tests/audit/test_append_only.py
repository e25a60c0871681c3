"""The database itself refuses to change or lose an event: to the application, and to the owner by the trigger."""

from datetime import timedelta

import psycopg
import pytest
from psycopg import sql

from tests.audit.support import ago, as_application, as_owner, id_at, plant

ROLES = ("steward_app", "steward_platform")
# {table} is the trail or one of its partitions.
REFUSED = (
    "UPDATE {table} SET code = 'x.y.z'",
    "DELETE FROM {table}",
    "TRUNCATE {table}",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "ALTER TABLE {table} ADD COLUMN extra text",
    "DROP TABLE {table}",
    "DROP TRIGGER audit_event_no_truncate ON {table}",
    "CREATE RULE nothing AS ON INSERT TO {table} DO INSTEAD NOTHING",
    "SELECT 1 FROM {table} FOR UPDATE",
    "MERGE INTO {table} AS t USING (SELECT 1) AS s ON true WHEN MATCHED THEN DELETE",
)
SWEEPING = (
    "ALTER TABLE audit_event DETACH PARTITION audit_event_other",
    "INSERT INTO audit_event (id, occurred_at, code, category, severity, outcome, actor_kind) "
    "SELECT id, occurred_at, code, category, severity, outcome, actor_kind FROM audit_event "
    "ON CONFLICT (id) DO UPDATE SET code = 'x.y.z'",
    "SET session_replication_role = replica",
    "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE sql AS 'SELECT 1'",
    "DROP FUNCTION audit_refuse() CASCADE",
    "UPDATE audit_personal_key SET sealed = NULL",
    "DELETE FROM audit_personal_key",
    "TRUNCATE audit_personal_key",
    "CREATE TABLE audit_event_9999_01 PARTITION OF audit_event DEFAULT",
)
Own = dict[str, str]
NOW = ago(minutes=1)
BEFORE = NOW.replace(day=1) - timedelta(days=2)


@pytest.fixture
def trail(own_database: Own) -> Own:
    """A trail with an event in this month, one in last month and one outside every month."""
    plant(NOW)
    plant(BEFORE)
    plant(ago(days=9000))
    return own_database


def tables(environment: Own) -> list[str]:
    """The trail and all its partitions."""
    with as_owner(environment) as owner:
        rows = owner.execute("SELECT relid::text AS name FROM pg_partition_tree('audit_event')").fetchall()
    return [row["name"] for row in rows]


def months() -> set[str]:
    """The partitions of this month and the last."""
    return {f"audit_event_{moment:%Y_%m}" for moment in (NOW, BEFORE)}


def digest(environment: Own) -> list[dict[str, object]]:
    """Everything in the trail."""
    with as_owner(environment) as owner:
        return owner.execute("SELECT tableoid::regclass::text, * FROM audit_event ORDER BY id").fetchall()


@pytest.mark.parametrize("role", ROLES)
def test_the_application_can_neither_change_nor_lose_an_event(trail: Own, role: str) -> None:
    before = digest(trail)
    assert {"audit_event_other", *months()} <= {str(row["tableoid"]) for row in before}
    with as_application(trail) as application:
        application.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        for table in tables(trail):
            for statement in REFUSED:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    application.execute(sql.SQL(statement).format(table=sql.Identifier(table)))
        for statement in SWEEPING:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                application.execute(statement)
    assert digest(trail) == before


@pytest.mark.parametrize("role", ROLES)
def test_the_application_writes_through_the_trail_only_never_into_a_partition(trail: Own, role: str) -> None:
    with as_application(trail) as application:
        application.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        for table in tables(trail):
            insert = sql.SQL(
                "INSERT INTO {} (id, occurred_at, code, category, severity, outcome, actor_kind) "
                "VALUES (%s, now(), 'a.b.c', 'data', 'info', 'ok', 'system')"
            ).format(sql.Identifier(table))
            if table == "audit_event":
                application.execute(insert, [id_at(ago(seconds=1))])
            else:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    application.execute(insert, [id_at(ago(seconds=1))])


def test_the_read_only_role_only_reads(trail: Own) -> None:
    with as_owner(trail) as owner:
        rights = owner.execute(
            "SELECT table_name, string_agg(privilege_type, ',' ORDER BY privilege_type) AS held "
            "FROM information_schema.role_table_grants WHERE grantee = 'steward_readonly' AND table_name LIKE 'audit%' "
            "GROUP BY table_name"
        ).fetchall()
    assert {row["held"] for row in rights} == {"SELECT"}


def test_the_owner_is_refused_by_the_trigger_in_the_trail_and_in_every_partition(trail: Own) -> None:
    before = digest(trail)
    filled = {str(row["tableoid"]) for row in before} | {"audit_event"}
    assert {"audit_event_other", *months()} < filled
    with as_owner(trail) as owner:
        for table in tables(trail):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only: TRUNCATE"):
                owner.execute(sql.SQL("TRUNCATE {}").format(sql.Identifier(table)))
            if table not in filled:
                continue
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only: UPDATE"):
                owner.execute(sql.SQL("UPDATE {} SET code = 'x.y.z'").format(sql.Identifier(table)))
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only: DELETE"):
                owner.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
    assert digest(trail) == before


def test_a_new_partition_is_append_only_too(trail: Own) -> None:
    with as_owner(trail) as owner:
        owner.execute("SELECT audit_ensure_partitions('2031-05-01', 1)")
        owner.execute(
            "INSERT INTO audit_event (id, occurred_at, code, category, severity, outcome, actor_kind) "
            "VALUES (audit_first_id('2031-05-20'), now(), 'a.b.c', 'data', 'info', 'ok', 'system')"
        )
        for statement in REFUSED[:3]:
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
                owner.execute(sql.SQL(statement).format(table=sql.Identifier("audit_event_2031_05")))
