"""A catalogue for tests: one product, plans by one line each."""

from itertools import count
from typing import Any

from billing.models import Coupon, Feature, Meter, Plan, PlanVersion, Product
from billing.plan_drafts import EntitlementDraft, PriceDraft, VersionDraft
from billing.services.coupons import coupon_create
from billing.services.meters import feature_create, meter_create
from billing.services.plans import plan_create, product_create
from billing.services.versions import version_change, version_publish, version_start
from portal.kit import context

_numbers = count(1)


def product(**values: Any) -> Product:
    """A product."""
    with context.system("a test") as current:
        code = values.pop("code", f"product{next(_numbers)}")
        return product_create(actor=current.actor, code=code, name=values.pop("name", "Harbour Cloud"), **values)


def meter(code: str = "", **values: Any) -> Meter:
    """A meter of calls."""
    with context.system("a test") as current:
        code = code or f"calls{next(_numbers)}"
        return meter_create(actor=current.actor, code=code, name=values.pop("name", "API calls"), **values)


def feature(code: str = "", **values: Any) -> Feature:
    """A switch, or what `values` say."""
    with context.system("a test") as current:
        code = code or f"feature{next(_numbers)}"
        return feature_create(actor=current.actor, code=code, name=values.pop("name", "Audit log"), **values)


def flat(amount: int = 2900, currency: str = "EUR", code: str = "base") -> PriceDraft:
    """A flat fee, in minor units."""
    return PriceDraft(code, "Base fee", currency, unit_amount=amount)  # type: ignore[arg-type]


def draft(plan: Plan, *prices: PriceDraft, entitlements: Any = (), minimums: Any = None, **terms: Any) -> PlanVersion:
    """A draft of a plan that says just this."""
    with context.system("a test") as current:
        made = version_start(actor=current.actor, plan=plan)
        says = [one if isinstance(one, EntitlementDraft) else EntitlementDraft(*one) for one in entitlements]

        def change(before: VersionDraft) -> VersionDraft:
            return VersionDraft({**before.terms, **terms}, list(prices), minimums or {}, says)

        return version_change(actor=current.actor, version=made, change=change)


def new_plan(code: str = "", **values: Any) -> Plan:
    """A plan without any version."""
    with context.system("a test") as current:
        where = values.pop("product", None) or product()
        name = values.pop("name", "Pro")
        return plan_create(
            actor=current.actor, product=where, code=code or f"plan{next(_numbers)}", name=name, **values
        )


def sold(
    *prices: PriceDraft, code: str = "", plan: Plan | None = None, plan_values: Any = None, **says: Any
) -> PlanVersion:
    """A published version of a new plan: 29.00 EUR a month unless other prices are given."""
    made = draft(plan or new_plan(code, **(plan_values or {})), *(prices or (flat(),)), **says)
    with context.system("a test") as current:
        return version_publish(actor=current.actor, version=made)


def coupon(code: str = "", **values: Any) -> Coupon:
    """A fifth off, once, unless `values` say otherwise."""
    with context.system("a test") as current:
        if "amount_off" not in values:
            values.setdefault("percent_off", 20)
        code = code or f"WELCOME-{next(_numbers)}"
        return coupon_create(actor=current.actor, code=code, name=values.pop("name", "Welcome"), **values)
