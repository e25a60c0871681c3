"""What entitlements are computed from: the plans that an organisation holds, and whether it pays for them."""

from collections.abc import Sequence
from uuid import UUID

from billing.entitlements import Held, Standing, free_plan
from billing.models import Customer, Subscription, SubscriptionItem
from billing.periods import Period
from billing.selectors.payments import standing_of

_RUNNING = (Subscription.State.TRIALING, Subscription.State.ACTIVE, Subscription.State.PAST_DUE)
_STANDINGS: dict[str, Standing] = {"restrict": "restricted", "suspend": "suspended"}


def plans_held(organisation_id: UUID) -> Sequence[Held]:
    """Versions of the plan and add-ons that an organisation holds now, the base plan first, each with the period of its
    subscription; the free plan for whoever has none that runs."""
    items = (
        SubscriptionItem.objects.filter(organisation_id=organisation_id, subscription__state__in=_RUNNING, ends_at=None)
        .select_related("subscription")
        .order_by("-is_base", "id")
    )
    held = [
        Held(
            item.plan_version_id,
            Period(item.subscription.current_period_start, item.subscription.current_period_end),
            1 if item.is_base else item.quantity,
        )
        for item in items
    ]
    return held or free_plan(organisation_id)


def service_standing(organisation_id: UUID) -> Standing:
    """What reminders took from an organisation: nothing, what has a limit, or everything that is paid for."""
    customer = Customer.objects.filter(organisation_id=organisation_id).only("pk").first()
    return "good" if customer is None else _STANDINGS.get(standing_of(customer.pk), "good")
