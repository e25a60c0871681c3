"""Who may change a subscription, and how it is held while that happens."""

from uuid import UUID

from billing.models import Customer, Subscription
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.errors import NotFound
from rbac import decision


def authorise_on(actor: Actor, organisation_id: UUID, code: str = "billing:admin") -> None:
    """Raise unless `actor` may do `code` in an organisation: by the right there when it stands in it; from outside, as
    staff or system, by `subscription:admin`. Another organisation than the one it stands in is `NotFound`."""
    if actor.organisation_id is None:
        authorise(actor, "subscription:admin")
    elif actor.organisation_id != organisation_id:
        raise NotFound
    else:
        authorise(actor, code)


def is_staff(actor: Actor) -> bool:
    """Whether it acts from outside of organisations: what a plan's terms leave to staff is open to it."""
    return actor.organisation_id is None


def held_subscription(subscription_id: UUID) -> Subscription:
    """The row with its customer and plan, locked so that nobody bills or changes it meanwhile. `NotFound` for none."""
    rows = Subscription.objects.select_for_update(of=("self",)).select_related(
        "customer__test_clock", "customer__entity", "plan_version__plan"
    )
    found = rows.filter(pk=subscription_id).first()
    if found is None:
        raise NotFound
    return found


def held_for(actor: Actor, subscription_id: UUID) -> Subscription:
    """`held_subscription`, and then the question again whether `actor` may: who lost the right while this waited is
    refused."""
    found = held_subscription(subscription_id)
    decision.forget_stamps()
    authorise_on(actor, found.organisation_id)
    return found


def held_customer(customer_id: UUID) -> Customer:
    """The customer, locked after its subscription and before its documents, in this order everywhere."""
    return Customer.objects.select_for_update(no_key=True).get(pk=customer_id)
