"""The scenarios of subscriptions, each with the amounts that other systems' tests name."""

from typing import Any

import pytest

from billing.models import CreditNote, TaxRate
from billing.services.credit_notes import credit_note_issue
from billing.services.subscription_changes import (
    subscription_add_addon,
    subscription_change_plan,
    subscription_remove_addon,
    subscription_set_quantity,
)
from billing.services.subscription_life import subscription_cancel, subscription_pause, subscription_resume
from portal.kit import clock, context
from portal.kit.services import writing
from tests.billing.money_world import seller
from tests.billing.subscription_world import (
    amounts,
    buyer,
    change,
    credit,
    fresh,
    last_due,
    notes,
    on,
    pay,
    pay_all,
    plan,
    product,
    step,
    subscribed,
    totals,
)

pytestmark = pytest.mark.django_db
LAGO: dict[str, Any] = {"proration": "day_counts"}
CALENDAR: dict[str, Any] = {"anchor": "calendar", **LAGO}


def taxed(percent: str) -> object:
    """A seller that adds one rate to everything."""
    entity = seller(regime="flat", country="DE")
    with context.system("a test"), writing():
        TaxRate.objects.create(
            entity=entity, code="flat", name="Tax", percent=percent, valid_from=on("2000-01-01").date()
        )
    return entity


def test_b01_an_upgrade_exactly_half_way_gives_half_back_and_charges_half() -> None:
    of = product()
    small, large = plan(1000, of=of, proration="seconds"), plan(2000, of=of, proration="seconds")
    subscription, _ = subscribed(buyer(), small, "2024-04-01")
    done = change(subscription_change_plan, subscription, "2024-04-16", version=large)
    assert done.bill.invoice is not None
    assert [line.amount for line in done.bill.lines] == [-500, 1000]
    assert totals(subscription) == [1000, 500]


def test_b03_signup_mid_calendar_month() -> None:
    subscription, _ = subscribed(buyer(), plan(1000, **CALENDAR), "2024-03-05")
    assert subscription.current_period_end == on("2024-04-01")
    assert step(subscription, "2024-04-01") == 1
    assert amounts(subscription) == [871, 1000]


def test_b05_a_second_upgrade_on_the_same_day_gives_the_first_one_back_whole() -> None:
    of = product()
    plans = [plan(amount, of=of, **CALENDAR) for amount in (1000, 1500, 1900)]
    subscription, _ = subscribed(buyer(entity=taxed("25")), plans[0], "2024-03-05")
    change(subscription_change_plan, subscription, "2024-03-12T10:00", version=plans[1])
    change(subscription_change_plan, subscription, "2024-03-12T11:00", version=plans[2])
    assert amounts(subscription) == [871, -645, 968, -968, 1226]
    assert notes(subscription) == [806, 1210]
    assert len(totals(subscription)) == 3


def test_b07_monthly_to_yearly_over_a_leap_year() -> None:
    of = product()
    monthly, yearly = plan(1000, of=of, **LAGO), plan(12000, of=of, interval_unit="year", **LAGO)
    subscription, _ = subscribed(buyer(), monthly, "2023-06-29")
    step(subscription, "2023-09-01")
    change(subscription_change_plan, subscription, "2023-09-28T09:00", version=yearly, when="now")
    assert amounts(subscription) == [1000, 1000, 1000, -32, 9016]
    assert fresh(subscription).current_period_end == on("2024-06-29")


def test_b09_the_denominator_is_the_whole_period_after_an_upgrade() -> None:
    of = product()
    terms: dict[str, Any] = {"of": of, "interval_count": 3, "billing": "arrears", **LAGO}
    small, large = plan(45500, **terms), plan(91000, **terms)
    subscription, _ = subscribed(buyer(), small, "2024-04-15")
    change(subscription_change_plan, subscription, "2024-05-20", version=large)
    assert amounts(subscription) == [17500]  # 35 days of the small one, at 500 a day.
    change(subscription_cancel, subscription, "2024-06-20", when="now")
    assert amounts(subscription) == [17500, 32000]


def test_b11_a_leading_part_period() -> None:
    subscription, _ = subscribed(buyer(), plan(3100), "2011-02-01", bill_day=13)
    assert amounts(subscription) == [1200]
    step(subscription, "2011-02-13")
    assert amounts(subscription) == [1200, 3100]
    step(subscription, "2011-04-13")
    assert amounts(subscription) == [1200, 3100, 3100, 3100]


def test_b13_a_part_of_february_in_a_leap_year() -> None:
    subscription, _ = subscribed(buyer(), plan(2900, billing="arrears"), "2012-02-01", bill_day=1)
    change(subscription_cancel, subscription, "2012-02-15", when="now")
    step(subscription, "2012-02-19")
    assert amounts(subscription) == [1400]


def test_b15_months_of_fixed_thirty_days() -> None:
    version = plan(3000, fixed_days=30)
    for start, end, expected in (
        ("2023-05-23", "2023-06-15", 2200),
        ("2023-06-23", "2023-07-15", 2200),
        ("2023-02-23", "2023-03-15", 2200),
        ("2024-02-23", "2024-03-15", 2200),
    ):
        subscription, _ = subscribed(buyer(), version, start, bill_day=15)
        assert amounts(subscription) == [expected]
        assert subscription.current_period_end == on(end)
    leading, _ = subscribed(buyer(), version, "2023-05-15", bill_day=23)
    assert amounts(leading) == [800]


def test_b17_add_ons_join_and_the_history_is_rewritten() -> None:
    of = product()
    base, dearer = plan(1000, of=of), plan(1300, of=of)
    small, large = plan(500, of=of, addon=True), plan(2000, of=of, addon=True)
    subscription, _ = subscribed(buyer(), base, "2012-04-25")
    change(subscription_add_addon, subscription, "2012-04-28", version=small)
    change(subscription_add_addon, subscription, "2012-04-28", version=large)
    assert amounts(subscription) == [1000, 450, 1800]
    change(subscription_remove_addon, subscription, "2012-04-29", version=large, at=on("2012-04-28"))
    change(subscription_change_plan, subscription, "2012-04-29", version=dearer, at=on("2012-04-25"))
    assert sum(amounts(subscription)) == 1000 + 2250 - 1500
    assert sorted(amounts(subscription)[3:]) == [-1800, -1000, 1300]


def test_b19_an_immediate_cancellation_gives_back_the_unused_days() -> None:
    subscription, _ = subscribed(buyer(), plan(1200), "2011-04-05")
    done = change(subscription_cancel, subscription, "2011-04-29", when="now")
    assert amounts(subscription) == [1200, -240]
    assert done.subscription.state == "cancelled"
    assert notes(subscription) == [240]


def test_b21_what_is_given_back_is_capped_at_what_is_left_of_the_line() -> None:
    of = product()
    large, small = plan(24995, of=of), plan(995, of=of)
    customer = buyer()
    subscription, done = subscribed(customer, large, "2012-05-01")
    invoice = done.bill.invoice
    assert invoice is not None
    with clock.at(on("2012-05-01T12:00")), context.system("a test") as current:
        credit_note_issue(actor=current.actor, invoice=invoice, to="open", reason="Goodwill", key="g", amount=1000)
    pay(invoice)
    change(subscription_change_plan, subscription, "2012-05-02", version=small, when="now")
    assert amounts(subscription) == [24995, -23995, 963]
    assert credit(customer) == 23032
    assert step(subscription, "2012-05-31") == 0


def test_b23_a_seat_count_for_the_next_period_makes_no_part_period() -> None:
    version = plan(2995, model="per_seat", on_upgrade="period_end")
    subscription, _ = subscribed(buyer(), version, "2022-11-27", quantity=7)
    change(subscription_set_quantity, subscription, "2022-12-10", quantity=10)
    assert amounts(subscription) == [20965]
    step(subscription, "2022-12-27")
    assert amounts(subscription) == [20965, 29950]


def test_c01_a_trial_ends_inside_a_calendar_month() -> None:
    version = plan(5_000_000, trial_days=10, **CALENDAR)
    subscription, _ = subscribed(buyer(), version, "2024-03-05T12:12")
    assert [step(subscription, when) for when in ("2024-03-10", "2024-03-15T12:02")] == [0, 0]
    assert (totals(subscription), fresh(subscription).state) == ([], "trialing")
    assert step(subscription, "2024-03-15T13:02") == 1
    assert (amounts(subscription), fresh(subscription).state) == ([2_741_935], "active")


@pytest.mark.parametrize(("price", "first"), [(24995, 23382), (59995, 56124)])
def test_c03_a_thirty_day_trial_then_bill_day_31(price: int, first: int) -> None:
    subscription, _ = subscribed(buyer(), plan(price, trial_days=30), "2012-02-01", bill_day=31)
    step(subscription, "2012-03-02")
    assert amounts(subscription) == [first]
    step(subscription, "2012-04-30")
    assert amounts(subscription) == [first, price, price]


def test_c05_the_first_paid_phase_joins_the_bill_day() -> None:
    subscription, _ = subscribed(buyer(), plan(995, trial_days=30), "2012-03-06", bill_day=15)
    step(subscription, "2012-04-05")
    assert amounts(subscription) == [321]


def test_d01_and_d07_a_termination_on_the_first_day_gives_all_but_that_day_back() -> None:
    for price, rate, start, given_back in (
        (20000, "25", "2024-04-01", (19333, 4833)),
        (5000, "20", "2023-02-08", (4821, 964)),
    ):
        subscription, _ = subscribed(buyer(entity=taxed(rate)), plan(price, **LAGO), start)
        change(subscription_cancel, subscription, f"{start}T15:00", when="now")
        note = CreditNote.objects.get(customer_id=subscription.customer_id)
        assert (note.subtotal, note.tax, note.total) == (*given_back, sum(given_back))


def test_d03_an_odd_rate_on_a_weekly_plan() -> None:
    subscription, _ = subscribed(buyer(entity=taxed("23.33")), plan(2999, interval_unit="week", **LAGO), "2025-10-06")
    change(subscription_cancel, subscription, "2025-10-06T15:00", when="now")
    assert (totals(subscription), notes(subscription)) == ([3699], [3171])


def test_a09_renewals_across_the_change_of_the_clocks() -> None:
    subscription, _ = subscribed(buyer(time_zone="America/Juneau"), plan(24995, trial_days=30), "2015-09-01T08:01:01")
    step(subscription, "2015-12-15")
    rows = subscription.billed.order_by("slot_start")
    juneau = [(row.slot_start.isoformat()[:16], row.amount) for row in rows]
    assert juneau == [("2015-10-01T08:00", 24995), ("2015-11-01T08:00", 24995), ("2015-12-01T09:00", 24995)]


def test_a11_two_runs_on_one_local_day_bill_once() -> None:
    subscription, _ = subscribed(buyer(time_zone="Europe/Paris"), plan(700, interval_unit="week"), "2024-05-23")
    assert [step(subscription, when) for when in ("2024-05-30T20:00", "2024-05-30T23:00")] == [1, 0]
    assert amounts(subscription) == [700, 700]


def test_a01_and_a03_anchors_on_the_31st_bill_each_period_once() -> None:
    monthly, _ = subscribed(buyer(), plan(3100, billing="arrears", **LAGO), "2024-01-31T01:00")
    yearly, _ = subscribed(buyer(), plan(9900, interval_unit="year", billing="arrears", **LAGO), "2024-01-31T01:00")
    counted = []
    for day in ("2024-02-29T02:00", "2024-03-31T02:00", "2024-04-30T02:00", "2025-01-31T02:00"):
        step(monthly, day)
        step(yearly, day)
        counted.append((len(totals(monthly)), len(totals(yearly))))
    assert counted == [(1, 0), (2, 0), (3, 0), (12, 1)]
    spans = [
        (row.slot_start.date().isoformat(), row.slot_end.date().isoformat()) for row in monthly.billed.order_by("id")
    ]
    assert spans[:3] == [("2024-01-31", "2024-02-29"), ("2024-02-29", "2024-03-31"), ("2024-03-31", "2024-04-30")]


def test_g01_a_pause_comes_back_as_credit_that_the_next_invoice_takes() -> None:
    customer = buyer()
    subscription, done = subscribed(customer, plan(24995), "2012-05-31", bill_day=31)
    pay(done.bill.invoice)
    step(subscription, "2012-06-30")
    change(subscription_pause, subscription, "2012-07-10", reason="unpaid")
    assert step(subscription, "2012-07-15") == 0
    pay_all(subscription)
    change(subscription_resume, subscription, "2012-07-20")
    assert amounts(subscription) == [24995, 24995, -8063]
    assert credit(customer) == 8063
    step(subscription, "2012-07-31")
    assert amounts(subscription)[-1] == 24995
    assert last_due(subscription) == 16932
