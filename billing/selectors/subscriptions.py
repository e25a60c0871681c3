"""Reads of subscriptions. Each starts from what the actor may see."""

from uuid import UUID

from django.db.models import QuerySet

from billing.models import (
    Customer,
    Invoice,
    PendingChange,
    PlanVersion,
    Subscription,
    SubscriptionEvent,
    SubscriptionItem,
)
from billing.subscription_states import OPEN
from portal.kit.context import Actor
from portal.kit.errors import NotFound

_WITH = ("customer__test_clock", "customer__entity", "plan_version__plan")


def subscriptions(actor: Actor) -> QuerySet[Subscription]:
    """Subscriptions of every customer, for staff."""
    return Subscription.objects.visible_to(actor, "subscription:read").select_related(*_WITH)


def subscription(actor: Actor, key: UUID, code: str = "subscription:read") -> Subscription:
    """One of them; `NotFound` where the actor may not see it."""
    found = Subscription.objects.visible_to(actor, code).select_related(*_WITH).filter(pk=key).first()
    if found is None:
        raise NotFound
    return found


def customer(actor: Actor, key: UUID) -> Customer:
    """A customer, for staff that subscribes it; `NotFound` where the actor may not see it."""
    rows = Customer.objects.visible_to(actor, "subscription:read").select_related("test_clock", "entity")
    found = rows.filter(pk=key).first()
    if found is None:
        raise NotFound
    return found


def customers(actor: Actor, limit: int) -> list[Customer]:
    """The customers that staff can subscribe, by name."""
    return list(Customer.objects.visible_to(actor, "subscription:admin").order_by("name", "id")[:limit])


def own(actor: Actor) -> Subscription | None:
    """The subscription of the organisation that the actor stands in: the one that runs, else the last one that ended."""
    rows = Subscription.objects.visible_to(actor, "billing:read").select_related(*_WITH).order_by("-id")
    return rows.filter(state__in=OPEN).first() or rows.first()


def own_customer(actor: Actor) -> Customer | None:
    """The organisation that the actor stands in, as a customer; None before it has bought anything."""
    rows = Customer.objects.visible_to(actor, "billing:read").select_related("test_clock", "entity")
    return rows.first()


def items(found: Subscription) -> list[SubscriptionItem]:
    """What a subscription that the actor was shown takes now, the plan first."""
    rows = SubscriptionItem.objects.filter(subscription=found, ends_at=None)
    return list(rows.select_related("plan_version__plan").order_by("-is_base", "id"))


def waits(found: Subscription) -> list[PendingChange]:
    """What is planned for the end of its period."""
    rows = PendingChange.objects.filter(subscription=found, done_at=None, dropped_at=None)
    return list(rows.select_related("plan_version__plan").order_by("at", "id"))


def events(found: Subscription) -> list[SubscriptionEvent]:
    """Its history, the newest first; the trail has the rest."""
    return list(SubscriptionEvent.objects.filter(subscription=found).order_by("-id")[:100])


def invoices(found: Subscription) -> list[Invoice]:
    """Its latest invoices, the newest first."""
    return list(Invoice.objects.filter(subscription_id=found.pk).order_by("-id")[:12])


def plan_versions_of(customer_id: UUID) -> list[PlanVersion]:
    """What a customer takes now, plan and add-ons: what entitlements are computed from. Nothing of one that is paused,
    unpaid, ended, or was never paid."""
    rows = SubscriptionItem.objects.filter(
        subscription__customer=customer_id,
        subscription__state__in=[Subscription.State.TRIALING, Subscription.State.ACTIVE, Subscription.State.PAST_DUE],
        ends_at=None,
    )
    return [item.plan_version for item in rows.select_related("plan_version__plan").order_by("-is_base", "id")]
