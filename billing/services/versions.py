"""Versions of plans: a draft is started, changed, published or discarded. What is published never changes."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import DatabaseError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from billing.errors.catalogue import DraftExists, VersionIncomplete, VersionPublished
from billing.models import Entitlement, Feature, Meter, Plan, PlanMinimum, PlanVersion, Price, PriceTier
from billing.plan_drafts import TERMS, PriceDraft, VersionDraft, draft_of, unsold, wrong_in
from billing.services.catalogue_rows import held
from billing.services.plans import plan_held
from billing.version_words import told_of
from portal.kit import clock, errors
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.record import record
from portal.kit.services import writing
from rbac.tree_rules import check


def version_start(*, actor: Actor, plan: Plan) -> PlanVersion:
    """Start a draft: a copy of what is sold now, or an empty one. Needs `plan:admin`; event
    `billing.plan_version.drafted`. `DraftExists` while there is one, `PlanArchived`.
    """
    authorise(actor, "plan:admin")
    with writing():
        plan = plan_held(plan_id=plan.pk)
        if plan.versions.filter(published_at=None).exists():
            raise DraftExists
        last = plan.versions.order_by("-number").first()
        version = PlanVersion(plan=plan, number=_next(plan))
        version.save(force_insert=True)
        if last is not None:
            _write(version, draft_of(last))
        record("billing.plan_version.drafted", target=version, changes={"number": (None, version.number)})
    return version


def version_change(
    *, actor: Actor, version: PlanVersion, change: Callable[[VersionDraft], VersionDraft]
) -> PlanVersion:
    """Change a draft: `change` makes what it shall say of what it says, under its lock, so that two people who edit
    two prices keep both. Event `billing.plan_version.changed`; none without a change.

    Needs `plan:admin`. `VersionPublished`, `PlanArchived`, `Invalid` with the paths of what is wrong.
    """
    authorise(actor, "plan:admin")
    with writing():
        plan_held(plan_id=version.plan_id)
        version = _draft(version.pk)
        before = draft_of(version)
        after = change(before)
        if wrong := wrong_in(after):
            raise errors.Invalid(fields=wrong)
        if after == before:
            return version
        old, new = told_of(before), None
        _write(version, after)
        version = PlanVersion.objects.get(pk=version.pk)
        new = told_of(draft_of(version))
        changes = {name: (old[name], new[name]) for name in new if old[name] != new[name]}
        if changes:
            record("billing.plan_version.changed", target=version, changes=changes)
    return version


def version_publish(*, actor: Actor, version: PlanVersion) -> PlanVersion:
    """Sell a draft from now on, for good; its plan becomes active. Who has an older version keeps it.

    Needs `plan:admin`; events `billing.plan_version.published` and, for a first one, `billing.plan.activated`.
    `VersionIncomplete` says what is missing, `VersionPublished`, `PlanArchived`.
    """
    authorise(actor, "plan:admin")
    with writing():
        plan = plan_held(plan_id=version.plan_id)
        version = _draft(version.pk)
        if missing := unsold(draft_of(version)):
            raise VersionIncomplete(" ".join(missing), fields={"prices": missing})
        version.published_at = clock.now()
        version.save(update_fields=["published_at"])
        record("billing.plan_version.published", target=version, changes={"published_at": (None, version.published_at)})
        if plan.state == Plan.State.DRAFT:
            plan.state = Plan.State.ACTIVE
            plan.save(update_fields=["state"])
            record("billing.plan.activated", target=plan, changes={"state": (Plan.State.DRAFT, plan.state)})
    return version


def version_discard(*, actor: Actor, version: PlanVersion) -> None:
    """Throw a draft away, with its prices. Needs `plan:admin`; event `billing.plan_version.discarded`.

    `VersionPublished` for anything but a draft.
    """
    authorise(actor, "plan:admin")
    with writing():
        held(model=Plan, key=version.plan_id)
        version = _draft(version.pk)
        record("billing.plan_version.discarded", target=version, changes={"number": (version.number, None)})
        version.delete()


def _next(plan: Plan) -> int:
    return int(plan.versions.aggregate(last=Max("number"))["last"] or 0) + 1


def _draft(key: UUID) -> PlanVersion:
    version = held(model=PlanVersion, key=key)
    if version.published_at is not None:
        raise VersionPublished
    return version


def _write(version: PlanVersion, draft: VersionDraft) -> None:
    """Let the rows of a draft say what `draft` says."""
    for name, value in draft.terms.items():
        if name not in TERMS:
            raise errors.Invalid(fields={name: [_("This cannot be changed here.")]})
        setattr(version, name, value)
    check(version, set(draft.terms))
    try:
        with transaction.atomic():
            version.save()
    except DatabaseError as error:
        raise errors.Invalid(fields={"fixed_days": [_("Months of 30 days are for plans that count days.")]}) from error
    version.prices.all().delete()
    version.minimums.all().delete()
    version.entitlements.all().delete()
    _write_prices(version, draft.prices)
    PlanMinimum.objects.bulk_create(
        PlanMinimum(plan_version=version, currency=currency, amount=amount)
        for currency, amount in draft.minimums.items()
    )
    _write_entitlements(version, draft)


def _write_prices(version: PlanVersion, drafts: Any) -> None:
    meters = {row.code: row for row in Meter.objects.filter(code__in={one.meter for one in drafts if one.meter})}
    prices: list[Price] = []
    tiers: list[PriceTier] = []
    wrong: dict[str, list[str]] = {}
    for place, draft in enumerate(drafts):
        if draft.meter and draft.meter not in meters:
            wrong[f"prices.{place}.meter"] = [_("There is no such meter.")]
            continue
        row = _price(version, draft, meters.get(draft.meter), place)
        try:
            check(row, ("code", "name", "unit_amount", "package_size", "free_units", "percent", "free_amount"))
        except errors.Invalid as error:
            wrong |= {f"prices.{place}.{name}": list(texts) for name, texts in error.fields.items()}
        prices.append(row)
        for position, tier in enumerate(draft.tiers):
            made = PriceTier(
                price=row,
                position=position,
                up_to=tier.up_to,
                unit_amount=tier.unit_amount,
                flat_amount=tier.flat_amount,
            )
            try:
                check(made, ("up_to", "unit_amount", "flat_amount"))
            except errors.Invalid as error:
                texts = [text for found in error.fields.values() for text in found]
                wrong.setdefault(f"prices.{place}.tiers", []).extend(texts)
            tiers.append(made)
    if wrong:
        raise errors.Invalid(fields=wrong)
    Price.objects.bulk_create(prices)
    PriceTier.objects.bulk_create(tiers)


def _price(version: PlanVersion, draft: PriceDraft, meter: Meter | None, place: int) -> Price:
    return Price(
        plan_version=version,
        code=draft.code,
        name=draft.name.strip(),
        currency=draft.currency,
        model=draft.model,
        meter=meter,
        unit_amount=draft.unit_amount,
        package_size=draft.package_size,
        free_units=draft.free_units,
        percent=draft.percent,
        free_amount=draft.free_amount,
        charge_zero=draft.charge_zero,
        position=place,
    )


def _write_entitlements(version: PlanVersion, draft: VersionDraft) -> None:
    features = {row.code: row for row in Feature.objects.filter(code__in=[one.feature for one in draft.entitlements])}
    wrong: dict[str, list[str]] = {}
    rows: list[Entitlement] = []
    for place, one in enumerate(draft.entitlements):
        feature = features.get(one.feature)
        if feature is None:
            wrong[f"entitlements.{place}.feature"] = [_("There is no such feature.")]
            continue
        if feature.kind == Feature.Kind.SWITCH and (one.soft_limit, one.hard_limit) != (None, None):
            wrong[f"entitlements.{place}.hard_limit"] = [_("A switch has no limit.")]
            continue
        rows.append(
            Entitlement(plan_version=version, feature=feature, soft_limit=one.soft_limit, hard_limit=one.hard_limit)
        )
    if wrong:
        raise errors.Invalid(fields=wrong)
    Entitlement.objects.bulk_create(rows)
