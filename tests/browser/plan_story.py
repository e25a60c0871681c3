"""The catalogue of the demonstration, with a draft of Enterprise, for the gallery."""

from uuid import UUID

from billing.models import Coupon, Feature, Meter
from billing.services.demo_catalogue import demo_catalogue_load
from billing.services.versions import version_start
from portal.kit import context


def plans() -> dict[str, UUID]:
    """The ids of plans, and of a meter, a feature and a coupon, by their codes."""
    with context.system("a test") as current:
        found = {plan.code: plan for plan in demo_catalogue_load(actor=current.actor)}
        version_start(actor=current.actor, plan=found["enterprise"])
    return {
        **{code: plan.pk for code, plan in found.items()},
        "meter": Meter.objects.get(code="active-users").pk,
        "feature": Feature.objects.get(code="api-calls").pk,
        "coupon": Coupon.objects.get(code="FOUNDERS").pk,
    }
