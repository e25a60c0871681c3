"""Revenue: what is billed in advance is earned by day, exactly, once, and taken back with its document."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction

from billing import proof
from billing.documents import DraftCoupon, DraftLine
from billing.earning import Spread, spread_of
from billing.jobs.revenue import RECOGNISE
from billing.ledger import balance, balance_at, chart
from billing.models import Customer, Deferral, Journal
from billing.periods import Period
from billing.services import revenue
from billing.services.clocks import clock_advance, clock_start
from billing.services.invoice_states import invoice_mark_uncollectible, invoice_void
from billing.services.ledger import period_close
from maintenance.models import JobRun
from portal.kit import clock, context, jobs
from portal.kit.money import allocate
from portal.kit.services import writing
from tests.accounts.organisation_world import organisation
from tests.billing.document_world import buyer, credit, final, fresh, line
from tests.billing.money_world import customer_of
from tests.billing.payment_world import worked
from tests.billing.test_credit_notes import note

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_broker")]
MARCH = datetime(2026, 3, 1, tzinfo=UTC)
EUR = "EUR"


@pytest.fixture
def march() -> Any:
    """The first of March, at nine."""
    with clock.at(MARCH + timedelta(hours=9)):
        yield


def month(amount: int, *, start: datetime = MARCH, days: int = 31, **values: Any) -> DraftLine:
    """A line for a stretch of days."""
    return line(amount, "subscription", period=Period(start, start + timedelta(days=days)), **values)


def books(currency: str = EUR, *, sandbox: bool = False) -> tuple[int, int]:
    """What is deferred, and what is earned."""
    deferred, income = revenue.accounts(currency=currency, sandbox=sandbox)
    return balance(deferred), balance(income)


def earn(at: datetime) -> dict[str, Any]:
    """Run the job of a night."""
    with clock.at(at), context.system("a test") as current:
        run_id = jobs.enqueue(RECOGNISE, actor=current.actor)
        worked()
    run = JobRun.objects.get(pk=run_id)
    assert (run.state, run.error) == ("succeeded", "")
    return dict(run.result or {})


def ties() -> bool:
    """Whether every check of documents against the ledger holds."""
    with context.system("a test"), writing(), connection.cursor() as cursor:
        return not any(found for _check, found in proof.differences(cursor))


@pytest.mark.parametrize(
    ("amount", "days"), [(3100, 31), (100, 31), (1, 366), (-4999, 30), (99999, 365), (7, 3), (2, 4), (-1, 2)]
)
def test_the_shares_of_days_are_a_largest_remainder_and_sum_to_the_whole(amount: int, days: int) -> None:
    spread = Spread(amount, date(2026, 3, 1), date(2026, 3, 1) + timedelta(days=days))
    by_day = [spread.earned_by(spread.first + timedelta(days=place)) for place in range(days + 1)]
    shares = [after - before for before, after in pairwise(by_day)]
    # All days weigh the same, so which of them carries the odd unit is free; how many do is not.
    assert sorted(shares) == sorted(allocate(amount, [1] * days))
    assert (by_day[0], by_day[-1], sum(shares)) == (0, amount, amount)
    assert spread.earned_by(spread.first - timedelta(days=9)) == 0
    assert spread.earned_by(spread.end + timedelta(days=9)) == amount


def test_the_days_of_a_line_are_those_of_the_customers_zone() -> None:
    berlin, new_york = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
    start, end = datetime(2026, 2, 28, 23, tzinfo=UTC), datetime(2026, 3, 31, 22, tzinfo=UTC)
    assert spread_of(1, start, end, berlin) == Spread(1, date(2026, 3, 1), date(2026, 4, 1))
    assert spread_of(1, start, end, new_york) == Spread(1, date(2026, 2, 28), date(2026, 3, 31))
    assert spread_of(1, start, start + timedelta(hours=2), berlin).end == date(2026, 3, 2)


def test_a_month_is_deferred_when_billed_and_earned_day_by_day_in_one_journal_each(march: None) -> None:
    customer = buyer("19")
    first = final(customer, month(3000), month(100, days=30), 500)
    final(customer_of(organisation(), entity=customer.entity), month(1000))
    assert books() == (4100, 0)
    assert balance(chart.income("one_off", EUR)) == 500
    assert earn(MARCH + timedelta(hours=20)) == {"days": 0, "lines": 0, "journals": 0}
    assert earn(MARCH + timedelta(days=1, minutes=30)) == {"days": 1, "lines": 3, "journals": 1}
    assert earn(MARCH + timedelta(days=1, minutes=40))["days"] == 0
    assert books() == (4100 - 132, 132)
    journal = Journal.objects.get(kind="revenue")
    assert (journal.key, journal.event_at.date()) == ("revenue:2026-03-01:EUR:real", date(2026, 3, 1))
    assert earn(MARCH + timedelta(days=40)) == {"days": 30, "lines": 29 * 3 + 2, "journals": 30}
    assert books() == (0, 4100)
    assert sorted(Deferral.objects.values_list("earned", flat=True)) == [100, 1000, 3000]
    assert balance_at(chart.deferred(EUR), datetime(2026, 3, 16, tzinfo=UTC)) == 4100 - 1452 - 50 - 484
    assert ties()
    assert fresh(first).due == 4165 + 119


def test_what_is_over_when_billed_is_earned_at_once_and_what_begins_later_waits(march: None) -> None:
    customer = buyer()
    late = month(3000, start=MARCH - timedelta(days=10), days=30)
    arrears, later = (
        month(2800, start=MARCH - timedelta(days=28), days=28),
        month(1000, start=MARCH + timedelta(days=5)),
    )
    final(customer, late, arrears, later, line(70, "subscription"))
    assert books() == (2000 + 1000, 1000 + 2800 + 70)
    earn(MARCH + timedelta(days=5, hours=1))
    assert books() == (1500 + 1000, 4370)
    earn(MARCH + timedelta(days=90))
    assert (books(), ties()) == ((0, 6870), True)


def test_a_credit_note_takes_what_is_not_earned_out_of_deferred_and_the_rest_out_of_income(march: None) -> None:
    customer = buyer("19")
    invoice = final(customer, month(3100), key="whole")
    earn(MARCH + timedelta(days=5, hours=1))
    assert books() == (2600, 500)
    with clock.at(MARCH + timedelta(days=10, hours=1)):  # Five days that the job has not earned yet.
        note(invoice, 1000)
    assert (books(), ties()) == ((1100, 1000), True)
    assert balance_at(chart.deferred(EUR), MARCH + timedelta(days=10)) == 2600
    earn(MARCH + timedelta(days=20, hours=1))
    assert books() == (1100 - 524, 1524)
    with clock.at(MARCH + timedelta(days=20, hours=2)):
        note(invoice, 2100)  # 576 are left to be earned; 1,524 were income.
    assert (books(), ties(), credit(customer)) == ((0, 0), True, 3100 * 119 // 100)
    assert earn(MARCH + timedelta(days=60))["lines"] == 0


def test_a_change_of_plan_lowers_what_is_earned_by_its_negative_line(march: None) -> None:
    customer = buyer()
    final(customer, month(3100))
    with clock.at(MARCH + timedelta(days=10, hours=1)):
        start = MARCH + timedelta(days=10)
        change = final(customer, month(-2100, start=start, days=21), month(4200, start=start, days=21))
        assert change.total == 2100
    earn(MARCH + timedelta(days=11, hours=1))
    assert books() == (5200 - 1000 - 200, 1200)
    earn(MARCH + timedelta(days=31, hours=1))
    assert (books(), ties()) == ((0, 5200), True)


@pytest.mark.parametrize("given_up", [False, True])
def test_a_void_invoice_leaves_nothing_deferred_and_nothing_earned(given_up: bool, march: None) -> None:
    customer = buyer("19")
    start = MARCH - timedelta(days=4)
    invoice = final(customer, month(3000, start=start, days=30), month(-500, start=start, days=30))
    earn(MARCH + timedelta(days=3, hours=1))
    assert books() == (2500 - 583, 583)
    with clock.at(MARCH + timedelta(days=4)), context.system("a test") as current:
        if given_up:
            invoice_mark_uncollectible(actor=current.actor, invoice=invoice)
            assert ties()
        invoice_void(actor=current.actor, invoice=invoice)
    assert (books(), ties()) == ((0, 0), True)
    assert earn(MARCH + timedelta(days=60))["lines"] == 0


def test_a_discounted_line_earns_what_is_left_of_it(march: None) -> None:
    final(buyer(), month(3100), coupons=[DraftCoupon("TENTH", "A tenth", percent=Decimal(10))])
    assert books() == (2790, 0)
    earn(MARCH + timedelta(days=40))
    assert (books(), balance(chart.discounts(EUR))) == ((0, 2790), 0)


def test_each_zone_earns_when_its_own_day_is_over_and_currencies_stand_apart(march: None) -> None:
    zones = (("Asia/Tokyo", "JPY", -9), ("Europe/Berlin", EUR, -1), ("America/New_York", EUR, 5))
    for zone, currency, hours in zones:
        final(buyer(time_zone=zone, currency=currency), month(3100, start=MARCH + timedelta(hours=hours)))
    assert books("JPY") == (3100, 0)
    assert earn(MARCH + timedelta(days=1, minutes=30)) == {"days": 1, "lines": 2, "journals": 2}
    assert (books("JPY"), books()) == ((3000, 100), (6100, 100))
    # New York's day ends later; the first journal of that day stands, and another follows it.
    assert earn(MARCH + timedelta(days=1, hours=12)) == {"days": 1, "lines": 1, "journals": 1}
    assert (books("JPY"), books()) == ((3000, 100), (6000, 200))
    keys = sorted(Journal.objects.filter(kind="revenue").values_list("key", flat=True))
    assert keys[:2] == ["revenue:2026-03-01:EUR:real", keys[1]]
    assert keys[1].startswith("revenue:2026-03-01:EUR:real:")
    assert {moment.date() for moment in Journal.objects.filter(key__in=keys).values_list("event_at", flat=True)} == {
        date(2026, 3, 1)
    }


def test_days_in_closed_books_are_earned_where_the_books_are_open_again(march: None) -> None:
    final(buyer(), month(3100))
    closed = MARCH + timedelta(days=3)
    with clock.at(MARCH + timedelta(days=4, hours=1)), context.system("a test") as current:
        period_close(actor=current.actor, until=closed, reason="Done")
    earn(MARCH + timedelta(days=4, hours=1))
    moments = list(Journal.objects.filter(kind="revenue").order_by("key").values_list("event_at", flat=True))
    assert moments == [closed, closed, closed, MARCH + timedelta(days=4) - timedelta(microseconds=1)]
    assert (books(), ties()) == ((2700, 400), True)


def test_a_sandbox_earns_in_its_own_books_as_its_clock_goes_on(march: None) -> None:
    customer = buyer(sandbox=True)
    with context.system("a test") as current:
        clock_start(actor=current.actor, customer=customer, at=MARCH + timedelta(hours=1))
    customer = Customer.objects.select_related("test_clock", "entity").get(pk=customer.pk)
    final(customer, month(3100))
    with context.system("a test") as current:
        clock_advance(actor=current.actor, customer=customer, to=MARCH + timedelta(days=3, hours=1))
        worked()
    assert (books(), books(sandbox=True)) == ((0, 0), (2800, 300))
    assert earn(MARCH + timedelta(days=20))["days"] == 0


def test_a_day_that_brings_nothing_posts_nothing_and_goes_on(march: None) -> None:
    final(buyer(), month(1))
    assert earn(MARCH + timedelta(days=2, hours=1)) == {"days": 2, "lines": 2, "journals": 0}
    assert earn(MARCH + timedelta(days=40)) == {"days": 29, "lines": 29, "journals": 1}
    assert (books(), ties()) == ((0, 1), True)


@pytest.mark.parametrize(
    "wrong", ["earned = earned - 1", "until_on = until_on - 1", "net = net + 1", "taken = net + 1"]
)
def test_the_database_lets_a_deferral_go_forward_only(wrong: str, march: None) -> None:
    final(buyer(), month(3100))
    earn(MARCH + timedelta(days=2, hours=1))
    with (
        context.system("a test"),
        writing(),
        connection.cursor() as cursor,
        pytest.raises(IntegrityError),
        transaction.atomic(),
    ):
        cursor.execute(f"UPDATE billing_deferral SET {wrong}")
    assert ties()


def test_the_proof_finds_a_line_that_was_earned_wrongly_and_a_journal_by_hand(march: None) -> None:
    final(buyer(), month(3100))
    with context.system("a test"), writing():
        Deferral.objects.update(earned=7)
    with context.system("a test"), writing(), connection.cursor() as cursor:
        found = {check.name: rows for check, rows in proof.differences(cursor) if rows}
    assert {name: (rows[0].expected, rows[0].found) for name, rows in found.items()} == {
        "deferred": (3093, 3100),
        "earned": (0, 7),
    }
