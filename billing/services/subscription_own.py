"""An organisation chooses its first plan by itself."""

from accounts.models import Organisation
from billing.plan_named import plan_named
from billing.services.customers import customer_ensure
from billing.services.subscriptions import Terms, subscription_create
from billing.subscription_changing import Changed
from billing.subscription_guards import authorise_on
from portal.kit.context import Actor
from portal.kit.errors import NotFound
from portal.kit.services import writing


def plan_choose(*, actor: Actor, plan: str, quantity: int = 1, coupon: str = "") -> Changed:
    """Subscribe the organisation that the actor stands in to a plan (its id or code); it becomes a customer, if it is
    none. `billing:admin`. Events and errors of `subscription_create`; `NoLegalEntity` while nobody sells."""
    if actor.organisation_id is None:
        raise NotFound
    authorise_on(actor, actor.organisation_id)
    with writing():
        organisation = Organisation.objects.get(pk=actor.organisation_id)
        customer = customer_ensure(actor=actor, organisation_id=organisation.pk, name=organisation.name)
        version = plan_named(plan, customer.currency)
        return subscription_create(
            actor=actor, customer=customer, version=version, quantity=quantity, terms=Terms(coupon=coupon.strip())
        )
