"""The catalogue of the demonstration, made through the services."""

from dataclasses import replace

from billing import demo_catalogue as story
from billing.models import Plan, Product
from billing.plan_drafts import VersionDraft
from billing.services.coupons import coupon_create
from billing.services.meters import feature_create, meter_create
from billing.services.plans import plan_create, product_create
from billing.services.versions import version_change, version_publish, version_start
from portal.kit.context import Actor
from portal.kit.services import writing


def demo_catalogue_load(*, actor: Actor) -> list[Plan]:
    """Make and publish what the demonstration sells; nothing where its product is there already. Events as of the
    services. Needs `plan:admin` and `coupon:admin`. Returns the plans, in their order.
    """
    code, name, description = story.PRODUCT
    with writing():
        known = Product.objects.filter(code=code).first()
        if known is not None:
            return list(known.plans.order_by("position"))
        product = product_create(actor=actor, code=code, name=name, description=description)
        meters = {
            key: meter_create(actor=actor, code=key, name=label, unit=unit, aggregation=counts, property=of)
            for key, label, unit, counts, of in story.METERS
        }
        for key, label, what, kind, unit, meter in story.FEATURES:
            feature_create(
                actor=actor, code=key, name=label, description=what, kind=kind, unit=unit, meter=meters.get(meter)
            )
        plans = [_plan(actor, product, offered) for offered in story.PLANS]
        for key, label, percent, amount, duration, repeats, most in story.COUPONS:
            coupon_create(
                actor=actor,
                code=key,
                name=label,
                percent_off=percent,
                amount_off=amount,
                currency="EUR" if amount else "",
                duration=duration,
                repeats=repeats,
                max_redemptions=most,
            )
    return plans


def _plan(actor: Actor, product: Product, offered: story.Offered) -> Plan:
    plan = plan_create(
        actor=actor,
        product=product,
        code=offered.code,
        name=offered.name,
        family=offered.family,
        description=offered.description,
        kind=offered.kind,
        visibility=offered.visibility,
    )

    def change(before: VersionDraft) -> VersionDraft:
        terms = {**before.terms, "interval_unit": offered.unit, "trial_days": offered.trial_days}
        return replace(
            before, terms=terms, prices=offered.prices, minimums=offered.minimums, entitlements=offered.gives
        )

    version = version_change(actor=actor, version=version_start(actor=actor, plan=plan), change=change)
    version_publish(actor=actor, version=version)
    plan.refresh_from_db()
    return plan
