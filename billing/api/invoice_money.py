"""What is done about the money of an invoice, over the API: a rest given up, links to pay, a checkout begun."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request

from billing.api.invoice_serializers import InvoiceReply, invoice_body
from billing.api.money_serializers import (
    CheckoutBody,
    CheckoutReply,
    PaymentLinkAddressReply,
    PaymentLinkReply,
    WriteOffBody,
    checkout_body,
)
from billing.errors.invoices import DocumentKeyConflict, InvoiceMove, MoreThanDue
from billing.errors.payments import NoProvider, NothingDue
from billing.models import Invoice
from billing.providers.base import ProviderAway, ProviderRefused
from billing.selectors import invoices as selectors
from billing.selectors import payments as payable
from billing.services.checkouts import checkout_start
from billing.services.payment_links import payment_link_create, payment_links_revoke
from billing.services.settlements import invoice_write_off
from portal.kit import paging
from portal.kit.api import ApiView, endpoint, json, minor_units, row_body
from rbac.api.inside import InsideView

LINK = ("id", "created_at", "expires_at", "revoked_at")
BEGUN: Any = (NothingDue, NoProvider, ProviderAway, ProviderRefused)


class InvoiceWriteOffView(ApiView):
    """A rest that nobody will pay."""

    access = "invoice:admin"

    @endpoint(body=WriteOffBody, reply=InvoiceReply, status=201, errors=(MoreThanDue, InvoiceMove, DocumentKeyConflict))
    def post(self, request: Request, invoice_id: UUID) -> HttpResponse:
        """Give up a rest of what is due. The same key and content again is the same; another content is refused."""
        target = selectors.invoice(self.actor, invoice_id)
        amount = minor_units(self.sent["amount"], target.currency, "amount")
        invoice_write_off(actor=self.actor, invoice=target, amount=amount, key=f"api:{self.sent['key']}")
        return json(invoice_body(selectors.invoice(self.actor, target.pk)), status=201)


class InvoiceLinksView(ApiView):
    """Links by which anybody who has one sees and pays an invoice."""

    access = "invoice:read"

    @endpoint(items=PaymentLinkReply)
    def get(self, request: Request, invoice_id: UUID) -> HttpResponse:
        """List the links to an invoice, the newest first, those that ended among them. No address is in it."""
        rows = selectors.links(self.actor, selectors.invoice(self.actor, invoice_id))
        page = paging.keyset(rows, self.asked["cursor"], size=self.asked["limit"])
        return self.listed((row_body(row, LINK) for row in page.items), page.next)

    @endpoint(access="invoice:admin", reply=PaymentLinkAddressReply, status=201, errors=(InvoiceMove,))
    def post(self, request: Request, invoice_id: UUID) -> HttpResponse:
        """Make a link. Older ones go on; its address is in this reply alone."""
        address = payment_link_create(actor=self.actor, invoice=selectors.invoice(self.actor, invoice_id))
        reply = json({"address": address}, status=201)
        reply.headers["Cache-Control"] = "no-store"
        return reply

    @endpoint(access="invoice:admin", status=204)
    def delete(self, request: Request, invoice_id: UUID) -> HttpResponse:
        """End every link to an invoice, those in mails that were sent too."""
        payment_links_revoke(actor=self.actor, invoice=selectors.invoice(self.actor, invoice_id))
        return HttpResponse(status=204)


class CheckoutBase(ApiView, abstract=True):
    """What staff and the organisation share."""

    def begun(self, target: Invoice) -> HttpResponse:
        """Begin, and say where it is paid."""
        given: dict[str, Any] = dict(self.sent)
        if "amount" in given:
            given["amount"] = minor_units(given["amount"], target.currency, "amount")
        payment, checkout = checkout_start(actor=self.actor, invoice=target, **given)
        reply = json(checkout_body(payment, checkout), status=201)
        reply.headers["Cache-Control"] = "no-store"
        return reply


class InvoiceCheckoutView(CheckoutBase):
    """Paying an invoice on a page of the provider, begun by staff."""

    access = "payment:admin"

    @endpoint(body=CheckoutBody, reply=CheckoutReply, status=201, errors=BEGUN)
    def post(self, request: Request, invoice_id: UUID) -> HttpResponse:
        """Begin to pay an invoice. Sent again with the same Idempotency-Key it is the same payment."""
        return self.begun(selectors.invoice(self.actor, invoice_id, "payment:admin"))


class OwnCheckoutView(CheckoutBase, InsideView):
    """Paying an invoice on a page of the provider, begun by who owes it."""

    access = "organisation:read"

    @endpoint(body=CheckoutBody, reply=CheckoutReply, status=201, errors=BEGUN, service="billing:admin")
    def post(self, request: Request, organisation_id: UUID, invoice_id: UUID) -> HttpResponse:
        """Begin to pay an invoice, also the first one of a plan that was just chosen. Sent again with the same
        Idempotency-Key it is the same payment."""
        self.place(organisation_id, "billing:admin")
        return self.begun(payable.invoice_to_pay(self.actor, invoice_id))
