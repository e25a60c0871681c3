"""What an organisation's plan allows, and how much of it is used: the answer that host products ask for.

Which plans an organisation holds, and whether an unpaid invoice restricts it, is known by subscriptions and dunning:
they fill `plans` and `standing` at start. Until then everybody holds the plan with the code `free` by calendar months.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from billing.errors.usage import FeatureUnknown
from billing.metering import quantity_of
from billing.models import Customer, Entitlement, Feature, PlanVersion
from billing.periods import UTC_ZONE, Interval, Period, anchor_of, period_at
from billing.times import now_of, zone_of
from portal.kit import clock

Standing = Literal["good", "restricted", "suspended"]
FREE = "free"
Limits = tuple[int | None, int | None]  # Soft and hard.


@dataclass(frozen=True, slots=True)
class Held:
    """A version of a plan or add-on that an organisation holds now, and the period that its use is counted in.

    `times`: how many of it, which multiplies the limits of an add-on.
    """

    plan_version_id: UUID
    period: Period
    times: int = 1


class Reason(StrEnum):
    """Why an answer is what it is."""

    INCLUDED = "included"
    WITHIN_LIMIT = "within_limit"
    OVER_SOFT_LIMIT = "over_soft_limit"
    OVER_HARD_LIMIT = "over_hard_limit"
    NOT_IN_PLAN = "not_in_plan"
    NO_PLAN = "no_plan"
    RESTRICTED = "restricted"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Wish:
    """May `quantity` more of a feature be used? `used`: how much there is, of a feature that no meter counts."""

    feature: str
    quantity: Decimal = Decimal(1)
    used: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether, why, and how much. `limit` is the hard limit, None without one; `remaining` is before the wish."""

    feature: str
    allowed: bool
    reason: Reason
    soft_limit: int | None = None
    limit: int | None = None
    used: Decimal | None = None
    remaining: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Quota:
    """A feature with what the plans give of it, and how much is used in the running period."""

    feature: Feature
    soft_limit: int | None
    limit: int | None
    used: Decimal | None
    period: Period | None

    @property
    def bound(self) -> int | None:
        """What use is measured against: the hard limit, or the soft one where there is no other."""
        return self.limit if self.limit is not None else self.soft_limit


def plan_versions_of(organisation_id: UUID) -> Sequence[Held]:
    """The plans that an organisation holds now, the base plan first; what `plans` was filled with."""
    return _plans(organisation_id)


def standing_of(organisation_id: UUID) -> Standing:
    """Whether unpaid invoices restrict it; what `standing` was filled with."""
    return _standing(organisation_id)


def fill(
    *,
    plans: Callable[[UUID], Sequence[Held]] | None = None,
    standing: Callable[[UUID], Standing] | None = None,
) -> None:
    """Say who knows the plans and the standing of organisations; called at start by the nouns that do."""
    global _plans, _standing  # noqa: PLW0603 - two ports, filled once
    _plans = plans or _plans
    _standing = standing or _standing


def present_of(organisation_id: UUID) -> tuple[datetime, ZoneInfo]:
    """The time and the zone that the periods of an organisation are counted by."""
    customer = Customer.objects.select_related("test_clock").filter(organisation_id=organisation_id).first()
    return (clock.now(), UTC_ZONE) if customer is None else (now_of(customer), zone_of(customer))


def free_plan(organisation_id: UUID) -> Sequence[Held]:
    """The newest published version of the plan `free`, by calendar months; none where the catalogue has none."""
    version = (
        PlanVersion.objects.filter(
            plan__family=FREE, plan__kind="base", plan__state="active", published_at__isnull=False
        )
        .order_by("-number")
        .only("pk")
        .first()
    )
    if version is None:
        return ()
    now, zone = present_of(organisation_id)
    return (Held(version.pk, period_at(anchor_of(now, Interval("month"), zone, kind="calendar"), now)),)


_plans: Callable[[UUID], Sequence[Held]] = free_plan
_standing: Callable[[UUID], Standing] = lambda organisation_id: "good"  # noqa: E731 - the port's filling without dunning


def check(organisation_id: UUID, wishes: Sequence[Wish]) -> list[Answer]:
    """The answers in order; `FeatureUnknown` for a code that the catalogue has not. Reads only.

    An add-on's limits come on top of the plan's; a feature without a row in any of them is not in the plan. Restricted,
    nothing with a limit may be used on; suspended, nothing at all.
    """
    features = _features({wish.feature for wish in wishes})
    held = plan_versions_of(organisation_id)
    given = _given(held, [feature.pk for feature in features.values()])
    used = _used(organisation_id, held, [one for one in features.values() if one.pk in given])
    known = _Known(given, used, standing_of(organisation_id), bool(held))
    return [_answer(wish, features[wish.feature], known) for wish in wishes]


def quotas(organisation_id: UUID) -> list[Quota]:
    """Every feature that the plans of an organisation give, in the order of the catalogue, with its use."""
    held = plan_versions_of(organisation_id)
    given = _given(held, None)
    features = list(Feature.objects.select_related("meter").filter(pk__in=given).order_by("position", "pk"))
    used = _used(organisation_id, held, features)
    period = held[0].period if held else None
    return [Quota(each, *given[each.pk], used.get(each.pk), period) for each in features]


def _features(codes: Iterable[str]) -> dict[str, Feature]:
    wanted = {code for code in codes if "\0" not in code}
    found = {row.code: row for row in Feature.objects.select_related("meter").filter(code__in=wanted)}
    if len(found) != len(set(codes)):
        raise FeatureUnknown
    return found


def _given(held: Sequence[Held], features: Sequence[UUID] | None) -> dict[UUID, Limits]:
    """Soft and hard limit of each feature that is given at all; None: as much as one likes."""
    times = {one.plan_version_id: one.times for one in held}
    rows = Entitlement.objects.filter(plan_version_id__in=times)
    if features is not None:
        rows = rows.filter(feature_id__in=features)
    found: dict[UUID, Limits] = {}
    for row in rows:
        number = times[row.plan_version_id]
        soft, hard = _times(row.soft_limit, number), _times(row.hard_limit, number)
        before = found.get(row.feature_id)
        found[row.feature_id] = (soft, hard) if before is None else (_sum(before[0], soft), _sum(before[1], hard))
    return found


def _times(limit: int | None, number: int) -> int | None:
    return None if limit is None else limit * number


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _used(organisation_id: UUID, held: Sequence[Held], features: Sequence[Feature]) -> dict[UUID, Decimal]:
    """The use of each metered feature in the period of the base plan."""
    if not held:
        return {}
    period = held[0].period
    return {
        feature.pk: quantity_of(organisation_id, feature.meter, period.start, period.end)
        for feature in features
        if feature.meter is not None
    }


@dataclass(frozen=True, slots=True)
class _Known:
    """What the answers of one call are made of: limits and use by feature, and how the organisation stands."""

    given: dict[UUID, Limits]
    used: dict[UUID, Decimal]
    standing: Standing
    has_plan: bool


def _answer(wish: Wish, feature: Feature, known: _Known) -> Answer:
    refused = _refusal(feature, known)
    if feature.pk not in known.given:
        return Answer(feature.code, False, refused or Reason.NOT_IN_PLAN)
    if feature.kind == Feature.Kind.SWITCH:
        return Answer(feature.code, refused is None, refused or Reason.INCLUDED)
    soft, hard = known.given[feature.pk]
    used = known.used.get(feature.pk, wish.used)
    after = (used or Decimal(0)) + wish.quantity
    reason = refused or _of_limits(after, soft, hard)
    allowed = reason in {Reason.INCLUDED, Reason.WITHIN_LIMIT, Reason.OVER_SOFT_LIMIT}
    left = None if hard is None or used is None else max(Decimal(0), hard - used)
    return Answer(feature.code, allowed, reason, soft, hard, used, left)


def _refusal(feature: Feature, known: _Known) -> Reason | None:
    if not known.has_plan:
        return Reason.NO_PLAN
    if known.standing == "suspended":
        return Reason.SUSPENDED
    if feature.pk in known.given and known.standing == "restricted" and feature.kind == Feature.Kind.LIMIT:
        return Reason.RESTRICTED
    return None


def _of_limits(after: Decimal, soft: int | None, hard: int | None) -> Reason:
    if hard is not None and after > hard:
        return Reason.OVER_HARD_LIMIT
    if soft is not None and after > soft:
        return Reason.OVER_SOFT_LIMIT
    return Reason.INCLUDED if hard is None and soft is None else Reason.WITHIN_LIMIT
