"""The wall between organisations: what raw SQL sees behind it, on whatever connection and after whatever happened before."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.utils import ProgrammingError
from django.test.utils import isolate_apps

from accounts.models import Organisation
from audit.models import Event
from portal.kit import context, tenancy
from portal.kit.context import ANONYMOUS, Actor, Context
from portal.kit.postgres.base import Wall, ours
from portal.kit.record import record
from portal.kit.services import ReadOutside, walled_tables, writing

HERE, THERE = UUID(int=101), UUID(int=102)


def _see(sql: str, *values: Any) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _member_of(organisation: UUID | None) -> Context:
    return Context(actor=Actor("person", uuid4(), "somebody", organisation), source="request")


def _leave_traces() -> None:
    """One event of each of two organisations, and one of nobody's."""
    for organisation in (HERE, THERE, None):
        with context.use(_member_of(organisation)), writing():
            record("kit.access.denied", outcome="denied", reason=str(organisation))


def _reasons() -> set[str]:
    return {str(row[0]) for row in _see("SELECT reason FROM audit_event WHERE code = 'kit.access.denied'")}


def test_raw_sql_in_one_organisation_sees_nothing_of_another(own_database: dict[str, str]) -> None:
    _leave_traces()

    with context.use(_member_of(HERE)), tenancy.behind_the_wall():
        assert _reasons() == {str(HERE)}
        assert _see("SELECT count(*) FROM audit_event WHERE organisation_id = %s", THERE) == [(0,)]
        assert Event.objects.filter(reason=str(THERE)).count() == 0


def test_the_platform_sees_all_and_nobody_sees_none(own_database: dict[str, str]) -> None:
    _leave_traces()

    with context.system("a test"), tenancy.behind_the_wall():
        assert _reasons() == {str(HERE), str(THERE), "None"}
    with context.use(_member_of(None)), tenancy.behind_the_wall():
        assert _reasons() == set()


def test_a_pooled_connection_forgets_whom_it_served_before(own_database: dict[str, str]) -> None:
    _leave_traces()
    seen = []

    for organisation in (HERE, THERE, None, HERE):
        with context.use(_member_of(organisation)), tenancy.behind_the_wall():
            seen.append((_see("SELECT pg_backend_pid()")[0][0], _reasons()))

    assert len({pid for pid, _ in seen}) == 1, "the same server connection served all of them"
    assert [reasons for _, reasons in seen] == [{str(HERE)}, {str(THERE)}, set(), {str(HERE)}]


def test_a_transaction_that_failed_leaves_no_hole_for_the_next(own_database: dict[str, str]) -> None:
    _leave_traces()
    with context.system("a test"), pytest.raises(ProgrammingError), tenancy.behind_the_wall():
        _see("SELECT * FROM no_such_table")

    with context.use(_member_of(THERE)), tenancy.behind_the_wall():
        assert _reasons() == {str(THERE)}
        assert _see("SELECT current_user, session_user") == [("steward_app", "steward_app")]


def test_an_event_cannot_be_put_into_another_organisation(own_database: dict[str, str]) -> None:
    with isolate_apps("accounts"):  # The registry of the whole run knows nothing of it.

        class Elsewhere(Organisation):
            """An object that claims to be of another organisation."""

            organisation_id = THERE

            class Meta:
                proxy = True
                app_label = "accounts"

    with (
        context.use(_member_of(HERE)),
        pytest.raises(ProgrammingError, match="row-level security"),
        writing(),
    ):
        record("kit.access.denied", target=Elsewhere(name="Elsewhere"), outcome="denied")

    with context.system("a test"), tenancy.behind_the_wall():
        assert _see("SELECT count(*) FROM audit_event WHERE organisation_id = %s", THERE) == [(0,)]


def test_the_tenant_setting_alone_opens_nothing_outside_a_transaction(own_database: dict[str, str]) -> None:
    _leave_traces()
    with connection.cursor() as cursor:
        cursor.execute("RESET role; SET ROLE steward_app")
        cursor.execute("SELECT set_config('steward.organisation', %s, true)", [str(HERE)])
        cursor.execute("SELECT count(*) FROM audit_event")
        count = cursor.fetchone()[0]
        cursor.execute("SET ROLE steward_platform")

    assert count == 0


def test_a_partition_cannot_be_read_by_itself(own_database: dict[str, str]) -> None:
    partitions = [
        str(row[0])
        for row in _see("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'audit_event'::regclass")
    ]
    assert partitions
    for partition in partitions:
        for role in ("steward_app", "steward_platform", "steward_readonly"):
            assert _see("SELECT has_table_privilege(%s, %s, 'SELECT, INSERT, UPDATE, DELETE')", role, partition) == [
                (False,)
            ], (role, partition)


def test_standing_in_an_organisation_ends_with_the_block(own_database: dict[str, str]) -> None:
    _leave_traces()

    with context.use(_member_of(None)), tenancy.behind_the_wall():
        with tenancy.within(HERE):
            assert _reasons() == {str(HERE)}
            inside = context.actor().organisation_id
        assert _reasons() == set()
        assert context.actor().organisation_id is None

    assert inside == HERE


def test_a_refusal_inside_of_an_organisation_is_the_error_that_is_told(own_database: dict[str, str]) -> None:
    # Taking the wall down again in the failed transaction would hide the reason behind a second error.
    with (
        context.use(_member_of(None)),
        pytest.raises(DatabaseError, match="division by zero"),
        tenancy.behind_the_wall(),
        tenancy.within(HERE),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT 1 / 0")

    with context.use(_member_of(None)), tenancy.behind_the_wall():
        assert _reasons() == set()


@pytest.mark.django_db
def test_every_tenant_table_has_row_level_security_with_a_policy_for_each_role() -> None:
    for table in walled_tables():
        assert _see("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", table) == [
            (True, False)
        ], table
        roles = {row[0] for row in _see("SELECT unnest(roles)::text FROM pg_policies WHERE tablename = %s", table)}
        assert roles >= {"steward_app", "steward_platform"}, table
        assert roles <= {"steward_app", "steward_platform", "steward_readonly"}, table


@pytest.mark.django_db
def test_every_column_that_names_an_organisation_is_behind_the_wall_or_listed_with_its_reason() -> None:
    reasons = {
        "kit_announcement": "staff write banners, and each process reads all of them before it knows whose page it draws",
        "maintenance_job_run": "runs are looked after by the worker before it knows whose they are",
        "rbac_role": "ready-made ones are everybody's; what its own ones say is behind the decision's functions",
        "rbac_scope": "the tree that the decision climbs; it holds ids and nothing of what they stand for",
    }
    open_tables = {
        str(row[0])
        for row in _see(
            "SELECT c.table_name FROM information_schema.columns c JOIN pg_class p ON p.relname = c.table_name "
            "WHERE c.column_name = 'organisation_id' AND c.table_schema = 'public' "
            "AND NOT p.relispartition AND NOT p.relrowsecurity"
        )
    }
    assert open_tables == set(reasons)


def test_outside_of_any_context_there_is_no_wall_to_stand_behind() -> None:
    assert tenancy.wall() == Wall()
    with context.use(Context(actor=ANONYMOUS, platform=True)):
        assert tenancy.wall() == Wall(None, True)


def test_the_guard_refuses_a_read_outside_a_transaction(own_database: dict[str, str]) -> None:
    del connection.settings_dict["OPTIONS"]["options"]
    connection.close()
    try:
        with pytest.raises(ReadOutside, match="behind_the_wall"):
            Event.objects.count()
        with transaction.atomic():
            assert Event.objects.count() == 0
    finally:
        connection.settings_dict["OPTIONS"]["options"] = "-c role=steward_platform"
        connection.close()


def test_entering_the_platform_in_the_middle_of_a_transaction_shows_all_from_there_on(
    own_database: dict[str, str],
) -> None:
    _leave_traces()

    with context.use(_member_of(None)), ours().transaction_later() as later:
        before = _reasons()
        later.enter_platform()
        after = _reasons()

    assert before == set()
    assert after == {str(HERE), str(THERE), "None"}
