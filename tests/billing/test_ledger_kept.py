"""What the database itself refuses, whoever asks, and closing the books."""

import json
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from billing.errors.ledger import ClosedAlready, ClosesTheFuture, NotClosed, PeriodClosed
from billing.ledger import balance
from billing.ledger.chart import bank, income
from billing.models import Closing, Entry, Journal, LedgerAccount
from billing.services.ledger import period_close, period_reopen
from portal.kit import clock, context
from portal.kit.errors import Forbidden
from portal.kit.ids import uuid7
from portal.kit.services import writing
from tests.billing.ledger_world import DAY, posted, sale
from tests.factories import World, actor_of

pytestmark = pytest.mark.django_db
ACTS = (
    "UPDATE billing_entry SET amount = amount * 2",
    "DELETE FROM billing_entry",
    "DELETE FROM billing_journal",
    "TRUNCATE billing_entry, billing_journal CASCADE",
    "UPDATE billing_journal SET event_at = '1999-01-01'",
    "UPDATE billing_entry SET event_at = '1999-01-01'",
    "UPDATE billing_ledger_account SET kind = 'equity'",
    "UPDATE billing_ledger_account SET currency = 'USD'",
    "UPDATE billing_ledger_balance SET balance = 0",
    "DELETE FROM billing_ledger_account",
    "UPDATE billing_closing SET until = '1999-01-01'",
    "UPDATE billing_hold SET state = 'voided'",
    "DELETE FROM billing_statement_line",
    "INSERT INTO billing_journal SELECT * FROM billing_journal",
    "INSERT INTO billing_entry SELECT * FROM billing_entry",
    "SELECT billing_ledger_open('[]')",
    "SELECT billing_ledger_pend(NULL, NULL, 5)",
    "SELECT billing_ledger_find('assets:bank:other', 'EUR', '[]')",
)


@pytest.mark.parametrize("role", ["steward_app", "steward_platform"])
def test_i09_posted_history_cannot_change(role: str) -> None:
    sale(1000)
    with context.system("a test"), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('role', %s, true)", [role])
        for act in ACTS:
            with pytest.raises(DatabaseError), transaction.atomic(), writing():
                cursor.execute(act)
    assert list(Entry.objects.order_by("id").values_list("amount", flat=True)) == [1000, -1000]
    assert balance(bank("main", "EUR")) == 1000


def test_the_triggers_refuse_even_with_the_rights() -> None:
    """Somebody granted too much by mistake: the triggers stand behind the grants."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class c JOIN pg_trigger t ON t.tgrelid = c.oid "
            "JOIN pg_proc p ON p.oid = t.tgfoid WHERE p.proname = 'billing_ledger_refuse' AND t.tgenabled = 'O' "
            "AND (t.tgtype & 8) > 0 AND (t.tgtype & 32) > 0 ORDER BY 1"
        )
        assert [name for (name,) in cursor.fetchall()] == [
            "billing_closing",
            "billing_entry",
            "billing_hold",
            "billing_journal",
            "billing_ledger_account",
            "billing_ledger_balance",
            "billing_statement_line",
        ]


def _sent(**values: object) -> str:
    body = {
        "event_at": DAY.isoformat(),
        "kind": "raw",
        "description": "",
        "document_kind": "",
        "document": None,
        "customer": None,
        "reverses": None,
        "sandbox": False,
        "lines": [],
        **values,
    }
    return json.dumps([{"id": str(uuid7()), "key": str(uuid7()), "recorded_at": DAY.isoformat(), "body": body}])


def _line(path: str, amount: object, currency: str = "EUR") -> dict[str, object]:
    return {"path": path, "currency": currency, "amount": amount}


@pytest.mark.parametrize(
    "call",
    [
        "SELECT billing_ledger_post(%s::jsonb, '[]')",
        "SELECT billing_ledger_post_one(%s::jsonb->0, '{0,1}', '[]')",
        "SELECT billing_ledger_post_one(%s::jsonb->0, '{0}', '[]')",
        "SELECT billing_ledger_post_one(%s::jsonb->0, '{0,0,1}', '[]')",
    ],
)
@pytest.mark.parametrize(
    "lines",
    [
        [],
        [_line("assets:bank:main", 5)],
        [_line("assets:bank:main", 5), _line("income:subscription", -4)],
        [_line("assets:bank:main", 0.5), _line("income:subscription", -0.5)],
        [_line("assets:bank:main", 0), _line("income:subscription", 0)],
        [_line("assets:bank:main", 5), _line("income:subscription", -5, "USD")],
        [_line("assets:bank:main", 5), _line("sandbox:income:subscription", -5)],
        [_line("assets:bank:main", 5), _line("income:nothing", -5)],
    ],
)
def test_the_functions_check_for_themselves_what_they_are_sent(lines: list[dict[str, object]], call: str) -> None:
    sale(1000)
    sale(1000, "USD")
    posted((bank("main", "EUR", sandbox=True), 7), (income("subscription", "EUR", sandbox=True), -7))
    before = Journal.objects.count(), Entry.objects.count()
    with (
        context.system("a test"),
        pytest.raises(DatabaseError),
        transaction.atomic(),
        writing(),
        connection.cursor() as cursor,
    ):
        cursor.execute(call, [_sent(lines=lines)])
    assert (Journal.objects.count(), Entry.objects.count()) == before


@pytest.mark.parametrize(("turns", "made"), [("{0,1}", True), ("{1,0}", False), ("{0}", False), ("{0,1,2}", False)])
def test_one_journal_is_posted_line_by_line_in_the_order_of_its_paths_or_not_at_all(turns: str, made: bool) -> None:
    sale(1000)
    sent = _sent(lines=[_line("assets:bank:main", 5), _line("income:subscription", -5)])
    call = "SELECT made FROM billing_ledger_post_one(%s::jsonb->0, %s::integer[], '[]')"
    with context.system("a test"), writing(), connection.cursor() as cursor:
        if made:
            cursor.execute(call, [sent, turns])
            assert cursor.fetchall() == [(True,)]
        else:
            with pytest.raises(DatabaseError), transaction.atomic():
                cursor.execute(call, [sent, turns])
    assert (Journal.objects.count(), Entry.objects.count()) == ((2, 4) if made else (1, 2))


def test_a_journal_written_past_the_functions_is_still_asked_whether_it_balances() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'billing_journal_balanced'")
        (told,) = cursor.fetchone()
        sale(1000)
        cursor.execute("SELECT current_setting('billing.proved', true)")
        assert cursor.fetchone() == ("",)
    assert "DEFERRABLE INITIALLY DEFERRED" in told
    assert "IS DISTINCT FROM 'on'" in told


def test_nothing_is_posted_into_a_closed_period_and_what_was_posted_before_answers_still() -> None:
    first = sale(100, key="early")
    with context.system("a test") as current:
        period_close(actor=current.actor, until=DAY + timedelta(days=1), reason="March is done")
    with pytest.raises(PeriodClosed), transaction.atomic():
        sale(100)
    again = sale(100, key="early")
    assert (again.created, again.journal_id) == (False, first.journal_id)
    assert sale(50, event_at=DAY + timedelta(days=1)).created
    assert posted((bank("main", "EUR", sandbox=True), 7), (income("usage", "EUR", sandbox=True), -7)).created
    assert balance(bank("main", "EUR")) == 150


def test_closing_goes_forward_reopening_back_and_both_are_told() -> None:
    with context.system("a test") as current:
        period_close(actor=current.actor, until=DAY, reason="February")
        for error, moment, act in (
            (ClosedAlready, DAY, period_close),
            (ClosesTheFuture, clock.now() + timedelta(hours=1), period_close),
            (NotClosed, DAY, period_reopen),
        ):
            with pytest.raises(error), transaction.atomic():
                act(actor=current.actor, until=moment, reason="no")
        period_reopen(actor=current.actor, until=DAY - timedelta(days=2), reason="A late bill")
    assert list(Closing.objects.order_by("number").values_list("reopens", flat=True)) == [False, True]
    assert sale(10, event_at=DAY - timedelta(days=1)).created


def test_only_staff_with_the_right_closes(world: World) -> None:
    for who in (world.clerk, world.manager):
        with context.acting(actor_of(who)) as current, pytest.raises(Forbidden):
            period_close(actor=current.actor, until=DAY, reason="no")
    assert not Closing.objects.exists()


def test_accounts_that_contradict_themselves_cannot_be() -> None:
    sale()
    assert set(LedgerAccount.objects.values_list("path", "kind")) == {
        ("assets:bank:main", "asset"),
        ("income:subscription", "income"),
    }
