"""Reads of use: by day, by organisation, and single events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Max, QuerySet, Sum
from django.db.models.functions import TruncDate

from accounts.models import Organisation
from billing.entitlements import Quota, present_of, quotas
from billing.errors.usage import MeterUnknown
from billing.models import Feature, Meter, UsageDistinct, UsageEvent, UsageRollup
from billing.models.usage import hour_of
from portal.kit import clock, errors
from portal.kit.context import Actor
from portal.kit.decision import authorise

READ = "usage:read"
DAYS = 30
TOP = 10
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Day:
    """The use of one meter on one day (UTC). `quantity`: as the meter counts, over that day alone."""

    day: date
    events: int
    quantity: Decimal


def quotas_here(actor: Actor) -> list[Quota]:
    """What the plan of the organisation that `actor` stands in gives, with its use (`usage:read`)."""
    authorise(actor, READ)
    return quotas(_here(actor))


def quotas_of(actor: Actor, organisation_id: UUID) -> list[Quota]:
    """What the plan of any organisation gives, with its use, for staff (`usage:read`)."""
    authorise(actor, READ)
    return quotas(organisation_id)


def meters_here(actor: Actor) -> list[Meter]:
    """The meters that this organisation has used lately, in the order of their names."""
    since = _midnight(present_of(_here(actor))[0]) - timedelta(days=DAYS - 1)
    rows = UsageRollup.objects.visible_to(actor, READ).filter(grain="day", starts_at__gte=since)
    codes = set(rows.filter(organisation_id=_here(actor)).values_list("meter", flat=True))
    return list(Meter.objects.filter(code__in=codes).order_by("name", "pk"))


def days_here(actor: Actor, meter: Meter, number: int = DAYS) -> list[Day]:
    """Its use of a meter on each of the last days, empty ones included, the oldest first."""
    organisation_id = _here(actor)
    today = _midnight(present_of(organisation_id)[0])
    first = today - timedelta(days=number - 1)
    rows = UsageRollup.objects.visible_to(actor, READ).filter(
        organisation_id=organisation_id, meter=meter.code, grain="day", starts_at__gte=first, starts_at__lte=today
    )
    found = {row.starts_at: row for row in rows}
    distinct = _distinct(organisation_id, meter, first) if meter.aggregation == "unique" else {}
    days = [first + timedelta(days=step) for step in range(number)]
    return [_day(day, found.get(day), meter, distinct) for day in days]


def _day(day: datetime, row: UsageRollup | None, meter: Meter, distinct: dict[date, int]) -> Day:
    if row is None:
        return Day(day.date(), 0, Decimal(0))
    values: dict[str, Decimal] = {
        "count": Decimal(row.events),
        "sum": row.total,
        "max": row.largest,
        "last": row.last,
        "unique": Decimal(distinct.get(day.date(), 0)),
    }
    return Day(day.date(), row.events, values[meter.aggregation])


def _distinct(organisation_id: UUID, meter: Meter, first: datetime) -> dict[date, int]:
    rows = UsageDistinct.objects.filter(organisation_id=organisation_id, meter=meter.code, starts_at__gte=first)
    return dict(
        rows.annotate(day=TruncDate("starts_at"))
        .values("day")
        .annotate(number=Count("value", distinct=True))
        .values_list("day", "number")
    )


def meter_named(code: str) -> Meter:
    """The meter with a code; `MeterUnknown`."""
    found = Meter.objects.filter(code=code).first()
    if found is None:
        raise MeterUnknown
    return found


def _here(actor: Actor) -> UUID:
    if actor.organisation_id is None:
        raise errors.NotFound
    return actor.organisation_id


def _midnight(moment: datetime) -> datetime:
    return hour_of(moment).replace(hour=0)


# --- of all organisations, for staff ---


def events(actor: Actor) -> QuerySet[UsageEvent]:
    """Single events: of one's organisation, or as staff of all (`usage:read`)."""
    rows: QuerySet[UsageEvent] = UsageEvent.objects.visible_to(actor, READ).select_related("organisation")
    return rows if actor.organisation_id is None else rows.filter(organisation_id=actor.organisation_id)


@dataclass(frozen=True, slots=True)
class MeterUse:
    """The use of one meter over the last 30 days by everybody."""

    meter: Meter
    features: tuple[str, ...]
    events: int
    organisations: int
    late: int
    duplicates: int
    last_at: datetime | None


def meter_uses(actor: Actor) -> list[MeterUse]:
    """Each meter of the catalogue with what came in for it in the last 30 days; three queries."""
    authorise(actor, READ)
    since = _midnight(clock.now()) - timedelta(days=DAYS - 1)
    rows = UsageRollup.objects.visible_to(actor, READ).filter(grain="day", starts_at__gte=since)
    sums: dict[str, dict[str, Any]] = {
        row["meter"]: dict(row)
        for row in rows.values("meter").annotate(
            number=Sum("events"),
            organisations=Count("organisation", distinct=True),
            late_ones=Sum("late"),
            again=Sum("duplicates"),
            newest=Max("last_at"),
        )
    }
    names: dict[UUID, list[str]] = {}
    for feature in Feature.objects.filter(meter__isnull=False).order_by("position", "pk"):
        names.setdefault(feature.meter_id or feature.pk, []).append(feature.name)
    return [
        _use(meter, names.get(meter.pk, ()), sums.get(meter.code, {})) for meter in Meter.objects.order_by("name", "pk")
    ]


def _use(meter: Meter, features: Sequence[str], row: dict[str, Any]) -> MeterUse:
    return MeterUse(
        meter,
        tuple(features),
        events=int(row.get("number") or 0),
        organisations=int(row.get("organisations") or 0),
        late=int(row.get("late_ones") or 0),
        duplicates=int(row.get("again") or 0),
        last_at=row.get("newest"),
    )


def top_organisations(actor: Actor) -> list[tuple[Organisation, int]]:
    """The organisations with the most events of the last 30 days, and how many."""
    authorise(actor, READ)
    since = _midnight(clock.now()) - timedelta(days=DAYS - 1)
    rows = UsageRollup.objects.visible_to(actor, READ).filter(grain="day", starts_at__gte=since)
    found = list(
        rows.values("organisation_id")
        .annotate(number=Sum("events"))
        .order_by(F("number").desc(), "organisation_id")[:TOP]
    )
    known = Organisation.objects.in_bulk([row["organisation_id"] for row in found])
    return [(known[row["organisation_id"]], int(row["number"])) for row in found]


def events_with_key(actor: Actor, key: str) -> list[UsageEvent]:
    """The events that were reported under a key, by each organisation that used it."""
    return list(events(actor).filter(key=key.replace("\0", "")).order_by("-received_at")[:SHOWN])
