"""Use: what is counted, what is refused, what an invoice charges of it, whenever it arrives."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection, transaction

from audit.models import Event
from billing.errors.usage import MeterUnknown, UsageForgotten
from billing.metering import usage_amounts, usage_quantity
from billing.models import UsageDistinct, UsageEvent, UsageRollup
from billing.periods import Interval, anchor_of, period_at
from billing.usage_reports import Verdict
from portal.kit import clock, context
from portal.kit.errors import Forbidden
from portal.kit.services import writing
from tests.accounts.organisation_world import House, make_house
from tests.billing.money_world import customer_of
from tests.billing.usage_world import NOON, meter, report

COUNTED, DUPLICATE, REFUSED = Verdict.COUNTED, Verdict.DUPLICATE, Verdict.REFUSED
MARCH = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)


@pytest.fixture
def house(db: None) -> House:
    meter()
    return make_house("Harbour")


def _at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def test_events_count_once_by_key_however_often_they_are_sent(house: House) -> None:
    first = {"key": "a", "quantity": 3, "occurred_at": "2026-03-10T12:00:00Z"}
    other = {"key": "b", "quantity": "1.25", "occurred_at": "2026-03-10T13:00:00+01:00"}
    assert [one.verdict for one in report(house, first, other, first)] == [COUNTED, COUNTED, DUPLICATE]
    assert [one.verdict for one in report(house, other, {**first, "quantity": "3.0"})] == [DUPLICATE, DUPLICATE]
    (changed,) = report(house, {**first, "quantity": 4})
    assert (changed.verdict, changed.code) == (REFUSED, "billing.usage_key_taken")
    day = UsageRollup.objects.get(grain="day")
    assert (day.events, day.duplicates, day.late) == (2, 3, 0)
    assert day.total == Decimal("4.25")
    assert day.largest == 3
    summaries = Event.objects.filter(code="billing.usage.recorded")
    assert [row.data["counted"] for row in summaries] == [2]
    elsewhere = make_house("Elsewhere")
    assert report(elsewhere, first)[0].verdict == COUNTED


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"meter": "nothing"}, "billing.meter_unknown"),
        ({"meter": ["calls"]}, "billing.meter_unknown"),
        ({"key": ""}, "billing.usage_refused"),
        ({"key": 7}, "billing.usage_refused"),
        ({"key": "k" * 121}, "billing.usage_refused"),
        ({"key": "nul\0"}, "billing.usage_refused"),
        ({"quantity": -1}, "billing.usage_refused"),
        ({"quantity": 1.5}, "billing.usage_refused"),
        ({"quantity": True}, "billing.usage_refused"),
        ({"quantity": "NaN"}, "billing.usage_refused"),
        ({"quantity": "1e9"}, "billing.usage_refused"),
        ({"quantity": "0.0000000001"}, "billing.usage_refused"),
        ({"quantity": 10**15}, "billing.usage_refused"),
        ({"occurred_at": "yesterday"}, "billing.usage_refused"),
        ({"occurred_at": "2026-03-10T12:00:00"}, "billing.usage_refused"),
        ({"occurred_at": 5}, "billing.usage_refused"),
        ({"occurred_at": "2026-03-10T12:35:01Z"}, "billing.usage_in_future"),
        ({"occurred_at": "2026-02-10T12:29:59Z"}, "billing.usage_too_late"),
        ({"meter": "people"}, "billing.usage_refused"),
        ({"meter": "people", "properties": {"user": ""}}, "billing.usage_refused"),
        ({"amount": 5}, "billing.usage_refused"),
    ],
)
def test_what_cannot_be_counted_is_refused_by_itself(house: House, sent: dict[str, object], code: str) -> None:
    meter("people", "unique")
    refused, counted = report(house, sent, {})
    assert (refused.verdict, refused.code, counted.verdict) == (REFUSED, code, COUNTED)
    assert refused.detail
    assert UsageEvent.objects.count() == 1
    assert UsageRollup.objects.filter(grain="day").get().events == 1


def test_who_may_not_report_leaves_nothing(house: House) -> None:
    from billing.services.usage import usage_record
    from billing.usage_reports import Report

    actor = house.inside(house.viewer)
    with context.acting(actor), pytest.raises(Forbidden):
        usage_record(actor=actor, organisation_id=house.id, reports=[Report("k", "calls")])
    assert not UsageEvent.objects.exists()
    assert not Event.objects.filter(code="billing.usage.recorded").exists()


def test_the_clock_of_a_sandbox_decides_what_is_late(house: House) -> None:
    from billing.models import TestClock

    with context.system("a test"), writing():
        stopped = TestClock.objects.create(organisation=house.organisation, name="t", at=NOON + timedelta(days=400))
    customer_of(house.organisation, sandbox=True, test_clock=stopped)
    ahead = (NOON + timedelta(days=400)).isoformat()
    assert [one.verdict for one in report(house, {"occurred_at": ahead}, {"occurred_at": NOON.isoformat()})] == [
        COUNTED,
        REFUSED,
    ]


@pytest.mark.parametrize(
    ("aggregation", "expected"), [("count", 4), ("sum", 22), ("max", 10), ("last", 3), ("unique", 3)]
)
def test_each_aggregation_is_exact_at_any_bound(house: House, aggregation: str, expected: int) -> None:
    meter("work", aggregation)
    customer = customer_of(house.organisation)
    rows = [  # Before, at the first moment, in whole hours, in the last hour, and at the end, which is outside.
        ("2026-03-05T10:20:14Z", 90, "eve"),
        ("2026-03-05T10:20:15Z", 5, "ada"),
        ("2026-03-06T00:00:00Z", 10, "bob"),
        ("2026-03-08T23:59:59Z", 4, "ada"),
        ("2026-03-10T11:40:00Z", 3, "cid"),
        ("2026-03-10T11:45:00Z", 80, "eve"),
    ]
    report(
        house,
        *(
            {"meter": "work", "occurred_at": moment, "quantity": number, "properties": {"user": who}}
            for moment, number, who in reversed(rows)
        ),
    )
    with clock.at(NOON):
        found = usage_quantity(customer.pk, "work", _at("2026-03-05 10:20:15"), _at("2026-03-10 11:45"))
        assert found == expected
        within = usage_quantity(customer.pk, "work", _at("2026-03-10 11:39"), _at("2026-03-10 11:41"))
        assert within == (1 if aggregation in {"count", "unique"} else 3)
        assert usage_quantity(customer.pk, "work", NOON, NOON) == 0
        if aggregation == "sum":
            assert usage_amounts(customer.pk, "work", *MARCH) == [90, 5, 10, 4, 3, 80]


def test_sums_stay_exact_when_raw_events_are_gone_and_what_is_forgotten_says_so(house: House) -> None:
    customer = customer_of(house.organisation)
    report(house, {"quantity": 7}, {"quantity": 2, "occurred_at": "2026-03-01T00:00:00Z"})
    with context.system("a test"), writing():
        UsageEvent.objects.all().delete()
    year_later = NOON + timedelta(days=365)
    with clock.at(year_later):
        assert usage_quantity(customer.pk, "calls", *MARCH) == 9
        with pytest.raises(UsageForgotten):
            usage_quantity(customer.pk, "calls", MARCH[0] + timedelta(minutes=1), MARCH[1])
        with pytest.raises(UsageForgotten):
            usage_amounts(customer.pk, "calls", *MARCH)
        with pytest.raises(MeterUnknown):
            usage_quantity(customer.pk, "nothing", *MARCH)
    with clock.at(year_later + timedelta(days=60)):
        assert usage_quantity(customer.pk, "calls", *MARCH) == 9
        with pytest.raises(UsageForgotten):
            usage_quantity(customer.pk, "calls", MARCH[0] + timedelta(hours=1), MARCH[1])


def test_e09_monthly_usage_across_daylight_saving(house: House) -> None:
    zone = ZoneInfo("America/New_York")
    customer = customer_of(house.organisation, time_zone="America/New_York")
    moments = [
        *("2023-03-01T04:00", "2023-03-15T00:00", "2023-03-31T23:59", "2023-04-01T00:00", "2023-04-01T00:01"),
        *("2023-04-15T00:00", "2023-04-30T23:59", "2023-05-01T00:00", "2023-05-01T00:01"),
    ]
    for local in moments:
        moment = _at(local, "America/New_York")
        report(house, {"occurred_at": moment.isoformat()}, at=moment + timedelta(minutes=1))
    for start in range(1, 29):  # One run per start date.
        anchor = anchor_of(_at(f"2023-02-{start:02d}"), Interval("month"), zone, kind="calendar")
        found = []
        with clock.at(_at("2023-05-20")):
            for month in ("2023-03-10", "2023-04-10", "2023-05-10"):
                period = period_at(anchor, _at(month))
                found.append(usage_quantity(customer.pk, "calls", period.start, period.end))
        assert found == [3, 4, 2]


def test_what_was_reported_cannot_be_changed(house: House) -> None:
    report(house, {"quantity": 10})
    for statement in ("UPDATE billing_usage_event SET quantity = 1", "TRUNCATE billing_usage_event"):
        with context.system("a test"), pytest.raises(DatabaseError), writing(), transaction.atomic():
            connection.cursor().execute(statement)
    assert UsageEvent.objects.get().quantity == 10


def test_distinct_values_are_known_by_the_hour(house: House) -> None:
    meter("people", "unique")
    sent = [{"meter": "people", "properties": {"user": who}} for who in ("ada", "ada", "bob", 7)]
    report(house, *sent)
    assert sorted(UsageDistinct.objects.values_list("value", flat=True)) == ["7", "ada", "bob"]


def test_workers_that_report_the_same_keys_at_once_count_each_once(own_database: dict[str, str]) -> None:
    meter()
    house = make_house("Harbour")
    batch = [{"key": f"same-{number}", "quantity": 1, "occurred_at": NOON.isoformat()} for number in range(60)]
    found: Counter[str] = Counter()
    failed: list[BaseException] = []

    def work(turn: int) -> None:
        try:
            order = batch[turn * 7 :] + batch[: turn * 7]
            if turn % 2:
                order.reverse()
            found.update(one.verdict.value for one in report(house, *order))
        except BaseException as error:  # noqa: BLE001 - told to the test
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(turn,)) for turn in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert found == {"counted": 60, "duplicate": 420}
    day = UsageRollup.objects.get(grain="day")
    assert (day.events, day.duplicates) == (60, 420)
    assert day.total == 60
