"""Days of the activity: summed once, kept when the requests are gone, and read as key figures."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from audit.jobs import SUM, sum_days
from audit.models import ActivityDay
from audit.services.activity import activity_days_ensure
from audit.services.activity_days import days_sum
from audit.spreads import added, percentile
from portal.kit import clock, context, registry
from portal.kit.kpis import Figure, Span, kpis
from portal.kit.services import writing
from tests.audit.support import plant_activity
from tests.factories import person

NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
DAY = timedelta(days=1)


def figure(code: str, end: datetime, days: int = 1) -> Figure:
    return kpis.get(code).read(Span(end - days * DAY, end, "EUR"))


def api(at: datetime, **values: object) -> None:
    plant_activity(at, channel="api", route="api/v1/users", **values)


class _Run:
    """A run of the nightly job, without a fence."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def log(self, text: str) -> None:
        """Kept, for who asks."""
        self.lines.append(text)

    def batch(self) -> Any:
        """As the runner's."""
        return writing()


@pytest.fixture
def week(db: None) -> list[User]:
    """Three people and some calls: of six days ago, of yesterday and of today."""
    activity_days_ensure(first=(NOW - 6 * DAY).date(), days=7)
    people = [person("Ada"), person("Ben"), person("Cyd")]
    for back, number in ((6, 3), (1, 1), (0, 2)):
        for one in people[:number]:
            plant_activity(NOW - back * DAY, actor_id=one.pk, duration_ms=40)
    for took in (10, 20, 30, 40):
        api(NOW - DAY, actor_kind="key", duration_ms=took)
    api(NOW - DAY, status=503, duration_ms=1000)
    api(NOW, status=404, duration_ms=5)
    return people


def test_a_day_that_is_over_is_summed_once_and_outlives_its_requests(week: list[User]) -> None:
    with clock.at(NOW):
        assert days_sum() == 6
        assert days_sum() == 0
        row = ActivityDay.objects.get(day=(NOW - DAY).date())
        assert (row.people, row.people_week, row.people_month) == (1, 3, 3)
        assert (row.api_calls, row.api_failed, sum(row.api_spread.values())) == (5, 1, 5)
        midnight = NOW.replace(hour=0)
        before = {code: figure(code, midnight).value for code in ("api_calls", "api_error_rate", "api_latency_p50")}
        with context.system("a test"), writing(), connection.cursor() as cursor:
            cursor.execute("SELECT audit_activity_drop(%s)", [(NOW - DAY).date() - DAY])
        assert {code: figure(code, midnight).value for code in before} == before
        assert figure("active_users_weekly", NOW.replace(hour=0)).value == 3


def test_requests_are_told_by_sums_where_there_are_some_and_by_themselves_where_there_are_none(
    week: list[User],
) -> None:
    with clock.at(NOW + timedelta(hours=1)):

        def read() -> list[Fraction | None]:
            return [figure("api_calls", NOW + timedelta(hours=1), days=days).value for days in (1, 2, 7)]

        raw = read()
        assert raw == [1, 6, 6]
        days_sum()
        assert read() == raw
        two = NOW + timedelta(hours=1)
        assert figure("api_error_rate", two, days=2).value == Fraction(1, 6), "a 404 is no error"
        assert figure("api_error_rate", two - 3 * DAY, days=1).note == "no calls"
        for code, low in (("api_latency_p50", 20), ("api_latency_p95", 1000), ("api_latency_p99", 1000)):
            value = figure(code, two, days=2).value
            assert value is not None
            assert low <= value * 1000 <= low * Fraction(107, 100), code
        page = figure("page_latency_p95", two, days=7).value
        assert page is not None
        assert 40 <= page * 1000 <= 43


def test_who_is_active_is_told_now_by_when_people_were_seen_and_later_by_the_sums(week: list[User]) -> None:
    ada, ben, cyd = week
    with context.system("a test"), writing():
        for one, back in ((ada, 0), (ben, 3), (cyd, 20)):
            User.objects.filter(pk=one.pk).update(last_seen_at=NOW - back * DAY)
    with clock.at(NOW):
        now = [figure(f"active_users_{name}", NOW).value for name in ("daily", "weekly", "monthly")]
        assert now == [1, 2, 3]
        assert figure("stickiness", NOW).value == Fraction(1, 3)
        past = NOW.replace(hour=0) - 200 * DAY
        assert str(figure("active_users_daily", past).missing).startswith("the activity of that time")
        assert str(figure("api_calls", past).missing).startswith("the activity of that time")
        assert figure("active_organisations", NOW).value == 0
        days_sum()
        assert figure("active_users_daily", NOW.replace(hour=0)).value == 1
        assert figure("stickiness", NOW.replace(hour=0)).value == Fraction(1, 3)


def test_the_nightly_job_sums_what_is_over(week: list[User]) -> None:
    run = _Run()
    with clock.at(NOW), context.system("the nightly job"):
        assert sum_days(run) == {"days": 6}  # type: ignore[arg-type]  # as much of a run as it asks for
    assert run.lines == ["6 days summed"]
    assert registry.schedules.get(SUM).job == SUM


def test_a_percentile_is_never_less_than_it_was_and_at_most_a_step_more() -> None:
    spread = added([{"10": 5, "40": 1}, {"10": 3, "60": 1}])
    assert spread == {10: 8, 40: 1, 60: 1}
    found = [percentile(spread, Fraction(share, 100)) for share in (50, 85, 100)]
    assert [round(float(value or 0) * 1000, 1) for value in found] == [1.6, 7.0, 18.7]
    assert percentile({}, Fraction(1, 2)) is None
