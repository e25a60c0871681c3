"""Key figures of selling and renewing, and the cohorts: what services wrote, read as of any day."""

from datetime import date
from fractions import Fraction

import pytest

from billing.selectors.cohorts import Kept, cohorts
from billing.services.subscription_changes import subscription_change_plan
from billing.services.subscription_life import subscription_cancel
from portal.kit.kpis import Figure, Span, kpis
from tests.billing.subscription_world import buyer, change, on, plan, step, subscribed

pytestmark = pytest.mark.django_db


def span(start: str, end: str, currency: str = "EUR") -> Span:
    return Span(on(start), on(end), currency)


def figure(code: str, start: str, end: str) -> Figure:
    return kpis.get(code).read(span(start, end))


def parts(code: str, start: str, end: str) -> dict[str, Fraction]:
    read = kpis.get(code).parts
    assert read is not None
    return {part.label: part.value for part in read(span(start, end))}


def test_the_pipeline_is_what_open_trials_would_be_worth_a_month_on_that_day() -> None:
    yearly = plan(120_00, trial_days=30, interval_unit="year", model="per_seat")
    subscribed(buyer(), yearly, "2024-03-01", quantity=5)
    gone, _ = subscribed(buyer(), plan(700, trial_days=14), "2024-03-05")
    change(subscription_cancel, gone, "2024-03-08", when="now")
    subscribed(buyer(), plan(900), "2024-03-05")
    assert figure("pipeline", "2024-02-06", "2024-03-07").value == 50_00 + 7_00
    assert figure("pipeline", "2024-02-10", "2024-03-10").value == 50_00, "who cancelled its trial is out"
    assert figure("pipeline", "2024-03-10", "2024-04-10").value == 0, "over"
    assert sum(parts("pipeline", "2024-02-06", "2024-03-07").values()) == 57_00
    assert kpis.get("pipeline").read(span("2024-02-06", "2024-03-07", "USD")).value == 0


def test_conversion_counts_each_plan_once_and_the_win_rate_each_customer() -> None:
    good, bad = plan(1000, trial_days=10, name="Good"), plan(2000, trial_days=10, name="Bad")
    for number in range(3):
        won, _ = subscribed(buyer(), good, f"2024-03-0{number + 1}")
        step(won, "2024-03-20")
    lost, _ = subscribed(buyer(), bad, "2024-03-02")
    change(subscription_cancel, lost, "2024-03-06", when="now")
    subscribed(buyer(), plan(500), "2024-03-04")
    assert parts("conversion_by_plan", "2024-03-01", "2024-04-01") == {"Good": 1, "Bad": 0}
    assert figure("conversion_by_plan", "2024-03-01", "2024-04-01").value == Fraction(1, 2)
    assert figure("trial_conversion", "2024-03-01", "2024-04-01").value == Fraction(3, 4)
    assert figure("win_rate", "2024-03-01", "2024-04-01").value == Fraction(4, 5)
    assert figure("win_rate", "2024-04-01", "2024-05-01").note == "nothing was decided"
    assert figure("conversion_by_plan", "2024-04-01", "2024-05-01").value is None


def test_renewals_are_told_by_the_history_so_an_older_month_stays_as_it_was() -> None:
    kept, _ = subscribed(buyer(), plan(1000), "2024-01-10")
    left, _ = subscribed(buyer(), plan(1000), "2024-01-10")
    for day in ("2024-02-11", "2024-03-11"):
        step(kept, day)
    change(subscription_cancel, left, "2024-02-05", when="period_end")
    step(left, "2024-02-11")
    assert figure("renewals_due", "2024-02-01", "2024-03-01").value == 2
    assert figure("renewal_rate", "2024-02-01", "2024-03-01").value == Fraction(1, 2)
    assert figure("renewal_rate", "2024-03-01", "2024-04-01").value == 1
    assert sum(parts("renewals_due", "2024-02-01", "2024-03-01").values()) == 2
    assert figure("subscribed_customers", "2024-01-01", "2024-02-01").value == 2
    assert figure("subscribed_customers", "2024-02-01", "2024-03-01").value == 1


def test_cohorts_say_how_many_customers_and_how_much_of_their_mrr_is_left() -> None:
    one, _ = subscribed(buyer(), plan(1000), "2024-01-05")
    two, _ = subscribed(buyer(), plan(3000), "2024-01-20")
    subscribed(buyer(), plan(500), "2024-03-02")
    change(subscription_cancel, two, "2024-02-10", when="now")
    change(subscription_change_plan, one, "2024-03-10", version=plan(2000), when="now")
    found = cohorts("EUR", on("2024-04-01"))
    assert [(cohort.month, cohort.customers, cohort.mrr) for cohort in found] == [
        (date(2024, 1, 1), 2, 4000),
        (date(2024, 3, 1), 1, 500),
    ]
    assert list(found[0].kept) == [Kept(2, 4000), Kept(1, 1000), Kept(1, 2000)]
    assert list(found[1].kept) == [Kept(1, 500)]
    assert list(cohorts("EUR", on("2024-02-01"))[0].kept) == [Kept(2, 4000)], "as it was at the end of January"
    assert cohorts("USD", on("2024-04-01")) == []
    assert [cohort.month.month for cohort in cohorts("EUR", on("2025-02-01"))] == [3], "twelve months and no more"
