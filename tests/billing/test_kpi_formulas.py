"""The formulas of key figures over the data set of section J: conventions are named in each definition."""

from dataclasses import replace
from fractions import Fraction

import pytest

from billing.kpis.flows import Flow, gross_retention, lifetime_value, net_churn_netted, net_retention, quick_ratio
from billing.mrr import Worth, monthly_value
from portal.kit.kpis import Kpi, kpis

# C1 100 -> 150, C2 200 -> 120, C3 600 a year cancels, C4 300; C5 returns at 80; C6 new at 400. Major units are enough here.
MONTH = Flow(
    start=650,
    end=1050,
    payers_start=4,
    payers_end=5,
    lost=1,
    new=400,
    reactivation=80,
    expansion=50,
    contraction=80,
    churn=50,
    new_customers=1,
)


def test_j01_movements_sum_to_the_change() -> None:
    assert MONTH.net_new == 400 == MONTH.end - MONTH.start
    assert MONTH.end * 12 == 12600


def test_j03_net_churn_with_reactivation_netted_is_nothing() -> None:
    assert net_churn_netted(MONTH).value == 0


def test_j05_the_quick_ratio_has_two_conventions() -> None:
    plain, with_returns = quick_ratio(MONTH), quick_ratio(MONTH, with_reactivation=True)
    assert plain.value is not None
    assert with_returns.value is not None
    assert (round(plain.value, 2), round(with_returns.value, 2)) == (Fraction(346, 100), Fraction(408, 100))
    assert quick_ratio(replace(MONTH, contraction=0, churn=0)).note == "no loss"


def test_j07_a_year_counts_a_twelfth_a_month() -> None:
    monthly = monthly_value([Worth(Fraction(100), "month", 1)])
    yearly = monthly_value([Worth(Fraction(600), "year", 1)])
    assert 100 * monthly + 50 * yearly == 12500


def test_retention_leaves_reactivation_out() -> None:
    assert gross_retention(MONTH).value == Fraction(650 - 80 - 50, 650)
    assert net_retention(MONTH).value == Fraction(650 + 50 - 80 - 50, 650)
    assert gross_retention(replace(MONTH, start=0)).value is None


def test_lifetime_value_needs_somebody_who_left() -> None:
    assert MONTH.arpa == 210
    assert lifetime_value(MONTH, Fraction(4, 5)).value == Fraction(210 * 4, 5) / Fraction(1, 4)
    assert lifetime_value(replace(MONTH, lost=0), Fraction(4, 5)).note == "nobody left"
    assert lifetime_value(replace(MONTH, payers_end=0), Fraction(4, 5)).note == "nobody pays"


@pytest.mark.parametrize("kpi", list(kpis), ids=lambda kpi: kpi.code)
def test_every_figure_says_what_it_is(kpi: Kpi) -> None:
    assert str(kpi.label)
    assert str(kpi.definition).endswith(".")
