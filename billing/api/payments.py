"""Payments over the API, for staff and their systems: read them, write down what came by hand, pay back."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from billing.api.payment_serializers import (
    PAYMENT,
    PaymentBody,
    PaymentReply,
    RefundBody,
    RefundReply,
    payment_body,
    refund_body,
)
from billing.errors.payments import PaymentKeyReused, PaymentMove, RefundKeyShort, RefundTooMuch
from billing.lists.payments import payments
from billing.providers.base import RefundKeyReused
from billing.selectors import invoices as documents
from billing.selectors import payments as selectors
from billing.services.payments import payment_record
from billing.services.refunds import refund_create
from portal.kit.api import ApiView, endpoint, json, minor_units
from portal.kit.api.listing import page_of, parameters_of


class PaymentsView(ApiView):
    """Payments of all customers."""

    access = "payment:admin"

    @endpoint(items=PaymentReply, query=parameters_of(payments))
    def get(self, request: Request) -> HttpResponse:
        """List payments, with the filters and the orders of the console."""
        page = page_of(payments, self.actor, self.asked, *PAYMENT)
        return self.listed((row.body for row in page.items), page.next)

    @endpoint(body=PaymentBody, reply=PaymentReply, status=201, errors=(PaymentKeyReused,))
    def post(self, request: Request) -> HttpResponse:
        """Write down money that came by hand. The same key and content again is the same payment, for ever."""
        given: dict[str, Any] = dict(self.sent)
        customer = selectors.customer(self.actor, given.pop("customer_id"))
        account = selectors.account(self.actor, given.pop("account_id"))
        named, fee = given.pop("invoice_id", None), given.pop("fee", None)
        invoice = documents.invoice(self.actor, named, "payment:admin") if named is not None else None
        currency = invoice.currency if invoice is not None else customer.currency
        made = payment_record(
            actor=self.actor,
            customer=customer,
            account=account,
            invoice=invoice,
            amount=minor_units(given.pop("amount"), currency, "amount"),
            fee=minor_units(fee, currency, "fee") if fee is not None else 0,
            **given,
        )
        reply = json(payment_body(made), status=201)
        reply.headers["Location"] = f"/api/v1/payments/{made.pk}"
        return reply


class PaymentView(ApiView):
    """One payment."""

    access = "payment:admin"

    @endpoint(reply=PaymentReply, etag=True)
    def get(self, request: Request, payment_id: UUID) -> HttpResponse:
        """Read a payment."""
        return self.single(payment_body(selectors.payment(self.actor, payment_id)))


class RefundsView(ApiView):
    """What goes back of a payment."""

    access = "payment:admin"

    @endpoint(items=RefundReply)
    def get(self, request: Request, payment_id: UUID) -> HttpResponse:
        """List what went back of a payment or is on its way, newest first; always one page."""
        found = selectors.refunds_of(self.actor, selectors.payment(self.actor, payment_id))
        return self.listed(map(refund_body, found), None)

    @endpoint(
        body=RefundBody,
        reply=RefundReply,
        status=201,
        errors=(RefundKeyReused, RefundKeyShort, RefundTooMuch, PaymentMove),
    )
    def post(self, request: Request, payment_id: UUID) -> HttpResponse:
        """Pay back. The same key and content again is the same refund; another content is refused."""
        payment = selectors.payment(self.actor, payment_id)
        given: dict[str, Any] = dict(self.sent)
        given["amount"] = minor_units(given["amount"], payment.currency, "amount")
        return json(refund_body(refund_create(actor=self.actor, payment=payment, **given)), status=201)
