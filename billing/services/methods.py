"""Means of payment of a customer: which one is charged, and which no more."""

from uuid import UUID

from billing.errors.payments import MethodGone
from billing.models import Customer, PaymentMethod
from billing.services.payments import authorise_payer
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.errors import NotFound
from portal.kit.record import record
from rbac.standing import standing_on


def method_prefer(*, actor: Actor, method: PaymentMethod) -> PaymentMethod:
    """Charge this one by itself from now on. Who may pay for the organisation (`billing:admin`), or staff.

    Event `billing.method.preferred`; none when it is so already. `MethodGone`.
    """
    authorise_payer(actor=actor, organisation_id=method.organisation_id)
    with standing_on(method.organisation_id):
        held = _held(method.pk)
        if held.removed_at is not None:
            raise MethodGone
        if held.is_default:
            return held
        PaymentMethod.objects.filter(customer_id=held.customer_id, is_default=True).update(is_default=False)
        held.is_default = True
        held.save(update_fields=["is_default"])
        record("billing.method.preferred", target=held, changes={"is_default": (False, True)})
    return held


def method_remove(*, actor: Actor, method: PaymentMethod) -> PaymentMethod:
    """Never charge it again; the newest of the others becomes the default. Who may pay for the organisation, or staff.

    Event `billing.method.removed`; none when it is gone already.
    """
    authorise_payer(actor=actor, organisation_id=method.organisation_id)
    with standing_on(method.organisation_id):
        held = _held(method.pk)
        if held.removed_at is not None:
            return held
        was, held.is_default, held.removed_at = held.is_default, False, clock.now()
        held.save(update_fields=["is_default", "removed_at"])
        record("billing.method.removed", target=held, changes={"is_default": (was, False)} if was else {})
        others = PaymentMethod.objects.filter(customer_id=held.customer_id, removed_at=None).order_by(
            "-created_at", "-id"
        )
        follower = others.first()
        if was and follower is not None:
            follower.is_default = True
            follower.save(update_fields=["is_default"])
            record("billing.method.preferred", target=follower, changes={"is_default": (False, True)})
    return held


def _held(method_id: UUID) -> PaymentMethod:
    customer = PaymentMethod.objects.filter(pk=method_id).values_list("customer_id", flat=True).first()
    if customer is None:
        raise NotFound
    Customer.objects.select_for_update(no_key=True).get(pk=customer)
    return PaymentMethod.objects.get(pk=method_id)
