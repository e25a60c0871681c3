"""Who can leave the proof of the balance out, and who cannot by any way.

The deferred trigger is not asked again for journals that a posting function has proved: the function says so by the setting
`billing.proved` while it writes the journal. Anybody may set a setting; so these tests hold that it opens nothing. Only the
owner of the tables writes to them past the functions. The application's roles never are the owner.
"""

import json

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from billing.ledger import Line, Posting, post
from billing.ledger.chart import bank, income
from billing.models import Entry, Journal
from portal.kit import clock, context
from portal.kit.ids import uuid7
from portal.kit.services import writing
from tests.billing.ledger_world import DAY, sale
from tests.billing.test_ledger_kept import _line, _sent

ROLES = ("steward_app", "steward_platform")
TABLES = ("billing_journal", "billing_entry", "billing_ledger_balance", "billing_ledger_account", "billing_hold")
JOURNAL = (
    "INSERT INTO billing_journal (id, key, body_hash, event_at, recorded_at, kind, description, document_kind, sandbox) "
    "VALUES (gen_random_uuid(), 'past', sha256('x'), now(), now(), 'raw', '', '', false)"
)
ENTRY = (
    "INSERT INTO billing_entry (journal_id, position, account_id, stripe, currency, amount, balance_after, account_version, "
    "event_at, recorded_at, reference) SELECT journal_id, 9, account_id, stripe, currency, 5, 5, 99, now(), now(), '' "
    "FROM billing_entry LIMIT 1"
)
PROVED = "SELECT set_config('billing.proved', 'on', true)"


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("before", ["SELECT 1", PROVED, "SET LOCAL billing.proved = 'on'"])
@pytest.mark.parametrize(
    "act",
    [
        JOURNAL,
        ENTRY,
        "UPDATE billing_ledger_balance SET balance = balance + 5",
        "ALTER TABLE billing_journal DISABLE TRIGGER billing_journal_balanced",
        "SET session_replication_role = replica",
        "SET CONSTRAINTS billing_journal_balanced IMMEDIATE; ALTER TABLE billing_journal DROP CONSTRAINT billing_journal_key",
        "CREATE OR REPLACE FUNCTION billing_journal_balanced() RETURNS trigger LANGUAGE sql AS 'SELECT NULL'",
    ],
)
def test_the_application_writes_no_row_past_the_functions_whatever_it_sets(role: str, before: str, act: str) -> None:
    sale(1000)
    with (
        context.system("a test"),
        connection.cursor() as cursor,
        pytest.raises(DatabaseError),
        transaction.atomic(),
        writing(),
    ):
        cursor.execute("SELECT set_config('role', %s, true)", [role])
        cursor.execute(before)
        cursor.execute(act)
    assert (Journal.objects.count(), list(Entry.objects.order_by("id").values_list("amount", flat=True))) == (
        1,
        [1000, -1000],
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    "call",
    ["SELECT billing_ledger_post(%s::jsonb, '[]')", "SELECT billing_ledger_post_one(%s::jsonb->0, '{0,1}', '[]')"],
)
def test_the_functions_prove_the_balance_although_the_setting_says_that_it_is_proved(call: str) -> None:
    sale(1000)
    sent = _sent(lines=[_line("assets:bank:main", 5), _line("income:subscription", -4)])
    with (
        context.system("a test"),
        connection.cursor() as cursor,
        pytest.raises(DatabaseError) as told,
        transaction.atomic(),
        writing(),
    ):
        cursor.execute(PROVED)
        cursor.execute(call, [sent])
    assert getattr(told.value.__cause__, "sqlstate", "") == "SL003"
    assert (Journal.objects.count(), Entry.objects.count()) == (1, 2)


@pytest.mark.django_db
def test_a_reversal_is_asked_again_although_the_setting_says_that_it_is_proved() -> None:
    first = sale(1000)
    lines = [_line("assets:bank:main", -900), _line("income:subscription", 900)]
    sent = json.loads(_sent(lines=lines, reverses=str(first.journal_id)))
    with (
        context.system("a test"),
        connection.cursor() as cursor,
        pytest.raises(DatabaseError),
        transaction.atomic(),
        writing(),
    ):
        cursor.execute(PROVED)
        cursor.execute("SELECT billing_ledger_post(%s::jsonb, '[]')", [json.dumps(sent)])
        cursor.execute("SET CONSTRAINTS billing_journal_balanced IMMEDIATE")
    assert (Journal.objects.count(), Entry.objects.count()) == (1, 2)


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_the_roles_hold_no_right_to_write_to_the_books_and_own_none_of_them(role: str) -> None:
    rights = ("INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER", "REFERENCES")
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(
                "SELECT r FROM unnest(%s::text[]) r WHERE has_table_privilege(%s, %s, r) "
                "OR (r IN ('INSERT', 'UPDATE') AND has_any_column_privilege(%s, %s, r))",
                [list(rights), role, table, role, table],
            )
            assert cursor.fetchall() == [], table
            cursor.execute(
                "SELECT pg_get_userbyid(relowner), pg_has_role(%s, relowner, 'MEMBER') FROM pg_class WHERE oid = %s::regclass",
                [role, table],
            )
            assert cursor.fetchone() == ("steward_owner", False), table
        cursor.execute("SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = %s", [role])
        assert cursor.fetchone() == (False, False, False)


def test_copy_is_refused_to_the_application_and_the_owner_alone_can_leave_the_proof_out(
    own_database: dict[str, str],
) -> None:
    sale(1000)
    row = f"{uuid7()}\tcopied\t\\\\x00\t{clock.now().isoformat()}\t{clock.now().isoformat()}\traw\t\t\tf\n"
    copy = "COPY billing_journal (id, key, body_hash, event_at, recorded_at, kind, description, document_kind, sandbox) FROM STDIN"
    with psycopg.connect(own_database["DATABASE_URL"]) as app:
        for role in ROLES:
            with pytest.raises(psycopg.errors.InsufficientPrivilege), app.transaction(), app.cursor() as cursor:
                cursor.execute("SELECT set_config('role', %s, true), set_config('billing.proved', 'on', true)", [role])
                with cursor.copy(copy) as sent:
                    sent.write(row)
        for taken in ("SET ROLE steward_owner", "SET SESSION AUTHORIZATION steward_owner"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), app.transaction():
                app.execute(taken)
    with psycopg.connect(own_database["DATABASE_OWNER_URL"]) as owner:
        # Without the setting even the owner is asked at the commit; with it, nobody is. That is who can, and the only one.
        with pytest.raises(psycopg.Error) as told, owner.transaction():
            owner.execute(JOURNAL)
        assert told.value.sqlstate == "SL003"
        with owner.transaction(force_rollback=True):
            owner.execute(PROVED)
            owner.execute(JOURNAL)
            owner.execute("SET CONSTRAINTS billing_journal_balanced IMMEDIATE")
    with context.system("a test"), writing():
        assert Journal.objects.count() == 1
        post(Posting("after", DAY, "raw", "", [Line(bank("main", "EUR"), 5), Line(income("usage", "EUR"), -5)]))
