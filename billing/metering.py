"""How much a customer used, for billing in arrears: exact, and again and again the same until something late arrives.

A quantity is always what is known now. An event that arrives after its period was billed makes more of the period wanted
than was billed, and the next invoice of the subscription charges the difference (`billing.wanted`); nothing is noted here.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.db.models import Min, Q

from billing.errors.usage import MeterUnknown, UsageForgotten
from billing.models import Customer, Meter, Subscription, UsageEvent
from billing.models.usage import hour_of
from billing.times import now_of
from portal.kit import clock

RAW_KEPT = timedelta(days=90)  # policy.md: usage rollups.
HOURS_KEPT = timedelta(days=396)  # policy.md: thirteen months.
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

# Whole days in the middle, whole hours around them, single events at the edges. Each part is [from, until).
_SUMS = """
SELECT coalesce(sum(events), 0), coalesce(sum(total), 0), coalesce(max(largest), 0),
       coalesce((array_agg(last ORDER BY last_at DESC, last_key DESC))[1], 0)
FROM (
    SELECT events, total, largest, last, last_at, last_key FROM billing_usage_rollup
    WHERE organisation_id = %(organisation)s AND meter = %(meter)s AND grain = 'day'
        AND starts_at >= %(first_day)s AND starts_at < %(last_day)s
    UNION ALL
    SELECT events, total, largest, last, last_at, last_key FROM billing_usage_rollup
    WHERE organisation_id = %(organisation)s AND meter = %(meter)s AND grain = 'hour'
        AND (starts_at >= %(first_hour)s AND starts_at < %(first_day)s
            OR starts_at >= %(last_day)s AND starts_at < %(last_hour)s)
    UNION ALL
    SELECT 1, quantity, quantity, quantity, occurred_at, key FROM billing_usage_event
    WHERE organisation_id = %(organisation)s AND meter = %(meter)s
        AND (occurred_at >= %(start)s AND occurred_at < %(first_hour)s
            OR occurred_at >= %(last_hour)s AND occurred_at < %(end)s)
) AS part
"""
_DIFFERENT = """
SELECT count(*) FROM (
    SELECT value FROM billing_usage_distinct
    WHERE organisation_id = %(organisation)s AND meter = %(meter)s
        AND starts_at >= %(first_hour)s AND starts_at < %(last_hour)s
    UNION
    SELECT value FROM billing_usage_event
    WHERE organisation_id = %(organisation)s AND meter = %(meter)s
        AND (occurred_at >= %(start)s AND occurred_at < %(first_hour)s
            OR occurred_at >= %(last_hour)s AND occurred_at < %(end)s)
) AS part
"""


def usage_quantity(customer_id: UUID, meter: str, starts_at: datetime, ends_at: datetime) -> Decimal:
    """How much of `meter` (its code) the customer used in [starts_at, ends_at), as far as is known now.

    `MeterUnknown`; `UsageForgotten` when a bound that is no whole hour (UTC) lies before what is kept event by event: 90
    days, and as long as a bill of a subscription will need it (`Subscription.usage_from`).
    """
    customer = _customer(customer_id)
    return quantity_of(customer.organisation_id, _meter(meter), starts_at, ends_at, now=_present(customer))


def quantity_of(
    organisation_id: UUID, meter: Meter, starts_at: datetime, ends_at: datetime, *, now: datetime | None = None
) -> Decimal:
    """As `usage_quantity`, of an organisation that need not be a customer. `now`: its present, if it has one of its own."""
    if ends_at <= starts_at:
        return Decimal(0)
    values = _split(starts_at.astimezone(UTC), ends_at.astimezone(UTC))
    different = meter.aggregation == Meter.Aggregation.UNIQUE
    present = now or clock.now()
    if not _is_known(values, present - RAW_KEPT, present - HOURS_KEPT, different=different):
        kept = _kept_from(organisation_id, present)
        if not _is_known(values, kept, min(kept, present - HOURS_KEPT), different=different):
            raise UsageForgotten
    with connection.cursor() as cursor:
        cursor.execute(
            _DIFFERENT if different else _SUMS, {**values, "organisation": organisation_id, "meter": meter.code}
        )
        row = cursor.fetchone()
    place = {"count": 0, "sum": 1, "max": 2, "last": 3, "unique": 0}[meter.aggregation]
    return Decimal(row[place])


def usage_amounts(customer_id: UUID, meter: str, starts_at: datetime, ends_at: datetime) -> list[Decimal]:
    """The quantity of each event of the period in the order in which they happened: for prices by event.

    `UsageForgotten` for a period that begins before what is kept event by event.
    """
    customer = _customer(customer_id)
    if starts_at < known_from(customer) and starts_at < _kept_from(customer.organisation_id, _present(customer)):
        raise UsageForgotten
    rows = UsageEvent.objects.filter(
        organisation_id=customer.organisation_id,
        meter=_meter(meter).code,
        occurred_at__gte=starts_at,
        occurred_at__lt=ends_at,
    )
    return list(rows.order_by("occurred_at", "key").values_list("quantity", flat=True))


def known_from(customer: Customer) -> datetime:
    """From when on single events of any customer are still known, whatever its bills need."""
    return _present(customer) - RAW_KEPT


def _kept_from(organisation_id: UUID, present: datetime) -> datetime:
    """From when on single events of an organisation are still known, with those that are kept for its bills. The clean-ups
    ask the same (`billing.cleanups.usage`)."""
    rows = Subscription.objects.filter(organisation_id=organisation_id, usage_from__isnull=False)
    rows = rows.filter(Q(ended_at=None) | Q(ended_at__gt=present - RAW_KEPT))
    kept: datetime | None = rows.aggregate(first=Min("usage_from"))["first"]
    return present - RAW_KEPT if kept is None else min(kept, present - RAW_KEPT)


def _customer(customer_id: UUID) -> Customer:
    return Customer.objects.select_related("test_clock").get(pk=customer_id)


def _present(customer: Customer) -> datetime:
    """By which it is judged what is still kept: events go so long after they came, and a sandbox's time may be long past."""
    return min(clock.now(), now_of(customer))


def _meter(code: str) -> Meter:
    found = Meter.objects.filter(code=code).first()
    if found is None:
        raise MeterUnknown
    return found


def _split(start: datetime, end: datetime) -> dict[str, datetime]:
    """The bounds of the parts of a period (UTC): start <= first_hour <= first_day <= last_day <= last_hour <= end."""
    first_hour, last_hour = _up(start, HOUR), hour_of(end)
    if last_hour < first_hour:  # Inside one hour: single events only.
        first_hour = last_hour = end
    first_day, last_day = _up(first_hour, DAY), last_hour.replace(hour=0, minute=0, second=0, microsecond=0)
    if last_day < first_day:
        first_day = last_day = last_hour
    return {
        "start": start,
        "first_hour": first_hour,
        "first_day": first_day,
        "last_day": last_day,
        "last_hour": last_hour,
        "end": end,
    }


def _up(moment: datetime, step: timedelta) -> datetime:
    """The first whole hour or day (UTC) at or after a moment."""
    below = hour_of(moment) if step == HOUR else hour_of(moment).replace(hour=0)
    return below if below == moment else below + step


def _is_known(bounds: dict[str, datetime], raw: datetime, hours: datetime, *, different: bool) -> bool:
    """Whether every part of the period that is not empty is kept. `raw`, `hours`: from when on events and hours are."""
    single = bounds["start"] < bounds["first_hour"] and bounds["start"] < raw
    single = single or (bounds["last_hour"] < bounds["end"] and bounds["last_hour"] < raw)
    hourly = bounds["first_hour"] < bounds["first_day"] and bounds["first_hour"] < hours
    hourly = hourly or (bounds["last_day"] < bounds["last_hour"] and bounds["last_day"] < hours)
    return not (single or hourly or (different and bounds["start"] < hours))
