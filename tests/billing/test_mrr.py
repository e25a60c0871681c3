"""Monthly recurring revenue: the value of a month, and the movements that sum to its change."""

from decimal import Decimal
from fractions import Fraction

import pytest

from billing.models import MrrMovement
from billing.mrr import Worth, monthly, monthly_value, movement_kind
from billing.services.subscription_changes import subscription_change_plan
from billing.services.subscription_life import subscription_cancel
from portal.kit.kpis import Span, kpis
from tests.billing.subscription_world import buyer, change, on, plan, product, subscribed


@pytest.mark.parametrize(
    ("amount", "unit", "number", "value"),
    [
        (60000, "year", 1, 5000),
        (3000, "month", 3, 1000),
        (1200, "week", 1, 5200),
        (1200, "day", 1, 36500),
        (1000, "month", 1, 1000),
        (0, "month", 1, 0),
    ],
)
def test_a_month_is_worth_a_twelfth_of_a_year(amount: int, unit: str, number: int, value: int) -> None:
    assert monthly(Worth(Fraction(amount), unit, number)) == value


def test_only_discounts_that_last_lower_it_and_never_below_nothing() -> None:
    worths = [Worth(Fraction(1000), "month", 1), Worth(Fraction(1), "year", 1)]
    assert monthly_value(worths) == 1000
    assert monthly_value(worths, percent_off=Decimal(25)) == 750
    assert monthly_value(worths, amount_off=Fraction(5000)) == 0


@pytest.mark.parametrize(
    ("before", "after", "had_some", "kind"),
    [
        (0, 5, False, "new"),
        (0, 5, True, "reactivation"),
        (5, 9, True, "expansion"),
        (9, 5, True, "contraction"),
        (5, 0, True, "churn"),
    ],
)
def test_a_movement_is_named_by_the_total_of_its_customer(before: int, after: int, had_some: bool, kind: str) -> None:
    assert movement_kind(before, after, had_some=had_some) == kind


def test_nothing_moved_is_no_movement() -> None:
    with pytest.raises(ValueError, match="Nothing moved"):
        movement_kind(5, 5, had_some=True)


def _month() -> None:
    """The story of section J: four customers and a fifth that left before; then a month."""
    of = product()
    prices = {amount: plan(amount, of=of) for amount in (8000, 10000, 12000, 15000, 20000, 30000, 40000)}
    yearly = plan(60000, of=of, interval_unit="year")
    first, second, third, _fourth = (
        subscribed(buyer(), version, "2024-03-01")[0]
        for version in (prices[10000], prices[20000], yearly, prices[30000])
    )
    fifth = buyer()
    left, _ = subscribed(fifth, prices[8000], "2024-01-01")
    change(subscription_cancel, left, "2024-02-01", when="now")
    assert sum(MrrMovement.objects.values_list("amount", flat=True)) == 65000
    change(subscription_change_plan, first, "2024-04-10", version=prices[15000])
    change(subscription_change_plan, second, "2024-04-10", version=prices[12000], when="now")
    change(subscription_cancel, third, "2024-04-11", when="now")
    subscribed(fifth, prices[8000], "2024-04-12")
    subscribed(buyer(), prices[40000], "2024-04-13")


@pytest.mark.django_db
def test_j01_the_movements_of_a_month_sum_to_the_change() -> None:
    _month()
    rows = MrrMovement.objects.filter(at__gte=on("2024-04-01"))
    moved = dict(rows.values_list("kind", "amount"))
    assert moved == {
        "new": 40000,
        "reactivation": 8000,
        "expansion": 5000,
        "contraction": -8000,
        "churn": -5000,
    }
    assert (sum(moved.values()), sum(MrrMovement.objects.values_list("amount", flat=True))) == (40000, 105000)


@pytest.mark.django_db
def test_the_figures_read_the_same_from_the_log() -> None:
    """J01, J05 by the declared figures: what a page shows is what the services wrote."""
    _month()
    span = Span(on("2024-04-01"), on("2024-05-01"), "EUR")
    found = {code: kpis.get(code).read(span).value for code in ("mrr", "arr", "net_new_mrr", "arpa", "customer_churn")}
    assert found == {
        "mrr": 105000,
        "arr": 1260000,
        "net_new_mrr": 40000,
        "arpa": Fraction(105000, 5),
        "customer_churn": Fraction(1, 4),
    }
    quick = kpis.get("quick_ratio").read(span).value
    assert quick is not None
    assert round(quick, 2) == Fraction(346, 100)
    moved = kpis.get("net_new_mrr").parts
    assert moved is not None
    assert sum(part.value for part in moved(span)) == 40000, "the drill-down sums to the figure"
    standing = kpis.get("mrr").parts
    assert standing is not None
    assert sorted(int(part.value) for part in standing(span)) == [8000, 12000, 15000, 30000, 40000]
    assert kpis.get("mrr").read(Span(span.start, span.end, "USD")).value == 0, "nothing is converted in silence"


@pytest.mark.django_db
def test_one_of_two_that_ends_is_a_contraction_and_the_last_one_churn() -> None:
    customer = buyer()
    one, _ = subscribed(customer, plan(1000), "2024-04-01")
    two, _ = subscribed(customer, plan(500), "2024-04-01")
    change(subscription_cancel, one, "2024-04-10", when="now")
    change(subscription_cancel, two, "2024-04-11", when="now")
    assert list(MrrMovement.objects.order_by("id").values_list("kind", "amount")) == [
        ("new", 1000),
        ("expansion", 500),
        ("contraction", -1000),
        ("churn", -500),
    ]
