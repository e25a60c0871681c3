"""What unpaid documents mean for what was agreed: subscriptions that are late, lose their service, or are paid again."""

from collections.abc import Iterable
from uuid import UUID

from billing.models import Customer, Subscription
from billing.services.subscription_life import subscription_stand
from portal.kit.context import Actor

_OWING = (Subscription.State.PAST_DUE, Subscription.State.UNPAID)


def subscriptions_owe(*, actor: Actor, ids: Iterable[UUID | None], suspended: bool) -> None:
    """Subscriptions whose documents are not paid are past due or, once service is suspended, unpaid; part of dunning."""
    wanted = {one for one in ids if one is not None}
    for row in Subscription.objects.filter(pk__in=wanted).order_by("pk"):
        subscription_stand(actor=actor, subscription=row, standing="unpaid" if suspended else "late")


def subscriptions_paid(*, actor: Actor, customer: Customer, currency: str) -> None:
    """Subscriptions that owed come back once nothing is overdue any more; part of dunning."""
    rows = Subscription.objects.filter(customer=customer, currency=currency, state__in=_OWING)
    for row in rows.order_by("pk"):
        subscription_stand(actor=actor, subscription=row, standing="paid")


def subscription_begins(*, actor: Actor, subscription_id: UUID | None) -> None:
    """A subscription that waited for its first payment begins with it; part of a payment that arrived."""
    if subscription_id is None:
        return
    for row in Subscription.objects.filter(pk=subscription_id, state=Subscription.State.INCOMPLETE):
        subscription_stand(actor=actor, subscription=row, standing="paid")
