"""Paying by a public link: whoever holds its token pays the one document of it, signed in or not."""

from collections.abc import Mapping
from uuid import UUID

from django.urls import reverse

from billing import providers
from billing.models import Payment
from billing.providers.base import Checkout
from billing.services.checkouts import checkout_back, checkout_begin, checkout_open
from billing.services.payment_links import linked
from billing.services.payment_mails import absolute
from portal.kit.context import Actor
from portal.kit.errors import NotFound

PAYER = Actor("anonymous", None, "anonymous")  # The token is the right; who holds it may be nobody that we know.


def link_pay(*, token: str) -> tuple[Payment, Checkout]:
    """Begin to pay all that is due on the document of a link; the payer comes back to the page of the link.

    The card is never kept: who pays another's bill does not mean to pay the next one. Event `billing.payment.started`.
    `LinkEnded` for a link that is not good, and the errors of `checkout_start`.
    """
    with linked(token=token) as invoice:
        begun = checkout_begin(invoice=invoice, back=lambda key: absolute(path=reverse("billing:pay_back", args=[key])))
    return checkout_open(actor=PAYER, begun=begun)


def link_back(*, token: str, key: UUID, sent: Mapping[str, str]) -> Payment:
    """The payer is back from the page: the provider is asked what became of the payment `key`, as `checkout_return` does.

    Events of `payment_apply`. `LinkEnded` for a link that is not good, `NotFound` for a payment of another document.
    """
    with linked(token=token) as invoice:
        rows = Payment.objects.filter(pk=key, invoice=invoice, origin=Payment.Origin.CHECKOUT)
        payment = rows.select_related("account", "customer", "invoice").first()
        if payment is None:
            raise NotFound
        provider = providers.of(payment.account)
    return checkout_back(actor=PAYER, payment=payment, provider=provider, sent=sent)
